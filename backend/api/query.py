"""Query parameters: numbers, and those there are."""

from collections.abc import Collection

from starlette.requests import Request

from backend.errors import InputProblem, InvalidRequestError


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
