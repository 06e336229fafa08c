"""Which authority's code the CRS of a file has: never one of a datum that the file does not tell."""

import json
import re

import pytest
from affine import Affine
from pyproj import CRS

from backend.geo.geodesy.crs import CRS84, Transformation, authority_code, degrees_per_unit, parse_crs, stored_crs
from backend.processes.raster_sample import raster_sample
from backend.processes.running import run_processor
from tests.backend.geotiffs import tiff

SWISS = "+proj=somerc +lat_0=46.9524055555556 +lon_0=7.43958333333333 +x_0=600000 +y_0=200000 +units=m +no_defs"
UNTOLD = [
    "+proj=utm +zone=32 +ellps=intl +units=m +no_defs",
    "+proj=utm +zone=32 +ellps=GRS80 +units=m +no_defs",
    "+proj=longlat +ellps=intl",
    f"{SWISS} +ellps=bessel",
]


def quiet(percent: float, message: str | None = None) -> None:
    pass


@pytest.mark.parametrize("definition", UNTOLD)
@pytest.mark.parametrize("form", ["PROJ", "WKT2_2019", "WKT1_GDAL", "WKT1_ESRI"])
def test_an_unknown_datum_stays_unknown(definition: str, form: str) -> None:
    crs = CRS(definition) if form == "PROJ" else CRS.from_wkt(CRS(definition).to_wkt(form))
    assert authority_code(crs) is None
    assert stored_crs(crs, "the file") == crs
    assert "ballpark" in Transformation.between(crs, CRS84).warnings[0]


def test_a_datum_without_a_name_is_unknown() -> None:
    named = CRS(UNTOLD[0]).to_wkt("WKT1_GDAL")
    unnamed = CRS.from_wkt(re.sub(r'DATUM\["[^"]*"', 'DATUM["unnamed"', named))
    assert unnamed.datum is not None
    assert unnamed.datum.name == "unnamed"
    assert authority_code(unnamed) is None


@pytest.mark.parametrize(
    ("definition", "code"),
    [
        ("+proj=utm +zone=32 +datum=WGS84", "EPSG:32632"),
        ("+proj=tmerc +lat_0=0 +lon_0=9 +k=1 +x_0=3500000 +y_0=0 +datum=potsdam", "EPSG:31467"),
    ],
)
def test_a_datum_that_is_told_gives_the_code_of_a_definition_without_one(definition: str, code: str) -> None:
    assert authority_code(CRS(definition)) == code


@pytest.mark.parametrize("code", ["EPSG:23032", "EPSG:25832", "EPSG:21781", "EPSG:27700", "EPSG:2263", "EPSG:4258"])
def test_the_names_of_esri_are_recognised(code: str) -> None:
    assert authority_code(CRS.from_wkt(CRS(code).to_wkt("WKT1_ESRI"))) == code


def test_a_sample_of_a_raster_of_unknown_datum_is_doubtful() -> None:
    raster = tiff([[1.0, 2.0], [3.0, 4.0]], Affine(500, 0, 500_000, 0, -500, 5_538_630), UNTOLD[0])
    asked = {"raster": raster, "features": "POINT (9.003 49.997)"}
    outputs = run_processor(raster_sample({"name": "here"}), asked, None, quiet)
    told = json.loads(next(iter(outputs)).encode())
    assert "EPSG:23032" not in json.dumps(told)
    assert any("ballpark" in warning for warning in told["warnings"])


@pytest.mark.parametrize(("code", "degrees"), [("EPSG:4326", 1), ("OGC:CRS84", 1), ("EPSG:4807", 0.9)])
def test_units_of_angle_are_those_of_the_crs(code: str, degrees: float) -> None:
    assert degrees_per_unit(CRS(code)) == pytest.approx(degrees, rel=1e-14)


@pytest.mark.parametrize(
    "code",
    [
        "IGNF:RGF93CC45.IGN69",
        "urn:ogc:def:crs:IGNF::RGF93CC45.IGN69",
        "http://www.opengis.net/def/crs/IGNF/0/RGF93CC45.IGN69",
    ],
)
def test_a_code_may_hold_points_as_those_of_heights_in_france_do(code: str) -> None:
    assert parse_crs(code).name == "RGF93 CC45 zone 4 et NGF-IGN 1969"
    assert authority_code(stored_crs(parse_crs(code), "the file")) == "IGNF:RGF93CC45.IGN69"
