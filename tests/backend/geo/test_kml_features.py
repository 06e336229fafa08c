"""KML as people and programs write it: every placemark with its data, or a clear reason why not."""

import io
import zipfile
from pathlib import Path
from typing import Any

import pytest
import shapely

from backend.errors import ProcessRefusedError
from backend.geo.vector.datasets import DatasetFile, Datasets
from backend.geo.vector.feature_reading import read_features
from backend.geo.vector.reading import read_geometry
from backend.geo.vector.vector_files import layers_of
from tests.backend.processes.conversions import collection, converted

POINT = "<Point><coordinates>7.45,46.95,540</coordinates></Point>"

HOLED = (
    "<Polygon><outerBoundaryIs><LinearRing><coordinates>0,0 9,0 9,9 0,9 0,0</coordinates></LinearRing>"
    "</outerBoundaryIs><innerBoundaryIs><LinearRing><coordinates>1,1 2,1 2,2 1,1</coordinates></LinearRing>"
    "</innerBoundaryIs><innerBoundaryIs><LinearRing><coordinates>4,4 5,4 5,5 4,4</coordinates></LinearRing>"
    "</innerBoundaryIs></Polygon>"
)
NESTED = (
    f"<MultiGeometry><MultiGeometry>{POINT}</MultiGeometry>"
    "<LineString><coordinates>1,2 3,4</coordinates></LineString></MultiGeometry>"
)


def kml(content: str, *, namespace: str = ' xmlns="http://www.opengis.net/kml/2.2"') -> str:
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<kml{namespace}><Document>{content}</Document></kml>'


def declaring(entities: str) -> str:
    return f'<?xml version="1.0"?><!DOCTYPE kml [{entities}]><kml><Placemark><name>&a;</name></Placemark></kml>'


def placemark(geometry: str, told: str = "") -> str:
    return f"<Placemark>{told}{geometry}</Placemark>"


def shape(geometry: str) -> Any:
    return read_features(kml(placemark(geometry))).shapes[0]


def fields(*placemarks: str, before: str = "") -> dict[str, list[Any]]:
    read = read_features(kml(before + "".join(placemarks)))
    return {name: list(values) for name, values in read.fields.items()}


@pytest.mark.parametrize(
    ("geometry", "wkt"),
    [
        (POINT, "POINT (7.45 46.95)"),
        ("<Point><coordinates> 7.45 , 46.95 </coordinates></Point>", "POINT (7.45 46.95)"),
        ("<LineString><coordinates>\n 1,2,0\n3,4,0 </coordinates></LineString>", "LINESTRING (1 2, 3 4)"),
        ("<LineString><coordinates>1, 2, 0 3, 4, 0</coordinates></LineString>", "LINESTRING (1 2, 3 4)"),
        ("<LinearRing><coordinates>0,0 1,0 1,1 0,0</coordinates></LinearRing>", "LINESTRING (0 0, 1 0, 1 1, 0 0)"),
        (HOLED, "POLYGON ((0 0, 9 0, 9 9, 0 9, 0 0), (1 1, 2 1, 2 2, 1 1), (4 4, 5 4, 5 5, 4 4))"),
        (f"<MultiGeometry>{POINT}{POINT.replace('7.45', '8')}</MultiGeometry>", "MULTIPOINT (7.45 46.95, 8 46.95)"),
        (NESTED, "GEOMETRYCOLLECTION (POINT (7.45 46.95), LINESTRING (1 2, 3 4))"),
    ],
)
def test_each_kind_of_geometry_is_read_as_it_is_written(geometry: str, wkt: str) -> None:
    assert shapely.normalize(shape(geometry)).equals(shapely.normalize(shapely.from_wkt(wkt)))


def test_heights_count_where_they_are_absolute() -> None:
    absolute = POINT.replace("<Point>", "<Point><altitudeMode>absolute</altitudeMode>")
    assert shape(absolute).wkt == "POINT Z (7.45 46.95 540)"
    assert not shape(POINT).has_z
    relative = kml(placemark(absolute.replace("absolute", "relativeToGround")))
    features = read_features(relative)
    assert not features.shapes[0].has_z
    assert features.warnings == (
        "1 geometries have heights above the ground, or of some parts only; they were left out.",
    )


def test_heights_of_what_lies_on_the_ground_are_left_out_and_told() -> None:
    polygon = (
        "<Polygon><outerBoundaryIs><LinearRing><coordinates>0,0,5 1,0,6 1,1,7 0,0,8</coordinates></LinearRing>"
        "</outerBoundaryIs></Polygon>"
    )
    told = "1 geometries lie on the ground, as the file says: their heights were left out."
    for geometry in (POINT, polygon):
        features = read_features(kml(placemark(geometry)))
        assert not features.shapes[0].has_z
        assert features.warnings == (told,)
    level = "<LineString><coordinates>1,2,0 3,4,0</coordinates></LineString>"
    assert read_features(kml(placemark(level))).warnings == ()


