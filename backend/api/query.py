"""Query parameters: numbers, and those there are."""

from collections.abc import Collection

from starlette.requests import Request

from backend.errors import InputProblem, InvalidRequestError
from backend.processes.explanations import MOST_SUGGESTIONS, suggestion


def integer_parameter(request: Request, name: str, *, default: int, least: int, most: int) -> int:
    """A whole number of the query; larger ones than `most` are taken for `most` (OGC 18-062r2, 7.9.3).

    Raises:
        InvalidRequestError: It is no whole number, or smaller than `least`.
    """
    text = request.query_params.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdigit()) or int(text[:20]) < least:
        raise InvalidRequestError(
            f"The query parameter `{name}` is not valid.",
            [InputProblem(name, f"must be a whole number, {least} or more, not `{text[:40]}`")],
        )
    return min(int(text[:20]), most)


def refuse_misspelt_parameters(request: Request, known: Collection[str]) -> None:
    """Refuse a parameter that only looks like one of the resource's; any other is none of our business.

    Raises:
        InvalidRequestError: There is one: what it was to select would be everything.
    """
    unknown = sorted(set(request.query_params.keys()) - set(known))
    mended = ((name, suggestion(name[:40], known)) for name in unknown[:MOST_SUGGESTIONS])
    problems = [InputProblem(name[:40], f"is no parameter of this resource.{right}") for name, right in mended if right]
    if problems:
        raise InvalidRequestError("The query is not valid.", problems)


def require_known_parameters(request: Request, known: Collection[str]) -> None:
    """Refuse a parameter that there is not: a filter that is misspelt must not let everything through.

    Raises:
        InvalidRequestError: There is one.
    """
    unknown = sorted(set(request.query_params.keys()) - set(known))
    if unknown:
        told = ", ".join(f"`{name}`" for name in known)
        problems = [InputProblem(name[:40], f"is no parameter of this resource; there are {told}") for name in unknown]
        raise InvalidRequestError("The query is not valid.", problems)
