"""GML, as services and cadastres answer it, put where GDAL reads it without anything else. For workers only."""

# pyogrio has no types.
# pyright: reportUnknownMemberType=false

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pyogrio

from backend.errors import refuse
from backend.geo.vector.fields import listed
from backend.geo.vector.xml_documents import name_of, parse_xml

OPEN_OPTIONS: Mapping[str, Any] = {"WRITE_GFS": "NO", "DOWNLOAD_SCHEMA": "NO"}
"""Nothing is fetched, and nothing written beside the file."""
_CONFIGURATION = {"GML_FIELDTYPES": "ALWAYS_STRING", "GML_SKIP_RESOLVE_ELEMS": "ALL"}
"""Values as they are written, as GDAL would take 007 for 7; references into this or other documents are left alone."""
_SCHEMA = re.compile(rb"schemaLocation(?=\s*=\s*[\"'])", re.IGNORECASE)
_UNREAD = b"schemaNotTaken"
"""Of the same length, in place of the attribute by which GDAL would open a schema, wherever it is."""
_NOT_GML = re.compile(rb"<(?:OGR|GDAL|VRT)\w*")
"""Roots of documents that name further files: GDAL looks for them anywhere in the beginning of a file."""
_MEMBERS = frozenset(("member", "featureMember", "featureMembers"))
_CORNERS = frozenset(("lowerCorner", "upperCorner"))
_GEOMETRIES = frozenset((
    "Point", "LineString", "Polygon", "Curve", "Surface", "Solid", "LinearRing", "CompositeCurve", "CompositeSurface",
    "MultiPoint", "MultiLineString", "MultiPolygon", "MultiCurve", "MultiSurface", "MultiGeometry", "PolyhedralSurface",
))  # fmt: skip


def put_gml(content: bytes, path: Path) -> None:
    """Write GML for GDAL to read, in a folder of its own.

    Raises:
        ProcessRefusedError: it is no XML, declares a document type, is too long, or names files to be read.
    """
    if b"\0" in content:
        refuse("GML in UTF-16 without its mark is not read: save it in UTF-8")
    parse_xml(content)
    if _NOT_GML.search(content):
        refuse("the GML has elements by which GDAL would read other files")
    path.write_bytes(_SCHEMA.sub(_UNREAD, content))
    pyogrio.set_gdal_config_options(_CONFIGURATION)


def told_of(path: Path, layer: str, *, read: int, has_crs: bool) -> list[str]:
    """What is to be said of a GML that GDAL passes over.

    layer: the name of one type of features. read: how many of them GDAL found.
    has_crs: GDAL knows one CRS of the layer.

    Raises:
        ProcessRefusedError: there is none because there are several, or GDAL has not found all features.
    """
    root = parse_xml(path.read_bytes())
    names = sorted({name for element in root.iter() if (name := element.get("srsName"))})
    if not has_crs and len(names) > 1:
        refuse(f"the GML has coordinates in several CRSs: {listed(names)}; ask the service for one, such as by srsName")
    features = [feature for holder in root.iter() if name_of(holder) in _MEMBERS for feature in holder]
    lost = sum(name_of(feature) == layer for feature in features) - read
    if lost > 0:
        # Without a word GDAL ends at the first element that is nested more deeply than it follows.
        refuse(f"{lost} features of the GML cannot be read: it is nested too deeply; save it as GeoPackage")
    several = sum(_geometries_of(feature) > 1 for feature in features)
    return [f"{several} features have several geometries, of which one alone was read."] if several else []


def without_bounds[T](fields: Mapping[str, T]) -> Mapping[str, T]:
    """The fields without the corners of a feature's box (boundedBy), which GDAL takes for fields without a schema.

    They would stay what they are when the geometries change.
    """
    return fields if not fields.keys() >= _CORNERS else {name: fields[name] for name in fields if name not in _CORNERS}


def _geometries_of(feature: ET.Element) -> int:
    return sum(any(name_of(one) in _GEOMETRIES for one in field) for field in feature)