def test_heights_of_some_parts_alone_are_left_out_and_told() -> None:
    absolute = POINT.replace("<Point>", "<Point><altitudeMode>absolute</altitudeMode>")
    features = read_features(kml(placemark(f"<MultiGeometry>{absolute}{POINT}</MultiGeometry>")))
    assert not features.shapes[0].has_z
    assert "of some parts only" in features.warnings[0]


def test_a_track_is_a_line_and_its_times_are_left() -> None:
    track = (
        '<gx:Track xmlns:gx="http://www.google.com/kml/ext/2.2"><when>2020-01-01T00:00:00Z</when>'
        "<when>2020-01-01T00:01:00Z</when><gx:coord>1 2 0</gx:coord><gx:coord>3 4 0</gx:coord></gx:Track>"
    )
    assert shape(track).wkt == "LINESTRING (1 2, 3 4)"


def test_several_tracks_are_lines_whatever_stands_beside_them() -> None:
    tracks = "".join(f"<gx:Track><gx:coord>{x} 2 0</gx:coord><gx:coord>{x} 4 0</gx:coord></gx:Track>" for x in (1, 5))
    beside = "<altitudeMode>clampToGround</altitudeMode><gx:interpolate>1</gx:interpolate>"
    several = f'<gx:MultiTrack xmlns:gx="http://www.google.com/kml/ext/2.2">{beside}{tracks}</gx:MultiTrack>'
    assert shape(several).wkt == "MULTILINESTRING ((1 2, 1 4), (5 2, 5 4))"


def test_names_folders_times_and_data_are_fields() -> None:
    data = (
        "<name>Bern</name><description><![CDATA[<!DOCTYPE html><b>capital</b>]]></description>"
        "<TimeSpan><begin>1191</begin><end>2020</end></TimeSpan>"
        '<ExtendedData><Data name="people"><displayName>People</displayName><value>134000</value></Data>'
        '<Data name="code"><value>0351</value></Data></ExtendedData>'
    )
    told = fields("<Folder><name>Cities</name>", placemark(POINT, data), "</Folder>", placemark(POINT))
    assert told == {
        "name": ["Bern", None],
        "description": ["<!DOCTYPE html><b>capital</b>", None],
        "begin": ["1191", None],
        "end": ["2020", None],
        "folder": ["Cities", None],
        "people": [134000, None],
        "code": ["0351", None],
    }


def test_data_are_numbers_or_truth_values_where_they_are_written_so_whatever_a_schema_declares() -> None:
    schema = '<Schema name="s" id="s"><SimpleField name="n" type="string"/></Schema>'
    data = (
        '<ExtendedData><SchemaData schemaUrl="#s"><SimpleData name="n">5</SimpleData>'
        '<SimpleData name="code">05</SimpleData><SimpleData name="yes">true</SimpleData></SchemaData></ExtendedData>'
    )
    assert fields(placemark(POINT, data), before=schema) == {"n": [5], "code": ["05"], "yes": [True]}


def test_data_of_a_name_that_placemarks_have_is_kept_beside_it() -> None:
    data = '<name>a</name><ExtendedData><Data name="name"><value>b</value></Data></ExtendedData>'
    assert fields(placemark(POINT, data)) == {"name": ["a"], "name_2": ["b"]}


@pytest.mark.parametrize("namespace", ["", ' xmlns="http://earth.google.com/kml/2.1"'])
def test_the_version_does_not_matter(namespace: str) -> None:
    assert len(read_features(kml(placemark(POINT), namespace=namespace))) == 1


def test_what_is_no_feature_is_told_to_be_left_out() -> None:
    others = "<GroundOverlay/><NetworkLink><Link><href>http://example.org/a.kml</href></Link></NetworkLink>"
    features = read_features(kml(others + placemark(POINT) + placemark("")))
    assert len(features) == 2
    assert features.warnings[0] == "1 placemarks have no geometry."
    assert features.warnings[1] == "GroundOverlay, NetworkLink of the KML are no features, and left out."


def test_rings_that_are_not_closed_are_closed_and_told() -> None:
    ring = "<LinearRing><coordinates>0,0 1,0 1,1</coordinates></LinearRing>"
    features = read_features(kml(placemark(f"<Polygon><outerBoundaryIs>{ring}</outerBoundaryIs></Polygon>")))
    assert features.shapes[0].area == 0.5
    assert "did not end where they began" in features.warnings[0]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (kml(""), "the KML has no placemarks"),
        (kml(placemark(POINT))[:-20], "the text is no whole XML"),
        ("<?xml version='1.0'?><osm/>", "XML whose root is 'osm' is not read; KML, GPX and GML are"),
        ("<html >\n</html>", "XML whose root is 'html' is not read; KML, GPX and GML are"),
        (kml(placemark(POINT.replace("7.45", "seven"))), "placemark 1 of the KML has a geometry that is none"),
        (kml(placemark(POINT.replace("7.45,", ""))), "is outside|latitude|pole|position"),
        (kml(placemark(POINT.replace("7.45,46.95,540", "7"))), "'7' is no longitude,latitude"),
        (kml(placemark(POINT.replace("7.45", "nan"))), "is not of finite numbers"),
        (kml(placemark("<LineString><coordinates>1,2</coordinates></LineString>")), "placemark 1 of the KML"),
        (declaring('<!ENTITY a SYSTEM "file:///etc/passwd">'), "XML with a document type declaration is not read"),
        (declaring('<!ENTITY b "bbbbbb"><!ENTITY a "&b;&b;">'), "XML with a document type declaration is not read"),
    ],
)
def test_what_is_no_kml_is_refused_with_the_reason(text: str, reason: str) -> None:
    with pytest.raises(ProcessRefusedError, match=reason):
        read_features(text)


