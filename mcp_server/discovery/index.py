"""Finding processes by words and by facts: the same answers for the same processes, without network or model. Pure."""

import math
from array import array
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from heapq import nlargest, nsmallest
from typing import Final

from mcp_server.discovery.matching import fit, states_facts
from mcp_server.discovery.records import Card, Found, Hit, Query
from mcp_server.discovery.spelling import Spelling, spelling
from mcp_server.discovery.stems import stems
from mcp_server.discovery.thesaurus import Thesaurus, thesaurus

_NAME: Final = 5.0
_KEYWORD: Final = 1.7
_DESCRIPTION: Final = 2.0
_INPUT: Final = 0.2
_FACT: Final = 0.2
"""How much a word weighs, by where it stands."""
_SATURATION: Final = 12.0
_USUAL_LENGTH: Final = 20
"""Words of a description, of which each weighs as it is; of a longer one each weighs less."""
_LENGTH_COUNTS: Final = 0.4
_OF_GROUP: Final = 1.4
_OF_PHRASE: Final = 2.5
_OF_CORRECTION: Final = 0.9
_OF_PART: Final = 0.6
_MANY: Final = 200
_LONGEST_REQUEST: Final = 2000
"""Characters of a request that are heard."""
_READINGS: Final = 99
"""So many of what a word may stand for are followed."""

type Term = str | int
"""A stem, or a group of the thesaurus."""


@dataclass(slots=True)
class Postings:
    """The processes that have a term, by their places, and how much it says of each (0 to 1)."""

    places: array[int] = field(default_factory=lambda: array("I"))
    weights: array[float] = field(default_factory=lambda: array("f"))


class Index:
    """The processes on offer, to be searched. It does not change once it is made."""

    def __init__(self, cards: Iterable[Card]) -> None:
        """Take the processes in any order; those that fit equally are found in this one."""
        self._cards = tuple(cards)
        self._postings = _postings(self._cards)

    @cached_property
    def _spelling(self) -> Spelling:
        """Of all words that are known: needed by the first search, and by none in most sessions."""
        return spelling(thesaurus().known.union(term for term in self._postings if isinstance(term, str)))

    def search(self, query: Query) -> Found:
        """The processes that fit best; without words all that fit the facts."""
        every = range(len(self._cards))
        scores = self._scores(query.words) if query.words.strip() else dict.fromkeys(every, 1.0)
        if states_facts(query):
            scores = {place: score * fit(self._cards[place], query) for place, score in scores.items()}
        fitting = [(-score, self._cards[place].name, place) for place, score in scores.items() if score > 0]
        best = nsmallest(query.limit, fitting)
        return Found(tuple(Hit(self._cards[place], -score) for score, _, place in best), len(fitting))

    def _scores(self, text: str) -> dict[int, float]:
        """How well the processes fit the words, by their places."""
        asked = list(dict.fromkeys(stems(text[:_LONGEST_REQUEST])))
        scores: defaultdict[int, float] = defaultdict(float)
        for readings in _units(asked, thesaurus(), self._spelling):
            best: dict[int, float] = {}
            for worth, postings in self._best(readings):
                for place, told in zip(postings.places, postings.weights, strict=True):
                    if worth * told > best.get(place, 0.0):
                        best[place] = worth * told
            for place, score in best.items():
                scores[place] += score
        return scores

    def _best(self, readings: Mapping[Term, float]) -> list[tuple[float, Postings]]:
        """The readings that tell most, with what they are worth."""
        found = [
            (weight * _rarity(len(self._cards), len(postings.places)), postings)
            for term, weight in readings.items()
            if (postings := self._postings.get(term)) is not None and not self._is_everywhere(postings)
        ]
        return nlargest(_READINGS, found, key=lambda one: one[0])

    def _is_everywhere(self, postings: Postings) -> bool:
        """Whether so many have it that it tells nothing, and costs much."""
        return len(postings.places) > max(_MANY, 0.8 * len(self._cards))


def _units(asked: Sequence[str], known: Thesaurus, spelt: Spelling) -> Iterator[dict[Term, float]]:
    """What each word, and each phrase, of a request may stand for; of these the one that fits a process best counts."""
    for group, weight in known.phrases_in(asked).items():
        yield {group: weight * _OF_PHRASE}
    for one in asked:
        readings: dict[Term, float] = {}
        for word, weight in _read_as(one, spelt):
            readings[word] = weight
            for group, close in (*known.hints.get(word, {}).items(), *known.words.get(word, {}).items()):
                readings[group] = max(readings.get(group, 0.0), weight * close * _OF_GROUP)
        yield readings


def _read_as(one: str, spelt: Spelling) -> list[tuple[str, float]]:
    if one in spelt.known:
        return [(one, 1.0)]
    corrected = spelt.corrected(one)
    if corrected:
        return [(word, _OF_CORRECTION) for word in corrected]
    return [(word, _OF_PART) for word in spelt.parts(one)]


def _postings(cards: Sequence[Card]) -> dict[Term, Postings]:
    postings: defaultdict[Term, Postings] = defaultdict(Postings)
    for place, card in enumerate(cards):
        for term, told in _told(card, thesaurus()).items():
            entry = postings[term]
            entry.places.append(place)
            entry.weights.append(told / (told + _SATURATION))
    return dict(postings)


def _told(card: Card, known: Thesaurus) -> Mapping[Term, float]:
    """How much a process has of each term."""
    told: defaultdict[Term, float] = defaultdict(float)
    for text, weight in _fields(card):
        for one in text:
            told[one] += weight
        for group, close in known.spoken_of(text).items():
            told[group] += weight * close
    return told


def _fields(card: Card) -> Iterator[tuple[Sequence[str], float]]:
    words = card.words
    yield list(dict.fromkeys([*stems(words.title), *stems(card.process_id)])), _NAME
    for keyword in words.keywords:
        yield stems(keyword), _KEYWORD
    text = stems(words.description)
    yield text, _DESCRIPTION / (1 - _LENGTH_COUNTS + _LENGTH_COUNTS * max(len(text), _USUAL_LENGTH) / _USUAL_LENGTH)
    yield [one for name in words.input_names for one in stems(name)], _INPUT
    if card.facts is not None:
        kinds = sorted({*card.facts.takes, *card.facts.gives, *card.facts.geometries})
        yield [one for kind in kinds for one in stems(kind)], _FACT


def _rarity(all_of_them: int, having: int) -> float:
    return math.log(1 + (all_of_them - having + 0.5) / (having + 0.5))
