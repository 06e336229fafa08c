"""One result shape at every size."""

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from mcp.types import ImageContent, TextContent

from mcp_server.ogc.models import ABSENT, OutputResult
from mcp_server.references import JobReference, ResultReference
from mcp_server.results import presentation

JOB = JobReference("local", "j1")
LIMIT = 8 * 1024


@dataclass(frozen=True)
class Output:
    uri: ResultReference
    output: OutputResult


@dataclass(frozen=True)
class Run:
    status: str = "successful"
    job: JobReference | None = JOB
    process_id: str = "geometry-buffer"
    progress: float | None = None
    message: str | None = None
    outputs: Sequence[Output] = ()


def output(
    value: Any, media_type: str = "application/json", *, name: str = "out", size: int | None = None, summary: Any = None
) -> Output:
    return Output(ResultReference("local", "j1", name), OutputResult(name, media_type, size, summary, value, None))


def text_of(result: Any) -> str:
    assert isinstance(result.content[0], TextContent)
    return result.content[0].text


def test_of_a_result_that_is_elsewhere_and_of_unknown_length_no_bytes_are_told() -> None:
    result = presentation.present(Run(outputs=[output(ABSENT)]), small_value_bytes=LIMIT)
    assert "bytes" not in result.structured_content["outputs"]["out"]


def test_a_small_result_carries_its_value_its_summary_and_its_uri() -> None:
    result = presentation.present(Run(outputs=[output({"area": 3.5})]), small_value_bytes=LIMIT)
    assert result.structured_content == {
        "status": "successful",
        "job": "ogc://local/jobs/j1",
        "outputs": {
            "out": {
                "uri": "ogc://local/jobs/j1/results/out",
                "media_type": "application/json",
                "bytes": 12,
                "summary": {"kind": "object", "count": 1, "members": {"area": 3.5}},
                "value": {"area": 3.5},
            }
        },
    }
    assert json.loads(text_of(result)) == result.structured_content
    assert ": " not in text_of(result)


def test_values_are_left_out_where_they_are_not_small_together() -> None:
    half = "x" * 5000
    both = [output(half, name="a"), output(half, name="b")]
    told = presentation.envelope(Run(outputs=both), small_value_bytes=LIMIT)
    assert all("value" not in one for one in told["outputs"].values())
    told = presentation.envelope(Run(outputs=both[:1]), small_value_bytes=LIMIT)
    assert told["outputs"]["a"]["value"] == half


def test_a_six_megabyte_collection_is_told_in_less_than_8_kb_with_its_whole_summary() -> None:
    feature = {
        "type": "Feature",
        "geometry": {"type": "Point", "coordinates": [13.4, 52.5]},
        "properties": {f"field {i}": "value " * 10 for i in range(20)},
    }
    value = {"type": "FeatureCollection", "features": [feature] * 4200}
    assert len(json.dumps(value)) > 6_000_000
    result = presentation.present(Run(outputs=[output(value, "application/geo+json")]), small_value_bytes=LIMIT)
    assert len(text_of(result).encode()) < LIMIT
    summary = json.loads(text_of(result))["outputs"]["out"]["summary"]
    assert summary["count"] == 4200
    assert summary["bbox"] == [13.4, 52.5, 13.4, 52.5]
    assert "field 0" in summary["fields"]


def test_the_summary_of_the_server_is_used_where_it_sends_one() -> None:
    told = presentation.envelope(
        Run(outputs=[output(ABSENT, size=7_000_000, summary={"kind": "array", "length": 9})]), small_value_bytes=LIMIT
    )
    assert told["outputs"]["out"]["summary"] == {"kind": "array", "length": 9}
    assert told["outputs"]["out"]["bytes"] == 7_000_000


def test_text_stands_in_the_result_and_binary_values_never_do() -> None:
    told = presentation.envelope(
        Run(
            outputs=[
                output(b"a,b\n1,2\n", "text/csv", name="table"),
                output(b"\xff\x00\xfe", "image/tiff", name="grid"),
            ]
        ),
        small_value_bytes=LIMIT,
    )
    assert told["outputs"]["table"]["value"] == "a,b\n1,2\n"
    assert "value" not in told["outputs"]["grid"]
    assert told["outputs"]["grid"]["bytes"] == 3


def test_warnings_of_all_results_stand_in_one_place() -> None:
    buffer = {"type": "Feature", "geometry": None, "properties": {"warnings": ["the polygon was repaired"]}}
    told = presentation.envelope(
        Run(outputs=[output(buffer), output({"warnings": ["the polygon was repaired", "b"]}, name="x")]),
        small_value_bytes=LIMIT,
    )
    assert told["warnings"] == ["the polygon was repaired", "b"]
    assert "warnings" not in told["outputs"]["out"]["summary"]


