"""`tessellate` as a caller sees it: each cell with its own point's attributes, and borders where they belong."""

import json
from typing import Any

import numpy as np
import pytest
import shapely
from pyproj import Geod
from shapely.geometry import mapping, shape
from shapely.geometry.base import BaseGeometry

from backend.errors import ProcessRefusedError
from backend.processes.running import run_processor
from backend.processes.tessellate import tessellate

GEOD: Any = Geod(ellps="WGS84")


def quiet(percent: float, message: str | None = None) -> None:
    pass


def answer(**inputs: Any) -> Any:
    (output,) = run_processor(tessellate({"name": "here"}), inputs, None, quiet)
    return json.loads(output.encode())


def points(positions: np.ndarray, crs: str | None = None) -> dict[str, Any]:
    members = [
        {"type": "Feature", "properties": {"id": index}, "geometry": {"type": "Point", "coordinates": position}}
        for index, position in enumerate(positions.tolist())
    ]
    declared = {"crs": {"type": "name", "properties": {"name": crs}}} if crs else {}
    return {"type": "FeatureCollection", "features": members, **declared}


def cells(told: Any) -> dict[int, BaseGeometry]:
    return {member["properties"]["id"]: shape(member["geometry"]) for member in told["features"]}


GAUGES = np.array([(0, 0), (400, 300), (800, 600), (1200, 900), (200, 900)]) + np.array([500_000, 5_000_000])


def test_each_cell_has_the_attributes_of_the_point_within_it() -> None:
    random = np.random.default_rng(1)
    positions = random.uniform((5, 45), (7, 47), (200, 2))
    told = answer(features=points(positions))
    found = cells(told)
    assert len(found) == 200
    assert all(found[index].contains(shapely.Point(place)) for index, place in enumerate(positions))
    assert told["max_border_error_m"] < 5


def test_the_border_error_is_that_of_the_worst_of_all_corners_of_many_cells() -> None:
    # 8,000 cells have more corners than are compared: the farthest from their points are, and the worst is one of them.
    random = np.random.default_rng(6)
    positions = random.uniform((0, 40), (20, 60), (8_000, 2))
    told = answer(features=points(positions))
    met: dict[tuple[float, float], list[int]] = {}
    for index, cell in cells(told).items():
        for corner in shapely.get_coordinates(cell)[:-1].tolist():
            met.setdefault((round(corner[0], 6), round(corner[1], 6)), []).append(index)
    corners = [(place, of) for place, of in met.items() if len(of) > 2]
    owners = np.array([index for _, of in corners for index in of])
    at = np.array([place for place, of in corners for _ in of])
    reach = np.array(GEOD.inv(at[:, 0], at[:, 1], *positions[owners].T)[2])
    begins = np.cumsum([0, *(len(of) for _, of in corners)])[:-1]
    apart = np.maximum.reduceat(reach, begins) - np.minimum.reduceat(reach, begins)
    assert len(corners) > 15_000
    # Half of a place's last digit here is six centimetres.
    assert apart.max() - 0.2 <= told["max_border_error_m"]
    assert told["max_border_error_m"] <= 2 * apart.max()


def test_every_place_is_in_the_cell_of_the_point_that_is_truly_nearest() -> None:
    random = np.random.default_rng(2)
    positions = random.uniform((-3, 58), (3, 62), (30, 2))
    found = cells(answer(features=points(positions)))
    checked = 0
    for place in random.uniform((-2.5, 58.5), (2.5, 61.5), (200, 2)):
        reach = np.array([GEOD.inv(*place, *position)[2] for position in positions])
        nearest, second = np.sort(reach)[:2]
        if second - nearest > 500:
            checked += 1
            assert found[int(reach.argmin())].covers(shapely.Point(place))
    assert checked > 150


