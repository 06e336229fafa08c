"""What a server says, in the terms of whoever called the tool: argument paths and `ogc://` URIs."""

import json
import re
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from mcp_server.errors import RemoteProblemError
from mcp_server.ogc.client import OgcClient
from mcp_server.references import SCHEME

_MEMBER = re.compile(r"\$\.inputs\.(?=[^\s.])")
_QUOTED = re.compile(r'\$\.inputs\[("(?:[^"\\]|\\.)*")\]')


@dataclass(frozen=True, slots=True)
class Wording:
    """The words of one server."""

    server: str
    roots: Sequence[str]
    """The URLs at which the server is asked, and by which it knows itself."""
    names: Mapping[str, str] = field(default_factory=dict[str, str])
    """Input id → argument of the tool."""

    def text(self, text: str) -> str:
        """The text with paths into an execute request, and URLs of what the server has, as the caller knows them."""
        text = _QUOTED.sub(self._argument, text)
        first, *others = _MEMBER.split(text)
        text = first + "".join(f"$.{self._renamed(other)}" for other in others)
        for root in self.roots:
            for kind in ("jobs", "collections"):
                text = text.replace(f"{root}/{kind}/", f"{SCHEME}://{self.server}/{kind}/")
        return text

    def error(self, error: RemoteProblemError) -> RemoteProblemError:
        """The error, with its message and its problems in the caller's terms."""
        problems = [
            replace(problem, path=self.text(problem.path), message=self.text(problem.message))
            for problem in error.problems
        ]
        return error.retold(self.text(str(error)), problems)

    def _argument(self, match: re.Match[str]) -> str:
        try:
            input_id = str(json.loads(match[1]))
        except ValueError:
            return match[0]
        return f"$.{self.names.get(input_id, input_id)}"

    def _renamed(self, path: str) -> str:
        # The longest id first: ids may hold dots.
        for input_id in sorted(self.names, key=len, reverse=True):
            following = path[len(input_id) : len(input_id) + 1]
            if path.startswith(input_id) and not (following.isalnum() or following in ("_", "-")):
                return self.names[input_id] + path[len(input_id) :]
        return path


def wording(client: OgcClient, names: Mapping[str, str] = MappingProxyType({})) -> Wording:
    """The words of a server as it now knows itself; `names` are input id → argument of the tool."""
    return Wording(client.identity.name, client.roots, names)


@contextmanager
def in_callers_words(client: OgcClient, names: Mapping[str, str] = MappingProxyType({})) -> Generator[None]:
    """Raise what the server refuses within this block in the caller's terms.

    Raises: RemoteProblemError.
    """
    try:
        yield
    except RemoteProblemError as error:
        raise wording(client, names).error(error) from error
