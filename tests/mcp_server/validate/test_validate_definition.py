"""An OpenAPI document is read as it says, however its tools have written it."""

from typing import Any

import pytest

from mcp_server.validate.definition import Operation, below, operations, parameter_kind

ROOT = "https://example.org/ogc"
LIMIT = {"name": "limit", "in": "query", "schema": {"type": "integer"}}


def document(*parameters: Any, **members: Any) -> dict[str, Any]:
    operation: dict[str, Any] = {"parameters": list(parameters), "responses": {"200": {}}}
    return {"paths": {"/processes": {"get": operation}}, "servers": [{"url": ROOT}], **members}


def only_operation(read: dict[str, Any]) -> Operation:
    (found,) = operations(read, f"{ROOT}/api", ROOT)
    return found


@pytest.mark.parametrize(
    "reference",
    [
        "#/components/parameters/limit",
        "#/components/parameters/a~1b~0c",
        "#/components/parameters/%7Blimit%7D",
        "#/components/lists/0",
    ],
)
def test_a_reference_is_followed_as_bundlers_of_documents_write_them(reference: str) -> None:
    named = {"limit": LIMIT, "a/b~c": LIMIT, "{limit}": LIMIT}
    read = document({"$ref": reference}, components={"parameters": named, "lists": [LIMIT]})
    assert only_operation(read).parameters == (LIMIT,)


@pytest.mark.parametrize(
    "reference", ["#/components/parameters/none", "#/components/lists/5", "#/components/lists/x", "#"]
)
def test_a_reference_that_leads_nowhere_is_nothing_that_is_known(reference: str) -> None:
    (parameter,) = only_operation(document({"$ref": reference}, components={"lists": [LIMIT]})).parameters
    assert parameter.get("name") is None


def test_a_reference_to_another_document_is_left_as_it_is() -> None:
    other = {"$ref": "parameters.yaml#/paths"}
    assert only_operation(document(other)).parameters == (other,)


def test_a_reference_that_leads_to_itself_is_given_up() -> None:
    read = document({"$ref": "#/components/a"}, components={"a": {"$ref": "#/components/a"}})
    assert only_operation(read).parameters == ({"$ref": "#/components/a"},)


@pytest.mark.parametrize(
    ("schema", "kind"),
    [
        ({"type": "integer"}, "integer"),
        ({"$ref": "#/components/count"}, "integer"),
        ({"oneOf": [{"type": "integer"}, {"$ref": "#/components/count"}]}, "integer"),
        ({"anyOf": [{"type": "integer"}, {"oneOf": [{"type": "integer"}]}]}, "integer"),
        ({"oneOf": [{"type": "integer"}, {"type": "string"}]}, None),
        ({"type": "array", "oneOf": [{"type": "integer"}]}, "array"),
        ({}, None),
    ],
)
def test_alternatives_that_agree_are_of_one_type(schema: dict[str, Any], kind: str | None) -> None:
    read = {"components": {"count": {"type": "integer"}}}
    assert parameter_kind(read, {"name": "limit", "schema": schema}) == kind


@pytest.mark.parametrize(
    ("servers", "found"),
    [
        ([{"url": ROOT}], ["/processes"]),
        ([{"url": "/ogc"}], ["/processes"]),
        ([{"url": "https://{host}/ogc", "variables": {"host": {"default": "example.org"}}}], ["/processes"]),
        ([{"url": "https://elsewhere.test/other"}], ["/processes"]),
        ([{"url": "https://example.org/other"}], []),
        ([{"url": "https://example.org/other"}, {"url": ROOT}], ["/processes"]),
        ([{"url": "https://[broken"}], ["/processes"]),
    ],
)
def test_paths_are_those_below_the_servers_of_the_document(servers: list[Any], found: list[str]) -> None:
    assert [one.path for one in operations(document(servers=servers), f"{ROOT}/api", ROOT)] == found


@pytest.mark.parametrize(
    ("url", "path"),
    [(ROOT, "/"), (f"{ROOT}/", "/"), (f"{ROOT}/jobs/", "/jobs"), ("https://example.org/ogcx/jobs", None)],
)
def test_a_path_is_below_the_root_or_none(url: str, path: str | None) -> None:
    assert below(url, ROOT) == path


def test_an_operation_concerns_the_requests_of_its_path_and_names_its_answers() -> None:
    operation = Operation("/jobs/{jobID}/results", "get", (), {"2XX": {}, "404": {}})
    assert operation.concerns("/jobs/1/results", "GET")
    assert not operation.concerns("/jobs/1/2/results", "GET")
    assert not operation.concerns("/jobs/1/results", "DELETE")
    assert [operation.names(status) for status in (200, 204, 404, 500)] == [True, True, True, False]
    assert Operation("/", "get", (), {"default": {}}).names(500)
