"""`assign-crs` of rasters as a caller sees it; the results are read by rasterio."""

import base64
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from affine import Affine
from pyproj import CRS

from backend.errors import ProcessRefusedError
from backend.geo.vector.datasets import DatasetFile
from backend.processes.assign_crs import assign_crs
from backend.processes.raster_reclassify import raster_reclassify
from backend.processes.running import run_processor
from tests.backend.geotiffs import contents, tiff

NUMBERS = np.arange(12, dtype=np.int16).reshape(3, 4)


def quiet(percent: float, message: str | None = None) -> None:
    pass


def outputs(**inputs: Any) -> list[Any]:
    made = run_processor(assign_crs({"name": "here"}), inputs, None, quiet)
    return [output.encode() for output in made]


def assigned(raster: bytes | DatasetFile, crs: str) -> tuple[Any, dict[str, Any], dict[str, Any]]:
    """The values, the file's profile, and the statistics."""
    given = raster if isinstance(raster, DatasetFile) else base64.b64encode(raster).decode()
    made, statistics = outputs(raster=given, crs=crs)
    return (*contents(made), json.loads(statistics))


def test_a_raster_without_crs_gets_the_one_that_is_named_and_keeps_its_cells() -> None:
    bare = tiff(NUMBERS, crs=None, nodata=5, names=("height",), scale=0.5, offset=2, compress="deflate")
    values, profile, told = assigned(bare, "EPSG:25832")
    before, known = contents(bare)
    assert CRS(profile["crs"]).to_epsg() == 25832
    assert values.tolist() == before.tolist()
    assert {name: profile[name] for name in known if name != "crs"} == {
        name: known[name] for name in known if name != "crs"
    }
    assert (told["width"], told["height"], told["nodata_share"]) == (4, 3, pytest.approx(1 / 12))
    assert "EPSG:25832" in told["crs_decision"]
    assert told["max"] == 11 * 0.5 + 2


def test_a_file_of_a_data_folder_stays_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "heights.tif"
    path.write_bytes(bare := tiff(NUMBERS, crs=None))
    _, profile, _ = assigned(DatasetFile("heights", path, "raster"), "EPSG:25832")
    assert CRS(profile["crs"]).to_epsg() == 25832
    assert path.read_bytes() == bare


def test_a_crs_that_a_raster_tells_wrongly_is_replaced_when_asked_for() -> None:
    given = tiff(NUMBERS)
    with pytest.raises(ProcessRefusedError, match="if that is wrong, give replace"):
        assigned(given, "EPSG:25833")
    made, _ = outputs(raster=base64.b64encode(given).decode(), crs="EPSG:25833", replace=True)
    values, profile = contents(made)
    before, known = contents(given)
    assert CRS(profile["crs"]).to_epsg() == 25833
    assert values.tolist() == before.tolist()
    assert profile["transform"] == known["transform"]


def test_the_refusal_of_a_raster_without_crs_names_what_takes_it() -> None:
    bare = base64.b64encode(tiff(NUMBERS, crs=None)).decode()
    inputs = {"raster": bare, "classes": [[0, 100, 1]]}
    with pytest.raises(ProcessRefusedError, match=r"does not tell its CRS.*assign-crs") as refusal:
        run_processor(raster_reclassify({"name": "here"}), inputs, None, quiet)
    assert refusal.value.path == "$.inputs.raster"


def test_a_raster_that_tells_the_same_crs_is_taken_and_one_that_tells_another_is_not() -> None:
    _, profile, _ = assigned(tiff(NUMBERS), "EPSG:32632")
    assert CRS(profile["crs"]).to_epsg() == 32632
    with pytest.raises(ProcessRefusedError, match=r"EPSG:32632.*raster-warp") as refusal:
        assigned(tiff(NUMBERS), "EPSG:25832")
    assert refusal.value.path == "$.inputs.raster"


def test_metres_are_no_degrees() -> None:
    with pytest.raises(ProcessRefusedError, match="no degrees") as refusal:
        assigned(tiff(NUMBERS, crs=None), "EPSG:4326")
    assert refusal.value.path == "$.inputs.crs"


def test_degrees_that_are_said_to_be_metres_are_doubted() -> None:
    *_, told = assigned(tiff(NUMBERS, Affine(0.1, 0, 9, 0, -0.1, 50), crs=None), "EPSG:25832")
    assert any("look like degrees" in warning for warning in told["warnings"])


def test_a_raster_far_outside_the_area_of_the_crs_is_doubted() -> None:
    *_, told = assigned(tiff(NUMBERS, Affine(10, 0, -3_000_000, 0, -10, 5_000_000), crs=None), "EPSG:25832")
    assert any("beyond the area" in warning for warning in told["warnings"])


@pytest.mark.filterwarnings("ignore:The given matrix is equal:rasterio.errors.NotGeoreferencedWarning")
def test_a_raster_that_does_not_tell_where_its_cells_lie_is_refused() -> None:
    with pytest.raises(ProcessRefusedError, match="where its cells lie"):
        assigned(tiff(NUMBERS, Affine.identity(), crs=None), "EPSG:25832")


@pytest.mark.parametrize("given", [{}, {"features": "POINT (1 2)", "raster": base64.b64encode(tiff(NUMBERS)).decode()}])
def test_features_or_a_raster_are_taken_not_both_and_not_neither(given: dict[str, Any]) -> None:
    with pytest.raises(ProcessRefusedError, match="either features or a raster"):
        outputs(crs="EPSG:25832", **given)
