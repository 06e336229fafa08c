"""Instructions are short and name the servers."""

from mcp_server.protocol.instructions import instructions
from mcp_server.protocol.job_tools import job_tools


def test_the_servers_and_the_job_tools_are_named_in_few_words() -> None:
    text = instructions(["local", "city"], wait_seconds=45)
    assert "(local, city)" in text
    assert all(name in text for name in job_tools(["local"], small_value_bytes=1))
    assert len(text) < 1800


def test_a_bridge_to_no_server_says_so() -> None:
    assert "none is configured" in instructions([], wait_seconds=45)
