"""Features that are written in XML: KML and GPX."""

from backend.errors import refuse
from backend.geo.vector.features import Features
from backend.geo.vector.gpx_features import gpx_features
from backend.geo.vector.kml_features import ROOTS, kml_features
from backend.geo.vector.xml_documents import name_of, parse_xml

_SHOWN = 40


def read_xml(text: str | bytes) -> Features:
    """The features of a KML or GPX, bytes in the encoding that it declares, in longitude and latitude on WGS 84.

    Raises:
        ProcessRefusedError: it is neither, has no features, or a position that is none.
    """
    root = parse_xml(text)
    name = name_of(root)
    if name == "gpx":
        return gpx_features(root)
    if name not in ROOTS:
        hint = "; save GML as GeoPackage, or ask a service for GeoJSON" if name == "FeatureCollection" else ""
        refuse(f"XML whose root is {name[:_SHOWN]!r} is not read; KML and GPX are{hint}")
    return kml_features(root)
