"""`parse-coordinates` as a caller sees it."""

import json
from typing import Any

import pytest

from backend.errors import ProcessRefusedError
from backend.processes.parse_coordinates import parse_coordinates
from backend.processes.running import run_processor

STATIONS = """station_id,lat_deg,lat_min,lat_sec,lat_hem,lon_deg,lon_min,lon_sec,lon_hem
ST-1,41,53,24,N,12,29,32,E
ST-2,33,52,0,S,151,12,0,E
"""


def answer(**inputs: Any) -> Any:
    (output,) = run_processor(parse_coordinates({"name": "here"}), inputs, None, lambda _percent, _text=None: None)
    return json.loads(output.encode())


def properties(told: Any) -> list[dict[str, Any]]:
    return [feature["properties"] for feature in told["features"]]


def test_the_example_answers_with_a_point_for_each_text_in_order() -> None:
    told = answer(**parse_coordinates.description["example"]["inputs"])
    assert [row["notation"] for row in properties(told)] == ["degrees, minutes, seconds", "MGRS", "UTM"]
    assert told["features"][0]["geometry"]["coordinates"] == pytest.approx([12 + 29 / 60 + 32 / 3600, 41.89])
    assert (told["read"], told["unread"], told["ambiguous"], told["warnings"]) == (3, 0, 0, [])


def test_a_text_that_cannot_be_read_keeps_its_place_and_tells_why() -> None:
    told = answer(coordinates=["52.5 N 13.4 E", "41°75'N 12°E"])
    assert told["features"][1]["geometry"] is None
    assert "75 minutes" in properties(told)[1]["error"]
    assert "1 of 2 texts could not be read" in told["warnings"][0]


def test_ambiguous_texts_are_told_with_what_else_they_may_mean() -> None:
    told = answer(coordinates=["52.5, 13.4"])
    assert properties(told)[0]["others"] == [[52.5, 13.4]]
    assert told["ambiguous"] == 1
    assert "another place" in told["warnings"][0]
    assert answer(coordinates=["52.5, 13.4"], order="latitude-longitude")["ambiguous"] == 0


def test_columns_of_degrees_minutes_and_seconds_become_points() -> None:
    told = answer(table=STATIONS)
    first, second = properties(told)
    assert first["latitude"] == pytest.approx(41.89, abs=1e-12)
    assert second["latitude"] == pytest.approx(-33 - 52 / 60)
    assert told["features"][1]["geometry"]["coordinates"] == pytest.approx([151.2, -33 - 52 / 60])
    assert first["station_id"] == "ST-1"
    assert told["warnings"] == []


def test_a_latitude_alone_is_made_decimal_without_a_point() -> None:
    told = answer(table="id,Latitude Deg,Latitude Min\n1,-10,30\n2,10,15\n")
    assert [row["latitude"] for row in properties(told)] == [-10.5, 10.25]
    assert told["features"][0]["geometry"] is None
    assert "No column tells the hemisphere" in told["warnings"][0]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("41,60,0,N", "60 minutes"),
        ("41,5.5,7,N", "fraction"),
        ("-41,5,7,S", "both tell a hemisphere"),
        ("-41,5,7,south", "both tell a hemisphere"),
        ("41,5,7,E", "no hemisphere of a latitude"),
        ("91,0,0,N", "91 is no latitude"),
        ("x,0,0,N", "no number"),
    ],
)
def test_a_row_that_is_no_angle_has_none_and_tells_why(row: str, reason: str) -> None:
    told = answer(table=f"lat_d,lat_m,lat_s,lat_h\n{row}\n10,0,0,N\n")
    assert [found["latitude"] for found in properties(told)] == [None, 10]
    assert any(reason in warning for warning in told["warnings"])


@pytest.mark.parametrize(
    ("inputs", "reason", "path"),
    [
        ({}, "either coordinates or table", None),
        ({"coordinates": ["1 2"], "table": STATIONS}, "either coordinates or table", None),
        ({"coordinates": []}, "no texts", "$.inputs.coordinates"),
        ({"coordinates": ["nowhere"]}, "no position", "$.inputs.coordinates"),
        ({"coordinates": ["1 2"], "order": "up-down"}, "latitude-longitude", "$.inputs.order"),
        ({"table": "id,a,b\n1,2,3\n"}, "no columns of degrees and minutes", "$.inputs.table"),
    ],
)
def test_a_refusal_tells_the_reason_and_the_input(inputs: dict[str, Any], reason: str, path: str | None) -> None:
    with pytest.raises(ProcessRefusedError, match=reason) as refused:
        answer(**inputs)
    assert refused.value.path == path


def test_a_table_in_decimal_degrees_comes_back_as_the_points_that_it_has() -> None:
    told = answer(table="name,latitude,longitude\nA,41.89,12.5")
    (feature,) = told["features"]
    assert feature["geometry"]["coordinates"] == [12.5, 41.89]
    assert feature["properties"]["latitude"] == 41.89
    assert "as they stand" in told["method"]
