"""`points-along-lines` as a caller sees it: measures that are true anywhere, and in a plane where there is one."""

import json
import math
from typing import Any

import numpy as np
import pytest
from pyproj import Geod, Transformer

from backend.errors import ProcessRefusedError
from backend.processes.points_along_lines import points_along_lines
from backend.processes.running import run_processor

MERCATOR = Transformer.from_crs("OGC:CRS84", "EPSG:3857")
DEGREE = math.radians(1) * 6_378_137
"""Metres of the equator."""


def quiet(percent: float, message: str | None = None) -> None:
    pass


def answer(**inputs: Any) -> Any:
    (output,) = run_processor(points_along_lines({"name": "here"}), inputs, None, quiet)
    return json.loads(output.encode())


def places(told: Any) -> list[list[float]]:
    return [member["geometry"]["coordinates"] for member in told["features"]]


def measures(told: Any) -> list[float]:
    return [member["properties"]["measure"] for member in told["features"]]


def collection(crs: str | None, *members: tuple[Any, dict[str, Any]]) -> dict[str, Any]:
    declared = {"crs": {"type": "name", "properties": {"name": crs}}} if crs else {}
    found = [{"type": "Feature", "geometry": geometry, "properties": row} for geometry, row in members]
    return {"type": "FeatureCollection", "features": found, **declared}


def test_points_stand_at_even_distances_from_the_start() -> None:
    told = answer(features="LINESTRING (0 0, 1 0, 2 0)", distance=50, units="kilometre")
    assert measures(told) == [0, 50, 100, 150, 200]
    assert [x for x, _ in places(told)] == pytest.approx([0, *(50_000 * k / DEGREE for k in range(1, 5))], abs=1e-9)
    assert told["total_length"] == {"value": pytest.approx(2 * DEGREE / 1000), "units": "kilometre"}
    assert told["measure_units"] == "kilometre"


def test_a_number_of_points_includes_both_ends() -> None:
    told = answer(features="LINESTRING (0 0, 4 0)", count=5)
    assert [x for x, _ in places(told)] == pytest.approx([0, 1, 2, 3, 4])
    assert places(answer(features="LINESTRING (0 0, 4 0)", count=1))[0] == pytest.approx([2, 0])


def test_long_slanted_edges_are_measured_along_their_true_length() -> None:
    told = answer(features="LINESTRING (0 0, 60 75)", distance=100, units="kilometre")
    geod: Any = Geod(ellps="WGS84")
    for (x, y), measure in zip(places(told)[::20], measures(told)[::20], strict=True):
        way = np.linspace((0, 0), (x, y), 20_000)
        assert x / 60 == pytest.approx(y / 75, abs=1e-9)
        assert geod.line_length(way[:, 0], way[:, 1]) / 1000 == pytest.approx(measure, abs=1e-3)


def test_attributes_come_along_and_other_geometries_are_left_out() -> None:
    given = collection(
        None,
        ({"type": "Point", "coordinates": [0, 0]}, {"name": "no line"}),
        ({"type": "LineString", "coordinates": [[0, 0], [1, 0]]}, {"name": "A"}),
        (None, {"name": "nothing"}),
        ({"type": "LineString", "coordinates": [[5, 5], [5, 6]]}, {"name": "B"}),
    )
    told = answer(features=given, count=2)
    rows = [member["properties"] for member in told["features"]]
    assert [(row["name"], row["line"]) for row in rows] == [("A", 1), ("A", 1), ("B", 3), ("B", 3)]
    assert told["left_out"] == 2
    assert "no lines and were left out" in told["warnings"][-1]


def test_projected_lines_are_measured_in_their_plane() -> None:
    line = {"type": "LineString", "coordinates": [[500_000, 5_000_000], [500_300, 5_000_000], [500_300, 5_000_400]]}
    told = answer(features=collection("EPSG:32632", (line, {})), distance=100)
    assert measures(told) == [0, 100, 200, 300, 400, 500, 600, 700]
    assert "plane of EPSG:32632" in told["method"]
    assert told["source_crs"] == "EPSG:32632"
    assert places(told)[0][0] == pytest.approx(9)


def test_a_line_that_is_cut_at_the_antimeridian_is_measured_on() -> None:
    told = answer(features="LINESTRING (179 0, 181 0)", distance=DEGREE / 2)
    assert [x for x, _ in places(told)] == pytest.approx([179, 179.5, 180, -179.5, -179], abs=1e-6)


def test_vertices_that_repeat_and_lines_without_length_do_no_harm() -> None:
    told = answer(features="LINESTRING (0 0, 0 0, 1 0, 1 0)", count=3)
    assert [x for x, _ in places(told)] == pytest.approx([0, 0.5, 1])


@pytest.mark.parametrize(
    ("inputs", "path"),
    [
        ({"features": "LINESTRING (0 0, 1 1)"}, "$.inputs.distance"),
        ({"features": "LINESTRING (0 0, 1 1)", "distance": 1, "count": 2}, "$.inputs.distance"),
        ({"features": "LINESTRING (0 0, 1 1)", "distance": 0.01}, "$.inputs.distance"),
        ({"features": "LINESTRING (0 0, 1 1)", "distance": -5}, "$.inputs.distance"),
        ({"features": "POINT (0 0)", "count": 2}, "$.inputs.features"),
    ],
)
def test_what_has_no_points_along_it_is_refused(inputs: dict[str, Any], path: str) -> None:
    with pytest.raises(ProcessRefusedError) as refused:
        answer(**inputs)
    assert refused.value.path == path


def test_metres_of_mercator_are_not_taken_for_metres_on_the_ground() -> None:
    line = {"type": "LineString", "coordinates": [[780_000, 6_570_000], [784_000, 6_573_000]]}
    told = answer(features=collection("EPSG:3857", (line, {})), distance=100)
    geod: Any = Geod(ellps="WGS84")
    assert told["points"] == 32, "5 km of the plane are 3.15 km on the ground"
    for (west, south), (east, north) in zip(places(told), places(told)[1:], strict=False):
        assert geod.inv(west, south, east, north)[2] == pytest.approx(100, abs=1e-3)
    assert told["source_crs"] == "EPSG:3857"
    assert "ellipsoid: lengths in EPSG:3857 are off by up to 5" in told["method"]
    # Points lie on the line as it runs on the map.
    for x, y in (MERCATOR.transform(*at) for at in places(told)):
        assert (x - 780_000) * 3 / 4 == pytest.approx(y - 6_570_000, abs=0.02)
