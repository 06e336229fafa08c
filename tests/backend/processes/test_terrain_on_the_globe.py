"""`terrain` where planes lie oddly on the ground: at poles, in maps of the world, on other axes, units and globes."""

# rasterio has no types.
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false

import json
from typing import Any

import numpy as np
import pytest
from affine import Affine
from pyproj import Geod, Proj, Transformer

from backend.errors import ProcessRefusedError
from backend.processes.outputs import GEOTIFF
from backend.processes.running import run_processor
from backend.processes.terrain import terrain
from tests.backend.geotiffs import contents, tiff

EARTH = Geod(ellps="WGS84")
type Grid = np.ndarray[Any, np.dtype[Any]]


def quiet(percent: float, message: str | None = None) -> None:
    pass


def answer(**inputs: Any) -> dict[str, Any]:
    outputs = run_processor(terrain({"name": "here"}), inputs, None, quiet)
    return {one.id: one.encode() if one.media_type == GEOTIFF else json.loads(one.encode()) for one in outputs}


def cells(told: dict[str, Any]) -> Any:
    return contents(told["raster"])[0][0]


def ramp(rise: float, rows: int, columns: int) -> Grid:
    return np.broadcast_to(rise * np.arange(columns), (rows, columns)).copy()


def centres(transform: Affine, shape: tuple[int, int]) -> tuple[Grid, Grid]:
    columns, rows = np.meshgrid(np.arange(shape[1]) + 0.5, np.arange(shape[0]) + 0.5)
    return transform.c + transform.a * columns, transform.f + transform.e * rows


def ground_steps(crs: str, x: Grid, y: Grid, length: float = 50.0) -> list[Grid]:
    """East and north of a unit along x, then along y, by geodesics; NaN where the plane has no places."""
    lonlat, found = Transformer.from_crs(crs, "OGC:CRS84", always_xy=True).transform, []
    for across, along in ((length / 2, 0.0), (0.0, length / 2)):
        ends = np.array([*lonlat(x - across, y - along), *lonlat(x + across, y + along)])
        known = np.isfinite(ends).all(axis=0)
        lon1, lat1, lon2, lat2 = np.where(known, ends, 0)
        there, _, distance = EARTH.inv(lon1, lat1, lon2, lat2)
        _, _, back = EARTH.fwd(lon1, lat1, there, np.asarray(distance) / 2)
        azimuth = np.radians(np.asarray(back) + 180)
        size = np.where(known, distance, np.nan) / length
        found += [size * np.sin(azimuth), size * np.cos(azimuth)]
    return found


def climb_along_x(crs: str, x: Grid, y: Grid) -> Grid:
    """The steepest rise, in percent, of a surface that rises by a tenth of a unit per unit of x."""
    east, north, other_east, other_north = ground_steps(crs, x, y)
    return 10 * np.hypot(other_north, other_east) / np.abs(east * other_north - other_east * north)


@pytest.mark.parametrize("crs", ["EPSG:3413", "EPSG:3031", "EPSG:6931"])
def test_slopes_around_a_pole_are_those_next_to_it(crs: str) -> None:
    side, shape = Affine(2000, 0, -200_000, 0, -2000, 200_000), (200, 200)
    told = answer(raster=tiff(ramp(200, *shape), side, crs), product="slope-percent")
    assert np.abs(cells(told).filled(np.nan) / climb_along_x(crs, *centres(side, shape)) - 1).max() < 2e-3
    assert told["statistics"]["warnings"] == []


def test_a_pole_amid_the_grid_has_the_scale_of_the_plane_there() -> None:
    # A node of whatever lattice there is falls on it.
    side = Affine(1000, 0, -64_500, 0, -1000, 64_500)
    told = answer(raster=tiff(ramp(20, 129, 129), side, "EPSG:3413"), product="slope-percent")
    scale = Proj("EPSG:3413").get_factors(0, 89.9999).meridional_scale
    assert cells(told)[64, 64] == pytest.approx(2 * scale, rel=1e-4)


def test_directions_around_a_pole_turn_with_the_meridians() -> None:
    side, shape = Affine(2000, 0, -200_000, 0, -2000, 200_000), (200, 200)
    told = cells(answer(raster=tiff(ramp(40, *shape), side, "EPSG:3413"), product="aspect"))
    lonlat = Transformer.from_crs("EPSG:3413", "OGC:CRS84", always_xy=True).transform
    x, y = centres(side, shape)
    descent, _, _ = EARTH.inv(*lonlat(x, y), *lonlat(x - 50, y))
    assert np.abs((told - descent + 180) % 360 - 180).max() < 0.1


