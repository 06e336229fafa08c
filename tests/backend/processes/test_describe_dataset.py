"""`describe-dataset` as a caller sees it."""

import base64
import json
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio.raw
import pytest
import rasterio
import shapely
from affine import Affine
from rasterio.io import MemoryFile

from backend.errors import ProcessRefusedError
from backend.geo.vector.datasets import DatasetFile
from backend.processes.describe_dataset import describe_dataset
from backend.processes.running import run_processor

BOWTIE = {"type": "Polygon", "coordinates": [[[0, 0], [2, 2], [2, 0], [0, 2], [0, 0]]]}


def answer(dataset: Any) -> Any:
    inputs = {"dataset": dataset}
    (output,) = run_processor(describe_dataset({"name": "here"}), inputs, None, lambda _percent, _text=None: None)
    return json.loads(output.encode())


def write(path: Path, layer: str, shapes: Any, crs: str | None = "EPSG:32632", **fields: Any) -> DatasetFile:
    columns = [np.array(column, dtype=object) for column in fields.values()]
    pyogrio.raw.write(
        path, shapely.to_wkb(shapes), columns, list(fields), layer=layer, driver="GPKG", crs=crs,
        geometry_type="Unknown", append=path.exists(),
    )  # fmt: skip
    return DatasetFile(path.stem, path, "vector")


def tiff(values: Any, crs: str | None = "EPSG:32632", transform: Affine | None = None, **more: Any) -> bytes:
    bands = np.atleast_3d(values).transpose(2, 0, 1) if values.ndim == 2 else values
    tags, scale, offset = more.pop("tags", {}), more.pop("scale", 1), more.pop("offset", 0)
    count, height, width = bands.shape
    where = Affine(10, 0, 500_000, 0, -10, 4_000_000) if transform is None else transform
    with MemoryFile() as file:
        with file.open(
            driver="GTiff", width=width, height=height, count=count, dtype=bands.dtype, crs=crs, transform=where, **more
        ) as writer:
            writer.write(bands)
            writer.update_tags(**tags)
            writer.scales, writer.offsets = (scale,) * count, (offset,) * count
        return bytes(file.getbuffer())


def test_the_example_answers_with_fields_and_extent() -> None:
    told = answer(describe_dataset.description["example"]["inputs"]["dataset"])
    assert (told["kind"], told["features"], told["geometry_types"]) == ("vector", 2, {"Point": 2})
    population = next(field for field in told["fields"] if field["name"] == "population")
    assert population["type"] == "integer"
    assert (population["min"], population["max"], population["mean"]) == (134000, 178000, 156000)
    assert told["bbox"] == [7.45, 46.95, 7.59, 47.56]
    assert told["crs"]["code"] == "OGC:CRS84"


def test_types_nulls_unique_values_and_frequent_ones_are_told() -> None:
    rows = [{"a": 1, "b": "x", "c": True, "d": 1, "e": None}, {"a": 2.5, "b": "x", "c": False, "d": "1", "e": None}]
    rows += [{"a": None, "b": "y", "c": True, "d": 1, "e": None, "f": {"deep": [1]}}]
    features = [{"type": "Feature", "geometry": None, "properties": row} for row in rows]
    told = answer({"type": "FeatureCollection", "features": features})
    fields = {field["name"]: field for field in told["fields"]}
    types = {name: field["type"] for name, field in fields.items()}
    assert types == {"a": "number", "b": "text", "c": "boolean", "d": "mixed", "e": "empty", "f": "object"}
    assert (fields["a"]["nulls"], fields["a"]["unique"]) == (1, 2)
    assert fields["b"]["values"] == [{"value": "x", "count": 2}, {"value": "y", "count": 1}]
    assert told["without_geometry"] == 3
    assert told["extent"] is told["crs"] is None
    assert any("different types stand in d" in warning for warning in told["warnings"])


def test_invalid_geometries_are_counted_as_they_came() -> None:
    told = answer(BOWTIE)
    assert told["validity"] == {"invalid": 1, "reasons": {"Self-intersection": 1}}
    assert answer(json.dumps(BOWTIE))["validity"]["invalid"] == 1


def test_a_mixture_of_points_and_lines_is_noticed() -> None:
    told = answer("wkt,name\nPOINT (1 1),a\n" + '"LINESTRING (1 1, 2 2)",b\n')
    assert told["geometry_types"] == {"Point": 1, "LineString": 1}
    assert any("are mixed" in warning for warning in told["warnings"])


def test_codes_and_angles_in_parts_are_noticed() -> None:
    told = answer("id,lat_deg,lat_min,lat_sec\n001,41,53,24\n002,45,27,36\n")
    assert any("lat_deg, lat_min, lat_sec are a latitude in parts" in warning for warning in told["warnings"])
    assert any("Texts of digits stand in id" in warning for warning in told["warnings"])


