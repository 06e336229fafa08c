"""Edges that are straight in a plane, followed in longitude and latitude: against closed forms and dense points."""

import itertools
import math
import tracemalloc

import numpy as np
import pytest
import shapely
import shapely.affinity
from pyproj import CRS, Geod, Proj, Transformer

from backend.geo.geodesy.crs import CRS84, parse_crs
from backend.geo.geodesy.shapes import shapes_of
from backend.geo.relations.overlay import overlay_layers
from backend.geo.relations.overlay_pieces import with_measures
from backend.geo.relations.relations import matching
from backend.geo.vector import bending
from backend.geo.vector.bending import bent, followed, in_one_crs
from backend.geo.vector.common_edges import common_edges
from backend.geo.vector.edge_cutting import cut_edges, edges_of
from backend.geo.vector.feature_measures import areas
from backend.geo.vector.features import Features

UTM, LAEA, SINUSOIDAL = parse_crs("EPSG:25832"), parse_crs("EPSG:3035"), parse_crs("ESRI:54008")
NORWAY = (400_000.0, 6_650_000.0)
"""In UTM 32, at 60° of latitude."""


def triangle(side: float, at: tuple[float, float] = NORWAY) -> shapely.Polygon:
    return shapely.Polygon([at, (at[0] + side, at[1]), (at[0] + 0.3 * side, at[1] + side)])


def true_area(polygon: shapely.Polygon, code: str, points: int = 2000) -> float:
    """m² on the ellipsoid of a ring, with dense points along its edges, in an equal-area plane around it."""
    corners = np.asarray(polygon.exterior.coords)
    share = np.linspace(0, 1, points, endpoint=False)[:, None]
    dense = np.concatenate([a + (b - a) * share for a, b in itertools.pairwise(corners)])
    lonlat = Transformer.from_crs(code, "OGC:CRS84", always_xy=True).transform(*dense.T)
    around = Proj(proj="laea", lon_0=lonlat[0][0], lat_0=lonlat[1][0], ellps="WGS84")
    return float(shapely.area(shapely.polygons(np.column_stack(around(*lonlat)))))


@pytest.mark.parametrize("side", [10.0, 300.0, 5_000.0, 200_000.0])
def test_areas_of_what_is_straight_in_a_plane_are_right_to_a_millionth_beside_degrees(side: float) -> None:
    polygon = triangle(side)
    world = Features(shapes_of([shapely.box(0, 50, 20, 70)]))
    made = overlay_layers(Features(shapes_of([polygon]), crs=UTM), world, "intersection", 0.001)
    assert with_measures(made.features)[1]["area_m2"] == pytest.approx(true_area(polygon, "EPSG:25832"), rel=1e-6)


@pytest.mark.parametrize("side", [10.0, 300.0, 5_000.0, 200_000.0])
def test_areas_on_the_ground_follow_what_is_straight_in_a_plane(side: float) -> None:
    polygon = triangle(side)
    hole = shapely.affinity.scale(polygon, 0.3, 0.3)
    holed = shapely.Polygon(polygon.exterior, [hole.exterior])
    measured = areas(Features(shapes_of([polygon, holed]), crs=UTM))
    whole, inner = true_area(polygon, "EPSG:25832"), true_area(hole, "EPSG:25832")
    assert measured == pytest.approx([whole, whole - inner], rel=1e-8)


def test_a_small_polygon_cut_by_a_long_edge_of_a_plane_has_its_area() -> None:
    # A parallel is straight in the sinusoidal projection, so the part of a box north of it has a closed form.
    north = shapely.Polygon([(-1e6, 6e6), (1e6, 6e6), (1e6, 7e6), (-1e6, 7e6)])
    half = math.degrees(6e6 / 6_378_137.0)
    latitude = Transformer.from_crs("ESRI:54008", "OGC:CRS84", always_xy=True).transform(0, 6e6)[1]
    assert latitude == pytest.approx(half, abs=0.3)
    field = Features(shapes_of([shapely.box(5, latitude - 0.001, 5.001, latitude + 0.001)]))
    made = overlay_layers(field, Features(shapes_of([north]), crs=SINUSOIDAL), "intersection", 0.001)
    zones = Geod(ellps="WGS84").polygon_area_perimeter(
        np.concatenate([np.linspace(5, 5.001, 200), np.linspace(5.001, 5, 200)]),
        np.concatenate([np.full(200, latitude), np.full(200, latitude + 0.001)]),
    )[0]
    assert with_measures(made.features)[1]["area_m2"] == pytest.approx(abs(zones), rel=1e-6)


