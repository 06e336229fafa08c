"""The nearest of many against comparing all with all, by Vincenty's formula."""

from typing import Any

import numpy as np
import pytest
import shapely

from backend.geo.geodesy.crs import parse_crs
from backend.geo.geodesy.shapes import shapes_of
from backend.geo.relations import relations
from backend.geo.relations.nearest import MARGIN, at_most, nearest
from backend.geo.relations.nearest_features import nearest_features
from backend.geo.vector.features import Features

EVERYWHERE, POLAR, SEAM = ((-180, -90), (180, 90)), ((-180, 86), (180, 90)), ((179, -1), (181, 1))


def places(seed: int, area: Any, count: int) -> np.ndarray:
    found = np.random.default_rng(seed).uniform(*area, (count, 2))
    return np.column_stack([(found[:, 0] + 180) % 360 - 180, found[:, 1]])


@pytest.mark.parametrize("area", [EVERYWHERE, POLAR, SEAM, ((5, 45), (15, 55))])
@pytest.mark.parametrize("count", [1, 4])
def test_points_have_the_neighbours_that_comparing_all_finds(area: Any, count: int, geodesic_distance) -> None:
    first, second = places(1, area, 60), places(2, area, 90)
    links, tied = nearest(shapely.points(first), shapely.points(second), count)
    every = geodesic_distance(first[:, :1], first[:, 1:], second[:, 0], second[:, 1])
    assert links.first.tolist() == np.repeat(np.arange(60), count).tolist()
    assert links.second.reshape(60, count).tolist() == np.argsort(every, axis=1)[:, :count].tolist()
    assert links.metres == pytest.approx(np.sort(every, axis=1)[:, :count].ravel(), rel=1e-9)
    assert not tied.size


@pytest.mark.parametrize("area", [POLAR, SEAM, ((5, 45), (15, 55)), ((-60, -40), (60, 40))])
def test_lines_and_polygons_are_as_near_as_an_exhaustive_search_finds(area: Any, distance_to_lines) -> None:
    source = np.random.default_rng(4)
    first = source.uniform(*area, (12, 2))
    ways = np.clip(source.uniform(*area, (5, 4, 2)), [-180, -90], [180, 90])
    first = np.clip(first, [-180, -90], [180, 90])
    links, _ = nearest(shapely.points(first), shapely.linestrings(ways), 1)
    every = np.stack([distance_to_lines(first, [way]) for way in ways], axis=1)
    assert links.second.tolist() == every.argmin(axis=1).tolist()
    # The oracle goes from station to station and may miss the last metres; ours takes the shortest chord for the way.
    assert (links.metres <= every.min(axis=1) * (1 + 1e-8)).all()
    assert links.metres == pytest.approx(every.min(axis=1), rel=1e-5, abs=1e-4)


def test_what_touches_is_at_no_distance_and_in_no_direction() -> None:
    zones = shapely.from_wkt(["POLYGON ((0 0, 2 0, 2 2, 0 2, 0 0))", "POLYGON ((1 0, 3 0, 3 2, 1 2, 1 0))"])
    links, tied = nearest(shapely.points([(1.5, 1), (180, 5)]), np.append(zones, shapely.Point(-180, 5)), 1)
    assert links.metres.tolist() == [0, 0]
    assert links.second.tolist() == [0, 2]
    assert np.isnan(links.bearing).all()
    assert tied.tolist() == [0]


def test_neighbours_at_the_same_distance_are_told_and_taken_in_their_order() -> None:
    links, tied = nearest(shapely.points([(0, 0)]), shapely.points([(1, 0), (-1, 0), (5, 0)]), 1)
    assert (links.second.tolist(), tied.tolist()) == ([0], [0])
    assert links.bearing.tolist() == pytest.approx([90])
    assert not nearest(shapely.points([(0, 0)]), shapely.points([(1, 0), (-1, 0), (5, 0)]), 2)[1].size


def test_nothing_is_found_beyond_the_limit_nor_for_what_has_no_geometry() -> None:
    first = shapes_of([shapely.Point(0, 0), None, shapely.Point(50, 0), shapely.Point()])
    links, _ = nearest(first, shapes_of([shapely.Point(0, 1), None]), 3, 200_000)
    assert (links.first.tolist(), links.second.tolist()) == ([0], [0])
    assert not len(nearest(first, shapes_of([None]), 1)[0])


