"""The API definition as an OpenAPI 3.0 document (18-062r2, conformance class oas30), and the parameters it defines."""

from typing import Final

from mcp_server.schema.plain import JsonObject, as_object
from mcp_server.validate import schemas
from mcp_server.validate.definition import Operation, below, operations, parameter_kind
from mcp_server.validate.links import media_type, related
from mcp_server.validate.recorder import Answer, path_of
from mcp_server.validate.records import InapplicableError, ViolationError
from mcp_server.validate.session import Session

_OPENAPI: Final = "application/vnd.oai.openapi+json"
_MOST_ASKED: Final = 20


async def two_forms(session: Session) -> None:
    """The landing page links to the definition as OpenAPI 3.0 in JSON and as HTML."""
    landing = await session.landing_page()
    document = landing.json()
    described = [link for link in related(document, "service-desc") if media_type(link) == _OPENAPI]
    if not described:
        raise landing.violation(f"has no link with the relation service-desc and the type {_OPENAPI};version=3.0")
    if not any(media_type(link) == "text/html" for link in related(document, "service-doc")):
        raise landing.violation("has no link with the relation service-doc and the type text/html")
    definition = await _definition(session)
    definition.expect(200, asks="200 is asked for")


async def valid(session: Session) -> None:
    """The definition is valid against OpenAPI 3.0, as far as its structure goes."""
    answer = await _definition(session)
    answer.expect(200, asks="200 is asked for")
    schemas.check(answer, schemas.OPENAPI, "OpenAPI 3.0 document")


async def implemented(session: Session) -> None:
    """What the definition offers to GET without any parameter is there."""
    asked = 0
    for operation in await _operations(session):
        required = any(one.get("required") for one in operation.parameters)
        if operation.method != "get" or "{" in operation.path or required or asked == _MOST_ASKED:
            continue
        asked += 1
        answer = await session.recorder.get(operation.path, accept="application/json, */*;q=0.5")
        if answer.status in (404, 405, 501) or answer.status >= 500:
            raise answer.violation(f"answered {answer.status}; the API definition offers it")


async def complete(session: Session) -> None:
    """Each operation names its answers; those of success that came in this run are among them."""
    for operation in await _operations(session):
        for status, response in operation.responses.items():
            if not ({"description", "$ref"} & as_object(response).keys()):
                asked = f"{operation.method.upper()} {operation.path}"
                raise (await _definition(session)).violation(f"{asked}: response {status} says nothing")
    await _check_documented(session, range(200, 300))


async def errors(session: Session) -> None:
    """The errors that came in this run are among those that the definition names."""
    await _check_documented(session, range(400, 600))


async def security(session: Session) -> None:
    """A server that asks for authentication says so in its definition."""
    refused = next((one for one in session.recorder.exchanges if one.status == 401), None)
    if refused is None and not any(name.lower() == "authorization" for name in session.options.headers):
        raise InapplicableError("the server asked for no authentication")
    document = await _document(session)
    if not as_object(as_object(document.get("components")).get("securitySchemes")):
        raise ViolationError("the API definition has no securitySchemes; the server asks for authentication", refused)


async def check_parameter(session: Session, path: str, name: str, kinds: tuple[str, ...]) -> None:
    """The definition of a query parameter of `GET path`: optional, and of one of the types.

    kinds: JSON Schema types; `array` is an array of strings or numbers.

    Raises: InapplicableError where there is no OpenAPI document in JSON; ViolationError.
    """
    document = await _document(session)
    answer = await _definition(session)
    found = [one for one in await _operations(session) if (one.path, one.method) == (path, "get")]
    if not found:
        raise answer.violation(f"defines no GET {path_of(session.recorder.root + path)}")
    named = next((one for one in found[0].parameters if one.get("name") == name), None)
    if named is None:
        if any("$ref" in one for one in found[0].parameters):
            raise InapplicableError("parameters are defined in another document, which is not asked for")
        raise answer.violation(f"defines no parameter {name!r} of GET {path}")
    kind = parameter_kind(document, named)
    wrong = [
        *([f"in {named.get('in')!r}, not 'query'"] if named.get("in") != "query" else []),
        *(["required, not optional"] if named.get("required") is True else []),
        *([f"of type {kind!r}, not {' or '.join(kinds)}"] if kind not in kinds else []),
    ]
    if wrong:
        raise answer.violation(f"defines the parameter {name!r} of GET {path} as {'; '.join(wrong)}")


async def _definition(session: Session) -> Answer:
    """The definition in JSON.

    Raises: InapplicableError where none is linked.
    """

    async def ask() -> Answer:
        linked = related((await session.landing_page()).json(), "service-desc")
        ranked = sorted(
            linked, key=lambda link: ("openapi+json" not in media_type(link), "json" not in media_type(link))
        )
        if not ranked:
            raise InapplicableError("no API definition is linked (service-desc)")
        url = session.resolved(str(ranked[0]["href"]))
        return await session.recorder.get(url, accept=f"{_OPENAPI};version=3.0, application/json;q=0.9")

    return await session.once("OpenAPI", ask)


async def _document(session: Session) -> JsonObject:
    answer = await _definition(session)
    try:
        document = answer.json_object() if answer.successful else {}
    except ViolationError:
        document = {}
    if "paths" not in document:
        raise InapplicableError("there is no OpenAPI document in JSON to look into")
    return document


async def _operations(session: Session) -> list[Operation]:
    """Raises: InapplicableError where there is no OpenAPI document in JSON."""

    async def read() -> list[Operation]:
        document = await _document(session)
        return operations(document, (await _definition(session)).evidence.url, session.recorder.root)

    return await session.once("operations", read)


async def _check_documented(session: Session, statuses: range) -> None:
    offered = await _operations(session)
    for exchange in session.recorder.exchanges:
        path = below(exchange.url, session.recorder.root)
        if exchange.status is None or exchange.status not in statuses or path is None:
            continue
        concerned = [one for one in offered if one.concerns(path, exchange.method)]
        if concerned and not any(one.names(exchange.status) for one in concerned):
            known = ", ".join(concerned[0].responses)
            raise ViolationError(
                f"{exchange.method} {path} answered {exchange.status}; the API definition names {known} only", exchange
            )
