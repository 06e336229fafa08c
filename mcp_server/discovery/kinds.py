"""What kind of data a schema describes, as a person would say it. Pure."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from mcp_server.discovery.records import DataKind
from mcp_server.discovery.stems import parts
from mcp_server.schema.combine import branches
from mcp_server.schema.plain import JsonObject, as_list, as_object

_MEDIA_TYPES: Final[tuple[tuple[str, DataKind], ...]] = (
    (
        r"geo\+json|geojson|flatgeobuf|gml|kml|gpx|shape|shp|geopackage|gpkg|topojson|vnd\.mapbox-vector",
        DataKind.VECTOR,
    ),
    (r"tiff|netcdf|grib|hdf|zarr|jp2|jpeg2000|coverage|ecw|x-aaigrid|geotiff|bil\b", DataKind.RASTER),
    (r"\bwkt\b|well-known-text", DataKind.GEOMETRY),
    (r"csv|tab-separated|spreadsheet|excel|parquet|opendocument", DataKind.TABLE),
    (r"^(?:image|video)/", DataKind.IMAGE),
    (r"octet-stream|zip|tar\b|^model/|\blas\b|laz", DataKind.FILE),
    (r"json|xml|yaml|cwl|pdf|html", DataKind.DOCUMENT),
    (r"^text/", DataKind.TEXT),
)
"""The first that is found in a media type decides."""
_FORMATS: Final[Mapping[str, frozenset[DataKind]]] = {
    "geojson": frozenset({DataKind.VECTOR, DataKind.GEOMETRY}),
    "geojson-geometry": frozenset({DataKind.GEOMETRY}),
    "geojson-feature": frozenset({DataKind.VECTOR}),
    "geojson-feature-collection": frozenset({DataKind.VECTOR}),
    "wkt": frozenset({DataKind.GEOMETRY}),
    "ogc-bbox": frozenset({DataKind.BBOX}),
    "bbox": frozenset({DataKind.BBOX}),
    "date-time": frozenset({DataKind.TIME}),
    "date": frozenset({DataKind.TIME}),
    "time": frozenset({DataKind.TIME}),
    "duration": frozenset({DataKind.TIME}),
    "uri": frozenset({DataKind.FILE}),
    "binary": frozenset({DataKind.FILE}),
    "byte": frozenset({DataKind.FILE}),
}
_PLAIN: Final[Mapping[str, DataKind]] = {
    "number": DataKind.NUMBER,
    "integer": DataKind.NUMBER,
    "boolean": DataKind.BOOLEAN,
    "string": DataKind.TEXT,
}
_NAMES: Final[tuple[tuple[str, DataKind], ...]] = (
    ("raster geotiff tif tiff dem dtm dsm grid image imagery scene netcdf coverage datacube cog ndvi", DataKind.RASTER),
    ("features feature geojson vector shapefile gpkg kml gml", DataKind.VECTOR),
    ("geometry geom polygon point line linestring aoi wkt", DataKind.GEOMETRY),
    ("bbox box extent bounds envelope", DataKind.BBOX),
    ("table csv spreadsheet timeseries", DataKind.TABLE),
    ("png jpeg jpg plot chart picture figure map", DataKind.IMAGE),
    ("date datetime time timestamp", DataKind.TIME),
    ("url uri href file path", DataKind.FILE),
)
_KINDS_BY_WORD: Final = {word: kind for names, kind in _NAMES for word in names.split()}
_LAST: Final = "url uri href link file path input output in out data source layer result 1 2"
_TAILS: Final = frozenset(_LAST.split())
"""Words behind the one that tells what something is."""
_TELL_LITTLE: Final = frozenset({DataKind.ANY, DataKind.FILE, DataKind.DOCUMENT})
_GEOMETRY_TYPES: Final = [
    "Point",
    "MultiPoint",
    "LineString",
    "MultiLineString",
    "Polygon",
    "MultiPolygon",
    "GeometryCollection",
]
_GEOMETRIES: Final = frozenset(_GEOMETRY_TYPES)
_MOST_DEPTH: Final = 12


def kinds_of(schema: JsonObject, *names: str) -> frozenset[DataKind]:
    """The kinds that a canonical schema of one value describes.

    names: what it is called, best first; they are heard where the schema tells little.
    """
    told = frozenset(kind for branch in branches(schema) for kind in _of_branch(branch, names))
    if told == frozenset({DataKind.TEXT}) and "enum" not in schema and names:
        # Many servers take a file as the text of its URL, and a geometry as its WKT.
        return told | _of_name(names[0])
    if not told <= _TELL_LITTLE:
        return told - {DataKind.ANY}
    return next((kinds for kinds in map(_of_name, names) if kinds), told) or frozenset({DataKind.ANY})


def _of_name(name: str) -> frozenset[DataKind]:
    """What the last word of a name means; `dem_url` is a raster."""
    found = [word.rstrip("s") if word.rstrip("s") in _KINDS_BY_WORD else word for word in parts(name)]
    while len(found) > 1 and found[-1] in _TAILS and found[-2] in _KINDS_BY_WORD:
        found.pop()
    return frozenset({_KINDS_BY_WORD[found[-1]]}) if found and found[-1] in _KINDS_BY_WORD else frozenset()


def geometry_types(schema: JsonObject) -> frozenset[str]:
    """The GeoJSON geometry types that a schema is limited to; empty where it is not."""
    named = frozenset(_enumerated(schema, _MOST_DEPTH))
    # What takes a polygon and also a point may as well take everything.
    families = {name.removeprefix("Multi") for name in named}
    return frozenset() if len(families) > 2 else named


def _of_branch(branch: JsonObject, names: Sequence[str]) -> frozenset[DataKind]:
    media_type = branch.get("contentMediaType")
    if isinstance(media_type, str) and (kind := _of_media_type(media_type)) is not None:
        return frozenset({kind})
    told = branch.get("format")
    if isinstance(told, str) and told in _FORMATS:
        return _FORMATS[told]
    match branch.get("type"):
        case "array":
            return _of_array(branch, names)
        case "object":
            return _of_object(branch)
        case plain:
            return frozenset({_PLAIN.get(plain, DataKind.ANY) if isinstance(plain, str) else DataKind.ANY})


def _of_media_type(media_type: str) -> DataKind | None:
    lower = media_type.lower()
    return next((kind for pattern, kind in _MEDIA_TYPES if re.search(pattern, lower)), None)


def _of_array(branch: JsonObject, names: Sequence[str]) -> frozenset[DataKind]:
    items = as_object(branch.get("items"))
    if not items:
        return frozenset({DataKind.DOCUMENT})
    kinds = kinds_of(items, *names)
    if kinds == frozenset({DataKind.NUMBER}) and branch.get("minItems") in (4, 6):
        return frozenset({DataKind.BBOX})
    if kinds == frozenset({DataKind.DOCUMENT}):
        return frozenset({DataKind.TABLE, DataKind.DOCUMENT})
    return kinds


def _of_object(branch: JsonObject) -> frozenset[DataKind]:
    properties = as_object(branch.get("properties"))
    types = {value for value in _types(properties) if isinstance(value, str)}
    if types & {"Feature", "FeatureCollection"} or "features" in properties:
        return frozenset({DataKind.VECTOR})
    if types & _GEOMETRIES or "coordinates" in properties:
        return frozenset({DataKind.GEOMETRY})
    if "bbox" in properties:
        return frozenset({DataKind.BBOX})
    if "href" in properties:
        return frozenset({DataKind.FILE})
    return frozenset({DataKind.DOCUMENT})


def _types(properties: JsonObject) -> Iterable[Any]:
    told = as_object(properties.get("type"))
    return [*as_list(told.get("enum")), *([told["const"]] if "const" in told else [])]


def _enumerated(schema: JsonObject, depth: int) -> Iterator[str]:
    """The geometry types that are named as the `type` of something, wherever in a schema."""
    if depth == 0:
        return
    properties = as_object(schema.get("properties"))
    yield from (value for value in _types(properties) if isinstance(value, str) and value in _GEOMETRIES)
    for inner in (*properties.values(), *as_list(schema.get("anyOf")), schema.get("items")):
        yield from _enumerated(as_object(inner), depth - 1)
