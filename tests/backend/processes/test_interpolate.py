"""`interpolate` as a caller sees it: values at points, means between them, densities that add up."""

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
import shapely
from pyproj import Proj, Transformer
from rasterio.io import MemoryFile

from backend.errors import ProcessRefusedError
from backend.geo.geodesy.crs import parse_crs
from backend.geo.geodesy.shapes import shapes_of
from backend.geo.vector.collections import feature_collection
from backend.geo.vector.features import Features
from backend.processes.interpolate import interpolate
from backend.processes.running import run_processor

EAST, NORTH = 500_000, 5_600_000
type Array = np.ndarray[Any, np.dtype[np.float64]]


def quiet(percent: float, message: str | None = None) -> None:
    pass


def answer(**inputs: Any) -> tuple[Any, Array, Array, dict[str, Any]]:
    """Values, x and y of the cells, statistics."""
    raster, statistics = run_processor(interpolate({"name": "here"}), inputs, None, quiet)
    with MemoryFile(raster.encode()) as file, file.open() as reader:
        values, t = reader.read(1, masked=True), reader.transform
    columns, rows = np.meshgrid(np.arange(values.shape[1]) + 0.5, np.arange(values.shape[0]) + 0.5)
    return values, t.c + t.a * columns, t.f + t.e * rows, json.loads(statistics.encode())


def points(x: Any, y: Any, **fields: Any) -> Mapping[str, Any]:
    shapes = shapes_of(shapely.points(EAST + np.asarray(x), NORTH + np.asarray(y)).tolist())
    columns = {name: np.asarray(values).tolist() for name, values in fields.items()}
    return feature_collection(Features(shapes, columns, parse_crs("EPSG:25832")), method="", crs_decision="")


def lonlat(positions: list[tuple[float, float]], values: list[float]) -> Mapping[str, Any]:
    return feature_collection(
        Features(shapes_of(shapely.points(positions).tolist()), {"v": values}), method="", crs_decision=""
    )


def test_idw_is_the_weighed_mean_of_the_nearest_points() -> None:
    random = np.random.default_rng(3)
    x, y, v = random.random((3, 60)) * 1000
    values, cell_x, cell_y, told = answer(features=points(x, y, v=v), field="v", cell_size=20, power=1.5)
    distance = np.hypot(cell_x[..., None] - EAST - x, cell_y[..., None] - NORTH - y)
    nearest = np.argsort(distance, axis=-1)[..., :12]
    weights = np.take_along_axis(distance, nearest, -1) ** -1.5
    assert np.allclose(values, (weights * v[nearest]).sum(-1) / weights.sum(-1), rtol=1e-4)
    assert told["crs"] == "EPSG:25832"
    assert "power 1.5" in told["method"]
    assert 0 < told["extrapolated_share"] < 0.3
    assert "% of the cells lie outside the hull of the points: they are extrapolated." in told["warnings"][0]


def test_a_cell_whose_centre_is_a_point_has_its_value() -> None:
    values, _, _, _ = answer(features=points([5, 95], [5, 95], v=[1, 3]), field="v", cell_size=10)
    assert values[-1, 0] == 1
    assert values[0, -1] == 3
    assert values.mean() == pytest.approx(2, abs=0.05)


def test_the_error_of_prediction_is_that_of_leaving_each_point_out() -> None:
    x, v = np.array([0, 100, 300]), np.array([0.0, 1, 4])
    told = answer(features=points(x, np.zeros(3), v=v), field="v", cell_size=50)[3]["cross_validation"]
    predicted = [
        (1 / 100**2 * 1 + 1 / 300**2 * 4) / (1 / 100**2 + 1 / 300**2),
        (1 / 100**2 * 0 + 1 / 200**2 * 4) / (1 / 100**2 + 1 / 200**2),
        (1 / 300**2 * 0 + 1 / 200**2 * 1) / (1 / 300**2 + 1 / 200**2),
    ]
    errors = np.array(predicted) - v
    assert told["points"] == 3
    assert told["root_mean_square_error"] == pytest.approx(np.sqrt((errors**2).mean()))
    assert told["mean_absolute_error"] == pytest.approx(np.abs(errors).mean())
    assert told["mean_error"] == pytest.approx(errors.mean())


