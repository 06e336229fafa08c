"""What a raster has at features, as fields of them."""

from collections.abc import Mapping, Sequence
from typing import Any

from backend.geo.vector.features import Features
from backend.geo.vector.field_names import free_name


def joined(features: Features, columns: Mapping[str, Sequence[Any]]) -> Features:
    """The features with the columns as fields, none of which replaces one that the features have."""
    clashing = [name for name in columns if name in features.fields]
    if not clashing:
        return features.with_fields(columns)
    taken = {*features.fields, *columns}
    named: dict[str, Sequence[Any]] = {}
    for name, column in columns.items():
        unique = free_name(f"raster_{name}", taken) if name in clashing else name
        taken.add(unique)
        named[unique] = column
    return features.with_fields(named).warned(
        f"The features have fields {', '.join(clashing)}: those of the raster are called raster_…."
    )
