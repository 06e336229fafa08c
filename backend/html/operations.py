"""The operations of an OpenAPI document as a page lists them. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from backend.html.json_text import pretty
from backend.html.members import array, mapping, text
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
    for path, item in mapping(document.get("paths")).items():
        shared = mapping(item).get("parameters")
        for method in METHODS:
            if method in mapping(item):
                described = mapping(mapping(item)[method])
                tag = next(iter(map(str, array(described.get("tags")))), "Other")
                groups.setdefault(tag, []).append(_operation(document, method, path, described, array(shared)))
    return groups


def _operation(document: Document, method: str, path: str, described: Document, shared: list[Any]) -> Operation:
    body = _resolve(document, described.get("requestBody"))
    return Operation(
        method=method.upper(),
        path=path,
        summary=text(described.get("summary")),
        description=text(described.get("description")),
        parameters=tuple(_parameters(document, [*shared, *array(described.get("parameters"))])),
        bodies=tuple(
            (media_type, pretty(mapping(content).get("schema"), _LONGEST_SCHEMA))
            for media_type, content in mapping(body.get("content")).items()
        ),
        responses=tuple(_responses(document, mapping(described.get("responses")))),
    )


def _parameters(document: Document, parameters: list[Any]) -> Iterator[ParameterRow]:
    for given in parameters:
        parameter = _resolve(document, given)
        yield ParameterRow(
            name=text(parameter.get("name")),
            place=text(parameter.get("in")),
            required=parameter.get("required") is True,
            type_text=schema_text(_resolve(document, parameter.get("schema"))),
            description=text(parameter.get("description")),
        )


def _responses(document: Document, responses: Document) -> Iterator[tuple[str, str, str]]:
    for status, given in responses.items():
        response = _resolve(document, given)
        yield str(status), text(response.get("description")), ", ".join(mapping(response.get("content")))


def _resolve(document: Document, value: Any) -> Document:
    """The object itself or, for a reference within the document, what it refers to; empty where there is neither."""
    for _ in range(8):
        reference = mapping(value).get("$ref")
        if not isinstance(reference, str) or not reference.startswith("#/"):
            return mapping(value)
        value = document
        for step in reference[2:].split("/"):
            value = mapping(value).get(step.replace("~1", "/").replace("~0", "~"))
    return {}
