"""Executions that several tests judge: which process works, and what it gives."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from mcp_server.ogc.addresses import segment
from mcp_server.validate.candidates import Plan, plans
from mcp_server.validate.recorder import Answer
from mcp_server.validate.records import InapplicableError, UnansweredError, ViolationError
from mcp_server.validate.samples import sample
from mcp_server.validate.session import Session
from mcp_server.validate.started_jobs import Job, finished, job_of, results_of

_MOST_TRIALS: Final = 6
_MOST_LATE: Final = 4
"""So often the time limit is waited for in vain."""
_INVENTED: Final = "name a process and its inputs with --process and --input"


@dataclass(frozen=True, slots=True)
class Trial:
    """A first execution of a plan: without `Prefer`, with `response: document`."""

    plan: Plan
    answer: Answer
    job: Job | None
    """Where the server made a job of it."""
    status: str
    """`successful` or `failed`; of the job, where there is one."""


async def candidates(session: Session) -> tuple[Plan, ...]:
    """Executions that may be tried, the most harmless first.

    Raises: InapplicableError where there is none.
    """

    async def choose() -> tuple[Plan, ...]:
        options = session.options
        documents: list[dict[str, Any]] = []
        for process_id, answer in (await session.descriptions()).items():
            if not answer.successful:
                continue
            with suppress(ViolationError):
                # It is executed by the id that it is listed under.
                documents.append({**answer.json_object(), "id": process_id})
        found = plans(documents, process=options.process, inputs=options.inputs)
        if not found:
            raise InapplicableError(f"no process can be executed without knowing its inputs: {_INVENTED}")
        return found

    return await session.once("candidates", choose)


def request_body(
    plan: Plan,
    *,
    response: str | None = "document",
    outputs: Mapping[str, str] | None = None,
    inputs: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """An execute request.

    outputs: transmission mode by output id; None leaves `outputs` out.
    inputs: in place of the plan's.
    """
    body: dict[str, Any] = {"inputs": dict(plan.inputs if inputs is None else inputs)}
    if outputs is not None:
        body["outputs"] = {name: {"transmissionMode": mode} for name, mode in outputs.items()}
    if response is not None:
        body["response"] = response
    return body


async def execute(session: Session, plan: Plan, body: Mapping[str, Any], *, prefer: str | None = None) -> Answer:
    """POST an execute request."""
    return await session.recorder.post(f"/processes/{segment(plan.id)}/execution", body, prefer=prefer)


async def trial(session: Session, plan: Plan) -> Trial:
    """Execute a plan, and wait for its end.

    Raises: UnansweredError; InapplicableError where its job does not end in time, or so many did not that this one is
    not tried; ViolationError where its job cannot be followed.
    """

    async def run() -> Trial:
        answer = await execute(session, plan, request_body(plan))
        job = job_of(answer)
        if job is None:
            return Trial(plan, answer, None, "successful" if answer.successful else "failed")
        session.jobs_by_default = session.jobs_by_default or not plan.modes
        ended = await finished(session, job)
        return Trial(plan, answer, job, str(ended.json_object()["status"]))

    async def bounded() -> Trial:
        if plan.id in session.late or len(session.late) >= _MOST_LATE:
            names = ", ".join(dict.fromkeys(session.late))
            raise InapplicableError(f"executions of {names} were not over in time (--timeout)")
        try:
            return await run()
        except (UnansweredError, InapplicableError) as error:
            if isinstance(error, InapplicableError) or error.late:
                session.late.append(plan.id)
            raise

    # The inputs tell plans of one process apart.
    return await session.once(("trial", plan.id, repr(plan.inputs)), bounded)


async def attempted(session: Session, plan: Plan) -> Trial | None:
    """A trial of a plan; None where it is not over in time.

    Raises: ViolationError where its job cannot be followed.
    """
    try:
        return await trial(session, plan)
    except (UnansweredError, InapplicableError):
        return None


async def working(session: Session, mode: str | None = None) -> Trial:
    """The first execution that succeeds, of a process that supports the mode.

    Raises: InapplicableError where there is no such process, none ends in time, or the suite knows too little to
    execute one; ViolationError where the author's own example, or inputs that the user gave, are refused.
    """

    async def find() -> Trial:
        tried: list[Trial] = []
        missed: list[UnansweredError | InapplicableError] = []
        for plan in await candidates(session):
            if mode is None or plan.supports(mode):
                try:
                    tried.append(await trial(session, plan))
                except (UnansweredError, InapplicableError) as error:
                    missed.append(error)
                    continue
                if succeeded(tried[-1], mode):
                    return tried[-1]
            # A server that makes a job of one process that declares no mode does so with the next.
            if len(tried) == _MOST_TRIALS or any(one.status == "successful" for one in tried):
                break
        raise _unheard(missed) if missed and not tried else _failure(tried, mode)

    return await session.once(("working", mode), find)


def succeeded(done: Trial | None, mode: str | None) -> bool:
    """Whether a trial succeeded, and tells of the mode: where none is declared, the server's choice decides."""
    if done is None:
        return False
    undeclared = not done.plan.modes and mode == "sync-execute" and done.job is not None
    return done.status == "successful" and not undeclared


