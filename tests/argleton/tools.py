"""Our tools as a caller of one after the other has them: a real MCP session on the embedded backend."""

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from anyio.from_thread import BlockingPortal, start_blocking_portal
from mcp import Client

from mcp_server.session import call, open_session
from mcp_server.settings import Settings


class RefusedError(Exception):
    """A tool answered with an error; the message is what it told."""


@dataclass(slots=True)
class Tools:
    """The tools of one session."""

    portal: BlockingPortal
    client: Client
    warnings: list[str] = field(default_factory=list[str])
    """What the calls since the last `forget` warned of."""

    def __call__(self, tool: str, **arguments: Any) -> Mapping[str, Any]:
        answer = self.portal.call(call, self.client, tool, arguments)
        if answer.failed:
            raise RefusedError(answer.text)
        assert answer.structured is not None
        assert answer.structured["status"] == "successful", answer.structured
        return {name: self._output(output) for name, output in answer.structured["outputs"].items()}

    def forget(self) -> None:
        self.warnings = []

    def _output(self, output: Mapping[str, Any]) -> Mapping[str, Any]:
        summary = output.get("summary", {})
        self.warnings += summary.get("warnings", ())
        whole = output.get("value")
        # Of what is not small the summary has the members and the first rows.
        told = whole if isinstance(whole, dict) else summary.get("members", {})
        return {**told, "uri": output["uri"]}


@contextmanager
def tools_on(data: Path, home: Path) -> Generator[Tools]:
    """The tools of an embedded backend that reads the files of one folder."""
    with start_blocking_portal() as portal:
        session = open_session(Settings(home=home), data=(data,))
        with portal.wrap_async_context_manager(session) as client:
            yield Tools(portal, client)
