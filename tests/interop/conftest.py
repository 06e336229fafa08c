"""Other people's servers, run as they are, and our own for other people's clients."""

from collections.abc import Iterator

import pytest

from tests.interop.own_backend import own_backend as own_running
from tests.interop.stock_pygeoapi import stock_pygeoapi as running


@pytest.fixture(scope="module")
def stock_pygeoapi(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """URL of a stock pygeoapi in a process of its own."""
    with running(tmp_path_factory.mktemp("stock")) as url:
        yield url


@pytest.fixture(scope="session")
def own_backend(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """URL of our own backend on a loopback port."""
    with own_running(tmp_path_factory.mktemp("own")) as url:
        yield url
