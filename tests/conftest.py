"""What all tests share. Every answer of our backend, in whichever test, is held to the standard."""

import gc
import inspect
import os
import shutil
import signal
import sys
from collections.abc import Generator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

try:
    import sniffio
except ImportError:
    sniffio = None

ROOT = Path(__file__).resolve().parent.parent
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--full", action="store_true", help="run generated tests with all their cases, not some")
    parser.addoption("--browser", action="store_true", help="run the tests that need a Chromium, too")


def pytest_configure(config: pytest.Config) -> None:
    # Without it each of the many processes that tests start, and pytest in each of its workers, compiles all anew.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    sys.dont_write_bytecode = False
    # A folder without a certificate: nothing here speaks to the internet, and each client and each program that is
    # started would read the hundreds of authorities of the web.
    os.environ["SSL_CERT_DIR"] = str(ROOT / "tests")
    os.environ.pop("SSL_CERT_FILE", None)  # would come first
    # Whoever runs tests in the background may have it ignored, and programs that tests interrupt would inherit that.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    # Most servers that tests start run no job: they start no worker, which would take seconds of a processor.
    os.environ.setdefault("OGC_PROCESSES_WARM", "false")
    config.pluginmanager.import_plugin("tests.dealing")
    config.pluginmanager.import_plugin("tests.standard.plugin")
    # How fast a busy machine draws and runs an example says nothing of what is tested.
    calm = settings(deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
    settings.register_profile("short", calm, max_examples=25)
    settings.register_profile("full", calm, max_examples=400)
    settings.load_profile("full" if config.getoption("--full") else "short")


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Millions of objects are made while tests are collected, and all stay: no looking for garbage among them.

    Each process that runs tests collects all of them; it took a quarter longer with it.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        # Nor so often while they run: most of what is made then stays for as long as its test.
        gc.set_threshold(20_000, 20, 20)
        gc.enable()


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Generator[None, object, object]:
    """Between tests the loop of an asynchronous fixture stands still: a synchronous test may start one of its own.

    anyio's plugin says that it runs for as long as the fixture lasts, wherever sniffio is installed to be told.
    """
    if sniffio is None or inspect.iscoroutinefunction(pyfuncitem.function):
        return (yield)
    token = sniffio.current_async_library_cvar.set(None)
    try:
        return (yield)
    finally:
        sniffio.current_async_library_cvar.reset(token)


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A fresh folder for all state."""
    return tmp_path / "home"


@pytest.fixture(scope="session")
def browser_program(pytestconfig: pytest.Config) -> str:
    """The path of a Chromium."""
    if not pytestconfig.getoption("--browser"):
        pytest.skip("it needs a browser, and --browser was not given")
    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    if program is None:
        pytest.skip(f"there is no browser: none of {', '.join(BROWSERS)} is installed")
    return program


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Reference data beside the checkout; absent on most machines."""
    folder = ROOT.parent / "shared"
    if not folder.is_dir():
        pytest.skip("the reference data is not beside this checkout")
    return folder
