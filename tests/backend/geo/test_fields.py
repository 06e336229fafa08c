"""Fields by name and the kinds of their values."""

from typing import Any

import numpy as np
import pytest

from backend.errors import ProcessRefusedError
from backend.geo.geodesy.shapes import shapes_of
from backend.geo.vector.features import Features
from backend.geo.vector.fields import column_of, is_number, listed, numbers_array, numbers_of, shown, text_of, texts_of


def features(**fields: list[Any]) -> Features:
    return Features(shapes_of([None] * len(next(iter(fields.values()), []))), fields)


def test_a_field_that_is_not_there_is_refused_with_those_like_it() -> None:
    with pytest.raises(ProcessRefusedError, match="did you mean 'Population'") as refused:
        column_of(features(Population=[1], area=[2]), "population ", "$.inputs.field")
    assert refused.value.path == "$.inputs.field"
    with pytest.raises(ProcessRefusedError, match="the fields are 'a', 'b'"):
        column_of(features(a=[1], b=[2]), "xyz")
    with pytest.raises(ProcessRefusedError, match="the features have no fields"):
        column_of(Features(shapes_of([None])), "a")


def test_features_that_there_are_none_of_have_any_field_without_values() -> None:
    """As after a filter that found nothing: a FeatureCollection without features tells no fields."""
    assert list(column_of(Features(shapes_of([])), "a")) == []


def test_numbers_have_nan_for_what_is_missing() -> None:
    assert np.array_equal(numbers_of(features(v=[1, None, 2.5]), "v"), [1, np.nan, 2.5], equal_nan=True)
    assert numbers_of(features(v=[]), "v").tolist() == []


@pytest.mark.parametrize("value", ["7", True, float("inf"), [1], {"a": 1}])
def test_what_is_no_number_is_refused_and_shown(value: Any) -> None:
    with pytest.raises(ProcessRefusedError, match="which is no number"):
        numbers_of(features(v=[1, None, value]), "v")


def test_an_integer_beyond_any_float_is_refused() -> None:
    with pytest.raises(ProcessRefusedError, match="too large"):
        numbers_of(features(v=[10**400]), "v")
    assert not is_number(10**400)


def test_integers_stay_integers_while_they_fit() -> None:
    assert numbers_array([2**53 + 1, None]).tolist() == [2**53 + 1, 0]
    assert numbers_array([2**70]).tolist() == [float(2**70)]
    assert numbers_array([1, 2.5]).dtype == np.float64


def test_values_that_mean_the_same_make_the_same_text() -> None:
    assert [text_of(value) for value in (7, 7.0, "7", 7.5, True)] == ["7", "7", "7", "7.5", "true"]
    assert text_of("u\u0308") == texts_of(["u\u0308", None])[0] == "ü"


def test_long_values_and_lists_are_cut() -> None:
    assert len(shown("x" * 1000)) < 70
    assert listed(range(25)).endswith("19 and 5 more")
    deep: Any = []
    for _ in range(100_000):
        deep = [deep]
    assert "nested too deeply" in shown(deep)
