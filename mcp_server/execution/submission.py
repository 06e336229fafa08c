"""One request that may start something: what the caller's cancellation does to it, and signs of life meanwhile."""

from collections.abc import Awaitable, Callable

import anyio

from mcp_server.ogc.models import ExecuteReply

_GRACE_SECONDS = 5.0
_SIGN_OF_LIFE_SECONDS = 5.0


async def submit(
    send: Callable[[], Awaitable[ExecuteReply]],
    *,
    abandonable: bool,
    on_late: Callable[[ExecuteReply], Awaitable[None]],
    still_waiting: Callable[[float], Awaitable[None]],
) -> ExecuteReply:
    """Send an execution and wait for its answer.

    abandonable: the server ends what its client no longer waits for, so a cancelled request is simply dropped. Else it
    gets a few seconds more, and `on_late` an answer that came so: a job nobody knows could not be dismissed.
    still_waiting: told every few seconds how long it has been.
    """
    shield = anyio.CancelScope(shield=not abandonable)
    answered = anyio.Event()
    answer: list[ExecuteReply | Exception] = []

    async def run() -> None:
        with shield:
            try:
                answer.append(await send())
            except Exception as error:
                answer.append(error)
        answered.set()

    async with anyio.create_task_group() as group:
        group.start_soon(run)
        try:
            await until_set(answered, still_waiting)
        except anyio.get_cancelled_exc_class():
            shield.deadline = anyio.current_time() + _GRACE_SECONDS
            # An answer that is there names a job, which then nobody else knows of.
            with anyio.CancelScope(shield=not abandonable or bool(answer)):
                await answered.wait()
                if answer and not isinstance(answer[0], Exception):
                    await on_late(answer[0])
            raise
    if isinstance(answer[0], Exception):
        raise answer[0]
    return answer[0]


async def until_set(answered: anyio.Event, still_waiting: Callable[[float], Awaitable[None]]) -> None:
    """Wait for an event; `still_waiting` is told every few seconds how long it has been."""
    began = anyio.current_time()
    while not answered.is_set():
        with anyio.move_on_after(_SIGN_OF_LIFE_SECONDS):
            await answered.wait()
        if not answered.is_set():
            await still_waiting(anyio.current_time() - began)
