"""One POST to a subscriber: to an address that was judged, in bounded time, without redirects."""

import socket
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus

import anyio
import anyio.to_thread
import h11
from anyio.abc import ByteStream
from anyio.streams.tls import TLSStream

from backend.jobs.callbacks.addresses import is_public, literal
from backend.jobs.callbacks.destinations import Destination, Origins

_MOST_HEAD_BYTES = 16 * 1024
"""Of the answer: all that is read of it is its status."""
_MOST_ADDRESSES = 4
"""Of one host that are tried."""
_PIECE_BYTES = 4096


class UndeliveredError(Exception):
    """The subscriber was not told; the message, for the operator, says why.

    `final`: it will not be told by another try either. `silent`: nobody answered, and so it will be with others.
    """

    def __init__(self, reason: str, *, final: bool = False, silent: bool = False) -> None:
        super().__init__(reason)
        self.final = final
        self.silent = silent


@dataclass(frozen=True, slots=True)
class Poster:
    """Sends callbacks to permitted origins."""

    origins: Origins
    seconds: float
    """For one try in all, from the resolution of the name to the status of the answer."""
    tls: ssl.SSLContext = field(default_factory=ssl.create_default_context)

    async def post(self, destination: Destination, body: bytes, headers: Mapping[str, str]) -> None:
        """Send JSON; a status of 2xx is the confirmation.

        Raises:
            UndeliveredError: there was none.
        """
        if not self.origins.permit(destination):
            raise UndeliveredError("its origin is not permitted any more", final=True)
        try:
            with anyio.fail_after(self.seconds):
                status = await self._status(destination, body, headers)
        except TimeoutError:
            raise UndeliveredError(f"no answer within {self.seconds:g} s", silent=True) from None
        except (anyio.BrokenResourceError, anyio.EndOfStream) as error:
            reason = f": {error.__cause__}" if error.__cause__ else ""
            raise UndeliveredError(f"the connection was cut{reason}", silent=True) from error
        except OSError as error:
            raise UndeliveredError(f"no connection: {error}", silent=True) from error
        except h11.RemoteProtocolError as error:
            raise UndeliveredError(f"no HTTP answer: {error}") from error
        if not HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
            raise UndeliveredError(f"answered {status}", final=status == HTTPStatus.GONE)

    async def _status(self, destination: Destination, body: bytes, headers: Mapping[str, str]) -> int:
        exchange = h11.Connection(h11.CLIENT, max_incomplete_event_size=_MOST_HEAD_BYTES)
        request = (_head(destination, body, headers), h11.Data(data=body), h11.EndOfMessage())
        sent = b"".join(exchange.send(event) or b"" for event in request)
        async with await self._connect(destination) as stream:
            await stream.send(sent)
            while True:
                event = exchange.next_event()
                if isinstance(event, h11.Response):
                    return event.status_code
                if event is h11.NEED_DATA:
                    exchange.receive_data(await stream.receive(_PIECE_BYTES))
                elif not isinstance(event, h11.InformationalResponse):
                    raise anyio.EndOfStream

    async def _connect(self, destination: Destination) -> ByteStream:
        """A connection to one of the host's addresses; the name is resolved once, so that what is judged is used."""
        failure: OSError | None = None
        for address in await self._addresses(destination):
            try:
                stream = await anyio.connect_tcp(address, destination.port)
            except OSError as error:
                failure = error
                continue
            return stream if destination.scheme == "http" else await self._secured(stream, destination.host)
        raise failure or OSError("the host has no address")

    async def _secured(self, stream: ByteStream, host: str) -> ByteStream:
        try:
            # Of an answer only the status is read: whether its end is cut off is all one.
            return await TLSStream.wrap(stream, hostname=host, ssl_context=self.tls, standard_compatible=False)
        except BaseException:
            await anyio.aclose_forcefully(stream)
            raise

    async def _addresses(self, destination: Destination) -> Sequence[str]:
        """Where the host is; all of it must be public, unless the operator chose the origin.

        Raises:
            UndeliveredError: some of it is not.
        """
        resolve = partial(socket.getaddrinfo, destination.host, destination.port, type=socket.SOCK_STREAM)
        # A resolver takes its time, and cannot be interrupted.
        found = await anyio.to_thread.run_sync(resolve, abandon_on_cancel=True)
        addresses = tuple(dict.fromkeys(str(one[4][0]) for one in found))
        if not self.origins.name(destination):
            for text in addresses:
                address = literal(text)
                if address is None or not is_public(address):
                    raise UndeliveredError(f"its host is at {text}, which is not a public address")
        return addresses[:_MOST_ADDRESSES]


def _head(destination: Destination, body: bytes, headers: Mapping[str, str]) -> h11.Request:
    told = {
        "Host": destination.authority,
        "User-Agent": "ogc-processes-mcp",
        "Content-Type": "application/json",
        "Content-Length": str(len(body)),
        "Connection": "close",
        **headers,
    }
    return h11.Request(method="POST", target=destination.target, headers=list(told.items()))
