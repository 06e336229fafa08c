"""Attempts at jobs whose worker is the test itself."""

from collections.abc import Sequence

from backend.jobs.records import NewResult, StartedJob
from backend.jobs.store import JobStore

INLINE_BYTES = 8


def hand_in(store: JobStore, job: StartedJob, outputs: Sequence[NewResult]) -> str:
    """Keep all results and hand them in: what has more than 8 bytes is in a file."""
    kept = store.keep(job, [[one.data] for one in outputs if isinstance(one.data, bytes)], inline_bytes=INLINE_BYTES)
    return store.hand_in(
        job,
        [NewResult(one.output_id, one.media_type, data, one.summary) for one, data in zip(outputs, kept, strict=True)],
    )


def finish(store: JobStore, job: StartedJob, outputs: Sequence[NewResult]) -> bool:
    """Hand in all results and end the job; False when it is no longer this attempt's."""
    handed_in = hand_in(store, job, outputs)
    return handed_in == "ended" or (handed_in == "complete" and store.confirm([(job.id, job.attempt)]) == 1)
