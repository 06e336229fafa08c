"""Outputs that several processes give."""

from collections.abc import Buffer
from typing import Annotated

from pydantic import InstanceOf, WithJsonSchema

from backend.processes.base import Output

GEOTIFF = "image/tiff; application=geotiff"
BINARY = {"type": "string", "contentEncoding": "binary"}
"""Schema of bytes."""
type FileBytes = Annotated[InstanceOf[Buffer], WithJsonSchema(BINARY)]
"""A file, as whatever holds its bytes."""
RASTER = Output(id="raster", media_type=GEOTIFF, schema=BINARY)
