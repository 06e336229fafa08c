"""`terrain` as a caller sees it: planes, spheres and cones, whose slopes, directions and contours are known."""

import json
from typing import Any

import numpy as np
import pytest
import shapely
from affine import Affine
from rasterio.io import MemoryFile
from rasterio.warp import transform_geom

from backend.errors import ProcessRefusedError
from backend.processes.outputs import GEOTIFF
from backend.processes.running import run_processor
from backend.processes.terrain import terrain

NORTH_UP = Affine(10, 0, 500_000, 0, -10, 5_600_000)
SOUTH_UP = Affine(10, 0, 500_000, 0, 10, 5_600_000)
COSINE, SINE = 10 * np.cos(np.radians(30)), 10 * np.sin(np.radians(30))
TURNED = Affine(COSINE, SINE, 500_000, SINE, -COSINE, 5_600_000)
type Grid = np.ndarray[Any, np.dtype[Any]]


def quiet(percent: float, message: str | None = None) -> None:
    pass


def tiff(values: Grid, transform: Affine = NORTH_UP, crs: str = "EPSG:25832", **more: Any) -> bytes:
    profile = {"driver": "GTiff", "height": values.shape[0], "width": values.shape[1], "count": 1} | more
    units = profile.pop("units", None)
    with MemoryFile() as file:
        with file.open(dtype=values.dtype, transform=transform, crs=crs, **profile) as writer:
            writer.write(values, 1)
            if units:
                writer.units = (units,)
        return bytes(file.getbuffer())


def answer(**inputs: Any) -> dict[str, Any]:
    outputs = run_processor(terrain({"name": "here"}), inputs, None, quiet)
    return {one.id: one.encode() if one.media_type == GEOTIFF else json.loads(one.encode()) for one in outputs}


def cells(raster: bytes) -> Any:
    with MemoryFile(raster).open() as reader:
        return reader.read(1, masked=True)


def centres(transform: Affine, shape: tuple[int, int]) -> tuple[Grid, Grid]:
    columns, rows = np.meshgrid(np.arange(shape[1]) + 0.5, np.arange(shape[0]) + 0.5)
    return (
        transform.a * columns + transform.b * rows + transform.c,
        transform.d * columns + transform.e * rows + transform.f,
    )


@pytest.mark.parametrize("transform", [NORTH_UP, SOUTH_UP, TURNED], ids=["north-up", "south-up", "turned"])
@pytest.mark.parametrize(("east", "north"), [(0.1, 0), (0, 0.1), (-0.3, 0.4)])
def test_a_plane_has_its_own_slope_and_aspect_everywhere(transform: Affine, east: float, north: float) -> None:
    x, y = centres(transform, (30, 40))
    plane = tiff((east * (x - 500_000) + north * (y - 5_600_000)).astype(np.float64), transform)
    steepness = answer(raster=plane)
    assert np.allclose(cells(steepness["raster"]), np.degrees(np.arctan(np.hypot(east, north))), atol=1e-4)
    assert steepness["statistics"]["units"] == "degree"
    percent = answer(raster=plane, product="slope-percent")["statistics"]
    assert percent["mean"] == pytest.approx(100 * np.hypot(east, north), rel=1e-6)
    direction = answer(raster=plane, product="aspect")
    assert np.allclose(cells(direction["raster"]), np.degrees(np.arctan2(-east, -north)) % 360, atol=1e-3)
    assert "grid north" in direction["statistics"]["units"]


def test_a_lit_plane_is_as_bright_as_the_angle_to_the_sun_says() -> None:
    x, y = centres(NORTH_UP, (10, 10))
    # Tilted by 45 degrees towards the sun in the north-west, 45 degrees high.
    facing = (x - y) / np.sqrt(2)
    told = answer(raster=tiff(facing - facing.min()), product="hillshade")
    assert np.all(cells(told["raster"]) == 255)
    away = answer(raster=tiff(-facing - (-facing).min()), product="hillshade")
    assert np.all(cells(away["raster"]) == 1)
    assert told["statistics"]["sun"] == {"azimuth": 315, "altitude": 45}


def test_slopes_in_degrees_are_those_on_the_ground() -> None:
    # One metre per metre towards the east at 60 degrees north, where a degree of longitude is 55,800 m.
    size, latitude = 0.001, 60.0
    grid = Affine(size, 0, 10, 0, -size, latitude + 10 * size)
    x, _ = centres(grid, (20, 20))
    degree = 6_378_137 * np.pi / 180 * np.cos(np.radians(latitude)) / np.sqrt(1 - 0.00669438 * 0.75)
    told = answer(raster=tiff((x - 10) * degree, grid, "EPSG:4326"))
    assert np.allclose(cells(told["raster"]), 45, atol=0.01)
    assert "ellipsoid" in told["statistics"]["crs_decision"]
    assert "true north" in answer(raster=tiff(x, grid, "EPSG:4326"), product="aspect")["statistics"]["units"]


