"""A run: every test of the catalogue on one server."""

import logging
from collections.abc import Callable, Iterable
from time import monotonic
from typing import Any, Final, cast

import httpx

from mcp_server.errors import BridgeError, ServerUnreachableError
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
    Verdict,
    ViolationError,
)
from mcp_server.validate.session import Session

logger = logging.getLogger(__name__)

_MESSAGE_LENGTH: Final = 400


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

    Raises: NotAServerError where nothing there answers like a server of OGC API – Processes.
    """
    chosen = options or Options()
    start = monotonic()
    async with open_recorder(url, headers=chosen.headers, seconds=chosen.timeout, transport=transport) as recorder:
        session = Session(recorder, chosen)
        title = await _recognised(session)
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
    try:
        title = _member(await session.landing_page(), "title")
    except ViolationError as error:
        if isinstance(error.__cause__, ServerUnreachableError):
            raise NotAServerError(str(error)) from error
    for ask, member in ((session.process_list, "processes"), (session.conformance, "conformsTo")):
        try:
            if isinstance(_member(await ask(), member), list):
                return plain(title, length=80) if isinstance(title, str) else ""
        except (ViolationError, InapplicableError):
            continue
    raise NotAServerError(
        f"{session.recorder.root} is no server of OGC API – Processes: "
        "neither /processes nor /conformance below it answers as one"
    )


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
