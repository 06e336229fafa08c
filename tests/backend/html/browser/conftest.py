"""A running backend and a real browser without a window, for all tests of the pages."""

from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest
from playwright.async_api import Browser, Page, expect

from backend.app import create_app
from backend.settings import Settings
from tests.backend.html.browser.visits import Site, Visit
from tests.browsers import launched
from tests.serving import served

ROOT_PATH = "/ogc"
WAIT_MS = 30_000
"""Longest wait for anything, on a machine that has other things to do."""

expect.set_options(timeout=WAIT_MS)


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The backend on a free port of the loopback interface; its links name another host, as behind a proxy."""
    settings = Settings(
        home=tmp_path_factory.mktemp("home"), public_url="https://maps.example", root_path=ROOT_PATH, workers=2
    )
    app = _behind_proxy(create_app(settings))
    with served(lambda _: app) as url:
        yield Site(f"{url}{ROOT_PATH}")


def _behind_proxy(app: Any) -> Any:
    """The proxy takes the prefix off and passes the rest on."""

    async def proxy(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            path = scope["path"].removeprefix(ROOT_PATH) or "/"
            scope = {**scope, "path": path, "raw_path": path.encode()}
        await app(scope, receive, send)

    return proxy


@pytest.fixture(scope="session")
async def browser(browser_program: str) -> AsyncIterator[Browser]:
    async with launched(browser_program) as browser:
        yield browser


@pytest.fixture(scope="session")
async def page(browser: Browser) -> AsyncIterator[Page]:
    """The window that all tests use, one after the other: to open one costs more than most of them."""
    context = await browser.new_context()
    context.set_default_timeout(WAIT_MS)
    yield await context.new_page()
    await context.close()


@pytest.fixture(params=[1280])
async def visit(page: Page, site: Site, request: pytest.FixtureRequest) -> AsyncIterator[Visit]:
    """An empty page, as wide as the parameter says. At its end nothing was asked of another host, and nothing failed.

    Nothing is left of the test before: the pages keep nothing in the browser, as is seen here too.
    """
    await page.set_viewport_size({"width": request.param, "height": 900})
    visit = Visit(page, site.url)
    listeners: dict[Any, Callable[[Any], None]] = {
        "request": lambda sent: visit.requests.append(sent),  # noqa: PLW0108 -- a list's method takes no marks
        "console": lambda message: visit.complaints.append(message.text),
        "pageerror": lambda error: visit.complaints.append(str(error)),
    }
    for event, listener in listeners.items():
        page.on(event, listener)
    yield visit
    for event, listener in listeners.items():
        page.remove_listener(event, listener)
    await page.unroute_all()
    kept = await page.context.storage_state()
    await page.goto("about:blank")
    assert kept == {"cookies": [], "origins": []}
    foreign = [sent.url for sent in visit.requests if not sent.url.startswith(site.url)]
    assert foreign == []
    assert visit.unforgiven() == []
