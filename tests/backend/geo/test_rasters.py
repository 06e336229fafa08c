"""Reading and writing GeoTIFFs."""

# rasterio has no types.
# pyright: reportUnknownMemberType=false, reportUnknownArgumentType=false

from typing import Any

import numpy as np
import pytest
import rasterio
from affine import Affine
from rasterio.control import GroundControlPoint
from rasterio.errors import NotGeoreferencedWarning
from rasterio.io import MemoryFile

from backend.errors import ProcessRefusedError
from backend.geo.describing.rasters import describe_raster
from backend.geo.geodesy.crs import CRS84, code_of, parse_crs
from backend.geo.raster.rasters import Grid, check_size, geotiff, grid_of, opened, read_band
from backend.geo.raster.strips import spread
from tests.backend.geotiffs import UTM32, tiff

PLANE = parse_crs("EPSG:32632")


def claims(width: int, height: int) -> bytes:
    """A file of a few kilobytes that says it is of this size."""
    with MemoryFile() as file:
        profile: dict[str, Any] = {"driver": "GTiff", "width": width, "height": height, "count": 1, "dtype": "float32"}
        profile |= {"sparse_ok": True, "tiled": True, "blockxsize": 4096, "blockysize": 4096}
        file.open(crs="EPSG:32632", transform=UTM32, **profile).close()
        return bytes(file.getbuffer())


def test_a_small_file_that_claims_to_be_huge_is_refused_before_its_cells_are_read() -> None:
    bomb = claims(200_000, 200_000)
    assert len(bomb) < 100_000
    with pytest.raises(ProcessRefusedError, match="take a part of the area"), opened(bomb):
        pass
    with opened(bomb, windowed=True) as reader, pytest.raises(ProcessRefusedError, match="GiB"):
        read_band(reader)


@pytest.mark.parametrize("blocks", [{}, {"tiled": True, "blockxsize": 16, "blockysize": 32}])
def test_parts_spread_over_a_small_band_are_all_of_it(blocks: dict[str, Any]) -> None:
    values = np.arange(70 * 50, dtype=np.int16).reshape(70, 50)
    with opened(tiff(values, nodata=7, **blocks)) as reader:
        found = spread(reader, 1)
    assert sorted(found.compressed().tolist()) == [value for value in range(70 * 50) if value != 7]


def test_the_limit_counts_the_bytes_of_all_bands() -> None:
    check_size(16_384, 16_384, np.float32)
    with pytest.raises(ProcessRefusedError, match="2 GiB"):
        check_size(16_384, 16_384, np.float32, bands=2)


def test_longitude_and_latitude_are_one_crs_whatever_the_file_calls_it() -> None:
    for code in ("EPSG:4326", "OGC:CRS84", "EPSG:4979"):
        with opened(tiff(np.ones((2, 2), np.uint8), Affine(1, 0, 5, 0, -1, 50), code)) as reader:
            assert grid_of(reader).crs == CRS84 or code == "EPSG:4979"
    with opened(bytes(geotiff(np.ones((2, 2)), Grid(2, 2, Affine(1, 0, 5, 0, -1, 50), CRS84)))) as reader:
        assert grid_of(reader).crs == CRS84


def test_heights_of_a_compound_crs_are_left_aside() -> None:
    with opened(tiff(np.ones((2, 2), np.uint8), crs="EPSG:25832+7837")) as reader:
        assert code_of(grid_of(reader).crs) == "EPSG:25832"


def test_what_is_written_is_read_again() -> None:
    values = np.ma.masked_equal(np.arange(12, dtype=np.int16).reshape(3, 4), 5)
    with opened(bytes(geotiff(values, Grid(4, 3, UTM32, PLANE)))) as reader:
        again = read_band(reader)
        assert grid_of(reader) == Grid(4, 3, UTM32, PLANE)
    assert np.array_equal(again.mask, values.mask)
    assert np.array_equal(again.compressed(), values.compressed())


