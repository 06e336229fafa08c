"""Texts that hold features and are no JSON: KML, GPX, CSV, and geometries one in each line."""

from pyproj import CRS

from backend.geo.vector.csv_features import read_csv
from backend.geo.vector.features import Features
from backend.geo.vector.geojson_parsing import BLANK
from backend.geo.vector.geometry_texts import is_geometry_list, read_geometry_list
from backend.geo.vector.wkt import is_table
from backend.geo.vector.xml_documents import is_xml
from backend.geo.vector.xml_features import read_xml


def is_document(text: str) -> bool:
    """Whether a text that is no JSON is XML, CSV or a list of geometries, and not a single one in WKT."""
    start = text.lstrip(BLANK)
    return is_xml(start) or is_table(start) or is_geometry_list(start)


def read_document(text: str, crs: CRS | None = None) -> Features:
    """The features of a KML, GPX, CSV or list; crs: of the last two, longitude and latitude by default.

    Raises:
        ProcessRefusedError: it is none of them.
    """
    start = text.lstrip(BLANK)
    if is_xml(start):
        return read_xml(start)
    return read_geometry_list(start, crs) if is_geometry_list(start) else read_csv(start, crs)