def test_layers_of_two_planes_meet_where_both_are() -> None:
    # The plane of EPSG:3035 is equal-area, on an ellipsoid that is WGS 84's to a tenth of a millimetre.
    square = shapely.box(4_321_000, 3_210_000, 4_323_000, 3_212_000)
    way = Transformer.from_crs("EPSG:3035", "EPSG:25832", always_xy=True)
    x, y = way.transform(4_322_000, 3_211_000)
    around = shapely.box(x - 9000, y - 9000, x + 9000, y + 9000)
    made = overlay_layers(
        Features(shapes_of([around]), crs=UTM), Features(shapes_of([square]), crs=LAEA), "intersection", 0.001
    )
    assert with_measures(made.features)[1]["area_m2"] == pytest.approx(4e6, rel=1e-6)


def test_how_far_edges_bend_is_told_where_it_is_more_than_a_metre() -> None:
    small, large = (Features(shapes_of([triangle(side)]), crs=UTM) for side in (100.0, 100_000.0))
    beside = Features(shapes_of([shapely.Point(8, 60)]))
    assert in_one_crs(small, beside)[0].warnings == ()
    (told,) = in_one_crs(large, beside)[0].warnings
    corners = np.asarray(triangle(100_000.0).exterior.coords)
    to_lonlat = Transformer.from_crs("EPSG:25832", "OGC:CRS84", always_xy=True)
    ends = np.column_stack(to_lonlat.transform(*corners.T))
    middles = np.column_stack(to_lonlat.transform(*((corners[1:] + corners[:-1]) / 2).T))
    chords = (ends[1:] + ends[:-1]) / 2
    most = max(Geod(ellps="WGS84").inv(*middles.T, *chords.T)[2])
    assert most > 100
    assert "straight in its plane" in told
    assert f"{followed(large, 0.01).bend:.2g} m" in told


def test_what_is_too_much_to_follow_closely_is_told_with_a_bound_that_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bending, "MOST_VERTICES", 20)
    side = 100_000.0
    made, _ = in_one_crs(Features(shapes_of([triangle(side)]), crs=UTM), Features(shapes_of([shapely.Point(8, 60)])))
    told = followed(Features(shapes_of([triangle(side)]), crs=UTM), 0.01)
    assert any("too many to be followed" in warning for warning in made.warnings)
    to_plane = Transformer.from_crs("OGC:CRS84", "EPSG:25832", always_xy=True)
    ring = shapely.get_coordinates(shapely.segmentize(told.features.lonlat().shapes[0], 0.001))
    plane = np.column_stack(to_plane.transform(*ring.T))
    distances = shapely.distance(shapely.points(plane), triangle(side).exterior)
    assert 0.01 < distances.max() <= 1.05 * told.deviation


def cells(count: int, side: float, crs: CRS) -> Features:
    """Square cells side by side."""
    corners = itertools.product(range(count), repeat=2)
    shapes = [shapely.box(*np.add(NORWAY * 2, np.multiply((x, y, x + 1, y + 1), side))) for x, y in corners]
    return Features(shapes_of(shapes), {"cell": list(range(count**2))}, crs)


@pytest.mark.parametrize("other", [CRS84, parse_crs("EPSG:25833"), parse_crs("EPSG:3035")])
def test_neighbours_in_one_layer_are_neighbours_beside_the_same_in_another_crs(other: CRS) -> None:
    came = cells(3, 1234.5, UTM)
    made = overlay_layers(came, came.in_crs(other), "intersection", 0)
    assert made.features.fields["cell_1"] == made.features.fields["cell_2"] == came.fields["cell"]
    assert not len(overlay_layers(came, came.in_crs(other), "symmetric-difference", 0).features)
    counts = {
        predicate: len(
            matching(*(side.shapes for side in in_one_crs(came, came.in_crs(other))), predicate, lonlat=True)
        )
        for predicate in ("equals", "covers", "within", "touches", "overlaps")
    }
    assert counts == {"equals": 9, "covers": 9, "within": 9, "touches": 40, "overlaps": 0}


def test_how_far_common_edges_are_from_the_plane_is_told() -> None:
    came = cells(2, 5000.0, UTM)
    one, _ = in_one_crs(came, came.lonlat())
    (told,) = one.warnings
    assert "16 edges of the features in EPSG:25832 are edges of the other layer too" in told
    corner, end = (NORWAY, (NORWAY[0] + 5000, NORWAY[1]))
    to_lonlat = Transformer.from_crs("EPSG:25832", "OGC:CRS84", always_xy=True)
    chord = np.mean([to_lonlat.transform(*corner), to_lonlat.transform(*end)], axis=0)
    middle = to_lonlat.transform(*np.mean([corner, end], axis=0))
    assert f"up to {Geod(ellps='WGS84').inv(*chord, *middle)[2]:.2g} m" in told


