"""The examples in the descriptions of the raster processes succeed, quickly and without a file."""

import json
from typing import Any

import pytest

from backend.errors import ProcessRefusedError
from backend.processes.base import TypedProcess
from backend.processes.raster_calculate import raster_calculate
from backend.processes.raster_reclassify import raster_reclassify
from backend.processes.raster_sample import raster_sample
from backend.processes.raster_warp import raster_warp
from backend.processes.rasterize import rasterize
from backend.processes.running import run_processor
from backend.processes.terrain import terrain
from backend.processes.vectorize import vectorize
from backend.processes.zonal_statistics import zonal_statistics


def quiet(percent: float, message: str | None = None) -> None:
    pass


@pytest.mark.parametrize(
    ("process", "path", "expected"),
    [
        (zonal_statistics, ("features", 0, "properties", "max"), 14),
        (raster_sample, ("features", 0, "properties", "value"), 14),
        (raster_calculate, ("max",), pytest.approx(14 * 3.28084)),
        (raster_reclassify, ("classes", 1, "class"), 2),
        (raster_warp, ("crs",), "EPSG:3035"),
    ],
)
def test_an_example_gives_its_answer(
    process: type[TypedProcess], path: tuple[str | int, ...], expected: object
) -> None:
    example = process.description["example"]["inputs"]
    outputs = run_processor(process({"name": "here"}), example, None, quiet)
    found = json.loads(outputs[-1].encode())
    for step in path:
        found = found[step]
    assert found == expected


@pytest.mark.parametrize(
    ("process", "inputs", "path"),
    [
        (terrain, {"raster": b"xx"}, "$.inputs.raster"),
        (vectorize, {"raster": b"xx"}, "$.inputs.raster"),
        (rasterize, {"features": "POINT (1 2)", "template": b"xx"}, "$.inputs.template"),
    ],
)
def test_what_is_no_geotiff_is_refused_by_the_input_that_it_is(process: Any, inputs: Any, path: str) -> None:
    with pytest.raises(ProcessRefusedError, match="is no GeoTIFF") as raised:
        run_processor(process({"name": "here"}), inputs, None, quiet)
    assert raised.value.path == path
