"""What servers answer to our credentials, or to there being none. Pure."""

from dataclasses import replace

from mcp_server.errors import RemoteProblemError
from mcp_server.ogc.problems import told_by
from mcp_server.ogc.reply import Reply
from mcp_server.servers import ServerSettings


def judged(server: str, reply: Reply, access: ServerSettings) -> Reply:
    """An error without our credentials, which some servers repeat.

    Raises: RemoteProblemError, if it refuses access.
    """
    reply = replace(reply, body=access.without_secrets(reply.body))
    if reply.status not in (401, 403):
        return reply
    words, type_uri, problems = told_by(reply)
    status = f"HTTP status {reply.status}"
    words = words if status in words else f"{words} ({status})"
    if access.credentials:
        hint = f"it does not accept the {' and '.join(access.credentials)} that is set for it, or not for this"
    else:
        hint = f"whoever runs this bridge can set bearer, basic or api_key for server {server!r}"
    raise RemoteProblemError(
        f"server {server!r} refuses access: {words}; {hint}",
        status=reply.status,
        type_uri=type_uri,
        problems=problems,
    )
