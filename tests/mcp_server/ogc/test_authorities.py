"""A server with a certificate of an authority that only some know."""

from pathlib import Path

import anyio
import pytest

from mcp_server.errors import ServerUnreachableError
from mcp_server.ogc.connecting import open_http
from mcp_server.ogc.exchange import Exchange
from mcp_server.servers import ServerSettings
from tests.mcp_server.ogc.certificates import Authority, secure_server

pytestmark = pytest.mark.anyio

TOKEN = "t0ken-of-ours"  # noqa: S105 - to be found nowhere


async def test_the_authority_of_a_server_is_trusted_for_it(tmp_path: Path) -> None:
    authority = Authority(tmp_path, "city")
    with anyio.fail_after(40):
        async with secure_server(authority) as (url, requests), open_http(ca_file=authority.file) as http:
            access = ServerSettings(url=url, bearer=TOKEN)
            exchange = Exchange("city", http, max_reply_bytes=2**20, access=access)
            assert (await exchange.repeatable("GET", url, headers={})).body == b"{}"
            assert f"Bearer {TOKEN}".encode() in requests[0]


@pytest.mark.parametrize("trusted", ["the public ones", "another"])
async def test_nothing_is_sent_to_a_server_that_is_not_trusted(
    tmp_path: Path, trusted: str, caplog: pytest.LogCaptureFixture
) -> None:
    ca_file = Authority(tmp_path, "another").file if trusted == "another" else None
    with anyio.fail_after(40):
        async with secure_server(Authority(tmp_path, "city")) as (url, requests), open_http(ca_file=ca_file) as http:
            access = ServerSettings(url=url, bearer=TOKEN)
            exchange = Exchange("city", http, max_reply_bytes=2**20, access=access)
            with pytest.raises(ServerUnreachableError, match=r"'city' cannot be reached.*certificate verify failed"):
                await exchange.once(url, headers={}, content=b"{}", seconds=10)
            assert requests == []
    assert TOKEN not in caplog.text
