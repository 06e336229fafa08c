"""Dismissing a job (18-062r2, conformance class dismiss)."""

from mcp_server.validate import schemas
from mcp_server.validate.checks.jobs import running
from mcp_server.validate.recorder import Answer
from mcp_server.validate.session import Session


async def operation(session: Session) -> None:
    """`DELETE /jobs/{jobID}` is supported."""
    (await _dismissal(session)).expect_success("a running job is to be dismissed")


async def dismissed(session: Session) -> None:
    """The answer is 200 with the job's status, which is `dismissed`."""
    answer = await _dismissal(session)
    answer.expect(200, asks="200 with the status of the job is asked for")
    schemas.check(answer, schemas.STATUS_INFO, "status of a job (statusInfo)")
    came = answer.json_object()["status"]
    if came != "dismissed":
        raise answer.violation(f"has the status {came!r}; 'dismissed' is asked for")


async def _dismissal(session: Session) -> Answer:
    async def dismiss() -> Answer:
        job = await running(session)
        return await session.recorder.request("DELETE", job.path)

    return await session.once("dismissal", dismiss)
