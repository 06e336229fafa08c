"""Results of a server that answers with several parts."""

import pytest
from starlette.responses import JSONResponse, Response

from mcp_server.ogc.models import Completed
from tests.mcp_server.ogc.site import FINISHED, Answer, client_of

pytestmark = pytest.mark.anyio

PARTS = (
    b"--cut\r\nContent-ID: count\r\nContent-Type: application/json\r\n\r\n7\r\n"
    b"--cut\r\nContent-ID: picture\r\nContent-Type: image/png\r\n\r\n\x89PNG\r\n--cut--\r\n"
)


def site() -> dict[str, Answer]:
    parts = Response(PARTS, media_type="multipart/related; boundary=cut")
    described = {"id": "p", "outputs": {"picture": {}, "count": {}}}
    return {
        "GET /processes/p": JSONResponse(described),
        "POST /processes/p/execution": parts,
        "GET /jobs/j1": JSONResponse(FINISHED),
        "GET /jobs/j1/results": parts,
    }


async def test_the_parts_of_a_synchronous_answer_are_its_outputs() -> None:
    async with client_of(site()) as (client, _):
        reply = await client.execute("p", {"inputs": {}}, prefer=None)
    assert isinstance(reply, Completed)
    assert {one.id: one.value for one in reply.outputs} == {"count": 7, "picture": b"\x89PNG"}


async def test_the_parts_of_the_results_of_a_job_are_its_outputs_and_each_can_be_read() -> None:
    async with client_of(site()) as (client, _):
        assert {one.id: one.value for one in await client.outputs.of_job("j1")} == {"count": 7, "picture": b"\x89PNG"}
        assert (await client.outputs.read("j1", "picture")).value == b"\x89PNG"
