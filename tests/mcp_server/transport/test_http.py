"""The HTTP transport: where it listens for what, and whom it refuses."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from starlette.testclient import TestClient

from mcp_server.settings import Settings
from mcp_server.transport.http import create_http_app
from tests.serving import served

INITIALIZE = {
    "jsonrpc": "2.0",
    "id": 0,
    "method": "initialize",
    "params": {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}},
}
HEADERS = {"Accept": "application/json, text/event-stream", "Content-Type": "application/json"}


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    settings = Settings(home=tmp_path_factory.mktemp("home"), embedded=False)
    with served(lambda _: create_http_app(settings)) as address:
        yield address


def test_health_is_told_without_a_session(url: str) -> None:
    reply = httpx.get(f"{url}/health", trust_env=False, timeout=60)
    assert (reply.status_code, reply.json()) == (200, {"status": "ok"})


def test_a_legacy_session_begins_with_an_event_stream_and_announces_changing_lists(url: str) -> None:
    reply = httpx.post(f"{url}/mcp", json=INITIALIZE, headers=HEADERS, trust_env=False, timeout=60)
    assert reply.status_code == 200
    assert reply.headers["content-type"].startswith("text/event-stream")
    assert reply.headers["mcp-session-id"]
    assert '"listChanged":true' in reply.text


@pytest.mark.parametrize(
    "header", [{"Host": "evil.example"}, {"Host": "evil.example:8000"}, {"Origin": "https://evil.example"}]
)
def test_other_hosts_and_origins_are_refused(url: str, header: dict[str, str]) -> None:
    reply = httpx.post(f"{url}/mcp", json=INITIALIZE, headers=HEADERS | header, trust_env=False, timeout=60)
    assert reply.status_code in (403, 421)


@pytest.mark.parametrize("origin", ["http://localhost:6274", "http://127.0.0.1"])
def test_a_local_origin_is_served(url: str, origin: str) -> None:
    reply = httpx.post(f"{url}/mcp", json=INITIALIZE, headers=HEADERS | {"Origin": origin}, trust_env=False, timeout=60)
    assert reply.status_code == 200


@pytest.mark.parametrize(
    ("allowed", "header", "status"),
    [
        ("maps.example", {"Host": "maps.example"}, 200),
        ("maps.example", {"Host": "maps.example:8443", "Origin": "https://maps.example:8443"}, 200),
        ("Maps.Example", {"Host": "maps.example", "Origin": "https://maps.example"}, 200),
        ("maps.example", {}, 200),
        ("maps.example", {"Host": "evil.example"}, 421),
        ("maps.example", {"Origin": "https://evil.example"}, 403),
        ("*", {"Host": "evil.example"}, 200),
        ("", {"Host": "evil.example"}, 200),
    ],
)
def test_beyond_loopback_the_allowed_hosts_are_served_and_all_where_none_is_named(
    home: Path, allowed: str, header: dict[str, str], status: int
) -> None:
    settings = Settings(home=home, embedded=False, allowed_hosts=allowed)
    application = create_http_app(settings, host="0.0.0.0")  # noqa: S104 - told so; it is served on loopback
    with served(lambda _: application) as address:
        reply = httpx.post(f"{address}/mcp", json=INITIALIZE, headers=HEADERS | header, trust_env=False, timeout=60)
    assert reply.status_code == status


def test_nothing_else_is_served(url: str) -> None:
    for path in ("/", "/processes", "/mcp/", "/jobs"):
        assert httpx.get(f"{url}{path}", trust_env=False, timeout=60, follow_redirects=False).status_code in (307, 404)


def test_a_body_that_is_too_large_is_refused_before_it_is_read(url: str) -> None:
    reply = httpx.post(f"{url}/mcp", content=b"[" * (60 * 2**20), headers=HEADERS, trust_env=False, timeout=60)
    assert reply.status_code == 413
    assert "33554432 bytes at most" in reply.json()["error"]["message"]


def test_a_body_of_some_megabytes_is_taken(url: str) -> None:
    message = INITIALIZE | {"params": INITIALIZE["params"] | {"_meta": {"padding": "x" * (5 * 2**20)}}}
    assert httpx.post(f"{url}/mcp", json=message, headers=HEADERS, trust_env=False, timeout=60).status_code == 200


def test_before_its_start_the_application_says_so() -> None:
    assert TestClient(create_http_app(Settings(embedded=False))).post("/mcp", json=INITIALIZE).status_code == 503
