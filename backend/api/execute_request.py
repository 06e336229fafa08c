"""The execute request (OGC 18-062r2, 7.11): from a JSON body to what the job engine runs. Pure."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any, cast

from backend.api.inputs import CheckedInputs, check_inputs
from backend.api.modes import Mode
from backend.api.offerings import Offering
from backend.api.referenced_values import ReferenceProblems
from backend.api.references import with_parts
from backend.api.schemas import essence
from backend.api.subscribers import read_subscriber
from backend.errors import InputProblem, InvalidRequestError, ReferenceRefusedError
from backend.jobs.callbacks.destinations import Origins
from backend.jobs.records import JobRequest, ResponseForm
from backend.jobs.references import DatasetReference
from backend.processes.explanations import MOST_SUGGESTIONS, json_path, json_type, suggestion

_MEMBERS = ("inputs", "outputs", "response", "mode", "subscriber")
_TRANSMISSIONS = ("value", "reference")
_MOST_IN_DETAIL = 3
"""Problems told in the one sentence of `detail`; `errors` holds more."""
_MOST_PROBLEMS = 100
"""Problems told at all: of ten thousand the first teach enough."""


@dataclass(frozen=True, slots=True)
class ExecuteRequest:
    """A request to execute a process, as far as it can be judged by itself."""

    job: JobRequest
    mode: Mode
    """Of the body; `auto` leaves the choice to the `Prefer` header."""
    checked: CheckedInputs
    problems: tuple[InputProblem, ...]
    """Everything wrong with it, references to elsewhere excepted."""


@dataclass(frozen=True, slots=True)
class _Selection:
    outputs: tuple[str, ...] | None
    by_reference: tuple[str, ...]


def read_execute_request(
    body: Mapping[str, Any], offering: Offering, base_url: str, callback_origins: Origins
) -> ExecuteRequest:
    """The request in `body`, complete with what is wrong with it."""
    problems = list(_misspelt(body))
    inputs = _object(body, "inputs", problems)
    selection = _selection(_object(body, "outputs", problems), offering, problems)
    response = _choice(body, "response", ("raw", "document"), "raw", problems)
    mode = _choice(body, "mode", ("auto", "sync", "async"), "auto", problems)
    subscriber = read_subscriber(body.get("subscriber"), callback_origins, problems)
    checked = check_inputs(offering.rules, inputs, base_url)
    return ExecuteRequest(
        job=JobRequest(
            process_id=offering.id,
            inputs=checked.values,
            outputs=selection.outputs,
            response=cast("ResponseForm", response),
            idempotent=offering.idempotent,
            by_reference=selection.by_reference,
            subscriber=subscriber,
        ),
        mode=cast("Mode", mode),
        checked=checked,
        problems=(*problems, *checked.problems),
    )


def require_acceptable(request: ExecuteRequest, references: ReferenceProblems | None = None) -> None:
    """Refuse a request that has problems, with all of them, or the first and the number of the others.

    Raises:
        ReferenceRefusedError: References to elsewhere, or to what cannot be read, are all that is wrong with it.
        InvalidRequestError: Other things are wrong as well.
    """
    faults = dict.fromkeys([*request.problems, *(references.refused if references else ())])
    problems = (*faults, *request.checked.refused, *(references.unreadable if references else ()))
    if not problems:
        return
    told = [f"{problem.path} {problem.message}" for problem in problems[:_MOST_IN_DETAIL]]
    if len(problems) > _MOST_IN_DETAIL:
        told.append(f"and {len(problems) - _MOST_IN_DETAIL} more")
    untold = len(problems) - _MOST_PROBLEMS
    rest = [InputProblem("$", f"has {untold} more problems")] if untold > 0 else []
    error = InvalidRequestError if faults else ReferenceRefusedError
    raise error("; ".join(told), [*problems[:_MOST_PROBLEMS], *rest])


def naming_files(request: ExecuteRequest, references: ReferenceProblems, base_url: str) -> JobRequest:
    """What is to be run, with the mark of the very file in each reference to a dataset."""
    links = {
        reference.path: {"href": replace(reference.target, mark=references.files[reference.path].mark).href(base_url)}
        for reference in request.checked.references
        if isinstance(reference.target, DatasetReference) and reference.path in references.files
    }
    inputs = {name: with_parts(value, (name,), links) for name, value in request.job.inputs.items()}
    return replace(request.job, inputs=inputs) if links else request.job


def _misspelt(body: Mapping[str, Any]) -> Iterable[InputProblem]:
    """Members that only look like the standard's. Extensions of the standard are none of our business."""
    for name in islice((name for name in body if name not in _MEMBERS), MOST_SUGGESTIONS):
        mended = suggestion(name, _MEMBERS)
        if mended:
            yield InputProblem(json_path("$", [name]), f"is no member of an execute request.{mended}")


