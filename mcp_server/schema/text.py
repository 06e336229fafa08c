"""Foreign texts made fit for a model: one language, one line, visible characters only, bounded length."""

import re
import unicodedata
from typing import Any

from mcp_server.schema.plain import as_list, as_object

_ELLIPSIS = "…"
_INVISIBLE_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})
# Letters and marks that show nothing, known carriers of hidden text.
_INVISIBLE_LETTERS = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)
_SENTENCE_END = re.compile(r"[.!?](?=\s)")


def in_one_language(value: Any) -> str:
    """The text of a member that may be a string, a number, lines of text or a map of languages (English first)."""
    match value:
        case str():
            return value
        case bool() | None:
            return ""
        case int() | float():
            return str(value)
        case list():
            return " ".join(part for part in as_list(value) if isinstance(part, str))
        case dict():
            texts = {tag: text for tag, text in as_object(value).items() if isinstance(text, str)}
            english = (text for tag, text in texts.items() if tag.lower().split("-")[0] == "en")
            return next(english, next(iter(texts.values()), ""))
        case _:
            return ""


def visible(text: str) -> str:
    """The text on one line, without control, format, private and other invisible characters."""
    spaced = re.sub(r"\s+", " ", text)
    if not spaced.isascii():
        spaced = _INVISIBLE_LETTERS.sub("", spaced)
    kept = (c for c in spaced if c == " " or unicodedata.category(c) not in _INVISIBLE_CATEGORIES)
    return re.sub(r" {2,}", " ", "".join(kept)).strip()


def brief(text: str, limit: int) -> str:
    """The visible text, cut after a sentence or else after a word so that it has at most `limit` characters."""
    text = visible(text)
    if len(text) <= limit:
        return text
    if limit <= 0:
        return ""
    ends = [match.end() for match in _SENTENCE_END.finditer(text, 0, limit)]
    if ends and ends[-1] >= limit // 2:
        return text[: ends[-1]]
    head = text[: limit - 1]
    word_end = head.rfind(" ")
    return (head[:word_end] if word_end >= limit // 2 else head).rstrip(" ,;:") + _ELLIPSIS
