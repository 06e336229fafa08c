"""The API definition as an OpenAPI 3.0 document (18-062r2, conformance class oas30), and the parameters it defines."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from mcp_server.schema.plain import JsonObject, as_list, as_object
from mcp_server.validate import schemas
from mcp_server.validate.links import media_type, related
from mcp_server.validate.recorder import Answer
from mcp_server.validate.records import Evidence, InapplicableError, ViolationError
from mcp_server.validate.session import Session

_METHODS: Final = ("get", "put", "post", "delete", "patch", "head", "options")
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
    document = await _document(session)
    asked = 0
    for path, method, operation in _operations(document):
        required = any(as_object(one).get("required") for one in as_list(operation.get("parameters")))
        if method != "get" or "{" in path or required or asked == _MOST_ASKED:
            continue
        asked += 1
        answer = await session.recorder.get(path, accept="application/json, */*;q=0.5")
        if answer.status in (404, 405, 501) or answer.status >= 500:
            raise answer.violation(f"answered {answer.status}; the API definition offers it")


async def complete(session: Session) -> None:
    """Each operation names its answers; those of success that came in this run are among them."""
    document = await _document(session)
    for path, method, operation in _operations(document):
        for status, response in as_object(operation.get("responses")).items():
            if not ({"description", "$ref"} & as_object(response).keys()):
                raise (await _definition(session)).violation(f"{method.upper()} {path}: response {status} says nothing")
    await _check_documented(session, document, range(200, 300))


async def errors(session: Session) -> None:
    """The errors that came in this run are among those that the definition names."""
    await _check_documented(session, await _document(session), range(400, 600))


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
    found = [operation for known, method, operation in _operations(document) if (known, method) == (path, "get")]
    if not found:
        raise answer.violation(f"defines no GET {path}")
    parameters = [_dereferenced(document, one) for one in as_list(found[0].get("parameters"))]
    named = next((one for one in parameters if one.get("name") == name), None)
    if named is None:
        if any("$ref" in one for one in parameters):
            raise InapplicableError("parameters are defined in another document, which is not asked for")
        raise answer.violation(f"defines no parameter {name!r} of GET {path}")
    kind = _kind(document, named.get("schema"))
    wrong = [
        *([f"in {named.get('in')!r}, not 'query'"] if named.get("in") != "query" else []),
        *(["required, not optional"] if named.get("required") is True else []),
        *([f"of type {kind!r}, not {' or '.join(kinds)}"] if kind not in kinds else []),
    ]
    if wrong:
        raise answer.violation(f"defines the parameter {name!r} of GET {path} as {'; '.join(wrong)}")


def _kind(document: JsonObject, schema: Any) -> Any:
    """The type of a schema; of alternatives that agree, theirs."""
    found = _dereferenced(document, schema)
    alternatives = as_list(found.get("oneOf") or found.get("anyOf"))
    if "type" in found or not alternatives:
        return found.get("type")
    kinds = {str(_kind(document, one)) for one in alternatives[:20]}
    return kinds.pop() if len(kinds) == 1 else None


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


def _operations(document: JsonObject) -> Iterator[tuple[str, str, JsonObject]]:
    for path, item in as_object(document.get("paths")).items():
        for method in _METHODS:
            operation = as_object(as_object(item).get(method))
            if operation:
                shared = as_list(as_object(item).get("parameters"))
                parameters = [*shared, *as_list(operation.get("parameters"))]
                yield path.rstrip("/") or "/", method, {**operation, "parameters": parameters}


def _dereferenced(document: JsonObject, node: Any) -> JsonObject:
    """What a reference within the document points to; the reference itself where it points elsewhere."""
    found: Any = node
    for _ in range(8):
        reference = as_object(found).get("$ref")
        if not isinstance(reference, str) or not reference.startswith("#/"):
            break
        target: Any = document
        for part in reference[2:].split("/"):
            target = as_object(target).get(part.replace("~1", "/").replace("~0", "~"))
        found = target
    return as_object(found)


async def _check_documented(session: Session, document: JsonObject, statuses: range) -> None:
    operations = list(_operations(document))
    root = urlsplit(session.recorder.root).path
    for exchange in session.recorder.exchanges:
        if exchange.status is None or exchange.status not in statuses:
            continue
        path = urlsplit(exchange.url).path.removeprefix(root).rstrip("/") or "/"
        matching = [one for one in operations if _matches(one[0], path) and one[1] == exchange.method.lower()]
        if matching and not any(_documents(operation, exchange) for _, _, operation in matching):
            known = ", ".join(as_object(matching[0][2].get("responses")))
            raise ViolationError(
                f"{exchange.method} {path} answered {exchange.status}; the API definition names {known} only", exchange
            )


def _matches(template: str, path: str) -> bool:
    pattern = "".join(
        "[^/]+" if part.startswith("{") else re.escape(part) for part in re.split(r"(\{[^}]*\})", template)
    )
    return re.fullmatch(pattern, path) is not None


def _documents(operation: Mapping[str, Any], exchange: Evidence) -> bool:
    named = as_object(operation.get("responses"))
    return bool(
        {str(exchange.status), f"{exchange.status // 100}XX" if exchange.status else "", "default"} & named.keys()
    )
