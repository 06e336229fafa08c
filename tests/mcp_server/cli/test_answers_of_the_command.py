"""What `backend` answers as a command, held to the OGC's schemas from the client's side."""

import httpx
import pytest

from tests.mcp_server.cli.command_lines import Command
from tests.standard.clients import conforming
from tests.standard.schemas import standard_schemas

pytestmark = pytest.mark.skipif(
    standard_schemas() is None, reason="the schemas of the standard are not beside this checkout"
)


def test_every_answer_of_the_backend_as_a_command_conforms(backend_command: Command) -> None:
    with httpx.Client(base_url=backend_command.url, timeout=30, event_hooks=conforming()) as client:
        for path in ("/", "/conformance", "/processes", "/processes/echo", "/jobs"):
            assert client.get(path).status_code == 200
        request = {"inputs": {"name": "Ada"}, "response": "document"}
        done = client.post("/processes/hello-world/execution", json=request)
        assert done.status_code == 200
        assert client.get(done.headers["Location"]).json()["status"] == "successful"
        assert client.get(done.headers["Location"] + "/results").json() == done.json()
        assert client.get("/none").status_code == 404
