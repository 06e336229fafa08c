"""Input values of every kind: in-line and by reference (18-062r2, 7.11.2.2)."""

from collections.abc import Callable, Iterable
from typing import Any

from mcp_server.ogc.link_header import header_links
from mcp_server.schema.combine import branches, is_any
from mcp_server.schema.plain import JsonObject, as_list, as_object
from mcp_server.schema.process import InputSpec
from mcp_server.validate import schemas
from mcp_server.validate.candidates import Plan
from mcp_server.validate.executions import (
    attempted,
    candidates,
    execute,
    given,
    request_body,
    succeeded,
    working,
)
from mcp_server.validate.recorder import Answer
from mcp_server.validate.records import InapplicableError
from mcp_server.validate.samples import BBOX, sample, unfit
from mcp_server.validate.session import Session
from mcp_server.validate.started_jobs import finished, job_of, results_of

_MOST_TRIALS = 4


async def inline(session: Session) -> None:
    """A value that fits is taken; one that does not is refused."""
    _, answer = await _refusal(session)
    _check_refused(answer)


async def validation(session: Session) -> None:
    """A value that does not fit is refused with an exception that names its input."""
    name, answer = await _refusal(session)
    _check_refused(answer)
    schemas.check(answer, schemas.EXCEPTION, "exception (RFC 7807)")
    if name.encode() not in answer.reply.body:
        raise answer.violation(f"does not name the input {name!r}, whose value does not fit its schema")


async def both_ways(session: Session) -> None:
    """Values are taken both in-line and by reference."""
    done = await working(session)
    if not done.plan.process.inputs:
        raise InapplicableError(f"{done.plan.id} takes no inputs")
    await reference(session)


async def array(session: Session) -> None:
    """An input that may occur several times takes an array, of several values and of one."""

    def several(spec: InputSpec) -> list[Any]:
        value = sample(spec.schema)
        if not spec.multiple or value is None:
            return []
        least = max(spec.min_items, 1)
        most = max(least, 2 if spec.max_items is None else min(spec.max_items, 2))
        return [[value] * most, [value] * least]

    await _taken(session, several, "an input with maxOccurs above 1")


async def objects(session: Session) -> None:
    """An input that is an object takes a qualified value."""

    def qualified(spec: InputSpec) -> list[Any]:
        if spec.multiple or any(_is_bbox(branch) for branch in _branches(spec)):
            return []
        value = sample({"anyOf": [branch for branch in _branches(spec) if branch.get("type") == "object"] or [{}]})
        return [{"value": value}] if isinstance(value, dict) else []

    await _taken(session, qualified, "an input that is an object")


async def bounding_box(session: Session) -> None:
    """An input that is a bounding box takes one."""

    def boxes(spec: InputSpec) -> list[Any]:
        return [BBOX] if not spec.multiple and any(_is_bbox(branch) for branch in _branches(spec)) else []

    await _taken(session, boxes, "a bounding box as input")


async def binary(session: Session) -> None:
    """A binary input takes base64."""

    def encoded(spec: InputSpec) -> list[Any]:
        found = [branch for branch in _branches(spec) if "contentEncoding" in branch]
        value = sample(found[0]) if found and not spec.multiple else None
        return [] if value is None else [value]

    await _taken(session, encoded, "a binary input (contentEncoding)")


async def mixed(session: Session) -> None:
    """An input of mixed type takes a qualified value of each of its types."""

    def each(spec: InputSpec) -> list[Any]:
        written = as_list(as_object(as_object(spec.original).get("schema")).get("oneOf"))
        if len(written) < 2 or spec.multiple:
            return []
        values: list[Any] = []
        for branch, fitting in zip(map(as_object, written), _branches(spec), strict=False):
            value = sample(fitting)
            if value is not None:
                qualities = {"mediaType": branch["contentMediaType"]} if "contentMediaType" in branch else {}
                values.append({"value": value, **qualities})
        return values

    await _taken(session, each, "an input of mixed type (oneOf)")


async def reference(session: Session) -> None:
    """An input takes a link in place of its value."""
    plan, name, link = await _own_reference(session)
    answer = await execute(session, plan, request_body(plan, inputs={**plan.inputs, name: link}))
    answer.expect_success(f"the input {name!r} by reference is to be taken; the link is one that the server gave")
    job = job_of(answer)
    if job is not None and (await finished(session, job)).json_object()["status"] != "successful":
        raise answer.violation(f"made a job that failed; {name!r} was a link that the server gave")


