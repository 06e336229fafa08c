"""Tables that come as JSON."""

import csv
import json
from io import StringIO
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
    features = read_features([{"lon": "east", "lat": 1}])
    assert not features.present.any()
    assert features.warnings == (
        "The fields 'lon' and 'lat' hold other values than numbers: no points were made of them.",
    )
    with pytest.raises(ProcessRefusedError, match="latitude"):
        read_features([{"lon": 1, "lat": 99}])


@pytest.mark.parametrize("row", [{"lon": None, "lat": 1}, {"lon": 1, "lat": None}, {"lon": "", "lat": ""}, {"lat": 3}])
def test_half_of_a_position_is_none(row: dict[str, Any]) -> None:
    features = read_features([{"lon": 2, "lat": 3}, row])
    assert features.present.tolist() == [True, False]
    assert features.warnings == ()


@pytest.mark.parametrize(
    "rows",
    [
        [{"lon": "9", "lat": " 50.5"}, {"lon": "", "lat": "3"}],
        [{"stop_lon": "9", "stop_lat": "50.5"}, {"stop_lon": None, "stop_lat": 3}],
        [{"wkt": "LINESTRING (0 0, 1 1)", "lon": 3, "lat": 4}, {"wkt": None, "lon": 3, "lat": 4}],
        [{"name": "a", "Geom": "POINT (1 2)"}, {"name": "b", "Geom": ""}],
    ],
)
def test_geometries_are_those_of_the_same_table_in_csv(rows: list[dict[str, Any]]) -> None:
    text = StringIO()
    writer = csv.DictWriter(text, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    features, other = read_features(rows), read_features(text.getvalue())
    assert shapely.to_wkt(features.shapes).tolist() == shapely.to_wkt(other.shapes).tolist()
    assert features.present.tolist() == [True, False]
    assert list(features.fields) == list(other.fields)
    assert features.warnings == other.warnings


def test_a_field_of_other_things_that_is_called_like_a_geometry_stays() -> None:
    features = read_features([{"shape": "round", "lon": 1, "lat": 2}])
    assert list(features.fields["shape"]) == ["round"]
    assert features.present.all()
    assert features.warnings == ("The field 'shape' holds no WKT: no geometries were made of it.",)
    assert read_features([{"shape": 3, "lon": 1, "lat": 2}, {"shape": "round"}]).warnings == features.warnings
    assert read_features([{"shape": None}]).warnings == ()
    with pytest.raises(ProcessRefusedError, match="row 2 of the table has 'POINT'"):
        read_features([{"wkt": "POINT (1 2)"}, {"wkt": "POINT"}])


@pytest.mark.parametrize("value", [[], "[]", {"rows": []}])
def test_a_table_without_rows_is_one_and_told(value: Any) -> None:
    features = read_features(value)
    assert (len(features), dict(features.fields)) == (0, {})
    assert features.warnings == ("The table has no rows.",)


@pytest.mark.parametrize(
    "row", [{"coordinates": "1, 2"}, {"type": "shop", "coordinates": [1, 2]}, {"type": "Feature", "k": 1}]
)
def test_fields_may_be_called_like_members_of_geojson(row: dict[str, Any]) -> None:
    assert fields([row]) == {name: [value] for name, value in row.items()}


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ([1, 2], "expected GeoJSON"),
        ([{"k": 1}, 2], "expected GeoJSON"),
        ({"rows": 3}, "is no GeoJSON, whose objects have a type"),
        ({"groups": [{"by": 1}]}, "is no GeoJSON, whose objects have a type"),
        ([{"type": "Feature", "geometry": None, "properties": {}}], "FeatureCollection"),
        ([{"type": "Point", "coordinates": [1, 2]}], "FeatureCollection"),
        ([{"k": 1}, {"type": "FeatureCollection", "features": []}], "FeatureCollection"),
    ],
)
def test_what_is_no_table_is_refused(value: Any, reason: str) -> None:
    with pytest.raises(ProcessRefusedError, match=reason):
        read_features(value)
