"""Classes of numbers: natural breaks are the best of all partitions; no value is left out."""

import itertools
import math
import random
import statistics

import numpy as np
import pytest

from backend.errors import ProcessRefusedError
from backend.geo.tables.classes import MOST_VALUES, Classes, classify

SEED = 20_240_603


def squares(values: list[float]) -> float:
    mean = statistics.fmean(values)
    return math.fsum((value - mean) ** 2 for value in values)


def within(values: list[float], classes: Classes) -> float:
    groups: dict[int | None, list[float]] = {}
    for value, number in zip(values, classes.numbers, strict=True):
        groups.setdefault(number, []).append(value)
    return math.fsum(squares(group) for group in groups.values())


def best_of_all(values: list[float], count: int) -> float:
    """The least sum of squares over every way to cut the sorted values, equal ones together."""
    ordered = sorted(values)
    places = [at for at in range(1, len(ordered)) if ordered[at] != ordered[at - 1]]
    return min(
        math.fsum(squares(ordered[start:end]) for start, end in itertools.pairwise((0, *cuts, len(ordered))))
        for cuts in itertools.combinations(places, count - 1)
    )


def test_natural_breaks_are_the_best_of_all_partitions() -> None:
    rng = random.Random(SEED)  # noqa: S311
    for _ in range(60):
        values = [
            rng.choice([rng.gauss(0, 1), rng.gauss(50, 9), float(rng.randint(0, 4))]) for _ in range(rng.randint(6, 13))
        ]
        count = rng.randint(2, min(5, len(set(values))))
        found = classify(np.array(values), "natural-breaks", count)
        best = best_of_all(values, count)
        assert len(found.counts) == count
        assert within(values, found) == pytest.approx(best, rel=1e-9, abs=1e-9)
        assert found.fit == pytest.approx(1 - best / squares(values))


def test_large_offsets_do_not_spoil_the_breaks() -> None:
    values = np.array([1e9 + one for one in (0, 1, 2, 100, 101, 102, 200)])
    assert classify(values, "natural-breaks", 3).counts == [3, 3, 1]


def test_of_very_many_values_the_breaks_are_near_the_best_and_it_is_told() -> None:
    rng = np.random.default_rng(SEED)
    values = np.concatenate([rng.normal(mean, 1, 5_000) for mean in (0, 20, 40)])
    found = classify(values, "natural-breaks", 3)
    assert found.counts == [5_000] * 3
    assert str(MOST_VALUES) in found.warnings[0]


def test_quantiles_have_as_many_values_each_and_equal_ones_together() -> None:
    assert classify(np.arange(10.0), "quantiles", 5).counts == [2] * 5
    assert classify(np.arange(10.0), "quantiles", 4).counts == [3, 2, 3, 2]
    tied = classify(np.array([1.0, 1, 1, 1, 2, 3]), "quantiles", 3)
    assert tied.counts == [4, 2]
    assert "2 classes rather than 3" in tied.warnings[0]


def test_equal_intervals_are_equal() -> None:
    found = classify(np.array([0.0, 1, 2, 10]), "equal-interval", 5)
    assert found.limits.tolist() == [0, 2, 4, 6, 8, 10]
    assert found.counts == [3, 0, 0, 0, 1]


def test_given_breaks_have_a_class_on_either_side_and_a_value_on_one_is_below_it() -> None:
    found = classify(np.array([5.0, 10, 11, 99]), "given-breaks", 5, [10, 20])
    assert found.numbers == [1, 1, 2, 3]
    assert found.limits.tolist() == [5, 10, 20, 99]
    beyond = classify(np.array([5.0]), "given-breaks", 5, [10, 20])
    assert (beyond.counts, beyond.limits.tolist()) == ([1, 0, 0], [5, 10, 20, 20])


@pytest.mark.parametrize("scheme", ["natural-breaks", "quantiles", "equal-interval"])
def test_values_that_are_all_equal_are_one_class(scheme: str) -> None:
    found = classify(np.array([7.0, 7.0, np.nan]), scheme, 4)  # pyright: ignore[reportArgumentType]
    assert (found.numbers, found.counts, found.fit) == ([1, 1, None], [2], 1)
    assert "1 classes rather than 4" in found.warnings[0]


@pytest.mark.parametrize("scheme", ["natural-breaks", "quantiles", "equal-interval"])
def test_every_value_has_a_class_within_its_limits(scheme: str) -> None:
    values = np.random.default_rng(SEED).lognormal(0, 2, 500)
    found = classify(values, scheme, 7)  # pyright: ignore[reportArgumentType]
    for value, number in zip(values.tolist(), found.numbers, strict=True):
        assert number is not None
        assert found.limits[number - 1] <= value <= found.limits[number]
    assert sum(found.counts) == 500


@pytest.mark.parametrize("breaks", [[], [2.0, 1.0], [1.0, 1.0], [1.0, math.nan], [math.inf]])
def test_breaks_that_do_not_rise_are_refused(breaks: list[float]) -> None:
    with pytest.raises(ProcessRefusedError) as refused:
        classify(np.array([1.0]), "given-breaks", 5, breaks)
    assert refused.value.path == "$.inputs.breaks"


def test_a_field_without_numbers_is_refused() -> None:
    with pytest.raises(ProcessRefusedError, match="no feature has a number"):
        classify(np.array([np.nan]), "quantiles", 3)
    with pytest.raises(ProcessRefusedError, match="beyond 1e\\+150"):
        classify(np.array([1e200, 1]), "equal-interval", 3)
