"""Weighted percentiles and majorities against what repeating each value as often as it weighs gives."""

import tracemalloc

import numpy as np
import pytest

from backend.geo.raster.zonal_ranks import ranks

RANDOM = np.random.default_rng(8)


@pytest.mark.parametrize("count", [1, 2, 3, 10, 1001])
def test_equal_weights_give_the_quantiles_of_numpy(count: int) -> None:
    values = RANDOM.normal(0, 1, count)
    shares = [0, 0.1, 0.25, 0.5, 0.9, 1]
    assert ranks(values, np.full(count, 3.7), shares)[:6] == pytest.approx(np.quantile(values, shares), abs=1e-12)


def test_the_median_of_many_values_parts_their_weights_in_halves() -> None:
    values, weights = RANDOM.normal(0, 1, 20_000), RANDOM.uniform(0, 1, 20_000)
    median = ranks(values, weights, [0.5])[0]
    assert weights[values < median].sum() == pytest.approx(weights.sum() / 2, rel=1e-3)


def test_the_most_common_value_is_the_one_that_weighs_most() -> None:
    values = np.array([1, 1, 1, 2, 3])
    weights = np.array([0.2, 0.2, 0.2, 0.9, 0.1])
    assert ranks(values, weights, []).tolist() == [2, 3]


def test_of_equally_common_values_the_largest_is_most_and_the_smallest_least_common() -> None:
    assert ranks(np.array([5, 7, 9, 9, 3, 3]), np.ones(6), []).tolist() == [9, 5]


def test_values_without_weight_do_not_count() -> None:
    assert ranks(np.array([1, 2]), np.array([0, 0.5]), [0, 1]).tolist() == [2, 2, 2, 2]
    assert np.isnan(ranks(np.array([1.0]), np.array([0.0]), [0.5])).all()


@pytest.mark.parametrize("kind", ["float32", "int16", "uint8", "float64"])
def test_unequal_weights_put_each_value_where_its_share_of_all_weights_is(kind: str) -> None:
    values = RANDOM.normal(100, 40, 501).astype(kind)
    weights = RANDOM.uniform(0.01, 1, 501)
    shares = [0, 0.05, 0.5, 0.95, 1]
    order = np.argsort(values, kind="stable")
    ordered, weighing = values[order].astype(np.float64), weights[order]
    places = np.arange(501) * weighing + 500 * (np.cumsum(weighing) - weighing)
    expected = np.interp(np.array(shares) * 500 * weighing.sum(), places, ordered)
    assert ranks(values, weights, shares)[:5] == pytest.approx(expected, rel=1e-12)


def test_values_that_weigh_alike_need_no_weights() -> None:
    values = RANDOM.integers(0, 50, 1000).astype(np.int16)
    shares = [0, 0.1, 0.5, 1]
    assert ranks(values, None, shares).tolist() == ranks(values, np.full(1000, 0.3), shares).tolist()
    assert ranks(values, None, shares, modes=False).tolist() == ranks(values, None, shares)[:4].tolist()


def test_the_median_of_a_raster_takes_little_more_memory_than_its_values() -> None:
    values = RANDOM.normal(0, 1, 1_000_000).astype(np.float32)
    tracemalloc.start()
    try:
        ranks(values, None, [0.5], modes=False)
        taken = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert taken < 2 * values.nbytes
