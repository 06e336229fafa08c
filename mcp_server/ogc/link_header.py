"""The links in the header of an answer (RFC 8288), and parameters as headers write them. Pure."""

import re
from dataclasses import dataclass

_LINK = re.compile(r"<([^<>]*)>([^<]*)")
_PARAMETER = re.compile(r';\s*([\w*-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s",;]*))')


@dataclass(frozen=True, slots=True)
class HeaderLink:
    """One link."""

    href: str
    relation: str
    """Empty where it has none."""
    media_type: str
    title: str


def header_links(header: str) -> tuple[HeaderLink, ...]:
    """The links of a `Link` header, one for each relation."""
    found: list[HeaderLink] = []
    for target, parameters in _LINK.findall(header):
        told = parameters_in(parameters)
        relations = told.get("rel", "").split() or [""]
        found += [HeaderLink(target.strip(), one, told.get("type", ""), told.get("title", "")) for one in relations]
    return tuple(found)


def parameters_in(text: str) -> dict[str, str]:
    """The parameters of a header's value, `; name=value; name="value"`, the first of each name in lower case."""
    told: dict[str, str] = {}
    for name, quoted, bare in _PARAMETER.findall(text):
        told.setdefault(name.lower(), quoted or bare)
    return told
