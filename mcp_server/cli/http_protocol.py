"""HTTP/1.1 as the servers of the command line speak it."""

from typing import Any, Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MAX_HEAD_BYTES: Final = 64 * 1024
"""Longest request line and headers together."""

_AROUND_HEADER_BYTES: Final = 4
"""Colon, space and the end of the line."""

_TOO_LONG = "The request line and headers are too long."


class BoundedHttpProtocol(HttpToolsProtocol):
    """uvicorn's protocol on the parser that is written in C.

    That one takes as many headers as are sent, which then lie in memory, and any number of hosts (RFC 9112, 3.2).
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._in_head = True
        self._stepped = False
        """Whether the parser has come to the next part of a message since it was given something."""
        self._unparsed_bytes = 0
        """Of a head that is not complete yet, since it was given the last part that was."""

    def data_received(self, data: bytes) -> None:
        """Parse what has come; refuse a head without end."""
        self._stepped = False
        super().data_received(data)
        self._unparsed_bytes = self._unparsed_bytes + len(data) if self._in_head and not self._stepped else 0
        if self._unparsed_bytes > MAX_HEAD_BYTES and not self.transport.is_closing():
            self.logger.warning(_TOO_LONG)
            self.send_400_response(_TOO_LONG)

    def on_headers_complete(self) -> None:
        """Refuse a head that is too long, or not clear about whom it is for, before anything is done with it."""
        self._in_head, self._stepped = False, True
        size, hosts = len(self.url), 0
        for name, value in self.headers:
            size += len(name) + len(value) + _AROUND_HEADER_BYTES
            hosts += name == b"host"
        version = self.parser.get_http_version()  # pyright: ignore[reportOptionalMemberAccess] - it is who calls
        if size > MAX_HEAD_BYTES or hosts > 1 or (hosts < 1 and version == "1.1"):
            raise ValueError  # the parser breaks off, and the request is answered as one that is no HTTP
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """Expect the next head."""
        self._in_head, self._stepped = True, True
        super().on_message_complete()
