"""What processes answer with: features as GeoJSON, with how they were made."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from backend.geo.geodesy.crs import CRS84, authority_code
from backend.geo.geodesy.shapes import Shapes
from backend.geo.vector.feature_reading import SOURCE_CRS
from backend.geo.vector.features import Features

type JsonObject = dict[str, Any]

NO_CODE = (
    "The CRS of the features has no authority's code: whoever reads them again takes them in longitude and latitude."
)
_BATCH = 1000
"""Geometries whose text is parsed at once: the texts of all of them together would be held twice."""


def feature_collection(
    features: Features, *, method: str, crs_decision: str, warnings: Sequence[str] = (), **more: Any
) -> JsonObject:
    """A GeoJSON FeatureCollection in OGC:CRS84 of features in any CRS, with what a person must know of it.

    `more` are members of the collection: numbers with their units, counts of what found no partner.
    """
    lonlat = features.lonlat()
    members = [
        {"type": "Feature", "geometry": geometry, "properties": row}
        for geometry, row in zip(_geometries(lonlat.shapes), lonlat.rows(), strict=True)
    ]
    collection: JsonObject = {"type": "FeatureCollection", "features": members}
    code = authority_code(features.crs)
    if features.crs != CRS84 and code is not None:
        collection[SOURCE_CRS] = code
    told = dict.fromkeys((*lonlat.warnings, *warnings, *([] if code else [NO_CODE])))
    return collection | more | {"method": method, "crs_decision": crs_decision, "warnings": list(told)}


def geometry_object(shape: BaseGeometry) -> JsonObject:
    """A geometry as GeoJSON. Of many vertices shapely's own objects would take several times as long."""
    return json.loads(shapely.to_geojson(shape))


def _geometries(shapes: Shapes) -> Iterator[JsonObject | None]:
    """GeoJSON geometries. Parsing many as one text takes a third of the time that one by one takes."""
    texts: list[str | None] = shapely.to_geojson(_oriented(shapes)).tolist()
    for first in range(0, len(texts), _BATCH):
        yield from json.loads(f"[{','.join(text or 'null' for text in texts[first : first + _BATCH])}]")


def _oriented(shapes: Shapes) -> Shapes:
    """Exterior rings counterclockwise (RFC 7946, 3.1.6)."""
    areal = np.isin(shapely.get_type_id(shapes), (3, 6))
    if not areal.any():
        return shapes
    oriented = shapes.copy()
    oriented[areal] = shapely.orient_polygons(shapes[areal])
    return oriented