async def _own_reference(session: Session) -> tuple[Plan, str, dict[str, Any]]:
    """A plan, an input of it, and a link to a value for it: one of an output, as only that the server surely can read.

    Raises: InapplicableError where there is none.
    """
    links = {name: value for name, value in session.options.inputs.items() if "href" in as_object(value)}
    for plan in await candidates(session):
        for name, link in links.items():
            if name in plan.inputs:
                return plan, name, link
    for plan in await candidates(session):
        if "reference" not in plan.transmissions or not plan.supports("sync-execute"):
            continue
        outputs = {output.id: output for output in plan.process.outputs}
        for spec in plan.process.inputs:
            if spec.id not in outputs or not spec.by_reference or spec.multiple:
                continue
            value = plan.inputs.get(spec.id, sample(spec.schema))
            fuller = plan.having(**{spec.id: value})
            if spec.id in (await given(session, fuller) or ()):
                return plan, spec.id, await _link_to(session, fuller, spec.id)
    raise InapplicableError(
        'there is no reference at hand that the server could read: give one with --input NAME={"href": "…"}'
    )


async def _link_to(session: Session, plan: Plan, output: str) -> dict[str, Any]:
    answer = await execute(session, plan, request_body(plan, response="raw", outputs={output: "reference"}))
    targets = [link.href for link in header_links(answer.header("link")) if link.relation not in ("monitor", "self")]
    if not targets:
        raise InapplicableError(f"the server gave no link to the output {output!r} when asked for it by reference")
    return {"href": session.resolved(targets[0])}


async def _taken(session: Session, values: Callable[[InputSpec], Iterable[Any]], what: str) -> None:
    """Execute a process with each of an input's values.

    Raises: InapplicableError where no process that could be executed has such an input, or where a value that the
    suite made up is refused: a process may well ask for more than its schemas tell.
    """
    refused: list[Answer] = []
    described = [(plan, spec) for plan in await candidates(session) for spec in plan.process.inputs]
    for plan, spec in described:
        made = list(values(spec))
        if not made or len(refused) >= _MOST_TRIALS or not succeeded(await attempted(session, plan), None):
            continue
        answers = [await _executed(session, plan, {spec.id: value}) for value in made]
        erred = next((answer for answer in answers if answer.status >= 500), None)
        if erred is not None:
            raise erred.violation(f"answered {erred.told} to {what}, {spec.id!r}")
        failed = [answer for answer in answers if not answer.successful]
        if not failed:
            return
        refused += failed[:1]
        if _is_trivial(plan) or len(failed) < len(answers):
            raise failed[0].violation(
                f"answered {failed[0].told}; {spec.id!r} is {what}, and the value fits its schema"
            )
    if refused:
        raise InapplicableError(f"the made-up value for {what} was refused: {refused[0].told}")
    raise InapplicableError(f"no process that could be executed has {what}")


async def _executed(session: Session, plan: Plan, more: dict[str, Any]) -> Answer:
    """The answer that tells whether an execution succeeded: of a job, that to the request for its results."""
    answer = await execute(session, plan, request_body(plan, inputs={**plan.inputs, **more}))
    job = job_of(answer)
    if job is None:
        return answer
    status = (await finished(session, job)).json_object()["status"]
    return answer if status == "successful" else await results_of(session, job)


def _is_trivial(plan: Plan) -> bool:
    """Whether a process takes whatever fits its schemas."""
    return "echo" in plan.id.lower()


async def _refusal(session: Session) -> tuple[str, Answer]:
    """An input, and how the server answered to a value that does not fit its schema.

    Raises: InapplicableError where there is no input whose schema excludes anything.
    """

    async def refuse() -> tuple[str, Answer]:
        await working(session)
        for plan in await candidates(session):
            if not succeeded(await attempted(session, plan), None):
                continue
            for spec in plan.process.inputs:
                value = unfit(spec.schema)
                if value is not None and not (spec.multiple and isinstance(value, list)):
                    return spec.id, await _executed(session, plan, {spec.id: value})
        raise InapplicableError("no process that could be executed has an input whose schema excludes anything")

    return await session.once("refusal", refuse)


def _check_refused(answer: Answer) -> None:
    if answer.successful:
        raise answer.violation(
            f"answered {answer.status}; a value that does not fit the input's schema is to be refused"
        )
    if answer.status >= 500 and answer.evidence.method == "POST":
        raise answer.violation(f"answered {answer.told}; a value that does not fit is an error of the client (4xx)")


def _branches(spec: InputSpec) -> list[JsonObject]:
    return [] if is_any(spec.schema) else branches(spec.schema)


def _is_bbox(branch: JsonObject) -> bool:
    return branch.get("format") == "ogc-bbox" or "bbox" in as_object(branch.get("properties"))
