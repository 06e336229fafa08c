"""`simplify` as a caller sees it: within the tolerance anywhere, and without gaps between neighbours."""

import json
from typing import Any

import numpy as np
import pytest
import shapely
from pyproj import Geod
from shapely.geometry import mapping, shape

from backend.errors import ProcessRefusedError
from backend.geo.geodesy.crs import parse_crs
from backend.geo.geodesy.shapes import shapes_of
from backend.geo.geometry.generalisation import generalise
from backend.geo.vector.feature_reading import read_features
from backend.geo.vector.features import Features
from backend.processes.running import run_processor
from backend.processes.simplify import simplify

GEOD: Any = Geod(ellps="WGS84")


def quiet(percent: float, message: str | None = None) -> None:
    pass


def answer(**inputs: Any) -> Any:
    (output,) = run_processor(simplify({"name": "here"}), inputs, None, quiet)
    return json.loads(output.encode())


def wavy(start: tuple[float, float], end: tuple[float, float], seed: int, size: float) -> np.ndarray:
    """A line between two corners with a hundred vertices off it."""
    random = np.random.default_rng(seed)
    line = np.linspace(start, end, 100)
    line[1:-1] += random.uniform(-size, size, (98, 2))
    return line


def two_neighbours(x: float, y: float, size: float, noise: float) -> list[shapely.Polygon]:
    border = np.linspace((x + size, y), (x + size, y + size), 100)
    border[1:-1, 0] += np.random.default_rng(1).uniform(-noise, noise, 98)
    west = np.vstack([[[x, y]], border, [[x, y + size]]])
    east = np.vstack([border[::-1], [[x + 2 * size, y]], [[x + 2 * size, y + size]]])
    return [shapely.Polygon(west), shapely.Polygon(east)]


def collection(crs: str | None, shapes: list[Any]) -> dict[str, Any]:
    members = [
        {"type": "Feature", "properties": {"id": index}, "geometry": mapping(one)} for index, one in enumerate(shapes)
    ]
    declared = {"crs": {"type": "name", "properties": {"name": crs}}} if crs else {}
    return {"type": "FeatureCollection", "features": members, **declared}


@pytest.mark.parametrize("latitude", [0, 45, 80])
def test_no_vertex_that_was_left_out_is_further_away_than_the_tolerance(latitude: float) -> None:
    line = wavy((10, latitude), (11, latitude + 0.5), 2, 0.02)
    told = answer(features=shapely.LineString(line).wkt, tolerance=1, units="kilometre")
    simple = shape(told["features"][0]["geometry"])
    assert told["vertices_after"] < told["vertices_before"] == 100
    dense = np.array(shapely.segmentize(simple, 0.0005).coords)
    for longitude, height in line.tolist():
        count = len(dense)
        reach = GEOD.inv(np.full(count, longitude), np.full(count, height), dense[:, 0], dense[:, 1])[2]
        assert min(reach) <= 1000 + 30
    # It is not merely strict: at 80° a degree of longitude is a sixth of one at the equator.
    assert told["vertices_after"] < 80


def test_no_ring_moves_further_than_the_tolerance_wherever_it_begins() -> None:
    random = np.random.default_rng(3)
    angles = np.linspace(0, 2 * np.pi, 60, endpoint=False)
    for _ in range(60):
        radii = 1000 + np.cumsum(random.uniform(-60, 60, 60))
        around = np.column_stack([np.cos(angles), np.sin(angles)]) * radii[:, None] + (500_000, 5_000_000)
        polygon = shapely.Polygon(around, [(around - (500_000, 5_000_000)) * 0.3 + (500_000, 5_000_000)])
        made = generalise(Features(shapes_of([polygon]), crs=parse_crs("EPSG:32632")), 100, coverage=True).features
        simple = made.shapes[0]
        assert simple.is_valid
        assert len(simple.interiors) == 1
        assert shapely.get_num_coordinates(simple) < shapely.get_num_coordinates(polygon) / 2
        vertices = shapely.points(shapely.get_coordinates(polygon))
        assert shapely.distance(shapely.boundary(simple), vertices).max() <= 100 * (1 + 1e-9)


def test_neighbours_keep_sharing_their_border() -> None:
    told = answer(features=collection(None, two_neighbours(5, 50, 1, 0.01)), tolerance=5000)
    west, east = (shape(member["geometry"]) for member in told["features"])
    assert told["vertices_after"] < told["vertices_before"]
    assert west.intersection(east).area == 0
    assert west.union(east).area == pytest.approx(2, rel=1e-9)
    assert [member["properties"]["id"] for member in told["features"]] == [0, 1]
    assert "shared edges shared" in told["method"]


def test_neighbours_may_be_simplified_alone_on_request() -> None:
    told = answer(features=collection(None, two_neighbours(5, 50, 1, 0.01)), tolerance=5000, shared_edges=False)
    assert "each geometry by itself" in told["method"]