def _unheard(missed: list[UnansweredError | InapplicableError]) -> ViolationError | InapplicableError:
    """Why no execution came to an end: a broken connection is the server's fault, slowness is not."""
    broken = next((one for one in missed if isinstance(one, UnansweredError) and not one.late), None)
    return broken or InapplicableError(f"{missed[0]}; name a quicker process with --process")


def _failure(tried: list[Trial], mode: str | None) -> ViolationError | InapplicableError:
    if not tried:
        return InapplicableError(f"no process that supports {mode} can be executed without knowing its inputs")
    if any(one.status == "successful" for one in tried):
        return InapplicableError("no process declares sync-execute (jobControlOptions), and each was made a job")
    for one in tried:
        erred = one.answer.status >= 500 or (one.job is not None and not one.plan.invented)
        if erred or not one.plan.invented:
            how = "its job failed" if one.job else f"answered {one.answer.told}"
            return one.answer.violation(f"{how}; an execution that succeeds is asked for")
    names = ", ".join(one.plan.id for one in tried)
    return InapplicableError(f"invented inputs were refused ({names}): {_INVENTED}")


async def results_document(session: Session, plan: Plan) -> dict[str, Any]:
    """The results of a plan as a document, by output id.

    Raises: ViolationError where they are none.
    """
    done = await trial(session, plan)
    answer = done.answer if done.job is None else await results_of(session, done.job)
    answer.expect(200, asks="200 with the results is asked for")
    return answer.json_object()


def produced(document: Mapping[str, Any], plan: Plan) -> tuple[str, ...]:
    """Ids of the described outputs that a results document has."""
    return tuple(name for name in plan.output_ids if name in document)


async def given(session: Session, plan: Plan, mode: str | None = None) -> tuple[str, ...] | None:
    """Ids of the described outputs that an execution gives; None where it does not succeed, or not in time.

    Raises: ViolationError where the results are no document.
    """
    if mode == "sync-execute" and not plan.modes and session.jobs_by_default:
        return None
    if not succeeded(await attempted(session, plan), mode):
        return None
    try:
        return produced(await results_document(session, plan), plan)
    except UnansweredError:
        return None


async def made_job(session: Session, plan: Plan) -> Job | None:
    """The job that an execution asked to be asynchronous was made; None where it was none, or none in time."""
    if len(session.late) >= _MOST_LATE:
        return None
    try:
        answer = await execute(session, plan, request_body(plan), prefer="respond-async")
    except UnansweredError as error:
        session.late += [plan.id] if error.late else []
        return None
    return job_of(answer) if answer.successful else None


async def submit(session: Session, plan: Plan, body: Mapping[str, Any]) -> Job:
    """Execute asynchronously.

    Raises: InapplicableError where the server, at its discretion, answered with results; ViolationError where it
    refused, or must not answer so.
    """
    answer = await execute(session, plan, body, prefer="respond-async")
    answer.expect_success("an asynchronous execution is asked for")
    job = job_of(answer)
    if job is not None:
        return job
    if plan.supports("sync-execute"):
        raise InapplicableError("asked for an asynchronous execution, the server answers with the results, as it may")
    raise answer.violation(f"answered {answer.status}, not with a job; {plan.id} supports async-execute only")


async def asynchronous(session: Session) -> Job:
    """A job of a process that works, with `response: document`, successfully ended.

    Raises: as `working` and `submit` do.
    """

    async def run() -> Job:
        plan = (await working(session, "async-execute")).plan
        job = await submit(session, plan, request_body(plan))
        ended = (await finished(session, job)).json_object()
        if ended["status"] != "successful":
            raise job.submission.violation(f"made a job that ended as {ended['status']}; before, the same succeeded")
        return job

    return await session.once("asynchronous", run)


async def several(session: Session, mode: str) -> tuple[Plan, tuple[str, str]]:
    """A plan that gives at least two outputs, and two of these.

    Raises: InapplicableError where there is none.
    """

    async def find() -> tuple[Plan, tuple[str, str]]:
        for plan in await candidates(session):
            if len(plan.output_ids) < 2 or not plan.supports(mode):
                continue
            for fuller in (plan, _mirrored(plan)):
                names = await given(session, fuller, mode) or ()
                if len(names) > 1:
                    return fuller, (names[0], names[1])
        raise InapplicableError(f"no process that supports {mode} and could be executed gives more than one output")

    return await session.once(("several", mode), find)


def _mirrored(plan: Plan) -> Plan:
    """The plan with values for those inputs that are outputs too: an echo gives back what it is given."""
    outputs = set(plan.output_ids)
    values = {
        spec.id: sample(spec.schema)
        for spec in plan.process.inputs
        if spec.id in outputs and spec.id not in plan.inputs and not spec.multiple
    }
    found = {name: value for name, value in values.items() if value is not None}
    return plan.having(**dict(list(found.items())[:3]))
