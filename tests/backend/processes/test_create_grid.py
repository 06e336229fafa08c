"""`create-grid` as a caller sees it: cells of the size that was asked for, anywhere, that fill the extent."""

import json
import math
import sys
from typing import Any, Literal

import numpy as np
import pytest
import shapely
from pyproj import Geod
from shapely.geometry import mapping, shape
from shapely.geometry.base import BaseGeometry

from backend.errors import ProcessRefusedError
from backend.geo.geodesy.crs import parse_crs
from backend.geo.geodesy.shapes import shapes_of
from backend.geo.geometry import grids
from backend.geo.vector.features import Features
from backend.processes.create_grid import create_grid
from backend.processes.running import run_processor

GEOD: Any = Geod(ellps="WGS84")
BERLIN = shapely.box(13, 52.3, 13.8, 52.7)


def quiet(percent: float, message: str | None = None) -> None:
    pass


def answer(**inputs: Any) -> Any:
    (output,) = run_processor(create_grid({"name": "here"}), inputs, None, quiet)
    return json.loads(output.encode())


def cells(told: Any) -> list[BaseGeometry]:
    return [shape(member["geometry"]) for member in told["features"]]


def true_area(cell: BaseGeometry) -> float:
    longest = 0.001 if cell.length < 5 else 1
    return abs(GEOD.geometry_area_perimeter(shapely.segmentize(cell, longest))[0])


@pytest.mark.parametrize(("cell", "area"), [("square", 25e6), ("hexagon", 25e6 * math.sqrt(3) / 2)])
@pytest.mark.parametrize("extent", [BERLIN, shapely.box(20, 69, 21, 69.3), shapely.box(-60, -0.2, -59.6, 0.2)])
def test_cells_have_their_size_on_the_ground_and_fill_the_extent(cell: str, area: float, extent: BaseGeometry) -> None:
    told = answer(features=mapping(extent), size=5, units="kilometre", cell=cell)
    found = cells(told)
    assert told["cells"] == len(found) > 20
    assert told["cell_area_m2"] == pytest.approx(area)
    assert [true_area(one) for one in found[::7]] == pytest.approx([area] * len(found[::7]), rel=1e-5)
    united = shapely.union_all(found)
    assert extent.difference(united).area < 1e-6 * extent.area
    assert united.area == pytest.approx(sum(one.area for one in found), rel=1e-6)
    assert len({member["properties"]["id"] for member in told["features"]}) == len(found)
    assert "equal-area" in told["crs_decision"]


def test_a_projected_extent_has_its_grid_in_its_plane() -> None:
    extent = {**mapping(shapely.box(500_000, 5_000_000, 500_400, 5_000_300))}
    crs = {"crs": {"type": "name", "properties": {"name": "EPSG:32632"}}}
    told = answer(features={**extent, **crs}, size=100)
    assert told["cells"] == 12
    assert told["source_crs"] == "EPSG:32632"
    first = told["features"][0]["properties"]
    assert (first["id"], first["column"], first["row"]) == ("0-0", 0, 0)
    north = max(one.bounds[3] for one in cells(told))
    assert cells(told)[0].bounds[3] == pytest.approx(north, abs=1e-6)


def test_a_plane_that_is_not_true_to_the_ground_is_not_taken() -> None:
    crs = {"crs": {"type": "name", "properties": {"name": "EPSG:3857"}}}
    told = answer(features={**mapping(shapely.box(780_000, 6_570_000, 781_577, 6_571_577)), **crs}, size=100)
    assert told["cells"] in {100, 110, 121}, "1577 m of the plane are 1 km on the ground"
    assert told["cell_area_m2"] == 10_000
    assert [true_area(one) for one in cells(told)] == pytest.approx([10_000] * told["cells"], rel=1e-4)
    assert "lengths in EPSG:3857 are off by up to 5" in told["crs_decision"]


def test_large_cells_near_a_pole_have_their_size_and_few_vertices() -> None:
    told = answer(features="POLYGON ((0 80, 90 80, 90 89, 0 89, 0 80))", size=100_000)
    assert 130 < told["cells"] < 200
    assert sum(shapely.get_num_coordinates(cells(told))) < 200_000
    assert all(one.is_valid for one in cells(told))
    assert [true_area(one) for one in cells(told)[::11]] == pytest.approx([1e10] * len(cells(told)[::11]), rel=1e-4)


def test_a_cell_with_a_pole_in_it_goes_up_to_the_pole() -> None:
    told = answer(features="POLYGON ((0 80, 90 80, 90 90, 0 90, 0 80))", size=100_000)
    (polar,) = (one for one in cells(told) if one.bounds[3] == 90)
    assert polar.is_valid
    assert polar.bounds[::2] == (-180, 180)
    assert true_area(polar) == pytest.approx(1e10, rel=1e-4)


@pytest.mark.parametrize("extent", ["POINT (0 90)", "POINT (0 -90)"])
def test_a_grid_at_a_pole_is_refused_with_the_true_reason(extent: str) -> None:
    with pytest.raises(ProcessRefusedError, match="nearer than 10 km to a pole") as refused:
        answer(features=extent, size=100_000)
    assert refused.value.path == "$.inputs.features"


