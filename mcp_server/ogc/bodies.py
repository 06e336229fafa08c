"""The body of an answer as it comes in: bounded on the wire and when decoded. No I/O."""

import zlib
from typing import Final

GZIP: Final = 16 + zlib.MAX_WBITS
"""How zlib is told of gzip."""
_MOST_MEMBERS: Final = 10_000
"""Of one body: to begin one takes longer than to read it, if it is empty."""


class Decoder:
    """Undoes the content coding of a body: neither what is read of it nor what is made of it grows beyond a limit."""

    def __init__(self, window_bits: int | None, limit: int) -> None:
        """window_bits: how zlib inflates it, None where it is not compressed; limit: in bytes."""
        self._window_bits = window_bits
        self._inflater = None if window_bits is None else zlib.decompressobj(window_bits)
        self._limit = limit
        self._read = 0
        self._made = 0
        self._members = 1

    def decoded(self, chunk: bytes) -> bytes | None:
        """A part as it was before its coding; None where the limit does not hold.

        Raises: zlib.error for a damaged one.
        """
        self._read += len(chunk)
        if self._read > self._limit:
            # After its end a compressed body may go on for ever, and make nothing.
            return None
        if self._inflater is not None:
            chunk = self._inflated(chunk)
        self._made += len(chunk)
        return chunk if self._made <= self._limit else None

    def _inflated(self, chunk: bytes) -> bytes:
        """What a part inflates to. A gzip body may have several members, one after the other (RFC 1952, 2.2)."""
        made: list[bytes] = []
        room = self._limit - self._made + 1
        while chunk and room and self._inflater is not None:
            if self._inflater.eof and self._window_bits == GZIP:
                self._members += 1
                if self._members > _MOST_MEMBERS:
                    raise zlib.error("the compressed body has too many members")
                self._inflater = zlib.decompressobj(GZIP)
            made.append(self._inflater.decompress(chunk, room))
            room -= len(made[-1])
            chunk = self._inflater.unused_data if self._window_bits == GZIP else b""
        return b"".join(made)

    def end(self) -> None:
        """There are no more parts.

        Raises: zlib.error where a compressed body ends too soon, or something follows it.
        """
        inflater = self._inflater
        if inflater is not None and self._read and (not inflater.eof or inflater.unused_data):
            raise zlib.error("the compressed body does not end where it should")
