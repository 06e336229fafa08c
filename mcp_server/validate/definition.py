"""An OpenAPI 3.0 document, read as what it says of one server. Pure."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final
from urllib.parse import urlsplit

import httpx

from mcp_server.ogc.origins import same_origin
from mcp_server.schema.plain import JsonObject, as_list, as_object, pointed_at

_METHODS: Final = ("get", "put", "post", "delete", "patch", "head", "options")
_MOST_STEPS: Final = 8
_MOST_ALTERNATIVES: Final = 20


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of a document."""

    path: str
    """Below the root of the server, as `/processes/{processID}`; that of the root itself is `/`."""
    method: str
    """In lower case."""
    parameters: tuple[JsonObject, ...]
    """Its own and those of its path; a reference to another document is left as it is."""
    responses: Mapping[str, Any]

    def concerns(self, path: str, method: str) -> bool:
        """Whether a request is one of this operation; `path` is below the root."""
        return self.method == method.lower() and _pattern(self.path).fullmatch(path) is not None

    def names(self, status: int) -> bool:
        """Whether an answer's status is among those that are documented."""
        return bool({str(status), f"{status // 100}XX", "default"} & self.responses.keys())


@lru_cache(maxsize=256)
def _pattern(path: str) -> re.Pattern[str]:
    """Paths that a path with parameters stands for."""
    parts = re.split(r"(\{[^}]*\})", path)
    return re.compile("".join("[^/]+" if part.startswith("{") else re.escape(part) for part in parts))


def operations(document: JsonObject, url: str, root: str) -> list[Operation]:
    """The operations of the API below `root`, in the document's order; what else the host has is left out.

    url: where the document was found, as relative URLs of servers are relative to it (OpenAPI 3.0, server object).
    root: URL of the landing page, without the slash at its end.
    """
    paths = as_object(document.get("paths"))
    base = _base(document, paths, url, root)
    found: list[Operation] = []
    for written, item in paths.items():
        path = below(base + written, root)
        if path is not None:
            found += _of_path(document, path, as_object(item))
    return found


def below(url: str, root: str) -> str | None:
    """The path of a URL below the root, `/` for the root itself; None where it leads elsewhere on the host."""
    path, prefix = urlsplit(url).path.rstrip("/"), urlsplit(root).path.rstrip("/")
    if path == prefix:
        return "/"
    return path.removeprefix(prefix) if path.startswith(f"{prefix}/") else None


def parameter_kind(document: JsonObject, parameter: JsonObject) -> Any:
    """The type of a parameter's schema; of alternatives that agree, theirs."""
    return _kind(document, parameter.get("schema"), _MOST_STEPS)


def _base(document: JsonObject, paths: JsonObject, url: str, root: str) -> str:
    """The first of the document's servers below which the processes are; the first where there is none such."""
    bases = _bases(document, url, root)
    return next(
        (base for base in bases if any(below(base + path, root) == "/processes" for path in paths)),
        bases[0],
    )


def _bases(document: JsonObject, url: str, root: str) -> list[str]:
    """URLs of the document's servers, without the slash at their ends; where none is named, it is the host's root."""
    found: list[str] = []
    for server in map(as_object, as_list(document.get("servers")) or [{"url": "/"}]):
        try:
            base = str(httpx.URL(url).join(_filled(server))).rstrip("/")
        except (httpx.InvalidURL, TypeError):
            continue
        # A server may go by another name than that of its definition: a mapped port, a proxy in front of it.
        found += [base] if same_origin(base, root) else [base, root]
    return found or [root]


def _filled(server: JsonObject) -> str:
    """A server's URL with the defaults of its variables."""
    written: Any = server["url"] if isinstance(server.get("url"), str) else "/"
    for name, variable in as_object(server.get("variables")).items():
        written = written.replace(f"{{{name}}}", str(as_object(variable).get("default", "")))
    return written


def _of_path(document: JsonObject, path: str, item: JsonObject) -> Iterator[Operation]:
    for method in _METHODS:
        operation = as_object(item.get(method))
        if operation:
            written = [*as_list(item.get("parameters")), *as_list(operation.get("parameters"))]
            parameters = tuple(_dereferenced(document, one) for one in written)
            yield Operation(path, method, parameters, as_object(operation.get("responses")))


def _kind(document: JsonObject, schema: Any, steps: int) -> Any:
    found = _dereferenced(document, schema)
    alternatives = as_list(found.get("oneOf") or found.get("anyOf"))
    if "type" in found or not alternatives or not steps:
        return found.get("type")
    kinds = {str(_kind(document, one, steps - 1)) for one in alternatives[:_MOST_ALTERNATIVES]}
    return kinds.pop() if len(kinds) == 1 else None


def _dereferenced(document: JsonObject, node: Any) -> JsonObject:
    """What a reference within the document points to; the reference itself where it points elsewhere."""
    found: Any = node
    for _ in range(_MOST_STEPS):
        reference = as_object(found).get("$ref")
        if not isinstance(reference, str) or not reference.startswith("#/"):
            break
        found = pointed_at(document, reference)
    return as_object(found)
