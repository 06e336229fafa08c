"""The nearest place, and the countries at a position, against looking at every one of them."""

import csv

import numpy as np
import shapely

from backend.geo.geodesy.ellipsoid import GEOD
from backend.geo.places.places import DATA
from backend.geo.places.places_near import COARSE, countries, countries_about, countries_at, nearest_places


def positions() -> np.ndarray:
    """Over the globe, with the poles, both sides of the antimeridian, and the emptiest ocean."""
    chance = np.random.default_rng(8)
    spread = np.column_stack([chance.uniform(-180, 180, 20), np.degrees(np.arcsin(chance.uniform(-1, 1, 20)))])
    special = [(0, 90), (0, -90), (180, 0), (-180, 0), (179.99, -17), (-179.9, 65), (20, 89.5), (-123.4, -48.9)]
    return np.concatenate([spread, special])


def test_no_place_is_nearer_than_the_nearest() -> None:
    with (DATA / "places.csv").open(encoding="utf-8", newline="") as file:
        table = list(csv.reader(file))[1:]
    longitudes, latitudes = np.array([(float(row[6]), float(row[5])) for row in table]).T
    asked = positions()
    nearest = nearest_places(shapely.points(asked))
    for index, (longitude, latitude) in enumerate(asked):
        start = np.full((2, len(table)), [[longitude], [latitude]])
        metres = GEOD.inv(start[0], start[1], longitudes, latitudes)[2]
        assert abs(metres.min() - nearest.metres[index]) < 1e-6
        assert nearest.rows[index] == table[int(metres.argmin())]


def test_the_countries_at_and_about_a_position_are_those_whose_outline_says_so() -> None:
    outlines = countries().shapes
    # A degree of longitude is shorter in the north: there a border is farther away in degrees.
    north = [(28.9 + 0.01 * step, 69.2) for step in range(12)]
    asked = shapely.points([*positions()[:20], (7.59, 47.56), (7.42, 43.735), (6.1, 49.5), *north])
    inside, about = countries_at(outlines, asked), countries_about(outlines, asked)
    for point, found, near in zip(asked, inside, about, strict=True):
        assert found == np.flatnonzero(shapely.intersects(outlines, point)).tolist()
        reach = COARSE / np.cos(np.radians(min(abs(point.y), 89)))
        assert near == np.flatnonzero(shapely.distance(outlines, point) <= reach).tolist()
