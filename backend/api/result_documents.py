"""Results as a JSON document: values in full, or a link and a summary in place of each."""

import base64
import json
import math
import re
from codecs import getincrementaldecoder
from collections.abc import AsyncGenerator, Collection, Sequence
from contextlib import aclosing
from pathlib import Path
from typing import Any

import anyio

from backend.api.encoding import encode
from backend.jobs.contents import stored_bytes
from backend.jobs.records import ResultRecord, StoredResult
from backend.jobs.references import OwnReference
from summaries.values import is_json

type Document = dict[str, Any]

# A multiple of 3, so that the base64 of the pieces is the base64 of the whole.
_PIECE = 3 * 2**17
_NAME = r"[\w!#$&^.+-]+"
_QUOTED = r'"[\x20\x21\x23-\x5b\x5d-\x7e]*"'
_MEDIA_TYPE = re.compile(rf"{_NAME}/{_NAME}([ \t]*;[ \t]*{_NAME}=({_QUOTED}|{_NAME}))*", re.ASCII)


def media_type_of(record: ResultRecord) -> str:
    """The result's media type; a process may have named something that is none, or that no header can carry."""
    return record.media_type if _MEDIA_TYPE.fullmatch(record.media_type) else "application/octet-stream"


def result_link(record: ResultRecord, job_id: str, base_url: str) -> Document:
    """The link that stands for a value."""
    href = OwnReference(job_id, record.output_id).href(base_url)
    return {"href": href, "rel": "item", "type": media_type_of(record), "length": record.size}


def minimal_document(
    stored: Sequence[StoredResult], job_id: str, *, base_url: str, valued: Collection[str]
) -> Document:
    """Links and summaries; values too of the outputs among `valued`."""
    document: Document = {}
    for record, content in stored:
        entry = {**result_link(record, job_id, base_url), "summary": record.summary}
        if record.output_id in valued:
            entry |= _small_value(record, content)
        document[record.output_id] = entry
    return document


def _small_value(record: ResultRecord, stored: bytes | Path) -> Document:
    data = stored_bytes(stored)
    try:
        if is_json(record.media_type):
            return {"value": json.loads(data, parse_constant=_refuse)}
        if record.media_type.startswith("text/"):
            return {"value": data.decode("utf-8")}
    except ValueError:
        # A process that returns bytes may call them what they are not: they stay behind their link.
        return {}
    return {}


def _refuse(name: str) -> None:
    raise ValueError(name)


async def value_document(
    stored: Sequence[StoredResult], job_id: str, *, base_url: str, linked: Collection[str]
) -> AsyncGenerator[bytes]:
    """`{outputId: value}` piece by piece, without ever holding a large value whole.

    Scalars and arrays stand as they are; objects, text and bytes are qualified (OGC 18-062r2, `results` and
    `qualifiedInputValue`), bytes in base64. Outputs among `linked` are links.
    """
    separator = b"{"
    for record, content in stored:
        yield separator + encode(record.output_id) + b":"
        separator = b","
        if record.output_id in linked:
            yield encode(result_link(record, job_id, base_url))
        else:
            async with aclosing(_value(record, content)) as pieces:
                async for piece in pieces:
                    yield piece
    yield b"}" if stored else b"{}"


async def _value(record: ResultRecord, stored: bytes | Path) -> AsyncGenerator[bytes]:
    media_type = media_type_of(record)
    if is_json(media_type):
        qualified = await _starts_object(stored)
        if qualified:
            yield b'{"mediaType":' + encode(media_type) + b',"value":'
        async with aclosing(pieces_of(stored)) as pieces:
            async for piece in pieces:
                yield piece
        if qualified:
            yield b"}"
        return
    if record.media_type.startswith("text/") and await _is_utf8(stored):
        yield b'{"mediaType":' + encode(media_type) + b',"value":"'
        async with aclosing(_characters(stored)) as characters:
            async for part in characters:
                yield encode(part)[1:-1]
        yield b'"}'
        return
    yield b'{"mediaType":' + encode(media_type) + b',"encoding":"base64","value":"'
    async with aclosing(pieces_of(stored)) as pieces:
        async for piece in pieces:
            yield base64.b64encode(piece)
    yield b'"}'


async def _starts_object(stored: bytes | Path) -> bool:
    if isinstance(stored, Path):
        async with await anyio.open_file(stored, "rb") as file:
            stored = await file.read(1024)
    return stored[:1024].lstrip().startswith(b"{")


async def _is_utf8(stored: bytes | Path) -> bool:
    try:
        async with aclosing(_characters(stored)) as characters:
            async for _ in characters:
                pass
    except UnicodeDecodeError:
        return False
    return True


async def _characters(stored: bytes | Path) -> AsyncGenerator[str]:
    """A text piece by piece; a piece ends where a character does."""
    decoder = getincrementaldecoder("utf-8")()
    async with aclosing(pieces_of(stored)) as pieces:
        async for piece in pieces:
            yield decoder.decode(piece)
    yield decoder.decode(b"", final=True)


async def pieces_of(stored: bytes | Path, part: range | None = None) -> AsyncGenerator[bytes]:
    """The bytes of a result, all or a part of them; a file's in pieces."""
    if isinstance(stored, bytes):
        yield stored if part is None else stored[part.start : part.stop]
        return
    remaining = math.inf if part is None else len(part)
    file = await anyio.open_file(stored, "rb")
    try:
        await file.seek(0 if part is None else part.start)
        while piece := await file.read(int(min(_PIECE, remaining))):
            remaining -= len(piece)
            yield piece
    finally:
        # In no thread: where the client has gone nothing can be waited for any more.
        file.wrapped.close()
