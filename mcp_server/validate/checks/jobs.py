"""Jobs: accepting them, their status and their results (18-062r2, 7.11 to 7.13)."""

from collections.abc import Mapping
from contextlib import suppress

from mcp_server.ogc.link_header import header_links
from mcp_server.validate import schemas
from mcp_server.validate.candidates import Plan, is_lasting, lasting, nonsense
from mcp_server.validate.checks.execution import (
    check_document,
    check_parts,
    check_raw_reference,
    check_raw_value,
    mixed_outputs,
    one_output,
)
from mcp_server.validate.executions import (
    asynchronous,
    candidates,
    made_job,
    request_body,
    several,
    submit,
    trial,
    working,
)
from mcp_server.validate.recorder import Answer
from mcp_server.validate.records import InapplicableError, ViolationError
from mcp_server.validate.session import Session
from mcp_server.validate.started_jobs import Job, finished, has_ended, job_named, results_of

_ASYNC = "async-execute"
_MOST_TRIALS = 4


async def accepted(session: Session) -> None:
    """An asynchronous execution is answered 201, with the job's location and status."""
    job = await asynchronous(session)
    answer = job.submission
    answer.expect(201, asks="201 is asked for, with Location and the status of the job")
    if not answer.header("location"):
        raise answer.violation("has no Location header; a link to the new job is asked for")
    if job_named(answer.header("location")) is None:
        raise answer.violation(
            f"has the Location {answer.evidence.headers['location']!r}, which is no …/jobs/{{jobID}}"
        )
    schemas.check(answer, schemas.STATUS_INFO, "status of a job (statusInfo)")


async def status_operation(session: Session) -> None:
    """`GET /jobs/{jobID}` is supported."""
    (await _status(session)).expect_success("the status of a job is asked for")


async def status(session: Session) -> None:
    """A job's status is one (`statusInfo`), while it runs as well as when it has ended."""
    answers = [await _status(session)]
    with suppress(InapplicableError):
        answers.append(await session.recorder.get((await running(session)).path))
    for answer in answers:
        answer.expect(200, asks="200 is asked for")
        schemas.check(answer, schemas.STATUS_INFO, "status of a job (statusInfo)")


async def results_operation(session: Session) -> None:
    """`GET /jobs/{jobID}/results` is supported."""
    (await results_of(session, await asynchronous(session))).expect_success("the results of a job are asked for")


async def document(session: Session) -> None:
    """`response: document`: the results by output id."""
    plan = (await working(session, _ASYNC)).plan
    check_document(await results_of(session, await asynchronous(session)), plan)


async def raw_value(session: Session) -> None:
    """`response: raw`, one output by value: the value itself."""
    plan, output = await one_output(session, _ASYNC)
    check_raw_value(await _raw_results(session, plan, {output: "value"}), plan)


async def raw_values(session: Session) -> None:
    """`response: raw`, several outputs by value: a part for each."""
    plan, outputs = await several(session, _ASYNC)
    modes = dict.fromkeys(outputs, "value")
    check_parts(await _raw_results(session, plan, modes), modes)


async def raw_reference(session: Session) -> None:
    """`response: raw` by reference: 204 with a `Link` for each output."""
    plan, output = await one_output(session, _ASYNC, reference=True)
    check_raw_reference(await _raw_results(session, plan, {output: "reference"}))


async def raw_mixed(session: Session) -> None:
    """`response: raw`, one output by value and one by reference: a part for each."""
    plan, modes = await mixed_outputs(session, _ASYNC)
    check_parts(await _raw_results(session, plan, modes), modes)


async def synchronous_job(session: Session) -> None:
    """A synchronous execution that made a job links to it, and the job is successful."""
    done = await working(session, "sync-execute")
    if done.job is not None:
        raise InapplicableError("the server answers executions with jobs only")
    monitors = [link.href for link in header_links(done.answer.header("link")) if link.relation == "monitor"]
    if not monitors:
        made = job_named(done.answer.header("location"))
        if made is not None:
            raise done.answer.violation(f"made the job {made!r} (Location), and has no Link with rel=monitor to it")
        # Whether a job was made is the server's affair; one that it does not tell of cannot be asked for.
        raise InapplicableError("the answer to a synchronous execution tells of no job")
    answer = await session.recorder.get(session.resolved(monitors[0]))
    answer.expect(200, asks="200 with the status of the job is asked for")
    schemas.check(answer, schemas.STATUS_INFO, "status of a job (statusInfo)")
    came = answer.json_object()["status"]
    if came != "successful":
        raise answer.violation(f"is {came}; the synchronous execution that made the job was successful")


