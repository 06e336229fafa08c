"""Files of features that tell what is in them: their bytes say it to programs alone."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self, override

import numpy as np
import shapely

from backend.geo.geodesy.crs import CRS84, code_of
from backend.geo.vector.collections import FeatureCollection
from backend.geo.vector.features import Features
from summaries.table import MAX_FIELDS, fields

type JsonObject = dict[str, Any]


@dataclass(frozen=True, slots=True)
class FeatureFile:
    """The bytes of a file, for whatever takes a buffer, and what a person would ask of it."""

    content: bytes
    about: Mapping[str, Any]

    def __buffer__(self, flags: int) -> memoryview:
        return memoryview(self.content)


class FeatureText(str):
    """The same of a file that is a text."""

    __slots__ = ("about",)
    about: Mapping[str, Any]

    @classmethod
    def of(cls, content: str, about: Mapping[str, Any]) -> Self:
        """A copy of this text that tells this."""
        made = cls(content)
        made.about = about
        return made


@dataclass(frozen=True, slots=True)
class Written[Content: (bytes, str)]:
    """A file, and the features as they stand in it, with warnings of what it could not hold."""

    content: Content
    features: Features


class FlatCollection(FeatureCollection):
    """A FeatureCollection in the plane of its CRS, where nothing lies across the antimeridian."""

    @override
    def _bbox(self) -> tuple[float, float, float, float] | None:
        shapes = self.table.shapes[self.table.present]
        if not len(shapes):
            return None
        west, south, east, north = shapely.total_bounds(shapes).tolist()
        return west, south, east, north


def described(features: Features, form: str, layer: str | None = None) -> JsonObject:
    """What a person would ask of a file of these features: how many, which fields, in what CRS, what went wrong.

    Coordinates of the bounding box are in the CRS, x (longitude) before y.
    """
    collection = FeatureCollection if features.crs == CRS84 else FlatCollection
    more = len(features.fields) - MAX_FIELDS
    return {
        "format": form,
        **({"layer": layer} if layer else {}),
        "count": len(features),
        "crs": code_of(features.crs),
        **({"warnings": list(features.warnings)} if features.warnings else {}),
        **collection(features, {}).extent(),
        "fields": fields(features.fields),
        **({"more_fields": more} if more > 0 else {}),
    }


def flattened(features: Features, kept_by: str) -> Features:
    """The features without heights, which is told where there are any."""
    heights = int(np.count_nonzero(shapely.has_z(features.shapes)))
    if not heights:
        return features
    return features.with_shapes(shapely.force_2d(features.shapes)).warned(
        f"The heights of {heights} geometries were left out: {kept_by}."
    )
