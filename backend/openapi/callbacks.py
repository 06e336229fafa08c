"""Callbacks (OGC 18-062r2, 7.14): the requests that the server itself makes, and who is to get them. Pure."""

from collections.abc import Mapping
from typing import Any

from backend.openapi.names import reference
from backend.openapi.standard_schemas import described, record, schema_of

type Callback = dict[str, Any]

_URI = {"type": "string", "format": "uri"}
_TOLD: Mapping[str, tuple[str, str, str]] = {
    "jobSuccessful": ("successUri", "The job was successful: its results, large ones as links.", "results"),
    "jobFailed": ("failedUri", "The job has failed, or was dismissed: its status.", "statusInfo"),
    "jobInProgress": ("inProgressUri", "The job runs: its status, every few seconds at most.", "statusInfo"),
}


def add_callbacks(document: dict[str, Any]) -> None:
    """Tell in the document that every execution may have a subscriber."""
    components = document["components"]
    components["schemas"]["subscriber"] = _subscriber()
    components["callbacks"] = {name: _callback(*told) for name, told in _TOLD.items()}
    for path, item in document["paths"].items():
        if not path.endswith("/execution"):
            continue
        operation = item["post"]
        operation["callbacks"] = {name: {"$ref": reference(name, "callbacks")} for name in _TOLD}
        request = operation["requestBody"]["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
        components["schemas"][request]["properties"]["subscriber"] = schema_of("subscriber")


def _subscriber() -> dict[str, Any]:
    members = {uri: _URI for uri, _, _ in _TOLD.values()}
    return described(record(**members), "Who is told of the job. The operator of this server names who may be.")


def _callback(uri: str, summary: str, schema: str) -> Callback:
    post = {
        "summary": summary,
        "description": "`Link` names the job (`monitor`). It may come more than once.",
        "requestBody": {"content": {"application/json": {"schema": schema_of(schema)}}},
        "responses": {
            "2XX": {"description": "It was taken."},
            "default": {"description": "It was not, and is sent again; a redirect is not followed."},
        },
    }
    return {f"{{$request.body#/subscriber/{uri}}}": {"post": post}}
