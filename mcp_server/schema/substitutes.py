"""What well-known schema references mean. Nothing is fetched."""

import re

from mcp_server.schema.plain import JsonObject

BBOX: JsonObject = {
    "type": "object",
    "format": "ogc-bbox",
    "properties": {
        "bbox": {"type": "array", "items": {"type": "number"}, "minItems": 4, "maxItems": 6},
        "crs": {"type": "string"},
    },
    "required": ["bbox"],
}
"""OGC 18-062r2, bbox.yaml; the coordinate reference system is a URI, CRS84 where it is left out."""

_LINK: JsonObject = {
    "type": "object",
    "properties": {"href": {"type": "string"}, "type": {"type": "string"}, "title": {"type": "string"}},
    "required": ["href"],
}

_GEOMETRIES = frozenset(
    {
        "point",
        "multipoint",
        "linestring",
        "multilinestring",
        "polygon",
        "multipolygon",
        "geometrycollection",
        "geometry",
    }
)


def substitute(reference: str) -> JsonObject | None:
    """The schema that a reference to a well-known document stands for, else None.

    Known are the bounding box and link of OGC API and GeoJSON as published at geojson.org and schemas.opengis.net.
    """
    last = re.split(r"[/#]", reference.rstrip("/#"))[-1].lower()
    name = re.sub(r"\.(?:ya?ml|json|jsonschema)$", "", last)
    bare = name.replace("geojson", "").replace("-", "").replace("_", "")
    if bare in ("bbox", "boundingbox"):
        return BBOX
    if bare == "link":
        return _LINK
    if bare in _GEOMETRIES:
        return {"type": "object", "format": "geojson-geometry"}
    if bare == "featurecollection":
        return {"type": "object", "format": "geojson-feature-collection"}
    if bare == "feature":
        return {"type": "object", "format": "geojson-feature"}
    return {"type": "object", "format": "geojson"} if name == "geojson" else None
