"""Our own backend on a real loopback port, for clients that are not ours."""

import socket
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path

import uvicorn

from backend.app import create_app
from backend.settings import Settings

OWN_PROCESSES = Path(__file__).parent / "own_processes"

_START_SECONDS = 30
_STOP_SECONDS = 20


@contextmanager
def own_backend(home: Path) -> Generator[str]:
    """Serve the packaged processes and `later` from a thread, with all state in `home`; gives the URL."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listening:
        listening.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        settings = Settings(
            home=home, public_url=url, workers=2, config=OWN_PROCESSES / "later.yml", processes=(OWN_PROCESSES,)
        )
        server = _Server(uvicorn.Config(create_app(settings), log_level="warning", timeout_graceful_shutdown=1))
        thread = threading.Thread(target=server.run, args=([listening],), name="own-backend", daemon=True)
        thread.start()
        try:
            assert server.ready.wait(_START_SECONDS), "the backend does not start"
            assert server.started, "the backend could not start"
            yield url
        finally:
            server.should_exit = True
            thread.join(_STOP_SECONDS)
        assert not thread.is_alive(), "the backend does not stop"


def until[T](read: Callable[[], T], wanted: Callable[[T], bool], *, seconds: float = 20) -> T:
    """Read again and again until what is read is wanted, as a polling client does."""
    deadline = time.monotonic() + seconds
    while not wanted(found := read()):
        assert time.monotonic() < deadline, found
        time.sleep(0.02)
    return found


class _Server(uvicorn.Server):
    """Tells when its start is over, well or not."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        try:
            await super().startup(sockets)
        finally:
            self.ready.set()