def test_the_scale_of_web_mercator_does_not_flatten_slopes() -> None:
    # At 60 degrees north its metres are half as long on the ground.
    transform = Affine(100, 0, 1_000_000, 0, -100, 8_399_737.89)
    x, _ = centres(transform, (30, 30))
    told = answer(raster=tiff(x / 2, transform, "EPSG:3857"))
    assert np.allclose(cells(told["raster"]), 45, atol=0.15)
    assert (
        "off by up to 5" in told["statistics"]["crs_decision"] or "off by up to 1" in told["statistics"]["crs_decision"]
    )


def test_units_of_height_are_those_of_the_file_else_metres_and_told() -> None:
    x, _ = centres(NORTH_UP, (5, 5))
    feet = answer(raster=tiff((x - 500_000) / 0.3048, units="ft"))["statistics"]
    assert feet["mean"] == pytest.approx(45, abs=1e-4)
    assert "ft" in feet["vertical_units"]
    assumed = answer(raster=tiff((x - 500_000) / 0.3048), z_factor=0.3048)["statistics"]
    assert assumed["mean"] == pytest.approx(45, abs=1e-4)
    assert "assumed" in assumed["vertical_units"]
    assert "degC" in answer(raster=tiff(x, units="degC"))["statistics"]["warnings"][0].replace("degc", "degC")


@pytest.mark.parametrize(
    ("unit", "metres"),
    [
        ("cm", 0.01),
        ("mm", 0.001),
        ("Meters", 1),
        ("U.S. Survey Feet", 1200 / 3937),
        ("us-ft", 1200 / 3937),
        ("foot_us", 1200 / 3937),
        ("international foot", 0.3048),
    ],
)
def test_usual_spellings_of_units_of_height_are_known(unit: str, metres: float) -> None:
    x, _ = centres(NORTH_UP, (5, 5))
    told = answer(raster=tiff((x - 500_000) / metres, units=unit))["statistics"]
    assert told["mean"] == pytest.approx(45, abs=1e-4)
    assert told["vertical_units"] == f"{unit}, as the file says"
    assert told["warnings"] == []


def test_a_unit_of_height_that_is_not_known_is_named() -> None:
    told = answer(raster=tiff(np.eye(5), units="cubit"))["statistics"]
    assert told["vertical_units"] == "metre (assumed: the file says 'cubit', which is not known)"


def test_cells_beside_nodata_have_no_slope_and_are_counted() -> None:
    x, _ = centres(NORTH_UP, (7, 7))
    holed = x - 500_000
    holed[3, 3] = -9999
    told = answer(raster=tiff(holed, nodata=-9999.0))
    assert cells(told["raster"]).mask.sum() == 9
    assert told["statistics"]["warnings"] == ["8 cells beside a cell without data have no value."]
    assert told["statistics"]["nodata_share"] == pytest.approx(9 / 49)


def test_the_mean_of_directions_around_north_is_north() -> None:
    x, y = centres(NORTH_UP, (20, 20))
    roof = tiff(-(y - y.min()) + 0.05 * np.abs(x - x.mean()))
    mean = answer(raster=roof, product="aspect")["statistics"]["mean"]
    assert min(mean, 360 - mean) < 1


@pytest.mark.parametrize("transform", [NORTH_UP, SOUTH_UP, TURNED], ids=["north-up", "south-up", "turned"])
def test_contours_of_a_cone_are_circles(transform: Affine) -> None:
    x, y = centres(transform, (61, 61))
    middle = x[30, 30], y[30, 30]
    told = answer(raster=tiff(np.hypot(x - middle[0], y - middle[1]), transform), product="contours", interval=100)[
        "features"
    ]
    lines = told["features"]
    inner = {line["properties"]["elevation"]: line for line in lines if line["properties"]["elevation"] <= 200}
    assert told["levels"] == [0, 100, 200, 300, 400]
    assert told["source_crs"] == "EPSG:25832"
    for radius in (100, 200):
        ring = shapely.from_geojson(json.dumps(inner[radius]["geometry"]))
        assert ring.is_closed
        plane = transform_geom("EPSG:4326", "EPSG:25832", json.loads(shapely.to_geojson(ring)))
        away = np.hypot(*(np.array(plane["coordinates"]) - middle).T)
        assert np.allclose(away, radius, atol=0.3)


@pytest.mark.parametrize(("units", "warned"), [(None, True), ("ft", False)])
def test_a_grid_in_feet_without_a_unit_of_height_is_told(units: str | None, *, warned: bool) -> None:
    grid = Affine(30, 0, 980_000, 0, -30, 210_000)
    raster = tiff(np.eye(5), grid, "EPSG:2263", units=units)
    assert any("z_factor 0.3048" in one for one in answer(raster=raster)["statistics"]["warnings"]) is warned
    contours = answer(raster=raster, product="contours", interval=0.5)["features"]
    assert any("z_factor 0.3048" in one for one in contours["warnings"]) is warned
    assert answer(raster=raster, z_factor=0.3048)["statistics"]["warnings"] == []


