"""Area-weighted interpolation against shares of squares."""

import math
from typing import Any

import numpy as np
import pytest
import shapely
import shapely.affinity

from backend.errors import ProcessRefusedError
from backend.geo.geodesy.crs import parse_crs
from backend.geo.geodesy.shapes import shapes_of
from backend.geo.relations.apportionment import Kind, apportion
from backend.geo.vector.features import Features

UTM = parse_crs("EPSG:32633")
MERCATOR = parse_crs("EPSG:3857")


def boxes(*corners: tuple[float, float, float, float], crs: Any = UTM, **fields: list[Any]) -> Features:
    origin = (500_000, 4_500_000) if crs == UTM else (0, 0)
    return Features(shapes_of([shapely.box(*np.add(corner, origin * 2)) for corner in corners]), fields, crs)


def test_a_count_is_divided_by_area_and_its_total_kept() -> None:
    tracts = boxes((0, 0, 100, 100), (100, 0, 200, 100), people=[1000, 400])
    zones = boxes((0, 0, 150, 100), (150, 0, 175, 100), name=["a", "b"])
    made = apportion(tracts, zones, ["people"], "count")
    assert made.features.fields["people_apportioned"] == pytest.approx([1200, 100], rel=1e-6)
    assert made.features.fields["name"] == ["a", "b"]
    assert made.features.fields["covered_share"] == pytest.approx([1, 1], rel=1e-6)
    total = made.totals["people"]
    assert total.in_zones + total.outside == pytest.approx(1400, rel=1e-12)
    assert (total.total, total.counted_twice) == (1400, 0)
    assert total.outside == pytest.approx(100, rel=1e-6)
    assert "1 features lie partly or wholly in no zone" in made.features.warnings[0]


def test_random_zones_that_cover_everything_keep_the_total() -> None:
    source = np.random.default_rng(2)
    cells = shapely.get_parts(shapely.voronoi_polygons(shapely.multipoints(source.uniform(0, 1, (30, 2)))))
    frame = shapely.box(0.2, 0.2, 0.8, 0.8)
    tracts = Features(shapes_of(shapely.get_parts(shapely.intersection(cells, frame))))
    tracts = tracts.take(tracts.present)
    people = source.integers(1, 9000, len(tracts)).tolist()
    zones = boxes((0, 0, 0.5, 0.4), (0.5, 0, 1, 0.4), (0, 0.4, 1, 1), crs=tracts.crs)
    made = apportion(tracts.with_fields({"people": people}), zones, ["people"], "count")
    assert sum(made.features.fields["people_apportioned"]) == pytest.approx(sum(people), rel=1e-9)
    assert made.totals["people"].outside == pytest.approx(0, abs=1e-3)
    assert made.features.warnings == ()


@pytest.mark.parametrize("kind", ["count", "rate"])
def test_numbers_that_no_sum_could_hold_are_refused(kind: Kind) -> None:
    tracts = boxes((0, 0, 100, 100), (100, 0, 200, 100), v=[1e308, 1e308])
    with pytest.raises(ProcessRefusedError, match=r"beyond 1e\+150"):
        apportion(tracts, boxes((0, 0, 200, 100)), ["v"], kind)


def test_a_rate_is_averaged_by_area() -> None:
    tracts = boxes((0, 0, 100, 100), (100, 0, 200, 100), (200, 0, 300, 100), share=[10.0, 40.0, None])
    zones = boxes((50, 0, 300, 100), (900, 0, 901, 1))
    made = apportion(tracts, zones, ["share"], "rate")
    assert made.features.fields["share_apportioned"] == [pytest.approx(30, rel=1e-6), None]
    assert "'share' is null in 1" in " ".join(made.features.warnings)
    assert made.totals == {}


