"""What the standard's documents must look like, as JSON Schemas (after OGC 18-062r2, section 7 and annex B)."""

from typing import Any, Final

from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import ValidationError, relevance

from mcp_server.ogc.documents import plain
from mcp_server.schema.plain import as_object
from mcp_server.validate.moments import moment
from mcp_server.validate.recorder import Answer

type Schema = dict[str, Any]

_TEXT: Final[Schema] = {"type": "string"}
_LINK: Final[Schema] = {
    "type": "object",
    "required": ["href"],
    "properties": dict.fromkeys(("href", "rel", "type", "hreflang", "title"), _TEXT),
}
_LINKS: Final[Schema] = {"type": "array", "items": _LINK}
_METADATA: Final[Schema] = {"type": "object", "properties": dict.fromkeys(("title", "role", "href"), _TEXT)}
_DESCRIBED: Final[Schema] = {
    "title": _TEXT,
    "description": _TEXT,
    "keywords": {"type": "array", "items": _TEXT},
    "metadata": {"type": "array", "items": _METADATA},
}
_SCHEMA: Final[Schema] = {"type": "object"}
_INPUT: Final[Schema] = {
    "type": "object",
    "required": ["schema"],
    "properties": {
        **_DESCRIBED,
        "minOccurs": {"type": "integer"},
        "maxOccurs": {"anyOf": [{"type": "integer"}, {"const": "unbounded"}]},
        "schema": _SCHEMA,
    },
}
_OUTPUT: Final[Schema] = {"type": "object", "required": ["schema"], "properties": {**_DESCRIBED, "schema": _SCHEMA}}
_SUMMARY: Final[Schema] = {
    "type": "object",
    "required": ["id", "version"],
    "properties": {
        **_DESCRIBED,
        "id": _TEXT,
        "version": _TEXT,
        "jobControlOptions": {"type": "array", "items": {"enum": ["sync-execute", "async-execute", "dismiss"]}},
        "outputTransmission": {"type": "array", "items": {"enum": ["value", "reference"]}},
        "links": _LINKS,
    },
}
_MOMENT: Final[Schema] = {"type": "string", "format": "date-time"}

LANDING_PAGE: Final[Schema] = {
    "type": "object",
    "required": ["links"],
    "properties": {"title": _TEXT, "description": _TEXT, "links": _LINKS},
}
CONFORMANCE: Final[Schema] = {
    "type": "object",
    "required": ["conformsTo"],
    "properties": {"conformsTo": {"type": "array", "items": _TEXT}},
}
PROCESS_LIST: Final[Schema] = {
    "type": "object",
    "required": ["processes", "links"],
    "properties": {"processes": {"type": "array", "items": _SUMMARY}, "links": _LINKS},
}
PROCESS_SUMMARY: Final[Schema] = _SUMMARY
INPUTS: Final[Schema] = {"type": "object", "additionalProperties": _INPUT}
OUTPUTS: Final[Schema] = {"type": "object", "additionalProperties": _OUTPUT}
PROCESS: Final[Schema] = {
    **_SUMMARY,
    "properties": {**_SUMMARY["properties"], "inputs": INPUTS, "outputs": OUTPUTS},
}
STATUS_INFO: Final[Schema] = {
    "type": "object",
    "required": ["jobID", "status", "type"],
    "properties": {
        "processID": _TEXT,
        "type": {"const": "process"},
        "jobID": _TEXT,
        "status": {"enum": ["accepted", "running", "successful", "failed", "dismissed"]},
        "message": _TEXT,
        **dict.fromkeys(("created", "started", "finished", "updated"), _MOMENT),
        "progress": {"type": "integer", "minimum": 0, "maximum": 100},
        "links": _LINKS,
    },
}
JOB_LIST: Final[Schema] = {
    "type": "object",
    "required": ["jobs", "links"],
    "properties": {"jobs": {"type": "array", "items": STATUS_INFO}, "links": _LINKS},
}
EXCEPTION: Final[Schema] = {
    "type": "object",
    "required": ["type"],
    "properties": {
        **dict.fromkeys(("type", "title", "detail", "instance"), _TEXT),
        "status": {"type": "integer"},
    },
}
# A value by itself, a qualified value, a link, or a bounding box. The last three are objects; an object that is none
# of them has to be the `value` of a qualified value. The OGC's file, to the letter, takes neither texts nor integers:
# they fit two alternatives of a `oneOf`. That is a slip, and not held against anyone.
_RESULT: Final[Schema] = {
    "if": {"type": "object"},
    "then": {"anyOf": [{"required": ["value"]}, {"required": ["bbox"]}, _LINK]},
    "else": {"type": ["string", "number", "boolean", "array"]},
}
RESULTS: Final[Schema] = {"type": "object", "additionalProperties": _RESULT}

