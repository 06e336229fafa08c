"""What a raster has at features, as fields of them."""

from collections.abc import Mapping, Sequence
from typing import Any

from backend.geo.vector.features import Features


def joined(features: Features, columns: Mapping[str, Sequence[Any]]) -> Features:
    """The features with the columns as fields, none of which replaces one that the features have."""
    taken = [name for name in columns if name in features.fields]
    named = {f"raster_{name}" if name in taken else name: column for name, column in columns.items()}
    if not taken:
        return features.with_fields(named)
    return features.with_fields(named).warned(
        f"The features have fields {', '.join(taken)}: those of the raster are called raster_…."
    )
