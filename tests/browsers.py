"""A real browser for the tests that ask for one."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from playwright.async_api import Browser, async_playwright

_WITHOUT_WINDOW = ["--no-sandbox", "--headless=new", "--disable-gpu", "--in-process-gpu"]


@asynccontextmanager
async def launched(program: str) -> AsyncIterator[Browser]:
    """That browser, without a window, as long as the context lasts."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=program, args=_WITHOUT_WINDOW)
        yield browser
        await browser.close()