_OPERATION: Final[Schema] = {
    "type": "object",
    "required": ["responses"],
    "properties": {"responses": {"type": "object", "minProperties": 1}},
}
OPENAPI: Final[Schema] = {
    "type": "object",
    "required": ["openapi", "info", "paths"],
    "properties": {
        "openapi": {"type": "string", "pattern": r"^3\.0\.\d+$"},
        "info": {
            "type": "object",
            "required": ["title", "version"],
            "properties": {"title": _TEXT, "version": _TEXT},
        },
        "servers": {"type": "array", "items": {"type": "object", "required": ["url"]}},
        "paths": {
            "type": "object",
            "additionalProperties": {
                "type": "object",
                "properties": dict.fromkeys(("get", "put", "post", "delete", "patch", "head"), _OPERATION),
            },
        },
        "components": {"type": "object"},
    },
}

_MOST_TOLD = 2
_FORMATS = FormatChecker(formats=())


@_FORMATS.checks("date-time")
def _is_moment(value: object) -> bool:
    return not isinstance(value, str) or moment(value) is not None


def faults(document: Any, schema: Schema) -> list[str]:
    """What is wrong with a document, each as `$.path: why`, the nearest to its root first."""
    found = sorted(_errors(document, schema), key=relevance, reverse=True)
    return list(dict.fromkeys(_told(error) for error in found))


def check(answer: Answer, schema: Schema, name: str) -> None:
    """Raises: ViolationError where an answer is not the JSON document `name` of the standard."""
    found = faults(answer.json(), schema)
    if found:
        raise answer.violation(f"is no {name}: {summed_up(found)}")


def summed_up(found: list[str]) -> str:
    """The first faults, and how many there are besides."""
    more = len(found) - _MOST_TOLD
    return "; ".join(found[:_MOST_TOLD]) + (f"; and {more} more" if more > 0 else "")


def exception(answer: Answer, *, status: int, kind: str) -> None:
    """Check an error answer: its status, its document (`exception`), and the type that the standard names.

    kind: last segment of the type's URI, e.g. `no-such-process`.

    Raises: ViolationError.
    """
    uri = f"http://www.opengis.net/def/exceptions/ogcapi-processes-1/1.0/{kind}"
    answer.expect(status, asks=f"{status} with the exception type …/{kind} is asked for")
    check(answer, EXCEPTION, "exception (RFC 7807)")
    came = answer.json_object()["type"]
    # Later editions of the standard write https and 2.0; the exception is the same.
    if came.replace("https://", "http://").replace("/2.0/", "/1.0/") != uri:
        raise answer.violation(f"has the exception type {plain(came, length=100)!r}; asked for is {uri}")


def _errors(document: Any, schema: Schema) -> list[ValidationError]:
    validator = Draft202012Validator(schema, format_checker=_FORMATS)
    return list(validator.iter_errors(document))  # pyright: ignore[reportUnknownMemberType]


def _told(error: ValidationError) -> str:
    where = plain(error.json_path, length=80)
    match error.validator:
        case "required":
            wanted: Any = error.validator_value
            missing = [str(name) for name in wanted if name not in as_object(error.instance)]
            return f"{where} lacks {', '.join(map(repr, missing))}"
        case "type":
            kinds: Any = error.validator_value
            wanted = kinds if isinstance(kinds, str) else " or ".join(kinds)
            return f"{where} is {_shown(error.instance)}, not of type {wanted}"
        case "enum" | "const" | "pattern":
            return f"{where} is {_shown(error.instance)}; allowed: {_shown(error.validator_value)}"
        case "format":
            return f"{where} is {_shown(error.instance)}, not a {error.validator_value} (RFC 3339)"
        case "anyOf":
            return f"{where} is {_shown(error.instance)}, which has none of the forms allowed"
        case _:
            return f"{where}: {plain(error.message, length=120)}"


def _shown(value: Any) -> str:
    return "null" if value is None else plain(repr(value), length=60)
