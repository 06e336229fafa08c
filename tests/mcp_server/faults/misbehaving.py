"""An OGC API – Processes server on loopback that answers honestly, but for the faults it is given. It counts."""

import asyncio
import contextlib
import json
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

PROCESS = {"id": "work", "title": "Work", "version": "1", "jobControlOptions": ["sync-execute", "async-execute"]}
DESCRIPTION = PROCESS | {
    "inputs": {"number": {"schema": {"type": "number"}}},
    "outputs": {"out": {"schema": {"type": "number"}}},
}
JOB = "j1"


@dataclass(frozen=True, slots=True)
class Asked:
    """One request."""

    site: str
    """First segment of its path: every fault has a site of its own."""
    endpoint: str
    path: str
    """Below the site, as it was sent."""
    headers: Mapping[str, str]
    honest: bytes
    """The whole honest answer."""


type Fault = bytes | Callable[[Asked, asyncio.StreamWriter], Awaitable[None]] | None
"""What is sent in place of the honest answer; None is the honest answer itself."""


def answer(body: bytes | Any = b"", status: str = "200 OK", **headers: str) -> bytes:
    """A whole answer; what is not bytes is sent as JSON."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    named = {"content-type": "application/json", "content-length": str(len(content)), "connection": "close"}
    named |= {name.replace("_", "-"): value for name, value in headers.items()}
    head = "".join(f"{name}: {value}\r\n" for name, value in named.items())
    return f"HTTP/1.1 {status}\r\n{head}\r\n".encode("latin-1") + content


@dataclass(slots=True)
class Site:
    """One server below the first segment of the paths."""

    faults: dict[str, tuple[Fault, ...]] = field(default_factory=dict[str, tuple[Fault, ...]])
    """By endpoint: the answer to the first request, the second…, the last one for ever after."""
    answers: dict[str, Any] = field(default_factory=dict[str, Any])
    """By endpoint: another honest answer, as JSON."""
    asked: Counter[str] = field(default_factory=Counter[str])
    """How often each endpoint was asked."""
    paths: list[str] = field(default_factory=list[str])
    hosts: set[str] = field(default_factory=set[str])

    def next_fault(self, endpoint: str) -> Fault:
        """Count a request; what it is answered with."""
        planned = self.faults.get(endpoint, (None,))
        self.asked[endpoint] += 1
        return planned[min(self.asked[endpoint], len(planned)) - 1]


class Misbehaving:
    """Any number of sites on one port."""

    def __init__(self) -> None:
        self.sites: dict[str, Site] = {}
        self.port = 0
        self.surprises: list[BaseException] = []
        """What went wrong in the test's own server."""
        self._open: set[asyncio.Task[None]] = set()

    def site(self, name: str, **faults: Fault | tuple[Fault, ...]) -> Site:
        """A new site, with these faults by endpoint."""
        planned: dict[str, tuple[Fault, ...]] = {}
        for endpoint, fault in faults.items():
            planned[endpoint] = fault if isinstance(fault, tuple) else (fault,)
        self.sites[name] = Site(planned)
        return self.sites[name]

    def url(self, name: str) -> str:
        """Root of a site."""
        return f"http://127.0.0.1:{self.port}/{name}"

    @property
    def urls(self) -> dict[str, str]:
        """Roots of all sites."""
        return {name: self.url(name) for name in self.sites}

    @asynccontextmanager
    async def running(self) -> AsyncGenerator["Misbehaving"]:
        """Listen, until the last connection is cut."""
        server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            for task in list(self._open):
                task.cancel()
            await asyncio.gather(*self._open, return_exceptions=True)
        assert not self.surprises, self.surprises

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._open.add(task)
        try:
            await self._converse(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        except BaseException as error:
            self.surprises.append(error)
        finally:
            self._open.discard(task)
            writer.close()
            with contextlib.suppress(ConnectionError, asyncio.CancelledError):
                await writer.wait_closed()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        first = await reader.read(1)
        if not first.isalpha():
            return  # TLS, or nothing
        head = (first + await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        method, target, _ = head[0].split(" ")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:] if line)}
        content = await reader.readexactly(int(headers.get("content-length", 0)))
        name, _, below = target.partition("?")[0].strip("/").partition("/")
        site = self.sites.get(name)
        if site is None:
            writer.write(answer({"title": "No such site"}, "404 Not Found"))
            return
        endpoint = _endpoint(method, below)
        site.paths.append(f"{method} {below}")
        site.hosts.add(headers["host"])
        fault = site.next_fault(endpoint)
        asked = Asked(name, endpoint, below, headers, self._honest(site, endpoint, name, below, content))
        if callable(fault):
            await fault(asked, writer)
        else:
            writer.write(asked.honest if fault is None else fault)
            await writer.drain()

    def _honest(self, site: Site, endpoint: str, name: str, below: str, content: bytes) -> bytes:  # noqa: PLR0911 - a table
        if endpoint in site.answers:
            return answer(site.answers[endpoint])
        match endpoint:
            case "landing" | "jobs":
                return answer({"title": name, "links": [], "jobs": []})
            case "conformance":
                return answer({"conformsTo": []})
            case "list":
                return answer({"processes": [PROCESS], "links": []})
            case "describe":
                return answer(DESCRIPTION | {"id": unquote(below.split("/")[1])})
            case "execute":
                json.loads(content)
                job = {"jobID": JOB, "processID": "work", "status": "accepted"}
                return answer(job, "201 Created", location=f"{self.url(name)}/jobs/{JOB}")
            case "status" | "dismiss":
                job = unquote(below.split("/")[1])
                status = "dismissed" if endpoint == "dismiss" else "successful"
                return answer({"jobID": job, "processID": "work", "status": status, "progress": 100})
            case "results":
                return answer({"out": 42})
            case _:
                return answer({"title": "Not Found"}, "404 Not Found")


def _endpoint(method: str, path: str) -> str:  # noqa: PLR0911 - a table
    match method, path.split("/"):
        case "GET", [""]:
            return "landing"
        case "GET", ["conformance"]:
            return "conformance"
        case "GET", ["processes"]:
            return "list"
        case "GET", ["processes", _]:
            return "describe"
        case "POST", ["processes", _, "execution"]:
            return "execute"
        case "GET", ["jobs"]:
            return "jobs"
        case "GET", ["jobs", _]:
            return "status"
        case "DELETE", ["jobs", _]:
            return "dismiss"
        case "GET", ["jobs", _, "results", *_]:
            return "results"
        case _:
            return "nothing"
