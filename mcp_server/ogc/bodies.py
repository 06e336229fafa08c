"""The body of an answer as it comes in: bounded on the wire and when decoded. No I/O."""

import zlib


class Body:
    """A body of which neither what is read nor what is made of it grows beyond a limit."""

    def __init__(self, window_bits: int | None, limit: int) -> None:
        """window_bits: how zlib inflates it, None where it is not compressed; limit: in bytes."""
        self._inflater = None if window_bits is None else zlib.decompressobj(window_bits)
        self._limit = limit
        self._read = 0
        self._content = bytearray()

    def takes(self, chunk: bytes) -> bool:
        """Add a part; whether the limit holds.

        Raises: zlib.error for a damaged one.
        """
        self._read += len(chunk)
        if self._read > self._limit:
            # After its end a compressed body may go on for ever, and make nothing.
            return False
        if self._inflater is not None:
            chunk = self._inflater.decompress(chunk, self._limit - len(self._content) + 1)
        self._content += chunk
        return len(self._content) <= self._limit

    def whole(self) -> bytes:
        """All of it.

        Raises: zlib.error where a compressed body ends too soon, or something follows it.
        """
        inflater = self._inflater
        if inflater is not None and self._read and (not inflater.eof or inflater.unused_data):
            raise zlib.error("the compressed body does not end where it should")
        return bytes(self._content)
