"""`hotspots` as a caller sees it, against formulas written out over dense matrices, and against all permutations."""

import itertools
import json
import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
import shapely

from backend.errors import ProcessRefusedError
from backend.geo.analysis.spatial_statistics import false_discovery, local_moran
from backend.geo.analysis.spatial_statistics_weights import weights_of
from backend.geo.geodesy.crs import parse_crs
from backend.geo.geodesy.shapes import shapes_of
from backend.geo.vector.collections import feature_collection
from backend.geo.vector.feature_reading import read_features
from backend.geo.vector.features import Features
from backend.processes.hotspots import hotspots
from backend.processes.running import run_processor

UTM = parse_crs("EPSG:25832")
EAST, NORTH = 500_000, 5_600_000
type Array = np.ndarray[Any, np.dtype[np.float64]]


def quiet(percent: float, message: str | None = None) -> None:
    pass


def answer(**inputs: Any) -> Any:
    (output,) = run_processor(hotspots({"name": "here"}), inputs, None, quiet)
    return json.loads(output.encode())


def record(positions: Array, values: Any) -> Features:
    shapes = shapes_of(shapely.points(positions + (EAST, NORTH)).tolist())  # noqa: RUF005  # a sum
    return Features(shapes, {"v": np.asarray(values).tolist()}, UTM)


def points(positions: Array, values: Any) -> Mapping[str, Any]:
    return feature_collection(record(positions, values), method="", crs_decision="")


def column(told: Any, name: str) -> list[Any]:
    return [one["properties"][name] for one in told["features"]]


def nearest(positions: Array, count: int) -> Array:
    """The dense matrix of weights, by trying all."""
    far = np.hypot(*(positions[:, None] - positions[None]).transpose(2, 0, 1))
    np.fill_diagonal(far, np.inf)
    weights = np.zeros_like(far)
    np.put_along_axis(weights, np.argsort(far, axis=1)[:, :count], 1, axis=1)
    return weights


RANDOM = np.random.default_rng(11)
PLACES = RANDOM.random((600, 2)) * 5000
VALUES = np.sin(PLACES[:, 0] / 800) * 10 + RANDOM.normal(0, 2, 600) + 1e6


def test_getis_ord_is_its_formula() -> None:
    told = answer(features=points(PLACES, VALUES), field="v", k=5)
    weights = nearest(PLACES, 5) + np.eye(600)
    n, mean, spread = 600, VALUES.mean(), VALUES.std()
    sums, squares = weights.sum(1), (weights**2).sum(1)
    expected = (weights @ VALUES - mean * sums) / (spread * np.sqrt((n * squares - sums**2) / (n - 1)))
    assert column(told, "z") == pytest.approx(expected, abs=1e-6)
    assert column(told, "p")[:50] == pytest.approx([math.erfc(abs(z) / 2**0.5) for z in expected[:50]], rel=1e-6)
    hot = np.array(column(told, "cluster")) == "hot"
    assert np.all(expected[hot] > 0)
    assert told["clusters"]["hot"] == hot.sum() > 20


def test_morans_i_is_its_formula_and_permutations_agree() -> None:
    told = answer(features=points(PLACES, VALUES), field="v", k=4)["morans_i"]
    weights = nearest(PLACES, 4) / 4
    z, n = VALUES - VALUES.mean(), 600
    s0 = weights.sum()
    assert told["value"] == pytest.approx(n / s0 * (z @ weights @ z) / (z @ z), rel=1e-9)
    s1 = ((weights + weights.T) ** 2).sum() / 2
    s2 = ((weights.sum(0) + weights.sum(1)) ** 2).sum()
    kurtosis = (z**4).mean() / (z**2).mean() ** 2
    variance = (n * ((n * n - 3 * n + 3) * s1 - n * s2 + 3 * s0**2)) - kurtosis * (
        (n * n - n) * s1 - 2 * n * s2 + 6 * s0**2
    )
    variance = variance / ((n - 1) * (n - 2) * (n - 3) * s0**2) - 1 / (n - 1) ** 2
    assert told["z"] == pytest.approx((told["value"] + 1 / (n - 1)) / np.sqrt(variance), rel=1e-9)
    assert (told["p_permuted"], told["permutations"]) == (0.001, 999)
    chance = answer(features=points(PLACES, RANDOM.permutation(VALUES)), field="v", k=4)["morans_i"]
    assert chance["p_permuted"] > 0.01
    assert chance["p_permuted"] == pytest.approx(chance["p"], abs=0.06)


def test_local_moran_compares_with_all_ways_to_place_the_other_values() -> None:
    places = np.array([[0, 0], [10, 0], [25, 0], [45, 0], [70, 0], [100, 0], [140, 0]], dtype=float)
    values = np.array([1.0, 2, 7, 8, 3, 9, 4])
    weights = weights_of(record(places, values), "k-nearest", 2, None)
    local, names = local_moran(values, weights)
    z = values - values.mean()
    for here in range(7):
        beside = weights.second[weights.first == here]
        others = np.delete(z, here)
        lags = np.array([np.mean(pair) for pair in itertools.permutations(others, 2)])
        lag = z[beside].mean()
        assert local.value[here] == pytest.approx(z[here] * lag / (z**2).mean())
        assert local.z[here] == pytest.approx(np.sign(z[here]) * (lag - lags.mean()) / lags.std())
        assert names[here] == f"{'high' if z[here] > 0 else 'low'}-{'high' if lag > 0 else 'low'}"


