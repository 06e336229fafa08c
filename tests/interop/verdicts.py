"""Reports of the conformance suite, as its tests read them."""

from collections.abc import AsyncGenerator, Callable, Collection, Generator, Mapping
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import anyio
import httpx
import pytest
from starlette.types import ASGIApp

from mcp_server.validate import Options, Report, Verdict, validate


async def judged(app: ASGIApp, *, url: str = "http://127.0.0.1:9", timeout: float = 30, **options: Any) -> Report:  # noqa: ASYNC109 - the suite's own
    """The report on a server that is an application in this process."""
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    return await validate(url, Options(timeout=timeout, **options), transport=transport)


@asynccontextmanager
async def lag() -> AsyncGenerator[Callable[[], float]]:
    """The longest time, in seconds, for which the event loop has not come to whatever was next."""
    longest = 0.0

    async def beat() -> None:
        nonlocal longest
        while True:
            due = anyio.current_time() + 0.05
            await anyio.sleep_until(due)
            longest = max(longest, anyio.current_time() - due)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(beat)
        yield lambda: longest
        tasks.cancel_scope.cancel()


@contextmanager
def short_of_patience() -> Generator[None]:
    """A callback is waited for no longer than one needs that will never come."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("mcp_server.validate.checks.callback._WAIT_SECONDS", 0.2)
        yield


def messages(report: Report, verdict: Verdict) -> dict[str, str]:
    """The reasons of one verdict by test, as `core/http`."""
    return {one.id.removeprefix("/conf/"): one.message for one in report.results if one.verdict is verdict}


def check_failures(report: Report, expected: Mapping[str, str]) -> None:
    """Just the expected tests failed, and each message has the words."""
    failed = messages(report, Verdict.FAILED)
    assert failed.keys() == expected.keys()
    assert {name: failed[name] for name, words in expected.items() if words not in failed[name]} == {}


def check_skipped(report: Report, expected: Collection[str]) -> None:
    """Just the expected tests, and those of classes that are not declared, were not applicable."""
    undeclared = {
        one.id.removeprefix("/conf/") for one in report.results if one.conformance_class not in report.declared
    }
    assert messages(report, Verdict.NOT_APPLICABLE).keys() - undeclared == set(expected) - undeclared
