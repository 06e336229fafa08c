"""Own results and datasets among the inputs of a request: looked up, and results judged like values in their place."""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path as File
from typing import Any

from backend.api.inputs import CheckedInputs, InputRule, check_value
from backend.api.references import Path, PlacedReference, with_parts
from backend.errors import BackendError, InputProblem, ProcessRefusedError
from backend.geo.vector.datasets import DatasetFile, Datasets, Listing
from backend.jobs.contents import stored_value
from backend.jobs.records import StoredResult
from backend.jobs.references import DatasetReference, OwnReference, ReadResult
from backend.processes.explanations import json_path

_NO_DATASETS = Datasets()


@dataclass(frozen=True, slots=True)
class ReferenceProblems:
    """What is wrong with the references of a request."""

    unreadable: Sequence[InputProblem]
    """They name results or datasets that do not exist, or not yet, or no more."""
    refused: Sequence[InputProblem]
    """Their values are not what the inputs demand."""
    files: Mapping[Path, DatasetFile] = field(default_factory=dict[Path, DatasetFile])
    """The datasets that are there, by where the references to them stand."""


def judge_references(
    checked: CheckedInputs,
    rules: Mapping[str, InputRule] | None,
    read: ReadResult,
    *,
    most_bytes: int,
    checks_itself: bool,
    datasets: Datasets = _NO_DATASETS,
) -> ReferenceProblems:
    """Everything wrong with the references in `checked`. Reads results: a matter for a thread.

    Of a dataset it looks whether it is there, and no more: files are read by workers alone.

    A process that `checks_itself` judges its inputs when it runs, so what stands in files is left to it. All that is
    judged here has at most `most_bytes` together, as if it had come in the request.
    """
    reader = _Reader(read, datasets, checks_itself=checks_itself, remaining=most_bytes)
    found = {reference.path: reader.value(reference) for reference in checked.references}
    known = {path: value for path, value in found.items() if value is not _UNKNOWN}
    refused = list(reader.refused)
    for name in dict.fromkeys(str(path[0]) for path in known):
        rule = (rules or {}).get(name)
        if rule is not None:
            left = [path for path in found if path[0] == name and path not in known]
            refused += check_value(rule, with_parts(checked.values[name], (name,), known), left)
    return ReferenceProblems(reader.unreadable, refused, reader.files)


_UNKNOWN = object()
"""In place of a value that is not judged here."""
_MOST_UNREADABLE = 100
"""References that cannot be read after which no more are looked up: the request is refused anyway."""


@dataclass(slots=True)
class _Reader:
    """Reads each result once."""

    read: ReadResult
    datasets: Datasets
    checks_itself: bool
    remaining: int
    """Bytes that may still be read."""
    unreadable: list[InputProblem] = field(default_factory=list[InputProblem])
    refused: list[InputProblem] = field(default_factory=list[InputProblem])
    seen: dict[OwnReference, StoredResult | BackendError] = field(
        default_factory=dict[OwnReference, StoredResult | BackendError]
    )
    found: dict[DatasetReference, DatasetFile | ProcessRefusedError] = field(
        default_factory=dict[DatasetReference, DatasetFile | ProcessRefusedError]
    )
    files: dict[Path, DatasetFile] = field(default_factory=dict[Path, DatasetFile])
    """By where the references stand."""
    listing: Listing | None = None
    """Of the datasets, once a reference asks for one."""

    def value(self, reference: PlacedReference) -> Any:
        if len(self.unreadable) >= _MOST_UNREADABLE:
            return _UNKNOWN
        path = json_path("$.inputs", reference.path)
        if isinstance(reference.target, DatasetReference):
            self._look_for(reference, reference.target, path)
            return _UNKNOWN
        return self._result(self._stored(reference.target), path)

    def _result(self, stored: StoredResult | BackendError, path: str) -> Any:
        if isinstance(stored, BackendError):
            self.unreadable.append(InputProblem(path, f"refers to a result that cannot be read: {stored}"))
            return _UNKNOWN
        record, content = stored
        if self.checks_itself and (isinstance(content, File) or record.size > self.remaining):
            return _UNKNOWN
        if record.size > self.remaining:
            self.refused.append(InputProblem(path, "refers to more than this server accepts in a request"))
            return _UNKNOWN
        self.remaining -= record.size
        try:
            value = stored_value(record, content)
        except ValueError:
            self.refused.append(InputProblem(path, f"refers to what is no `{record.media_type[:80]}`, as it is called"))
            return _UNKNOWN
        # As it would stand in a request.
        return base64.b64encode(value).decode("ascii") if isinstance(value, bytes) else value

    def _look_for(self, reference: PlacedReference, dataset: DatasetReference, path: str) -> None:
        if not self.checks_itself:
            self.refused.append(InputProblem(path, "refers to a dataset; this process takes values and results alone"))
            return
        if dataset not in self.found:
            try:
                self.found[dataset] = self._listed().get(dataset.dataset_id, dataset.layer)
            except ProcessRefusedError as error:
                self.found[dataset] = error
        found = self.found[dataset]
        if isinstance(found, DatasetFile):
            self.files[reference.path] = found
        else:
            self.unreadable.append(InputProblem(path, f"refers to a dataset that cannot be read: {found}"))

    def _listed(self) -> Listing:
        if self.listing is None:
            self.listing = self.datasets.listing()
        return self.listing

    def _stored(self, result: OwnReference) -> StoredResult | BackendError:
        if result not in self.seen:
            try:
                self.seen[result] = self.read(result.job_id, result.output_id)
            except BackendError as error:
                self.seen[result] = error
        return self.seen[result]
