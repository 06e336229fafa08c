"""Hooks for clients of a backend in another process, where no witness is: they fail on what does not conform."""

from collections.abc import Awaitable, Callable
from typing import Any

import httpx

from tests.standard.answers import Answer, AnswerCheck
from tests.standard.schemas import standard_schemas

type Hooks[T] = dict[str, list[Callable[[httpx.Response], T]]]


def conforming() -> Hooks[None]:
    """`event_hooks` of an `httpx.Client` of our backend."""
    schemas = standard_schemas()
    if schemas is None:
        return {}
    check = AnswerCheck(schemas)

    def require(response: httpx.Response) -> None:
        response.read()
        _require(check, response)

    return {"response": [require]}


def conforming_async() -> Hooks[Awaitable[Any]]:
    """`event_hooks` of an `httpx.AsyncClient` of our backend."""
    schemas = standard_schemas()
    if schemas is None:
        return {}
    check = AnswerCheck(schemas)

    async def require(response: httpx.Response) -> None:
        await response.aread()
        _require(check, response)

    return {"response": [require]}


def _require(check: AnswerCheck, response: httpx.Response) -> None:
    request = response.request
    path = request.url.raw_path.decode("ascii").partition("?")[0]
    # After a HEAD there is nothing to judge, whatever its headers say.
    answer = Answer(request.method, path, response.status_code, dict(response.headers), response.content)
    faults = check.faults(answer)
    assert not faults, faults
