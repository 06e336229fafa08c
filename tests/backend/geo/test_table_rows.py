"""Tables that come as JSON."""

import json
from typing import Any

import pytest
import shapely

from backend.errors import ProcessRefusedError
from backend.geo.vector.feature_reading import read_features


def fields(value: Any) -> dict[str, list[Any]]:
    return {name: list(column) for name, column in read_features(value).fields.items()}


ROWS = [{"k": 1, "x": "a"}, {"y": 2.5, "k": None}, {"k": "3", "x": None}]


@pytest.mark.parametrize(
    "table", [ROWS, json.dumps(ROWS), {"rows": ROWS, "method": "told", "count": 3}, f"  {json.dumps({'rows': ROWS})}"]
)
def test_objects_become_rows_with_the_fields_of_all_in_order_and_null_where_one_has_none(table: Any) -> None:
    assert list(fields(table).items()) == [("k", [1, None, "3"]), ("x", ["a", None, None]), ("y", [None, 2.5, None])]
    assert not read_features(table).present.any()


def test_groups_of_a_summary_become_rows_of_single_values() -> None:
    counted = {"count": 2, "mean": 2.5, "most_frequent": [{"value": "a", "count": 2}]}
    groups = [
        {"by": {"k": "a", "rows": "own"}, "rows": 2, "fields": {"v": counted}},
        {"by": {"k": None, "rows": "too"}, "rows": 1, "fields": {"v": {"count": 0, "mean": None}}},
    ]
    assert fields({"groups": groups, "rows": 3, "method": "told"}) == {
        "k": ["a", None],
        "rows": ["own", "too"],
        "rows_2": [2, 1],
        "v_count": [2, 0],
        "v_mean": [2.5, None],
    }


def test_longitude_and_latitude_make_points_as_in_csv() -> None:
    features = read_features([{"name": "a", "lon": 13.5, "lat": 52}, {"name": "b", "lon": None, "lat": 1}])
    assert [shape and shapely.get_coordinates(shape).tolist() for shape in features.shapes] == [[[13.5, 52.0]], None]
    assert list(features.fields["lon"]) == [13.5, None]
    assert not read_features([{"lon": "east", "lat": 1}]).present.any()
    with pytest.raises(ProcessRefusedError, match="latitude"):
        read_features([{"lon": 1, "lat": 99}])


def test_a_query_without_rows_is_an_empty_table() -> None:
    assert len(read_features({"rows": []})) == 0


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ([], "expected GeoJSON"),
        ([1, 2], "expected GeoJSON"),
        ([{"k": 1}, 2], "expected GeoJSON"),
        ({"rows": 3}, "no GeoJSON type"),
        ({"groups": [{"by": 1}]}, "no GeoJSON type"),
        ([{"type": "Feature", "geometry": None, "properties": {}}], "FeatureCollection"),
        ([{"type": "Point", "coordinates": [1, 2]}], "FeatureCollection"),
    ],
)
def test_what_is_no_table_is_refused(value: Any, reason: str) -> None:
    with pytest.raises(ProcessRefusedError, match=reason):
        read_features(value)