def _object(body: Mapping[str, Any], name: str, problems: list[InputProblem]) -> Mapping[str, Any]:
    value = body.get(name)
    if value is None:
        return {}
    if isinstance(value, dict):
        return cast("dict[str, Any]", value)
    problems.append(InputProblem(f"$.{name}", f"must be an object with a member per id, not {json_type(value)}"))
    return {}


def _choice(
    body: Mapping[str, Any], name: str, choices: tuple[str, ...], default: str, problems: list[InputProblem]
) -> str:
    value = body.get(name)
    if value is None:
        return default
    if value in choices:
        return value
    problems.append(InputProblem(f"$.{name}", f"must be one of {', '.join(f'`{choice}`' for choice in choices)}"))
    return default


def _selection(outputs: Mapping[str, Any], offering: Offering, problems: list[InputProblem]) -> _Selection:
    """The outputs asked for; an empty selection asks for all."""
    by_reference: list[str] = []
    unknown = [name for name in outputs if name not in offering.outputs]
    problems += _unknown(unknown, offering)
    for name, wanted in outputs.items():
        if name not in offering.outputs:
            continue
        path = json_path("$.outputs", [name])
        if wanted is not None and not isinstance(wanted, dict):
            problems.append(InputProblem(path, f"must be an object, not {json_type(wanted)}"))
            continue
        how = cast("dict[str, Any]", wanted or {})
        if _choice(how, "transmissionMode", _TRANSMISSIONS, "value", transmission := []) == "reference":
            by_reference.append(name)
        problems += [InputProblem(f"{path}.transmissionMode", problem.message) for problem in transmission]
        problems += _format_problems(how.get("format"), offering.outputs[name], f"{path}.format")
    return _Selection(tuple(outputs) or None, tuple(by_reference))


def _unknown(names: Iterable[str], offering: Offering) -> Iterable[InputProblem]:
    known = ", ".join(f"`{output}`" for output in offering.outputs)
    for index, name in enumerate(names):
        mended = suggestion(name, offering.outputs) or f" It gives {known}." if index < MOST_SUGGESTIONS else ""
        yield InputProblem(json_path("$.outputs", [name]), f"is no output of the process.{mended}")


def _format_problems(wanted: Any, declared: Collection[str], path: str) -> Iterable[InputProblem]:
    """What contradicts the description: an output comes in a media type that it declares."""
    if wanted is not None and not isinstance(wanted, dict):
        yield InputProblem(path, f"must be an object, not {json_type(wanted)}")
        return
    media_type = cast("dict[str, Any]", wanted or {}).get("mediaType")
    if media_type is not None and not isinstance(media_type, str):
        yield InputProblem(f"{path}.mediaType", f"must be a string, not {json_type(media_type)}")
    elif media_type and declared and essence(media_type) not in declared:
        known = " or ".join(f"`{one}`" for one in sorted(declared))
        yield InputProblem(f"{path}.mediaType", f"this output comes as {known} only")
