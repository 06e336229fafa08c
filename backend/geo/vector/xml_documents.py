"""XML as files of features are written in it: what is safe to read, and its elements by their plain names."""

import re
from xml.etree import ElementTree as ET

from backend.errors import refuse

_XML = re.compile(
    r"<(?:[?!]|(?:\w+:)?(?:kml|Document|Folder|Placemark|gpx|FeatureCollection|html)[\s>])", re.IGNORECASE
)
MOST_LONG = 2**26
"""Bytes or characters: its elements take many times as much memory."""


def is_xml(text: str) -> bool:
    """Whether a text, without white space before it, is XML, and not CSV or WKT."""
    return bool(_XML.match(text))


class _Builder(ET.TreeBuilder):
    def doctype(self, name: str, pubid: str | None, system: str | None) -> None:
        """No file of features needs a document type; what it could declare are texts that grow, or other files."""
        del name, pubid, system
        refuse("XML with a document type declaration is not read")


def parse_xml(text: str | bytes) -> ET.Element:
    """The root of a document, bytes in the encoding that it declares.

    Raises:
        ProcessRefusedError: it is no XML, too long, or declares a document type.
    """
    if len(text) > MOST_LONG:
        refuse(f"the XML is longer than the {MOST_LONG} that are read at once: GeoPackage holds more")
    parser = ET.XMLParser(target=_Builder())  # noqa: S314  # declarations, the danger of XML, are refused
    try:
        parser.feed(text.lstrip())
        return parser.close()
    except (ET.ParseError, ValueError, LookupError) as error:
        refuse(f"the text is no whole XML: {error}")


def name_of(element: ET.Element) -> str:
    """Of whatever version of the format, which its namespace tells."""
    return element.tag.rpartition("}")[2]


def text_of(element: ET.Element, name: str) -> str:
    """The text of the first child of that name; empty without one."""
    return next((trimmed(child.text) for child in element if name_of(child) == name), "")


def trimmed(text: str | None) -> str:
    """A text without white space around it; empty for none."""
    return (text or "").strip()
