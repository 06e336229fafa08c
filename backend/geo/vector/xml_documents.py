"""XML as files of features are written in it: what is safe to read, and its elements by their plain names."""

import codecs
import re
from xml.etree import ElementTree as ET

from backend.errors import refuse

_XML = re.compile(
    r"<(?:[?!]|(?:\w+:)?"
    r"(?:kml|Document|Folder|Placemark|gpx|FeatureCollection|(?:Service)?ExceptionReport|html)[\s/>])",
    re.IGNORECASE,
)
_DECLARATION = re.compile(r"\s*<\?xml[^>]*\?>")
"""It tells an encoding, which a text has no more."""
_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
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


def in_utf8(document: str | bytes) -> bytes:
    """A document in UTF-8 without what told another encoding: a text, or bytes, which stay what they are unless they
    begin with the mark of UTF-16.

    Raises:
        ProcessRefusedError: they are none.
    """
    if isinstance(document, bytes):
        if not document.startswith(_UTF_16):
            return document
        try:
            document = document.decode("utf-16")
        except UnicodeDecodeError as error:
            refuse(f"the XML begins as UTF-16 and is none: {error.reason} at byte {error.start}")
    return _DECLARATION.sub("", document, count=1).lstrip().encode()


def name_of(element: ET.Element) -> str:
    """Of whatever version of the format, which its namespace tells."""
    return element.tag.rpartition("}")[2]


def text_of(element: ET.Element, name: str) -> str:
    """The text of the first child of that name; empty without one."""
    return next((trimmed(child.text) for child in element if name_of(child) == name), "")


def trimmed(text: str | None) -> str:
    """A text without white space around it; empty for none."""
    return (text or "").strip()