def test_clusters_of_local_moran_are_told_by_quadrant() -> None:
    told = answer(features=points(PLACES, VALUES), field="v", statistic="local-moran", k=6)
    assert {"high-high", "low-low", "not significant"} <= set(told["clusters"])
    assert sum(told["clusters"].values()) == 600


def test_neighbours_by_distance_leave_islands_and_tell_them() -> None:
    places = np.array([[0, 0], [8, 0], [16, 0], [900, 0]], dtype=float)
    told = answer(features=points(places, [1, 2, 5, 3]), field="v", neighbours="distance", distance=10)
    assert told["islands"] == 1
    assert column(told, "z")[3] is None
    assert column(told, "cluster")[3] is None
    assert told["mean_neighbours"] == 1
    assert any("islands" in warning for warning in told["warnings"])


def test_neighbours_by_distance_are_all_of_them() -> None:
    weights = weights_of(record(PLACES, VALUES), "distance", 0, 300)
    far = np.hypot(*(PLACES[:, None] - PLACES[None]).transpose(2, 0, 1))
    assert weights.neighbours.tolist() == ((far <= 300).sum(1) - 1).tolist()


def test_neighbours_on_the_globe_are_found_across_the_antimeridian() -> None:
    table = "lon,lat,v\n179.9,0,1\n-179.9,0,2\n170,0,3\n-170,0,9"
    told = answer(features=table, field="v", k=1)
    assert "chords" in told["crs_decision"]
    lag = (np.array([1 + 2, 2 + 1, 3 + 1, 9 + 2]) - 2 * 3.75) / (np.std([1, 2, 3, 9]) * np.sqrt((4 * 2 - 4) / 3))
    assert column(told, "z") == pytest.approx(lag)


def test_polygons_that_touch_are_neighbours() -> None:
    squares = [shapely.box(EAST + x, NORTH + y, EAST + x + 1, NORTH + y + 1) for x in range(5) for y in range(5)]
    layer = feature_collection(Features(shapes_of(squares), {"v": list(range(25))}, UTM), method="", crs_decision="")
    told = answer(features=layer, field="v", neighbours="contiguity")
    assert told["mean_neighbours"] == pytest.approx((4 * 3 + 12 * 5 + 9 * 8) / 25)


def boxes(wests: list[float]) -> Features:
    """Boxes of 2 by 2 degrees along the equator, split at the antimeridian by the reader."""
    table = "\n".join(f'{index},"{shapely.box(west, -1, west + 2, 1).wkt}"' for index, west in enumerate(wests))
    return read_features(f"v,wkt\n{table}")


@pytest.mark.parametrize(("kind", "count", "distance"), [("k-nearest", 2, None), ("distance", 0, 250_000.0)])
def test_a_polygon_split_at_the_antimeridian_has_its_centroid_there(
    kind: Any, count: int, distance: float | None
) -> None:
    across = boxes([175, 177, 179, 181, 183])
    assert across.shapes[2].geom_type == "MultiPolygon"
    weights = weights_of(across, kind, count, distance)
    same = weights_of(boxes([-5, -3, -1, 1, 3]), kind, count, distance)
    assert (weights.first.tolist(), weights.second.tolist()) == (same.first.tolist(), same.second.tolist())


@pytest.mark.parametrize("shift", [0, 1])
def test_polygons_on_both_sides_of_the_antimeridian_touch(shift: int) -> None:
    weights = weights_of(boxes([west + shift for west in (176, 178, 180, 182)]), "contiguity", 0, None)
    pairs = list(zip(weights.first.tolist(), weights.second.tolist(), strict=True))
    assert pairs == [(0, 1), (1, 0), (1, 2), (2, 1), (2, 3), (3, 2)]


def test_the_false_discovery_rate_is_that_of_benjamini_and_hochberg() -> None:
    p = np.array([0.01, 0.04, 0.03, np.nan, 0.5])
    assert false_discovery(p)[[0, 1, 2, 4]] == pytest.approx([0.04, 0.16 / 3, 0.16 / 3, 0.5])
    assert np.isnan(false_discovery(p)[3])


def test_features_without_a_value_are_left_out_and_few_are_told() -> None:
    told = answer(features=points(PLACES[:9], [*range(8), None]), field="v", k=2)
    assert len(told["features"]) == 8
    assert any("1 of 9 features" in warning for warning in told["warnings"])
    assert any("only 8 features" in warning for warning in told["warnings"])


@pytest.mark.parametrize(
    ("inputs", "path"),
    [
        ({"field": "w"}, "field"),
        ({"features": points(PLACES[:9], ["a"] * 9)}, "field"),
        ({"features": points(PLACES[:9], [0.1] * 9)}, "field"),
        ({"features": points(PLACES[:2], [1, 2])}, "features"),
        ({"k": 9}, "k"),
        ({"neighbours": "distance"}, "distance"),
        ({"neighbours": "distance", "distance": 0.001}, "distance"),
        ({"neighbours": "contiguity"}, "neighbours"),
    ],
)
def test_what_has_no_clusters_is_refused_with_the_input_at_fault(inputs: dict[str, Any], path: str) -> None:
    with pytest.raises(ProcessRefusedError) as refused:
        answer(**{"features": points(PLACES[:9], VALUES[:9]), "field": "v"} | inputs)
    assert refused.value.path == f"$.inputs.{path}"


def test_the_example_succeeds() -> None:
    assert answer(**hotspots.description["example"]["inputs"])["islands"] == 0
