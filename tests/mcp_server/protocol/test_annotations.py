"""What a tool's annotations say of its process: no more than is known."""

from typing import Any

import pytest

from mcp_server.catalog import ToolEntry
from mcp_server.ogc.models import ProcessDescription, ServerIdentity
from mcp_server.protocol.tools import definition
from mcp_server.schema.normalise import normalise
from mcp_server.schema.tool import tool_spec

SAYS_SO: dict[str, Any] = {"metadata": [{"role": "urn:ogc-processes-mcp:role:idempotent", "title": "May be run again"}]}


def hints(*, embedded: bool, **members: Any) -> tuple[bool | None, bool | None, bool | None]:
    raw: dict[str, Any] = {"id": "p", "inputs": {}, "outputs": {}, **members}
    server = ServerIdentity("local" if embedded else "remote", "http://server.test", embedded, "unknown")
    spec = tool_spec(normalise(raw), name="p", server=server.name)
    annotations = definition(ToolEntry(server, ProcessDescription(server, "p", raw), spec)).annotations
    assert annotations is not None
    return annotations.read_only_hint, annotations.idempotent_hint, annotations.open_world_hint


def test_an_own_process_that_says_so_is_read_only() -> None:
    assert hints(embedded=True, **SAYS_SO) == (True, True, False)


@pytest.mark.parametrize("metadata", [None, [], "text", [5], [{"role": 5}], [{"role": "urn:other"}]])
def test_an_own_process_that_does_not_may_change_things(metadata: Any) -> None:
    assert hints(embedded=True, metadata=metadata) == (False, None, False)


def test_another_servers_word_is_not_taken() -> None:
    assert hints(embedded=False, **SAYS_SO) == (False, None, True)