def test_what_takes_several_rows_of_tiles_is_written_whole() -> None:
    cells = np.arange(2 * 700 * 300, dtype=np.int32).reshape(2, 700, 300)
    values = np.ma.masked_where(cells % 7 == 0, cells)
    made = geotiff(values, Grid(300, 700, UTM32, PLANE))
    with opened(bytes(made)) as reader:
        for band in (1, 2):
            again = read_band(reader, band)
            assert np.array_equal(again.mask, values.mask[band - 1])
            assert np.array_equal(again.compressed(), values[band - 1].compressed())


@pytest.mark.parametrize("taken", [(), (255,), (255, 0), tuple(range(255))])
def test_no_value_of_integers_is_taken_for_nodata(taken: tuple[int, ...]) -> None:
    values = np.ma.masked_array(np.array([[*taken, 7, 99]], np.uint8), mask=[[False] * (len(taken) + 1) + [True]])
    with opened(bytes(geotiff(values, Grid(values.shape[1], 1, UTM32, PLANE)))) as reader:
        again = read_band(reader)
    assert again.mask.tolist() == values.mask.tolist()
    assert again.compressed().tolist() == [*taken, 7]


def test_integers_with_all_values_in_use_are_refused_rather_than_lost() -> None:
    values = np.ma.masked_array(np.arange(257, dtype=np.uint8)[np.newaxis], mask=[[False] * 256 + [True]])
    with pytest.raises(ProcessRefusedError, match="every value of uint8"):
        geotiff(values, Grid(257, 1, UTM32, PLANE))


def test_a_raster_without_a_place_is_refused() -> None:
    with pytest.warns(NotGeoreferencedWarning):
        nowhere = tiff(np.ones((2, 2), np.uint8), Affine.identity())
    with opened(nowhere) as reader, pytest.raises(ProcessRefusedError, match="where its cells lie"):
        grid_of(reader)


def test_a_raster_placed_by_ground_control_points_is_refused_as_such() -> None:
    corners = [GroundControlPoint(row, column, 500_000 + column, -row) for row in (0, 2) for column in (0, 2)]
    with MemoryFile() as file:
        with pytest.warns(NotGeoreferencedWarning):
            writer = file.open(driver="GTiff", count=1, width=2, height=2, dtype="uint8")
        writer.gcps = corners, rasterio.CRS.from_epsg(32632)
        writer.close()
        scan = bytes(file.getbuffer())
    with opened(scan) as reader, pytest.raises(ProcessRefusedError, match="has ground control points"):
        grid_of(reader)
    with opened(scan) as reader:
        assert any("ground control points" in warning for warning in describe_raster(reader)["warnings"])


def test_complex_numbers_are_refused() -> None:
    with opened(tiff(np.ones((2, 2), np.complex64))) as reader, pytest.raises(ProcessRefusedError, match="complex"):
        read_band(reader)


@pytest.mark.parametrize("projection", ["longlat +ellps=bessel", "merc +a=6378137 +b=6378137 +wktext"])
def test_a_crs_that_names_a_file_is_refused(projection: str) -> None:
    crs = rasterio.CRS.from_string(f"+proj={projection} +nadgrids=/etc/hosts +no_defs")
    with MemoryFile() as file:
        grid = {"width": 2, "height": 2, "transform": Affine(1, 0, 9, 0, -1, 48)}
        with file.open(driver="GTiff", count=1, dtype="uint8", crs=crs, **grid) as writer:
            writer.write(np.zeros((1, 2, 2), np.uint8))
        hostile = bytes(file.getbuffer())
    with opened(hostile) as reader, pytest.raises(ProcessRefusedError, match="names a file"):
        grid_of(reader)


@pytest.mark.parametrize("kind", ["float32", "float64"])
def test_what_is_no_finite_number_is_no_data(kind: str) -> None:
    values = np.array([[1, np.inf, -np.inf], [np.nan, -9999, 2]], dtype=kind)
    with opened(tiff(values, nodata=-9999)) as reader:
        assert read_band(reader).tolist() == [[1, None, None], [None, None, 2]]
