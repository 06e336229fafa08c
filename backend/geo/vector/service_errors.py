"""What services answer in place of features when they fail, told in their own words."""

from collections.abc import Iterator, Mapping
from typing import Any, cast
from xml.etree import ElementTree as ET

from backend.geo.vector.xml_documents import name_of, trimmed

REPORTS = frozenset(("ExceptionReport", "ServiceExceptionReport"))
"""Roots of what WFS and WMS of any version answer."""
_REASONS = frozenset(("ExceptionText", "ServiceException"))
_CODES = ("exceptionCode", "code")
_TEXTS = ("message", "text", "detail", "description", "title")
"""Members that say what went wrong: of ArcGIS, GeoServer, problem details (RFC 9457) and OGC APIs."""
_LONGEST = 300
"""Characters; they are a stranger's."""


def told_by_report(root: ET.Element) -> str:
    """The reason of a refusal of an exception report."""
    texts = [trimmed(element.text) for element in root.iter() if name_of(element) in _REASONS]
    codes = [code for element in root.iter() for name in _CODES if (code := element.get(name))]
    return _told(filter(None, (*texts, *codes)))


def told_by_object(document: Mapping[str, Any]) -> str | None:
    """The same of a JSON object; None where it does not say that something went wrong."""
    within = document.get("error") or document.get("exceptions")
    if isinstance(within, list) and within:
        within = cast("list[Any]", within)[0]
    said = cast("Mapping[str, Any]", within if isinstance(within, Mapping) else document)
    if said is document and not {"code", "status"} & document.keys():
        return None
    texts = [text for name in _TEXTS if isinstance(text := said.get(name), str) and text.strip()]
    return _told(iter(texts)) if texts else None


def _told(texts: Iterator[str]) -> str:
    text = " ".join(next(texts, "without a reason").split())
    plain = "".join(letter for letter in text if letter.isprintable())
    return f"this is an error of the service that was asked, no features: {plain[:_LONGEST]!r}"
