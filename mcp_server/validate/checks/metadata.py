"""Landing page, conformance declaration, API definition, and the use of HTTP (18-062r2, 7.2 to 7.5)."""

from mcp_server.ogc.addresses import segment
from mcp_server.validate import schemas
from mcp_server.validate.declared import declared_uris
from mcp_server.validate.executions import candidates
from mcp_server.validate.links import ogc_relations, related
from mcp_server.validate.recorder import Answer
from mcp_server.validate.records import ConformanceClass, InapplicableError, UnansweredError, ViolationError
from mcp_server.validate.session import Session

_MOST_TRIALS = 3


async def landing_page_operation(session: Session) -> None:
    """`GET /` is supported."""
    (await session.landing_page()).expect_success("a landing page is asked for")


async def landing_page(session: Session) -> None:
    """The landing page links to the API definition, the conformance declaration and the processes."""
    answer = await session.landing_page()
    answer.expect(200, asks="200 is asked for")
    schemas.check(answer, schemas.LANDING_PAGE, "landing page")
    document = answer.json()
    wanted = {
        "service-desc or service-doc": ("service-desc", "service-doc"),
        ogc_relations("conformance")[0]: ogc_relations("conformance"),
        ogc_relations("processes")[0]: ogc_relations("processes"),
    }
    missing = [name for name, relations in wanted.items() if not related(document, *relations)]
    if missing:
        raise answer.violation(f"has no link with the relation {' nor '.join(missing)}")


async def conformance_operation(session: Session) -> None:
    """`GET /conformance` is supported."""
    (await session.conformance()).expect_success("a conformance declaration is asked for")


async def conformance(session: Session) -> None:
    """The declaration names at least the class Core."""
    answer = await session.conformance()
    answer.expect(200, asks="200 is asked for")
    schemas.check(answer, schemas.CONFORMANCE, "conformance declaration")
    named = declared_uris(answer.json())
    if ConformanceClass.CORE.uri not in named:
        raise answer.violation(f"does not name {ConformanceClass.CORE.uri} among {len(named)} classes")


async def api_definition_operation(session: Session) -> None:
    """The API definitions that the landing page links to can be retrieved."""
    for answer in await _definitions(session):
        answer.expect_success("an API definition is asked for, linked as service-desc or service-doc, or here")


async def api_definition(session: Session) -> None:
    """An API definition is a document, and one in OpenAPI looks like one."""
    for answer in await _definitions(session):
        answer.expect(200, asks="200 is asked for")
        if not answer.reply.body:
            raise answer.violation("has an empty body; an API definition is asked for")
        # Which version of OpenAPI is asked for is a matter of the class oas30.
        if "openapi" in answer.media_type and answer.media_type.endswith("json"):
            document = answer.json_object()
            missing = [name for name in ("openapi", "info", "paths") if name not in document]
            if missing:
                raise answer.violation(f"is no OpenAPI document: it lacks {', '.join(missing)}")


async def http(session: Session) -> None:
    """What RFC 9110 says of any server: an answer to errors of the client is 4xx, and bodies have a media type."""
    recorder = session.recorder
    for answer in (await session.landing_page(), await session.conformance(), await session.process_list()):
        if answer.reply.body and not answer.media_type:
            raise answer.violation("has a body without Content-Type (RFC 9110, 8.3)")
    missing = await recorder.get("/no-such-resource-as-this")
    missing.expect(404, 410, 401, 403, asks="404 is asked for, as there is no such resource (RFC 9110, 15.5.5)")
    refused = await recorder.request("PUT", "/conformance")
    if refused.successful or (refused.status >= 500 and refused.status != 501):
        raise refused.violation(f"answered {refused.status}; 405 is asked for, or 501 (RFC 9110, 15.5.6)")
    strange = recorder.versions - {"HTTP/1.1", "HTTP/2"}
    if strange:
        raise ViolationError(f"the server speaks {', '.join(sorted(strange))}; HTTP/1.1 is asked for")
    await _malformed(session)


async def _malformed(session: Session) -> None:
    # A server might take it for a request without inputs: it is only sent to what may be executed.
    plans = await candidates(session)
    # What was not over in time hardly is now; where nothing was, one of them tells enough.
    heard = [plan for plan in plans if plan.id not in session.late]
    for harmless in heard[:_MOST_TRIALS] or plans[:1]:
        try:
            answer = await session.recorder.post(f"/processes/{segment(harmless.id)}/execution", [])
        except UnansweredError as error:
            if not error.late:
                raise
            continue
        if answer.status >= 500:
            raise answer.violation(f"answered {answer.status} to `[]`, an error of the client: 4xx is asked for")
        return
    raise InapplicableError("an execute request that is none was not answered in time (--timeout)")


async def _definitions(session: Session) -> list[Answer]:
    """The definitions that are linked, at most two; `/api` where none is linked."""

    async def ask() -> list[Answer]:
        document = (await session.landing_page()).json()
        found: dict[str, str] = {}
        for link in related(document, "service-desc", "service-doc"):
            found.setdefault(str(link["href"]), str(link.get("type") or "*/*"))
        answers: list[Answer] = []
        for href, accept in list(found.items())[:2]:
            try:
                answers.append(await session.recorder.get(session.resolved(href), accept=f"{accept}, */*;q=0.1"))
            except InapplicableError:
                continue
        if found and not answers:
            raise InapplicableError("the API definition is on another host, which is not asked")
        return answers or [await session.recorder.get("/api", accept="*/*")]

    return await session.once("API definitions", ask)
