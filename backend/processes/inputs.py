"""Types of inputs that several processes take."""

import base64
import binascii
from collections.abc import Callable
from typing import Annotated, Any, Literal

from pydantic import Field, PlainValidator, WithJsonSchema
from pydantic_core import PydanticCustomError
from pyproj import CRS

from backend.errors import ProcessRefusedError
from backend.geo.geodesy.crs import parse_crs
from backend.geo.vector import features
from backend.geo.vector.datasets import DatasetFile
from backend.geo.vector.feature_reading import read_features
from backend.geo.vector.file_contents import out_of_base64
from backend.geo.vector.reading import GeometryInput, read_geometry
from backend.geo.vector.table_reading import read_fields
from backend.geo.vector.unchecked import Unchecked, read_unchecked
from backend.processes.outputs import GEOTIFF

FORMS = "GeoJSON, WKT, KML, GPX or CSV (lon, lat)."
"""How features and geometries may come, beside as a reference to a dataset or result."""

VECTOR_SCHEMA = {"oneOf": [{"type": "object", "format": "geojson"}, {"type": "string"}]}
_VECTOR = WithJsonSchema(VECTOR_SCHEMA)


def reading[T](read: Callable[[Any], T]) -> PlainValidator:
    """A validator that tells the reason of a refusal as its message."""

    def validated(value: Any) -> T:
        try:
            return read(value)
        except ProcessRefusedError as error:
            raise PydanticCustomError("refused", "{reason}", {"reason": str(error)}) from error

    return PlainValidator(validated)


def reading_features[T](read: Callable[[Any], T]) -> PlainValidator:
    """The same of features, whose files may come in base64."""
    return reading(lambda value: read(out_of_base64(value)))


def _raster(value: Any) -> DatasetFile | bytes:
    if isinstance(value, DatasetFile | bytes):
        return value
    try:
        return base64.b64decode(value, validate=True)
    except (TypeError, ValueError, binascii.Error):
        raise ProcessRefusedError("expected a reference to a GeoTIFF, or its bytes in base64") from None


def _crs(value: Any) -> CRS:
    if not isinstance(value, str):
        raise ProcessRefusedError("expected a code such as EPSG:25832")
    return parse_crs(value)


Geometry = Annotated[
    GeometryInput,
    reading_features(read_geometry),
    _VECTOR,
    Field(description=FORMS),
]
"""A geometry in WGS 84. The function gets it read and checked: `.shape` (shapely), `.warnings`, and as it came."""

Units = Annotated[
    Literal["metre", "kilometre", "foot", "mile", "nautical-mile"],
    Field(description="Unit of length."),
]
"""A unit of length; `backend.geo.geodesy.units.METRES` has its size."""

Features = Annotated[
    features.Features,
    reading_features(read_features),
    _VECTOR,
    Field(description=FORMS),
]
"""Features with their attributes. The function gets them read, valid, and in the CRS in which they came."""

FieldsOfFeatures = Annotated[
    features.Features,
    reading_features(read_fields),
    _VECTOR,
    Field(description=FORMS),
]
"""The same for a process to which fields matter: a table may have its positions in a CRS that is not known."""

UncheckedFeatures = Annotated[
    Unchecked,
    reading_features(read_unchecked),
    _VECTOR,
    Field(description=FORMS),
]
"""Features as they stand, faults and all, for a process that looks for them."""

Raster = Annotated[
    DatasetFile | bytes,
    reading(_raster),
    WithJsonSchema({"type": "string", "contentEncoding": "base64", "contentMediaType": GEOTIFF}),
    Field(description="GeoTIFF."),
]
"""A raster that is not read yet; `backend.geo.raster.rasters.opened` opens it in the worker."""

Crs = Annotated[CRS, reading(_crs), WithJsonSchema({"type": "string"}), Field(description="Code such as EPSG:25832.")]
"""A coordinate reference system by its authority's code."""
