"""Foreign regular expressions: which are taken, and on which texts they are tried, for a search may take for ever."""

import re
from dataclasses import dataclass
from functools import lru_cache

_LONGEST = 300
_MOST_OPEN = 2
_MOST_WAYS = 65_536
_MOST_STEPS = 1_000_000
"""A search of so many takes some hundredths of a second."""

_REPEATED_GROUP = re.compile(r"\)[*+{]")
_IN_OTHER_WORDS = re.compile(r"\(\?(?:#|[a-zA-Z]*x)")
"""Comments, and the flag by which spaces are none: a repeated group would not look like one."""
_TOKEN = re.compile(
    r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|(?P<group>\(\??)|(?P<end>\))|(?P<or>\|)|(?P<open>[*+])[?+]?|(?P<maybe>\?)[?+]?"
    r"|\{(?P<least>\d*)(?P<to>,?)(?P<most>\d*)\}[?+]?|.",
    re.DOTALL,
)
_SET_OF_SETS = re.compile(r"\[\^?\]?\Z|\[\^?\[|--|&&|~~|\|\|")
"""In a set, if it ends at all: other languages have sets in sets (`[[:alpha:]]`), Python reads their letters."""
_EVERYWHERE = re.compile(
    r"(?:[^\\\[\](){}*+?|.^$]|\.|[|^$](?![*+?{])|\((?!\?)|\(\?(?:<?[=!]|:)|\)"
    r"|\\(?:[dDwWsSbBfnrtv^$\\.*+?()\[\]{}|/]|x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|[1-9](?!\d))"
    r"|\[\^?(?:[^\\\[\]]|\\(?:[dDwWsSbfnrtv^$\\.*+?()\[\]{}|/-]|x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}))+\]"
    r"|(?:[*+?]|\{\d+(?:,\d*)?\})\??(?![*+?{]))*"
)
"""What ECMA-262 reads as Python does: no inline flags, no `\\A`, no escapes but those that mean something."""


@dataclass(frozen=True, slots=True)
class _Choices:
    """Where a search may go on in several ways."""

    open: int
    """Repetitions without an upper bound."""
    ways: int
    """In which all else may be read."""
    anchored: bool
    """It is looked for at the beginning alone."""


def is_sound(pattern: str) -> bool:
    """Whether a pattern is one, and looking for it cannot take beyond reason: no repeated groups, few choices."""
    if len(pattern) > _LONGEST or _REPEATED_GROUP.search(pattern) or _IN_OTHER_WORDS.search(pattern):
        return False
    choices = _choices(pattern)
    if choices.open > _MOST_OPEN or choices.ways > _MOST_WAYS:
        return False
    if any(token[0].startswith("[") and _SET_OF_SETS.search(token[0]) for token in _TOKEN.finditer(pattern)):
        return False
    try:
        re.compile(pattern)
    except (re.error, OverflowError, RecursionError):
        return False
    return True


def is_portable(pattern: str) -> bool:
    """Whether a sound pattern is one in ECMA-262 too, with its flag `u`: many clients refuse a tool with another."""
    return _EVERYWHERE.fullmatch(pattern) is not None


def matches(text: str, pattern: str) -> bool:
    """Whether a sound pattern is found in a text, or the text is too long to tell."""
    choices = _choices(pattern)
    steps = choices.ways * (len(text) + 1) ** (choices.open + (not choices.anchored))
    return steps > _MOST_STEPS or re.search(pattern, text) is not None


@lru_cache(maxsize=1024)
def _choices(pattern: str) -> _Choices:
    unbounded, ways, depth, alternatives = 0, 1, 0, False
    for token in _TOKEN.finditer(pattern):
        depth += bool(token["group"]) - bool(token["end"])
        alternatives = alternatives or bool(token["or"] and not depth)
        if token["open"] or (token["to"] and not token["most"]):
            unbounded += 1
        elif token["or"] or token["maybe"]:
            ways *= 2
        elif token["to"]:
            ways *= max(1, int(token["most"][:9]) - int(token["least"][:9] or 0) + 1)
    return _Choices(unbounded, ways, pattern.startswith("^") and not alternatives)
