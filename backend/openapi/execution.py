"""The operation that runs a process: request, answers, and where to go from them. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from backend.openapi.parameters import parameter
from backend.openapi.responses import OF_EXECUTIONS, OF_VALUES, Response, empty, headers, problems, response
from backend.openapi.standard_schemas import schema_of

type Schema = Mapping[str, Any]

_JSON = "application/json"


@dataclass(frozen=True, slots=True)
class Answer:
    """What the results of a process look like."""

    single: Mapping[str, Schema]
    """Media type → schema of a value that is sent as it is."""
    results: Schema
    """Schema of a results document."""
    several: bool
    """There may be several outputs: `raw` ones come as the parts of one body."""

    def responses(self, told: Sequence[str], *, page: bool = False) -> dict[str, Response]:
        """Answers with results."""
        content: dict[str, Any] = {_JSON: {"schema": {"anyOf": [self.results, schema_of("minimalResults")]}}}
        if self.several:
            content["multipart/related"] = {"schema": {"type": "string", "format": "binary"}}
        if page:
            content["text/html"] = {"schema": {"type": "string"}}
        for media_type, schema in self.single.items():
            if media_type == _JSON:
                content[_JSON]["schema"]["anyOf"].append(dict(schema))
            else:
                content[media_type] = {"schema": dict(schema)}
        value = {
            "description": "The results: values as they are, a results document, or links and summaries.",
            "headers": headers(*dict.fromkeys((*told, *OF_VALUES))),
            "content": content,
        }
        return {"200": value, "204": empty("The outputs stand where `Link` says.", *dict.fromkeys((*told, "Link")))}


def execute_operation(operation_id: str, summary: str, request: Schema, answer: Answer, **media: Any) -> dict[str, Any]:
    """`POST …/execution`; `media` is more of the request's media type, its `example` say."""
    return {
        "operationId": operation_id,
        "summary": summary,
        "parameters": [parameter("f"), parameter("prefer")],
        "requestBody": {"content": {_JSON: {"schema": dict(request), **media}}},
        "responses": {
            **answer.responses(OF_EXECUTIONS),
            "201": response("JobCreated"),
            **problems("Execution"),
        },
    }


def job_created() -> Response:
    """The answer to an execution that goes on as a job."""
    return {
        "description": "The job that was made; it goes on.",
        "headers": headers(*OF_EXECUTIONS),
        "content": {_JSON: {"schema": schema_of("statusInfo")}},
        "links": _links(),
    }


def _links() -> dict[str, Any]:
    job = {"jobId": "$response.body#/jobID"}
    operations = {"status": "getJobStatus", "results": "getJobResults", "dismissal": "dismissJob"}
    return {name: {"operationId": operation, "parameters": job} for name, operation in operations.items()}
