"""Texts of features as XML can hold them."""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from backend.geo.vector.features import Features
from backend.geo.vector.field_names import free_name
from backend.geo.vector.fields import listed

_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
"""Characters that XML has no place for."""


def without_controls(text: str) -> str:
    """A text without the characters that XML has no place for."""
    return _CONTROL.sub("", text)


def named_for_xml(features: Features, form: str) -> Features:
    """Without the control characters in names, with a warning of those in names and in values, which stay there."""
    fields: dict[str, Sequence[Any]] = {}
    unwritten: list[str] = []
    for name, values in features.fields.items():
        kept = free_name(without_controls(name), {*features.fields, *fields}) if _beyond_xml(name) else name
        fields[kept] = values
        if kept != name or any(map(_beyond_xml, values)):
            unwritten.append(kept)
    if not unwritten:
        return features
    told = f"Control characters, which a {form} cannot hold, were left out in: {listed(unwritten)}."
    return replace(features, fields=fields).warned(told)


def _beyond_xml(value: object) -> bool:
    return isinstance(value, str) and _CONTROL.search(value) is not None
