"""Names of fields that a result adds to those that features came with, none of which is lost."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from backend.geo.vector.features import Features

SUFFIX = "_1"
"""Of a field that came under the name of a measure, as overlays have it."""


def free_name(name: str, taken: Collection[str], suffix: str = "_2") -> str:
    """The name itself, or with as many suffixes as it needs to be none of the others."""
    while name in taken:
        name += suffix
    return name


def with_measures_named(features: Features, measures: Mapping[str, Sequence[Any]]) -> Features:
    """The features with measures of their geometries under the names that results promise.

    Fields that came under these names get others, told in a warning: they may be keys, or true of earlier geometries.
    """
    taken = {*features.fields, *measures}
    columns: dict[str, Sequence[Any]] = {}
    warnings: list[str] = []
    for name, column in features.fields.items():
        kept = free_name(name + SUFFIX, taken, SUFFIX) if name in measures else name
        if kept != name:
            warnings.append(f"The field {name!r} of the features is called {kept!r} here: {name} is what was found.")
        taken.add(kept)
        columns[kept] = column
    renamed = Features(features.shapes, {**columns, **measures}, features.crs, features.warnings)
    return renamed.warned(*warnings)
