"""Our schemas of the standard's documents come to the verdicts of the OGC's own."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from mcp_server.validate import schemas

LINK = {"href": "https://example.org/", "rel": "self", "type": "application/json"}
SUMMARY = {"id": "a", "version": "1", "jobControlOptions": ["sync-execute"], "outputTransmission": ["value"]}
INPUT = {"schema": {"type": "string"}, "minOccurs": 0, "maxOccurs": "unbounded", "keywords": ["k"]}
STATUS = {"jobID": "1", "status": "running", "type": "process", "progress": 5, "created": "2026-01-02T03:04:05Z"}

SAMPLES: list[tuple[str, schemas.Schema, Any]] = [
    ("landingPage", schemas.LANDING_PAGE, {"links": [LINK]}),
    ("landingPage", schemas.LANDING_PAGE, {"title": "t", "description": "d", "links": []}),
    ("landingPage", schemas.LANDING_PAGE, {"title": "no links"}),
    ("landingPage", schemas.LANDING_PAGE, {"links": [{"rel": "self"}]}),
    ("landingPage", schemas.LANDING_PAGE, {"links": [{"href": 1}]}),
    ("landingPage", schemas.LANDING_PAGE, {"title": 1, "links": []}),
    ("landingPage", schemas.LANDING_PAGE, []),
    ("confClasses", schemas.CONFORMANCE, {"conformsTo": ["http://example.org/conf/core"]}),
    ("confClasses", schemas.CONFORMANCE, {"conformsTo": "http://example.org/conf/core"}),
    ("confClasses", schemas.CONFORMANCE, {"conformsTo": [1]}),
    ("confClasses", schemas.CONFORMANCE, {}),
    ("processList", schemas.PROCESS_LIST, {"processes": [SUMMARY], "links": [LINK]}),
    ("processList", schemas.PROCESS_LIST, {"processes": [SUMMARY]}),
    ("processList", schemas.PROCESS_LIST, {"processes": [{"id": "a"}], "links": []}),
    ("processList", schemas.PROCESS_LIST, {"processes": [{"id": 1, "version": "1"}], "links": []}),
    ("processList", schemas.PROCESS_LIST, {"processes": {}, "links": []}),
    ("processSummary", schemas.PROCESS_SUMMARY, {**SUMMARY, "jobControlOptions": ["sync"]}),
    ("processSummary", schemas.PROCESS_SUMMARY, {**SUMMARY, "outputTransmission": "value"}),
    ("processSummary", schemas.PROCESS_SUMMARY, {**SUMMARY, "metadata": [{"title": "t", "role": "r", "href": "h"}]}),
    ("processSummary", schemas.PROCESS_SUMMARY, {**SUMMARY, "keywords": "k"}),
    ("process", schemas.PROCESS, {**SUMMARY, "inputs": {"i": INPUT}, "outputs": {"o": {"schema": {"type": "number"}}}}),
    ("process", schemas.PROCESS, SUMMARY),
    ("process", schemas.PROCESS, {**SUMMARY, "inputs": {"i": {"title": "no schema"}}}),
    ("process", schemas.PROCESS, {**SUMMARY, "inputs": {"i": {**INPUT, "maxOccurs": "many"}}}),
    ("process", schemas.PROCESS, {**SUMMARY, "inputs": {"i": {**INPUT, "minOccurs": "1"}}}),
    ("process", schemas.PROCESS, {**SUMMARY, "outputs": {"o": {"title": "no schema"}}}),
    ("process", schemas.PROCESS, {**SUMMARY, "outputs": {"o": {"schema": "string"}}}),
    ("statusInfo", schemas.STATUS_INFO, STATUS),
    ("statusInfo", schemas.STATUS_INFO, {**STATUS, "finished": None}),
    ("statusInfo", schemas.STATUS_INFO, {**STATUS, "status": "done"}),
    ("statusInfo", schemas.STATUS_INFO, {**STATUS, "type": "job"}),
    ("statusInfo", schemas.STATUS_INFO, {**STATUS, "progress": 101}),
    ("statusInfo", schemas.STATUS_INFO, {**STATUS, "progress": 0.5}),
    ("statusInfo", schemas.STATUS_INFO, {**STATUS, "message": ["a", "b"]}),
    ("statusInfo", schemas.STATUS_INFO, {"jobID": "1", "status": "running"}),
    ("statusInfo", schemas.STATUS_INFO, {"status": "running", "type": "process"}),
    ("jobList", schemas.JOB_LIST, {"jobs": [STATUS], "links": [LINK]}),
    ("jobList", schemas.JOB_LIST, {"jobs": [STATUS]}),
    ("jobList", schemas.JOB_LIST, {"jobs": [{}], "links": []}),
    ("exception", schemas.EXCEPTION, {"type": "http://example.org/", "status": 404, "more": True}),
    ("exception", schemas.EXCEPTION, {"type": "http://example.org/", "status": "404"}),
    ("exception", schemas.EXCEPTION, {"title": "untyped"}),
    ("results", schemas.RESULTS, {"b": True, "c": {"value": {"any": 1}, "mediaType": "application/json"}}),
    ("results", schemas.RESULTS, {"a": {"href": "https://example.org/", "type": "text/plain"}}),
    ("results", schemas.RESULTS, {"a": {"title": "neither a value nor a link"}}),
    ("results", schemas.RESULTS, {"a": None}),
    ("results", schemas.RESULTS, {"a": {"href": 1}}),
]


@pytest.fixture(scope="module")
def registry(shared_data: Path) -> Registry[Any]:
    files = (shared_data / "ogc" / "schemas-1.0").glob("*.yaml")
    found = {file.name: yaml.safe_load(file.read_text(encoding="utf-8")) for file in files}
    return Registry[Any]().with_resources(
        [(name, Resource(contents=schema, specification=DRAFT202012)) for name, schema in found.items()]
    )


@pytest.mark.parametrize(("name", "own", "document"), SAMPLES, ids=[f"{s[0]} {json.dumps(s[2])[:60]}" for s in SAMPLES])
def test_a_document_is_judged_as_the_ogc_judges_it(
    registry: Registry[Any], name: str, own: schemas.Schema, document: Any
) -> None:
    theirs = Draft202012Validator({"$ref": f"{name}.yaml"}, registry=registry)
    assert (not schemas.faults(document, own)) == theirs.is_valid(document)


@pytest.mark.parametrize("moment", ["2026-01-02", "03:04", "2026-01-02T03:04:05", "yesterday", ""])
def test_a_moment_without_date_time_and_offset_is_none(moment: str) -> None:
    """The OGC's schemas say `format: date-time`, which most validators do not look at."""
    (fault,) = schemas.faults({**STATUS, "created": moment}, schemas.STATUS_INFO)
    assert fault.startswith("$.created is ")


@pytest.mark.parametrize("value", [3, "text"])
def test_an_integer_and_a_text_are_results(value: object) -> None:
    """In the OGC's file they fit two of the alternatives of which they may fit one: a slip."""
    assert not schemas.faults({"a": value}, schemas.RESULTS)


def test_faults_are_told_with_their_place_and_summed_up() -> None:
    found = schemas.faults({"processes": [{}, {}, {"id": 5, "version": "1"}], "links": []}, schemas.PROCESS_LIST)
    assert "$.processes[0] lacks 'id', 'version'" in found
    assert "$.processes[2].id is 5, not of type string" in found
    assert schemas.summed_up(found).endswith("and 1 more")
    assert schemas.faults({"id": "a"}, schemas.PROCESS_SUMMARY) == ["$ lacks 'version'"]


def test_the_fault_nearest_to_the_root_is_told_first() -> None:
    found = schemas.faults({"processes": [{"id": 5, "version": "1"}]}, schemas.PROCESS_LIST)
    assert found == ["$ lacks 'links'", "$.processes[0].id is 5, not of type string"]
