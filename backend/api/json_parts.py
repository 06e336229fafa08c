"""Where the parts of a JSON text stand: found without making values of them, which take several times its memory. Pure.

What is wrong with a text is found out as far as it keeps a part from being told from the next one; whoever uses a part
has yet to read it.
"""

import re
from collections.abc import Callable
from mmap import mmap

type Text = bytes | mmap
"""UTF-8."""
type Span = tuple[int, int]
"""Where a part begins and ends."""

# Possessive: linear for any input.
_STRING = rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"'
_SPACE = re.compile(rb"[ \t\n\r]*+")
_ATOM = re.compile(_STRING + rb'|[^\s,:"\[\]{}]++', re.DOTALL)
# Arrays of nothing but numbers, positions that is, are what there is most of: as many as follow each other go at once.
_BRACKET = re.compile(_STRING + rb'|(?:\[[^\[\]{}"]*+\][\s,]*+)++|([\[{])|([\]}])', re.DOTALL)
_OPENS = 1


def through_array(text: Text, start: int, item: Callable[[Span], None]) -> int:
    """Have `item` told of each item of the array that begins at `start`; returns where the array ends.

    Raises:
        ValueError: there is no array, or it is not closed.
    """

    def part(begin: int) -> int:
        end = end_of(text, begin)
        item((begin, end))
        return end

    return _through(text, start, b"[", b"]", part)


def through_object(text: Text, start: int, member: Callable[[Span, int], int]) -> int:
    """Have `member` told of each member of the object that begins at `start`; returns where the object ends.

    member: takes where the name stands and where the value begins, and tells where that ends, as `end_of` does.

    Raises:
        ValueError: there is no object, or it is not closed.
    """

    def part(begin: int) -> int:
        name = (begin, _after(_ATOM, text, begin))
        colon = beginning(text, name[1])
        if text[colon : colon + 1] != b":":
            raise ValueError(colon)
        return member(name, beginning(text, colon + 1))

    return _through(text, start, b"{", b"}", part)


def beginning(text: Text, start: int = 0) -> int:
    """Where the next part begins, after blanks."""
    return _after(_SPACE, text, start)


def end_of(text: Text, start: int) -> int:
    """Where the value that begins at `start` ends.

    Raises:
        ValueError: there is none, or it is not closed.
    """
    if text[start : start + 1] not in (b"[", b"{"):
        return _after(_ATOM, text, start)
    depth = 1
    for token in _BRACKET.finditer(text, start + 1):
        if token.lastindex is None:
            continue
        depth += 1 if token.lastindex == _OPENS else -1
        if depth == 0:
            return token.end()
    raise ValueError(start)


def _through(text: Text, start: int, opening: bytes, closing: bytes, part: Callable[[int], int]) -> int:
    if text[start : start + 1] != opening:
        raise ValueError(start)
    at = beginning(text, start + 1)
    if text[at : at + 1] == closing:
        return at + 1
    while True:
        at = beginning(text, part(at))
        mark = text[at : at + 1]
        if mark == closing:
            return at + 1
        if mark != b",":
            raise ValueError(at)
        at = beginning(text, at + 1)


def _after(pattern: re.Pattern[bytes], text: Text, start: int) -> int:
    found = pattern.match(text, start)
    if found is None:
        raise ValueError(start)
    return found.end()
