"""What the small server describes: its processes, and its API."""

from typing import Any

REL = "http://www.opengis.net/def/rel/ogc/1.0/"
CLASSES = ("core", "ogc-process-description", "json", "html", "oas30", "job-list", "callback", "dismiss")

_TEXT = {"type": "string", "minLength": 1}
_SHAPE = {"type": "object", "contentMediaType": "application/geo+json", "required": ["type", "coordinates"]}
_BOX = {"type": "object", "required": ["bbox"], "properties": {"bbox": {"type": "array", "items": {"type": "number"}}}}
_BLOB = {"type": "string", "contentEncoding": "base64", "contentMediaType": "image/png"}
_EITHER = {"oneOf": [{"type": "string"}, {"type": "number"}]}
_NUMBER = {"type": "number", "minimum": 0, "maximum": 10}

_KINDS: dict[str, dict[str, Any]] = {
    "text": {"minOccurs": 1, "schema": _TEXT},
    "number": {"minOccurs": 0, "schema": _NUMBER},
    "shape": {"minOccurs": 0, "schema": _SHAPE},
    "box": {"minOccurs": 0, "schema": _BOX},
    "blob": {"minOccurs": 0, "schema": _BLOB},
    "either": {"minOccurs": 0, "schema": _EITHER},
    "many": {"minOccurs": 0, "maxOccurs": 3, "schema": _TEXT},
}

PROCESSES: dict[str, dict[str, Any]] = {
    "echo": {
        "id": "echo",
        "title": "Echo",
        "version": "1.0.0",
        "jobControlOptions": ["sync-execute", "async-execute"],
        "outputTransmission": ["value", "reference"],
        "inputs": _KINDS,
        "outputs": {
            **{name: {"schema": kind["schema"]} for name, kind in _KINDS.items() if name != "many"},
            "length": {"schema": {"type": "integer"}},
        },
        "example": {"inputs": {"text": "hello"}},
    },
    "linger": {
        "id": "linger",
        "title": "Linger",
        "version": "1.0.0",
        "jobControlOptions": ["async-execute", "dismiss"],
        "outputTransmission": ["value"],
        "inputs": {"seconds": {"minOccurs": 0, "schema": {"type": "number", "minimum": 0, "maximum": 60}}},
        "outputs": {"done": {"schema": {"type": "boolean"}}},
    },
    "stumble": {
        "id": "stumble",
        "title": "Stumble",
        "version": "1.0.0",
        "jobControlOptions": ["async-execute", "dismiss"],
        "outputTransmission": ["value"],
        "inputs": {},
        "outputs": {"done": {"schema": {"type": "boolean"}}},
    },
}


def wrong_input(process: dict[str, Any], name: str, value: Any) -> bool:
    """Whether an input is unknown, or is of another type than its schema says."""
    described = process["inputs"].get(name)
    if described is None:
        return True
    values = value if isinstance(value, list) and "maxOccurs" in described else [value]
    kinds = [one["type"] for one in described["schema"].get("oneOf", [described["schema"]])]
    types: dict[str, Any] = {"string": str, "number": (int, float), "object": dict}
    return not all(any(isinstance(one, types[kind]) for kind in kinds) for one in values)


def openapi(faults: set[str]) -> dict[str, Any]:
    """The API definition."""

    def operation(*statuses: str, parameters: tuple[dict[str, Any], ...] = ()) -> dict[str, Any]:
        named = [one for one in statuses if f"{one} not documented" not in faults]
        return {"parameters": list(parameters), "responses": {one: {"description": one} for one in named}}

    def parameter(name: str, kind: str) -> list[dict[str, Any]]:
        if f"{name} undefined" in faults:
            return []
        items = {"items": {"type": "string"}} if kind == "array" else {}
        kind = "boolean" if f"{name} of a wrong type" in faults else kind
        return [{"name": name, "in": "query", "required": False, "schema": {"type": kind, **items}}]

    filters = [("type", "array"), ("processID", "array"), ("status", "array"), ("datetime", "string")]
    filters += [("minDuration", "integer"), ("maxDuration", "integer"), ("limit", "integer")]
    jobs = tuple(one for name, kind in filters for one in parameter(name, kind))
    paths: dict[str, Any] = {
        "/": {"get": operation("200")},
        "/conformance": {"get": operation("200"), "put": operation("405")},
        "/processes": {"get": operation("200", parameters=tuple(parameter("limit", "integer")))},
        "/processes/{processID}": {"get": operation("200", "404")},
        "/processes/{processID}/execution": {"post": operation("200", "201", "204", "400", "500")},
        "/jobs": {"get": operation("200", parameters=jobs)},
        "/jobs/{jobID}": {"get": operation("200", "404"), "delete": operation("200", "204", "404", "500")},
        "/jobs/{jobID}/results": {"get": operation("200", "204", "404", "500")},
    }
    if "more offered than there is" in faults:
        paths["/more"] = {"get": operation("200", "404")}
    version = "2.0" if "definition of another version" in faults else "3.0.3"
    return {"openapi": version, "info": {"title": "broken", "version": "1"}, "paths": paths}