def test_cells_may_be_only_those_that_touch_the_features() -> None:
    triangle = shapely.Polygon([(13, 52.3), (13.8, 52.3), (13, 52.7)])
    every = answer(features=mapping(triangle), size=3000)
    some = answer(features=mapping(triangle), size=3000, cut=True)
    assert 0.45 * every["cells"] < some["cells"] < 0.7 * every["cells"]
    assert all(one.intersects(triangle.buffer(1e-3)) for one in cells(some))
    points = answer(features="MULTIPOINT (13 52.3, 13.8 52.7)", size=3000, cut=True)
    assert points["cells"] == 2


def test_a_grid_goes_on_across_the_antimeridian() -> None:
    told = answer(features="POLYGON ((179.9 -0.1, 180.1 -0.1, 180.1 0.1, 179.9 0.1, 179.9 -0.1))", size=5000)
    assert any(one.geom_type == "MultiPolygon" for one in cells(told))
    assert max(one.area for one in cells(told)) < 0.01


@pytest.mark.parametrize("cell", ["square", "hexagon"])
@pytest.mark.parametrize("latitude", [0, 50, -75])
@pytest.mark.parametrize("span", [0.01, 1, 20])
def test_the_outermost_points_lie_in_cells_as_all_do(cell: str, latitude: float, span: float) -> None:
    around = [(10 + span * (1 + math.cos(turn)) / 2, latitude + span * math.sin(turn) / 4) for turn in range(40)]
    points = shapely.multipoints(around)
    told = answer(features=points.wkt, size=span * 10_000, cell=cell)
    assert shapely.union_all(cells(told)).covers(points)


@pytest.mark.parametrize("cell", ["square", "hexagon"])
def test_cells_of_a_projected_plane_meet_without_gaps_and_hold_the_outermost_points(
    cell: Literal["square", "hexagon"],
) -> None:
    random = np.random.default_rng(7)
    for _ in range(100):
        places = (random.uniform(300_000, 700_000), random.uniform(1e6, 9e6)) + random.integers(0, 9, (20, 2)) * 12.5
        points = Features(shapes_of(shapely.points(places)), crs=parse_crs("EPSG:32632"))
        size = random.uniform(3, 60)
        whole = grids.create_grid(points, cell, size, cut=False).features.shapes
        assert shapely.coverage_is_valid(whole)
        assert shapely.get_num_interior_rings(shapely.union_all(whole)) == 0
        for cells in (whole, grids.create_grid(points, cell, size, cut=True).features.shapes):
            assert len(np.unique(shapely.STRtree(cells).query(points.shapes, "intersects")[0])) == 20


def test_one_point_is_covered_by_one_cell() -> None:
    (cell,) = cells(answer(features="POINT (13 52)", size=1000))
    assert cell.intersects(shapely.Point(13, 52).buffer(1e-9))


def test_h3_cells_cover_the_extent_with_their_global_ids() -> None:
    h3: Any = pytest.importorskip("h3")
    told = answer(features=mapping(BERLIN), size=9, units="kilometre", cell="h3")
    rows = [member["properties"] for member in told["features"]]
    assert {row["resolution"] for row in rows} == {6} or {row["resolution"] for row in rows} == {5}
    assert h3.latlng_to_cell(52.5, 13.4, rows[0]["resolution"]) in {row["id"] for row in rows}
    assert BERLIN.difference(shapely.union_all(cells(told))).area < 1e-9
    assert "fixed sizes" in told["warnings"][-1]


@pytest.mark.parametrize("extent", ["POINT (12 90)", "POINT (180 -16.5)", "POINT (-30 -90)"])
def test_h3_cells_at_the_edges_of_the_plane_are_valid_and_hold_their_place(extent: str) -> None:
    pytest.importorskip("h3")
    for cell in cells(answer(features=extent, size=100, units="kilometre", cell="h3")):
        assert cell.is_valid
        assert true_area(cell) < 4e10


def test_without_the_extra_h3_is_refused_with_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "h3", None)
    monkeypatch.delitem(sys.modules, "backend.geo.geometry.h3_cells", raising=False)
    with pytest.raises(ProcessRefusedError, match=r"ogc-processes-mcp\[h3\]"):
        answer(features=mapping(BERLIN), size=1000, cell="h3")


@pytest.mark.parametrize(
    ("inputs", "path"),
    [
        ({"features": mapping(BERLIN), "size": 1}, "$.inputs.size"),
        ({"features": mapping(BERLIN), "size": 1, "cell": "hexagon"}, "$.inputs.size"),
        ({"features": mapping(BERLIN), "size": 0}, "$.inputs.size"),
        ({"features": mapping(BERLIN), "size": 1, "cell": "h3"}, "$.inputs.size"),
        ({"features": {"type": "FeatureCollection", "features": []}, "size": 5}, "$.inputs.features"),
        ({"features": mapping(shapely.box(-180, -60, 180, 60)), "size": 500_000}, "$.inputs.features"),
    ],
)
def test_what_has_no_grid_is_refused(inputs: dict[str, Any], path: str) -> None:
    with pytest.raises(ProcessRefusedError) as refused:
        answer(**inputs)
    assert refused.value.path == path
