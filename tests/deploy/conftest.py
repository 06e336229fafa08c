"""One backend, as its image runs it, for all tests that leave it running."""

import sys
from collections.abc import Iterator

import pytest

from tests.deploy.containers import Container, backend_container


@pytest.fixture(scope="session")
def container(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Container]:
    """gunicorn with two workers of two job workers each."""
    if sys.platform != "linux":
        pytest.skip("the commands of the images are Linux's")
    pytest.importorskip("gunicorn", reason="gunicorn is not installed here; it runs on Unix only")
    with backend_container(tmp_path_factory.mktemp("deploy") / "home") as running:
        yield running
