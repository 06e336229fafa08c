"""How much memory an answer may take that would never end, or that grows when it is decoded."""

import gc
import tracemalloc
from collections.abc import Generator

import anyio
import pytest

from mcp_server.errors import BridgeError
from mcp_server.ogc.client import OgcClient
from mcp_server.ogc.connecting import open_http
from tests.mcp_server.faults.misbehaving import Misbehaving
from tests.mcp_server.faults.wire_faults import HEAVY

pytestmark = pytest.mark.anyio

LIMIT = 2**20


@pytest.fixture
def traced() -> Generator[None]:
    gc.collect()
    tracemalloc.start()
    yield
    tracemalloc.stop()


@pytest.mark.usefixtures("traced")
@pytest.mark.parametrize("fault", [name for name in HEAVY if name != "endless-hope"])
@pytest.mark.parametrize("endpoint", ["results", "execute"])
async def test_an_answer_takes_three_times_its_limit_at_most(fault: str, endpoint: str) -> None:
    sites = Misbehaving()
    sites.site("vast", **{endpoint: HEAVY[fault]})
    async with sites.running(), open_http() as http:
        client = OgcClient("vast", sites.url("vast"), http, embedded=False, max_reply_bytes=LIMIT)
        await client.connect()
        before = tracemalloc.get_traced_memory()[0]
        tracemalloc.reset_peak()
        asked = client.outputs.of_job("j1") if endpoint == "results" else client.execute("work", {}, prefer=None)
        with anyio.fail_after(60), pytest.raises(BridgeError):
            await asked
        taken = tracemalloc.get_traced_memory()[1] - before
    assert taken <= 3 * LIMIT
