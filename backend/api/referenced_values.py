"""Own results among the inputs of a request: looked up, and judged like values given in their place."""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path as File
from typing import Any, cast

from backend.api.inputs import CheckedInputs, InputRule, check_value
from backend.api.references import Path, PlacedReference
from backend.errors import BackendError, InputProblem
from backend.jobs.contents import stored_value
from backend.jobs.records import StoredResult
from backend.jobs.references import OwnReference, ReadResult
from backend.processes.explanations import json_path


@dataclass(frozen=True, slots=True)
class ReferenceProblems:
    """What is wrong with the references of a request."""

    unreadable: Sequence[InputProblem]
    """They name results that do not exist, or not yet, or no more."""
    refused: Sequence[InputProblem]
    """Their values are not what the inputs demand."""


def judge_references(
    checked: CheckedInputs,
    rules: Mapping[str, InputRule] | None,
    read: ReadResult,
    *,
    most_bytes: int,
    checks_itself: bool,
) -> ReferenceProblems:
    """Everything wrong with the references in `checked`. Reads results: a matter for a thread.

    A process that `checks_itself` judges its inputs when it runs, so what stands in files is left to it. All that is
    judged here has at most `most_bytes` together, as if it had come in the request.
    """
    reader = _Reader(read, checks_itself=checks_itself, remaining=most_bytes)
    found = {reference.path: reader.value(reference) for reference in checked.references}
    known = {path: value for path, value in found.items() if value is not _UNKNOWN}
    refused = list(reader.refused)
    for name in dict.fromkeys(str(path[0]) for path in known):
        rule = (rules or {}).get(name)
        if rule is not None:
            left = [path for path in found if path[0] == name and path not in known]
            refused += check_value(rule, _filled(checked.values[name], (name,), known), left)
    return ReferenceProblems(reader.unreadable, refused)


_UNKNOWN = object()
"""In place of a value that is not judged here."""
_MOST_UNREADABLE = 100
"""References that cannot be read after which no more are looked up: the request is refused anyway."""


@dataclass(slots=True)
class _Reader:
    """Reads each result once."""

    read: ReadResult
    checks_itself: bool
    remaining: int
    """Bytes that may still be read."""
    unreadable: list[InputProblem] = field(default_factory=list[InputProblem])
    refused: list[InputProblem] = field(default_factory=list[InputProblem])
    seen: dict[OwnReference, StoredResult | BackendError] = field(
        default_factory=dict[OwnReference, StoredResult | BackendError]
    )

    def value(self, reference: PlacedReference) -> Any:
        if len(self.unreadable) >= _MOST_UNREADABLE:
            return _UNKNOWN
        stored = self._stored(reference.result)
        path = json_path("$.inputs", reference.path)
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

    def _stored(self, result: OwnReference) -> StoredResult | BackendError:
        if result not in self.seen:
            try:
                self.seen[result] = self.read(result.job_id, result.output_id)
            except BackendError as error:
                self.seen[result] = error
        return self.seen[result]


def _filled(value: Any, path: Path, known: Mapping[Path, Any]) -> Any:
    """`value`, which stands at `path`, with what is known in the place of references."""
    above = frozenset(place[:length] for place in known for length in range(len(place)))

    def fill(part: Any, at: Path) -> Any:
        if at in known:
            return known[at]
        if at not in above:
            return part
        if isinstance(part, list):
            return [fill(item, (*at, index)) for index, item in enumerate(cast("list[Any]", part))]
        return {name: fill(member, (*at, name)) for name, member in cast("dict[str, Any]", part).items()}

    return fill(value, path)