def test_polygons_that_overlap_are_simplified_alone_with_a_warning() -> None:
    boxes = [shapely.box(0, 0, 2, 2), shapely.box(1, 1, 3, 3)]
    told = answer(features=collection(None, boxes), tolerance=10)
    assert "each was simplified by itself" in told["warnings"][0]
    assert told["area_change_percent"] == 0


@pytest.mark.filterwarnings("ignore:Best transformation")
def test_a_projected_plane_has_its_own_unit() -> None:
    line = shapely.LineString([(6_500_000, 1_800_000), (6_500_500, 1_800_002), (6_501_000, 1_800_000)])
    features = Features(np.array([line], dtype=object), crs=read_features(collection("EPSG:2225", [line])).crs)
    # Two survey feet are 0.6096 m.
    assert generalise(features, 0.61, coverage=True).vertices_after == 2
    assert generalise(features, 0.60, coverage=True).vertices_after == 3


@pytest.mark.parametrize(("tolerance", "left"), [(19.5, 3), (20.5, 2)])
def test_a_tolerance_counts_on_the_ground_where_the_plane_is_not_true_to_it(tolerance: float, left: int) -> None:
    # At 60 degrees north 40 m of Mercator's plane are 20 m.
    north = 8_399_738
    line = shapely.LineString([(0, north), (500, north + 40), (1000, north)])
    told = answer(features=collection("EPSG:3857", [line]), tolerance=tolerance)
    assert told["vertices_after"] == left
    assert "so that it is kept on the ground" in told["crs_decision"]


def test_a_layer_without_geometries_is_called_so() -> None:
    with pytest.raises(ProcessRefusedError, match="no feature has a geometry"):
        answer(features=collection(None, []), tolerance=5)


def test_areas_before_and_after_are_compared_on_the_ground() -> None:
    notch = shapely.Polygon([(0, 0), (10_000, 0), (10_000, 10_000), (5000, 9990), (0, 10_000)])
    moved = shapely.transform(notch, lambda at: np.add(at, (500_000, 5_000_000)))
    told = answer(features=collection("EPSG:32632", [moved]), tolerance=20)
    assert (told["vertices_before"], told["vertices_after"]) == (6, 5)
    assert told["area_change_percent"] == pytest.approx(100 * 50_000 / (1e8 - 50_000), rel=1e-4)
    assert told["crs_decision"].startswith("plane of EPSG:32632")


def test_lines_and_points_stay_beside_polygons_that_are_simplified_together() -> None:
    others = [shapely.Point(1, 1), shapely.LineString([(0, 0), (1, 0.0001), (2, 0)])]
    told = answer(features=collection(None, [*two_neighbours(5, 50, 1, 0.01), *others]), tolerance=5000)
    assert [shape(member["geometry"]).geom_type for member in told["features"]] == ["Polygon", "Polygon", "Point", "LineString"]  # fmt: skip  # noqa: E501


@pytest.mark.parametrize(
    ("inputs", "path"),
    [
        ({"features": "POINT (1 2)", "tolerance": 5}, "$.inputs.features"),
        ({"features": "LINESTRING (0 0, 1 1)", "tolerance": 0}, "$.inputs.tolerance"),
        ({"features": {"type": "FeatureCollection", "features": []}, "tolerance": 5}, "$.inputs.features"),
    ],
)
def test_what_cannot_be_simplified_is_refused(inputs: dict[str, Any], path: str) -> None:
    with pytest.raises(ProcessRefusedError) as refused:
        answer(**inputs)
    assert refused.value.path == path


@pytest.mark.parametrize("shared", [True, False])
def test_vertices_that_are_left_have_the_coordinates_that_they_came_with(*, shared: bool) -> None:
    shapes = two_neighbours(5.1, 50.3, 0.7, 0.01)
    told = answer(features=collection(None, shapes), tolerance=2000, shared_edges=shared)
    assert told["vertices_after"] < told["vertices_before"]
    for one, member in zip(shapes, told["features"], strict=True):
        came = set(map(tuple, shapely.get_coordinates(one).tolist()))
        assert set(map(tuple, shapely.get_coordinates(shape(member["geometry"])).tolist())) <= came


def test_a_polygon_that_nearly_touches_itself_stays_valid() -> None:
    around = [
        (10.333333333333334, 50.833333333333336), (11, 50), (10.5, 50.833333333333336), (10.166666666666666, 50),
        (10.833333333333334, 50), (10, 50.333333333333336), (10.166666666666666, 50.833333333333336),
        (10.833333333333334, 50.5), (10, 50.166666666666664),
    ]  # fmt: skip
    told = answer(features=shapely.Polygon(around).wkt, tolerance=5000)
    assert shape(told["features"][0]["geometry"]).is_valid
