"""Files of features that tell what is in them: their bytes say it to programs alone."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self, override

import shapely
from pyproj import CRS

from backend.geo.geodesy.crs import CRS84, code_of
from backend.geo.vector.collections import Box, FeatureCollection
from backend.geo.vector.features import Features
from backend.geo.vector.mapped_file import MappedFile
from summaries.table import MAX_FIELDS, fields

type JsonObject = dict[str, Any]


@dataclass(frozen=True, slots=True)
class FeatureFile:
    """The bytes of a file, for whatever takes a buffer, and what a person would ask of it."""

    content: bytes | MappedFile
    features: Features
    form: str
    layer: str | None = None

    def __buffer__(self, flags: int) -> memoryview:
        return memoryview(self.content)

    def file_parts(self) -> Iterator[bytes]:
        """Its bytes, some at a time."""
        if isinstance(self.content, bytes):
            yield self.content
        else:
            yield from self.content.file_parts()

    @property
    def about(self) -> Mapping[str, Any]:
        """Members of its summary. To find them takes a while."""
        return described(self.features, self.form, self.layer)


class FeatureText(str):
    """The same of a file that is a text."""

    __slots__ = ("features", "form")
    features: Features
    form: str

    @classmethod
    def of(cls, content: str, features: Features, form: str) -> Self:
        """A copy of this text that tells of these features."""
        made = cls(content)
        made.features, made.form = features, form
        return made

    @property
    def about(self) -> Mapping[str, Any]:
        """Members of its summary. To find them takes a while."""
        return described(self.features, self.form)


@dataclass(frozen=True, slots=True)
class Written[Content: (bytes, str, MappedFile)]:
    """A file, and the features as they stand in it, with warnings of what it could not hold."""

    content: Content
    features: Features


class FlatCollection(FeatureCollection):
    """A FeatureCollection in the plane of its CRS, where nothing lies across the antimeridian."""

    @override
    def _bbox(self) -> Box | None:
        shapes = self.table.shapes[self.table.present]
        if not len(shapes):
            return None
        west, south, east, north = shapely.total_bounds(shapes).tolist()
        return west, south, east, north


def taken_for_another(crs: CRS) -> Sequence[str]:
    """What is to be told of a file that names its CRS by a code which other programs take for that of another."""
    if not crs.is_deprecated:
        return ()
    told = f"{code_of(crs)} is deprecated: many programs take the CRS that replaced it in its place, and misplace"
    return (f"{told} the features of such a file. Another crs avoids that.",)


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
