"""Which way is taken between the datums of geographic CRSs, and how well it is known."""

import numpy as np
import pytest
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
