"""Which way is taken between the datums of geographic CRSs, and how well it is known."""

import numpy as np
import pytest
from pyproj import Transformer
from pyproj.transformer import AreaOfInterest, TransformerGroup

from backend.geo.geodesy.crs import CRS84, Transformation, parse_crs

GERMANY = (8.0, 48.0, 10.0, 50.0)


@pytest.mark.filterwarnings("ignore:Best transformation is not available:UserWarning")
@pytest.mark.parametrize(
    ("code", "bounds"),
    [
        ("EPSG:4269", (-100.0, 40.0, -99.0, 41.0)), ("EPSG:4314", GERMANY),
    ],
)  # fmt: skip
def test_positions_are_those_of_the_best_way_of_all_authorities(
    code: str, bounds: tuple[float, float, float, float]
) -> None:
    west, south, east, north = bounds
    corners = np.array([[west + 0.3, south + 0.3], [east - 0.3, north - 0.3]])
    crs = parse_crs(code)
    best = TransformerGroup(CRS84, crs, always_xy=True, area_of_interest=AreaOfInterest(*bounds)).transformers[0]
    expected = np.column_stack(best.transform(corners[:, 0], corners[:, 1]))
    assert Transformation.between(CRS84, crs, bounds).positions(corners) == pytest.approx(expected, abs=1e-9)
    assert Transformation.between(crs, CRS84, bounds).positions(expected) == pytest.approx(corners, abs=1e-8)


def test_a_way_that_epsg_knows_is_taken_where_the_search_among_all_authorities_finds_none() -> None:
    mayotte = (45.0, -13.0, 45.3, -12.6)
    for code in ("EPSG:4470", "EPSG:7039"):
        way = Transformation.between(CRS84, parse_crs(code), mayotte)
        assert (way.accuracy, way.ballpark) == (1.0, False)
        assert way.positions(np.array([[45.1, -12.8]])) == pytest.approx(np.array([[45.1, -12.8]]), abs=1e-7)
    assert not Transformation.between(CRS84, parse_crs("EPSG:4470")).ballpark


def test_a_frame_whose_ways_proj_cannot_list_is_a_ballpark() -> None:
    way = Transformation.between(parse_crs("EPSG:9006"), CRS84)
    assert way.ballpark
    assert way.positions(np.array([[9.0, 49.0]])) == pytest.approx(np.array([[9.0, 49.0]]), abs=1e-7)


def test_a_way_of_another_authority_is_taken_where_epsg_has_none() -> None:
    way = Transformation.between(CRS84, parse_crs("EPSG:9060"), GERMANY)
    assert not way.ballpark
    assert way.accuracy == pytest.approx(1.1)


@pytest.mark.parametrize(
    ("source", "target", "place", "year"),
    [
        ("EPSG:9000", "EPSG:7844", (151, -33), 2020),  # ITRF2014 to GDA2020
        ("EPSG:7844", "EPSG:9000", (151, -33), 2020),
        ("EPSG:9000", "EPSG:6318", (-100, 40), 2010),  # ITRF2014 to NAD83(2011)
    ],
)
def test_that_a_difference_grows_with_the_years_is_told_with_the_year_it_is_taken_for(
    source: str, target: str, place: tuple[float, float], year: int
) -> None:
    way = Transformation.between(parse_crs(source), parse_crs(target), (*place, *place))
    assert way.epochs == (year,)
    assert any(f"taken for those of {year}" in warning for warning in way.warnings)
    at_that_time = Transformer.from_crs(source, target, always_xy=True).transform(*place, 0, year)
    assert way.positions(np.array([place], dtype=np.float64))[0] == pytest.approx(at_that_time[:2], abs=1e-9)


def test_differences_that_do_not_change_tell_no_year() -> None:
    for source, target in (("EPSG:4283", "EPSG:7844"), ("EPSG:4326", "EPSG:25832"), ("EPSG:31467", "EPSG:25832")):
        assert Transformation.between(parse_crs(source), parse_crs(target)).epochs == ()
