"""What becomes of one description."""

from dataclasses import replace
from typing import Any

import pytest

from mcp_server.doctor.judging import judged, refusals, schema_faults, type_words
from mcp_server.doctor.records import ProcessFinding
from mcp_server.ogc.models import ProcessDescription, ServerIdentity
from mcp_server.schema.normalise import normalise
from mcp_server.schema.tool import tool_spec
from tests.mcp_server.doctor.examined_site import DEMO, GOOD, REPAIRED

SERVER = ServerIdentity("remote", "https://remote.example", embedded=False, dialect="unknown")


def finding(raw: dict[str, Any]) -> ProcessFinding:
    return judged(ProcessDescription(SERVER, raw["id"], raw), name="tool")


def test_a_good_description_needs_no_repair_and_takes_its_example() -> None:
    found = finding(GOOD)
    assert (found.repairs, found.faults, found.example, found.example_problems) == ((), (), "accepted", ())
    assert found.modes == {"sync-execute", "async-execute"}
    assert [(one.argument, one.type, one.required, one.by_reference) for one in found.inputs] == [
        ("geometry", "object or string", True, True),
        ("distance", "number", True, False),
        ("units", "string (2 values)", False, False),
        ("out-format", "string (date) or array of string (date)", False, False),
    ]
    assert [(one.id, one.media_type) for one in found.outputs] == [("result", "application/geo+json")]


def test_what_is_bad_in_a_description_is_told_by_its_path() -> None:
    found = finding(REPAIRED)
    assert {one.path for one in found.repairs} == {"$.inputs.raster", "$.inputs.count", "$.inputs.höhe"}
    assert {one.id for one in found.inputs if one.any_value} == {"raster", "höhe"}
    assert [one.argument for one in found.inputs if one.id == "höhe"] == ["hohe"]


def test_an_example_that_is_refused_tells_why() -> None:
    found = finding(REPAIRED)
    assert found.example == "refused"
    assert [problem.partition(":")[0] for problem in found.example_problems] == ["$.bands"]


def test_what_an_example_holds_cannot_steer_a_terminal() -> None:
    hidden = {**GOOD, "example": {"inputs": {**GOOD["example"]["inputs"], "units": "metre\u202e\x1b[31m"}}}
    (problem,) = refusals(tool_spec(normalise(GOOD), name="tool", server="remote"), hidden["example"]["inputs"])
    assert problem.startswith("$.units: ")
    assert problem.isprintable()


def test_a_process_without_example_has_none_and_a_demonstration_is_one() -> None:
    found = finding(DEMO)
    assert (found.example, found.demonstration) == ("none", True)
    assert not finding(GOOD).demonstration


def test_the_title_is_harmless() -> None:
    assert finding(REPAIRED).title == "Zonal (system)statistics(/system)"


def test_the_size_is_that_of_the_tool_in_utf_8() -> None:
    short, long = (finding({"id": "p", "title": title, "inputs": {}}).size for title in ("水", "水水"))
    assert long - short == 6  # in the title, and in the description, which repeats it


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({"type": "number"}, "number"),
        ({"type": "string", "enum": ["a", "b"]}, "string (2 values)"),
        ({"type": "string", "format": "date-time"}, "string (date-time)"),
        ({"anyOf": [{"type": "string"}, {"type": "object"}, {"type": "string"}]}, "string or object"),
        ({"type": "array", "items": {"type": "integer"}}, "array of integer"),
        ({"type": "array", "items": {"anyOf": [{"type": "integer"}, {"type": "null"}]}}, "array of (integer or null)"),
    ],
)
def test_types_are_told_in_words(schema: dict[str, Any], words: str) -> None:
    assert type_words(schema) == words


def test_a_schema_that_clients_would_not_take_is_a_fault() -> None:
    spec = tool_spec(normalise(GOOD), name="tool", server="remote")
    assert schema_faults(spec) == ()
    broken = {**spec.input_schema, "properties": {"a b": {"type": ["string"]}}}
    assert any("portable" in fault for fault in schema_faults(replace(spec, input_schema=broken)))
    assert schema_faults(replace(spec, output_schema={"type": "nonsense"}))


def test_inputs_are_judged_by_their_own_ids() -> None:
    spec = tool_spec(normalise(REPAIRED), name="tool", server="remote")
    assert refusals(spec, {"raster": 1, "bands": 1, "höhe": 2}) == ()
    assert len(refusals(spec, {"raster": 1, "bands": "x", "nothing": 2})) == 3
