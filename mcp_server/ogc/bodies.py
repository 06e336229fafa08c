"""The body of an answer as it comes in: bounded on the wire and when decoded. No I/O."""

import zlib


class Decoder:
    """Undoes the content coding of a body: neither what is read of it nor what is made of it grows beyond a limit."""

    def __init__(self, window_bits: int | None, limit: int) -> None:
        """window_bits: how zlib inflates it, None where it is not compressed; limit: in bytes."""
        self._inflater = None if window_bits is None else zlib.decompressobj(window_bits)
        self._limit = limit
        self._read = 0
        self._made = 0

    def decoded(self, chunk: bytes) -> bytes | None:
        """A part as it was before its coding; None where the limit does not hold.

        Raises: zlib.error for a damaged one.
        """
        self._read += len(chunk)
        if self._read > self._limit:
            # After its end a compressed body may go on for ever, and make nothing.
            return None
        if self._inflater is not None:
            chunk = self._inflater.decompress(chunk, self._limit - self._made + 1)
        self._made += len(chunk)
        return chunk if self._made <= self._limit else None

    def end(self) -> None:
        """There are no more parts.

        Raises: zlib.error where a compressed body ends too soon, or something follows it.
        """
        inflater = self._inflater
        if inflater is not None and self._read and (not inflater.eof or inflater.unused_data):
            raise zlib.error("the compressed body does not end where it should")
