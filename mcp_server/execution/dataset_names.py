"""A refused argument that is the name or path of a file: the dataset of that name is suggested in its place."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace

import anyio

from mcp_server.errors import ArgumentProblem, BridgeError, RemoteProblemError
from mcp_server.execution.calls import Call
from mcp_server.ogc.collections import Dataset
from mcp_server.references import DatasetReference

_LONGEST = 1_000
"""Letters of a path; what is longer is data."""
_MOST = 200
"""Datasets that are looked through."""


async def with_datasets_meant(error: RemoteProblemError, call: Call, *, seconds: float) -> RemoteProblemError | None:
    """The refusal, suggesting the datasets whose file names stand in its arguments; None where there are none.

    seconds: how long the server is waited for.
    """
    names = _names(error.problems, call)
    if not names or not call.client.dialect.datasets:
        return None
    try:
        with anyio.fail_after(seconds):
            page = await call.client.collections.page(offset=0, limit=_MOST)
    except (BridgeError, TimeoutError):
        return None
    server = call.client.identity.name
    problems = [_told(problem, server, _named(names.get(problem.path), page.datasets)) for problem in error.problems]
    if problems == list(error.problems):
        return None
    return error.retold(str(error), problems)


def _names(problems: Iterable[ArgumentProblem], call: Call) -> Mapping[str, str]:
    """Path of each refused argument → what may be the name of a file in it, in small letters."""
    refused = {problem.path for problem in problems if problem.suggestion is None}
    given = {f"$.{call.argument_names[name]}": value for name, value in call.request.inputs.items()}
    return {
        path: re.split(r"[/\\]", value)[-1].casefold()
        for path, value in given.items()
        if path in refused and isinstance(value, str) and len(value) <= _LONGEST
    }


def _named(name: str | None, datasets: Iterable[Dataset]) -> Dataset | None:
    """The dataset of that id or file name."""
    return next((one for one in datasets if name in (one.id.casefold(), one.title.casefold())), None)


def _told(problem: ArgumentProblem, server: str, dataset: Dataset | None) -> ArgumentProblem:
    if dataset is None:
        return problem
    return replace(problem, suggestion=f"did you mean {DatasetReference(server, dataset.id)}?")
