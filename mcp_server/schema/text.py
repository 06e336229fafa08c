"""Foreign texts made fit for a model: one language, one line, nothing hidden or misleading, bounded length."""

import re
from typing import Any

from mcp_server.schema.plain import as_list, as_object
from mcp_server.texts import harmless

_ELLIPSIS = "…"
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


def brief(text: str, limit: int) -> str:
    """The harmless text, cut after a sentence or else after a word so that it has at most `limit` characters."""
    text = harmless(text)
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
