"""The examples in the descriptions of the raster processes succeed, quickly and without a file."""

import json

import pytest

from backend.processes.base import TypedProcess
from backend.processes.raster_calculate import raster_calculate
from backend.processes.raster_reclassify import raster_reclassify
from backend.processes.raster_sample import raster_sample
from backend.processes.raster_warp import raster_warp
from backend.processes.running import run_processor
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
