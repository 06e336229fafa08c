"""Words of the field that mean the same, or nearly: requests are in other words than descriptions. Pure data."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final

from mcp_server.discovery.stems import stems

SAME: Final = 1.0
NEAR: Final = 0.25
HINT: Final = 1.2
"""A word of a term of several words, where no other group has it."""
SHARED: Final = 0.5
"""The power of the number of groups that have such a word by which it weighs less."""
LEFT_OVER: Final = 0.6
_SPREAD: Final = 2
"""How many words may stand between those of a term."""


@dataclass(frozen=True, slots=True)
class Term:
    """A term of several words as a member of a group."""

    stems: tuple[str, ...]
    group: int
    weight: float


@dataclass(frozen=True, slots=True)
class Thesaurus:
    """Groups of terms. A text speaks of a group where it has all stems of one of its terms close together."""

    words: Mapping[str, Mapping[int, float]]
    """Terms of one word: stem → groups with weights."""
    phrases: Mapping[str, Sequence[Term]]
    """Terms of several words, by one of their stems."""
    hints: Mapping[str, Mapping[int, float]]
    """Words of terms of several words: stem → groups with weights, less the more groups have it."""
    known: frozenset[str]
    """Every stem in it."""

    def spoken_of(self, text: Sequence[str]) -> dict[int, float]:
        """The groups that a text of these stems speaks of, by its words and its phrases, with weights."""
        found = dict(self.phrases_in(text))
        for one in text:
            for group, weight in self.words.get(one, {}).items():
                found[group] = max(weight, found.get(group, 0.0))
        return found

    def phrases_in(self, text: Sequence[str]) -> dict[int, float]:
        """The groups that a text speaks of in phrases, with weights."""
        found: dict[int, float] = {}
        places: defaultdict[str, list[int]] = defaultdict(list)
        for place, one in enumerate(text):
            places[one].append(place)
        for one, at in places.items():
            for term in self.phrases.get(one, ()):
                if term.weight > found.get(term.group, 0.0) and _close(term.stems, at, places):
                    found[term.group] = term.weight
        return found


@cache
def thesaurus() -> Thesaurus:
    """The thesaurus that comes with this package; it is read when something is searched for, or is to be found."""
    terms = tuple(_terms())
    common = Counter(one for _, _, term in terms if len(term) > 1 for one in term)
    single: defaultdict[str, dict[int, float]] = defaultdict(dict)
    several: defaultdict[str, list[Term]] = defaultdict(list)
    for group, weight, term in terms:
        if len(term) == 1:
            single[term[0]][group] = max(weight, single[term[0]].get(group, 0.0))
        elif term:
            rarest_first = tuple(sorted(term, key=lambda one: (common[one], one)))
            several[rarest_first[0]].append(Term(rarest_first, group, weight))
    known = frozenset(one for _, _, term in terms for one in term)
    return Thesaurus(dict(single), dict(several), _hints(several), known)


def _hints(several: Mapping[str, Sequence[Term]]) -> dict[str, dict[int, float]]:
    having: defaultdict[str, dict[int, float]] = defaultdict(dict)
    for term in (term for terms in several.values() for term in terms):
        for one in term.stems:
            having[one][term.group] = max(term.weight, having[one].get(term.group, 0.0))
    return {
        one: {group: HINT * weight / len(groups) ** SHARED for group, weight in groups.items()}
        for one, groups in having.items()
    }


def _terms() -> Iterator[tuple[int, float, tuple[str, ...]]]:
    for group, line in enumerate(_lines()):
        same, _, near = line.partition(";")
        for weight, part in ((SAME, same), (NEAR, near)):
            for term in part.split(","):
                found = tuple(dict.fromkeys(stems(term)))
                # What is left of "how deep" says less than a term that is one word.
                yield group, weight * (LEFT_OVER if len(found) == 1 < len(term.split()) else 1.0), found


def _lines() -> Iterator[str]:
    for file in sorted((files(__package__) / "terms").iterdir(), key=lambda one: one.name):
        for line in file.read_text(encoding="utf-8").splitlines():
            if line and not line.startswith("#"):
                yield line


def _close(wanted: Sequence[str], at: Sequence[int], places: Mapping[str, Sequence[int]]) -> bool:
    # Most terms have a word that the text does not have: that is looked for first.
    for one in wanted[1:]:
        if one not in places:
            return False
    reach = len(wanted) - 1 + _SPREAD
    others = [places[one] for one in wanted[1:]]
    return any(all(any(abs(place - here) <= reach for place in other) for other in others) for here in at)
