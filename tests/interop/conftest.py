"""Other people's servers, run as they are."""

from collections.abc import Iterator

import pytest

from tests.interop.stock_pygeoapi import stock_pygeoapi as running


@pytest.fixture(scope="session")
def stock_pygeoapi(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """URL of a stock pygeoapi in a process of its own."""
    with running(tmp_path_factory.mktemp("stock")) as url:
        yield url
