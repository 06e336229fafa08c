"""MGRS against the library of its authority, where that is installed, and against published corners."""

import random

import pytest

from backend.errors import ProcessRefusedError
from backend.geo.geodesy.ellipsoid import GEOD
from backend.geo.places.coordinates_mgrs import Square, read_mgrs


def test_references_mean_what_geotrans_says() -> None:
    mgrs = pytest.importorskip("mgrs", reason="the library that is compared with is not installed")
    geotrans, chance = mgrs.MGRS(), random.Random(20)  # noqa: S311  # positions to try, no secrets
    for _ in range(200):
        latitude, longitude = chance.uniform(-90, 90), chance.uniform(-180, 180)
        reference = geotrans.toMGRS(latitude, longitude, MGRSPrecision=chance.randint(0, 5))
        square = read_mgrs(reference)
        assert square is not None
        there = geotrans.toLatLon(reference)
        assert GEOD.inv(there[1], there[0], square.longitude, square.latitude)[2] < 0.02, reference


@pytest.mark.parametrize(
    ("latitude", "longitude", "reference"),
    # The south-west of Norway is in zone 32, Svalbard in zones of 12°; squares begin at the equator and at 80° S.
    [(60, 5, "32VKM"), (0, 0, "31NAA"), (-80, -180, "01CDM")],
)
def test_wide_zones_and_polar_areas_have_the_squares_that_hold_them(
    latitude: float, longitude: float, reference: str
) -> None:
    # A square of 100 km is its centre ± 50 km along both axes: at most 71 km away.
    square = read_mgrs(reference)
    assert square is not None
    assert square.metres == 100_000
    assert GEOD.inv(longitude, latitude, square.longitude, square.latitude)[2] < 72_000


@pytest.mark.parametrize("reference", ["00CAA", "32XAA1111", "32UAA", "31AAA", "ABX11", "32UPW", "31UZZ", "31NIA"])
def test_squares_that_do_not_exist_are_no_places(reference: str) -> None:
    assert _square(reference) is None


def _square(reference: str) -> Square | None:
    try:
        return read_mgrs(reference)
    except ProcessRefusedError:
        return None


def test_other_texts_are_no_references() -> None:
    assert [read_mgrs(text) for text in ("", "abc", "52.5 13.4", "32N 691608 5334764", "32U")] == [None] * 5
