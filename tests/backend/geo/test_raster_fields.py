"""Names of the fields that features get of a raster."""

from typing import Any

import pytest

from backend.geo.geodesy.shapes import shapes_of
from backend.geo.raster.fields import joined
from backend.geo.vector.features import Features


@pytest.mark.parametrize(
    ("own", "columns", "expected"),
    [
        (["a"], ["mean"], ["a", "mean"]),
        (["mean"], ["mean", "count"], ["mean", "raster_mean", "count"]),
        (["mean", "raster_mean"], ["mean"], ["mean", "raster_mean", "raster_mean_2"]),
        (["value"], ["value", "raster_value"], ["value", "raster_value_2", "raster_value"]),
        (["value", "raster_value"], ["raster_value"], ["value", "raster_value", "raster_raster_value"]),
    ],
)
def test_no_field_of_features_or_raster_is_lost(own: list[str], columns: list[str], expected: list[str]) -> None:
    fields: dict[str, list[Any]] = {name: [f"own {name}"] for name in own}
    made = joined(Features(shapes_of([None]), fields), {name: [f"new {name}"] for name in columns})
    values = [*(f"own {name}" for name in own), *(f"new {name}" for name in columns)]
    assert {name: list(column) for name, column in made.fields.items()} == {
        name: [value] for name, value in zip(expected, values, strict=True)
    }
    assert bool(made.warnings) is bool(set(own) & set(columns))
