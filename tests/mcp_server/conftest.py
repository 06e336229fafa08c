"""What all tests of the bridge share."""

import pytest


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is asked again is asked soon: how long the pause is says nothing of what is tested."""
    monkeypatch.setattr("mcp_server.ogc.exchange._BACKOFF_SECONDS", 0.02)