def test_shares_are_of_true_areas_even_where_the_plane_distorts_them() -> None:
    # Of a strip from 50 to 70 degrees north, in Web Mercator, the part up to 60 degrees.
    south, middle, north = (6_378_137 * math.asinh(math.tan(math.radians(degrees))) for degrees in (50, 60, 70))
    strip = boxes((0, south, 1000, north), crs=MERCATOR, people=[1000])
    made = apportion(strip, boxes((0, south, 1000, middle), crs=MERCATOR), ["people"], "count")

    def zone(degrees: float) -> float:
        e, sine = math.sqrt(0.00669437999014), math.sin(math.radians(degrees))
        return sine / (1 - e * e * sine * sine) + math.atanh(e * sine) / e

    expected = 1000 * (zone(60) - zone(50)) / (zone(70) - zone(50))
    assert made.features.fields["people_apportioned"] == pytest.approx([expected], rel=1e-6)


def test_zones_that_overlap_hold_twice_what_lies_in_both_and_it_is_told() -> None:
    made = apportion(
        boxes((0, 0, 100, 100), people=[100]), boxes((0, 0, 60, 100), (40, 0, 100, 100)), ["people"], "count"
    )
    assert made.features.fields["people_apportioned"] == pytest.approx([60, 60], rel=1e-6)
    assert made.totals["people"].counted_twice == pytest.approx(20, rel=1e-6)
    assert "Zones overlap each other" in made.features.warnings[0]


def test_of_gains_and_losses_too_what_overlapping_zones_hold_twice_makes_up_the_total() -> None:
    tracts = boxes((0, 0, 100, 100), (100, 0, 200, 100), change=[-800.0, 200.0])
    zones = boxes((0, 0, 100, 100), (0, 0, 50, 100), (0, 0, 100, 50))
    total = apportion(tracts, zones, ["change"], "count").totals["change"]
    assert (total.in_zones, total.outside) == (pytest.approx(-1600), pytest.approx(200))
    assert total.counted_twice == pytest.approx(-800)


def test_a_zone_has_no_rate_of_a_neighbour_that_only_rounding_lets_it_share_ground_with() -> None:
    south = 52.3
    tract = Features(shapes_of([shapely.box(13, south - 0.1, 13.1, np.nextafter(south, 90))]), {"rate": [7.0]})
    zone = Features(shapes_of([shapely.box(13, south, 13.1, south + 0.1)]))
    assert shapely.area(shapely.intersection(tract.shapes, zone.shapes)) > 0
    made = apportion(tract, zone, ["rate"], "rate").features.fields
    assert (made["rate_apportioned"], made["covered_share"]) == ([None], [0])


def test_features_that_overlap_are_told() -> None:
    tracts = boxes((0, 0, 100, 100), (50, 0, 150, 100), people=[1, 1])
    made = apportion(tracts, boxes((0, 0, 200, 200)), ["people"], "count")
    assert made.features.fields["people_apportioned"] == pytest.approx([2])
    assert "Features overlap each other" in made.features.warnings[0]


def test_a_collection_whose_polygons_overlap_is_their_union_as_source_and_as_zone() -> None:
    parts = boxes((100, 100, 200, 200), (150, 150, 300, 300)).shapes.tolist()
    collection = Features(shapes_of([shapely.GeometryCollection(parts)]), {"people": [300]}, UTM)
    # A quarter of the first box lies in the second; the union has 30,000 m².
    halves = boxes((0, 0, 150, 400), (150, 0, 400, 400), people=[600, 1000])
    made = apportion(collection, halves, ["people"], "count")
    assert made.features.fields["people_apportioned"] == pytest.approx([50, 250], rel=1e-6)
    made = apportion(halves, collection, ["people"], "count")
    assert made.features.fields["people_apportioned"] == pytest.approx([600 / 12 + 1000 / 4], rel=1e-6)
    assert made.features.fields["covered_share"] == pytest.approx([1], rel=1e-6)


def test_what_has_no_geometry_is_outside() -> None:
    tracts = Features(shapes_of([shapely.box(0, 0, 1, 1), None]), {"people": [5, 7]})
    total = apportion(tracts, Features(shapes_of([shapely.box(0, 0, 2, 2)])), ["people"], "count").totals["people"]
    assert (total.in_zones, total.outside) == pytest.approx((5, 7))


