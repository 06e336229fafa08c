"""Executing a process, and synchronous answers (18-062r2, 7.11)."""

from collections.abc import Mapping
from typing import Any

from mcp_server.ogc.link_header import header_links
from mcp_server.ogc.multipart import Part, parts
from mcp_server.ogc.outputs import NO_OUTPUTS
from mcp_server.schema.validation import fits
from mcp_server.validate import schemas
from mcp_server.validate.candidates import Plan
from mcp_server.validate.executions import (
    Trial,
    attempted,
    candidates,
    execute,
    given,
    produced,
    request_body,
    results_document,
    several,
    succeeded,
    trial,
    working,
)
from mcp_server.validate.recorder import Answer
from mcp_server.validate.records import InapplicableError
from mcp_server.validate.session import Session
from mcp_server.validate.started_jobs import job_of

_SYNC = "sync-execute"


async def operation(session: Session) -> None:
    """`POST /processes/{processID}/execution` executes a process."""
    done = await working(session)
    done.answer.expect_success("an execution is asked for")


async def request(session: Session) -> None:
    """An execute request with all its members is understood: inputs, outputs and response."""
    plan = (await working(session)).plan
    outputs = dict.fromkeys(produced(await results_document(session, plan), plan), "value")
    answer = await execute(session, plan, request_body(plan, outputs=outputs))
    answer.expect_success("an execute request with inputs, outputs and response is to be understood")


async def default_mode(session: Session) -> None:
    """Without `Prefer`, a process that can be executed synchronously is; one that cannot is not."""
    judged: set[bool] = set()
    for plan in await candidates(session):
        either = plan.supports(_SYNC)
        if either in judged or not plan.modes:
            continue
        done = await attempted(session, plan)
        if done is not None and done.status == "successful":
            judged.add(either)
            _check_mode(done)
    if not judged:
        raise InapplicableError("no process that could be executed declares its jobControlOptions")


def _check_mode(done: Trial) -> None:
    if done.plan.supports(_SYNC) and done.job is not None:
        raise done.answer.violation(
            f"without `Prefer` made a job ({done.answer.status}); {done.plan.id} supports sync-execute, "
            "and is to be executed synchronously"
        )
    if not done.plan.supports(_SYNC) and done.job is None:
        raise done.answer.violation(
            f"answered {done.answer.status} without a job; {done.plan.id} supports async-execute only"
        )


async def preferred_mode(session: Session) -> None:
    """With `Prefer: respond-async`, the server chooses, but within what the process supports."""
    tried: set[str] = set()
    for plan in await candidates(session):
        kind = "both" if plan.supports(_SYNC) and plan.supports("async-execute") else "one"
        if kind in tried or not plan.modes or not succeeded(await attempted(session, plan), None):
            continue
        tried.add(kind)
        answer = await execute(session, plan, request_body(plan), prefer="respond-async")
        answer.expect_success("an execution is asked for")
        made = job_of(answer) is not None
        if made and not plan.supports("async-execute"):
            raise answer.violation(f"made a job; {plan.id} supports sync-execute only")
        if not made and not plan.supports(_SYNC):
            raise answer.violation(f"made no job; {plan.id} supports async-execute only")
        if len(tried) == 2:
            break
    if not tried:
        raise InapplicableError("no process that could be executed declares its jobControlOptions")


async def default_outputs(session: Session) -> None:
    """Leaving `outputs` out is the same as asking for all of them."""
    plan = (await working(session)).plan
    omitted = await results_document(session, plan)
    if not plan.output_ids:
        raise InapplicableError(f"{plan.id} describes no outputs")
    missing = [name for name in plan.output_ids if name not in omitted]
    if not missing:
        return
    # An output may be absent from one execution; then it is absent when asked for by its name, too.
    answer = await execute(session, plan, request_body(plan, outputs=dict.fromkeys(plan.output_ids, "value")))
    if not answer.successful or job_of(answer) is not None:
        raise InapplicableError("some outputs are absent, and what comes when all are asked for cannot be compared")
    listed = answer.json_object()
    if set(produced(listed, plan)) != set(produced(omitted, plan)) or not produced(omitted, plan):
        raise (await trial(session, plan)).answer.violation(
            f"without `outputs` lacks {', '.join(map(repr, missing[:3]))}; all outputs of {plan.id} are asked for"
        )


async def document(session: Session) -> None:
    """`response: document`: 200 with the results by output id."""
    done = await working(session, _SYNC)
    check_document(done.answer, done.plan)


async def raw_value(session: Session) -> None:
    """`response: raw`, one output by value: 200 with the value itself."""
    plan, output = await one_output(session, _SYNC)
    answer = await execute(session, plan, request_body(plan, response="raw", outputs={output: "value"}))
    check_raw_value(answer, plan)


async def raw_values(session: Session) -> None:
    """`response: raw`, several outputs by value: 200 with a part for each."""
    plan, outputs = await several(session, _SYNC)
    modes = dict.fromkeys(outputs, "value")
    answer = await execute(session, plan, request_body(plan, response="raw", outputs=modes))
    check_parts(answer, modes)


