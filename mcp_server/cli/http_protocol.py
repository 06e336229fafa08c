"""HTTP/1.1 as the servers of the command line speak it."""

from array import array
from typing import Any, Final

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MAX_HEAD_BYTES: Final = 64 * 1024
"""Longest request line and headers together."""

_AROUND_HEADER_BYTES: Final = 4
"""Colon, space and the end of the line."""

_OFFER: Final = b"upgrade"

_TOO_LONG = "The request line and headers, or its trailers, are too long."


class _Parser(httptools.HttpRequestParser):
    """The parser, which by itself takes a request that offers another protocol for one without a body.

    Java's client offers HTTP/2 with its first request, a POST with a body too. What follows such a head would be
    lost, or parsed as a request of its own.
    """

    def __init__(self, protocol: "BoundedHttpProtocol") -> None:
        super().__init__(protocol)
        self.set_dangerous_leniencies(lenient_data_after_close=True)  # as uvicorn has it
        self._protocol = protocol

    def feed_data(self, data: bytes | bytearray | memoryview | array[int]) -> None:
        """Parse what has come; an offer is declined by parsing its head again without it (RFC 9110, 7.8)."""
        rest = memoryview(data)
        while True:
            try:
                super().feed_data(rest)
            except httptools.HttpParserUpgrade as offer:
                if not self._protocol.offered:
                    raise
                super().feed_data(self._protocol.head_without_offer())
                rest = rest[offer.args[0] :]
            else:
                return


class BoundedHttpProtocol(HttpToolsProtocol):
    """uvicorn's protocol on the parser that is written in C.

    That one takes as many headers and trailers as are sent, which then lie in memory, and any number of hosts
    (RFC 9112, 3.2).
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.parser = _Parser(self)
        self.offered = False
        """The head that was parsed last offers another protocol."""
        self._in_head = True
        self._stepped = False
        """Whether the parser has come to the next part of a message since it was given something."""
        self._unparsed_bytes = 0
        """Of what is not complete yet, a head, trailers or the line before a chunk, since it was given what was."""

    def data_received(self, data: bytes) -> None:
        """Parse what has come; refuse what has no end and is no body."""
        self._stepped = False
        super().data_received(data)
        self._unparsed_bytes = 0 if self._stepped else self._unparsed_bytes + len(data)
        if self._unparsed_bytes > MAX_HEAD_BYTES and not self.transport.is_closing():
            self.logger.warning(_TOO_LONG)
            self.send_400_response(_TOO_LONG)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Note a header. A trailer is none, and who may call us has been decided before it came (RFC 9110, 6.5.1)."""
        if self._in_head:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Refuse a head that is too long, or not clear about whom it is for, before anything is done with it."""
        self._in_head, self._stepped = False, True
        size, hosts = len(self.url), 0
        for name, value in self.headers:
            size += len(name) + len(value) + _AROUND_HEADER_BYTES
            hosts += name == b"host"
        version = self.parser.get_http_version()
        if size > MAX_HEAD_BYTES or hosts > 1 or (hosts < 1 and version == "1.1"):
            raise ValueError  # the parser breaks off, and the request is answered as one that is no HTTP
        self.offered = any(name == _OFFER for name, _ in self.headers) and self.parser.should_upgrade()
        if not self.offered:
            super().on_headers_complete()

    def head_without_offer(self) -> bytes:
        """The head that was parsed last, of a request that is content with HTTP/1.1."""
        lines = [b"%b %b HTTP/%b" % (self.parser.get_method(), self.url, self.parser.get_http_version().encode())]
        lines += [b"%b: %b" % (name, value) for name, value in self.headers if name != _OFFER]
        return b"\r\n".join(lines) + b"\r\n\r\n"

    def on_body(self, body: bytes) -> None:
        """Take a part of the body, which the application bounds."""
        self._stepped = True
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Expect the next head."""
        self._in_head, self._stepped = True, True
        if not self.offered:
            super().on_message_complete()