def test_a_file_is_described_in_its_crs_and_not_repaired(tmp_path: Path) -> None:
    bowtie = shapely.Polygon([(500000, 0), (500002, 2), (500002, 0), (500000, 2)])
    dataset = write(tmp_path / "parcels.gpkg", "parcels", [bowtie, bowtie, None], name=["a", "b", None])
    told = answer(dataset)
    assert told["crs"] == {
        "code": "EPSG:32632", "name": "WGS 84 / UTM zone 32N", "kind": "projected", "unit": "metre",
    }  # fmt: skip
    assert told["extent"] == [500000, 0, 500002, 2]
    assert told["bbox"] == pytest.approx([9, 0, 9.000018, 0.000018], abs=1e-6)
    assert told["validity"] == {"invalid": 2, "reasons": {"Self-intersection": 2}}
    assert (told["features"], told["without_geometry"], told["duplicate_geometries"]) == (3, 1, 1)
    assert told["layers"] == [{"name": "parcels"}]


def test_a_file_with_several_layers_tells_them_and_how_to_choose(tmp_path: Path) -> None:
    write(tmp_path / "town.gpkg", "roads", [shapely.LineString([(0, 0), (1, 1)])], name=["high street"])
    dataset = write(tmp_path / "town.gpkg", "wells", [shapely.Point(1, 1)], depth=["7"])
    told = answer(dataset)
    assert [(layer["name"], layer["features"], layer["fields"]) for layer in told["layers"]] == [
        ("roads", 1, ["name"]),
        ("wells", 1, ["depth"]),
    ]
    assert "town#roads" in told["warnings"][0]
    chosen = answer(DatasetFile("town", dataset.path, "vector", layer="wells"))
    assert chosen["geometry_types"] == {"Point": 1}
    with pytest.raises(ProcessRefusedError, match="no layer 'pipes'"):
        answer(DatasetFile("town", dataset.path, "vector", layer="pipes"))


@pytest.mark.filterwarnings("ignore:'crs' was not provided:UserWarning")
def test_a_file_without_crs_is_described_without_one(tmp_path: Path) -> None:
    told = answer(write(tmp_path / "lost.gpkg", "lost", [shapely.Point(500_000, 4_000_000)], crs=None))
    assert told["crs"] is told["bbox"] is None
    assert told["extent"] == [500_000, 4_000_000, 500_000, 4_000_000]
    assert "assign-crs" in told["warnings"][0]


def test_a_file_of_geojson_tells_what_was_invalid_before_it_was_read(tmp_path: Path) -> None:
    path = tmp_path / "bowtie.geojson"
    path.write_text(json.dumps(BOWTIE))
    assert answer(DatasetFile("bowtie", path, "vector"))["validity"]["invalid"] == 1


def test_a_file_that_is_not_what_its_name_says_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "fake.gpkg"
    path.write_text("<OGRVRTDataSource/>")
    with pytest.raises(ProcessRefusedError, match="fake"):
        answer(DatasetFile("fake", path, "vector"))


def test_a_table_of_metres_has_no_known_crs(tmp_path: Path) -> None:
    path = tmp_path / "wells.csv"
    path.write_text("easting,northing\n500000,4000000\n")
    assert answer(DatasetFile("wells", path, "vector"))["crs"] is None


def test_a_raster_tells_its_grid_and_the_values_that_are_there() -> None:
    values = np.array([[1, 2, 3], [4, -9, 6]], dtype=np.int16)
    told = answer(base64.b64encode(tiff(values, nodata=-9)).decode())
    (band,) = told["bands"]
    assert (told["kind"], told["width"], told["height"], told["rows_run"]) == ("raster", 3, 2, "north to south")
    assert told["cell_size"] == {"x": 10, "y": 10, "units": "metre"}
    assert told["crs"]["code"] == "EPSG:32632"
    assert told["extent"] == [500_000, 3_999_980, 500_030, 4_000_000]
    assert (band["type"], band["nodata"], band["nodata_share"]) == ("int16", -9, pytest.approx(1 / 6))
    assert (band["min"], band["max"], band["mean"]) == (1, 6, pytest.approx(16 / 5))
    assert band["max_at"] == [500_025, 3_999_985]
    assert band["classes"][0] == {"value": 1, "cells": 1}


def test_scale_and_offset_are_applied_and_told() -> None:
    told = answer(tiff(np.array([[10, 20]], dtype=np.int16), scale=0.1, offset=5))
    assert told["bands"][0]["max"] == pytest.approx(7)
    assert "Scale and offset are applied" in told["warnings"][0]


def test_points_and_areas_have_their_middle_at_the_same_place() -> None:
    values = np.array([[5, 1], [5, 5]], dtype=np.uint8)
    point, area = answer(tiff(values, tags={"AREA_OR_POINT": "Point"})), answer(tiff(values))
    assert (point["pixel_is_point"], area["pixel_is_point"]) == (True, False)
    assert point["bands"][0]["min_at"] == area["bands"][0]["min_at"] == [500_015, 3_999_995]


