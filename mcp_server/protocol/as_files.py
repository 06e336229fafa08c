"""How a result becomes a file that its user can open, in words. Pure."""

from urllib.parse import quote

from mcp_server.ogc.documents import LONGEST_LINK, plain
from mcp_server.ogc.models import OutputResult
from mcp_server.references import KeptReference, ResultReference
from mcp_server.settings import EMBEDDED

_RESTART = "whoever runs this bridge gets it as a file by starting it with --results DIR, for the tool save_result"


def as_file(uri: ResultReference | KeptReference, output: OutputResult, *, saves: bool) -> str:
    """How the user of a model gets an output as a file.

    saves: this bridge has a folder for them.
    """
    if saves:
        return "save_result writes it to a file"
    if isinstance(uri, KeptReference):
        return _RESTART
    if uri.server == EMBEDDED:
        path = "/".join(quote(part, safe="") for part in ("jobs", uri.job_id, "results", uri.output_id))
        return f"{_RESTART}; or from `ogc-processes-mcp backend` on the same home, at http://127.0.0.1:5001/{path}"
    return f"{_RESTART}; or from its server, at {plain(output.href, length=LONGEST_LINK)}" if output.href else _RESTART
