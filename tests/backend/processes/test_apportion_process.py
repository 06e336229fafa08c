"""`apportion` as a caller sees it."""

import json
from typing import Any

import pytest

from backend.errors import ProcessRefusedError
from backend.processes.apportion import apportion
from backend.processes.running import run_processor

TRACT = 'pop,wkt\n8,"POLYGON ((0 0, 2 0, 2 1, 0 1, 0 0))"'
HALF = "POLYGON ((1 0, 2 0, 2 1, 1 1, 1 0))"


def quiet(percent: float, message: str | None = None) -> None:
    pass


def answer(**inputs: Any) -> Any:
    (output,) = run_processor(apportion({"name": "here"}), inputs, None, quiet)
    return json.loads(output.encode())


def test_the_example_is_answered() -> None:
    told = answer(**apportion.description["example"]["inputs"])
    assert 0 < told["features"][0]["properties"]["pop_apportioned"] < 8


def test_an_answer_tells_where_the_total_went() -> None:
    told = answer(features=TRACT, zones=HALF, fields=["pop"])
    assert told["features"][0]["properties"]["pop_apportioned"] == pytest.approx(4, rel=1e-9)
    assert told["totals"] == {
        "pop": {
            "total": 8,
            "in_zones": pytest.approx(4),
            "outside": pytest.approx(4),
            "counted_twice": 0,
        }
    }
    assert "as if spread evenly" in told["method"]
    assert "RFC 7946" in told["crs_decision"]


def test_of_rates_nothing_is_said_to_be_told_that_is_not() -> None:
    told = answer(features=TRACT, zones=HALF, fields=["pop"], kind="rate")
    assert told["totals"] == {}
    assert told["warnings"] == ["1 features lie partly or wholly in no zone: of what is there no zone has a share."]


@pytest.mark.parametrize(
    ("inputs", "path"),
    [
        ({"fields": ["pub"]}, "$.inputs.fields[0]"),
        ({"fields": []}, "$.inputs.fields"),
        ({"kind": "mean"}, "$.inputs.kind"),
        ({"zones": "POINT (1 1)"}, "$.inputs.zones"),
    ],
)
def test_a_refusal_names_the_input_at_fault(inputs: dict[str, Any], path: str) -> None:
    with pytest.raises(ProcessRefusedError) as refused:
        answer(**({"features": TRACT, "zones": HALF, "fields": ["pop"]} | inputs))
    assert refused.value.path == path
