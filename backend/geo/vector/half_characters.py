"""Texts with half of a surrogate pair, which JSON can escape (`\\ud800`) and no Unicode text may hold (RFC 8259, 8.2).

They are replaced where features are read, since no format can be written with them, GeoJSON neither.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import NoneType
from typing import Any, cast

import orjson

from backend.geo.vector.features import Features
from backend.geo.vector.field_names import free_name
from backend.geo.vector.fields import listed

_HALF = re.compile("[\ud800-\udfff]")
_PLAIN = frozenset({int, float, bool, NoneType})


def with_whole_characters(features: Features) -> Features:
    """The features with U+FFFD for each half of a pair in values and names of fields, which is told."""
    fields: dict[str, Sequence[Any]] = {}
    mended: list[str] = []
    for name, values in features.fields.items():
        kept, halves = name, _may_have_halves(values)
        if _has_half(name):
            kept = free_name(_whole(name), {*features.fields, *fields})
        fields[kept] = [_whole(value) for value in values] if halves else values
        mended += [kept] if kept != name or halves else []
    if not mended:
        return features
    told = f"Halves of surrogate pairs, which are no characters, became U+FFFD in: {listed(mended)}."
    return replace(features, fields=fields).warned(told)


def _has_half(text: str) -> bool:
    return not text.isascii() and _HALF.search(text) is not None


def _may_have_halves(values: Sequence[Any]) -> bool:
    """A quick look at many values."""
    kinds = set[type](map(type, values))
    if kinds <= _PLAIN:
        return False
    if kinds <= {str, NoneType}:
        return _has_half("".join(filter(None, values)))
    try:
        orjson.dumps(values)
    except orjson.JSONEncodeError:  # of such a text, or of a whole number of more than 64 bits
        # Lists, in which NaN is what it is itself.
        return _whole(list(values)) != list(values)
    return False


def _whole(value: Any) -> Any:
    if isinstance(value, str):
        return _HALF.sub("\ufffd", value)
    if isinstance(value, list):
        return [_whole(one) for one in cast("list[Any]", value)]
    if isinstance(value, Mapping):
        return {_whole(name): _whole(member) for name, member in cast("Mapping[str, Any]", value).items()}
    return value
