"""Questions to a job store from an event loop, which has others to serve while a database elsewhere thinks."""

from collections.abc import Callable

import anyio.to_thread

from backend.jobs.store import JobStore


async def asked[T](store: JobStore, question: Callable[[], T]) -> T:
    """What a question that reads from the store gives.

    In a thread, unless the answer is there sooner than a thread would be.
    """
    if store.answers_at_once:
        return question()
    return await anyio.to_thread.run_sync(question, abandon_on_cancel=True)
