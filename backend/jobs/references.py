"""Inputs that refer to what this server has: `{"href": …}` with the URL of a result or of a dataset, at any depth.

`{base}/jobs/{id}/results/{output}` is a result, `{base}/collections/{id}` a dataset, and
`{base}/collections/{id}#{layer}` one layer of it. A server that accepts a job writes the dataset's mark into its
reference, `?file={mark}`: a server with other data folders may run the job, and must not take another file for it.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import quote, unquote

from backend.errors import BackendError, NoSuchJobError, ProcessRefusedError
from backend.geo.vector.datasets import DatasetFile, Datasets, Listing
from backend.jobs.contents import stored_value
from backend.jobs.records import StoredResult

type ReadResult = Callable[[str, str], StoredResult]
"""Job id, output id → the result, as `JobStore.read` gives it."""

_NO_DATASETS = Datasets()
_LINK_MEMBERS = frozenset({"href", "rel", "type", "hreflang", "title", "length"})
_PATH = re.compile(r"/jobs/([^/?#]+)/results/([^/?#]+)")
_DATASET = re.compile(r"/collections/([^/?#]+)(?:\?file=([0-9a-f]{16}))?(?:#([^#]+))?")
_DATASET_OF_ANY_SERVER = re.compile(rf"https?://[^?#]*?{_DATASET.pattern}")
_ANY_SERVER = re.compile(r"https?://[^?#]*/jobs/([0-9a-f]{32})/results/([^/?#]+)")


@dataclass(frozen=True, slots=True)
class OwnReference:
    """A result of this server."""

    job_id: str
    output_id: str

    def href(self, base_url: str) -> str:
        """The URL under which clients know the result."""
        return f"{base_url}/jobs/{quote(self.job_id, safe='')}/results/{quote(self.output_id, safe='')}"


@dataclass(frozen=True, slots=True)
class DatasetReference:
    """A dataset of this server, or one layer of it."""

    dataset_id: str
    layer: str | None = None
    mark: str | None = None
    """`DatasetFile.mark` of the file that is meant; None for any of that id."""

    def href(self, base_url: str) -> str:
        """The URL under which clients know it."""
        file = "" if self.mark is None else f"?file={self.mark}"
        layer = "" if self.layer is None else f"#{quote(self.layer, safe='')}"
        return f"{base_url}/collections/{quote(self.dataset_id, safe='')}{file}{layer}"


type Reference = OwnReference | DatasetReference


def parse_reference(href: str, base_url: str) -> Reference | None:
    """The result or dataset that a URL of this server names; None for any other URL."""
    if not base_url or not href.startswith(f"{base_url}/"):
        return None
    result = _PATH.fullmatch(href, len(base_url))
    if result:
        return OwnReference(unquote(result[1]), unquote(result[2]))
    dataset = _DATASET.fullmatch(href, len(base_url))
    return _dataset(dataset) if dataset else None


def _dataset(match: re.Match[str]) -> DatasetReference:
    return DatasetReference(unquote(match[1]), unquote(match[3]) if match[3] else None, match[2])


def href_of(value: Any) -> str | None:
    """The `href` of a value that is a link and nothing else."""
    if not isinstance(value, Mapping):
        return None
    members = cast("Mapping[str, Any]", value)
    href = members.get("href")
    return href if isinstance(href, str) and members.keys() <= _LINK_MEMBERS else None


def resolve_references(
    inputs: Mapping[str, Any],
    base_url: str,
    read: ReadResult,
    *,
    max_bytes: int,
    datasets: Datasets = _NO_DATASETS,
) -> dict[str, Any]:
    """Put results in the place of the references to them, and a `DatasetFile` in that of one to a dataset.

    A link to anything else stays as it is: it is a part of the data. A job may have been accepted by another server
    on the same store, which has a URL of its own: job ids are unique, so a job that is in the store is the one meant.

    `max_bytes`: what all results together may be at most, each counted as often as it is referred to.

    Raises:
        ProcessRefusedError: a result or dataset cannot be read, or is one too many; `path` tells which input refers
            to it.
    """
    resolver = _Resolver(base_url, read, max_bytes, datasets)
    return {name: resolver.resolve(value, f"$.inputs.{name}") for name, value in inputs.items()}


@dataclass(slots=True)
class _Resolver:
    base_url: str
    read: ReadResult
    max_bytes: int
    datasets: Datasets
    read_bytes: int = 0
    listing: Listing | None = None
    """Of the datasets, once a reference asks for one."""

    def resolve(self, value: Any, path: str) -> Any:
        if isinstance(value, list):
            return [self.resolve(item, f"{path}[{index}]") for index, item in enumerate(cast("list[Any]", value))]
        if not isinstance(value, dict):
            return value
        members = cast("dict[str, Any]", value)
        href = href_of(members)
        reference = None if href is None else self._parsed(href)
        if isinstance(reference, DatasetReference):
            return self._dataset(reference, path)
        result = None if href is None else self._result(href, reference, path)
        if result is not None:
            self.read_bytes += result[0].size
            if self.read_bytes > self.max_bytes:
                reason = f"The results that the inputs refer to are larger than {self.max_bytes} bytes in all."
                raise ProcessRefusedError(reason, path=path)
            return stored_value(*result)
        return {name: self.resolve(member, f"{path}.{name}") for name, member in members.items()}

    def _parsed(self, href: str) -> Reference | None:
        """The reference, of this server or of another on the same store, which accepted the job."""
        reference = parse_reference(href, self.base_url)
        other = None if reference else _DATASET_OF_ANY_SERVER.fullmatch(href)
        return _dataset(other) if other and other[2] else reference

    def _dataset(self, reference: DatasetReference, path: str) -> DatasetFile:
        if self.listing is None:
            self.listing = self.datasets.listing()
        try:
            found = self.listing.get(reference.dataset_id, reference.layer)
        except ProcessRefusedError as error:
            raise ProcessRefusedError(str(error), path=path) from error
        if reference.mark not in (None, found.mark):
            reason = f"the server that runs this has another file of the id {found.id!r} than the one that accepted it"
            raise ProcessRefusedError(f"{reason}: give servers that share a home the same data folders", path=path)
        return found

    def _result(self, href: str, own: OwnReference | None, path: str) -> StoredResult | None:
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
