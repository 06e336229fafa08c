"""The tools of all servers: fetched, kept, refreshed."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import anyio
import pytest

from mcp_server.catalog import Selection
from mcp_server.catalog.selection import Patterns
from mcp_server.errors import InvalidServerReplyError, RemoteProblemError, ServerUnreachableError, UnknownToolError
from tests.mcp_server.offerings import Offering, catalog_of, described, eventually, names

pytestmark = pytest.mark.anyio


async def test_the_first_start_waits_for_every_server(home: Path) -> None:
    catalog = catalog_of(home, Offering("one", "b-process", "a"), Offering("two", "a"))
    assert await names(catalog) == ["one_a", "one_b_process", "two_a"]
    entry = catalog.find("one_b_process")
    assert (entry.server.name, entry.description.id, entry.spec.process.id) == ("one", "b-process", "b-process")


async def test_tools_of_the_only_server_have_no_prefix(home: Path) -> None:
    assert await names(catalog_of(home, Offering("one", "a"))) == ["a"]


async def test_no_process_takes_a_reserved_name(home: Path) -> None:
    found = await names(catalog_of(home, Offering("one", "get-job"), reserved=frozenset({"get_job"})))
    assert len(found) == 1
    assert found != ["get_job"]


async def test_a_demonstration_of_any_server_is_a_tool_only_when_asked_for(home: Path) -> None:
    def server(name: str, *, embedded: bool) -> Offering:
        offering = Offering(name, "buffer", "echo", embedded=embedded)
        offering.raws["echo"] = described("echo", metadata=[{"role": "urn:ogc-processes-mcp:role:demonstration"}])
        return offering

    catalog = catalog_of(home / "a", server("local", embedded=True))
    assert await names(catalog) == ["buffer"]
    with pytest.raises(UnknownToolError):
        catalog.find("echo")
    assert await names(
        catalog_of(home / "a", server("local", embedded=True), chosen=Selection(demonstrations=True))
    ) == [
        "buffer",
        "echo",
    ]
    assert await names(catalog_of(home / "b", server("other", embedded=False))) == ["buffer"]
    assert await names(
        catalog_of(home / "b", server("other", embedded=False), chosen=Selection(demonstrations=True))
    ) == [
        "buffer",
        "echo",
    ]


@pytest.mark.parametrize(
    ("chosen", "told"),
    [
        (Selection(patterns={"one": Patterns(include=("bufer",))}), "one: no process is on offer"),
        (Selection(toolsets=("rastr",)), "no process belongs to the tool sets that were named: rastr"),
    ],
    ids=["include", "toolsets"],
)
async def test_a_choice_that_leaves_nothing_is_told_at_each_start_and_once(
    home: Path, caplog: pytest.LogCaptureFixture, chosen: Selection, told: str
) -> None:
    for _ in range(2):
        caplog.clear()
        catalog = catalog_of(home, Offering("one", "buffer"), chosen=chosen)
        await catalog.refresh()
        await catalog.refresh()
        assert await names(catalog) == []
        (warning,) = [record.getMessage() for record in caplog.records]
        assert warning.startswith(told)


async def test_an_unknown_tool_is_an_error(home: Path) -> None:
    with pytest.raises(UnknownToolError, match="no tool 'x'"):
        catalog_of(home).find("x")


async def test_a_later_start_answers_without_asking_any_server(home: Path) -> None:
    await names(catalog_of(home, Offering("one", "a", "b")))
    later = Offering("one", "c")
    assert await names(catalog_of(home, later)) == ["a", "b"]
    assert later.asked == 0


async def test_a_later_start_waits_for_a_server_that_is_new(home: Path) -> None:
    await names(catalog_of(home, Offering("one", "a")))
    one, two = Offering("one", "a"), Offering("two", "b")
    assert await names(catalog_of(home, one, two)) == ["one_a", "two_b"]
    assert (one.asked, two.asked) == (0, 1)


@pytest.mark.parametrize("moved", [{"url": "http://other.test"}, {"embedded": True}], ids=["url", "key"])
async def test_what_was_kept_of_another_server_is_not_offered(home: Path, moved: dict[str, Any]) -> None:
    await names(catalog_of(home, Offering("one", "old"), key="before"))
    assert await names(catalog_of(home, Offering("one", "new", **moved), key="after")) == ["new"]


def damaged(home: Path, statement: str) -> None:
    with closing(sqlite3.connect(home / "catalog.sqlite3")) as kept, kept:
        kept.execute(statement)


async def test_what_another_version_kept_is_not_offered(home: Path) -> None:
    await names(catalog_of(home, Offering("one", "old")))
    damaged(home, "UPDATE server SET known_by = '0.0.0'")
    assert await names(catalog_of(home, Offering("one", "new"))) == ["new"]


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE process SET words = '{'",
        "UPDATE process SET words = '[]'",
        "UPDATE process SET roles = '3'",
        "UPDATE process SET facts = '{}'",
        "UPDATE process SET description = '[['",
        "PRAGMA user_version = 99",
        "DELETE FROM process",
    ],
)
async def test_a_damaged_row_counts_as_nothing_kept(home: Path, damage: str) -> None:
    await names(catalog_of(home, Offering("one", "old")))
    damaged(home, damage)
    assert await names(catalog_of(home, Offering("one", "new"))) == ["new"]
    assert await names(catalog_of(home, Offering("one", "x"))) == ["new"], "the file was begun anew"


@pytest.mark.parametrize("content", [b"", b"no database at all" * 100], ids=["empty", "other"])
async def test_a_damaged_file_counts_as_none(home: Path, content: bytes) -> None:
    await names(catalog_of(home, Offering("one", "old")))
    (home / "catalog.sqlite3").write_bytes(content)
    assert await names(catalog_of(home, Offering("one", "new"))) == ["new"]
    assert await names(catalog_of(home, Offering("one", "x"))) == ["new"], "the file was begun anew"


async def test_bridges_with_other_servers_on_one_home_keep_each_others_tools(home: Path) -> None:
    await names(catalog_of(home, Offering("one", "a")))
    await names(catalog_of(home, Offering("two", "b")))
    assert await names(catalog_of(home, later := Offering("one", "c"))) == ["a"]
    assert later.asked == 0


async def test_a_home_that_cannot_be_written_costs_only_the_copy(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("a file where the folder should be")
    assert await names(catalog_of(tmp_path / "home", Offering("one", "a"))) == ["a"]


async def test_descriptions_are_read_several_at_once_but_not_all(home: Path) -> None:
    server = Offering("one", *(f"p{number}" for number in range(50)))
    assert len(await names(catalog_of(home, server))) == 50
    assert 2 <= server.busiest <= 8


async def test_a_server_that_is_down_hides_no_other(home: Path) -> None:
    down = Offering("down", "x")
    down.down = ServerUnreachableError("refused")
    assert await names(catalog_of(home, Offering("one", "a"), down)) == ["one_a"]


async def test_a_server_that_says_nothing_is_waited_for_within_bounds(home: Path) -> None:
    silent = Offering("silent", "x")
    silent.silent = True
    for seconds in (0.1, 1, 10):  # a busy machine does not read the other one within the first
        silent.asked = 0
        catalog = catalog_of(home / f"{seconds}", Offering("one", "a"), silent, first_seconds=seconds)
        if await names(catalog):
            break
    assert await names(catalog) == ["one_a"]
    assert await names(catalog) == ["one_a"]
    assert silent.asked == 1, "waited for once"


async def test_one_process_that_cannot_be_read_hides_no_other(home: Path) -> None:
    server = Offering("one", "a", "b")
    server.raws["b"] = InvalidServerReplyError("HTML")
    assert await names(catalog_of(home, server)) == ["a"]


async def test_a_server_that_breaks_keeps_its_last_known_tools(home: Path) -> None:
    server = Offering("one", "a", "b")
    catalog = catalog_of(home, server)
    await names(catalog)
    server.raws["b"] = RemoteProblemError("broken", status=500)
    await catalog.refresh()
    assert await names(catalog) == ["a", "b"]
    server.down = ServerUnreachableError("refused")
    await catalog.refresh()
    assert await names(catalog) == ["a", "b"]
    server.down = ZeroDivisionError("a fault of our own")
    await catalog.refresh()
    assert await names(catalog) == ["a", "b"]


async def test_a_change_is_told_once_and_no_change_is_not_told(home: Path) -> None:
    server = Offering("one", "a")
    catalog = catalog_of(home, server, refresh_seconds=0.001)
    told: list[list[str]] = []

    async def note() -> None:
        told.append(await names(catalog))

    catalog.on_change(note)
    await names(catalog)
    async with anyio.create_task_group() as group:
        group.start_soon(catalog.run)
        await eventually(lambda: server.asked > 3)
        assert told == []
        server.raws["b"] = described("b")
        await eventually(lambda: told == [["a", "b"]])
        server.raws["b"] = described("b", description="in other words")
        await eventually(lambda: told == [["a", "b"], ["a", "b"]])
        server.raws["b"] |= {"links": [{"href": "http://nothing-a-tool-shows.test"}]}
        asked = server.asked
        await eventually(lambda: server.asked > asked + 3)
        assert len(told) == 2
        del server.raws["a"]
        await eventually(lambda: told[2:] == [["b"]])
        group.cancel_scope.cancel()


async def test_nobody_is_told_before_anybody_has_listed(home: Path) -> None:
    server = Offering("one", "a")
    catalog = catalog_of(home, server)
    told: list[int] = []

    async def note() -> None:
        told.append(1)

    catalog.on_change(note)
    await catalog.refresh()
    assert told == []
    assert await names(catalog) == ["a"]
    assert server.asked == 1


async def test_stale_tools_of_an_earlier_start_are_replaced_in_the_background(home: Path) -> None:
    await names(catalog_of(home, Offering("one", "old")))
    catalog, changed = catalog_of(home, Offering("one", "new")), anyio.Event()

    async def note() -> None:
        changed.set()

    catalog.on_change(note)
    assert await names(catalog) == ["old"]
    async with anyio.create_task_group() as group:
        group.start_soon(catalog.run)
        with anyio.fail_after(40):
            await changed.wait()
        group.cancel_scope.cancel()
    assert await names(catalog) == ["new"]
    assert await names(catalog_of(home, Offering("one", "x"))) == ["new"]


async def test_a_slow_server_does_not_delay_the_refresh_of_others(home: Path) -> None:
    quick, silent = Offering("quick", "a"), Offering("silent", "x")
    silent.silent = True
    catalog = catalog_of(home, quick, silent, refresh_seconds=0.001)
    async with anyio.create_task_group() as group:
        group.start_soon(catalog.run)
        await eventually(lambda: quick.asked > 3)
        assert silent.asked == 1
        group.cancel_scope.cancel()


async def test_a_server_that_is_being_read_is_not_read_once_more_for_the_first_list(home: Path) -> None:
    server = Offering("one", "buffer")
    catalog = catalog_of(home, server)
    async with anyio.create_task_group() as group:
        group.start_soon(catalog.run)
        for _ in range(3):
            group.start_soon(catalog.tools)
        assert await names(catalog) == ["buffer"]
        group.cancel_scope.cancel()
    assert server.asked == 1


async def test_a_server_that_could_not_be_read_for_the_first_list_is_asked_again_soon(home: Path) -> None:
    server = Offering("one", "buffer")
    server.down = ServerUnreachableError("refused")
    catalog = catalog_of(home, server, refresh_seconds=0.01)
    assert await names(catalog) == []
    server.down = None
    async with anyio.create_task_group() as group:
        group.start_soon(catalog.run)
        await eventually(lambda: "one" in catalog.read)
        group.cancel_scope.cancel()
    assert await names(catalog) == ["buffer"]


async def test_a_server_that_stays_down_is_told_once_for_each_reason_and_when_it_is_back(
    home: Path, caplog: pytest.LogCaptureFixture
) -> None:
    server = Offering("one", "a")
    catalog = catalog_of(home, server)
    await catalog.refresh()
    for fault in ("cannot be reached", "cannot be reached", "certificate has expired", "certificate has expired"):
        server.down = ServerUnreachableError(fault)
        await catalog.refresh()
    server.down = None
    for _ in range(2):
        await catalog.refresh()
    assert [message.removeprefix("one: the list of processes ") for message in caplog.messages] == [
        "could not be read: cannot be reached",
        "could not be read: certificate has expired",
        "can be read again",
    ]
