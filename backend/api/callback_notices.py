"""What a subscriber is sent (OGC 18-062r2, 7.14): the results, or the status of the job."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import anyio.to_thread

from backend.api.documents import monitor_header, status_info
from backend.api.encoding import encode
from backend.api.problems import problem_of
from backend.api.result_documents import value_document
from backend.jobs.callbacks.telling import Notice
from backend.jobs.records import Job, StoredResult
from backend.jobs.rows import failure_error
from backend.jobs.states import JobStatus
from backend.jobs.store import JobStore


@dataclass(frozen=True, slots=True)
class Notices:
    """Makes the notices of the jobs of a store."""

    store: JobStore
    base_url: str
    most_bytes: int
    """Of the values in one results document; what is more is linked."""

    async def of(self, job: Job) -> Notice:
        """The results document of a job that was successful; else its status, with the exception of a failed one.

        Raises:
            ResultGoneError: the job was dismissed meanwhile.
            NoSuchJobError: it is gone.
        """
        headers = {"Link": monitor_header(self.base_url, job.id)}
        if job.status is JobStatus.SUCCESSFUL:
            return Notice(await self._results(job), headers)
        document = status_info(job, self.base_url)
        if job.failure is not None:
            document["exception"] = dict(problem_of(failure_error(job.failure)).document)
        return Notice(encode(document), headers)

    async def _results(self, job: Job) -> bytes:
        stored, linked = await anyio.to_thread.run_sync(partial(self._chosen, job))
        pieces = value_document(stored, job.id, base_url=self.base_url, linked=linked)
        return b"".join([piece async for piece in pieces])

    def _chosen(self, job: Job) -> tuple[Sequence[StoredResult], set[str]]:
        """The results, and which of them are links: the largest, until the others are small enough together."""
        stored = self.store.results(job.id)
        linked = set(job.by_reference)
        values = [one for one in stored if one[0].output_id not in linked]
        remaining = sum(record.size for record, _ in values)
        for one in sorted(values, key=lambda one: one[0].size, reverse=True):
            record, _ = one
            # Behind its link, a damaged result says what it is.
            if remaining > self.most_bytes or not self.store.is_whole(one):
                linked.add(record.output_id)
                remaining -= record.size
        return stored, linked
