"""Words that nobody knows, read as words that are known: misspelt ones, and compounds. Pure."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

_SHORTEST_MISSPELT: Final = 4
_CANDIDATES: Final = 12
_ALIKE: Final = 0.4
"""Share of common letter pairs from which on two words are compared."""
_SHORTEST_PART: Final = 4
_SHORTEST_COMPOUND: Final = 8


@dataclass(frozen=True, slots=True)
class Spelling:
    """The known words, by their pairs of letters."""

    known: Collection[str]
    by_pair: Mapping[str, Sequence[str]]

    def corrected(self, word: str) -> list[str]:
        """The known words that differ from a misspelt one by a letter, or by two where it is long; the nearest ones."""
        if len(word) < _SHORTEST_MISSPELT or not word.isalpha():
            return []
        pairs = set(_pairs(word))
        counts = Counter(known for pair in pairs for known in self.by_pair.get(pair, ()))
        alike = [
            (-2 * shared / (len(pairs) + len(known) + 1), known)
            for known, shared in counts.items()
            if abs(len(known) - len(word)) <= 2 and 2 * shared / (len(pairs) + len(known) + 1) >= _ALIKE
        ]
        most = 1 if len(word) < 7 else 2
        near = [(steps, known) for _, known in sorted(alike)[:_CANDIDATES] if (steps := distance(word, known)) <= most]
        best = min((steps for steps, _ in near), default=0)
        return sorted(known for steps, known in near if steps == best)

    def parts(self, word: str) -> tuple[str, ...]:
        """The two known words that a compound is made of; else the one that it begins or ends with, or nothing."""
        if len(word) < _SHORTEST_COMPOUND or not word.isalpha():
            return ()
        cuts = range(_SHORTEST_PART, len(word) - 2)
        heads = [cut for cut in cuts if word[:cut] in self.known]
        tails = [cut for cut in range(3, len(word) - _SHORTEST_PART + 1) if word[cut:] in self.known]
        # German joins words by an s or en.
        both = [(head, tail) for head in heads for tail in tails if 0 <= tail - head <= 2]
        if both:
            head, tail = min(both, key=lambda pair: (pair[1] - pair[0], pair))
            return word[:head], word[tail:]
        longest = [word[:cut] for cut in heads[-1:] if cut > _SHORTEST_PART] + [
            word[cut:] for cut in tails[:1] if len(word) - cut > _SHORTEST_PART
        ]
        return (max(longest, key=len),) if longest else ()


def spelling(known: Collection[str]) -> Spelling:
    """The spelling of these words."""
    by_pair: defaultdict[str, list[str]] = defaultdict(list)
    for word in known:
        if len(word) >= _SHORTEST_MISSPELT - 1 and word.isalpha():
            for pair in set(_pairs(word)):
                by_pair[pair].append(word)
    return Spelling(known, dict(by_pair))


def distance(one: str, other: str) -> int:
    """Letters to insert, leave out, replace or exchange with their neighbour (optimal string alignment)."""
    before: list[int] = []
    last = list(range(len(other) + 1))
    for row, letter in enumerate(one, 1):
        now = [row]
        for column, sign in enumerate(other, 1):
            steps = min(last[column] + 1, now[-1] + 1, last[column - 1] + (letter != sign))
            if row > 1 and column > 1 and letter == other[column - 2] and one[row - 2] == sign:
                steps = min(steps, before[column - 2] + 1)
            now.append(steps)
        before, last = last, now
    return last[-1]


def _pairs(word: str) -> Iterator[str]:
    framed = f"^{word}$"
    return (framed[place : place + 2] for place in range(len(framed) - 1))
