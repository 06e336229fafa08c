"""Jobs that calls wait for, or that outlasted the calls that started them: the same call again finds its job."""

import hashlib
import json
from collections import Counter, OrderedDict
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

from mcp_server.references import JobReference

_MOST = 1000


def call_key(server: str, process_id: str, inputs: dict[str, Any]) -> str:
    """The same for two calls of one process with equal inputs, whatever their order."""
    text = json.dumps([server, process_id, inputs], sort_keys=True, default=str, separators=(",", ":"))
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()


class UnderWay:
    """The newest jobs, by call, and how many calls wait for each."""

    def __init__(self, most: int = _MOST) -> None:
        self._jobs: OrderedDict[str, JobReference] = OrderedDict()
        self._waiting: Counter[JobReference] = Counter()
        self._most = most

    def remember(self, call: str, job: JobReference) -> None:
        """The call started this job."""
        self._jobs[call] = job
        self._jobs.move_to_end(call)
        if len(self._jobs) > self._most:
            self._jobs.popitem(last=False)

    def job_of(self, call: str) -> JobReference | None:
        """The job, if the call had one that still ran when last heard of."""
        return self._jobs.get(call)

    def forget(self, call: str, job: JobReference) -> None:
        """The job has ended. A newer one of the same call stays."""
        if self._jobs.get(call) == job:
            del self._jobs[call]

    @contextmanager
    def waiting(self, job: JobReference) -> Generator[None]:
        """A call waits for this job."""
        self._waiting[job] += 1
        try:
            yield
        finally:
            self._waiting[job] -= 1
            if not self._waiting[job]:
                del self._waiting[job]

    def alone(self, job: JobReference) -> bool:
        """Whether no more than one call waits for this job."""
        return self._waiting[job] <= 1