def test_points_in_the_same_place_count_once_with_their_mean_and_are_told() -> None:
    values, _, _, told = answer(features=points([5, 5, 95], [5, 5, 5], v=[1, 2, 3]), field="v", cell_size=10)
    assert values[-1, 0] == 1.5
    assert "1 points are where another one is: the mean of their values was taken." in told["warnings"]


def test_cells_beyond_the_radius_have_no_value() -> None:
    values, x, _, told = answer(features=points([5, 995], [5, 5], v=[1, 2]), field="v", cell_size=10, radius=100)
    far = (x - EAST > 106) & (x - EAST < 894)
    assert values.mask[far].all()
    assert not values.mask[~far].any() or values.mask[~far].mean() < 0.5
    assert told["nodata_share"] > 0.7


def test_only_points_within_the_radius_count() -> None:
    random = np.random.default_rng(8)
    x, y, v = random.random((3, 40)) * 1000
    values, cell_x, cell_y, told = answer(features=points(x, y, v=v), field="v", cell_size=25, radius=150)
    distance = np.hypot(cell_x[..., None] - EAST - x, cell_y[..., None] - NORTH - y)
    weights = np.where(distance <= 150, distance**-2.0, 0)
    assert (weights > 0).sum(-1).max() <= 12
    reached = weights.any(-1)
    assert np.array_equal(values.mask, ~reached)
    expected = (weights @ v)[reached] / weights.sum(-1)[reached]
    assert np.allclose(values[reached], expected, rtol=1e-4)
    assert "12 nearest within 150 m" in told["method"]


def test_a_point_is_predicted_from_those_within_the_radius() -> None:
    layer = points([0, 100, 300, 900], [0, 0, 0, 0], v=[0, 1, 4, 7])
    told = answer(features=layer, field="v", cell_size=50, radius=220)[3]["cross_validation"]
    errors = np.array([1 - 0, (0 / 100**2 + 4 / 200**2) / (1 / 100**2 + 1 / 200**2) - 1, 1 - 4])
    assert told["points"] == 3
    assert told["mean_error"] == pytest.approx(errors.mean())
    assert answer(features=layer, field="v", cell_size=50, radius=60)[3]["cross_validation"] is None


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([20240131, 20240131], "float64"),
        ([1, 16_777_217], "float64"),
        ([12, 30_000], "float32"),
        ([0.1, 7.3], "float32"),
        ([1e9 + 0.1, 1e9 + 0.2], "float64"),
    ],
)
def test_values_at_points_lose_no_digits_that_matter(values: list[float], kind: str) -> None:
    cells, _, _, told = answer(features=points([5, 95], [5, 5], v=values), field="v", cell_size=10)
    assert cells.dtype == kind
    assert [cells[-1, 0].item(), cells[-1, -1].item()] == np.array(values, dtype=kind).tolist()
    assert (told["min"], told["max"]) == pytest.approx((min(values), max(values)), rel=1e-7)


def test_points_without_a_value_are_left_out_and_told() -> None:
    layer = points([5, 95], [5, 5], v=[1, 3])
    layer["features"][0]["properties"]["v"] = None
    values, _, _, told = answer(features=layer, field="v", cell_size=10)
    assert np.all(values == 3)
    assert "1 of 2 features have no geometry or no value: left out." in told["warnings"]


