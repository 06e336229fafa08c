"""Descriptions by other authors, read where they lie beside this checkout, all in one document."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from jsonschema import Draft202012Validator
from openapi_schema_validator import OAS30Validator
from openapi_spec_validator import OpenAPIV30SpecValidator
from referencing import Registry
from referencing.jsonschema import DRAFT4

from backend.api.schemas import prepare
from backend.openapi.document import Server, openapi_document
from backend.openapi.names import component_name, reference
from backend.openapi.process_paths import Process

SERVER = Server("Wild", "", "1", "https://wild.example")


def read_lines(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text("utf-8").splitlines()]


@pytest.fixture(scope="module")
def corpus(shared_data: Path) -> Path:
    folder = shared_data / "corpus"
    if not folder.is_dir():
        pytest.skip("the corpus is not beside this checkout")
    return folder


@pytest.fixture(scope="module")
def descriptions(corpus: Path) -> dict[str, dict[str, Any]]:
    """File → description; the file is its id, so that no two are the same."""
    files = [entry["file"] for entry in read_lines(corpus / "index.jsonl")]
    return {file: {**json.loads((corpus / file).read_text("utf-8")), "id": file} for file in files}


@pytest.fixture(scope="module")
def document(descriptions: dict[str, dict[str, Any]]) -> dict[str, Any]:
    processes = [Process(description, {}) for description in descriptions.values()]
    return json.loads(json.dumps(openapi_document(SERVER, processes)))


def test_whatever_they_say_the_document_is_valid(document: dict[str, Any]) -> None:
    assert len(document["paths"]) > 300
    assert [str(error)[:300] for error in OpenAPIV30SpecValidator(document).iter_errors()] == []


def pointer_step(name: str) -> str:
    return quote(name.replace("~", "~0").replace("/", "~1"))


def requested(corpus: Path, descriptions: dict[str, dict[str, Any]]) -> Iterator[tuple[str, str, Any]]:
    """File, input and a value that an author gave it, where the value is what its schema means to take."""
    for entry in read_lines(corpus / "requests.jsonl"):
        file = entry["description"]
        inputs = descriptions.get(file, {}).get("inputs")
        request = json.loads((corpus / entry["file"]).read_text("utf-8"))
        given = request.get("inputs") if isinstance(request, dict) else None
        if not isinstance(inputs, dict) or not isinstance(given, dict):
            continue
        for name, value in given.items():
            described = inputs.get(name)
            schema = described.get("schema") if isinstance(described, dict) else None
            if isinstance(schema, dict) and Draft202012Validator(prepare(schema)).is_valid(value):
                yield file, name, value


def test_what_an_authors_schema_takes_the_documents_takes(
    corpus: Path, descriptions: dict[str, dict[str, Any]], document: dict[str, Any]
) -> None:
    registry = Registry().with_resource("urn:document", DRAFT4.create_resource(document))
    seen, refused = 0, []
    for file, name, value in requested(corpus, descriptions):
        seen += 1
        pointer = f"{reference(component_name('execute', file))}/properties/inputs/properties/{pointer_step(name)}"
        if not OAS30Validator({"$ref": f"urn:document{pointer}"}, registry=registry).is_valid(value):
            refused.append((file, name, str(value)[:200]))
    assert seen > 100
    assert refused == []
