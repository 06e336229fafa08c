"""What a service answers when it fails is no features, and its own words say why."""

from pathlib import Path
from typing import Any

import pytest

from backend.errors import ProcessRefusedError
from backend.geo.describing.files import describe_file
from backend.geo.vector.datasets import DatasetFile
from backend.geo.vector.feature_reading import read_features
from backend.geo.vector.reading import read_geometry

WFS = (
    '<ows:ExceptionReport xmlns:ows="http://www.opengis.net/ows/1.1" version="2.0.0"><ows:Exception '
    'exceptionCode="InvalidParameterValue" locator="typeName"><ows:ExceptionText>Feature type\n topp:foo unknown'
    "</ows:ExceptionText></ows:Exception></ows:ExceptionReport>"
)
WFS_1_0 = (
    '<ServiceExceptionReport version="1.2.0" xmlns="http://www.opengis.net/ogc"><ServiceException code="NoSuch">'
    "\nNo such layer\n</ServiceException></ServiceExceptionReport>"
)
DECLARED = '<?xml version="1.0" encoding="UTF-8"?>\n'
GEOSERVER = {"version": "1.1.0", "exceptions": [{"code": "noApplicableCode", "text": "Could not parse CQL"}]}
ARCGIS: dict[str, Any] = {"error": {"code": 400, "message": "Invalid query parameters.", "details": []}}
PROBLEM = {"type": "about:blank", "title": "Not Found", "status": 404, "detail": "no collection roads"}
OGC = {"code": "NotFound", "description": "Collection not found"}


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (WFS, "'Feature type topp:foo unknown'"),
        (DECLARED + WFS, "'Feature type topp:foo unknown'"),
        (WFS_1_0, "'No such layer'"),
        ('<ExceptionReport><Exception exceptionCode="NoApplicableCode"/></ExceptionReport>', "'NoApplicableCode'"),
        ("<ExceptionReport/>", "without a reason"),
        (GEOSERVER, "'Could not parse CQL'"),
        (ARCGIS, "'Invalid query parameters.'"),
        (PROBLEM, "'no collection roads'"),
        (OGC, "'Collection not found'"),
        ({"error": "quota exceeded", "status": 1, "message": "m" * 400}, "'" + "m" * 300 + "'$"),
    ],
)
@pytest.mark.parametrize("read", [read_features, read_geometry])
def test_the_reason_of_a_service_is_told(answer: Any, reason: str, read: Any) -> None:
    with pytest.raises(ProcessRefusedError, match=f"error of the service.*{reason}"):
        read(answer)


@pytest.mark.parametrize("suffix", [".gml", ".geojson"])
def test_a_file_of_a_failed_download_is_told_as_such(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"roads{suffix}"
    path.write_text(DECLARED + WFS if suffix == ".gml" else '{"error": {"code": 1, "message": "Feature type unknown"}}')
    for read in (read_features, describe_file):
        with pytest.raises(ProcessRefusedError, match=r"error of the service.*unknown"):
            read(DatasetFile("roads", path, "vector"))


@pytest.mark.parametrize("document", [{"a": 1}, {"title": "Roads"}, {"code": 5}, {"error": []}])
def test_another_object_is_no_error(document: Any) -> None:
    with pytest.raises(ProcessRefusedError, match="no GeoJSON"):
        read_features(document)