async def raw_reference(session: Session) -> None:
    """`response: raw` by reference: 204 with a `Link` for each output."""
    plan, output = await one_output(session, _SYNC, reference=True)
    answer = await execute(session, plan, request_body(plan, response="raw", outputs={output: "reference"}))
    check_raw_reference(answer)


async def raw_mixed(session: Session) -> None:
    """`response: raw`, one output by value and one by reference: 200 with a part for each."""
    plan, outputs = await mixed_outputs(session, _SYNC)
    answer = await execute(session, plan, request_body(plan, response="raw", outputs=outputs))
    check_parts(answer, outputs)


async def one_output(session: Session, mode: str, *, reference: bool = False) -> tuple[Plan, str]:
    """A plan that works, and one output that it gives.

    Raises: InapplicableError where there is none, or none that may be sent by reference.
    """
    for plan in await candidates(session):
        if not plan.supports(mode) or (reference and "reference" not in plan.transmissions):
            continue
        outputs = await given(session, plan, mode)
        if outputs is not None and (outputs or plan.output_ids):
            # A server that does not name its results by output is judged for that elsewhere.
            return plan, (outputs or plan.output_ids)[0]
    how = " by reference (outputTransmission)" if reference else ""
    raise InapplicableError(f"no process that supports {mode} and could be executed gives an output{how}")


async def mixed_outputs(session: Session, mode: str) -> tuple[Plan, dict[str, str]]:
    """A plan that gives several outputs, and modes for two: one by value, one by reference.

    Raises: InapplicableError where there is none.
    """
    plan, (first, second) = await several(session, mode)
    if not {"value", "reference"} <= plan.transmissions:
        raise InapplicableError(f"{plan.id} does not offer both transmission modes (outputTransmission)")
    return plan, {first: "value", second: "reference"}


def check_document(answer: Answer, plan: Plan) -> None:
    """Raises: ViolationError where an answer is no results document of the plan's process."""
    answer.expect(200, asks="200 with the results is asked for")
    if answer.media_type != "application/json":
        raise answer.violation(f"has the media type {answer.media_type!r}; application/json is asked for")
    schemas.check(answer, schemas.RESULTS, "results document")
    named = answer.json_object()
    strange = [name for name in named if name not in plan.output_ids]
    if strange and plan.output_ids:
        raise answer.violation(
            f"has the members {_names(strange)}; those of a results document are output ids ({_names(plan.output_ids)})"
        )


def check_raw_value(answer: Answer, plan: Plan) -> None:
    """Raises: ViolationError where an answer is not the value of one output."""
    answer.expect(200, asks="200 with the output's value is asked for")
    if answer.reply.body and not answer.media_type:
        raise answer.violation("has no Content-Type, so that the value cannot be read")
    if not answer.reply.body:
        raise answer.violation("has an empty body; the output's value is asked for")
    if answer.media_type == "multipart/related":
        raise answer.violation("is multipart/related; the value of the one output itself is asked for")
    value = answer.json() if answer.media_type == "application/json" else None
    if isinstance(value, dict) and value and value.keys() <= set(plan.output_ids) and not _may_be_value(plan, value):
        raise answer.violation("is a results document; the value of the one output itself is asked for")


def check_raw_reference(answer: Answer) -> None:
    """Raises: ViolationError where an answer is not a 204 that links to its outputs."""
    answer.expect(204, asks="204 with a Link header for each output is asked for")
    if not any(link.relation not in NO_OUTPUTS for link in header_links(answer.header("link"))):
        raise answer.violation("has no Link header to the output")


def check_parts(answer: Answer, modes: Mapping[str, str]) -> None:
    """Raises: ViolationError where an answer is not a multipart one with a part for each output, sent as asked."""
    answer.expect(200, asks="200 with a part for each output is asked for")
    if answer.media_type != "multipart/related":
        raise answer.violation(f"has the media type {answer.media_type!r}; multipart/related is asked for")
    found = {part.content_id: part for part in parts(answer.header("content-type"), answer.reply.body)}
    missing = [name for name in modes if name not in found]
    if missing:
        raise answer.violation(f"has no part with the Content-ID {_names(missing)}; it has {_names(list(found))}")
    for name, mode in modes.items():
        _check_part(answer, name, found[name], mode)


def _check_part(answer: Answer, name: str, part: Part, mode: str) -> None:
    if mode == "value" and not part.body:
        raise answer.violation(f"has an empty part {name!r}; the output's value is asked for")
    if mode == "reference" and "content-location" not in part.headers:
        raise answer.violation(f"has a part {name!r} without Content-Location; the output was asked for by reference")
    if mode == "reference" and part.body.strip():
        raise answer.violation(f"has a part {name!r} with a body; the output was asked for by reference")


def _may_be_value(plan: Plan, value: Any) -> bool:
    """Whether an object that looks like a results document could be the value of the output as it is described."""

    return any(fits(value, output.schema) and output.schema.get("required") for output in plan.process.outputs)


def _names(names: Any) -> str:
    shown = [repr(name) for name in list(names)[:4]]
    return ", ".join(shown) + (", …" if len(names) > 4 else "") or "none"
