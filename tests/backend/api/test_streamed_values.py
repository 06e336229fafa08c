"""Values that are sent while they are read: their digest, and what becomes of their file when the client goes away."""

import base64
import hashlib
import json
import tracemalloc
from pathlib import Path
from typing import Any

import anyio
import httpx
import psutil
import pytest
from starlette.types import Message

from backend.api.multipart import related_parts
from backend.api.responses import PiecesResponse
from backend.api.result_documents import pieces_of, value_document
from backend.jobs.records import ResultRecord
from tests.backend.api.calls import run

pytestmark = pytest.mark.anyio

SIZE = 3 * 2**20


async def test_a_value_comes_with_the_digest_of_all_of_it(client: httpx.AsyncClient) -> None:
    accepted = await run(client, "hello-world", inputs={"name": "digest"})
    output = f"/jobs/{accepted.headers['location'].rsplit('/', 1)[-1]}/results/echo"
    whole = await client.get(output)
    digest = base64.b64encode(hashlib.sha256(whole.content).digest()).decode()
    assert whole.headers["repr-digest"] == f"sha-256=:{digest}:"
    part = await client.get(output, headers={"Range": "bytes=0-3"})
    assert (part.status_code, part.headers["repr-digest"]) == (206, whole.headers["repr-digest"])


@pytest.fixture
def large(tmp_path: Path) -> Path:
    file = tmp_path / "large"
    file.write_bytes(bytes(SIZE))
    return file


@pytest.mark.parametrize("form", ["value", "document", "parts"])
async def test_the_file_is_closed_when_the_client_goes_away(large: Path, form: str) -> None:
    stored = [(ResultRecord("out", "image/tiff", SIZE, "0" * 64, {}), large)]
    pieces = {
        "value": lambda: pieces_of(large),
        "document": lambda: value_document(stored, "j", base_url="http://x", linked=()),
        "parts": lambda: related_parts(stored, "j", base_url="http://x", linked=(), boundary="b"),
    }[form]()
    sent = 0

    async def receive() -> Message:
        await anyio.sleep_forever()
        raise AssertionError

    async def send(message: Message) -> None:
        nonlocal sent
        sent += len(message.get("body", b""))
        if sent > 2**17:
            gone.cancel()
        await anyio.lowlevel.checkpoint()

    scope: dict[str, Any] = {"type": "http", "asgi": {"version": "3.0"}, "method": "GET", "headers": []}
    with anyio.CancelScope() as gone:
        await PiecesResponse(pieces)(scope, receive, send)
    assert gone.cancelled_caught
    assert 2**17 < sent < SIZE
    assert str(large) not in [file.path for file in psutil.Process().open_files()]


async def document_of(stored: bytes | Path) -> Any:
    record = ResultRecord("out", "text/plain", 0, "0" * 64, {})
    pieces = value_document([(record, stored)], "j", base_url="http://x", linked=())
    return json.loads(b"".join([piece async for piece in pieces]))["out"]


# Characters of one to four bytes, so that pieces of a file end within some of them.
LONG = 'é€😀"\\\n\x00 ' * 100_000


@pytest.mark.parametrize("text", ["", "a", LONG, "x" + LONG], ids=["empty", "short", "long", "shifted"])
async def test_a_text_stands_in_a_document_as_it_is(tmp_path: Path, text: str) -> None:
    (tmp_path / "text").write_bytes(text.encode())
    expected = {"mediaType": "text/plain", "value": text}
    assert await document_of(tmp_path / "text") == expected
    assert await document_of(text.encode()) == expected


@pytest.mark.parametrize("broken", [b"\xff", b"\xe2\x82"], ids=["no character", "half of one"])
async def test_what_is_no_utf8_to_its_end_stands_in_a_document_as_bytes(tmp_path: Path, broken: bytes) -> None:
    data = LONG.encode() + broken
    (tmp_path / "text").write_bytes(data)
    found = await document_of(tmp_path / "text")
    assert (found["encoding"], base64.b64decode(found["value"])) == ("base64", data)


async def test_a_large_text_is_never_in_memory_as_a_whole(tmp_path: Path) -> None:
    (tmp_path / "text").write_bytes(b"a line of a table;1;2;3\n" * 2_000_000)
    record = ResultRecord("out", "text/csv", 0, "0" * 64, {})
    tracemalloc.start()
    sent = 0
    async for piece in value_document([(record, tmp_path / "text")], "j", base_url="http://x", linked=()):
        sent += len(piece)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert sent > 48_000_000
    assert most < 8_000_000
