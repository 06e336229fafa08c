"""Outputs that several processes give."""

from backend.processes.base import Output

GEOTIFF = "image/tiff; application=geotiff"
BINARY = {"type": "string", "contentEncoding": "binary"}
"""Schema of bytes."""
RASTER = Output(id="raster", media_type=GEOTIFF, schema=BINARY)
