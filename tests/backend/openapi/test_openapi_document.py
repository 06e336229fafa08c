"""The document as a whole: valid, complete, and sufficient unto itself."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from openapi_schema_validator import OAS30Validator
from openapi_spec_validator import OpenAPIV30SpecValidator
from referencing import Registry
from referencing.jsonschema import DRAFT4

from backend.openapi.document import Server, openapi_document
from backend.openapi.process_paths import Process

MEDIA_TYPES = {"area": {"application/geo+json", "application/json"}, "picture": {"image/png"}}
SERVER = Server("Maps", "Processes of maps.", "1.2.3", "https://maps.example/ogc")
BUFFER = {
    "id": "buffer",
    "version": "1.0.0",
    "title": "Buffer",
    "description": "All points within a distance.",
    "inputs": {
        "geometry": {"title": "Geometry", "schema": {"type": "object", "format": "geojson"}},
        "distance": {"schema": {"type": "number", "exclusiveMinimum": 0}, "minOccurs": 1},
        "units": {"schema": {"type": "string", "enum": ["metre", "foot"], "default": "metre"}},
        "names": {"schema": {"type": "string"}, "minOccurs": 0, "maxOccurs": "unbounded"},
        "extent": {"schema": {"type": "object", "format": "ogc-bbox"}, "minOccurs": 0},
        "corners": {"schema": {"type": "number"}, "minOccurs": 2, "maxOccurs": 4},
    },
    "outputs": {
        "area": {"schema": {"type": "object", "contentMediaType": "application/geo+json"}},
        "picture": {"schema": {"type": "string", "contentEncoding": "base64", "contentMediaType": "image/png"}},
    },
    "example": {"inputs": {"geometry": {"type": "Point", "coordinates": [1, 2]}, "distance": 5, "corners": [1, 2]}},
}
BARE: dict[str, Any] = {"id": "später/öfter", "version": "1", "inputs": [{"id": "a"}], "outputs": []}


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return json.loads(json.dumps(openapi_document(SERVER, [Process(BUFFER, MEDIA_TYPES), Process(BARE, {})])))


def operations(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, item in document["paths"].items():
        for method, operation in item.items():
            yield f"{method.upper()} {path}", operation


def references(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        if isinstance(part.get("$ref"), str):
            yield part["$ref"]
        for value in part.values():
            yield from references(value)
    elif isinstance(part, list):
        for value in part:
            yield from references(value)


def resolved(document: dict[str, Any], part: dict[str, Any]) -> dict[str, Any]:
    found: Any = document
    for step in part["$ref"].removeprefix("#/").split("/") if "$ref" in part else ():
        found = found[step]
    return found if "$ref" in part else part


def accepts(document: dict[str, Any], component: str, value: Any) -> bool:
    registry = Registry().with_resource("urn:document", DRAFT4.create_resource(document))
    schema = {"$ref": f"urn:document#/components/schemas/{component}"}
    return OAS30Validator(schema, registry=registry).is_valid(value)


def test_it_is_valid_openapi_of_this_server(document: dict[str, Any]) -> None:
    assert [str(error) for error in OpenAPIV30SpecValidator(document).iter_errors()] == []
    assert document["openapi"] == "3.0.3"
    assert document["info"]["title"] == "Maps"
    assert document["info"]["version"] == "1.2.3"
    assert document["servers"] == [{"url": "https://maps.example/ogc"}]


def test_it_refers_to_nothing_but_itself_and_to_nothing_that_is_missing(document: dict[str, Any]) -> None:
    found = set(references(document))
    assert len(found) > 40
    for reference in found:
        assert reference.startswith("#/components/")
        assert resolved(document, {"$ref": reference}) is not None


def test_no_component_is_left_over(document: dict[str, Any]) -> None:
    used = set(references(document))
    unused = {
        f"#/components/{section}/{name}"
        for section, entries in document["components"].items()
        for name in entries
        if f"#/components/{section}/{name}" not in used
    }
    assert unused == set()


def test_every_operation_has_an_id_of_its_own_a_tag_and_a_summary(document: dict[str, Any]) -> None:
    found = dict(operations(document))
    ids = [operation["operationId"] for operation in found.values()]
    assert len(ids) == len(set(ids))
    tags = {tag["name"] for tag in document["tags"]}
    for operation in found.values():
        assert set(operation["tags"]) <= tags
        assert operation["tags"]
        assert operation["summary"]


def test_what_asks_for_jobs_tells_that_their_store_may_not_answer_and_what_writes_that_it_may_be_full(
    document: dict[str, Any],
) -> None:
    found = dict(operations(document))
    of_jobs = [label for label in found if " /jobs" in label or label.endswith("/execution")]
    assert len(of_jobs) >= 8
    for label in of_jobs:
        busy = resolved(document, found[label]["responses"]["503"])
        assert "Retry-After" in busy["headers"], label
        assert ("507" in found[label]["responses"]) == label.startswith(("POST", "DELETE")), label


def test_no_operation_hides_behind_a_default_answer(document: dict[str, Any]) -> None:
    for label, operation in operations(document):
        assert "default" not in operation["responses"], label
        assert {"400", "403", "421", "500"} <= operation["responses"].keys(), label
        for status, response in operation["responses"].items():
            content = resolved(document, response).get("content", {})
            if status >= "400":
                assert "application/problem+json" in content, (label, status)


def test_links_lead_to_operations_that_exist(document: dict[str, Any]) -> None:
    found = {operation["operationId"]: operation for _, operation in operations(document)}
    links = document["components"]["responses"]["JobCreated"]["links"]
    assert {"getJobStatus", "getJobResults", "dismissJob"} == {link["operationId"] for link in links.values()}
    assert all(link["operationId"] in found for link in links.values())


@pytest.mark.parametrize(
    ("inputs", "taken"),
    [
        ({"geometry": {"type": "Point", "coordinates": [1, 2]}, "distance": 5, "corners": [1, 2]}, True),
        ({"geometry": {"href": "https://maps.example/ogc/jobs/1/results/a"}, "distance": 5, "corners": [1, 2]}, True),
        ({"geometry": {"type": "Point", "coordinates": [1, 2]}, "distance": {"value": 5}, "corners": [1, 2]}, True),
        ({"geometry": {"type": "Point", "coordinates": [1, 2]}, "distance": 0, "corners": [1, 2]}, False),
        ({"geometry": {"type": "Dot"}, "distance": 5, "corners": [1, 2]}, False),
        ({"distance": 5, "corners": [1, 2]}, False),
        ({"geometry": {"type": "Point", "coordinates": [1, 2]}, "distance": 5, "corners": 1}, False),
        ({"geometry": {"type": "Point", "coordinates": [1, 2]}, "distance": 5, "corners": [1, 2], "other": 1}, False),
    ],
)
def test_the_request_of_a_process_takes_what_its_inputs_take(
    document: dict[str, Any], inputs: dict[str, Any], taken: bool
) -> None:
    assert accepts(document, "execute.buffer", {"inputs": inputs}) is taken


@pytest.mark.parametrize("names", ["one", ["one", "two"], [{"value": "one"}]])
def test_an_input_that_may_occur_often_takes_one_value_or_many(document: dict[str, Any], names: Any) -> None:
    inputs = {**BUFFER["example"]["inputs"], "names": names}
    assert accepts(document, "execute.buffer", {"inputs": inputs})


def test_the_authors_example_is_the_requests(document: dict[str, Any]) -> None:
    operation = document["paths"]["/processes/buffer/execution"]["post"]
    assert operation["requestBody"]["content"]["application/json"]["example"] == BUFFER["example"]
    assert accepts(document, "execute.buffer", BUFFER["example"])


def test_results_come_as_each_output_says_and_together(document: dict[str, Any]) -> None:
    answers = document["paths"]["/processes/buffer/execution"]["post"]["responses"]
    assert answers["200"]["content"].keys() == {
        "application/json",
        "multipart/related",
        "application/geo+json",
        "image/png",
    }
    assert {"201", "204"} <= answers.keys()
    alone = document["paths"]["/processes/sp%C3%A4ter%2F%C3%B6fter/execution"]["post"]["responses"]["200"]["content"]
    assert alone.keys() == {"application/json"}


def test_a_process_whose_id_is_no_word_has_a_path_that_is_its_url(document: dict[str, Any]) -> None:
    assert "/processes/sp%C3%A4ter%2F%C3%B6fter/execution" in document["paths"]
    assert "/processes/sp%C3%A4ter%2F%C3%B6fter" in document["paths"]


def test_ids_that_look_alike_have_components_of_their_own() -> None:
    one = {"id": "a.b", "version": "1", "inputs": {"c": {"schema": {"type": "string"}}}, "outputs": {}}
    other = {"id": "a", "version": "1", "inputs": {"b.c": {"schema": {"type": "number"}}}, "outputs": {}}
    third = {"id": "a b", "version": "1", "inputs": {}, "outputs": {}}
    fourth = {"id": "a_b", "version": "1", "inputs": {}, "outputs": {}}
    document = openapi_document(SERVER, [Process(description, {}) for description in (one, other, third, fourth)])
    ids = [operation["operationId"] for _, operation in operations(document)]
    assert len(ids) == len(set(ids))
    schemas = document["components"]["schemas"]
    assert {schema.get("type") for name, schema in schemas.items() if name.startswith("input.a")} == {
        "string",
        "number",
    }
