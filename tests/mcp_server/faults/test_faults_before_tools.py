"""Servers that cannot be read: the others' tools are there in time, and theirs come when they can be read."""

import asyncio
import logging
from pathlib import Path

import anyio
import pytest

from mcp_server.errors import InvalidServerReplyError
from mcp_server.ogc.client import OgcClient
from mcp_server.ogc.connecting import open_http
from tests.mcp_server.faults.misbehaving import PROCESS, Asked, Fault, Misbehaving, answer
from tests.mcp_server.faults.session_of import BOUND_SECONDS, GOOD, bridge_to, every_tool, tool
from tests.mcp_server.faults.wire_faults import HEAVY, LASTING, ODD

pytestmark = pytest.mark.anyio

FAULTS = {"landing": LASTING, "conformance": ODD, "list": LASTING | HEAVY | ODD, "describe": LASTING | ODD}


@pytest.mark.parametrize("endpoint", list(FAULTS))
async def test_what_one_server_does_wrong_costs_no_other_and_not_for_ever(
    home: Path, endpoint: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    sites = Misbehaving()
    for name, fault in FAULTS[endpoint].items():
        sites.site(name, **{endpoint: fault})
    sites.site(GOOD)
    async with sites.running(), bridge_to(sites, home) as (client, bridge):
        # On a busy machine the good one may need longer than a first list is waited for.
        monkeypatch.setattr(bridge.catalog, "_first_seconds", BOUND_SECONDS / 2)
        with anyio.fail_after(BOUND_SECONDS):
            listed = {one.name for one in (await client.list_tools()).tools}
            assert tool(GOOD) in listed
        for site in sites.sites.values():
            site.faults.clear()
        listed = await every_tool(sites, client, bridge)
    assert {tool(name) for name in sites.sites} - listed == set()
    assert all(site.asked["execute"] == 0 for site in sites.sites.values())
    assert [record.message for record in caplog.records if record.levelno >= logging.ERROR] == []


async def test_a_server_that_failed_to_introduce_itself_is_recognised_later(home: Path) -> None:
    broken = answer({"title": "Starting"}, "500 Internal Server Error")
    sites = Misbehaving()
    sites.site("late", landing=(broken, broken, answer({"title": "pygeoapi"}, x_powered_by="pygeoapi 0.24.0")))
    async with sites.running(), bridge_to(sites, home) as (_, bridge):
        await bridge.catalog.refresh()
        assert [entry.server.dialect for entry in await bridge.catalog.tools()] == ["unknown"]
        await bridge.catalog.refresh()
        assert [entry.server.dialect for entry in await bridge.catalog.tools()] == ["pygeoapi"]


async def test_a_list_that_never_ends_ends() -> None:
    sites = Misbehaving()

    async def page(_: Asked, writer: asyncio.StreamWriter) -> None:
        count = site.asked["list"]
        links = [{"rel": "next", "href": f"processes?page={count}"}]
        writer.write(answer({"processes": [PROCESS | {"id": f"p{count}"}], "links": links}))

    site = sites.site("long", list=page)
    async with sites.running(), open_http() as http:
        client = OgcClient("long", sites.url("long"), http, embedded=False, max_reply_bytes=2**20)
        with anyio.fail_after(BOUND_SECONDS):
            found = await client.processes()
    assert len(found) == site.asked["list"] == 100


async def test_pages_that_are_too_much_together_are_refused() -> None:
    sites = Misbehaving()

    async def page(_: Asked, writer: asyncio.StreamWriter) -> None:
        count = site.asked["list"]
        process = PROCESS | {"id": f"p{count}", "description": "x" * 300_000}
        link = {"rel": "next", "href": f"processes?page={count}"}
        writer.write(answer({"processes": [process], "links": [link]}))

    site = sites.site("long", list=page)
    async with sites.running(), open_http() as http:
        client = OgcClient("long", sites.url("long"), http, embedded=False, max_reply_bytes=2**20)
        with pytest.raises(InvalidServerReplyError, match="larger than 1048576 bytes, all its pages together"):
            await client.processes()
    assert site.asked["list"] == 4


LOOP = {"processes": [PROCESS, PROCESS, PROCESS | {"id": "other"}], "links": [{"rel": "next", "href": "processes"}]}


async def test_a_next_link_in_circles_and_ids_told_twice_give_each_process_once(home: Path) -> None:
    sites = Misbehaving()
    site = sites.site("round")
    site.answers["list"] = LOOP
    async with sites.running(), bridge_to(sites, home) as (client, bridge):
        await bridge.catalog.refresh()
        listed = [one.name for one in (await client.list_tools()).tools]
    assert [name for name in listed if name in ("work", "other")] == ["other", "work"]
    assert site.asked["list"] % 2 == 0


@pytest.mark.parametrize("paged", [False, True], ids=["one page", "ten pages"])
async def test_ten_thousand_processes_are_read_in_time(paged: bool) -> None:
    sites = Misbehaving()
    every = [{"id": f"p{n}", "title": f"Process {n}"} for n in range(10_000)]

    async def page(_: Asked, writer: asyncio.StreamWriter) -> None:
        start = 1000 * (site.asked["list"] - 1)
        more = paged and start < 9000
        links = [{"rel": "next", "href": f"processes?offset={start + 1000}"}] if more else []
        found = every[start : start + 1000] if paged else every
        writer.write(answer({"processes": found, "links": links}))

    site = sites.site("vast", list=page)
    async with sites.running(), open_http() as http:
        client = OgcClient("vast", sites.url("vast"), http, embedded=False, max_reply_bytes=2**20)
        with anyio.fail_after(BOUND_SECONDS):
            found = await client.processes()
    assert [summary.id for summary in found] == [process["id"] for process in every]
    assert site.asked["list"] == (10 if paged else 1)


@pytest.mark.parametrize(
    "fault",
    [
        answer({"id": "work", "inputs": {"renamed": {"schema": {"type": "number"}}}}),
        answer({"title": "Gone", "detail": "no such process: work"}, "404 Not Found"),
    ],
    ids=["renamed", "removed"],
)
async def test_what_changed_since_the_tools_were_listed_is_told_by_the_server_and_then_by_the_list(
    home: Path, fault: Fault
) -> None:
    removed = b"404" in fault[:20] if isinstance(fault, bytes) else False
    sites = Misbehaving()
    site = sites.site("moving")
    async with sites.running(), bridge_to(sites, home) as (client, bridge):
        await bridge.catalog.refresh()
        before = {one.name: one for one in (await client.list_tools()).tools}
        refusal = {"title": "Bad", "detail": "no such process: work" if removed else "input 'number' is not known"}
        site.faults |= {
            "describe": (fault,),
            "execute": (answer(refusal, "404 Not Found" if removed else "400 Bad Request"),),
        }
        site.answers |= {"list": {"processes": [] if removed else [PROCESS | {"version": "2"}]}}
        result = await client.call_tool("work", {"number": 1})
        assert result.is_error
        assert refusal["detail"] in str(result.content)
        assert site.asked["execute"] == 1
        await bridge.catalog.refresh()
        after = {one.name: one for one in (await client.list_tools()).tools}
    assert "work" in before
    assert list(before["work"].input_schema["properties"]) == ["number"]
    assert [name for name in after if name == "work"] == ([] if removed else ["work"])
    if not removed:
        assert list(after["work"].input_schema["properties"]) == ["renamed"]
