"""The operations of an OpenAPI document as a page lists them. Pure."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

from backend.html.schema_text import schema_text

METHODS = ("get", "head", "post", "put", "patch", "delete", "options")

_LONGEST_SCHEMA = 4000

type Document = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ParameterRow:
    """A parameter of an operation."""

    name: str
    place: str
    """`path`, `query` or `header`."""
    required: bool
    type_text: str
    description: str


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one path."""

    method: str
    path: str
    summary: str
    description: str
    parameters: tuple[ParameterRow, ...]
    bodies: tuple[tuple[str, str], ...]
    """Media type and schema, as JSON text, of each form of the request body."""
    responses: tuple[tuple[str, str, str], ...]
    """Status code, description and media types."""


def operations_by_tag(document: Document) -> Mapping[str, list[Operation]]:
    """The operations under their first tag, in the order of the document."""
    groups: dict[str, list[Operation]] = {}
    for path, item in _mapping(document.get("paths")).items():
        shared = _mapping(item).get("parameters")
        for method in METHODS:
            if method in _mapping(item):
                described = _mapping(_mapping(item)[method])
                tag = next(iter(map(str, _list(described.get("tags")))), "Other")
                groups.setdefault(tag, []).append(_operation(document, method, path, described, _list(shared)))
    return groups


def _operation(document: Document, method: str, path: str, described: Document, shared: list[Any]) -> Operation:
    body = _resolve(document, described.get("requestBody"))
    return Operation(
        method=method.upper(),
        path=path,
        summary=_text(described.get("summary")),
        description=_text(described.get("description")),
        parameters=tuple(_parameters(document, [*shared, *_list(described.get("parameters"))])),
        bodies=tuple(
            (media_type, _bounded(_mapping(content).get("schema")))
            for media_type, content in _mapping(body.get("content")).items()
        ),
        responses=tuple(_responses(document, _mapping(described.get("responses")))),
    )


def _parameters(document: Document, parameters: list[Any]) -> Iterator[ParameterRow]:
    for given in parameters:
        parameter = _resolve(document, given)
        yield ParameterRow(
            name=_text(parameter.get("name")),
            place=_text(parameter.get("in")),
            required=parameter.get("required") is True,
            type_text=schema_text(_resolve(document, parameter.get("schema"))),
            description=_text(parameter.get("description")),
        )


def _responses(document: Document, responses: Document) -> Iterator[tuple[str, str, str]]:
    for status, given in responses.items():
        response = _resolve(document, given)
        yield str(status), _text(response.get("description")), ", ".join(_mapping(response.get("content")))


def _resolve(document: Document, value: Any) -> Document:
    """The object itself or, for a reference within the document, what it refers to; empty where there is neither."""
    for _ in range(8):
        reference = _mapping(value).get("$ref")
        if not isinstance(reference, str) or not reference.startswith("#/"):
            return _mapping(value)
        value = document
        for step in reference[2:].split("/"):
            value = _mapping(value).get(step.replace("~1", "/").replace("~0", "~"))
    return {}


def _bounded(schema: Any) -> str:
    text = json.dumps(schema, indent=2, ensure_ascii=False, default=str)
    return text if len(text) <= _LONGEST_SCHEMA else text[:_LONGEST_SCHEMA] + "\n…"


def _mapping(value: Any) -> Document:
    return cast("Document", value) if isinstance(value, Mapping) else {}


def _list(value: Any) -> list[Any]:
    return cast("list[Any]", value) if isinstance(value, list) else []


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
