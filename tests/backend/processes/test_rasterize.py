"""`rasterize` as a caller sees it: which cells features have, with which values, on which grid."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
from affine import Affine
from pyproj import Proj, Transformer
from rasterio.io import MemoryFile

from backend.errors import ProcessRefusedError
from backend.geo.geodesy.crs import parse_crs
from backend.geo.geodesy.shapes import shapes_of
from backend.geo.raster.rasters import grid_of, opened
from backend.geo.vector.collections import feature_collection
from backend.geo.vector.datasets import DatasetFile
from backend.geo.vector.features import Features
from backend.processes.rasterize import rasterize
from backend.processes.running import run_processor

UTM = parse_crs("EPSG:25832")
EAST, NORTH = 500_000, 5_600_000


def quiet(percent: float, message: str | None = None) -> None:
    pass


def answer(**inputs: Any) -> tuple[Any, Any, dict[str, Any]]:
    raster, statistics = run_processor(rasterize({"name": "here"}), inputs, None, quiet)
    with MemoryFile(raster.encode()) as file, file.open() as reader:
        return reader.read(1, masked=True), reader.transform, json.loads(statistics.encode())


def collection(shapes: list[Any], **fields: list[Any]) -> Mapping[str, Any]:
    return feature_collection(Features(shapes_of(shapes), fields, UTM), method="", crs_decision="")


def box(west: float, south: float, east: float, north: float) -> Any:
    return shapely.box(EAST + west, NORTH + south, EAST + east, NORTH + north)


def template(transform: Affine, size: int = 10, crs: str = "EPSG:25832") -> bytes:
    with MemoryFile() as file:
        with file.open(
            driver="GTiff", height=size, width=size, count=1, dtype="uint8", transform=transform, crs=crs
        ) as writer:
            writer.write(np.zeros((1, size, size), dtype=np.uint8))
        return bytes(file.getbuffer())


def test_areas_cover_the_cells_whose_centres_they_hold() -> None:
    cells, transform, told = answer(features=collection([box(0, 0, 40, 20)], v=[7]), field="v", cell_size=10)
    assert cells.shape == (2, 4)
    assert np.all(cells == 7)
    assert (transform.a, transform.e) == (10, -10)
    assert (transform.c, transform.f) == pytest.approx((EAST, NORTH + 20), abs=1e-6)
    assert told["crs"] == "EPSG:25832"
    assert told["nodata_share"] == 0
    assert told["warnings"] == []


def test_without_a_field_cells_say_where_features_are() -> None:
    cells, _, told = answer(features=collection([box(0, 0, 10, 10), box(30, 0, 40, 10)]), cell_size=10)
    assert cells.filled(0).tolist() == [[1, 0, 0, 1]]
    assert told["nodata_share"] == 0.5


def test_overlaps_are_told_and_the_last_one_counts() -> None:
    layers = collection([box(0, 0, 30, 10), box(20, 0, 50, 10)], v=[1.5, -2])
    cells, _, told = answer(features=layers, field="v", cell_size=10)
    assert cells.tolist() == [[1.5, 1.5, -2, -2, -2]]
    assert told["overlapping_cells"] == 1
    assert "1 cells are covered by several features: the last one counts." in told["warnings"]
    assert answer(features=layers, field="v", cell_size=10, overlap="sum")[0].tolist() == [[1.5, 1.5, -0.5, -2, -2]]
    assert answer(features=layers, cell_size=10, overlap="count")[0].tolist() == [[1, 1, 2, 1, 1]]


@pytest.mark.parametrize("overlap", ["sum", "count"])
def test_where_all_count_only_what_is_in_no_cell_is_told(overlap: str) -> None:
    slim = shapely.Polygon([(EAST + 1, NORTH), (EAST + 99, NORTH + 98), (EAST + 99, NORTH + 100), (EAST + 1, NORTH)])
    shapes = [box(0, 0, 40, 40), slim, box(1, 1, 2, 2), shapely.Point(EAST + 7, NORTH + 7), box(0, 0, 100, 100)]
    cells, _, told = answer(features=collection(shapes, v=[1] * 5), field="v", cell_size=10, overlap=overlap)
    assert cells.max() == 3
    assert told["features_without_cell"] == 1
    assert any(warning.startswith("1 features are in no cell: too small") for warning in told["warnings"])
    hidden = collection([box(0, 0, 40, 40)] * 3, v=[1, 2, 3])
    assert answer(features=hidden, cell_size=10, overlap=overlap)[2]["features_without_cell"] == 0
    assert answer(features=hidden, cell_size=10)[2]["features_without_cell"] == 2


@pytest.mark.parametrize("all_touched", [False, True])
def test_a_feature_counts_once_in_each_cell_whatever_its_parts(*, all_touched: bool) -> None:
    shapes = [
        shapely.MultiPoint([(1, 1), (2, 2), (3, 8), (25, 5)]),
        shapely.MultiLineString([[(31, 1), (48, 2)], [(32, 9), (47, 8)]]),
        shapely.GeometryCollection([shapely.box(61, 1, 79, 9), shapely.LineString([(62, 5), (98, 5)])]),
    ]
    shapes = [shapely.transform(shape, lambda at: at + (EAST, NORTH)) for shape in shapes]  # noqa: RUF005  # a sum
    layer = collection(shapes, v=[2, 3, 5])
    counts, _, told = answer(features=layer, cell_size=10, overlap="count", all_touched=all_touched)
    assert counts.filled(0)[0].tolist() == [1, 0, 1, 1, 1, 0, 1, 1, 1, 1]
    assert told["overlapping_cells"] == 0
    sums = answer(features=layer, field="v", cell_size=10, overlap="sum", all_touched=all_touched)[0]
    assert sums.filled(0)[0].tolist() == [2, 0, 2, 3, 3, 0, 5, 5, 5, 5]
    assert not any("covered by several" in one for one in answer(features=layer, cell_size=10)[2]["warnings"])


def test_multipoints_that_meet_in_a_cell_count_each_once() -> None:
    shapes = [shapely.MultiPoint([(EAST + 1, NORTH + 1), (EAST + 2, NORTH + at)]) for at in (3, 5, 15)]
    counts, _, told = answer(features=collection(shapes), cell_size=10, overlap="count")
    assert counts.filled(0).tolist() == [[1], [3]]
    assert told["overlapping_cells"] == 1


def test_features_too_small_for_the_cells_are_told_and_kept_where_asked_for() -> None:
    layers = collection([box(0, 0, 100, 100), box(201, 1, 202, 2)], v=[1, 2])
    cells, _, told = answer(features=layers, field="v", cell_size=100)
    assert told["features_without_cell"] == 1
    assert "too small for the cells" in told["warnings"][0]
    cells, _, told = answer(features=layers, field="v", cell_size=100, all_touched=True)
    assert 2 in cells.compressed()
    assert told["features_without_cell"] == 0


def test_texts_become_categories_and_the_key_is_told() -> None:
    layers = collection([box(0, 0, 10, 10), box(10, 0, 20, 10), box(20, 0, 30, 10)], use=["wald", "acker", None])
    cells, _, told = answer(features=layers, field="use", cell_size=10)
    assert told["categories"] == {"1": "acker", "2": "wald"}
    assert cells.tolist() == [[2, 1, None]]
    assert "1 of 3 features have no geometry or no value" in told["warnings"][0]


def test_texts_that_are_no_categories_are_refused() -> None:
    points = shapely.points(EAST + np.arange(1001), NORTH).tolist()
    with pytest.raises(ProcessRefusedError, match="1001 different texts, such as 'n0', 'n1', 'n10'") as refused:
        answer(features=collection(points, name=[f"n{number}" for number in range(1001)]), field="name", cell_size=10)
    assert refused.value.path == "$.inputs.field"


@pytest.mark.parametrize(
    ("values", "kind"), [([1, -5], "int32"), ([0.5, 2], "float32"), ([0.1, 2], "float64"), ([2**40, 1], "float64")]
)
def test_cells_hold_the_values_exactly(values: list[Any], kind: str) -> None:
    cells, _, _ = answer(features=collection([box(0, 0, 9, 9), box(10, 0, 19, 9)], v=values), field="v", cell_size=10)
    assert cells.tolist() == [values]
    assert cells.dtype == kind


def test_points_on_the_edges_of_the_extent_have_cells() -> None:
    points = shapely.points(EAST + np.array([0, 30]), NORTH + np.array([0, 20])).tolist()
    cells, _, told = answer(features=collection(points), cell_size=10)
    assert cells.count() == 2
    assert told["features_without_cell"] == 0


def test_degrees_get_a_grid_in_metres_and_it_is_told() -> None:
    circle = shapely.from_wkt("POLYGON ((13 52, 13.1 52, 13.1 52.1, 13 52.1, 13 52))")
    cells, transform, told = answer(features=circle.wkt, cell_size=100)
    assert told["crs"] == "EPSG:32633"
    assert "chosen for the extent" in told["crs_decision"]
    # Of a box of 0.1 degrees at 52 degrees north: 76.2 km2.
    assert cells.count() * transform.a**2 == pytest.approx(76_336_000, rel=2e-3)


def test_features_on_both_sides_of_the_antimeridian_lie_on_one_grid() -> None:
    cells, _, told = answer(features="MULTIPOINT (179.9 0.1, -179.9 0.1)", cell_size=1000)
    assert told["crs"] in ("EPSG:32660", "EPSG:32601")
    assert cells.shape[1] < 30
    assert cells.count() == 2


def test_a_wide_extent_has_cells_of_equal_area_and_a_warning() -> None:
    _, _, told = answer(features="MULTIPOINT (-60 60, 60 -20)", cell_size=100_000)
    assert told["crs"] == "EPSG:6933"
    assert "not 100000 m on the ground" in told["warnings"][0]


def test_a_wide_extent_around_the_antimeridian_has_a_grid_of_its_own_width() -> None:
    cells, transform, told = answer(features="MULTIPOINT (165 0, -165 10)", cell_size=100_000)
    assert told["crs"] == "WGS 84 / Lambert Cylindrical Equal Area around 180 degrees"
    assert "Equal Area around 180 degrees, chosen for the extent" in told["crs_decision"]
    plane = Proj(proj="cea", lon_0=180, lat_ts=30, ellps="WGS84")
    x, y = np.array([plane(165, 0), plane(-165, 10)]).T
    columns, rows = ((x - transform.c) // transform.a).astype(int), ((y - transform.f) // transform.e).astype(int)
    assert cells.count() == 2
    assert cells[rows, columns].tolist() == [1, 1]
    assert cells.shape == ((plane(0, 10)[1] // 1e5) + 2, 2 * (plane(-165, 0)[0] // 1e5 + 1))


def test_the_raster_around_the_antimeridian_is_read_where_it_was_written() -> None:
    inputs = {"features": "LINESTRING (165 0, 195 10)", "cell_size": 100_000}
    raster, _ = run_processor(rasterize({"name": "here"}), inputs, None, quiet)
    with opened(bytes(raster.encode())) as reader:
        grid = grid_of(reader)
    way = Transformer.from_crs(grid.crs, 4326, always_xy=True)
    assert way.transform_bounds(*grid.bounds) == pytest.approx((165, 0, -165, 10), abs=1)


def test_an_edge_read_as_it_stands_has_a_grid_over_all_of_it() -> None:
    cells, _, told = answer(features="LINESTRING (-177 0, 177 0)", cell_size=100_000)
    assert told["crs"] == "EPSG:6933"
    assert cells.count() == pytest.approx(2 * 17_367_530 * 177 / 180 / 1e5, abs=2)


@pytest.mark.parametrize("crs", ["OGC:CRS84", "EPSG:4269"])
@pytest.mark.parametrize(
    ("shape", "columns"),
    [
        (shapely.box(-100, 0, -80, 10), [26, 27]),
        (shapely.box(-10, 0, 10, 10), [0, 35]),
        (shapely.MultiPolygon([shapely.box(170, 0, 180, 10), shapely.box(-180, 0, -170, 10)]), [17, 18]),
        (shapely.MultiPoint([(5, 5), (-5, 5)]), [0, 35]),
        (shapely.LineString([(-15, 5), (-6, 5)]), [34, 35]),
    ],
)
def test_a_template_from_0_to_360_degrees_has_what_lies_west_of_greenwich(
    shape: Any, columns: list[int], crs: str
) -> None:
    grid = template(Affine(10, 0, 0, 0, -10, 180), 36, crs)
    cells, _, told = answer(features=shape.wkt, template=grid)
    assert np.flatnonzero(cells.filled(0).any(axis=0)).tolist() == columns
    assert cells.count() == 2
    assert (told["overlapping_cells"], told["features_without_cell"]) == (0, 0)
    assert not any("template" in warning for warning in told["warnings"])


def test_what_is_outside_of_a_template_in_degrees_is_refused() -> None:
    grid = template(Affine(1, 0, 175, 0, -1, 5), 10, "EPSG:4326")
    assert answer(features="POINT (-178.5 0.5)", template=grid)[0].count() == 1
    with pytest.raises(ProcessRefusedError, match="no feature lies within the template"):
        answer(features="POINT (-170.5 0.5)", template=grid)


@pytest.mark.parametrize("row", [-10, 10], ids=["north-up", "south-up"])
def test_a_template_gives_the_grid(row: int) -> None:
    grid = Affine(10, 0, EAST, 0, row, NORTH + (100 if row < 0 else 0))
    cells, transform, _ = answer(features=collection([box(0, 0, 20, 10), box(900, 0, 910, 9)]), template=template(grid))
    assert transform == grid
    assert cells.filled(0).sum() == 2
    assert cells.filled(0)[9 if row < 0 else 0, :2].tolist() == [1, 1]


def test_a_template_in_another_crs_is_where_the_features_are(tmp_path: Path) -> None:
    path = tmp_path / "grid.tif"
    path.write_bytes(template(Affine(0.01, 0, 9, 0, -0.01, 50.6), 20, "EPSG:4326"))
    layers = collection([box(0, 0, 5000, 5000)])
    cells, _, told = answer(features=layers, template=DatasetFile("grid", path, "raster"))
    # 5 km by 5 km in cells of 0.708 km by 1.112 km.
    assert cells.count() == pytest.approx(25 / (0.7084 * 1.1124), abs=4)
    assert "template" in told["crs_decision"]


@pytest.mark.parametrize(
    ("inputs", "path"),
    [
        ({"features": "POINT (1 1)"}, "cell_size"),
        ({"features": "POINT (1 1)", "cell_size": 0}, "cell_size"),
        ({"features": "MULTIPOINT (1 1, 2 2)", "cell_size": 0.01}, "cell_size"),
        ({"features": "POINT (1 1)", "cell_size": 1, "field": "x"}, "field"),
        ({"features": "POINT (1 1)", "template": template(Affine(10, 0, EAST, 0, -10, NORTH))}, "template"),
        ({"features": {"type": "FeatureCollection", "features": []}, "cell_size": 1}, "features"),
        ({"features": collection([box(0, 0, 9, 9)], v=["a"]), "cell_size": 1, "field": "v", "overlap": "sum"}, "field"),
        ({"features": collection([box(0, 0, 9, 9)], v=[None]), "cell_size": 1, "field": "v"}, "field"),
    ],
)
def test_what_cannot_be_a_raster_is_refused_with_the_input_at_fault(inputs: dict[str, Any], path: str) -> None:
    with pytest.raises(ProcessRefusedError) as refused:
        answer(**inputs)
    assert refused.value.path == f"$.inputs.{path}"


def test_the_example_succeeds() -> None:
    cells = answer(**rasterize.description["example"]["inputs"])[0]
    # A hundredth of a degree of longitude and of latitude at 52° of latitude.
    one = 686.9 * 1112.6 / 50**2
    assert [(cells == use).sum() for use in (1, 2)] == pytest.approx([one, one], rel=0.05)


def test_a_template_that_goes_around_the_earth_without_end_is_refused() -> None:
    around = template(Affine(1e7, 0, 0, 0, -1e7, 0), crs="EPSG:4326")
    with pytest.raises(ProcessRefusedError, match="goes around the Earth") as raised:
        answer(features="MULTIPOINT (1 2, 3 4)", template=around)
    assert raised.value.path == "$.inputs.template"
