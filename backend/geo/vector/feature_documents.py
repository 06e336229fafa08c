"""Texts that hold features and are no JSON: KML, GPX and CSV."""

from pyproj import CRS

from backend.geo.vector.csv_features import read_csv
from backend.geo.vector.features import Features
from backend.geo.vector.geojson_parsing import BLANK
from backend.geo.vector.wkt import is_table
from backend.geo.vector.xml_documents import is_xml
from backend.geo.vector.xml_features import read_xml


def is_document(text: str) -> bool:
    """Whether a text that is no JSON is XML or CSV, and not WKT."""
    start = text.lstrip(BLANK)
    return is_xml(start) or is_table(start)


def read_document(text: str, crs: CRS | None = None) -> Features:
    """The features of a KML, GPX or CSV; crs: of a CSV, longitude and latitude by default.

    Raises:
        ProcessRefusedError: it is none of them.
    """
    start = text.lstrip(BLANK)
    return read_xml(start) if is_xml(start) else read_csv(start, crs)