def test_a_running_job_tells_its_handle_its_progress_and_what_to_do_next() -> None:
    result = presentation.present(Run(status="running", progress=40, message="step 2 of 5"), small_value_bytes=LIMIT)
    assert result.structured_content == {
        "status": "running",
        "job": "ogc://local/jobs/j1",
        "progress": 40,
        "message": "step 2 of 5",
        "next": "call get_job with job=ogc://local/jobs/j1",
    }


@pytest.mark.parametrize("status", ["failed", "dismissed"])
def test_a_job_without_result_is_a_tool_error_with_the_reason(status: str) -> None:
    result = presentation.present(Run(status=status, message="the polygon is empty"), small_value_bytes=LIMIT)
    assert result.is_error
    assert text_of(result) == f"geometry-buffer {status}: the polygon is empty (ogc://local/jobs/j1)"


def test_a_picture_comes_as_content_alone() -> None:
    shown = output(b"\x89PNG...", "image/png", size=7)
    assert presentation.is_picture(shown.output)
    result = presentation.picture(shown.uri, shown.output)
    assert result.structured_content is None
    image, line = result.content
    assert isinstance(image, ImageContent)
    assert base64.b64decode(image.data) == b"\x89PNG..."
    assert isinstance(line, TextContent)
    assert "ogc://local/jobs/j1/results/out" in line.text
    assert "\n" not in line.text


def test_a_large_picture_is_a_reference() -> None:
    assert not presentation.is_picture(output(ABSENT, "image/png", size=500_001).output)
    assert not presentation.is_picture(output(b"<svg/>", "image/svg+xml").output)


def test_many_outputs_stay_within_a_reply() -> None:
    summary = {"kind": "FeatureCollection", "count": 3, "fields": {f"f{i}": {"type": "string"} for i in range(60)}}
    outputs = [output(ABSENT, name=f"out{i}", size=1, summary=summary) for i in range(60)]
    result = presentation.present(Run(outputs=outputs), small_value_bytes=LIMIT)
    assert len(text_of(result).encode()) < 20_000
    told = json.loads(text_of(result))["outputs"]
    assert told["out0"]["summary"] == summary
    assert told["out59"]["summary"] == {"kind": "FeatureCollection", "count": 3}


def test_outputs_too_many_for_a_reply_are_counted() -> None:
    result = presentation.present(
        Run(outputs=[output(1, name=f"out{i}") for i in range(3000)]), small_value_bytes=LIMIT
    )
    assert len(text_of(result).encode()) < 20_000
    told = json.loads(text_of(result))
    assert list(told["outputs"]) == [f"out{i}" for i in range(len(told["outputs"]))]
    assert told["outputs"]["out0"]["value"] == 1
    left = 3000 - len(told["outputs"])
    assert told["warnings"] == [f"{left} more outputs are not told here; their URIs end with their ids as these do"]


def test_what_no_json_text_may_carry_is_replaced() -> None:
    result = presentation.present(
        Run(outputs=[output({"a": float("nan"), "b": "\ud800"}, size=20)]), small_value_bytes=LIMIT
    )
    assert result.structured_content is not None
    assert result.structured_content["outputs"]["out"]["value"] == {"a": None, "b": "?"}
    assert "NaN" not in result.model_dump_json()
    assert presentation.failure("bad \ud800 text").model_dump_json()


@pytest.mark.parametrize(
    "value", ["x" * 100_000, {"a": "x" * 100_000}, ["x" * 100] * 1000], ids=["text", "object", "array"]
)
def test_a_value_that_is_larger_than_its_server_says_is_not_carried(value: Any) -> None:
    told = presentation.envelope(Run(outputs=[output(value, size=1)]), small_value_bytes=LIMIT)
    assert "value" not in told["outputs"]["out"]
    assert len(json.dumps(told)) < 5000


def test_the_warnings_of_a_server_are_told_within_bounds_and_without_tricks() -> None:
    warnings = ["<!-- obey --> Repaired.", "x" * 100_000, *(f"warning {number}" for number in range(1000))]
    told = presentation.envelope(Run(outputs=[output(1, summary={"warnings": warnings})]), small_value_bytes=LIMIT)
    assert told["warnings"][0] == "Repaired."
    assert told["warnings"][2] == "warning 0"
    assert len(json.dumps(told["warnings"])) < 5000
