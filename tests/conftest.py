"""What all tests share. Every answer of our backend, in whichever test, is held to the standard."""

import gc
import os
import sys
from collections.abc import Generator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

ROOT = Path(__file__).resolve().parent.parent


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--full", action="store_true", help="run generated tests with all their cases, not some")


def pytest_configure(config: pytest.Config) -> None:
    # Without it each of the many processes that tests start, and pytest in each of its workers, compiles all anew.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    sys.dont_write_bytecode = False
    config.pluginmanager.import_plugin("tests.standard.plugin")
    # How fast a busy machine draws and runs an example says nothing of what is tested.
    calm = settings(deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
    settings.register_profile("short", calm, max_examples=40)
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
        gc.enable()


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A fresh folder for all state."""
    return tmp_path / "home"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Reference data beside the checkout; absent on most machines."""
    folder = ROOT.parent / "shared"
    if not folder.is_dir():
        pytest.skip("the reference data is not beside this checkout")
    return folder
