"""`filter-features`: distances in a filter, beside other conditions, are true ones in any unit."""

import json
from typing import Any

import pytest
import shapely
from pyproj import Geod

from backend.errors import ProcessRefusedError
from backend.geo.tables.cql2 import evaluate
from backend.geo.vector.feature_reading import read_features
from backend.processes.filter_features import filter_features
from backend.processes.running import run_processor

GEOD = Geod(ellps="WGS84")
HERE = (9.0, 48.0)
STEPS = [100.0, 1000.0, 1609.0, 1853.0]
"""Metres from there to the north-east."""


def quiet(percent: float, message: str | None = None) -> None:
    """Nobody listens."""


def places() -> str:
    ends = [GEOD.fwd(*HERE, 45, metres)[:2] for metres in STEPS]
    rows = [f"p{at},{kind},{lon!r},{lat!r}" for at, ((lon, lat), kind) in enumerate(zip(ends, "abab", strict=True))]
    return "\n".join(["name,kind,lon,lat", *rows])


def found(condition: Any, data: Any = None, **inputs: Any) -> dict[str, Any]:
    made = filter_features({"name": "here"})
    values = {"features": data or places(), "filter": condition, **inputs}
    (output,) = run_processor(made, values, None, quiet)
    return json.loads(output.encode())


def names(condition: Any, data: Any = None, **inputs: Any) -> list[str]:
    return [feature["properties"]["name"] for feature in found(condition, data, **inputs)["features"]]


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("S_DWITHIN(geometry, POINT(9 48), 999.9)", ["p0"]),
        ("S_DWITHIN(geometry, POINT(9 48), 1000.1, metres)", ["p0", "p1"]),
        ("DWITHIN(geom, POINT(9 48), 1000.1, meters)", ["p0", "p1"]),
        ("S_DWITHIN(POINT(9 48), geometry, 1.0001, 'km')", ["p0", "p1"]),
        ("S_DWITHIN(geometry, POINT(9 48), 329, feet)", ["p0"]),
        ("DWITHIN(geometry, POINT(9 48), 1, statute miles)", ["p0", "p1", "p2"]),
        ("DWITHIN(geometry, POINT(9 48), 1, nautical miles)", ["p0", "p1", "p2"]),
        ("BEYOND(geometry, POINT(9 48), 1, nautical miles)", ["p3"]),
        ("NOT S_DWITHIN(geometry, POINT(9 48), 1000.1) OR kind = 'a'", ["p0", "p2", "p3"]),
        ({"op": "s_dwithin", "args": [{"property": "geometry"}, {"type": "Point", "coordinates": [9, 48]}, 2, "mile"]},
         ["p0", "p1", "p2", "p3"]),
    ],
)  # fmt: skip
def test_features_within_a_distance_are_those_at_most_so_far_on_the_ellipsoid(
    condition: Any, expected: list[str]
) -> None:
    assert names(condition) == expected


def test_a_filter_by_distance_tells_how_it_was_measured() -> None:
    assert "WGS 84 ellipsoid" in found("S_DWITHIN(geometry, POINT(9 48), 1, km)")["method"]


def test_a_distance_reaches_over_the_antimeridian() -> None:
    data = "name,lon,lat\nwest,179.999,0\neast,-179.999,0\nfar,179.5,0"
    assert names("S_DWITHIN(geometry, POINT(180 0), 112)", data) == ["west", "east"]


def test_what_the_plane_of_projected_features_would_decide_otherwise_is_told() -> None:
    data = {"type": "FeatureCollection", "features": [
        {"type": "Feature", "properties": {"name": "a"}, "geometry": {"type": "Point", "coordinates": [500_000, 5.5e6]}}
    ], "crs": {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::25832"}}}  # fmt: skip
    # On the central meridian a length in the plane is 0.9996 of the true one.
    answer = found("S_DWITHIN(geometry, POINT(500100 5500000), 100.02, metres)", data, filter_crs="EPSG:25832")
    assert answer["features"] == []
    assert any("1 features fall otherwise" in warning for warning in answer["warnings"])


def test_of_features_without_a_geometry_it_is_not_known_how_far_they_are() -> None:
    data = {"type": "FeatureCollection", "features": [
        {"type": "Feature", "properties": {"name": "none"}, "geometry": None},
        {"type": "Feature", "properties": {"name": "here"}, "geometry": {"type": "Point", "coordinates": [9, 48]}},
    ]}  # fmt: skip
    near = found("S_DWITHIN(geometry, POINT(9 48), 1, km)", data)
    assert ([one["properties"]["name"] for one in near["features"]], near["unknown"]) == (["here"], 1)
    assert names("NOT S_DWITHIN(geometry, POINT(9 48), 1, km)", data) == []


def test_edges_count_not_vertices_alone() -> None:
    data = 'name,wkt\nroad,"LINESTRING (8 48, 10 48)"\nother,"LINESTRING (8 49, 10 49)"'
    line = shapely.from_wkt("LINESTRING (8 48, 10 48)")
    point = shapely.Point(9, 48.001)
    metres = GEOD.inv(9, 48, 9, 48.001)[2]
    assert line.distance(point) < 0.0011
    assert names(f"S_DWITHIN(geometry, POINT(9 48.001), {metres + 0.01})", data) == ["road"]
    assert names(f"S_DWITHIN(geometry, POINT(9 48.001), {metres - 0.5})", data) == []


@pytest.mark.parametrize(
    ("condition", "reason"),
    [
        ("S_DWITHIN(geometry, POINT(9 48), 1, parsecs)", "'parsecs' is no unit of a distance; there are 'metre'"),
        ("S_DWITHIN(geometry, POINT(9 48), -1)", "a number from 0 on"),
        ("S_DWITHIN(geometry, POINT(9 48), 'far')", "a number from 0 on"),
        ("S_DWITHIN(geometry, POINT(9 48))", "takes 3 or 4 arguments, not 2"),
        ("S_DWITHIN(geometry, geometry, 1)", "one geometry of the filter"),
        ("ST_DISTANCE(geometry, POINT(9 48)) < 5", r"S_DWITHIN\(geometry, POINT\(9 48\), 2, km\)"),
    ],
)
def test_a_distance_that_cannot_be_compared_is_refused_with_the_reason(condition: str, reason: str) -> None:
    with pytest.raises(ProcessRefusedError, match=reason):
        found(condition)


def test_where_nothing_compares_distances_a_filter_has_none() -> None:
    with pytest.raises(ProcessRefusedError, match="S_DWITHIN"):
        evaluate(read_features("POINT (9 48)"), "S_DWITHIN(geometry, POINT(9 48), 1)")
