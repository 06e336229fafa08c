"""Types of inputs that several processes take."""

from typing import Annotated, Any, Literal

from pydantic import Field, PlainValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from backend.errors import ProcessRefusedError
from backend.geo.reading import GeometryInput, read_geometry


def _read(value: Any) -> GeometryInput:
    try:
        return read_geometry(value)
    except ProcessRefusedError as error:
        raise PydanticCustomError("geometry", "{reason}", {"reason": str(error)}) from error


Geometry = Annotated[
    GeometryInput,
    PlainValidator(_read),
    WithJsonSchema({"oneOf": [{"type": "object", "format": "geojson"}, {"type": "string"}]}),
    Field(description="GeoJSON (geometry, Feature or FeatureCollection) or WKT; longitude, latitude in degrees."),
]
"""A geometry in WGS 84. The function gets it read and checked: `.shape` (shapely) and `.warnings`."""

Units = Annotated[
    Literal["metre", "kilometre", "foot", "mile", "nautical-mile"],
    Field(description="Unit of length."),
]
"""A unit of length; `backend.geo.units.METRES` has its size."""
