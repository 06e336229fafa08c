"""What the standard asks of an answer of our backend, whoever asked for it and however it came."""

import json
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256

from tests.standard.schemas import Schemas

_SCHEMAS = {
    r"/": "landingPage.yaml",
    r"/conformance": "confClasses.yaml",
    r"/processes": "processList.yaml",
    r"/processes/[^/]+": "process.yaml",
    r"/processes/[^/]+/execution": "results.yaml",
    r"/jobs": "jobList.yaml",
    r"/jobs/[^/]+": "statusInfo.yaml",
    r"/jobs/[^/]+/results": "results.yaml",
}
_OF_THEIR_OWN = r"/(openapi|api|static/.+|collections(/[^/]+)?|jobs/[^/]+/results/[^/]+)"
"""Resources for which Part 1 has no schema: the API definition, files of the pages, datasets, values of single
outputs."""

SCHEMAS = frozenset(_SCHEMAS.values()) | {"exception.yaml"}
"""All the schemas that answers are held to."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer with what is needed of its request."""

    method: str
    path: str
    """From the root of the API, without its query."""
    status: int
    headers: Mapping[str, str]
    """By names in small letters."""
    body: bytes

    @property
    def media_type(self) -> str:
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    def __str__(self) -> str:
        return f"{self.method} {self.path} → {self.status} {self.media_type}"


class AnswerCheck:
    """Holds answers to the schemas of the standard, and counts them."""

    def __init__(self, schemas: Schemas) -> None:
        self._schemas = schemas
        self._known: set[tuple[str, bytes]] = set()
        self.counts: Counter[str] = Counter()
        """How many answers were held to each schema."""

    def faults(self, answer: Answer) -> list[str]:
        """What is wrong with the answer, a line each; empty where nothing is."""
        if not answer.body:
            return []
        try:
            schema = schema_of(answer)
            found = [] if schema is None else self._held_to(schema, answer.body)
        except ValueError as error:
            found = [str(error)]
        return [f"{answer}: {fault}" for fault in found]

    def _held_to(self, schema: str, body: bytes) -> list[str]:
        self.counts[schema] += 1
        # Many answers are the same: a list that is polled, a description that every test reads.
        key = (schema, sha256(body).digest())
        if key in self._known:
            return []
        document = json.loads(body)
        # `results.yaml` does not say that it is one, as all the others do.
        faults = self._schemas.faults(document, schema) if isinstance(document, dict) else ["$: not an object"]
        found = [f"not as {schema} has it, {fault}" for fault in faults]
        if not found:
            self._known.add(key)
        return found


def schema_of(answer: Answer) -> str | None:
    """The schema that the answer must conform to; None where it is no JSON, or its form is the process's own.

    Raises:
        ValueError: It is an error in a form that the standard does not have, or a document of an unknown kind.
    """
    if answer.status >= 400:
        if answer.media_type not in ("application/problem+json", "text/html"):
            raise ValueError("an error that is neither a problem document nor a page")
        return "exception.yaml" if answer.media_type == "application/problem+json" else None
    if answer.media_type != "application/json" or _is_of_a_process(answer):
        return None
    path = answer.path.rstrip("/") or "/"
    if re.fullmatch(_OF_THEIR_OWN, path):
        return None
    schema = next((name for pattern, name in _SCHEMAS.items() if re.fullmatch(pattern, path)), None)
    if schema is None:
        raise ValueError("JSON of a resource for which no schema is known")
    return "statusInfo.yaml" if answer.status == 201 else schema


def _is_of_a_process(answer: Answer) -> bool:
    """Whether the answer is a raw value: such a one, as it is not our document, may run nothing in a browser."""
    return answer.headers.get("content-security-policy", "").startswith("sandbox")
