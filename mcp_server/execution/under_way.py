"""Jobs that outlasted the calls that started them, so that the same call again finds its job."""

import hashlib
import json
from collections import OrderedDict
from typing import Any

from mcp_server.references import JobReference

_MOST = 1000


def call_key(server: str, process_id: str, inputs: dict[str, Any]) -> str:
    """The same for two calls of one process with equal inputs, whatever their order."""
    text = json.dumps([server, process_id, inputs], sort_keys=True, default=str, separators=(",", ":"))
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()


class UnderWay:
    """The newest handles, by call."""

    def __init__(self, most: int = _MOST) -> None:
        self._jobs: OrderedDict[str, JobReference] = OrderedDict()
        self._most = most

    def remember(self, call: str, job: JobReference) -> None:
        """The call was answered with this job, still running."""
        self._jobs[call] = job
        self._jobs.move_to_end(call)
        if len(self._jobs) > self._most:
            self._jobs.popitem(last=False)

    def job_of(self, call: str) -> JobReference | None:
        """The job, if the call had one that still ran when last heard of."""
        return self._jobs.get(call)

    def forget(self, call: str) -> None:
        """The job has ended."""
        self._jobs.pop(call, None)
