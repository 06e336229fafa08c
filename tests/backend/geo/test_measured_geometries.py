"""Measures of positions (M) are left out, and that is told; what stands beside them stays."""

from typing import Any

import pytest
import shapely

from backend.geo.vector.feature_reading import read_features
from backend.geo.vector.reading import read_geometry
from backend.geo.vector.unchecked import read_unchecked
from tests.backend.processes.conversions import converted, told

TOLD = "measures (M)"


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("POINT M (1 2 3)", "POINT (1 2)"),
        ("POINT ZM (1 2 3 4)", "POINT Z (1 2 3)"),
        ("LINESTRING M (0 0 5, 1 1 6)", "LINESTRING (0 0, 1 1)"),
        ("POLYGON ZM ((0 0 1 9, 1 0 2 9, 1 1 3 9, 0 0 1 9))", "POLYGON Z ((0 0 1, 1 0 2, 1 1 3, 0 0 1))"),
        ("GEOMETRYCOLLECTION ZM (POINT ZM (1 2 3 4))", "GEOMETRYCOLLECTION Z (POINT Z (1 2 3))"),
    ],
)
def test_measures_are_left_out_and_heights_stay(text: str, plain: str) -> None:
    for features in (read_features(text), read_unchecked(text).features):
        assert [shape.wkt for shape in features.shapes] == [plain]
        assert [warning for warning in features.warnings if TOLD in warning] == [
            "The measures (M) of 1 geometries were left out."
        ]
    assert any(TOLD in warning for warning in read_geometry(text).warnings)


def test_measures_are_left_out_beside_geometries_without_any() -> None:
    hexadecimal = shapely.to_wkb(shapely.from_wkt("POINT ZM (1 2 3 4)"), hex=True)
    features = read_features("n,wkt\n1,POINT M (1 2 3)\n2,POINT Z (4 5 6)\n3,\n4,POINT (7 8)")
    assert [shape and shape.wkt for shape in features.shapes] == ["POINT (1 2)", "POINT Z (4 5 6)", None, "POINT (7 8)"]
    assert [shape.wkt for shape in read_features(hexadecimal).shapes] == ["POINT Z (1 2 3)"]


@pytest.mark.parametrize("form", ["geopackage", "flatgeobuf", "shapefile", "kml", "geoparquet", "csv", "geojsonl"])
def test_what_came_with_measures_is_written_with_its_heights(form: str) -> None:
    output = converted("LINESTRING ZM (9 48 100 1, 10 49 200 2)", format=form)
    assert told(output, TOLD)
    source: Any = output.encode()
    again = read_features(source.decode() if form == "csv" else source)
    assert [shape.wkt for shape in again.shapes] == ["LINESTRING Z (9 48 100, 10 49 200)"]


def test_a_height_beside_a_measure_stays_when_it_is_reprojected() -> None:
    text = converted("POINT ZM (9 48 300 4)", format="csv", crs="EPSG:25832").encode().decode()
    assert text.splitlines()[0] == "x,y,z"
    assert text.splitlines()[1].endswith(",300.0")