async def no_such_job(session: Session) -> None:
    """A job that there is not is answered 404, with the exception `no-such-job`."""
    answer = await session.recorder.get("/jobs/no-such-job-as-this")
    schemas.exception(answer, status=404, kind="no-such-job")


async def results_of_no_job(session: Session) -> None:
    """So are the results of a job that there is not."""
    answer = await session.recorder.get("/jobs/no-such-job-as-this/results")
    schemas.exception(answer, status=404, kind="no-such-job")


async def not_ready(session: Session) -> None:
    """The results of a job that runs are answered 404, with the exception `result-not-ready`."""
    job = await running(session)
    answer = await session.recorder.get(f"{job.path}/results")
    if answer.successful and await has_ended(session, job):
        raise InapplicableError("the job ended before its results were asked for")
    schemas.exception(answer, status=404, kind="result-not-ready")


async def failed(session: Session) -> None:
    """The results of a job that failed are an error, with an exception that tells the reason."""
    job = await _failing(session)
    answer = await results_of(session, job)
    if answer.status < 400:
        raise answer.violation(f"answered {answer.status}; an error (4xx or 5xx) is asked for, as the job failed")
    if answer.status == 404:
        raise answer.violation("answered 404; the job is there, so an error that tells why it failed is asked for")
    schemas.check(answer, schemas.EXCEPTION, "exception (RFC 7807)")


async def running(session: Session) -> Job:
    """A job that runs: the one of an earlier test while it does, or a new one.

    Raises: InapplicableError where every job ends before it can be asked for.
    """
    kept: dict[str, Job] = await session.once("running jobs", _nothing)
    job = kept.get("job")
    if job is not None and not await has_ended(session, job):
        return job
    kept["job"] = await _lasting(session)
    return kept["job"]


async def _nothing() -> dict[str, Job]:
    return {}


async def _lasting(session: Session) -> Job:
    supported = [plan for plan in await candidates(session) if plan.supports(_ASYNC)]
    if not supported:
        raise InapplicableError("no process that could be executed supports async-execute")
    likely = sorted(supported, key=lambda plan: not is_lasting(plan))
    for plan in likely[:_MOST_TRIALS]:
        job = await made_job(session, lasting(plan))
        if job is not None and not await has_ended(session, job):
            return job
    raise InapplicableError("every job had ended before it could be asked for: name a longer one with --process")


async def _failing(session: Session) -> Job:
    """A job that failed: of a process that fails by itself, or on values that mean nothing.

    Raises: InapplicableError where none fails.
    """
    tried: set[object] = set()
    # Those that were not over in time come last, as they hardly are now.
    for plan in sorted(await candidates(session), key=lambda plan: (plan.id in session.late, nonsense(plan) is plan)):
        # One process under several names fails under none or all of them.
        kind = (plan.process.title, *(spec.id for spec in plan.process.inputs))
        if not plan.supports(_ASYNC) or kind in tried or len(tried) == 2 * _MOST_TRIALS:
            continue
        tried.add(kind)
        changed = nonsense(plan)
        if changed is plan and (await _tried(session, plan)) == "successful":
            continue
        job = await made_job(session, changed)
        if job is None:
            continue
        try:
            ended = (await finished(session, job)).json_object()
        except InapplicableError:
            continue
        if ended["status"] == "failed":
            return job
    raise InapplicableError("no job could be made to fail: executions that cannot succeed were refused at once")


async def _tried(session: Session, plan: Plan) -> str:
    try:
        return (await trial(session, plan)).status
    except (ViolationError, InapplicableError):
        return "unknown"


async def _status(session: Session) -> Answer:
    job = await asynchronous(session)

    return await session.once("status", lambda: session.recorder.get(job.path))


async def _raw_results(session: Session, plan: Plan, modes: Mapping[str, str]) -> Answer:
    job = await submit(session, plan, request_body(plan, response="raw", outputs=modes))
    ended = (await finished(session, job)).json_object()
    if ended["status"] != "successful":
        raise job.submission.violation(f"made a job that ended as {ended['status']}; it was to succeed")
    # Whatever media type the value has: that of an error is told by its status.
    return await session.recorder.get(f"{job.path}/results", accept="*/*")
