"""Geometries alone, as texts: of databases, and several in lines."""

import pytest
import shapely

from backend.errors import ProcessRefusedError
from backend.geo.geodesy.crs import CRS84, code_of
from backend.geo.geodesy.shapes import shapes_of
from backend.geo.vector.feature_reading import read_features
from backend.geo.vector.features import Features
from backend.geo.vector.reading import read_geometry

SQUARE = "POLYGON ((11 48, 11.1 48, 11.1 48.1, 11 48.1, 11 48))"


def hexadecimal(wkt: str, srid: int = 0) -> str:
    shapes = shapely.set_srid(shapes_of([shapely.from_wkt(wkt)]), srid)
    return shapely.to_wkb(shapes, hex=True, include_srid=bool(srid), byte_order=1)[0]


def places(features: Features) -> list[str]:
    return [shapely.to_wkt(shape, rounding_precision=-1) for shape in features.shapes.tolist()]


@pytest.mark.parametrize("text", ["{0}\n{1}", "\n {0} \r\n\r\n{1}\r\n", "{0};\n{1};", "{0},\n{1}"])
def test_geometries_in_lines_are_features(text: str) -> None:
    features = read_features(text.format("POINT (11 48)", SQUARE))
    assert places(features) == ["POINT (11 48)", SQUARE]
    assert features.crs == CRS84
    assert read_geometry(text.format("POINT (11 48)", SQUARE)).features == 2


def test_a_geometry_over_several_lines_is_one() -> None:
    text = "GEOMETRYCOLLECTION (\nPOINT (11 48),\nPOINT (12 48)\n)"
    assert len(read_features(text)) == 1
    assert len(read_features(SQUARE.replace(", ", ",\n"))) == 1
    assert len(read_features("GEOMETRYCOLLECTION (POINT (11 48),\nPOINT (12 48))")) == 1


def test_geometries_in_lines_are_in_the_crs_that_they_tell() -> None:
    features = read_features("SRID=25832;POINT (690000 5330000)\nSRID=25832;POINT (690100 5330000)")
    assert code_of(features.crs) == "EPSG:25832"
    assert places(features) == ["POINT (690000 5330000)", "POINT (690100 5330000)"]
    with pytest.raises(ProcessRefusedError, match="several CRSs, SRID 4326 and 25832"):
        read_features("SRID=25832;POINT (690000 5330000)\nSRID=4326;POINT (11 48)")


@pytest.mark.parametrize("mark", ["", r"\x", "0x"])
def test_bytes_in_hexadecimal_digits_are_a_geometry(mark: str) -> None:
    assert places(read_features(mark + hexadecimal(SQUARE))) == [SQUARE]
    assert shapely.equals(read_geometry(mark + hexadecimal(SQUARE)).shape, shapely.from_wkt(SQUARE))
    assert places(read_features(f"{mark}{hexadecimal('POINT (1 2)').lower()}\n{mark}{hexadecimal(SQUARE)}\n")) == [
        "POINT (1 2)", SQUARE,
    ]  # fmt: skip


def test_bytes_that_tell_their_crs_are_in_it() -> None:
    found = read_geometry(hexadecimal("POINT (691608 5334764)", 32632))
    assert found.native is not None
    assert code_of(found.native.crs) == "EPSG:32632"
    assert shapely.get_coordinates(found.shape)[0] == pytest.approx([11.575559, 48.137254], abs=1e-6)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("0101000000000000000000F03F00000000000000", "neither WKT nor WKB in hexadecimal digits"),
        ("POINT (1 2)\nPOINT (3)", "neither WKT nor WKB in hexadecimal digits"),
        ("POINT (1 2)\nPOINT (3 4)\0 POINT (5 6)", "control character"),
        ("POINT (1 2)\nPOINT (200 95)", "latitude"),
        ("POINT (1 2); POINT (3 4)", "each stands in a line of its own"),
        ("POINT (1 2), POINT (3 4)", "each stands in a line of its own"),
        ("GEOMETRYCOLLECTION (POINT (1 2), POINT (3 4)", r"\)'\)$"),
        ("48.14, 11.57", "parse-coordinates reads it"),
        ("48°08'24\"N 11°34'12\"E", "parse-coordinates reads it"),
        ("Munich", "by its reference.*; where a place of that name is, geocode tells"),
        ("São Paulo, Brazil", "geocode tells"),
    ],
)
def test_what_is_no_geometry_is_refused_with_what_to_do(text: str, told: str) -> None:
    for read in (read_features, read_geometry):
        with pytest.raises(ProcessRefusedError, match=told):
            read(text)
