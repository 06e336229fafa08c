"""What processes answer with: features as GeoJSON, with how they were made."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, cast

import shapely

from backend.geo.geodesy.antimeridian import common_box
from backend.geo.geodesy.crs import CRS84, authority_code, is_made_for
from backend.geo.geodesy.shapes import Shapes, counted_types, out_of_collections
from backend.geo.vector.feature_text import (
    document_parts,
    feature_texts,
    geometry_parts,
    geometry_texts,
    json_text,
    type_of_parts,
)
from backend.geo.vector.features import Features
from backend.geo.vector.source_crs import SOURCE_CRS
from summaries.extent import told_extent

type JsonObject = dict[str, Any]
type Box = tuple[float, float, float, float]
"""West, south, east, north; west > east across the antimeridian."""

NO_CODE = (
    "The CRS of the features has no authority's code: whoever reads them again takes them in longitude and latitude."
)


@dataclass(frozen=True, eq=False)
class FeatureCollection(Mapping[str, Any]):
    """A GeoJSON FeatureCollection whose features stay columns until they are written, or looked at.

    As a mapping it has the members of the GeoJSON object. Objects for each feature take several times the memory of
    their text: they are made when `features` is looked at, and not before.
    """

    table: Features
    """In OGC:CRS84."""
    members: Mapping[str, Any]
    """All others than `type` and `features`, as JSON values."""

    def __getitem__(self, name: str) -> Any:
        if name == "type":
            return "FeatureCollection"
        return self._features if name == "features" else self.members[name]

    def __iter__(self) -> Iterator[str]:
        yield from ("type", "features", *self.members)

    def __len__(self) -> int:
        return 2 + len(self.members)

    def json_parts(self) -> Iterator[bytes]:
        """Its compact text in UTF-8, some hundreds of features at a time; geometries as GEOS writes them.

        Raises:
            ValueError: a value is no JSON (NaN, Infinity) or no Unicode.
            TypeError: a value is an object that JSON does not know.
        """
        beginning = '{"type":"FeatureCollection","features":['
        return document_parts(beginning, feature_texts(self.table), self.members)

    @property
    def count(self) -> int:
        """How many features it has."""
        return len(self.table)

    @property
    def columns(self) -> Mapping[str, Sequence[Any]]:
        """Property name → one JSON value for each feature."""
        return self.table.fields

    def extent(self) -> JsonObject:
        """Geometry types, vertices and bounding box, as summaries tell them."""
        return _extent(self.table.shapes, self._bbox())

    def _bbox(self) -> Box | None:
        return _box_of(self.table.shapes[self.table.present])

    @cached_property
    def _features(self) -> list[JsonObject]:
        geometries = (one for texts in geometry_texts(self.table.shapes) for one in _parsed(texts))
        return [
            {"type": "Feature", "geometry": geometry, "properties": row}
            for geometry, row in zip(geometries, self.table.rows(), strict=True)
        ]


@dataclass(frozen=True, eq=False)
class SingleFeature(Mapping[str, Any]):
    """A GeoJSON Feature whose geometry, perhaps of many parts, stays these until it is written, or looked at."""

    parts: Shapes
    """In OGC:CRS84, exterior rings counterclockwise: the geometry alone, or several single ones of one type."""
    properties: Mapping[str, Any]
    members: Mapping[str, Any]
    """All others, as JSON values."""

    def __getitem__(self, name: str) -> Any:
        if name == "geometry":
            return json.loads(b"".join(geometry_parts(self.parts)))
        return {"type": "Feature", "properties": self.properties, **self.members}[name]

    def __iter__(self) -> Iterator[str]:
        yield from ("type", "geometry", "properties", *self.members)

    def __len__(self) -> int:
        return 3 + len(self.members)

    def __contains__(self, name: object) -> bool:
        return name in tuple(self)

    def json_parts(self) -> Iterator[bytes]:
        """Its compact text in UTF-8, some parts of the geometry at a time.

        Raises: as `FeatureCollection.json_parts`.
        """
        yield b'{"type":"Feature","geometry":'
        yield from geometry_parts(self.parts)
        yield f",{json_text({'properties': self.properties, **self.members})[1:]}".encode()

    def extent(self) -> JsonObject:
        """Geometry types, vertices and bounding box, as summaries tell them."""
        return told_extent(
            {type_of_parts(self.parts): 1},
            int(shapely.get_num_coordinates(self.parts).sum()),
            _box_of(self.parts),
            null_geometries=0,
        )


def feature_collection(
    features: Features, *, method: str, crs_decision: str, warnings: Sequence[str] = (), **more: Any
) -> FeatureCollection:
    """A GeoJSON FeatureCollection in OGC:CRS84 of features in any CRS, with what a person must know of it.

    `more` are members of the collection: numbers with their units, counts of what found no partner.

    Raises:
        ProcessRefusedError: a position has no longitude and latitude.
    """
    lonlat = features.lonlat()
    code = authority_code(features.crs)
    source = {SOURCE_CRS: code} if features.crs != CRS84 and code is not None else {}
    told = dict.fromkeys((*lonlat.warnings, *warnings, *([] if code else [NO_CODE])))
    about = {"method": method, "crs_decision": crs_decision, "warnings": list(told)}
    return FeatureCollection(lonlat, source | more | about)


def came_in(source: Features | None, made: Shapes) -> dict[str, str]:
    """The member that tells the plane of what degrees were made of, where that is made for them too.

    The next process then goes on there.
    """
    code = authority_code(source.crs) if source is not None and source.crs.is_projected else None
    if source is None or code is None or not is_made_for(source.crs, shapely.total_bounds(made).tolist()):
        return {}
    return {SOURCE_CRS: code}


def _extent(shapes: Shapes, bbox: Box | None) -> JsonObject:
    parts, _ = out_of_collections(shapes)
    return told_extent(
        counted_types(parts),
        int(shapely.get_num_coordinates(shapes).sum()),
        bbox,
        null_geometries=int(shapely.is_missing(shapes).sum()),
    )


def _box_of(shapes: Shapes) -> Box | None:
    if not len(shapes):
        return None
    return common_box(shapes)


def _parsed(texts: Sequence[str]) -> list[JsonObject | None]:
    """Parsing many as one text takes a third of the time that one by one takes."""
    return cast("list[JsonObject | None]", json.loads(f"[{','.join(texts)}]"))
