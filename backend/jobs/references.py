"""Inputs that refer to results of this server: `{"href": "{base}/jobs/{id}/results/{output}"}`, at any depth."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import quote, unquote

from backend.errors import BackendError, NoSuchJobError, ProcessRefusedError
from backend.jobs.contents import stored_value
from backend.jobs.records import StoredResult

type ReadResult = Callable[[str, str], StoredResult]
"""Job id, output id → the result, as `JobStore.read` gives it."""

_LINK_MEMBERS = frozenset({"href", "rel", "type", "hreflang", "title", "length"})
_PATH = re.compile(r"/jobs/([^/?#]+)/results/([^/?#]+)")
_ANY_SERVER = re.compile(r"https?://[^?#]*/jobs/([0-9a-f]{32})/results/([^/?#]+)")


@dataclass(frozen=True, slots=True)
class OwnReference:
    """A result of this server."""

    job_id: str
    output_id: str

    def href(self, base_url: str) -> str:
        """The URL under which clients know the result."""
        return f"{base_url}/jobs/{quote(self.job_id, safe='')}/results/{quote(self.output_id, safe='')}"


def parse_reference(href: str, base_url: str) -> OwnReference | None:
    """The result that a URL of this server names; None for any other URL."""
    if not base_url or not href.startswith(f"{base_url}/"):
        return None
    match = _PATH.fullmatch(href, len(base_url))
    return OwnReference(unquote(match[1]), unquote(match[2])) if match else None


def href_of(value: Any) -> str | None:
    """The `href` of a value that is a link and nothing else."""
    if not isinstance(value, Mapping):
        return None
    members = cast("Mapping[str, Any]", value)
    href = members.get("href")
    return href if isinstance(href, str) and members.keys() <= _LINK_MEMBERS else None


def resolve_references(inputs: Mapping[str, Any], base_url: str, read: ReadResult, *, max_bytes: int) -> dict[str, Any]:
    """Put results in the place of the references to them.

    A link to anything else stays as it is: it is a part of the data. A job may have been accepted by another server
    on the same store, which has a URL of its own: job ids are unique, so a job that is in the store is the one meant.

    `max_bytes`: what all of them together may be at most, each counted as often as it is referred to.

    Raises:
        ProcessRefusedError: a result cannot be read, or is one too many; `path` tells which input refers to it.
    """
    resolver = _Resolver(base_url, read, max_bytes)
    return {name: resolver.resolve(value, f"$.inputs.{name}") for name, value in inputs.items()}


@dataclass(slots=True)
class _Resolver:
    base_url: str
    read: ReadResult
    max_bytes: int
    read_bytes: int = 0

    def resolve(self, value: Any, path: str) -> Any:
        if isinstance(value, list):
            return [self.resolve(item, f"{path}[{index}]") for index, item in enumerate(cast("list[Any]", value))]
        if not isinstance(value, dict):
            return value
        members = cast("dict[str, Any]", value)
        result = self._result(members, path)
        if result is not None:
            self.read_bytes += result[0].size
            if self.read_bytes > self.max_bytes:
                reason = f"The results that the inputs refer to are larger than {self.max_bytes} bytes in all."
                raise ProcessRefusedError(reason, path=path)
            return stored_value(*result)
        return {name: self.resolve(member, f"{path}.{name}") for name, member in members.items()}

    def _result(self, members: Mapping[str, Any], path: str) -> StoredResult | None:
        href = href_of(members)
        if href is None:
            return None
        own = parse_reference(href, self.base_url)
        other = None if own else _ANY_SERVER.fullmatch(href)
        reference = OwnReference(other[1], unquote(other[2])) if other else own
        if reference is None:
            return None
        try:
            return self.read(reference.job_id, reference.output_id)
        except BackendError as error:
            if other and isinstance(error, NoSuchJobError):
                return None
            reason = f"'{reference.output_id}' of job '{reference.job_id}' cannot be used as an input: {error}"
            raise ProcessRefusedError(reason, path=path) from error
