"""Questions to a job store from an event loop, which has others to serve while a database elsewhere thinks."""

from collections.abc import Callable

import anyio
import anyio.to_thread

from backend.errors import StoreUnavailableError
from backend.jobs.store import JobStore

_LONGEST_SECONDS = 30.0
"""A database that has not answered by then counts as unavailable, though its connections are still open."""


async def asked[T](store: JobStore, question: Callable[[], T]) -> T:
    """The answer to a question that reads from the store.

    It is asked on the event loop where the database answers sooner than a thread would start, else in a thread.

    Raises:
        StoreUnavailableError: there is no answer, for long or at all.
    """
    if store.answers_at_once:
        return question()
    return await asked_at_leisure(question)


async def asked_at_leisure[T](question: Callable[[], T]) -> T:
    """The answer to a question that takes its time on any database: always asked in a thread.

    Raises:
        StoreUnavailableError: as with `asked`.
    """
    try:
        with anyio.fail_after(_LONGEST_SECONDS):
            return await anyio.to_thread.run_sync(question, abandon_on_cancel=True)
    except TimeoutError:
        raise StoreUnavailableError("The database of the job store does not answer.") from None
