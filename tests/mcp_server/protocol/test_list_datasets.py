"""The tool that lists datasets, server by server, page by page; and what a dataset's URI is good for."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from mcp_server.errors import InvalidReferenceError, ReferenceRefusedError
from mcp_server.execution import datasets
from mcp_server.ogc.client import OgcClient
from mcp_server.protocol.arguments import check
from mcp_server.protocol.dataset_tools import LIST, dataset_tools
from mcp_server.protocol.instructions import instructions
from mcp_server.protocol.job_tools import job_tools
from mcp_server.references import DatasetReference, is_reference, parse
from mcp_server.schema.portable import lint
from tests.mcp_server.execution.bench import Bench
from tests.mcp_server.execution.jobs_site import JobsSite
from tests.mcp_server.ogc.site import OURS, client_of

pytestmark = pytest.mark.anyio

TOOL = dataset_tools(["local", "city"], lambda: True)[LIST]


class OneServer:
    """What the tool asks of an executor, with real clients of servers made of fixed answers."""

    def __init__(self, clients: list[OgcClient]) -> None:
        self.clients = clients

    async def datasets(self, offset: int, limit: int, server: str | None = None) -> datasets.DatasetList:
        assert server is None
        return await datasets.of_servers(self.clients, offset=offset, limit=limit, seconds=5)


def site(*names: str) -> dict[str, Any]:
    """A server of our kind with these datasets."""

    def collections(request: Request) -> Response:
        offset, limit = (int(request.query_params[name]) for name in ("offset", "limit"))
        found = [{"id": name, "title": f"{name}.tif", "itemType": "coverage", "length": 3} for name in names]
        return JSONResponse({"collections": found[offset : offset + limit], "numberMatched": len(found), "links": []})

    return {**OURS, "GET /collections": collections}


type Asked = Callable[..., Any]


@pytest.fixture
async def listed() -> AsyncIterator[Asked]:
    async with AsyncExitStack() as stack:

        async def asked(*sites: dict[str, Any], **arguments: Any) -> dict[str, Any]:
            clients = [(await stack.enter_async_context(client_of(one)))[0] for one in sites]
            run: Any = TOOL.run
            result = await run(OneServer(clients), check(TOOL.definition.input_schema, arguments), None)
            assert result.structured_content is not None
            return result.structured_content

        yield asked


def uris(found: dict[str, Any]) -> list[str]:
    return [one["dataset"].removeprefix("ogc://remote/collections/") for one in found["datasets"]]


def test_its_schema_is_portable_and_small() -> None:
    assert lint(TOOL.definition.input_schema) == []
    assert len(TOOL.definition.model_dump_json(by_alias=True, exclude_none=True)) <= 1200


def test_the_instructions_tell_of_it_where_there_are_datasets() -> None:
    assert LIST not in instructions(["local"], wait_seconds=45)
    text = instructions(["local", "city"], wait_seconds=45, datasets=True)
    assert LIST in text
    assert len(text) < 2100


async def test_datasets_of_all_servers_come_one_server_after_the_other(listed: Asked) -> None:
    found = await listed(site("a", "ö/1"), site("c"))
    assert uris(found) == ["a", "%C3%B6%2F1", "c"]
    assert found["datasets"][0] == {
        "dataset": "ogc://remote/collections/a", "title": "a.tif", "kind": "raster", "bytes": 3,
    }  # fmt: skip
    assert found["total"] == 3
    assert "next_offset" not in found


async def test_pages_lead_to_all_of_them(listed: Asked) -> None:
    seen: list[str] = []
    offset: int | None = 0
    while offset is not None:
        found = await listed(site("a", "b", "c"), site(), site("d", "e"), offset=offset, limit=2)
        assert found["total"] == 5
        seen += uris(found)
        offset = found.get("next_offset")
    assert seen == ["a", "b", "c", "d", "e"]
    assert (await listed(site("a"), offset=7)) == {"datasets": [], "total": 1}


async def test_servers_of_other_kinds_and_older_ones_have_none(listed: Asked) -> None:
    stock = {"GET /collections": JSONResponse({"collections": [{"id": "lakes", "itemType": "feature"}]})}
    assert await listed(stock, OURS) == {"datasets": [], "total": 0}


async def test_a_server_that_fails_is_named_and_the_others_are_told(listed: Asked) -> None:
    broken = {**OURS, "GET /collections": PlainTextResponse("no", 400)}
    nonsense = {**OURS, "GET /collections": JSONResponse({"collections": {}})}
    found = await listed(broken, nonsense, site("a"))
    assert uris(found) == ["a"]
    assert [one.split(":")[0] for one in found["warnings"]] == ["datasets of server 'remote' are missing"] * 2


@pytest.mark.parametrize("layer", [None, "parcels", "Straßen #1/2"])
def test_a_reference_reads_back_as_itself(layer: str | None) -> None:
    reference = DatasetReference("local", "ä/b", layer)
    assert is_reference(str(reference))
    assert parse(str(reference)) == reference


@pytest.mark.parametrize(
    "uri", ["ogc://bridge/collections/a", "ogc://local/collections", "ogc://local/collections/a/items",
            "ogc://local/collections/a?f=json", "ogc://local/jobs/1#x", "ogc://local/processes/p#x"]
)  # fmt: skip
def test_other_uris_are_no_datasets(uri: str) -> None:
    with pytest.raises(InvalidReferenceError, match="ogc://SERVER/collections/DATASET"):
        parse(uri)


async def test_a_dataset_of_the_same_server_is_sent_as_its_own_link(home: Path) -> None:
    bench = Bench(home, JobsSite().speak_our_dialect())
    await bench.run([DatasetReference("remote", "a b", "layer 1"), DatasetReference("remote", "..")])
    assert bench.sent() == [
        {"href": "http://remote.test/collections/a%20b#layer%201"},
        {"href": "http://remote.test/collections/%2E%2E"},
    ]


async def test_a_dataset_of_another_server_is_refused_with_what_would_do(home: Path) -> None:
    bench = Bench(home, JobsSite().speak_our_dialect(), JobsSite("other").speak_our_dialect())
    with pytest.raises(ReferenceRefusedError, match="file of server 'other', which server 'remote' cannot read"):
        await bench.run(DatasetReference("other", "a"))
    assert bench.site.executions == []


async def test_a_server_without_datasets_says_so(home: Path) -> None:
    bench = Bench(home, JobsSite())
    with pytest.raises(InvalidReferenceError, match="server 'remote' has no datasets"):
        await bench.run(DatasetReference("remote", "a"))
    with pytest.raises(InvalidReferenceError, match="names no server of this bridge"):
        await bench.run(DatasetReference("nowhere", "a"))


async def test_a_dataset_is_no_result() -> None:
    read: Any = job_tools(["local"], small_value_bytes=1)["read_result"].run
    with pytest.raises(InvalidReferenceError, match="is a dataset: pass it on as an argument"):
        await read(None, {"uri": "ogc://local/collections/a", "offset": 0}, None)
