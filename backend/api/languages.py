"""Texts that pygeoapi's form lets an author give in several languages, in the one that this server speaks. Pure."""

import re
from collections.abc import Mapping
from typing import Any, cast

_LANGUAGE = "en"
_LANGUAGE_TAG = re.compile(r"[a-z]{2,3}([-_][A-Za-z0-9]{2,8})*")


def text_of(value: Any) -> Any:
    """A text that may be given in several languages, in the one this server speaks."""
    if not isinstance(value, Mapping) or not value:
        return cast("Any", value)
    texts = cast("Mapping[Any, Any]", value)
    if not all(isinstance(tag, str) and _LANGUAGE_TAG.fullmatch(tag) for tag in texts):
        return texts
    if not all(isinstance(text, str | list) for text in texts.values()):
        return texts
    english = (tag for tag in texts if re.split("[-_]", tag)[0] == _LANGUAGE)
    return texts[next(english, next(iter(texts)))]
