"""A code that its authority no longer recommends is the CRS that it names, in files that we read and write.

EPSG:2192 (ED50 / France EuroLambert) was replaced by 2154, whose false northing is larger by 4,400 km.
"""

import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pyogrio
import pyogrio.raw
import pytest
import shapely
from pyproj import CRS, Transformer

from backend.geo.describing.files import describe_file
from backend.geo.geodesy.crs import code_of
from backend.geo.vector.datasets import DatasetFile
from backend.geo.vector.vector_files import read_file
from tests.backend.processes.conversions import converted, file_of, warnings_of

DEPRECATED = "EPSG:2192"
PLACE = (5.5, 48.0)
"""Longitude and latitude."""
DRIVERS = {".gpkg": "GPKG", ".fgb": "FlatGeobuf"}


@contextmanager
def as_stored() -> Iterator[None]:
    """GDAL takes codes as they are."""
    pyogrio.set_gdal_config_options({"OSR_USE_NON_DEPRECATED": "NO"})
    try:
        yield
    finally:
        pyogrio.set_gdal_config_options({"OSR_USE_NON_DEPRECATED": None})


def written(path: Path, *layers: str) -> DatasetFile:
    """A file with the place in the deprecated CRS, in each of these layers."""
    position = Transformer.from_crs("OGC:CRS84", DEPRECATED, always_xy=True).transform(*PLACE)
    with as_stored():
        for layer in layers:
            pyogrio.raw.write(
                path, shapely.to_wkb(np.array([shapely.Point(position)])), [], [], geometry_type="Point",
                crs=DEPRECATED, driver=DRIVERS[path.suffix], layer=layer, append=path.exists(),
            )  # fmt: skip
    return DatasetFile(path.stem, path, "vector")


@pytest.mark.parametrize("suffix", DRIVERS)
def test_features_of_a_deprecated_crs_are_where_they_are(suffix: str, tmp_path: Path) -> None:
    features = read_file(written(tmp_path / f"old{suffix}", "old"))
    assert code_of(features.crs) == DEPRECATED
    lonlat = shapely.get_coordinates(features.lonlat().shapes)[0]
    assert lonlat == pytest.approx(PLACE, abs=1e-4)


def test_layers_are_told_with_the_code_that_they_have(tmp_path: Path) -> None:
    told = describe_file(written(tmp_path / "old.gpkg", "one", "two"))
    assert [layer["crs"] for layer in told["layers"]] == [DEPRECATED] * 2


@pytest.mark.parametrize(("form", "suffix"), [("geopackage", ".gpkg"), ("flatgeobuf", ".fgb"), ("shapefile", ".zip")])
def test_a_file_is_in_the_deprecated_crs_that_was_asked_for(form: str, suffix: str, tmp_path: Path) -> None:
    output = converted({"type": "Point", "coordinates": PLACE}, format=form, crs=DEPRECATED)
    path = file_of(output, tmp_path / f"made{suffix}")
    if suffix == ".zip":
        zipfile.ZipFile(path).extractall(tmp_path)
        path = tmp_path / "features.shp"
    with as_stored():
        crs = CRS(pyogrio.read_info(path)["crs"])
    # Shapefiles hold parameters, and no codes.
    assert (crs.to_epsg(), suffix) == (2192, suffix) or crs.to_dict() == CRS(DEPRECATED).to_dict()


@pytest.mark.parametrize(
    ("form", "told"), [("geopackage", True), ("flatgeobuf", True), ("geojson", True), ("shapefile", False)]
)
def test_it_is_told_where_other_programs_will_take_another_crs_for_it(form: str, told: bool) -> None:
    output = converted({"type": "Point", "coordinates": PLACE}, format=form, crs=DEPRECATED)
    assert any("EPSG:2192 is deprecated" in warning for warning in warnings_of(output)) == told
    current = converted({"type": "Point", "coordinates": PLACE}, format=form, crs="EPSG:2154")
    assert not any("deprecated" in warning for warning in warnings_of(current))


_PROGRAM = """
from backend.geo.vector.reach import confine
confine()
import numpy as np, rasterio, sys
from rasterio.transform import from_origin
grid = dict(driver="GTiff", width=1, height=1, count=1, dtype="uint8", transform=from_origin(8e5, 23e5, 10, 10))
with rasterio.open(sys.argv[1], "w", crs="EPSG:2192", **grid) as file:
    file.write(np.ones((1, 1, 1), "uint8"))
with rasterio.open(sys.argv[1]) as file:
    print(file.crs.to_epsg())
"""


def test_rasters_in_workers_keep_it_too_whatever_the_environment_says(tmp_path: Path) -> None:
    environment = {**os.environ, "OSR_USE_NON_DEPRECATED": "YES"}
    arguments = [sys.executable, "-c", _PROGRAM, str(tmp_path / "old.tif")]
    done = subprocess.run(arguments, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.strip()) == (0, "2192"), done.stderr