def test_a_density_adds_up_to_the_number_of_points() -> None:
    random = np.random.default_rng(4)
    x, y, v = random.random((3, 80)) * 2000
    values, _, _, told = answer(features=points(x, y), method="density", cell_size=20, radius=300)
    assert values.sum() * 0.02**2 == pytest.approx(80, rel=1e-3)
    assert told["units"] == "points per square kilometre"
    values, _, _, told = answer(features=points(x, y, v=v), field="v", method="density", cell_size=20, radius=300)
    assert values.sum() * 0.02**2 == pytest.approx(v.sum(), rel=1e-3)


@pytest.mark.parametrize(
    ("crs", "place", "radius", "cell"),
    [
        ("EPSG:3857", (1e6, 8.4e6), 2000, 100),
        ("EPSG:3857", (20_037_400, 8.4e6), 2000, 100),
        ("EPSG:6933", (0, 6.9e6), 300_000, 20_000),
        ("EPSG:3413", (0, -4e6), 300_000, 20_000),
    ],
)
def test_kernels_are_whole_where_metres_of_the_plane_are_none_on_the_ground(
    crs: str, place: tuple[float, float], radius: float, cell: float
) -> None:
    document = {"type": "Point", "coordinates": place, "crs": {"type": "name", "properties": {"name": crs}}}
    feature = {"type": "Feature", "properties": {}, "geometry": document}
    layer = {"type": "FeatureCollection", "features": [feature], "crs": document["crs"]}
    values, x, y, told = answer(features=layer, method="density", radius=radius, cell_size=cell)
    edge = np.concatenate([values[0], values[-1], values[:, 0], values[:, -1]])
    assert edge.max() == 0
    # Tissot's indicatrix tells the ground that a cell covers.
    longitude, latitude = Transformer.from_crs(crs, 4326, always_xy=True).transform(x, y)
    scale = Proj(crs).get_factors(longitude, latitude).areal_scale
    assert (values / scale).sum() * cell**2 / 1e6 == pytest.approx(1, rel=5e-3)
    assert not any("adds up" in warning for warning in told["warnings"])


def test_points_near_the_edge_of_the_plane_have_kernels_of_places_on_the_earth() -> None:
    table = "lon,lat\n0,75\n40,50"
    values, _, y, told = answer(features=table, method="density", radius=300_000, cell_size=20_000)
    # Cells of EPSG:6933 are of equal area.
    assert values.sum() * 400 == pytest.approx(2, rel=1e-3)
    north = Transformer.from_crs(4326, 6933, always_xy=True).transform(0, 75 + 300 / 111.6)[1]
    assert y.max() == pytest.approx(north, abs=40_000)
    assert told["nodata_share"] == 0


def test_cells_beyond_the_pole_have_no_value() -> None:
    values, _, y, _ = answer(features=lonlat([(0, 89.99), (90, 0)], [1, 3]), field="v", cell_size=1_000_000)
    pole = Transformer.from_crs(4326, 6933, always_xy=True).transform(0, 90)[1]
    assert np.array_equal(np.ma.getmaskarray(values), y > pole)
    assert values.mask.any()


def test_a_radius_smaller_than_the_cells_is_refused_or_told() -> None:
    table = "lon,lat\n9,50\n9.01,50"
    with pytest.raises(ProcessRefusedError, match="no cell's centre is within 5 m of a point") as refused:
        answer(features=table, method="density", radius=5, cell_size=100)
    assert refused.value.path == "$.inputs.radius"
    values, _, _, told = answer(features=table, method="density", radius=80, cell_size=100)
    (warning,) = [one for one in told["warnings"] if "Kernels of 80 m are small for cells of 100 m" in one]
    assert f"adds up to {values.sum() * 0.01 / 2:.0%} of the points" in warning


def test_the_kernel_is_quartic() -> None:
    values, x, y, _ = answer(features=points([0], [0]), method="density", cell_size=10, radius=200)
    share = np.hypot(x - EAST, y - NORTH) / 200
    expected = 3e6 / (np.pi * 200**2) * np.where(share < 1, (1 - share**2) ** 2, 0)
    assert np.allclose(values, expected, atol=1e-4)


