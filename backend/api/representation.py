"""Content negotiation: the same document as JSON or as a page."""

import json
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, Literal

from starlette.requests import Request
from starlette.responses import Response

from backend.api.documents import HTML
from backend.api.encoding import encode
from backend.api.media_types import choose, parse_accept
from backend.api.problems import MEDIA_TYPE as PROBLEM
from backend.api.problems import Problem
from backend.api.schemas import essence
from backend.errors import InputProblem, InvalidRequestError, NotAcceptableError
from backend.html.renderer import HEADERS, HtmlRenderer

type Form = Literal["json", "html"]

JSON = "application/json"

_VARYING = {"Vary": "Accept"}
_BY_NAME: Mapping[str, Form] = {"json": "json", JSON: "json", "html": "html", HTML: "html"}


def form_of(request: Request, own: Sequence[str] = ()) -> Form:
    """The form in which a resource is to be sent: a page, or `json` for what a program takes.

    The parameter `f` counts more than `Accept`. `own` are media types in which the resource comes besides JSON.

    Raises:
        InvalidRequestError: `f` names a form that there is not.
        NotAcceptableError: `Accept` takes neither JSON, nor one of its own, nor HTML.
    """
    wanted = request.query_params.get("f")
    if wanted is not None:
        return _named(wanted)
    accept = request.headers.getlist("accept")
    if not any(accept) or accept in (["*/*"], [JSON]):
        return "json"
    chosen = choose(parse_accept(accept), (JSON, *map(essence, own), HTML))
    if chosen is None:
        offered = ", ".join(f"`{media_type}`" for media_type in (*(own or (JSON,)), HTML))
        raise NotAcceptableError(f"This resource comes as one of {offered}; `Accept` takes none of them.")
    return "html" if chosen == HTML else "json"


def represented(
    request: Request,
    template: str,
    document: Mapping[str, Any] | bytes,
    *,
    headers: Mapping[str, str] | None = None,
    media_type: str = JSON,
) -> Response:
    """A document in the form that the client takes; bytes are its JSON already.

    Raises:
        InvalidRequestError, NotAcceptableError: As `form_of` does.
    """
    if form_of(request, () if media_type == JSON else (media_type,)) == "html":
        members = json.loads(document) if isinstance(document, bytes) else document
        return _page(request, template, members, HTTPStatus.OK, headers or {}, json_type=media_type)
    body = document if isinstance(document, bytes) else encode(document)
    return Response(body, headers={**(headers or {}), **_VARYING}, media_type=media_type)


def represented_problem(request: Request, problem: Problem) -> Response:
    """A problem document: a page for whoever reads pages, and JSON for everybody else, whatever they accept."""
    if not _reads_pages(request):
        return problem.response()
    return _page(request, "problem", problem.document, problem.status, problem.headers, json_type=PROBLEM)


def require_known_form(request: Request) -> None:
    """Refuse an `f` that there is not, where the answer has a form of its own.

    Raises:
        InvalidRequestError: `f` names a form that there is not.
    """
    wanted = request.query_params.get("f")
    if wanted is not None:
        _named(wanted)


def asks_for_json(request: Request) -> bool:
    """Whether `f` asks for JSON in so many words, whatever `Accept` takes."""
    return _BY_NAME.get(request.query_params.get("f", "")) == "json"


def _named(wanted: str) -> Form:
    try:
        return _BY_NAME[wanted]
    except KeyError:
        raise InvalidRequestError(
            "The format asked for is not available.",
            [InputProblem("f", f"must be `json` or `html`, not `{wanted[:40]}`")],
        ) from None


def _reads_pages(request: Request) -> bool:
    if request.method not in ("GET", "HEAD"):
        return False
    try:
        return form_of(request) == "html"
    except (InvalidRequestError, NotAcceptableError):
        return False


def _page(
    request: Request,
    template: str,
    document: Mapping[str, Any],
    status: int,
    headers: Mapping[str, str],
    *,
    json_type: str,
) -> Response:
    renderer: HtmlRenderer = request.app.state.html
    page = renderer.render(template, document, request.query_params.multi_items(), json_type=json_type)
    return Response(page, status_code=status, headers={**headers, **HEADERS, **_VARYING}, media_type=HTML)
