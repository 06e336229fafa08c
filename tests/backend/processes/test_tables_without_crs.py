"""Tables whose positions are in a CRS that nothing tells: their fields are of use all the same."""

import json
from pathlib import Path
from typing import Any

import pytest

from backend.errors import ProcessRefusedError
from backend.geo.vector.datasets import DatasetFile
from backend.processes.describe_dataset import describe_dataset
from backend.processes.join_table import join_table
from backend.processes.running import run_processor
from backend.processes.summarize import summarize

TEXT = "stop;kind;X;Y;people\nNorth;bus;3459000,5;5549000;12\nSouth;bus;3460000;5550000;30\nEast;tram;;;8\n"
ROWS = [
    {"stop": "North", "kind": "bus", "x": 3459000.5, "y": 5549000, "people": 12},
    {"stop": "South", "kind": "bus", "x": 3460000, "y": 5550000, "people": 30},
    {"stop": "East", "kind": "tram", "x": None, "y": None, "people": 8},
]


def answer(process: Any, **inputs: Any) -> Any:
    (output,) = run_processor(process({"name": "here"}), inputs, None, lambda _percent, _text=None: None)
    return json.loads(output.encode())


@pytest.fixture(params=["text", "file", "json"])
def table(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    file = tmp_path / "stops.csv"
    file.write_text(TEXT)
    return {"text": TEXT, "file": DatasetFile("stops", file, "vector"), "json": json.dumps(ROWS)}[request.param]


def test_they_are_summarized_and_it_is_told_that_the_coordinates_are_left_aside(table: Any) -> None:
    told = answer(summarize, features=table, fields=["people"], group_by=["kind"])
    assert {group["by"]["kind"]: group["fields"]["people"]["sum"] for group in told["groups"]} == {"bus": 42, "tram": 8}
    (warning,) = [warning for warning in told["warnings"] if "left aside" in warning]
    assert "looks projected" in warning
    assert "assign-crs" in warning


def test_they_are_described_without_a_crs(table: Any) -> None:
    told = answer(describe_dataset, dataset=table)
    assert told["crs"] is None
    assert told["extent"] == [3459000.5, 5549000, 3460000, 5550000]
    assert [field["name"].lower() for field in told["fields"]] == ["stop", "kind", "x", "y", "people"]
    assert any("No CRS is told" in warning for warning in told["warnings"])


def test_their_rows_are_joined(table: Any) -> None:
    features = "name,lon,lat\nSouth,8.4,50.1\n"
    told = answer(join_table, features=features, table=table, field="name", table_field="stop")
    assert told["features"][0]["properties"]["people"] == 30


def test_what_is_measured_on_the_ground_is_not_known_of_them() -> None:
    told = answer(summarize, features="kind;wkt\na;POLYGON((0 0,900 0,900 900,0 0))\n", fields=["area_m2"])
    assert told["groups"][0]["fields"]["area_m2"]["count"] == 0


def test_geojson_that_is_nowhere_on_the_globe_is_still_refused() -> None:
    feature = {"type": "Feature", "properties": {"a": 1}, "geometry": {"type": "Point", "coordinates": [459000, 1]}}
    for process, name in ((summarize, "features"), (describe_dataset, "dataset")):
        with pytest.raises(ProcessRefusedError, match="projected"):
            answer(process, **{name: feature})
