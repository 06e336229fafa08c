"""Components for the documents of OGC API – Processes, Part 1 (OGC 18-062r2). Pure."""

from collections.abc import Mapping
from typing import Any

from backend.openapi.names import reference
from backend.openapi.wellknown import geojson_schemas

type Schema = dict[str, Any]

_TEXT: Schema = {"type": "string"}
_MOMENT: Schema = {"type": "string", "format": "date-time", "description": "RFC 3339, in UTC."}
_COUNT: Schema = {"type": "integer", "minimum": 0}
_ANY_OBJECT: Schema = {"type": "object", "additionalProperties": True}


def standard_schemas() -> dict[str, Schema]:
    """Every component that does not depend on the processes on offer, by the standard's names."""
    return {**_metadata(), **_processes(), **_datasets(), **_values(), **_jobs(), **geojson_schemas()}


def schema_of(component: str) -> Schema:
    """A reference to a component."""
    return {"$ref": reference(component)}


def record(required: tuple[str, ...] = (), /, **properties: Schema) -> Schema:
    """An object that may have other members too."""
    schema: Schema = {"type": "object", "properties": dict(properties)}
    return schema | ({"required": list(required)} if required else {})


def qualified(value: Schema) -> Schema:
    """A value with what it is."""
    return {"allOf": [schema_of("format"), record(("value",), value=value)]}


def many(items: Schema) -> Schema:
    """An array."""
    return {"type": "array", "items": items}


def described(schema: Schema, description: str) -> Schema:
    """The schema with a description."""
    return {**schema, "description": description}


def choice(*values: str) -> Schema:
    """One of several texts."""
    return {"type": "string", "enum": list(values)}


def _metadata() -> Mapping[str, Schema]:
    link = record(("href",), href=_TEXT, rel=_TEXT, type=_TEXT, hreflang=_TEXT, title=_TEXT, length=_COUNT)
    return {
        "link": described(link, "A link (RFC 8288). As an input: where the value stands."),
        "landingPage": record(("links",), title=_TEXT, description=_TEXT, links=many(schema_of("link"))),
        "confClasses": record(("conformsTo",), conformsTo=many(_TEXT)),
        "exception": described(_problem(), "A problem document (RFC 9457)."),
    }


def _problem() -> Schema:
    return record(
        ("type",),
        type=described(_TEXT, "URI of the exception; `about:blank` where the status says all."),
        title=_TEXT,
        status={"type": "integer"},
        detail=described(_TEXT, "What is wrong and, where it can be said, what would be right."),
        instance=_TEXT,
        errors=described(
            many(record(("path", "message"), path=_TEXT, message=_TEXT)),
            "Each thing wrong with the request: its JSON path or query parameter, and why.",
        ),
    )


def _processes() -> Mapping[str, Schema]:
    texts = {"title": _TEXT, "description": _TEXT, "keywords": many(_TEXT)}
    metadata = {"metadata": many(_ANY_OBJECT), "additionalParameters": {}}
    occurs = {"oneOf": [{"type": "integer", "minimum": 0}, choice("unbounded")]}
    schema = described(_ANY_OBJECT, "JSON Schema of one value.")
    summary = {
        "id": _TEXT,
        "version": _TEXT,
        **texts,
        **metadata,
        "jobControlOptions": many(schema_of("jobControlOptions")),
        "outputTransmission": many(schema_of("transmissionMode")),
        "links": many(schema_of("link")),
    }
    inputs = {"type": "object", "additionalProperties": schema_of("inputDescription")}
    outputs = {"type": "object", "additionalProperties": schema_of("outputDescription")}
    return {
        "jobControlOptions": choice("sync-execute", "async-execute", "dismiss"),
        "transmissionMode": choice("value", "reference"),
        "processSummary": record(("id", "version"), **summary),
        "process": record(
            ("id", "version"),
            **summary,
            inputs=inputs,
            outputs=outputs,
            example=described(_ANY_OBJECT, "An execute request that succeeds."),
        ),
        "inputDescription": record(
            **texts, **metadata, schema=schema, minOccurs={"type": "integer", "minimum": 0}, maxOccurs=occurs
        ),
        "outputDescription": record(**texts, **metadata, schema=schema),
        "processList": record(
            ("processes", "links"),
            processes=many(schema_of("processSummary")),
            links=many(schema_of("link")),
            numberMatched=_COUNT,
            numberReturned=_COUNT,
        ),
    }


