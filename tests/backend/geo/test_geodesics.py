"""Geodesics against published values: GeographicLib's documentation and Karney (2013), and closed forms."""

import math

import pytest

from backend.geo.geodesy.geodesics import Way, destination, geodesic

EQUATORIAL = 6378137.0
QUARTER = 10_001_965.729_3
"""Metres from the equator to a pole (published)."""


def test_the_published_way_from_wellington_to_salamanca() -> None:
    way = geodesic((174.81, -41.32), (-5.50, 40.96))
    assert way.metres == pytest.approx(19_959_679.267_35, abs=1e-4)
    assert way.initial_bearing == pytest.approx(161.067_669_986_16, abs=1e-9)
    assert way.final_bearing == pytest.approx(18.825_195_123_25, abs=1e-9)
    assert "nearly antipodal" in way.warnings[0]


def test_the_published_way_from_new_york_to_paris() -> None:
    way = geodesic((-73.8, 40.6), (2.55, 49.016_666_67))
    assert way.metres == pytest.approx(5_853_226, abs=0.5)
    assert (way.initial_bearing, way.final_bearing) == pytest.approx((53.470_22, 111.593_67), abs=0.5e-5)


def test_the_published_destination_5850_km_from_new_york() -> None:
    way = destination((-73.778_888_89, 40.639_722_22), 53.5, 5_850_000)
    assert way.end == pytest.approx((2.561_06, 49.014_67), abs=0.5e-5)
    assert way.final_bearing == pytest.approx(111.629_47, abs=0.5e-5)


def test_an_arc_of_the_equator_is_its_radius_times_the_angle() -> None:
    way = geodesic((-170, 0), (170, 0))
    assert way.metres == pytest.approx(EQUATORIAL * math.radians(20), rel=1e-12)
    assert (way.initial_bearing, way.final_bearing) == (270, 270)


@pytest.mark.parametrize("longitude", [-180, -77.5, 0, 180])
def test_the_quarter_meridian_is_as_long_as_published(longitude: float) -> None:
    way = geodesic((longitude, 0), (12, 90))
    assert way.metres == pytest.approx(QUARTER, rel=1e-10)
    assert way.initial_bearing == pytest.approx(0, abs=1e-9)
    assert way.warnings == ("The end is a pole: the bearing there refers to its meridian of longitude.",)


def test_no_way_has_no_bearing() -> None:
    assert geodesic((13, 52), (13, 52)) == Way((13, 52), 0, None, None, ())
    assert geodesic((180, 52), (-180, 52)).initial_bearing is None


def test_a_quarter_of_the_equator_leads_there() -> None:
    way = destination((100, 0), 90, EQUATORIAL * math.pi / 2)
    assert way.end == pytest.approx((-170, 0), abs=1e-9)
    assert way.final_bearing == pytest.approx(90)
    assert way.warnings == ()


def test_beyond_the_pole_the_way_leads_south() -> None:
    way = destination((30, 80), 0, 2_500_000)
    assert way.end[0] == pytest.approx(-150, abs=1e-9)
    assert way.final_bearing == pytest.approx(180)


@pytest.mark.parametrize("bearing", [-90.0, 270.0])
def test_bearings_may_be_negative_and_are_told_from_0_to_360(bearing: float) -> None:
    way = destination((0, 0), bearing, 1000)
    assert way.initial_bearing == 270
    assert way.end[0] == pytest.approx(-math.degrees(1000 / EQUATORIAL), rel=1e-12)


@pytest.mark.parametrize("start", [(13.4, 52.5), (-179.9, -60.0), (0.0, 89.9)])
@pytest.mark.parametrize("bearing", [0.0, 33.0, 200.0, 359.0])
def test_a_destination_is_as_far_away_as_was_asked(start, bearing, geodesic_distance) -> None:
    way = destination(start, bearing, 1_234_567.0)
    assert float(geodesic_distance(*start, *way.end)) == pytest.approx(1_234_567.0, rel=1e-9)
    back = geodesic(way.end, start)
    assert back.initial_bearing == pytest.approx((way.final_bearing + 180) % 360, abs=1e-7)


def test_more_than_half_around_the_earth_is_not_the_shortest_way() -> None:
    assert "shorter one" in destination((0, 0), 90, 2.5e7).warnings[0]


def test_a_way_of_no_length_ends_where_it_starts() -> None:
    assert destination((5, 6), 45, 0) == Way((5, 6), 0, 45, 45, ())
