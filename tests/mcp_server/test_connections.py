"""The whole bridge on remote servers, each with its own credentials, limits and authorities."""

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anyio
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from backend.settings import Settings as BackendSettings
from mcp_server.cli import main
from mcp_server.connections import Connections
from mcp_server.embedded import EmbeddedBackend
from mcp_server.errors import ConfigurationError, ServerUnreachableError
from mcp_server.session import call, list_tools, open_session
from mcp_server.settings import Settings
from tests.mcp_server.ogc.certificates import Authority, secure_server
from tests.serving import served

pytestmark = pytest.mark.anyio

TOKEN = "t0ken-of-ours"  # noqa: S105 - to be found nowhere
DESCRIPTION = {
    "id": "flood",
    "version": "1",
    "title": "Flood",
    "jobControlOptions": ["async-execute"],
    "inputs": {"level": {"title": "Level", "schema": {"type": "number"}}},
    "outputs": {"depth": {"schema": {"type": "number"}}},
}
RUNNING = {"jobID": "j1", "processID": "flood", "type": "process", "status": "running"}


class City:
    """A server that answers whoever shows its token; its one job never ends."""

    def __init__(self) -> None:
        self.connections: set[Any] = set()
        self.refused = 0

    def app(self, _: str) -> Starlette:
        return Starlette(routes=[Route("/{path:path}", self._answer, methods=["GET", "POST"])])

    async def _answer(self, request: Request) -> Response:
        self.connections.add(request.client)
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            self.refused += 1
            return JSONResponse({"detail": "Who are you?"}, 401)
        documents: dict[str, Any] = {
            "/processes": {"processes": [DESCRIPTION], "padding": " " * 5000},
            "/processes/flood": DESCRIPTION,
            "/jobs/j1": RUNNING,
        }
        if request.method == "POST":
            return JSONResponse(RUNNING, 201, {"Location": f"{request.base_url}jobs/j1"})
        if request.url.path == "/slow/processes":
            await anyio.sleep(30)
        return JSONResponse(documents.get(request.url.path, {}))


@pytest.fixture
def city() -> Iterator[tuple[City, str]]:
    site = City()
    with served(site.app) as url:
        yield site, url


def settings(home: Path, **servers: dict[str, Any]) -> Settings:
    return Settings(home=home, embedded=False, servers=servers)


def files_of(folder: Path) -> list[bytes]:
    return [path.read_bytes() for path in folder.rglob("*") if path.is_file()]


