"""The subscriber of an execute request (OGC 18-062r2, 7.14): who is to be told of the job, and may be. Pure."""

from collections.abc import Iterable, Mapping
from typing import Any, cast

from backend.errors import InputProblem
from backend.jobs.callbacks.destinations import Destination, Origins
from backend.jobs.records import Subscriber
from backend.processes.explanations import json_path, json_type, suggestion

_PATH = "$.subscriber"
_MEMBERS = ("successUri", "failedUri", "inProgressUri")
_SETTING = "`OGC_PROCESSES_CALLBACK_ORIGINS`"


def read_subscriber(value: Any, origins: Origins, problems: list[InputProblem]) -> Subscriber | None:
    """The subscriber, if there is one; what is wrong with it is added to the problems."""
    if value is None:
        return None
    if not origins:
        told = f"this server makes no callbacks, as {_SETTING} names nobody; ask for the job's status"
        problems.append(InputProblem(_PATH, told))
        return None
    if not isinstance(value, dict):
        problems.append(InputProblem(_PATH, f"must be an object, not {json_type(value)}"))
        return None
    members = cast("dict[str, Any]", value)
    problems += _misspelt(members)
    given = {name: members[name] for name in _MEMBERS if members.get(name) is not None}
    if not given:
        problems.append(InputProblem(_PATH, f"must have one of {', '.join(f'`{name}`' for name in _MEMBERS)}"))
    for name, uri in given.items():
        fault = _fault(uri, origins)
        if fault is not None:
            problems.append(InputProblem(json_path(_PATH, [name]), fault))
    return Subscriber(*(given.get(name) for name in _MEMBERS))


def _misspelt(members: Mapping[str, Any]) -> Iterable[InputProblem]:
    """Members that only look like the standard's, where that one is missing.

    Where it is not, the other one may well be `successUrl`, which the standard's own schema requires by mistake.
    """
    missing = [name for name in _MEMBERS if name not in members]
    for name in members.keys() - set(_MEMBERS):
        mended = suggestion(name, missing)
        if mended:
            yield InputProblem(json_path(_PATH, [name]), f"is no member of a subscriber.{mended}")


def _fault(uri: Any, origins: Origins) -> str | None:
    if not isinstance(uri, str):
        return f"must be a string, not {json_type(uri)}"
    try:
        destination = Destination.parse(uri)
    except ValueError as error:
        return str(error)
    if origins.permit(destination):
        return None
    return f"this server makes no callbacks to `{destination.origin}`, which {_SETTING} does not name"
