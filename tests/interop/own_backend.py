"""Our own backend on a real loopback port, for clients that are not ours."""

import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path

from starlette.applications import Starlette

from backend.app import create_app
from backend.settings import Settings
from tests.serving import served

OWN_PROCESSES = Path(__file__).parent / "own_processes"


@contextmanager
def own_backend(home: Path) -> Generator[str]:
    """Serve the packaged processes and `later` from a thread, with all state in `home`; gives the URL."""

    def app(url: str) -> Starlette:
        own = {"config": OWN_PROCESSES / "later.yml", "processes": (OWN_PROCESSES,)}
        return create_app(Settings.model_validate({"home": home, "public_url": url, "workers": 2, **own}))

    with served(app) as url:
        yield url


def until[T](read: Callable[[], T], wanted: Callable[[T], bool], *, seconds: float = 60) -> T:
    """Read again and again until what is read is wanted, as a polling client does."""
    deadline = time.monotonic() + seconds
    while not wanted(found := read()):
        assert time.monotonic() < deadline, found
        time.sleep(0.02)
    return found
