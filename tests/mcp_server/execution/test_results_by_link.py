"""Results of synchronous executions that a server sends as links: the values stay with it, and are read there."""

from pathlib import Path
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from mcp_server.errors import InvalidReferenceError, ReferenceRefusedError
from mcp_server.protocol.answers import answer
from mcp_server.references import KeptReference
from tests.mcp_server.execution.bench import Bench
from tests.mcp_server.execution.jobs_site import JobsSite

pytestmark = pytest.mark.anyio

TABLE = "place,count\nBonn,3\n"


def site_with_links(href: str) -> JobsSite:
    """A server without jobs, whose output is a link to a file of its own."""
    site = JobsSite(modes=("sync-execute",))
    site.results = {"out": {"href": href, "type": "text/csv"}}
    site.app.routes.extend([Route("/files/table.csv", _table), Route("/files/list.json", _numbers)])
    return site


async def _table(_: Request) -> Response:
    return PlainTextResponse(TABLE, media_type="text/csv")


async def _numbers(_: Request) -> Response:
    return JSONResponse([1, 2, 3])


async def reference(bench: Bench) -> KeptReference:
    (output,) = (await bench.run()).outputs
    assert isinstance(output.uri, KeptReference)
    return output.uri


@pytest.mark.parametrize("href", ["http://remote.test/files/table.csv", "/files/table.csv", "files/table.csv"])
async def test_a_result_that_is_a_link_to_its_server_is_read_there(home: Path, href: str) -> None:
    bench = Bench(home, site_with_links(href))
    uri = await reference(bench)
    output = await bench.executor.read(uri, 0, 10)
    assert (output.media_type, output.value, output.size) == ("text/csv", TABLE.encode(), len(TABLE))
    async with bench.executor.opened(uri, seconds=20, most=1000) as download:
        assert b"".join([piece async for piece in download.pieces]) == TABLE.encode()


async def test_a_page_of_a_linked_array_is_a_page(home: Path) -> None:
    bench = Bench(home, site_with_links("/files/list.json"))
    output = await bench.executor.read(await reference(bench), 1, 1)
    assert (output.value, output.matched) == ([2], 3)


async def test_a_result_that_is_a_link_is_carried_as_its_value(home: Path) -> None:
    bench = Bench(home, site_with_links("/files/table.csv"))
    await bench.run(await reference(bench))
    assert bench.sent() == TABLE


@pytest.mark.parametrize("href", ["http://elsewhere.test/secret", "file:///etc/passwd", "http://2130706433/secret"])
async def test_a_link_to_elsewhere_is_told_and_not_followed(home: Path, href: str) -> None:
    bench = Bench(home, site_with_links(href))
    uri = await reference(bench)
    for using in (bench.executor.read(uri, None, None), bench.run(uri)):
        with pytest.raises(ReferenceRefusedError, match=f"keeps this output at {href}"):
            await using
    with pytest.raises(ReferenceRefusedError, match="does not read"):
        async with bench.executor.opened(uri, seconds=20, most=1000):
            pass


async def test_a_long_link_floods_nobody(home: Path) -> None:
    bench = Bench(home, site_with_links(f"data:text/csv;base64,{'QUJD' * 50_000}"))
    with pytest.raises(ReferenceRefusedError) as caught:
        await bench.executor.read(await reference(bench), None, None)
    assert len(str(caught.value)) < 3000


async def test_a_linked_result_that_is_gone_is_told(home: Path) -> None:
    bench = Bench(home, site_with_links("/files/none.csv"))
    uri = await reference(bench)
    with pytest.raises(InvalidReferenceError, match=f"{uri} cannot be read"):
        await bench.run(uri)


async def test_a_linked_result_of_a_server_that_is_gone_tells_where_it_is(home: Path) -> None:
    uri = await reference(Bench(home, site_with_links("/files/table.csv")))
    later: Any = Bench(home, JobsSite("other"))
    with pytest.raises(ReferenceRefusedError, match=r"server 'remote', which is not configured, .* /files/table.csv"):
        await later.executor.read(uri, None, None)


@pytest.mark.parametrize("href", ["https://elsewhere.test/a.png", "/files/none.png"])
async def test_a_picture_that_cannot_be_read_is_named_all_the_same(home: Path, href: str) -> None:
    site = site_with_links(href)
    site.results = {"out": {"href": href, "type": "image/png"}}
    bench = Bench(home, site)
    execution = await bench.run()
    told = await answer(bench.executor, execution, shows_pictures=True, small_value_bytes=1000)
    assert not told.is_error
    assert told.structured_content is not None
    assert told.structured_content["outputs"]["out"]["uri"] == str(execution.outputs[0].uri)