def test_edges_are_common_by_both_ends_in_whichever_direction() -> None:
    start, end = np.array([[0.0, 0], [1, 0], [1, 1], [179.9, -5]]), np.array([[1.0, 0], [1, 1], [0, 0], [180, 5]])
    noise = np.full(2, 4e-11)
    mine, theirs = common_edges((start, end), (end[[1, 3, 2]] + noise, start[[1, 3, 0]] - noise), 1e-10)
    assert (mine.tolist(), theirs.tolist()) == ([False, True, False, True], [True, True, False])
    mine, _ = common_edges((start, end), (end + 3e-10, start), 1e-10)
    assert not mine.any()


def test_an_edge_has_the_same_vertices_for_both_its_neighbours() -> None:
    a, b = (421_333.1, 6_650_001.7), (487_001.3, 6_700_003.9)
    first, second = shapely.Polygon([a, b, (400_000, 6_700_000)]), shapely.Polygon([b, a, (500_000, 6_650_000)])
    made = bent(Features(shapes_of([first, second]), crs=UTM), 0.001)
    assert shapely.area(shapely.intersection(*made.shapes)) == 0
    assert shapely.coverage_is_valid(made.shapes)


@pytest.mark.parametrize(
    "text",
    [
        "POINT (1 2)",
        "LINESTRING Z (0 0 0, 8 0 8)",
        "MULTILINESTRING ((0 0, 8 0), (0 1, 0 1.5))",
        "POLYGON ((0 0, 8 0, 8 8, 0 0), (4 1, 6 1, 6 2, 4 1))",
        "MULTIPOLYGON (((0 0, 8 0, 8 8, 0 0)), ((9 9, 12 9, 12 12, 9 9)))",
        "GEOMETRYCOLLECTION (POINT (1 1), GEOMETRYCOLLECTION (LINESTRING (0 0, 8 0)))",
        "POLYGON EMPTY",
    ],
)
def test_cutting_edges_changes_no_geometry_but_adds_vertices(text: str) -> None:
    shape = shapely.from_wkt(text)
    (made,) = cut_edges(shapes_of([shape]), lambda start, end: np.ceil(np.hypot(*(end - start).T) / 2).astype(np.intp))
    expected = shapely.segmentize(shape, 2)
    assert shapely.equals_exact(shapely.normalize(made), shapely.normalize(expected), 1e-12)
    assert shapely.get_coordinates(made, include_z=True) == pytest.approx(
        shapely.get_coordinates(expected, include_z=True), nan_ok=True
    )


def test_missing_geometries_and_points_stay_as_they_are() -> None:
    came = Features(shapes_of([None, shapely.Point(500_000, 5_000_000)]), crs=UTM)
    made = bent(came, 0.01)
    assert made.crs == CRS84
    assert made.shapes[0] is None
    assert made.shapes[1].x == pytest.approx(9)


def test_of_many_lines_and_polygons_those_edges_stay_straight_that_are_to() -> None:
    # A line and a triangle in turn, each in a strip of its own: twice as many vertices as are looked at together.
    count, strip = 24_000, 5.0
    at = np.arange(count)[:, np.newaxis, np.newaxis] * (0, strip) + NORWAY
    ways = at + np.array([(0, 1), (5000, 1), (2500, 3), (0, 1)])
    shapes = np.where(np.arange(count) % 2, shapely.polygons(ways), shapely.linestrings(ways[:, :2]))
    strips = np.floor((edges_of(shapes)[0][:, 1] - NORWAY[1]) / strip)
    made = followed(Features(shapes, crs=UTM), 0.01, straight=strips % 3 == 0).features.shapes
    more = shapely.get_num_coordinates(made) - shapely.get_num_coordinates(shapes)
    assert ((more == 0) == (np.arange(count) % 3 == 0)).all()


def test_areas_of_many_projected_polygons_take_little_more_memory_than_their_positions() -> None:
    columns, rows = np.meshgrid(np.arange(250) * 400.0, np.arange(240) * 400.0)
    west, south = NORWAY[0] + columns.ravel(), NORWAY[1] + rows.ravel()
    cells = Features(np.asarray(shapely.box(west, south, west + 400, south + 400)), crs=UTM)
    few = areas(cells.take(np.arange(0, len(cells), 1000)))
    tracemalloc.start()
    try:
        found = areas(cells)
        taken = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert found[::1000] == pytest.approx(few, rel=1e-12)
    assert taken < 3 * shapely.get_coordinates(cells.shapes).nbytes
