"""Features as any file or database can hold them."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import NoneType
from typing import Any

import shapely

from backend.geo.vector.features import Features
from backend.geo.vector.field_names import free_name
from backend.geo.vector.fields import listed
from backend.geo.vector.file_columns import plain
from backend.geo.vector.number_columns import NumberColumn

_NUL = "\0"
_SURROGATE = re.compile("[\ud800-\udfff]")


def writable(features: Features) -> Features:
    """The features as any file can hold them: without empty geometries, and of characters that all formats have."""
    fields, warnings = clean_fields(features.fields)
    warnings += _changed_kinds(features.fields)
    empty = shapely.is_empty(features.shapes)
    if empty.any():
        shapes = features.shapes.copy()
        shapes[empty] = None
        features = features.with_shapes(shapes)
        warnings.append(f"{int(empty.sum())} empty geometries were left out: their features have none in the file.")
    return replace(features, fields=fields).warned(*warnings) if warnings else features


def _changed_kinds(fields: Mapping[str, Sequence[Any]]) -> list[str]:
    """Warnings of fields whose values become texts because no column holds them as they are."""
    nested: list[str] = []
    mixed: list[str] = []
    for name, values in fields.items():
        kinds = set[type]() if isinstance(values, NumberColumn) else set[type](map(type, values)) - {NoneType}
        if kinds & {dict, list}:
            nested.append(name)
        elif len(kinds) > 1 and kinds != {int, float}:
            mixed.append(name)
    warnings = [f"Objects and arrays are written as JSON texts in: {listed(nested)}."] if nested else []
    return warnings + ([f"Values of several kinds are written as texts in: {listed(mixed)}."] if mixed else [])


def clean_fields(fields: Mapping[str, Sequence[Any]]) -> tuple[dict[str, Sequence[Any]], list[str]]:
    """The fields without characters that files or databases fail at, or end a text at; warnings of those changed."""
    cleaned: dict[str, Sequence[Any]] = {}
    with_nul: list[str] = []
    with_half: list[str] = []
    for name, values in fields.items():
        kept = free_name(_clean(name), {*fields, *cleaned}) if _is_unclean(name) else name
        texts = list(map(_text, values)) if _may_be_unclean(values) else []
        unclean = [text for text in texts if _is_unclean(text)]
        pairs = zip(values, texts, strict=True) if unclean else ()
        cleaned[kept] = [_clean(text) if _is_unclean(text) else value for value, text in pairs] if unclean else values
        with_nul += [kept] if any(_NUL in text for text in (name, *unclean)) else []
        with_half += [kept] if any(_SURROGATE.search(text) for text in (name, *unclean)) else []
    warnings = [f"NUL characters, at which texts would end, were left out in: {listed(with_nul)}."] if with_nul else []
    if with_half:
        warnings.append(f"Halves of surrogate pairs, which are no characters, became U+FFFD in: {listed(with_half)}.")
    return cleaned, warnings


def _may_be_unclean(values: Sequence[Any]) -> bool:
    """A quick look at columns of numbers or texts, which most are."""
    kinds = set[type]() if isinstance(values, NumberColumn) else set[type](map(type, values))
    if kinds <= {str, NoneType}:
        return _is_unclean("".join(filter(None, values)) if kinds else "")
    return not kinds <= {int, float, bool, NoneType}


def _text(value: Any) -> str:
    """As it would be written, of what may hold characters; else nothing."""
    written = plain(value)
    return written if isinstance(written, str) else ""


def _is_unclean(text: str) -> bool:
    return (not text.isascii() and _SURROGATE.search(text) is not None) or _NUL in text


def _clean(text: str) -> str:
    return _SURROGATE.sub("\ufffd", text.replace(_NUL, ""))
