"""Several raw values in one answer: `multipart/related` (RFC 2387), a part per output."""

from collections.abc import AsyncGenerator, Collection, Sequence
from contextlib import aclosing
from urllib.parse import quote

from backend.api.result_documents import media_type_of, pieces_of, result_link
from backend.jobs.records import StoredResult

_END = b"\r\n"


async def related_parts(
    stored: Sequence[StoredResult], job_id: str, *, base_url: str, linked: Collection[str], boundary: str
) -> AsyncGenerator[bytes]:
    """The body piece by piece (OGC 18-062r2, 7.11.4): each value as it was written, named by its `Content-ID`.

    An output among `linked` is an empty part with the `Content-Location` of its value.
    """
    delimiter = f"--{boundary}".encode("ascii")
    for record, content in stored:
        # Ids are of the process's making: what may not stand in a header is percent-encoded.
        lines = [f"Content-ID: {quote(record.output_id, safe='')}", f"Content-Type: {media_type_of(record)}"]
        if record.output_id in linked:
            lines.append(f"Content-Location: {result_link(record, job_id, base_url)['href']}")
        yield delimiter + _END + "\r\n".join(lines).encode("ascii") + _END + _END
        if record.output_id not in linked:
            async with aclosing(pieces_of(content)) as pieces:
                async for piece in pieces:
                    yield piece
        yield _END
    yield delimiter + b"--" + _END