def test_a_grid_in_degrees_tells_the_size_of_its_cells_on_the_ground() -> None:
    told = answer(tiff(np.ones((2, 2), dtype=np.float32), "EPSG:4326", Affine(1, 0, 10, 0, 1, -1)))
    assert told["rows_run"] == "south to north"
    # On the equator: a degree of longitude, and of the meridian's circle of curvature there.
    metres = told["cell_size"]["metres_at_centre"]
    assert metres["x"] == pytest.approx(111_319.490793)
    assert metres["y"] == pytest.approx(110_574.275822)
    assert any("weighing by area" in warning for warning in told["warnings"])


@pytest.mark.parametrize(("crs", "differ"), [("EPSG:3857", True), ("EPSG:3035", False)])
def test_cells_that_differ_in_size_on_the_ground_are_told_whatever_the_plane(crs: str, *, differ: bool) -> None:
    north = 9_000_000 if crs == "EPSG:3857" else 5_000_000
    values = np.ones((20, 2), dtype=np.float32)
    told = answer(tiff(values, crs, Affine(100_000, 0, 4_000_000, 0, -100_000, north)))
    assert any("weighing by area" in warning for warning in told["warnings"]) is differ


def test_a_raster_without_crs_or_data_is_described_with_warnings() -> None:
    told = answer(tiff(np.full((2, 2), np.nan, dtype=np.float32), None))
    assert told["crs"] is None
    assert told["extent"] == [500_000, 3_999_980, 500_020, 4_000_000]
    assert told["bands"][0]["nodata_share"] == 1
    assert "min" not in told["bands"][0]
    assert [warning.split()[0] for warning in told["warnings"]] == ["The", "Bands"]


def test_a_raster_too_large_to_be_read_is_described_by_parts_of_it(tmp_path: Path) -> None:
    path = tmp_path / "huge.tif"
    profile: dict[str, Any] = {"width": 60_000, "height": 40_000, "count": 1, "dtype": "float32", "sparse_ok": True}
    profile |= {"driver": "GTiff", "tiled": True, "crs": "EPSG:32632", "transform": Affine(1, 0, 500_000, 0, -1, 0)}
    rasterio.open(path, "w", **profile).close()
    told = answer(DatasetFile("huge", path, "raster"))
    (band,) = told["bands"]
    assert (told["width"], told["height"], told["crs"]["code"]) == (60_000, 40_000, "EPSG:32632")
    assert told["warnings"][-1].startswith("The figures of band 1 are those of 0.6")
    assert (band["type"], band["mean"]) == ("float32", 0)
    assert "min_at" not in band
    assert "a part of the cells" in told["method"]
    rasterio.open(path, "w", **profile, nodata=0).close()
    assert [warning.split()[:2] for warning in answer(DatasetFile("huge", path, "raster"))["warnings"]] == [
        ["The", "figures"]
    ]


def test_a_band_of_complex_numbers_is_described_without_figures() -> None:
    told = answer(tiff(np.array([[1 + 2j, 3]], dtype=np.complex64)))
    assert (told["bands"][0]["type"], "min" in told["bands"][0]) == ("complex64", False)
    assert "Band 1 has complex numbers" in told["warnings"][0]


def test_a_value_that_looks_like_no_data_is_told() -> None:
    values = np.array([[1, 2, 3], [4, -9999, 6]], dtype=np.float32)
    warning = answer(tiff(values))["warnings"][0]
    assert warning.startswith("Band 1: 16.667% of the cells have the value -9999, which often stands for no data")
    assert answer(tiff(values, nodata=-9999))["warnings"] == []


@pytest.mark.parametrize("mark", [-1.7976931348623157e308, 10**400])
def test_a_field_marked_with_the_largest_number_for_no_value_is_described(mark: float) -> None:
    members = [{"type": "Feature", "properties": {"v": v}, "geometry": None} for v in (mark, 2.5, mark)]
    told = answer({"type": "FeatureCollection", "features": members})
    (field,) = told["fields"]
    assert (min(field["min"], field["max"], key=abs), field["mean"]) == (2.5, None)
    assert max(field["min"], field["max"], key=abs) == mark
    (warning,) = [one for one in told["warnings"] if "beyond what a number holds" in one]
    assert "'v'" in warning
    assert str(mark)[:20] in warning


@pytest.mark.parametrize("dataset", ["nonsense", "SUkqAAnot base64!", "SUkqAAAA", 7, {"type": "Sphere"}, ""])
def test_what_is_no_dataset_is_refused(dataset: Any) -> None:
    with pytest.raises(ProcessRefusedError) as refused:
        answer(dataset)
    assert refused.value.path == "$.inputs.dataset"


def test_figures_beyond_numbers_are_null_and_the_value_told_that_is_to_blame() -> None:
    told = answer(base64.b64encode(tiff(np.array([[np.finfo("f8").min, 1.0]]))).decode())
    (band,) = told["bands"]
    assert (band["min"], band["max"], band["std"]) == (np.finfo("f8").min, 1, None)
    assert "of band 1 are beyond what a number holds" in told["warnings"][0]
    assert "-1.79769e+308" in told["warnings"][0]
