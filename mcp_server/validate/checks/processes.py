"""The process list and the descriptions, as Core asks (18-062r2, 7.9 and 7.10), and how ids that are none fare."""

from typing import Any

from mcp_server.validate import schemas
from mcp_server.validate.links import media_type, related
from mcp_server.validate.recorder import Answer
from mcp_server.validate.records import ConformanceClass, InapplicableError, ViolationError
from mcp_server.validate.session import Session


async def process_list_operation(session: Session) -> None:
    """`GET /processes` is supported."""
    (await session.process_list()).expect_success("a list of processes is asked for")


async def process_list(session: Session) -> None:
    """The list has a summary of each process, and links."""
    answer = await session.process_list()
    answer.expect(200, asks="200 is asked for")
    schemas.check(answer, schemas.PROCESS_LIST, "process list")


async def limit(session: Session) -> None:
    """`limit` bounds the list."""
    await check_limit(session, "/processes", "processes")


async def links(session: Session) -> None:
    """The list links to itself and to its other representations."""
    await check_links(session, await session.process_list())


async def description_operation(session: Session) -> None:
    """`GET /processes/{processID}` is supported for each process of the list."""
    for process_id in await session.process_ids():
        answer = await session.description(process_id)
        answer.expect_success("the description of a process of the list is asked for")


async def description(session: Session) -> None:
    """Each description is of the process that was asked for, and has what its summary must have."""
    for process_id, answer in (await session.descriptions()).items():
        answer.expect(200, asks="200 is asked for")
        schemas.check(answer, schemas.PROCESS_SUMMARY, "process description")
        described = answer.json_object()["id"]
        if described != process_id:
            raise answer.violation(f"describes {described!r}; the process {process_id!r} was asked for")


async def no_such_process(session: Session) -> None:
    """A process that there is not is answered 404, with the exception `no-such-process`."""
    answer = await session.recorder.get("/processes/no-such-process-as-this")
    schemas.exception(answer, status=404, kind="no-such-process")


async def check_limit(session: Session, path: str, member: str) -> None:
    """Ask a list for one entry.

    Raises: InapplicableError where it has fewer than two; ViolationError where `limit` is not heeded.
    """
    whole = await session.recorder.get(path)
    if len(_entries(whole, member)) < 2:
        raise InapplicableError(f"there are fewer than two {member} to limit")
    answer = await session.recorder.get(path, params={"limit": 1})
    answer.expect(200, asks="200 is asked for, as `limit=1` is a valid value")
    came = len(_entries(answer, member))
    if came > 1:
        raise answer.violation(f"lists {came} {member}; at most 1 is asked for")
    if came == 0:
        raise answer.violation(f"lists no {member}, of {len(_entries(whole, member))} that there are")


async def check_links(session: Session, answer: Answer) -> None:
    """A list must link to itself, and to itself as HTML where the class html is declared.

    Raises: ViolationError.
    """
    answer.expect(200, asks="200 is asked for")
    document = answer.json()
    if not related(document, "self"):
        raise answer.violation("has no link with the relation self")
    # "Every other media type supported by the service" can only be known of what it declares.
    if await session.declares(ConformanceClass.HTML):
        others = {media_type(link) for link in related(document, "alternate")}
        if "text/html" not in others:
            raise answer.violation("has no link with the relation alternate and the type text/html; html is declared")


def _entries(answer: Answer, member: str) -> list[Any]:
    found: Any = answer.json_object().get(member)
    if not isinstance(found, list):
        raise ViolationError(f"{answer.evidence} has no array `{member}`", answer.evidence)
    return found  # pyright: ignore[reportUnknownVariableType]
