"""What is at a position: the country, and the nearest place. Imports GDAL: for workers only."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import shapely

from backend.geo.geodesy.ellipsoid import Array, Integers, inverse
from backend.geo.geodesy.geocentric import geocentric
from backend.geo.geodesy.shapes import Shapes
from backend.geo.places.coordinates import points
from backend.geo.places.places import DATA
from backend.geo.vector.datasets import DatasetFile
from backend.geo.vector.features import Features
from backend.geo.vector.vector_files import read_file

COARSE = 0.03
"""Degrees of latitude, about 3 km: borders and coasts are as good as that."""
_SHORTEST_DEGREE = 110_500.0
"""Metres: no degree of latitude is shorter."""
_ALIKE = 1.001
"""Chords through the ellipsoid that differ by less do not tell which geodesic is the shorter one."""
_CHUNK = 2_000
"""Positions that are looked at together: far from any place each has thousands of candidates."""


@dataclass(frozen=True, slots=True)
class Nearest:
    """For each position the nearest place."""

    rows: Sequence[Sequence[str]]
    """Name, country code, admin1 code, region, population, latitude, longitude."""
    metres: Array
    bearings: Array
    """Degrees clockwise from north, from the position to the place."""


def are_points(shapes: Shapes) -> bool:
    """Whether none of the geometries is anything else."""
    return bool((shapely.get_type_id(shapes) == 0).all())


def countries() -> Features:
    """The packaged countries, as they stand in their file: it is known to be valid."""
    return read_file(DatasetFile("countries", DATA / "countries.fgb", "vector"))


def countries_at(outlines: Shapes, positions: Shapes) -> list[list[int]]:
    """The countries that hold each position, none at sea; two at a border."""
    # A tree of the positions, so that GEOS prepares each outline once for all of them.
    pairs = shapely.STRtree(positions).query(outlines, predicate="intersects")
    return _by_position(pairs, len(positions))


def countries_about(outlines: Shapes, positions: Shapes) -> list[list[int]]:
    """The countries within `COARSE` of each position."""
    latitudes = np.radians(np.clip(shapely.get_coordinates(positions)[:, 1], -89, 89))
    reach = COARSE / np.cos(latitudes)
    pairs = shapely.STRtree(positions).query(outlines, predicate="dwithin", distance=float(reach.max()))
    country, position = pairs
    dwithin: Any = shapely.dwithin  # whose stub knows no array of distances
    near = dwithin(outlines[country], positions[position], reach[position])
    return _by_position(pairs[:, near], len(positions))


def nearest_places(positions: Shapes) -> Nearest:
    """The nearest place of 15,000 inhabitants or more, on the ellipsoid."""
    lines = (DATA / "places.csv").read_text("utf-8").splitlines()[1:]
    there = np.loadtxt(lines, delimiter=",", quotechar='"', comments=None, usecols=(6, 5))
    # The places stand in the tree three times, so that none is far away beyond the antimeridian.
    turn = np.array([360.0, 0.0])
    tree = shapely.STRtree(points(np.concatenate([there, there + turn, there - turn])))
    here = shapely.get_coordinates(positions)
    parts = [_nearest(here[start : start + _CHUNK], there, tree) for start in range(0, len(here), _CHUNK)]
    rows, azimuths, metres = (np.concatenate(columns) for columns in zip(*parts, strict=True))
    winners: list[int] = rows.tolist()
    return Nearest(list(csv.reader(lines[index] for index in winners)), metres, azimuths % 360)


def _nearest(here: Array, there: Array, tree: shapely.STRtree) -> tuple[Integers, Array, Array]:
    """Row, azimuth and distance of the nearest place of each position."""
    guess = tree.nearest(shapely.points(here)) % len(there)
    reach = _geodesics(here, there[guess])[1]
    position, copy = tree.query(_boxes(here, reach))
    place = copy % len(there)
    chords = np.linalg.norm(geocentric(here)[position] - geocentric(there)[place], axis=1)
    shortest = np.full(len(here), np.inf)
    np.minimum.at(shortest, position, chords)
    alike = chords <= shortest[position] * _ALIKE
    position, place = position[alike], place[alike]
    azimuths, metres = _geodesics(here[position], there[place])
    order = np.lexsort((place, metres, position))
    first = order[np.unique(position[order], return_index=True)[1]]
    return place[first], azimuths[first], metres[first]


def _boxes(here: Array, metres: Array) -> Shapes:
    """Boxes in longitude and latitude that hold all that is within a distance."""
    up = metres * 1.001 / _SHORTEST_DEGREE + 1e-9
    longitude, latitude = here.T
    beyond = np.abs(latitude) + up >= 90
    ratio = np.sin(np.radians(np.minimum(up, 90))) / np.cos(np.radians(np.where(beyond, 0, latitude)))
    across = np.where(beyond | (ratio >= 1), 180, np.degrees(np.arcsin(np.minimum(ratio, 1))))
    return cast("Shapes", shapely.box(longitude - across, latitude - up, longitude + across, latitude + up))


def _geodesics(start: Array, end: Array) -> tuple[Array, Array]:
    return inverse(start[:, 0], start[:, 1], end[:, 0], end[:, 1])


def _by_position(pairs: Integers, count: int) -> list[list[int]]:
    """Countries in ascending order, of pairs of country and position."""
    found: list[list[int]] = [[] for _ in range(count)]
    for country, position in sorted(pairs.T.tolist()):
        found[position].append(country)
    return found
