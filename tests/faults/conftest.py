"""Services and servers that share the home folder of a test."""

import random
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from backend.app import create_app
from backend.jobs.service import JobService, ProcessSetting
from backend.settings import Settings
from tests.faults.injection import CONFIGURATION, IMPORT_PATH, NAMES, PATIENCE, Backend, OpenService
from tests.serving import served


@pytest.fixture
def full(request: pytest.FixtureRequest) -> bool:
    return bool(request.config.getoption("--full"))


@pytest.fixture
def within(full: bool) -> Callable[[float], float]:
    """The seconds that a bar allows where figures are taken, `--full`; elsewhere only what guards against hanging."""
    return lambda bar: bar if full else max(bar, PATIENCE)


@pytest.fixture
def rng() -> random.Random:
    return random.Random(20_261)  # noqa: S311 - repeatable, not secret


@pytest.fixture
def open_service(home: Path) -> Iterator[OpenService]:
    """Opens services on one home; closes those that the test did not."""
    opened: list[JobService] = []

    def make(of: dict[str, dict[str, Any]] | None = None, **settings: Any) -> JobService:
        processes = {name: ProcessSetting({"name": f"faulty.{name}"}, **(of or {}).get(name, {})) for name in NAMES}
        chosen = Settings.model_validate({"home": home, "processes": (IMPORT_PATH,), "workers": 2, **settings})
        opened.append(JobService.open(chosen, processes, base_url="http://localhost:5001", warm=False))
        return opened[-1]

    yield make
    for service in opened:
        service.close()


@pytest.fixture
def serve_here(home: Path, tmp_path: Path) -> Iterator[Callable[..., str]]:
    """Starts servers on one home that nobody kills, in threads of this process; gives the URL of each."""
    with ExitStack() as running:

        def make(**settings: Any) -> str:
            configuration = tmp_path / "here.yml"
            configuration.write_text(CONFIGURATION)
            given = {"home": home, "config": configuration, "processes": (IMPORT_PATH,), "workers": 2, **settings}
            app = create_app(Settings.model_validate(given))
            return running.enter_context(served(lambda _: app))

        yield make


@pytest.fixture
def serve(home: Path, tmp_path: Path) -> Iterator[Callable[..., Backend]]:
    """Starts servers on one home."""
    made: list[Backend] = []

    def make(**settings: Any) -> Backend:
        made.append(Backend(home, tmp_path, **settings))
        return made[-1]

    yield make
    for backend in made:
        backend.close()