def _datasets() -> Mapping[str, Schema]:
    return {
        "collection": record(
            ("id", "links"),
            id=_TEXT,
            title=described(_TEXT, "Name of the file."),
            itemType=choice("feature", "coverage"),
            length=described(_COUNT, "Bytes."),
            updated=_MOMENT,
            links=many(schema_of("link")),
        ),
        "collections": record(
            ("collections", "links"),
            collections=many(schema_of("collection")),
            links=many(schema_of("link")),
            numberMatched=_COUNT,
            numberReturned=_COUNT,
        ),
        "items": record(
            ("type", "features", "links"),
            type=choice("FeatureCollection"),
            features=many(schema_of("geojsonFeature")),
            links=many(schema_of("link")),
            numberMatched=_COUNT,
            numberReturned=_COUNT,
            timeStamp=_MOMENT,
            source_crs=described(_TEXT, "In which the coordinates stand in the file."),
            warnings=many(_TEXT),
        ),
    }


def _values() -> Mapping[str, Schema]:
    corners = {"type": "array", "items": {"type": "number"}, "minItems": 4, "maxItems": 6}
    selection = record(transmissionMode=schema_of("transmissionMode"), format=schema_of("format"))
    link = record(
        ("href", "rel", "type", "length"), href=_TEXT, rel=choice("item"), type=_TEXT, length=_COUNT
    )  # fmt: skip
    return {
        "format": record(
            mediaType=_TEXT, encoding=_TEXT, schema={"anyOf": [_TEXT, _ANY_OBJECT], "description": "URL, or itself."}
        ),
        "bbox": record(
            ("bbox",),
            bbox=described(corners, "West, south (, lowest), east, north (, highest)."),
            crs=_TEXT,
        ),
        "output": described(selection, "How an output is to be sent; both members may be left out."),
        "execute": described(
            _request(), "An execute request. What the inputs of a process must be is told at its own path."
        ),
        "response": described(choice("raw", "document"), "Values themselves (the default), or a results document."),
        "mode": described(choice("auto", "sync", "async"), "`auto`, the default, leaves it to `Prefer`."),
        "results": {
            "description": "Output id → value: scalars and arrays bare, all else qualified, or a link.",
            "type": "object",
            "additionalProperties": True,
        },
        "minimalResults": {
            "description": "Output id → link and summary, with the value while all are small (`return=minimal`).",
            "type": "object",
            "additionalProperties": {
                "allOf": [link, record(("summary",), summary=_ANY_OBJECT, value={"description": "The value."})]
            },
        },
    }


def _request() -> Schema:
    value: Schema = {"description": "A value, a qualified value or a link, or an array of them."}
    return record(
        inputs={"type": "object", "additionalProperties": value},
        outputs={"type": "object", "additionalProperties": schema_of("output")},
        response=schema_of("response"),
        mode=schema_of("mode"),
    )


def _jobs() -> Mapping[str, Schema]:
    return {
        "statusCode": choice("accepted", "running", "successful", "failed", "dismissed"),
        "statusInfo": record(
            ("jobID", "status", "type"),
            processID=_TEXT,
            type=choice("process"),
            jobID=_TEXT,
            status=schema_of("statusCode"),
            message=_TEXT,
            created=_MOMENT,
            started=_MOMENT,
            finished=_MOMENT,
            updated=_MOMENT,
            expires=_MOMENT,
            progress={"type": "integer", "minimum": 0, "maximum": 100},
            links=many(schema_of("link")),
        ),
        "jobList": record(
            ("jobs", "links"),
            jobs=many(schema_of("statusInfo")),
            links=many(schema_of("link")),
            numberMatched=_COUNT,
            numberReturned=_COUNT,
        ),
    }
