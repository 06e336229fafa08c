"""The wire between client and server: whole lines in, everything out, and nobody's memory filled."""

import asyncio
import os
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import anyio
import anyio.to_thread
import pytest

from mcp_server.transport.wire import LineReader, LineWriter

pytestmark = pytest.mark.anyio


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    read, write = os.pipe()
    yield read, write
    for descriptor in (read, write):
        try:
            os.close(descriptor)
        except OSError:
            continue  # the test closed it


async def all_lines(reader: LineReader) -> list[str | None]:
    with anyio.fail_after(40):
        return [line async for line in reader]


async def expect_ended(writer: LineWriter, read: int) -> None:
    """The client goes: the writer's thread writes no more, not even to what is given its descriptor next."""
    os.close(read)
    with anyio.fail_after(40):
        await writer.drain()


async def test_lines_arrive_whole_however_they_were_cut(pipe: tuple[int, int]) -> None:
    read, write = pipe
    reader = LineReader(read, 10_000_000)
    for part in (b"on", b"e\ntwo\nth", "ree ü\n".encode()[:6], "ree ü\n".encode()[6:], b"the last"):
        os.write(write, part)
    os.close(write)
    assert await all_lines(reader) == ["one", "two", "three ü", "the last"]


async def test_bytes_that_are_no_text_do_not_end_the_session(pipe: tuple[int, int]) -> None:
    read, write = pipe
    reader = LineReader(read, 10_000_000)
    os.write(write, b"\xff\xfe\nnext\n")
    os.close(write)
    assert await all_lines(reader) == ["��", "next"]


async def test_a_line_larger_than_the_pipe_arrives_as_it_was_sent(pipe: tuple[int, int]) -> None:
    read, write = pipe
    reader, writer = LineReader(read, 10_000_000), LineWriter(write)
    text = "x" * 5_000_000
    await writer.write(text + "\n")
    await writer.write("after\n")
    await writer.drain()
    os.close(write)
    assert await all_lines(reader) == [text, "after"]


async def test_a_client_that_reads_nothing_stops_the_writer(pipe: tuple[int, int]) -> None:
    read, write = pipe
    writer = LineWriter(write)
    written = 0
    with anyio.move_on_after(0.5) as scope:
        for _ in range(1000):
            await writer.write("x" * 10_000 + "\n")
            await writer.flush()
            written += 1
    assert scope.cancelled_caught
    assert written < 200
    await expect_ended(writer, read)


async def test_a_writer_that_was_held_up_goes_on_when_its_client_reads(pipe: tuple[int, int]) -> None:
    read, write = pipe
    writer = LineWriter(write)

    async def write_all() -> None:
        for number in range(300):
            await writer.write(f"{number:10000}\n")
            await writer.flush()
        await writer.drain()
        os.close(write)

    with anyio.fail_after(40):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(write_all)
            await anyio.wait_all_tasks_blocked()
            lines = await all_lines(LineReader(read, 10_000_000))
    assert [int(line or "") for line in lines] == list(range(300))


async def test_a_client_that_is_gone_is_noticed_at_the_next_write(pipe: tuple[int, int]) -> None:
    read, write = pipe
    os.close(read)
    writer = LineWriter(write)
    await writer.write("lost\n")
    await writer.drain()
    with pytest.raises(BrokenPipeError):
        await writer.write("lost too\n")


async def test_lines_nobody_asks_for_stay_where_they_are(pipe: tuple[int, int]) -> None:
    read, write = pipe
    reader = LineReader(read, 10_000_000)
    os.set_blocking(write, False)
    sent = 0
    line = b"x" * 9_999 + b"\n"
    with anyio.move_on_after(10):
        for _ in range(1000):
            try:
                sent += os.write(write, line)
            except BlockingIOError:
                break
            await anyio.lowlevel.checkpoint()
    assert sent < 200 * len(line)
    os.close(write)
    assert sum(len(text or "") for text in await all_lines(reader)) == pytest.approx(sent, abs=200)


async def test_lines_of_a_file_are_read_where_no_event_loop_can_watch_it(tmp_path: Path) -> None:
    file = tmp_path / "lines"
    file.write_text("".join(f"{number}\n" for number in range(500)) + "the last", encoding="utf-8")
    with file.open("rb") as opened:
        assert await all_lines(LineReader(opened.fileno(), 10_000_000)) == [*map(str, range(500)), "the last"]


async def test_the_end_of_a_file_is_reached_where_an_event_loop_takes_files_and_is_silent_about_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def silent(*_: object) -> None:
        """As kqueue, of macOS, is about the end of a file."""

    monkeypatch.setattr(asyncio.get_running_loop(), "add_reader", silent)
    file = tmp_path / "lines"
    file.write_text("one\ntwo", encoding="utf-8")
    with file.open("rb") as opened:
        assert await all_lines(LineReader(opened.fileno(), 10_000_000)) == ["one", "two"]


async def test_texts_reach_a_file_in_the_order_they_were_written(tmp_path: Path) -> None:
    with (tmp_path / "out").open("wb") as opened:
        writer = LineWriter(opened.fileno())
        for number in range(100):
            await writer.write(f"{number}\n")
            await writer.flush()
        await writer.drain()
    assert (tmp_path / "out").read_text(encoding="utf-8").split() == [*map(str, range(100))]


async def test_a_short_text_never_overtakes_a_long_one(pipe: tuple[int, int]) -> None:
    read, write = pipe
    reader, writer = LineReader(read, 10_000_000), LineWriter(write)
    sent = ["x" * size for size in (10, 300_000, 10, 70_000, 10)]
    for text in sent:
        await writer.write(text + "\n")
    await writer.drain()
    os.close(write)
    assert await all_lines(reader) == sent


@pytest.mark.parametrize("cut", [1, 7, 100])
async def test_a_line_that_is_too_long_is_told_and_not_kept(pipe: tuple[int, int], cut: int) -> None:
    read, write = pipe
    reader = LineReader(read, 10)
    data = b"short\n" + b"x" * 500 + b"\n0123456789\n01234567890\nend"
    for start in range(0, len(data), cut):
        os.write(write, data[start : start + cut])
    os.close(write)
    assert await all_lines(reader) == ["short", None, "0123456789", None, "end"]


async def test_a_line_without_end_fills_nobodys_memory(pipe: tuple[int, int]) -> None:
    read, write = pipe
    reader = LineReader(read, 1000)

    def flood() -> None:
        for _ in range(200):
            os.write(write, b"x" * 100_000)
        os.close(write)

    tracemalloc.start()
    try:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(anyio.to_thread.run_sync, flood)
            assert await all_lines(reader) == [None]
        assert tracemalloc.get_traced_memory()[1] < 5_000_000
    finally:
        tracemalloc.stop()


async def test_who_waits_for_a_client_that_reads_nothing_can_be_stopped(pipe: tuple[int, int]) -> None:
    read, write = pipe
    writer = LineWriter(write)
    await writer.write("x" * 1_000_000)
    with anyio.move_on_after(0.1) as scope:
        await writer.drain()
    assert scope.cancelled_caught
    await expect_ended(writer, read)
