"""The catalog searches what is on offer now."""

from pathlib import Path

import anyio
import pytest

from mcp_server.catalog import Selection
from mcp_server.discovery.records import DataKind, Query
from mcp_server.ogc.models import ProcessDescription
from tests.mcp_server.offerings import Offering, catalog_of, described, eventually

pytestmark = pytest.mark.anyio

RASTER = {"schema": {"type": "string", "contentMediaType": "image/tiff; application=geotiff"}}
FEW = Selection(max_tools=1)


async def test_a_process_that_is_new_or_gone_is_found_or_not_at_once(home: Path) -> None:
    server = Offering("one", "slope", "aspect")
    catalog = catalog_of(home, server, chosen=FEW)
    assert [hit.card.name for hit in (await catalog.search(Query("how steep"))).hits] == ["slope"]
    server.raws["steepness"] = described("steepness")
    del server.raws["slope"]
    await catalog.refresh()
    assert [hit.card.name for hit in (await catalog.search(Query("how steep"))).hits] == ["steepness"]


async def test_facts_count_once_the_descriptions_have_been_read_in_the_background(home: Path) -> None:
    server = Offering("one", "slope", "aspect", "echo")
    server.raws["slope"] = described("slope", inputs={"dem": RASTER})
    catalog = catalog_of(home, server, chosen=FEW)
    rasters = Query(takes=DataKind.RASTER)
    assert (await catalog.search(rasters)).total == 3, "what is not known excludes nothing"
    async with anyio.create_task_group() as group:
        group.start_soon(catalog.run)
        with anyio.fail_after(60):
            while [hit.card.name for hit in (await catalog.search(rasters)).hits] != ["slope"]:
                await anyio.sleep(0.01)
        group.cancel_scope.cancel()


class Dated(Offering):
    """A server that remembers when it described its processes."""

    def __init__(self, name: str, *ids: str) -> None:
        super().__init__(name, *ids)
        self.times: list[float] = []

    async def describe(self, process_id: str) -> ProcessDescription:
        self.times.append(anyio.current_time())
        return await super().describe(process_id)


async def test_descriptions_that_only_a_search_needs_wait_for_the_lists_of_all_servers(home: Path) -> None:
    quick, slow = Dated("one", *(f"p{number}" for number in range(5))), Offering("two", "b")
    slow.silent = True
    catalog = catalog_of(home, quick, slow, chosen=FEW, first_seconds=0.2)
    began = anyio.current_time()
    async with anyio.create_task_group() as group:
        group.start_soon(catalog.run)
        await eventually(lambda: quick.described == 5)
        group.cancel_scope.cancel()
    assert (quick.asked, slow.asked) == (1, 1)
    assert min(quick.times) >= began + 0.2, "as long as the other's list is waited for"