def test_projected_points_have_cells_of_their_plane() -> None:
    told = answer(features=points(GAUGES, "EPSG:32632"))
    assert told["source_crs"] == "EPSG:32632"
    assert told["max_border_error_m"] is None
    assert "plane of EPSG:32632" in told["crs_decision"]
    site = shapely.Point(9.0038, 45.1580)
    (holder,) = [index for index, cell in cells(told).items() if cell.covers(site)]
    assert holder == 1


def test_cells_fill_the_mask_and_nothing_else() -> None:
    random = np.random.default_rng(3)
    mask = shapely.Polygon([(5, 45), (7, 45), (7, 46), (6, 45.5), (5, 46)])
    told = answer(features=points(random.uniform((5, 45), (7, 46), (40, 2))), mask=mapping(mask))
    united = shapely.union_all(list(cells(told).values()))
    assert united.symmetric_difference(mask).area / mask.area < 1e-5
    assert sum(cell.area for cell in cells(told).values()) == pytest.approx(mask.area, rel=1e-5)


def test_points_around_the_antimeridian_have_cells_on_both_sides() -> None:
    told = answer(features=points(np.array([[179.5, 0], [-179.5, 0], [180, 1]])))
    found = cells(told)
    assert all(west >= -180 and east <= 180 for west, _, east, _ in (cell.bounds for cell in found.values()))
    assert found[2].geom_type == "MultiPolygon"
    assert max(cell.area for cell in found.values()) < 2


def test_triangles_name_the_points_at_their_corners() -> None:
    told = answer(features=points(np.array([[0, 0], [1, 0], [0, 1], [1, 1.1]])), kind="delaunay")
    assert len(told["features"]) == 2
    assert sorted(sorted(member["properties"]["points"]) for member in told["features"]) == [[0, 1, 2], [1, 2, 3]]


def test_points_at_one_place_share_a_cell_with_a_warning() -> None:
    told = answer(features=points(np.array([[0.0, 0], [1, 0], [0, 0]])))
    assert sorted(cells(told)) == [0, 1]
    assert "1 points are at the place of another" in told["warnings"][-1]


@pytest.mark.parametrize(
    ("inputs", "path", "reason"),
    [
        ({"features": "POINT (1 2)"}, "$.inputs.features", "at least two"),
        ({"features": "LINESTRING (1 2, 3 4)"}, "$.inputs.features", "points are needed"),
        ({"features": "MULTIPOINT (1 2, 3 4)"}, "$.inputs.features", "several points"),
        ({"features": points(np.array([[0, 0], [90, 0], [179, 5]]))}, "$.inputs.features", "too wide"),
        ({"features": points(np.array([[0, 0], [1, 0]])), "kind": "delaunay"}, "$.inputs.features", "no triangles"),
        ({"features": points(np.array([[0, 0], [1, 0]])), "mask": "POINT (0 0)"}, "$.inputs.mask", "polygons"),
    ],
)
def test_what_has_no_cells_is_refused_with_the_reason(inputs: dict[str, Any], path: str, reason: str) -> None:
    with pytest.raises(ProcessRefusedError, match=reason) as refused:
        answer(**inputs)
    assert refused.value.path == path


def test_borders_in_a_plane_that_is_not_true_to_the_ground_are_where_they_belong() -> None:
    # In Mercator's plane the middle of 40 and 60 degrees north is at 51.1; on the ground it is near 50.
    mercator = np.array([(0, 4_865_942.28), (0, 8_399_737.89)])
    crs = {"type": "name", "properties": {"name": "EPSG:3857"}}
    mask = {**mapping(shapely.box(-1000, 4_800_000, 1000, 8_500_000)), "crs": crs}
    told = answer(features=points(mercator, "EPSG:3857"), mask=mask)
    south = cells(told)[0]
    truth = GEOD.npts(0, 40, 0, 60, 1)[0][1]
    assert south.bounds[3] == pytest.approx(truth, abs=1e-3)
    assert "lengths in EPSG:3857 are off" in told["crs_decision"]
