"""Features as any file or database can hold them."""

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
    """The fields without the characters that files or databases end a text at; warnings of those changed."""
    cleaned: dict[str, Sequence[Any]] = {}
    with_nul: list[str] = []
    for name, values in fields.items():
        kept = free_name(_clean(name), {*fields, *cleaned}) if _NUL in name else name
        texts = list(map(_text, values)) if _may_have_nul(values) else []
        unclean = any(_NUL in text for text in texts)
        pairs = zip(values, texts, strict=True) if unclean else ()
        cleaned[kept] = [_clean(text) if _NUL in text else value for value, text in pairs] if unclean else values
        with_nul += [kept] if unclean or kept != name else []
    told = f"NUL characters, at which texts would end, were left out in: {listed(with_nul)}."
    return cleaned, [told] if with_nul else []


def _may_have_nul(values: Sequence[Any]) -> bool:
    """A quick look at columns of numbers or texts, which most are."""
    kinds = set[type]() if isinstance(values, NumberColumn) else set[type](map(type, values))
    if kinds <= {str, NoneType}:
        return bool(kinds) and _NUL in "".join(filter(None, values))
    return not kinds <= {int, float, bool, NoneType}


def _text(value: Any) -> str:
    """As it would be written, of what may hold characters; else nothing."""
    written = plain(value)
    return written if isinstance(written, str) else ""


def _clean(text: str) -> str:
    return text.replace(_NUL, "")
