"""What processes answer with: features as GeoJSON, with how they were made."""

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
import shapely

from backend.geo.geodesy.crs import CRS84, code_of
from backend.geo.geodesy.shapes import Shapes
from backend.geo.vector.feature_reading import SOURCE_CRS
from backend.geo.vector.features import Features

type JsonObject = dict[str, Any]


def feature_collection(
    features: Features, *, method: str, crs_decision: str, warnings: Sequence[str] = (), **more: Any
) -> JsonObject:
    """A GeoJSON FeatureCollection in OGC:CRS84 of features in any CRS, with what a person must know of it.

    `more` are members of the collection: numbers with their units, counts of what found no partner.
    """
    lonlat = features.lonlat()
    geometries: list[str | None] = shapely.to_geojson(_oriented(lonlat.shapes)).tolist()
    members = [
        {"type": "Feature", "geometry": None if text is None else json.loads(text), "properties": row}
        for text, row in zip(geometries, lonlat.rows(), strict=True)
    ]
    collection: JsonObject = {"type": "FeatureCollection", "features": members}
    if features.crs != CRS84:
        collection[SOURCE_CRS] = code_of(features.crs)
    told = dict.fromkeys((*lonlat.warnings, *warnings))
    return collection | more | {"method": method, "crs_decision": crs_decision, "warnings": list(told)}


def _oriented(shapes: Shapes) -> Shapes:
    """Exterior rings counterclockwise (RFC 7946, 3.1.6)."""
    areal = np.isin(shapely.get_type_id(shapes), (3, 6))
    if not areal.any():
        return shapes
    oriented = shapes.copy()
    oriented[areal] = shapely.orient_polygons(shapes[areal])
    return oriented
