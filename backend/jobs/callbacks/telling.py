"""What one subscriber is told of one job, and how often it is tried."""

import logging
import math
import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from weakref import WeakValueDictionary

import anyio
import anyio.to_thread

from backend.errors import BackendError, JobExpiredError, NoSuchJobError, ResultGoneError, ServerBusyError
from backend.jobs.callbacks.destinations import Destination
from backend.jobs.callbacks.outbox import LONGEST_PAUSE, Subscription
from backend.jobs.callbacks.posting import Poster, UndeliveredError
from backend.jobs.records import Job
from backend.jobs.store import JobStore

STORE_SECONDS = 5.0
"""Until a store that did not answer is asked again."""

_MOST_AT_ONCE = 16
"""Connections in all."""
_MOST_OF_ORIGIN = 4
"""Those to one origin: one that never answers leaves room to others."""

_SPREAD = 1.2
"""How much longer or shorter a pause may be: not all come again at once."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Notice:
    """What a subscriber is sent."""

    body: bytes
    """JSON."""
    headers: Mapping[str, str]


type Compose = Callable[[Job], Awaitable[Notice]]
"""The notice of a job as it is now."""


@dataclass(frozen=True, slots=True)
class Persistence:
    """How long a subscriber who does not take a notice is tried again."""

    attempts: int
    """To tell the end of one job."""
    seconds: float
    """After the end of the job, by the clock: then it is tried no more."""
    first_pause: float = 1.0
    """Between two attempts, in seconds; each is three times the one before it, up to the outbox's longest."""
    progress_pause: float = 2.0
    """Between two notices of a job's progress, at least."""

    def pause(self, failures: int) -> float:
        """Seconds to wait after that many failures, a little different each time."""
        usual = min(self.first_pause * 3.0 ** min(failures, 30) / 3.0, LONGEST_PAUSE / _SPREAD)
        return usual * random.uniform(1 / _SPREAD, _SPREAD)  # noqa: S311 - no secret


@dataclass(eq=False)
class _Origin:
    """Where several subscribers are."""

    turns: anyio.Semaphore
    silent_at: float = -math.inf
    """When it last did not answer, by the event loop's clock."""


class _NotTriedError(UndeliveredError):
    """It was not even tried."""


class News:
    """Tells the tasks of one event loop that the store has changed."""

    def __init__(self) -> None:
        self.next = anyio.Event()
        """Set when there are some."""

    def come(self) -> None:
        """Wake all who wait."""
        self.next.set()
        self.next = anyio.Event()


class Teller:
    """Tells subscribers of jobs that this engine has claimed; of one event loop."""

    def __init__(
        self, store: JobStore, engine: str, poster: Poster, compose: Compose, persistence: Persistence
    ) -> None:
        self.news = News()
        self._store = store
        self._engine = engine
        self._poster = poster
        self._compose = compose
        self._persistence = persistence
        self._connections = anyio.Semaphore(_MOST_AT_ONCE)
        self._origins: WeakValueDictionary[str, _Origin] = WeakValueDictionary()

    async def follow(self, one: Subscription) -> None:
        """Tell of the job until its end was told, or was put off, or is not going to be. What goes wrong is logged."""
        while True:
            try:
                await self._tell_end(one, await self._until_end(one))
            except (NoSuchJobError, JobExpiredError):
                _log.warning("job %s has expired before its subscriber was told", one.job_id)
            except (ServerBusyError, ResultGoneError) as error:
                _log.warning("the subscriber of job %s is told later: %s", one.job_id, error)
                await anyio.sleep(STORE_SECONDS)
                continue
            except Exception:
                _log.exception("the subscriber of job %s is told later", one.job_id)
                await anyio.sleep(STORE_SECONDS)
                continue
            return

    async def _until_end(self, one: Subscription) -> Job:
        """The job once it has ended; until then its progress is told, the newest of it, and not too often."""
        uri = one.subscriber.progress_uri
        told = failures = 0
        resume = -math.inf
        while True:
            news = self.news.next
            job = await self._job(one)
            if job.final:
                return job
            fresh = uri is not None and job.version != told
            pause = resume - anyio.current_time()
            if fresh and pause <= 0:
                if await self._told_progress(uri or "", job):
                    told, failures = job.version, 0
                else:
                    failures += 1
                    uri = None if failures >= self._persistence.attempts else uri
                resume = anyio.current_time() + self._persistence.progress_pause * (failures + 1)
                continue
            with anyio.move_on_after(pause if fresh else math.inf):
                await news.wait()

    async def _told_progress(self, uri: str, job: Job) -> bool:
        try:
            await self._attempt(uri, job)
        except UndeliveredError as error:
            _log.info("the subscriber of job %s was not told of its progress: %s", job.id, error)
            return False
        return True

    async def _tell_end(self, one: Subscription, job: Job) -> None:
        """Tell how the job has ended, once; where that fails, put it off or give it up."""
        uri = one.subscriber.uri_of_end(job.status)
        try:
            if uri is not None:
                await self._attempt(uri, job)
        except UndeliveredError as error:
            tried = not isinstance(error, _NotTriedError)
            failures = one.attempts + tried
            given_up = error.final or failures >= self._persistence.attempts or self._too_late(job)
            what = "is not told any more" if given_up else "was not told"
            # Its path and query are the subscriber's secret.
            level = logging.WARNING if tried or given_up else logging.DEBUG
            _log.log(level, "the subscriber of job %s %s that it is %s: %s", job.id, what, job.status, error)
            if not given_up:
                pause = self._persistence.pause(max(failures, 1))
                put_off = partial(self._store.outbox.put_off, failures=failures, seconds=pause)
                await anyio.to_thread.run_sync(put_off, one.job_id, self._engine)
                return
        await anyio.to_thread.run_sync(self._store.outbox.settle, one.job_id, self._engine)

    def _too_late(self, job: Job) -> bool:
        ended = job.finished or job.updated
        return (datetime.now(UTC) - ended).total_seconds() > self._persistence.seconds

    async def _attempt(self, uri: str, job: Job) -> None:
        """Tell of the job as it is, once.

        Raises:
            UndeliveredError: the subscriber did not confirm it.
            NoSuchJobError, ResultGoneError, ServerBusyError: it is another one by now, or the store does not answer.
        """
        try:
            destination = Destination.parse(uri)
        except ValueError as error:
            raise UndeliveredError(str(error), final=True) from None
        origin = self._origins.setdefault(destination.origin, _Origin(anyio.Semaphore(_MOST_OF_ORIGIN)))
        came = anyio.current_time()
        async with origin.turns, self._connections:
            if origin.silent_at > came:
                raise _NotTriedError("others at its origin have just had no answer")
            notice = await self._composed(job)
            try:
                await self._poster.post(destination, notice.body, notice.headers)
            except UndeliveredError as error:
                if error.silent:
                    origin.silent_at = anyio.current_time()
                raise

    async def _composed(self, job: Job) -> Notice:
        try:
            return await self._compose(job)
        except BackendError:
            raise
        except Exception as error:
            _log.exception("the notice of job %s could not be made", job.id)
            raise UndeliveredError("the notice could not be made") from error

    async def _job(self, one: Subscription) -> Job:
        return await anyio.to_thread.run_sync(self._store.get, one.job_id)
