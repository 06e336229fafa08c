"""The way of a job into the store, and of those that may begin at once to a worker."""

import asyncio
import threading
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from contextvars import Context, copy_context
from dataclasses import dataclass, field
from functools import partial
from itertools import groupby

import anyio
import anyio.to_thread

from backend.errors import BackendError, ServerBusyError, StoreLockedError
from backend.jobs.admission import Call, Slot
from backend.jobs.dispatch import Dispatcher
from backend.jobs.gathering import Gathering
from backend.jobs.lanes import Lanes
from backend.jobs.observer import JobObserver
from backend.jobs.records import Job, JobRequest, NewJob
from backend.jobs.store import JobStore


@dataclass(frozen=True, slots=True)
class _Asked:
    """A job that somebody asks for."""

    request: JobRequest
    patience: float
    """Seconds for which its end will be waited for."""
    context: Context = field(default_factory=copy_context)
    """Of whoever asks: observers are told within it, in whichever thread."""


@dataclass(frozen=True, slots=True)
class _Submission:
    """A job that somebody on an event loop waits to have accepted."""

    asked: _Asked
    loop: asyncio.AbstractEventLoop
    answer: asyncio.Future[Job]


@dataclass(frozen=True, slots=True)
class _Entry:
    """A job on its way into the store."""

    asked: _Asked
    call: Call
    dispatcher: Dispatcher
    slot: Slot | None
    """Where it may begin at once."""


class Intake:
    """Of one engine. Event loops and threads share it.

    One sync to the disk takes as long for ten jobs as for one: durable jobs that come during a sync share the next one.
    """

    def __init__(self, engine: str, store: JobStore, lanes: Lanes, *, max_queued: int | None) -> None:
        """max_queued: jobs that may wait for a worker; None is any number."""
        self._engine = engine
        self._store = store
        self._lanes = lanes
        self._max_queued = max_queued
        self.observers: tuple[JobObserver, ...] = ()
        """May be set at any time."""
        self._stopping = threading.Event()
        self._durable = Gathering("job-intake", self._take_submissions)

    def start(self) -> None:
        """Begin."""
        self._durable.start()

    def stop(self) -> None:
        """Accept nothing more."""
        self._stopping.set()
        self._durable.stop()

    async def accept(self, request: JobRequest, *, durable: bool, large: bool, patience: float) -> Job:
        """See `backend.jobs.engine.Engine.accept`."""
        if durable and not large:
            return await self._accept_with_others(request, patience)
        if not large and self._lanes.of(request.process_id).direct(request.process_id):
            with suppress(StoreLockedError):  # it is waited for in a thread
                return self.submit(request, durable=durable, patient=False, patience=patience)
        submit = partial(self.submit, request, durable=durable, patience=patience)
        return await anyio.to_thread.run_sync(submit)

    async def _accept_with_others(self, request: JobRequest, patience: float) -> Job:
        loop = asyncio.get_running_loop()
        submission = _Submission(_Asked(request, patience), loop, loop.create_future())
        if not self._durable.add(submission):
            raise _closed()
        with anyio.CancelScope(shield=True):  # the job is accepted even where its client has gone: it must be known
            await asyncio.wait([submission.answer])
        return submission.answer.result()

    def submit(self, request: JobRequest, *, durable: bool, patient: bool = True, patience: float = 0) -> Job:
        """See `backend.jobs.engine.Engine.submit`."""
        (outcome,) = self._take([_Asked(request, patience)], durable=durable, patient=patient)
        if isinstance(outcome, Job):
            return outcome
        raise outcome

    def _take(self, asked: Sequence[_Asked], *, durable: bool, patient: bool) -> Sequence[Job | Exception]:
        """Accept jobs; start those that may begin.

        Raises:
            ServerBusyError, StoreFullError, StoreLockedError, StoreUnavailableError: none is accepted.
        """
        if self._stopping.is_set():
            raise _closed()
        with ExitStack() as taken:
            entries = [taken.enter_context(self._entered(one)) for one in asked]
            new = [NewJob(entry.asked.request, self._engine if entry.slot else None) for entry in entries]
            outcomes = self._insert(new, durable=durable, patient=patient)
            pairs = zip(outcomes, entries, strict=True)
            accepted = [(job, entry) for job, entry in pairs if isinstance(job, Job)]
            for job, entry in accepted:
                for observer in self.observers:
                    entry.asked.context.run(observer.accepted, job)
                if entry.slot:
                    entry.dispatcher.begin(job.id, job.process_id, entry.slot)
        for job, entry in accepted:
            if not entry.slot:
                entry.dispatcher.queued(job.id, entry.call)
                if patient:  # else the engine's own thread does it, soon
                    entry.dispatcher.fill()  # a worker may have become free since
        return outcomes

    @contextmanager
    def _entered(self, asked: _Asked) -> Generator[_Entry]:
        """Reserve a worker for a job, where one is free; it is given back at the end unless the job has begun."""
        process_id = asked.request.process_id
        call = Call(process_id, time.monotonic() + asked.patience if asked.patience > 0 else 0)
        dispatcher = self._lanes.of(process_id)
        with dispatcher.slot(call, usable=dispatcher.direct(process_id)) as slot:
            yield _Entry(asked, call, dispatcher, slot)

    def _insert(self, new: Sequence[NewJob], *, durable: bool, patient: bool) -> Sequence[Job | Exception]:
        insert = partial(self._store.insert_all, durable=durable, patient=patient, max_queued=self._max_queued)
        try:
            return insert(new)
        except Exception as error:
            if isinstance(error, BackendError) or len(new) == 1:
                raise
        # One that cannot be stored is no reason to refuse its neighbours.
        return [outcome for one in new for outcome in _attempt(insert, one)]

    def _take_submissions(self, submissions: Sequence[_Submission]) -> None:
        outcomes = self._outcomes(submissions)
        answered = zip(submissions, outcomes, strict=True)
        for loop, answers in groupby(answered, lambda one: one[0].loop):
            with suppress(RuntimeError):  # the loop is closed: nobody waits any more
                loop.call_soon_threadsafe(_answer, list(answers))

    def _outcomes(self, submissions: Sequence[_Submission]) -> Sequence[Job | Exception]:
        try:
            return self._take([one.asked for one in submissions], durable=True, patient=True)
        except Exception as error:
            return [error] * len(submissions)


def _attempt(insert: Callable[[Sequence[NewJob]], Sequence[Job | Exception]], one: NewJob) -> Sequence[Job | Exception]:
    try:
        return insert([one])
    except Exception as error:
        return [error]


def _answer(answers: Sequence[tuple[_Submission, Job | Exception]]) -> None:
    for submission, outcome in answers:
        if isinstance(outcome, Job):
            submission.answer.set_result(outcome)
        else:
            submission.answer.set_exception(outcome)


def _closed() -> ServerBusyError:
    return ServerBusyError("The server is being closed.")
