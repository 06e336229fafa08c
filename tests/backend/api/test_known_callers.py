"""Requests for another host, and requests that another site's page makes."""

from collections.abc import Mapping
from functools import cache
from typing import Protocol

import httpx
import pytest
from starlette.applications import Starlette
from starlette.types import Message, Receive, Scope, Send

from backend.api.asgi import UnforeseenErrors
from backend.api.origins import Callers
from backend.app import create_app
from backend.settings import Settings

pytestmark = pytest.mark.anyio


class Ask(Protocol):
    async def __call__(
        self, headers: Mapping[str, str], url: str = ..., method: str = ..., **given: str
    ) -> httpx.Response: ...


@pytest.fixture(scope="module")
def ask(tmp_path_factory: pytest.TempPathFactory) -> Ask:
    """One request that arrives at the address in `url`; the answer needs no running engine."""
    home = tmp_path_factory.mktemp("home")

    @cache
    def application(**given: str) -> Starlette:
        return create_app(Settings.model_validate({"home": home, "public_url": "https://maps.example", **given}))

    async def send(
        headers: Mapping[str, str],
        url: str = "http://127.0.0.1:5001/conformance",
        method: str = "GET",
        **given: str,
    ) -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app=application(**given))) as client:
            return await client.request(method, url, headers=headers)

    return send


@pytest.mark.parametrize("host", ["127.0.0.1:5001", "localhost", "LOCALHOST:80", "[::1]:5001", "maps.example"])
async def test_over_loopback_the_server_answers_to_loopbacks_names_and_its_own(ask: Ask, host: str) -> None:
    assert (await ask({"Host": host})).status_code == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:5001", "127.0.0.1.evil.example", "localhost.evil", "localhost:evil", ""]
)
async def test_over_loopback_a_foreign_host_is_refused(ask: Ask, host: str) -> None:
    response = await ask({"Host": host})
    assert response.status_code == 421
    assert response.headers["content-type"] == "application/problem+json"


async def test_from_elsewhere_any_host_is_answered_unless_the_operator_names_some(ask: Ask) -> None:
    url = "http://10.1.2.3/conformance"
    assert (await ask({"Host": "intranet"}, url)).status_code == 200
    assert (await ask({"Host": "intranet"}, url, allowed_hosts="intranet, other")).status_code == 200
    assert (await ask({"Host": "elsewhere"}, url, allowed_hosts="intranet")).status_code == 421
    assert (await ask({"Host": "maps.example"}, url, allowed_hosts="intranet")).status_code == 200
    assert (await ask({"Host": "elsewhere"}, url, allowed_hosts="*")).status_code == 200


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "https://maps.example.evil", "file://", "http://["])
@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS"])
async def test_pages_of_other_sites_are_refused(ask: Ask, origin: str, method: str) -> None:
    response = await ask({"Origin": origin}, method=method)
    assert response.status_code == 403
    assert "access-control-allow-origin" not in response.headers


@pytest.mark.parametrize("origin", ["https://maps.example", "http://localhost:8000", "http://127.0.0.1:5001"])
async def test_own_pages_are_answered(ask: Ask, origin: str) -> None:
    assert (await ask({"Origin": origin})).status_code == 200


async def test_a_page_of_the_very_host_that_was_addressed_is_answered(ask: Ask) -> None:
    url = "http://10.1.2.3:5001/conformance"
    assert (await ask({"Origin": "http://10.1.2.3:5001"}, url)).status_code == 200
    assert (await ask({"Origin": "http://10.1.2.3:6000"}, url)).status_code == 403


async def test_sites_that_the_operator_names_may_call_and_read_the_headers(ask: Ask) -> None:
    headers = {"Origin": "https://Viewer.example"}
    response = await ask(headers, cors_origins="https://viewer.example,https://Viewer.example")
    assert response.status_code == 200
    assert response.headers["access-control-allow-origin"] == "https://Viewer.example"
    assert "Location" in response.headers["access-control-expose-headers"]
    asked = headers | {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "prefer"}
    response = await ask(asked, method="OPTIONS", cors_origins="*")
    assert response.status_code == 200
    assert "POST" in response.headers["access-control-allow-methods"]


async def test_a_site_may_be_named_in_capitals_though_browsers_write_it_in_lower_case(ask: Ask) -> None:
    page = {"Origin": "https://viewer.example:8443"}
    response = await ask(page, cors_origins="HTTPS://Viewer.example:8443/")
    assert response.status_code == 200
    assert response.headers["access-control-allow-origin"] == "https://viewer.example:8443"


async def test_such_a_site_may_send_what_a_client_sends_and_read_what_it_is_told(ask: Ask) -> None:
    page = {"Origin": "https://viewer.example"}
    sent = "accept, authorization, content-type, if-none-match, prefer, range, traceparent, x-request-id"
    asked = page | {"Access-Control-Request-Method": "GET", "Access-Control-Request-Headers": sent}
    assert (await ask(asked, method="OPTIONS", cors_origins="https://viewer.example")).status_code == 200
    told = (await ask(page, cors_origins="https://viewer.example")).headers["access-control-expose-headers"]
    read = {"Accept-Ranges", "Content-Range", "ETag", "Link", "Location", "OGC-NumberMatched", "Preference-Applied"}
    read |= {"Repr-Digest", "Retry-After", "Sunset", "X-Request-ID"}
    assert read <= set(told.split(", "))


async def test_an_allowed_host_may_be_named_with_its_port(ask: Ask) -> None:
    response = await ask({"Host": "gis.example:8443"}, allowed_hosts="gis.example:8443")
    assert response.status_code == 200


def test_an_origin_without_a_host_is_nobodys() -> None:
    assert not Callers.of("http://localhost:5001", (), ()).admits("null", "")


async def test_what_goes_wrong_before_a_request_is_routed_is_a_problem_too() -> None:
    async def broken(_scope: Scope, _receive: Receive, _send: Send) -> None:
        raise RuntimeError("a bug")

    transport = httpx.ASGITransport(app=UnforeseenErrors(broken))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost:5001") as client:
        response = await client.get("/")
    assert (response.status_code, response.headers["content-type"]) == (500, "application/problem+json")
    assert "a bug" not in response.text


async def test_what_goes_wrong_once_an_answer_has_begun_is_not_answered_again() -> None:
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        raise AssertionError("nothing more is asked")

    async def broken(_scope: Scope, _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        raise RuntimeError("a bug")

    with pytest.raises(RuntimeError, match="a bug"):
        await UnforeseenErrors(broken)({"type": "http"}, receive, send)
    assert [message["type"] for message in sent] == ["http.response.start"]