def test_points_in_degrees_lie_on_a_metric_grid() -> None:
    values, _, _, told = answer(features=lonlat([(13, 52), (13.1, 52.1)], [1, 3]), field="v", cell_size=500)
    assert told["crs"] == "EPSG:32633"
    assert values.min() == pytest.approx(1, abs=0.02)
    assert "planar" in told["method"]


def test_over_continents_distances_are_those_through_the_earth() -> None:
    # At 160 degrees east the point at 170 west is 30 degrees away, not 330.
    told = answer(features=lonlat([(170, 0), (-170, 0), (0, 0)], [1, 50, 1]), field="v", cell_size=500_000)
    values, x, y, statistics = told
    assert "chords" in statistics["method"]
    # The points lie between 0 and 190 degrees, and so does the plane's middle.
    assert statistics["crs"].endswith("around 95 degrees")
    plane = Transformer.from_crs("+proj=cea +lon_0=95 +lat_ts=30 +ellps=WGS84", 4326, always_xy=True)
    there = np.unravel_index(np.argmin(np.hypot(x - 65 / 180 * 17_367_530, y)), x.shape)
    longitude, latitude = plane.transform(x[there], y[there])
    assert longitude == pytest.approx(160, abs=3)
    space = Transformer.from_crs(4979, 4978, always_xy=True)
    here = space.transform(longitude, latitude, 0)
    weights = [np.linalg.norm(np.subtract(here, space.transform(other, 0, 0))) ** -2 for other in (170, 190, 0)]
    assert values[there] == pytest.approx(np.dot(weights, [1, 50, 1]) / sum(weights), rel=1e-4)


def test_points_around_the_antimeridian_lie_as_close_together_as_elsewhere() -> None:
    places = [(-15, 0), (-15, 10), (15, 0), (15, 10)]
    across = answer(features=lonlat([((x + 360) % 360 - 180, y) for x, y in places], [1, 2, 3, 4]), field="v",
                    cell_size=100_000)  # fmt: skip
    here = answer(features=lonlat(places, [1, 2, 3, 4]), field="v", cell_size=100_000)
    assert np.allclose(across[0], here[0])
    assert across[3]["extrapolated_share"] == here[3]["extrapolated_share"] < 0.2
    assert across[3]["crs"] == "WGS 84 / Lambert Cylindrical Equal Area around 180 degrees"
    assert here[3]["crs"] == "EPSG:6933"


@pytest.mark.parametrize(
    ("inputs", "path"),
    [
        ({"features": points([1], [1]), "cell_size": 10}, "field"),
        ({"features": points([1], [1]), "cell_size": 10, "method": "density"}, "radius"),
        ({"features": points([1], [1], v=[1]), "cell_size": 10, "field": "w"}, "field"),
        ({"features": points([1], [1], v=["a"]), "cell_size": 10, "field": "v"}, "field"),
        ({"features": points([1], [1], v=[None]), "cell_size": 10, "field": "v"}, "features"),
        ({"features": points([0, 9e5], [0, 9e5]), "cell_size": 10, "method": "density", "radius": 9}, "cell_size"),
        ({"features": "LINESTRING (1 1, 2 2)", "cell_size": 9000, "method": "density", "radius": 9}, "features"),
        (
            {"features": points([1], [1], v=[-1]), "cell_size": 10, "field": "v", "method": "density", "radius": 9},
            "field",
        ),
    ],
)
def test_what_cannot_be_interpolated_is_refused_with_the_input_at_fault(inputs: dict[str, Any], path: str) -> None:
    with pytest.raises(ProcessRefusedError) as refused:
        answer(**inputs)
    assert refused.value.path == f"$.inputs.{path}"


def test_the_example_succeeds() -> None:
    assert answer(**interpolate.description["example"]["inputs"])[0].max() > 0