@pytest.mark.parametrize(
    ("sources", "zones", "fields", "path"),
    [
        ("POINT (1 1)", "POLYGON ((0 0, 2 0, 2 2, 0 0))", ["n"], "$.inputs.features"),
        ("POLYGON ((0 0, 2 0, 2 2, 0 0))", "LINESTRING (0 0, 2 0)", ["n"], "$.inputs.zones"),
        ("POLYGON ((0 0, 2 0, 2 2, 0 0))", "POLYGON ((0 0, 2 0, 2 2, 0 0))", ["n", "m"], "$.inputs.fields[1]"),
        ("POLYGON ((0 0, 2 0, 2 2, 0 0))", "POLYGON ((0 0, 2 0, 2 2, 0 0))", ["text"], "$.inputs.fields[0]"),
    ],
)
def test_what_cannot_be_apportioned_is_refused(sources: str, zones: str, fields: list[str], path: str) -> None:
    with pytest.raises(ProcessRefusedError) as refused:
        apportion(
            Features(shapely.from_wkt([sources]), {"n": [1], "text": ["a"]}),
            Features(shapely.from_wkt([zones])),
            fields,
            "count",
        )
    assert refused.value.path == path


def _parcels_with_t_junctions() -> Features:
    """One large parcel beside three small ones, whose corners it does not have, turned so that no edge is along an
    axis.
    """
    large, *small = [(0, 0, 600, 600), (600, 0, 800, 200), (600, 200, 800, 400), (600, 400, 800, 600)]
    made = boxes(large, *small, people=[9, 1, 1, 1])
    turned: Any = [shapely.affinity.rotate(shape, 30, origin=(500_000, 4_500_000)) for shape in made.shapes]
    return made.with_shapes(shapes_of(turned))


def test_neighbours_without_common_vertices_do_not_overlap_in_another_crs() -> None:
    parcels = _parcels_with_t_junctions()
    lonlat = parcels.lonlat().shapes
    west, south, east, north = shapely.total_bounds(lonlat).tolist()
    zones = Features(shapes_of([shapely.box(west - 1, south - 1, east + 1, north + 1), shapely.union_all(lonlat[1:])]))
    made = apportion(parcels, zones, ["people"], "count")
    assert not any("Features overlap" in warning for warning in made.features.warnings)
    assert made.features.fields["covered_share"][1] == pytest.approx(1, abs=1e-4)
    assert made.features.fields["covered_share"][1] <= 1


def test_what_lies_wholly_in_zones_goes_to_each_of_them_and_neighbours_that_touch_get_nothing() -> None:
    tracts = boxes((0, 0, 10, 10), (90, 40, 110, 60), people=[8, 4])
    zones = boxes((0, 0, 100, 100), (-5, -5, 50, 50), (-20, 0, 0, 10), (100, 0, 200, 100))
    made = apportion(tracts, zones, ["people"], "count")
    assert made.features.fields["people_apportioned"] == pytest.approx([10, 8, 0, 2], rel=1e-6)
    assert made.totals["people"].counted_twice == pytest.approx(8, rel=1e-6)
    assert made.totals["people"].outside == pytest.approx(0, abs=1e-6)
    assert made.features.fields["covered_share"][2] == 0


def test_pieces_and_rests_are_those_of_cutting_every_pair() -> None:
    random = np.random.default_rng(5)
    corners = random.uniform(0, 100, (40, 2))
    tracts = boxes(*[(x, y, x + w, y + 7) for (x, y), w in zip(corners, random.uniform(1, 30, 40), strict=True)],
                   people=random.uniform(1, 9, 40).tolist())  # fmt: skip
    zones = boxes((0, 0, 50, 50), (50, 0, 100, 50), (0, 50, 50, 100))
    made = apportion(tracts, zones, ["people"], "count")
    a, b = tracts.shapes[:, None], zones.shapes[None, :]
    shares = shapely.area(shapely.intersection(a, b)) / shapely.area(a)
    expected = np.array(tracts.fields["people"]) @ shares
    # Areas are those on the ground, of which the plane has nearly the same multiple here.
    assert made.features.fields["people_apportioned"] == pytest.approx(expected, rel=1e-5)