def test_elevations_that_look_like_no_data_are_told() -> None:
    high = np.full((8, 8), 100.0)
    high[0] = -9999
    told = answer(raster=tiff(high))["statistics"]["warnings"]
    assert "12.500% of the cells have the value -9999, which often stands for no data" in told[0]
    assert answer(raster=tiff(high, nodata=-9999))["statistics"]["warnings"] == [
        "8 cells beside a cell without data have no value."
    ]


def test_contours_are_exact_on_a_plane_and_end_at_nodata() -> None:
    x, _ = centres(NORTH_UP, (9, 9))
    plane = x - 500_000
    plane[4, 4] = np.nan
    told = answer(raster=tiff(plane, nodata=float("nan")), product="contours", interval=25)["features"]
    assert told["levels"] == [25, 50, 75]
    assert told["contours"] == 4, "one of the lines is cut in two"
    assert "1 cells have no data" in told["warnings"][0]


def test_a_saddle_is_cut_where_its_middle_says() -> None:
    high = np.array([[10.0, 0.0], [0.0, 9.0]])
    (one, two) = answer(raster=tiff(high), product="contours", interval=4)["features"]["features"][:2]
    assert shapely.from_geojson([json.dumps(line["geometry"]) for line in (one, two)]).tolist()
    assert one["properties"]["elevation"] == two["properties"]["elevation"] == 4


def test_a_level_that_corners_have_exactly_gives_no_loose_ends() -> None:
    steps = np.kron(np.arange(5.0)[:, None] * np.ones((1, 5)), np.ones((3, 3)))
    told = answer(raster=tiff(steps), product="contours", interval=1)["features"]
    assert told["contours"] == 4
    assert all(line["geometry"]["type"] == "LineString" for line in told["features"])


def test_a_grid_over_the_antimeridian_gives_contours_on_both_sides() -> None:
    grid = Affine(0.1, 0, 179, 0, -0.1, 1)
    _, y = centres(grid, (20, 20))
    told = answer(raster=tiff(y, grid, "EPSG:4326"), product="contours", interval=0.5)["features"]
    longitudes = [at[0] for line in told["features"] for part in line["geometry"]["coordinates"] for at in part]
    assert max(longitudes) <= 180
    assert min(longitudes) < -179


@pytest.mark.parametrize(
    ("inputs", "path"),
    [
        ({"raster": tiff(np.ones((1, 5)))}, "$.inputs.raster"),
        ({"raster": tiff(np.full((5, 5), -1.0), nodata=-1)}, "$.inputs.raster"),
        ({"raster": tiff(np.eye(5)), "product": "contours"}, "$.inputs.interval"),
        ({"raster": tiff(np.eye(5) + 1), "product": "contours", "interval": 5}, "$.inputs.interval"),
        ({"raster": tiff(np.eye(5)), "product": "contours", "interval": 1e-9}, "$.inputs.interval"),
        ({"raster": tiff(np.eye(5)), "z_factor": 0}, "$.inputs.z_factor"),
    ],
)
def test_what_has_no_terrain_is_refused_with_the_input_at_fault(inputs: dict[str, Any], path: str) -> None:
    with pytest.raises(ProcessRefusedError) as refused:
        answer(**inputs)
    assert refused.value.path == path


def test_the_example_succeeds() -> None:
    told = answer(**terrain.description["example"]["inputs"])
    assert 0 < told["statistics"]["mean"] < 20


@pytest.mark.parametrize(("azimuth", "altitude"), [(0, 45), (90, 30), (225, 60), (315, 0), (10, 90)])
def test_the_sun_shines_from_where_it_is_put(azimuth: float, altitude: float) -> None:
    """Lambert's cosine of the angle between the sun's direction and the normal of a plane that falls to the west."""
    east, north, up = (
        np.sin(np.radians(azimuth)) * np.cos(np.radians(altitude)),
        np.cos(np.radians(azimuth)) * np.cos(np.radians(altitude)),
        np.sin(np.radians(altitude)),
    )
    x, _ = centres(NORTH_UP, (30, 40))
    told = answer(raster=tiff(0.5 * (x - 500_000)), product="hillshade", azimuth=azimuth, altitude=altitude)
    cosine = (-0.5 * east + 0 * north + up) / np.hypot(0.5, 1)
    assert np.abs(cells(told["raster"]) - (1 + 254 * max(0, cosine))).max() <= 0.51
    assert told["statistics"]["sun"] == {"azimuth": azimuth, "altitude": altitude}


def test_contours_count_from_the_level_that_is_given() -> None:
    x, _ = centres(NORTH_UP, (5, 40))
    told = answer(raster=tiff(x - 500_000), product="contours", interval=100, base=30)["features"]
    assert told["levels"] == [30, 130, 230, 330]
    assert sorted(one["properties"]["elevation"] for one in told["features"]) == [30, 130, 230, 330]