@pytest.mark.parametrize("encoding", ["foo", "hex"])
def test_an_encoding_that_there_is_not_is_refused(encoding: str) -> None:
    with pytest.raises(ProcessRefusedError, match="no whole XML"):
        read_features(kml(placemark(POINT)).replace("UTF-8", encoding).encode())


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig"])
def test_a_file_may_begin_with_white_space_or_the_mark_of_its_encoding(encoding: str) -> None:
    assert len(read_features(kml(placemark(POINT)).replace("UTF-8", encoding[:6].rstrip("-")).encode(encoding))) == 1
    assert len(read_features(b"\n  <kml>" + placemark(POINT).encode() + b"</kml>")) == 1
    assert len(read_features(b"\n" + kml(placemark(POINT)).encode())) == 1


def test_a_kml_of_more_than_fits_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("backend.geo.vector.xml_documents.MOST_LONG", 100)
    with pytest.raises(ProcessRefusedError, match="the XML is longer than the 100"):
        read_features(kml(placemark(POINT)))


def test_data_of_other_names_in_each_placemark_are_refused_where_they_are_too_many(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("backend.geo.vector.fields._MOST_CELLS", 8)
    data = '<ExtendedData><Data name="{}"><value>1</value></Data></ExtendedData>'
    with pytest.raises(ProcessRefusedError, match="3 features with 3 different fields"):
        read_features(kml("".join(placemark(POINT, data.format(name)) for name in "abc")))


def test_folders_within_folders_without_end_are_no_harm() -> None:
    depth = 50_000
    assert len(read_features(kml("<Folder>" * depth + placemark(POINT) + "</Folder>" * depth))) == 1


def test_a_text_in_one_line_is_a_geometry_too() -> None:
    assert read_geometry(kml(placemark(POINT)).replace("\n", "")).shape.wkt == "POINT (7.45 46.95)"


def test_what_convert_features_writes_is_read_again() -> None:
    data = collection(
        ("POINT Z (7.5 47 400)", {"ort": "Zürich & <b>", "n": 1, "yes": True}),
        ("POLYGON ((8 47, 9 47, 9 48, 8 47))", {"ort": None, "n": None, "yes": False}),
        (None, {"ort": "", "n": 3, "yes": None}),
    )
    again = read_features(converted(data, format="kml").encode())
    assert [shape and shape.wkt for shape in again.shapes] == [
        "POINT Z (7.5 47 400)",
        "POLYGON ((8 47, 9 47, 9 48, 8 47))",
        None,
    ]
    assert {name: list(values) for name, values in again.fields.items()} == {
        "ort": ["Zürich & <b>", None, None],
        "n": [1, None, 3],
        "yes": [True, False, None],
    }


def test_a_kmz_is_read_by_its_document() -> None:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as made:
        made.writestr("files/icon.png", b"")
        made.writestr("doc.kml", kml(placemark(POINT)))
        made.writestr("more.kml", kml(placemark(POINT) * 2))
    assert len(read_features(archive.getvalue())) == 1


def test_a_file_is_read_in_the_encoding_that_it_declares(tmp_path: Path) -> None:
    path = tmp_path / "orte.kml"
    text = kml(placemark(POINT, "<name>Zürich</name>")).replace("UTF-8", "ISO-8859-1")
    path.write_bytes(text.encode("latin-1"))
    assert read_features(DatasetFile("orte", path, "vector")).fields["name"] == ["Zürich"]
    assert read_features(path.read_bytes()).fields["name"] == ["Zürich"]


def test_a_kmz_of_a_data_folder_is_a_dataset(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "hikes.kmz", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("doc.kml", kml(placemark(POINT, "<name>Top</name>")))
        archive.writestr("images/a.png", b"x")
    dataset = Datasets.within([tmp_path]).get("hikes")
    assert layers_of(dataset) == ("hikes",)
    read = read_features(dataset)
    assert (read.fields["name"], read.shapes[0].wkt) == (["Top"], "POINT (7.45 46.95)")


def test_a_kmz_that_is_no_archive_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.kmz").write_text(kml(placemark(POINT)), encoding="utf-8")
    with pytest.raises(ProcessRefusedError, match="a is no kmz file"):
        read_features(DatasetFile("a", tmp_path / "a.kmz", "vector"))
