"""Answers that may take long to be written: others are answered meanwhile."""

import threading
from types import ModuleType
from typing import Any

import httpx
import pytest
from starlette.responses import Response

from backend.api import collections, jobs, openapi
from backend.api.representation import represented

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("form", ["json", "html"])
@pytest.mark.parametrize(("module", "path"), [(jobs, "/jobs"), (collections, "/collections"), (openapi, "/openapi")])
async def test_what_may_be_long_is_written_beside_the_event_loop(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch, module: ModuleType, path: str, form: str
) -> None:
    threads: list[int] = []

    def recorded(*arguments: Any, **named: Any) -> Response:
        threads.append(threading.get_ident())
        return represented(*arguments, **named)

    monkeypatch.setattr(module, "represented", recorded)
    assert (await client.get(f"{path}?f={form}")).status_code == 200
    assert threads
    assert threading.get_ident() not in threads
