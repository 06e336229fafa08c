"""Schemas that descriptions take from elsewhere, and the components of ours that stand for them. Pure.

Nothing may be fetched to read the document: what is known is at hand, and what is not is left open.
"""

import re
from collections.abc import Mapping
from typing import Any

from backend.openapi.names import reference

type Schema = dict[str, Any]

_FORMATS: Mapping[str, str] = {
    "geojson": "geojson",
    "geojson-feature": "geojsonFeature",
    "geojson-feature-collection": "geojsonFeatureCollection",
    "geojson-geometry": "geojsonGeometry",
    "ogc-bbox": "bbox",
}
"""Formats of objects that the standard registers (OGC 18-062r2, 7.10.2), and the plain `geojson`."""

_FILES: Mapping[str, str] = {
    "bbox": "bbox",
    "feature": "geojsonFeature",
    "featurecollection": "geojsonFeatureCollection",
    "featuregeojson": "geojsonFeature",
    "featurecollectiongeojson": "geojsonFeatureCollection",
    "geojson": "geojson",
    "geometry": "geojsonGeometry",
    "geometrygeojson": "geojsonGeometry",
    "linestring": "geojsonLineString",
    "linestringgeojson": "geojsonLineString",
    "link": "link",
    "multilinestring": "geojsonMultiLineString",
    "multilinestringgeojson": "geojsonMultiLineString",
    "multipoint": "geojsonMultiPoint",
    "multipointgeojson": "geojsonMultiPoint",
    "multipolygon": "geojsonMultiPolygon",
    "multipolygongeojson": "geojsonMultiPolygon",
    "point": "geojsonPoint",
    "pointgeojson": "geojsonPoint",
    "polygon": "geojsonPolygon",
    "polygongeojson": "geojsonPolygon",
}
_PUBLISHED = re.compile(
    r"https?://(?:geojson\.org/schema|schemas\.opengis\.net|raw\.githubusercontent\.com/opengeospatial)/(?:.*/)?"
    r"(?P<file>\w+)\.(?:json|ya?ml)(?:#/?)?"
)


def known_component(name: str) -> str | None:
    """The component that a format's name or the URL of a published schema means."""
    published = _PUBLISHED.fullmatch(name)
    return _FILES.get(published["file"].lower()) if published else _FORMATS.get(name)


def geojson_schemas() -> dict[str, Schema]:
    """Components for GeoJSON (RFC 7946)."""
    position = {"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 4}
    line = {"type": "array", "items": position, "minItems": 2}
    ring = {"type": "array", "items": position, "minItems": 4}
    polygon = {"type": "array", "items": ring}
    geometries = {
        "Point": position,
        "MultiPoint": {"type": "array", "items": position},
        "LineString": line,
        "MultiLineString": {"type": "array", "items": line},
        "Polygon": polygon,
        "MultiPolygon": {"type": "array", "items": polygon},
    }
    simple = {f"geojson{kind}": _member(kind, coordinates=shape) for kind, shape in geometries.items()}
    collection = _member("GeometryCollection", geometries={"type": "array", "items": _ref("geojsonGeometry")})
    features = _member("FeatureCollection", features={"type": "array", "items": _ref("geojsonFeature")})
    return {
        **simple,
        "geojsonGeometryCollection": collection,
        "geojsonGeometry": {"anyOf": [_ref(name) for name in (*simple, "geojsonGeometryCollection")]},
        "geojsonFeature": _member(
            "Feature",
            geometry={"nullable": True, "allOf": [_ref("geojsonGeometry")]},
            properties={"type": "object", "nullable": True},
        ),
        "geojsonFeatureCollection": features,
        "geojson": {"anyOf": [_ref(f"geojson{kind}") for kind in ("Geometry", "Feature", "FeatureCollection")]},
    }


def _member(kind: str, **properties: Schema) -> Schema:
    """A GeoJSON object: its type, and members that it must have."""
    bbox = {"type": "array", "items": {"type": "number"}, "minItems": 4, "maxItems": 6}
    return {
        "type": "object",
        "required": ["type", *properties],
        "properties": {"type": {"type": "string", "enum": [kind]}, **properties, "bbox": bbox},
    }


def _ref(component: str) -> Schema:
    return {"$ref": reference(component)}
