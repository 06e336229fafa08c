"""What a conformance declaration names. Pure."""

import re
from typing import Any, cast

from mcp_server.validate.records import ConformanceClass

# `req` in place of `conf` and https in place of http are common slips, and say as clearly what is meant. The version
# is left open: a server of the draft 2.0 names the same classes.
_CLASS = re.compile(r"https?://www\.opengis\.net/spec/ogcapi-processes-1/\d+\.\d+/(?:conf|req)/([\w-]+)/?")


def declared_uris(document: Any) -> tuple[str, ...]:
    """`conformsTo` of a conformance declaration; empty where there is none."""
    found: Any = cast("dict[str, Any]", document).get("conformsTo") if isinstance(document, dict) else None
    return tuple(uri for uri in cast("list[Any]", found) if isinstance(uri, str)) if isinstance(found, list) else ()


def declared_classes(document: Any) -> tuple[ConformanceClass, ...]:
    """The classes of Part 1 that a conformance declaration means, in the standard's order.

    It tells what to test; whether the identifiers are the right ones is a test of its own.
    """
    names = {match[1] for match in map(_CLASS.fullmatch, declared_uris(document)) if match}
    return tuple(one for one in ConformanceClass if one.value in names)
