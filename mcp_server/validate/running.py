"""A run: every test of the catalogue on one server."""

import logging
from collections.abc import Callable, Iterable
from contextlib import suppress
from time import monotonic
from typing import Any, Final, cast

import httpx

from mcp_server.errors import BridgeError, ConfigurationError, ServerUnreachableError
from mcp_server.ogc.documents import plain
from mcp_server.validate.catalogue import CATALOGUE
from mcp_server.validate.recorder import open_recorder
from mcp_server.validate.records import (
    ConformanceClass,
    ConformanceTest,
    Evidence,
    InapplicableError,
    NotAServerError,
    Options,
    Report,
    TestResult,
    UnansweredError,
    Verdict,
    ViolationError,
)
from mcp_server.validate.session import Session

logger = logging.getLogger(__name__)

_MESSAGE_LENGTH: Final = 400
_MOST_NAMED: Final = 10


async def validate(
    url: str,
    options: Options | None = None,
    *,
    on_result: Callable[[TestResult], None] = lambda _: None,
    transport: httpx.AsyncBaseTransport | None = None,
    tests: Iterable[ConformanceTest] = CATALOGUE,
) -> Report:
    """Judge the server whose landing page is at `url`.

    on_result: told of each verdict as it comes.

    Raises: NotAServerError where nothing there answers like a server of OGC API – Processes; ConfigurationError where
    it does not have the process that is to be executed.
    """
    chosen = options or Options()
    start = monotonic()
    async with open_recorder(url, headers=chosen.headers, seconds=chosen.timeout, transport=transport) as recorder:
        session = Session(recorder, chosen)
        title = await _recognised(session)
        await _check_process(session)
        declared = await session.declared()
        results: list[TestResult] = []
        for test in tests:
            if not chosen.classes or test.conformance_class in chosen.classes:
                results.append(await _judged(session, test, declared))
                on_result(results[-1])
    return Report(recorder.root, title, declared, tuple(results), monotonic() - start)


async def _recognised(session: Session) -> str:
    """The server's title.

    Raises: NotAServerError.
    """
    title: Any = None
    silence: UnansweredError | None = None
    try:
        title = _member(await session.landing_page(), "title")
    except UnansweredError as error:
        # One page may be slow; a server that cannot be reached is not asked again.
        if isinstance(error.__cause__, ServerUnreachableError) and not error.late:
            raise NotAServerError(str(error)) from error
        silence = error
    for ask, member in ((session.process_list, "processes"), (session.conformance, "conformsTo")):
        try:
            if isinstance(_member(await ask(), member), list):
                return plain(title, length=80) if isinstance(title, str) else ""
        except (ViolationError, InapplicableError):
            continue
    if silence is not None and not any(one.status for one in session.recorder.exchanges):
        late = f"{session.recorder.root} does not answer within {session.options.timeout:g} s (--timeout)"
        raise NotAServerError(late if silence.late else str(silence)) from silence
    raise NotAServerError(
        f"{session.recorder.root} is no server of OGC API – Processes: "
        "neither /processes nor /conformance below it answers as one"
    )


async def _check_process(session: Session) -> None:
    """Raises: ConfigurationError where the process that is to be executed is neither listed nor described."""
    named = session.options.process
    if named is None:
        return
    with suppress(ViolationError, InapplicableError):
        listed = await session.listed_ids()
        # A list may be a page of a longer one.
        if named not in listed and not (await session.description(named)).successful:
            some = ", ".join(plain(one, length=40) for one in listed[:_MOST_NAMED])
            raise ConfigurationError(f"--process {named}: the server has no such process; it has {some or 'none'}")


def _member(answer: Any, name: str) -> Any:
    try:
        document: Any = answer.json()
    except ViolationError:
        return None
    return cast("dict[str, Any]", document).get(name) if isinstance(document, dict) else None


async def _judged(session: Session, test: ConformanceTest, declared: tuple[ConformanceClass, ...]) -> TestResult:
    start = monotonic()
    before = len(session.recorder.exchanges)
    verdict, message, evidence = Verdict.PASSED, "", None
    try:
        # Core is what a server of this standard has, declared or not.
        if test.conformance_class not in (*declared, ConformanceClass.CORE):
            raise InapplicableError(f"the class {test.conformance_class.value} is not declared")
        await test.check(session)
    except InapplicableError as error:
        verdict, message = Verdict.NOT_APPLICABLE, str(error)
    except ViolationError as error:
        verdict, message, evidence = Verdict.FAILED, str(error), error.evidence
    except BridgeError as error:
        verdict, message = Verdict.FAILED, str(error)
    except OSError as error:
        verdict, message = Verdict.NOT_APPLICABLE, f"this machine cannot judge it: {error}"
    except Exception as error:
        # A document of a shape that no check foresees is the server's fault, never a reason to stop.
        logger.debug("the check of %s", test.id, exc_info=error)
        verdict, message = Verdict.FAILED, f"a document of the server is not of the standard's shape ({error!r})"
        evidence = _last(session, before)
    return TestResult(
        id=test.id,
        conformance_class=test.conformance_class,
        purpose=test.purpose,
        clause=test.clause,
        verdict=verdict,
        message=plain(message, length=_MESSAGE_LENGTH),
        evidence=evidence,
        exchanges=tuple(session.recorder.exchanges[before:]),
        seconds=monotonic() - start,
    )


def _last(session: Session, before: int) -> Evidence | None:
    exchanges = session.recorder.exchanges[before:]
    return exchanges[-1] if exchanges else None
