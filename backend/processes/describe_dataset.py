"""`describe-dataset`: what features or a raster are like."""

import base64
import binascii
from typing import Annotated, Any

from pydantic import Field, WithJsonSchema

from backend.errors import ProcessRefusedError
from backend.geo.describing.features import describe_features, validity_as_given
from backend.geo.vector.datasets import DatasetFile
from backend.geo.vector.feature_reading import read_features
from backend.geo.vector.file_contents import holds_features, out_of_base64
from backend.geo.vector.table_reading import plain_table
from backend.processes.base import Output, process

METHOD = "every value of every field and band was read"
_TIFF = ("SUkq", "TU0A", "SUkr", "TU0AKw")
"""How the bytes of a TIFF begin in base64."""


@process(
    id="describe-dataset",
    title="Describe a dataset",
    keywords=["metadata", "schema", "fields", "statistics", "extent", "CRS", "bands", "info", "vector", "raster"],
    toolsets=("core", "look"),
    output=Output(
        id="description",
        title="Description",
        description="kind, crs, extent; fields and geometry types, or cell_size and bands; warnings.",
    ),
    links=[
        {
            "rel": "about",
            "href": "https://gdal.org/en/stable/user/raster_data_model.html",
            "type": "text/html",
            "title": "GDAL: raster data model",
        }
    ],
    idempotent=True,
    example={"dataset": "name,population,longitude,latitude\nBern,134000,7.45,46.95\nBasel,178000,7.59,47.56"},
)
def describe_dataset(
    dataset: Annotated[
        Any,
        WithJsonSchema({"oneOf": [{"type": "object", "format": "geojson"}, {"type": "string"}]}),
        Field(description="GeoJSON, CSV, WKT, KML, GPX or GeoTIFF (base64)."),
    ],
) -> dict[str, Any]:
    """Inspect data: fields with types, ranges and values, CRS, extent, validity; a raster's bands, cells and nodata."""
    try:
        told = _described(dataset)
    except ProcessRefusedError as error:
        raise ProcessRefusedError(str(error), path=error.path or "$.inputs.dataset") from error
    crs = told.get("crs")
    decision = f"as it stands, in {crs['code']}" if crs else "as it stands; no single CRS is known"
    return {"method": METHOD, **told, "crs_decision": decision}


def _described(given: Any) -> dict[str, Any]:
    dataset = out_of_base64(given)
    raster = _raster(dataset)
    if raster is not None:
        from backend.geo.describing.rasters import describe_raster
        from backend.geo.raster.rasters import opened

        with opened(raster, windowed=True) as reader:
            return {"kind": "raster"} | describe_raster(reader)
    if isinstance(dataset, DatasetFile | bytes):
        from backend.geo.describing.files import describe_file

        return {"kind": "vector"} | describe_file(dataset)
    try:
        told = describe_features(read_features(dataset))
    except ProcessRefusedError:
        table = plain_table(dataset)
        if table is None:
            raise
        return {"kind": "vector"} | describe_features(table, knows_crs=False)
    return {"kind": "vector"} | told | {"validity": validity_as_given(dataset, told["validity"])}


def _raster(dataset: Any) -> DatasetFile | bytes | None:
    if isinstance(dataset, DatasetFile):
        return dataset if dataset.kind == "raster" else None
    if isinstance(dataset, bytes):
        return None if holds_features(dataset) else dataset
    if not isinstance(dataset, str) or not dataset.startswith(_TIFF):
        return None
    try:
        return base64.b64decode(dataset, validate=True)
    except (ValueError, binascii.Error):
        raise ProcessRefusedError("the GeoTIFF is not encoded in base64") from None