def test_rows_at_a_pole_in_degrees_have_no_value_and_are_told() -> None:
    heights = np.broadcast_to(100 * np.sin(np.radians(np.arange(360.0))), (181, 360)).copy()
    told = answer(raster=tiff(heights, Affine(1, 0, -0.5, 0, -1, 90.5), "EPSG:4326"))
    lost = cells(told).mask
    assert lost[[0, -1]].all()
    assert not lost[1:-1].any()
    # 100 m in a radian of longitude, on the parallel of 89 degrees.
    parallel = 6_378_137 * np.cos(np.radians(89)) / np.sqrt(1 - EARTH.es * np.sin(np.radians(89)) ** 2)
    assert told["statistics"]["max"] == pytest.approx(np.degrees(np.arctan(100 / parallel)), rel=1e-3)
    assert told["statistics"]["warnings"] == ["720 cells at or beyond a pole have no value."]


@pytest.mark.parametrize("columns", [60, 300])
@pytest.mark.parametrize(
    ("crs", "half_width", "half_height"),
    [("ESRI:54009", 18_040_096, 9_020_048), ("ESRI:54030", 17_005_833, 8_625_155)],
    ids=["Mollweide", "Robinson"],
)
def test_slopes_on_a_map_of_the_world_are_true_up_to_its_outline(
    crs: str, half_width: int, half_height: int, columns: int
) -> None:
    width, height = 2 * half_width / columns, 2 * half_height / columns
    map_of_the_world, shape = Affine(width, 0, -half_width, 0, -height, half_height), (columns, columns)
    surface = tiff(ramp(width / 10, *shape), map_of_the_world, crs)
    told = answer(raster=surface, product="slope-percent")
    truth, found = climb_along_x(crs, *centres(map_of_the_world, shape)), np.ma.filled(cells(told), np.nan)
    both = np.isfinite(truth) & np.isfinite(found)
    # Robinson's table has knots, where slopes jump by so much.
    assert np.abs(found[both] / truth[both] - 1).max() < 5e-3
    # A few cells straddle the outline.
    assert (np.isfinite(truth) & ~both).sum() <= 8
    (warning,) = told["statistics"]["warnings"]
    assert warning == f"{np.isnan(found).sum()} cells where {crs} has no places on the ground have no value."


def test_cells_without_a_place_are_told_beside_those_without_data() -> None:
    heights = ramp(1000, 60, 60)
    heights[30, 30] = -9999
    half = 18_040_096
    world = Affine(half / 30, 0, -half, 0, -half / 60, half / 2)
    beside, beyond = answer(raster=tiff(heights, world, "ESRI:54009", nodata=-9999.0))["statistics"]["warnings"]
    assert beside == "8 cells beside a cell without data have no value."
    assert "no places on the ground" in beyond


@pytest.mark.parametrize(("code", "corner"), [("EPSG:2048", (10_000, 3_700_000)), ("EPSG:5513", (1_058_000, 703_000))])
def test_directions_are_true_where_the_axes_run_west_or_south(code: str, corner: tuple[float, float]) -> None:
    grid = Affine(10, 0, corner[0], 0, -10, corner[1])
    told = answer(raster=tiff(ramp(2, 30, 30), grid, code), product="aspect")["statistics"]
    assert "planar" in told["crs_decision"]
    lonlat = Transformer.from_crs(code, "OGC:CRS84", always_xy=True).transform
    x, y = centres(grid, (30, 30))
    descent, _, _ = EARTH.inv(*lonlat(x[15, 15], y[15, 15]), *lonlat(x[15, 15] - 50, y[15, 15]))
    # Grid north is not true north: Krovak's is off by some degrees.
    assert abs((told["mean"] - descent + 180) % 360 - 180) < 9


@pytest.mark.parametrize("turned", [False, True], ids=["upright", "turned"])
def test_grads_are_not_taken_for_degrees(turned: bool) -> None:
    grid = Affine(0.01, 1e-9 if turned else 0, 0, 0, -0.01, 50)
    told = answer(raster=tiff(ramp(10, 30, 30), grid, "EPSG:4807"), product="slope-percent")["statistics"]
    _, _, step = EARTH.inv(0, 49.85 * 0.9, 0.01 * 0.9, 49.85 * 0.9)
    assert told["mean"] == pytest.approx(1000 / step, rel=1e-3)
    assert told["crs_decision"].endswith("in grads")


@pytest.mark.parametrize("product", ["slope", "contours"])
def test_the_relief_of_another_globe_is_refused(product: str) -> None:
    moon = tiff(ramp(10, 30, 30), Affine(0.01, 0, 0, 0, -0.01, 50), "IAU_2015:30100")
    with pytest.raises(ProcessRefusedError, match="no way from Moon"):
        answer(raster=moon, product=product, interval=50)


@pytest.mark.parametrize("heights", [np.full((5, 5), 10.0), np.full((1, 5), 10.0)], ids=["flat", "one row"])
def test_a_surface_without_a_contour_is_told(heights: Grid) -> None:
    told = answer(raster=tiff(heights), product="contours", interval=5)["features"]
    assert told["contours"] == 0
    assert any("There is no contour" in one for one in told["warnings"])
