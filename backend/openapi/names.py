"""Names within an OpenAPI document. Pure."""

import hashlib
import re

_FORBIDDEN = re.compile(r"[^A-Za-z0-9._-]")


def component_name(*parts: str) -> str:
    """One name of several, of the characters that a component's name may have; different for different parts.

    Ids of processes, inputs and outputs may hold any character, and the dot that joins them.
    """
    plain = ".".join(parts)
    cleaned = _FORBIDDEN.sub("_", plain)
    if cleaned == plain and all("." not in part for part in parts[1:]):
        return cleaned
    return f"{cleaned}-{hashlib.sha256('\0'.join(parts).encode('utf-8', 'replace')).hexdigest()[:8]}"


def reference(component: str, section: str = "schemas") -> str:
    """The `$ref` of a component."""
    return f"#/components/{section}/{component}"
