"""The whole OpenAPI document of a server. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from backend.openapi.callbacks import add_callbacks
from backend.openapi.execution import job_created
from backend.openapi.parameters import parameters
from backend.openapi.paths import TAGS, generic_paths
from backend.openapi.process_paths import Process, process_paths
from backend.openapi.responses import document, response_headers, shared_responses
from backend.openapi.standard_schemas import schema_of, standard_schemas

type Document = dict[str, Any]

_MANNERS = (
    "Every resource answers `OPTIONS`, and `HEAD` where it answers `GET`. A method that it does not know is answered "
    "405 with `Allow`, and a path that does not exist 404; both with a problem document (RFC 9457)."
)


@dataclass(frozen=True, slots=True)
class Server:
    """Whose API it is."""

    title: str
    description: str
    version: str
    base_url: str


def openapi_document(server: Server, processes: Sequence[Process], *, callbacks: bool = False) -> Document:
    """OpenAPI 3.0.3 for a server that offers these processes; refers to nothing but itself.

    callbacks: the server makes some.
    """
    paths = generic_paths()
    schemas = standard_schemas()
    for process in processes:
        own = process_paths(process)
        paths |= own.paths
        schemas |= own.schemas
    whole: Document = {
        "openapi": "3.0.3",
        "info": {
            "title": server.title,
            "description": f"{server.description}\n\n{_MANNERS}",
            "version": server.version,
        },
        "servers": [{"url": server.base_url}],
        "tags": [dict(tag) for tag in TAGS],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "parameters": parameters([str(process.description["id"]) for process in processes]),
            "responses": {
                **shared_responses(),
                "JobCreated": job_created(),
                "Process": document("The description.", schema_of("process")),
            },
            "headers": response_headers(),
        },
    }
    if callbacks:
        add_callbacks(whole)
    return whole