async def test_a_server_that_asks_for_credentials_is_used_like_any_other(
    city: tuple[City, str], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    site, url = city
    with anyio.fail_after(40), caplog.at_level(logging.DEBUG):
        known = settings(tmp_path, city={"url": url, "bearer": TOKEN, "wait_seconds": 0.2})
        async with open_session(known) as client:
            tools = await list_tools(client)
            assert "flood" in [tool.name for tool in tools]
            # Its own budget of time: the bridge's would be 45 s.
            answer = await call(client, "flood", {"level": 1})
    assert answer.structured is not None, answer.text
    assert (answer.structured["status"], answer.structured["job"]) == ("running", "ogc://city/jobs/j1")
    assert site.refused == 0
    kept = files_of(tmp_path)
    assert any(b"flood" in content for content in kept)
    assert not any(TOKEN.encode() in content for content in kept)
    assert not any(TOKEN in text for text in (caplog.text, answer.text, str(answer.structured), str(tools)))


async def test_without_its_credentials_the_log_tells_what_to_set(
    city: tuple[City, str], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with anyio.fail_after(40), pytest.raises(ServerUnreachableError, match="no process could be read from city"):
        async with open_session(settings(tmp_path, city={"url": city[1]})):
            pass
    assert "server 'city' refuses access: Who are you? (HTTP status 401); " in caplog.text
    assert "can set bearer, basic or api_key for server 'city'" in caplog.text


async def test_servers_have_limits_of_their_own_and_share_connections(
    city: tuple[City, str], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    site, url = city
    known = settings(
        tmp_path,
        one={"url": url, "bearer": TOKEN},
        two={"url": url, "bearer": TOKEN},
        small={"url": url, "bearer": TOKEN, "max_reply_bytes": 4000},
        slow={"url": f"{url}/slow", "bearer": TOKEN, "read_seconds": 0.3},
    )
    connections = Connections(known, None)

    async def nothing() -> None:
        await anyio.sleep_forever()

    with anyio.fail_after(40):
        async with anyio.create_task_group() as group:
            group.start_soon(connections.run, nothing)
            for name in ("one", "two", "one", "two"):
                assert [summary.id for summary in await connections.servers[name].processes()] == ["flood"]
            assert len(site.connections) == 1
            for name, reason in {"small": "larger than 4000 bytes", "slow": r"within 0\.3 s"}.items():
                with pytest.raises(Exception, match=reason):
                    await connections.servers[name].processes()
            group.cancel_scope.cancel()


def test_only_our_own_backend_is_taken_for_it_before_any_server_was_asked(tmp_path: Path) -> None:
    known = settings(tmp_path, city={"url": "http://city.test"})
    embedded = EmbeddedBackend(BackendSettings(home=tmp_path), logging.error)
    servers = Connections(known, embedded).servers
    assert {name: server.identity.embedded for name, server in servers.items()} == {"local": True, "city": False}


def linking(url: str, sent: list[Any]) -> Starlette:
    """A server that answers at once, with a link to the value; what it is sent is noted."""

    async def answer(request: Request) -> Response:
        documents: dict[str, Any] = {
            "/processes": {"processes": [PASSING_ON]},
            "/processes/pass-on": PASSING_ON,
            "/jobs/j1/results": {"out": {"href": f"{url}/values/1", "type": "application/json"}},
            "/values/1": {"from": "the value itself"},
        }
        if request.method == "POST":
            sent.append((await request.json())["inputs"]["what"])
        return JSONResponse(documents.get(request.url.path, {}))

    return Starlette(routes=[Route("/{path:path}", answer, methods=["GET", "POST"])])


PASSING_ON = {
    "id": "pass-on",
    "version": "1",
    "jobControlOptions": ["sync-execute"],
    "inputs": {"what": {"schema": {"type": "object"}}},
    "outputs": {"out": {"schema": {"type": "object"}}},
}


@pytest.mark.parametrize(
    ("more", "by_link"),
    [({"public": True}, True), ({"public": True, "bearer": TOKEN}, False), ({}, False)],
    ids=["public", "with credentials", "not public"],
)
async def test_results_of_a_server_are_passed_by_link_only_where_others_can_read_them(
    tmp_path: Path, more: dict[str, Any], by_link: bool
) -> None:
    sent: list[Any] = []
    with served(lambda url: linking(url, sent)) as source, served(lambda url: linking(url, sent)) as target:
        known = settings(tmp_path, one={"url": source, **more}, two={"url": target})
        with anyio.fail_after(40):
            async with open_session(known) as client:
                answer = await call(client, "two_pass_on", {"what": "ogc://one/jobs/j1/results/out"})
    assert not answer.failed, answer.text
    told = {"href": f"{source}/values/1", "type": "application/json"}
    assert sent == [told if by_link else {"value": {"from": "the value itself"}}]


async def test_a_server_is_trusted_by_its_own_authority_alone(tmp_path: Path) -> None:
    authority = Authority(tmp_path, "city")
    with anyio.fail_after(40):
        async with secure_server(authority) as (url, requests), anyio.create_task_group() as group:
            known = settings(tmp_path, city={"url": url, "ca_file": authority.file}, other={"url": url})
            connections = Connections(known, None)
            group.start_soon(connections.run, anyio.sleep_forever)
            await (await connections.client("city")).connect()
            reached = len(requests)
            assert reached > 0
            with pytest.raises(ServerUnreachableError, match="certificate verify failed"):
                await (await connections.client("other")).connect()
            assert len(requests) == reached
            group.cancel_scope.cancel()


async def test_credentials_over_http_to_another_machine_are_warned_of_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    Connections(
        settings(
            tmp_path,
            far={"url": "http://city.example", "bearer": TOKEN},
            near={"url": "http://127.0.0.1:1", "bearer": TOKEN},
            safe={"url": "https://city.example", "bearer": TOKEN},
            open={"url": "http://city.example"},
        ),
        None,
    )
    assert [record.getMessage() for record in caplog.records] == [
        "server 'far': bearer sent unencrypted: its URL is http, to another machine"
    ]


async def test_a_dialect_that_nobody_knows_is_told_at_the_start(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"servers\.city\.dialect: 'klingon' is not known; there are .*zoo"):
        Connections(settings(tmp_path, city={"url": "http://a", "dialect": "klingon"}), None)


def test_a_wrong_setting_is_one_line_and_exit_code_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "own.toml"
    file.write_text(f"[servers.city]\nurl = 'http://a'\nbaerer = '{TOKEN}'", encoding="utf-8")
    assert main(["tools", "--settings", str(file), "--home", str(tmp_path)]) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert err == (f"ogc-processes-mcp: {file}: servers.city.baerer: there is no such setting; did you mean bearer?\n")


async def test_a_dialect_that_is_known_is_taken_and_another_is_refused(tmp_path: Path) -> None:
    url = "http://127.0.0.1:1"
    for dialect in (None, "zoo"):
        Connections(settings(tmp_path, city={"url": url, "dialect": dialect}), None)
    with pytest.raises(ConfigurationError, match=r"servers\.city\.dialect: 'zo' is not known; there are eozilla, "):
        Connections(settings(tmp_path, city={"url": url, "dialect": "zo"}), None)
