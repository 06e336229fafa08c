"""`dissolve` as a caller sees it."""

import json
from typing import Any

import pytest

from backend.errors import ProcessRefusedError
from backend.processes.dissolve import dissolve
from backend.processes.running import run_processor


def quiet(percent: float, message: str | None = None) -> None:
    pass


def answer(**inputs: Any) -> Any:
    (output,) = run_processor(dissolve({"name": "here"}), inputs, None, quiet)
    return json.loads(output.encode())


def test_the_example_is_answered() -> None:
    told = answer(**dissolve.description["example"]["inputs"])
    (square,) = told["features"]
    assert square["properties"]["kind"] == "a"
    assert square["properties"]["pop_sum"] == 3
    assert square["properties"]["area_m2"] == told["totals"]["area_m2"] > 1.2e10
    assert told["groups"] == 1
    assert told["overlap_m2"] == 0
    assert "RFC 7946" in told["crs_decision"]


@pytest.mark.parametrize(
    ("inputs", "path"), [({"by": ["kin"]}, "$.inputs.by[0]"), ({"statistics": ["sum:kind"]}, "$.inputs.statistics")]
)
def test_a_refusal_names_the_input_at_fault(inputs: dict[str, Any], path: str) -> None:
    with pytest.raises(ProcessRefusedError) as refused:
        answer(**(dissolve.description["example"]["inputs"] | inputs))
    assert refused.value.path == path
