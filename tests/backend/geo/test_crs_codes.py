"""Which authority's code the CRS of a file has: never one of a datum that the file does not tell."""

import json
import re

import pytest
from affine import Affine
from pyproj import CRS

from backend.errors import ProcessRefusedError
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


@pytest.mark.parametrize(
    ("name", "first"),
    [
        ("UTM zone 32N", "EPSG:32632 (WGS 84 / UTM zone 32N)"),
        ("WGS 84 / UTM zone 33 N", "EPSG:32633 (WGS 84 / UTM zone 33N)"),
        ("ETRS89 UTM 32N", "EPSG:25832 (ETRS89 / UTM zone 32N)"),
        ("British National Grid", "EPSG:27700 (OSGB36 / British National Grid)"),
        ("Lambert-93", "EPSG:2154 (RGF93 v1 / Lambert-93)"),
        ("NAD83 / Texas Central (ftUS)", "EPSG:2277 (NAD83 / Texas Central (ftUS))"),
        ("LV95", "EPSG:2056 (CH1903+ / LV95)"),
        ("Web Mercator", "EPSG:3857 (WGS 84 / Pseudo-Mercator)"),
        ("DHDN Gauss-Krüger zone 4", "EPSG:31468 (DHDN / 3-degree Gauss-Kruger zone 4)"),
    ],
)
def test_who_names_a_crs_by_its_name_is_told_its_code(name: str, first: str) -> None:
    with pytest.raises(ProcessRefusedError) as refused:
        parse_crs(name)
    assert f"; by that name there is {first}" in str(refused.value)
    assert str(refused.value).count(first) == 1


@pytest.mark.parametrize("text", ["+proj=utm +zone=32", "32", "z" * 100, "Atlantis grid", "PROJCS[...]", "é", ""])
def test_what_names_none_is_refused_without_suggestions(text: str) -> None:
    with pytest.raises(ProcessRefusedError, match="CRS") as refused:
        parse_crs(text)
    assert "by that name" not in str(refused.value)
