"""Columns of numbers that stay as a file has them look like lists of Python's numbers to whoever reads them."""

import json
from pathlib import Path

import numpy as np
import pytest
import shapely

from backend.geo.vector.collections import FeatureCollection
from backend.geo.vector.columns import Column
from backend.geo.vector.datasets import Datasets
from backend.geo.vector.features import Features
from backend.geo.vector.fields import numbers_of
from backend.geo.vector.number_columns import NumberColumn, rows_of
from backend.geo.vector.vector_files import read_file
from backend.geo.vector.writing import geopackage

WHOLE = NumberColumn.of(np.array([7, 0, 9], dtype=np.int32), np.array([False, True, False]))
DECIMAL = NumberColumn.of(np.array([0.5, 1.5], dtype=np.float32))
TRUTH = NumberColumn.of(np.array([True, False]))


@pytest.mark.parametrize(
    ("column", "values"), [(WHOLE, [7, None, 9]), (DECIMAL, [0.5, 1.5]), (TRUTH, [True, False])], ids=str
)
def test_values_are_pythons_own_however_they_are_looked_at(column: NumberColumn, values: list[object]) -> None:
    assert list(column) == list(column[:]) == [column[at] for at in range(len(column))] == values
    assert json.loads(json.dumps(list(column))) == values
    assert [type(value) for value in column] == [type(value) for value in values]
    assert column[-1] == values[-1]
    assert values[0] in column


def test_rows_are_taken_with_nothing_for_those_that_there_are_not() -> None:
    assert list(rows_of(WHOLE, np.array([2, -1, 1, 0]))) == [9, None, None, 7]
    assert list(rows_of(DECIMAL, np.array([1, 1]))) == [1.5, 1.5]
    assert list(rows_of(["a", "b"], np.array([1, -1]))) == ["b", None]
    assert list(rows_of(NumberColumn.of(np.zeros(0)), np.array([-1]))) == [None]


def test_the_text_of_features_has_each_value_as_json_writes_it() -> None:
    random = np.random.default_rng(1)
    decimals = random.standard_normal(20_000) * 10.0 ** random.integers(-300, 300, 20_000)
    wholes = random.integers(-(2**62), 2**62, 20_000)
    missing = random.random(20_000) < 0.1
    fields = {
        "decimal": NumberColumn.of(decimals),
        "gaps": NumberColumn.of(wholes, missing),
        "truth": NumberColumn.of(wholes > 0, missing),
    }
    written = b"".join(FeatureCollection(Features(shapely.points(np.zeros((20_000, 2))), fields), {}).json_parts())
    read = [feature["properties"] for feature in json.loads(written)["features"]]
    assert read == list(Features(np.full(20_000, None), {name: list(it) for name, it in fields.items()}).rows())
    assert [repr(row["decimal"]) for row in read] == [repr(value) for value in decimals.tolist()]


def test_numbers_of_a_field_are_nan_where_they_are_missing() -> None:
    features = Features(shapely.points([0, 1, 2], [0, 0, 0]), {"n": WHOLE})
    np.testing.assert_equal(numbers_of(features, "n"), [7, np.nan, 9])


def test_a_column_for_expressions_is_of_the_kind_of_its_values() -> None:
    column = Column.of(WHOLE, "n")
    assert (column.kind, column.values.dtype, column.json(3)) == ("number", np.int64, [7, None, 9])
    assert Column.of(TRUTH, "t").json(2) == [True, False]
    nothing = NumberColumn.of(np.zeros(2), np.ones(2, dtype=np.bool_))
    assert Column.of(nothing, "x").kind == "nothing"


def test_a_file_is_written_and_read_with_the_types_and_the_gaps_of_its_numbers(tmp_path: Path) -> None:
    shapes = shapely.points([0, 1, 2], [0, 0, 0])
    written = Features(shapes, {"whole": WHOLE, "gap": [1.25, None, 2.5], "all_gaps": [None, None, None]})
    (tmp_path / "made.gpkg").write_bytes(geopackage(written, "made").content)
    read = read_file(Datasets.within([tmp_path]).get("made"))
    again = Features(read.shapes, read.fields)
    (tmp_path / "again.gpkg").write_bytes(geopackage(again, "again").content)
    for name in ("made", "again"):
        fields = read_file(Datasets.within([tmp_path]).get(name)).fields
        assert list(fields["whole"]) == [7, None, 9]
        assert [type(value) for value in fields["whole"]] == [int, type(None), int]
        assert list(fields["gap"]) == [1.25, None, 2.5]
        assert list(fields["all_gaps"]) == [None, None, None]