def test_more_neighbours_than_there_are_is_all_of_them() -> None:
    links, _ = nearest(shapely.points([(0, 0), (0, 89)]), shapely.points([(10, 0), (170, 0), (180, -89)]), 9)
    assert links.first.tolist() == [0, 0, 0, 1, 1, 1]


def test_many_equal_points_are_found_all_the_same() -> None:
    links, tied = nearest(shapely.points(np.zeros((50, 2))), shapely.points(np.ones((60, 2))), 2)
    assert len(links) == 100
    assert len(tied) == 50


@pytest.mark.parametrize("area", [EVERYWHERE, POLAR, SEAM, ((5, 45), (15, 55))])
def test_one_neighbour_of_many_points_is_the_first_of_several_with_those_as_near(area: Any) -> None:
    # Some are there twice, and others, rounded, as near as others.
    first, second = (np.round(places(seed, area, count), 1) for seed, count in ((5, 3000), (6, 400)))
    first, second = shapely.points(first), shapely.points(np.concatenate([second, second[:40]]))
    one, tied = nearest(first, second, 1)
    several, _ = nearest(first, second, 9)
    leading, following = (np.searchsorted(several.first, np.arange(len(first))) + place for place in (0, 1))
    assert one.first.tolist() == list(range(len(first)))
    assert one.second.tolist() == several.second[leading].tolist()
    assert one.metres.tolist() == several.metres[leading].tolist()
    assert np.array_equal(one.bearing, several.bearing[leading], equal_nan=True)
    as_near = several.metres[following] - several.metres[leading] <= MARGIN
    assert tied.tolist() == np.flatnonzero(as_near).tolist()
    assert tied.size


def test_what_is_too_much_at_once_is_taken_in_parts_and_one_by_one(monkeypatch) -> None:
    source = np.random.default_rng(8)
    first, second = (
        shapely.buffer(shapely.points(source.uniform((-180, -80), (180, 80), (count, 2))), 2, quad_segs=6)
        for count in (12, 40)
    )
    for count in (1, 3):
        whole, _ = nearest(first, second, count)
        with monkeypatch.context() as patched:
            patched.setattr(relations, "MOST_PAIRS", 200)
            parts, _ = nearest(first, second, count)
        assert parts.second.tolist() == whole.second.tolist()
        assert parts.metres == pytest.approx(whole.metres, rel=1e-9)


def test_features_have_neighbours_among_themselves_and_never_themselves() -> None:
    points = Features(shapely.points([(0, 0), (0, 0), (0, 0), (1, 0), (3, 0)]), {"id": [1, 2, 3, 4, 5]})
    made = nearest_features(points, None, 1, np.inf)
    assert [(row["id_1"], row["id_2"]) for row in made.features.rows()] == [(1, 2), (2, 1), (3, 1), (4, 1), (5, 4)]


def test_a_projected_crs_gives_planar_distances_too() -> None:
    utm = parse_crs("EPSG:32633")
    site = Features(shapely.points([(500_300, 500)]), {}, utm)
    gauges = Features(shapely.points([(500_400, 300), (500_200, 900), (500_800, 600)]), {"mm": [268, 197, 731]}, utm)
    made = nearest_features(site, gauges, 2, np.inf)
    assert made.features.fields["mm"] == [268, 197]
    assert made.features.fields["planar_distance_m"] == pytest.approx([50_000**0.5, 170_000**0.5], rel=1e-12)
    assert made.features.fields["distance_m"] == pytest.approx([50_000**0.5 / 0.9996, 170_000**0.5 / 0.9996], rel=1e-5)
    assert made.features.fields["rank"] == [1, 2]


@pytest.mark.parametrize("reach", [1e-6, 1e-3, 1.0, 8.0, 180.0])
def test_what_a_chord_tells_of_a_geodesic_is_never_less_and_hardly_more(reach: float, geodesic_distance) -> None:
    random = np.random.default_rng(11)
    start = random.uniform((-180, -80), (180, 80), (300, 2))
    end = np.clip(start + random.uniform(-reach, reach, (300, 2)), (-180, -90), (180, 90))
    ends = np.stack([start, end], axis=1)
    metres = geodesic_distance(start[:, 0], start[:, 1], end[:, 0], end[:, 1])
    told = at_most(ends)
    assert (told >= metres * (1 - 1e-9) - 1e-6).all()
    assert (told <= metres * 1.0001 + 1e-6).all()
