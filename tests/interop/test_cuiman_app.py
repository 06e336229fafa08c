"""cuiman's app: what `show_app` serves, opened as its browser opens it, and in a real one where there is one."""

import json
import logging
import webbrowser
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import anyio
import httpx
import pytest
from cuiman import AsyncClient, Client
from cuiman.app import App
from gavicore.models import ProcessRequest

from tests.browsers import launched
from tests.interop.cuiman_setting import Configuration

pytestmark = pytest.mark.long(15)

REQUEST = {"inputs": {"name": "Ada"}}


@pytest.fixture(autouse=True)
def log_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The app's server writes a log to the folder that it is started in, and leaves the file open when it ends."""
    monkeypatch.chdir(tmp_path)
    yield
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logger = logging.getLogger(name)
        for handler in tuple(logger.handlers):
            logger.removeHandler(handler)
            handler.close()


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """URLs that are to be opened in the person's browser: here, by the test."""
    urls: list[str] = []
    monkeypatch.setattr(webbrowser, "open", lambda url: urls.append(url) or True)
    return urls


@pytest.fixture
def app(own_backend: str, opened: list[str]) -> Iterator[App]:
    client = Client(api_url=own_backend, config_type=Configuration)
    app = client.show_app(display="browser", scheme="light")
    yield app
    app.serve_result.stop()
    client.close()


async def visit(url: str) -> None:
    """What the page does: a session for its code, then each request through the session, never with credentials."""
    base = f"{urlsplit(url).scheme}://{urlsplit(url).netloc}"
    (code,) = parse_qs(urlsplit(url).query)["launch"]
    async with httpx.AsyncClient(base_url=base, headers={"Origin": base}, timeout=60) as page:
        assert (await page.get("/_cuiman/service/processes")).status_code == 401
        assert (await page.post("/_cuiman/launch", json={"launch": code})).status_code == 204
        listed = (await page.get("/_cuiman/service/processes")).json()["processes"]
        assert {"echo", "later"} <= {process["id"] for process in listed}
        job = await page.post("/_cuiman/service/processes/later/execution", json=REQUEST)
        assert job.status_code == 201
        dismissed = await page.delete(f"/_cuiman/service/jobs/{job.json()['jobID']}")
        assert dismissed.json()["jobID"] == job.json()["jobID"]
        assert (await page.post("/_cuiman/launch", json={"launch": code})).status_code == 410


@pytest.mark.anyio
async def test_the_app_reaches_our_backend_through_the_client(app: App, opened: list[str]) -> None:
    with anyio.fail_after(40):
        await visit(opened[0])


@pytest.mark.anyio
async def test_the_app_of_the_asynchronous_client_does_the_same(own_backend: str, opened: list[str]) -> None:
    client = AsyncClient(api_url=own_backend, config_type=Configuration)
    app = client.show_app(display="browser")
    try:
        with anyio.fail_after(40):
            await visit(opened[0])
    finally:
        await anyio.to_thread.run_sync(app.serve_result.stop)
        await client.close()


def test_requests_are_shared_with_the_app(app: App) -> None:
    assert app.get_process_request("later") is None
    app.set_process_request("later", REQUEST)
    assert app.get_process_request("later") == ProcessRequest(inputs={"name": "Ada"})
    app.process_requests.later.inputs.name = "Grace"
    assert str(app.at.processRequests) == "{'later': {'inputs': {'name': 'Grace'}}}"
    app.process_requests = {"later": ProcessRequest(inputs={"name": "Mary"})}
    assert app.get_process_request("later") == ProcessRequest(inputs={"name": "Mary"})
    assert app.remote_store.get("processRequests") == {"later": {"inputs": {"name": "Mary"}}}
    assert App.create_remote_store().get("processRequests") == {}


def test_in_a_notebook_the_app_is_a_frame(own_backend: str, capsys: pytest.CaptureFixture[str]) -> None:
    client = Client(api_url=own_backend, config_type=Configuration)
    app = client.show_app(display="notebook", proxy="never")
    app.serve_result.stop()
    client.close()
    assert "IPython.core.display.HTML" in capsys.readouterr().out


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
async def browser(browser_program: str) -> AsyncIterator[Any]:
    async with launched(browser_program) as browser:
        yield browser


@pytest.fixture
async def page(browser: Any) -> AsyncIterator[Any]:
    async with await browser.new_context() as context:
        yield await context.new_page()


async def filled_form(page: Any, url: str, title: str) -> Any:
    """The page of a process with its name filled in; gives the button that executes it."""
    await page.goto(url)
    await page.get_by_text(title, exact=True).first.click()
    await page.locator("input:not([type])").first.fill("Ada")
    return page.get_by_role("button", name="Process options").locator("xpath=following::button[1]")


@pytest.mark.anyio
async def test_the_page_shows_our_processes_executes_one_and_is_given_its_job(
    own_backend: str, app: App, opened: list[str], page: Any
) -> None:
    execute = await filled_form(page, opened[0], "Later, uncounted")
    await page.get_by_text("Buffer a geometry").first.wait_for(timeout=30_000)
    async with page.expect_response(lambda sent: sent.url.endswith("-uncounted/execution"), timeout=30_000) as caught:
        await execute.click(timeout=30_000)
    answer = await caught.value
    assert json.loads(answer.request.post_data)["inputs"] == {"name": "Ada"}
    assert answer.status == 201
    job_id = (await answer.json())["jobID"]
    async with httpx.AsyncClient(base_url=own_backend, timeout=60) as backend:
        assert (await backend.get(f"/jobs/{job_id}")).json()["processID"] == "later-uncounted"


@pytest.mark.anyio
async def test_the_page_sends_a_list_where_one_value_is_taken_and_is_told_so(
    app: App, opened: list[str], page: Any
) -> None:
    """It takes any `maxOccurs` that is a number, 1 too, for a list."""
    execute = await filled_form(page, opened[0], "Later")
    async with page.expect_response(lambda answer: answer.url.endswith("/later/execution"), timeout=30_000) as caught:
        await execute.click(timeout=30_000)
    answer = await caught.value
    assert json.loads(answer.request.post_data)["inputs"] == {"name": ["Ada"]}
    assert answer.status == 400
    assert (await answer.json())["detail"].startswith("$.inputs.name")
