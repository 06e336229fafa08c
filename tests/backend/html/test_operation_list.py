"""The operations of an OpenAPI document, as a page lists them."""

from typing import Any

from backend.html.operations import operations_by_tag

DOCUMENT: dict[str, Any] = {
    "paths": {
        "/jobs/{id}": {
            "parameters": [{"$ref": "#/components/parameters/id"}],
            "get": {
                "tags": ["Jobs"],
                "summary": "Status",
                "parameters": [{"name": "f", "in": "query", "schema": {"$ref": "#/components/schemas/form~1at"}}],
                "responses": {"200": {"description": "The job", "content": {"application/json": {}, "text/html": {}}}},
            },
            "delete": {"responses": {404: {"$ref": "#/components/responses/none"}}},
        },
        "/run": {"post": {"tags": ["Jobs"], "requestBody": {"content": {"application/json": {"schema": {"a": 1}}}}}},
    },
    "components": {
        "parameters": {"id": {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}},
        "schemas": {"form/at": {"enum": ["json", "html"]}, "loop": {"$ref": "#/components/schemas/loop"}},
        "responses": {"none": {"description": "No such job"}},
    },
}


def test_operations_stand_under_their_tag_with_all_they_take_and_answer() -> None:
    groups = operations_by_tag(DOCUMENT)
    assert list(groups) == ["Jobs", "Other"]
    status, run = groups["Jobs"]
    assert (status.method, status.path, status.summary) == ("GET", "/jobs/{id}", "Status")
    assert [(row.name, row.place, row.required, row.type_text) for row in status.parameters] == [
        ("id", "path", True, "string"),
        ("f", "query", False, "one of json, html"),
    ]
    assert status.responses == (("200", "The job", "application/json, text/html"),)
    assert run.bodies == (("application/json", '{\n  "a": 1\n}'),)


def test_references_are_followed_within_the_document() -> None:
    (delete,) = operations_by_tag(DOCUMENT)["Other"]
    assert delete.responses == (("404", "No such job", ""),)


def test_a_reference_that_leads_nowhere_or_in_a_circle_gives_an_empty_row() -> None:
    parameters = [{"$ref": "#/none/at/all"}, {"$ref": "https://other.example/x"}, {"$ref": "#/components/schemas/loop"}]
    document = {**DOCUMENT, "paths": {"/": {"get": {"parameters": parameters}}}}
    assert [row.name for row in operations_by_tag(document)["Other"][0].parameters] == ["", "", ""]


def test_a_large_request_schema_is_cut() -> None:
    content = {"application/json": {"schema": {"enum": ["x" * 100] * 100}}}
    document = {"paths": {"/": {"post": {"requestBody": {"content": content}}}}}
    ((_, shown),) = operations_by_tag(document)["Other"][0].bodies
    assert len(shown) < 4100
    assert shown.endswith("…")


def test_a_document_without_operations_lists_none() -> None:
    assert operations_by_tag({}) == operations_by_tag({"paths": []}) == operations_by_tag({"paths": {"/": None}}) == {}
