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


def test_a_key_called_like_a_measure_tells_the_groups_apart() -> None:
    table = 'k,area_m2,wkt\na,77,"POLYGON ((0 0, 1 0, 1 1, 0 0))"\na,3,"POLYGON ((0 0, 1 1, 0 1, 0 0))"'
    told = answer(features=table, by=["area_m2"])
    assert [one["properties"]["area_m2_1"] for one in told["features"]] == [77, 3]
    assert all(one["properties"]["area_m2"] > 6e9 for one in told["features"])
    assert any("'area_m2_1'" in warning for warning in told["warnings"])


@pytest.mark.parametrize(
    ("inputs", "path"), [({"by": ["kin"]}, "$.inputs.by[0]"), ({"statistics": ["sum:kind"]}, "$.inputs.statistics")]
)
def test_a_refusal_names_the_input_at_fault(inputs: dict[str, Any], path: str) -> None:
    with pytest.raises(ProcessRefusedError) as refused:
        answer(**(dissolve.description["example"]["inputs"] | inputs))
    assert refused.value.path == path
