"""Features that are written in XML: KML, GPX and GML."""

from backend.errors import refuse
from backend.geo.vector.features import Features
from backend.geo.vector.gpx_features import gpx_features
from backend.geo.vector.kml_features import ROOTS, kml_features
from backend.geo.vector.service_errors import REPORTS, told_by_report
from backend.geo.vector.xml_documents import in_utf8, name_of, parse_xml

_SHOWN = 40


def read_xml(text: str | bytes) -> Features:
    """The features of a KML or GPX, bytes in the encoding that it declares, in longitude and latitude on WGS 84.

    Of a text those of GML too, in its CRS; of bytes `vector_files` reads them.

    Raises:
        ProcessRefusedError: it is none of them, has no features, or a position that is none.
    """
    root = parse_xml(text)
    name = name_of(root)
    if name == "gpx":
        return gpx_features(root)
    if name in REPORTS:
        refuse(told_by_report(root))
    if name not in ROOTS:
        if name == "FeatureCollection" and isinstance(text, str):
            # GDAL is for workers: the server reads no file.
            from backend.geo.vector.vector_files import read_file  # noqa: PLC0415

            return read_file(in_utf8(text))
        refuse(f"XML whose root is {name[:_SHOWN]!r} is not read; KML, GPX and GML are")
    return kml_features(root)
