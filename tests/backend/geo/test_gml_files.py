"""GML as services answer it: its features in its CRS, and nothing read but the document itself."""

# geopandas has types in part.
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false, reportUnknownMemberType=false

import json
import socket
from pathlib import Path
from typing import Any

import geopandas
import pytest
import shapely
from geopandas.testing import assert_geoseries_equal

from backend.errors import ProcessRefusedError
from backend.geo.describing.files import describe_file
from backend.geo.geodesy.crs import code_of, parse_crs
from backend.geo.vector.datasets import DatasetFile, Datasets
from backend.geo.vector.feature_reading import read_features
from backend.geo.vector.vector_files import layers_of

POINT = '<gml:Point srsName="urn:ogc:def:crs:EPSG::4326"><gml:pos>48 9</gml:pos></gml:Point>'


def wfs(*members: str, attributes: str = "", before: str = "") -> str:
    inside = "".join(f"<wfs:member>{member}</wfs:member>" for member in members)
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>{before}<wfs:FeatureCollection '
        'xmlns:wfs="http://www.opengis.net/wfs/2.0" xmlns:gml="http://www.opengis.net/gml/3.2" '
        'xmlns:app="http://example.org/app" '
        f'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" {attributes}>{inside}</wfs:FeatureCollection>'
    )


def town(geometry: str = POINT, kind: str = "Town", **fields: str) -> str:
    told = "".join(f"<app:{name}>{value}</app:{name}>" for name, value in fields.items())
    return f'<app:{kind} gml:id="t.1"><app:geom>{geometry}</app:geom>{told}</app:{kind}>'


def put(path: Path, text: str) -> DatasetFile:
    path.write_text(text, encoding="utf-8")
    return DatasetFile(path.stem, path, "vector")


def column(text: str, name: str) -> list[Any]:
    return list(read_features(text).fields[name])


def test_an_answer_of_a_wfs_is_read_in_longitude_and_latitude_whatever_the_order_of_its_authority() -> None:
    assert shapely.get_coordinates(read_features(wfs(town())).shapes).tolist() == [[9, 48]]
    old = POINT.replace("urn:ogc:def:crs:EPSG::4326", "EPSG:4326").replace("48 9", "9 48")
    assert shapely.get_coordinates(read_features(wfs(town(old))).shapes).tolist() == [[9, 48]]


@pytest.mark.parametrize("version", ["GML2", "GML3", "GML3.2"])
@pytest.mark.parametrize("code", ["EPSG:4326", "EPSG:25832", "EPSG:2193", "EPSG:31467"])
def test_what_gdal_writes_is_read_as_geopandas_has_it(code: str, version: str, tmp_path: Path) -> None:
    east, north = {"EPSG:4326": (9, 48), "EPSG:2193": (1_600_000, 5_400_000), "EPSG:31467": (3_500_000, 5_300_000)}.get(
        code, (500_000, 5_300_000)
    )
    box = shapely.box(east, north, east + 2, north + 1)
    shapes: list[Any] = [box, shapely.MultiPolygon([box, shapely.box(east + 3, north, east + 4, north + 1)]), None]
    frame = geopandas.GeoDataFrame({"n": [1, 2, 3], "s": ["Zürich", None, "東京"]}, geometry=shapes, crs=code)
    path = tmp_path / "a.gml"
    frame.to_file(path, driver="GML", engine="pyogrio", FORMAT=version)
    read = read_features(DatasetFile("a", path, "vector"))
    assert code_of(read.crs) == ("OGC:CRS84" if code == "EPSG:4326" else code)
    assert_geoseries_equal(
        geopandas.GeoSeries(read.shapes[:2].tolist()).normalize(), geopandas.GeoSeries(shapes[:2]).normalize()
    )
    assert (list(read.fields["n"]), list(read.fields["s"])) == ([1, 2, 3], ["Zürich", None, "東京"])
    assert shapely.is_missing(read.shapes).tolist() == [False, False, True]


def test_values_keep_what_they_are_written_with() -> None:
    text = wfs(town(code="007", n="7", x="1.50", day="2024-01-31", at="2024-01-31T12:00:00+02:00", ok="true"))
    fields = {name: list(values) for name, values in read_features(text).fields.items()}
    assert fields == {
        "gml_id": ["t.1"], "code": ["007"], "n": [7], "x": [1.5], "day": ["2024-01-31"],
        "at": ["2024-01-31T12:00:00+02:00"], "ok": [True],
    }  # fmt: skip


def test_an_element_that_stands_several_times_is_a_list() -> None:
    several = town(n="1").replace("<app:n>1</app:n>", "<app:n>1</app:n><app:n>b</app:n>")
    assert column(wfs(several, town(n="3"), town(m="4")), "n") == [["1", "b"], ["3"], None]


def test_a_layer_in_several_crss_is_refused_whatever_crs_it_is_to_be_taken_in() -> None:
    text = wfs(town(), town(POINT.replace("4326", "25832").replace("48 9", "500000 5300000")))
    for crs in (None, parse_crs("EPSG:25832")):
        with pytest.raises(ProcessRefusedError, match=r"in several CRSs: .*25832.*4326"):
            read_features(text, crs)


def test_a_further_geometry_of_a_feature_is_told() -> None:
    second = f"<app:entrance>{POINT.replace('48 9', '49 10')}</app:entrance></app:Town>"
    read = read_features(wfs(town(n="1").replace("</app:Town>", second), town(n="2")))
    assert read.warnings == ("1 features have several geometries, of which one alone was read.",)


def test_a_file_and_bytes_are_read_as_the_text_is(tmp_path: Path) -> None:
    text = wfs(town(name="Genève"))
    for source in (put(tmp_path / "a.gml", text), text.encode(), text.encode("utf-8-sig")):
        read = read_features(source)
        assert (list(read.fields["name"]), shapely.get_coordinates(read.shapes).tolist()) == (["Genève"], [[9, 48]])
    latin = text.replace("UTF-8", "ISO-8859-1")
    assert column(latin, "name") == ["Genève"]
    assert list(read_features(latin.encode("latin-1")).fields["name"]) == ["Genève"]


def test_each_kind_of_feature_is_a_layer(tmp_path: Path) -> None:
    dataset = put(tmp_path / "a.gml", wfs(town(n="1"), town(kind="River", n="2")))
    assert layers_of(dataset) == ("Town", "River")
    with pytest.raises(ProcessRefusedError, match="a has 2 layers: Town, River"):
        read_features(dataset)
    assert list(read_features(DatasetFile("a", dataset.path, "vector", "River")).fields["n"]) == [2]


def test_a_gml_of_a_data_folder_is_a_dataset_and_nothing_is_written_beside_it(tmp_path: Path) -> None:
    put(tmp_path / "towns.gml", wfs(town(n="1")))
    dataset = Datasets.within([tmp_path]).get("towns")
    assert (layers_of(dataset), len(read_features(dataset))) == (("Town",), 1)
    assert [path.name for path in tmp_path.iterdir()] == ["towns.gml"]


def test_a_gml_of_several_layers_is_described_by_them(tmp_path: Path) -> None:
    told = describe_file(put(tmp_path / "a.gml", wfs(town(n="1"), town(kind="River", n="2"))))
    assert [(one["name"], one["features"]) for one in told["layers"]] == [("Town", 1), ("River", 1)]


def test_neither_a_schema_nor_a_list_of_types_beside_it_nor_elsewhere_is_read(tmp_path: Path) -> None:
    schema = tmp_path / "other.xsd"
    schema.write_text(_SCHEMA, encoding="utf-8")
    text = wfs(town(n="1"), attributes=f'xsi:schemaLocation="http://example.org/app {schema}"')
    (tmp_path / "a.xsd").write_text(_SCHEMA, encoding="utf-8")
    (tmp_path / "a.gfs").write_text("<GMLFeatureClassList/>", encoding="utf-8")
    read = read_features(put(tmp_path / "a.gml", text))
    assert {name: list(values) for name, values in read.fields.items()} == {"gml_id": ["t.1"], "n": [1]}


def test_nothing_that_a_document_refers_to_is_fetched() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        place = f"http://127.0.0.1:{server.getsockname()[1]}"
        link = f'<app:more xlink:href="{place}/more.gml#a"/><app:other xlink:href="{place}/other"/>'
        schema = f"http://example.org/app {place}/wfs?service=WFS&amp;request=DescribeFeatureType"
        xlink = 'xmlns:xlink="http://www.w3.org/1999/xlink"'
        text = wfs(
            town(n="1").replace("<app:n>", f"{link}<app:n>"), attributes=f'{xlink} xsi:schemaLocation="{schema}"'
        )
        assert column(text, "n") == [1]
        server.setblocking(False)
        with pytest.raises(BlockingIOError):
            server.accept()


_SCHEMA = (
    '<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:gml="http://www.opengis.net/gml/3.2" '
    'targetNamespace="http://example.org/app">'
    '<xs:element name="Town" type="T" substitutionGroup="gml:AbstractFeature"/>'
    '<xs:complexType name="T"><xs:complexContent><xs:extension base="gml:AbstractFeatureType"><xs:sequence>'
    '<xs:element name="geom" type="gml:GeometryPropertyType"/><xs:element name="evil" type="xs:string"/></xs:sequence>'
    "</xs:extension></xs:complexContent></xs:complexType></xs:schema>"
)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (wfs(town(), before='<!DOCTYPE a [<!ENTITY a "b">]>'), "document type declaration"),
        (wfs("<OGRVRTDataSource><OGRVRTLayer/></OGRVRTDataSource>"), "read other files"),
        (wfs(town())[:-9], "no whole XML"),
        (wfs(), "no layers|no features"),
        (wfs(town(POINT.replace(' srsName="urn:ogc:def:crs:EPSG::4326"', ""))), "does not tell its CRS"),
    ],
)
def test_what_is_unsafe_or_cannot_be_placed_is_refused(text: str, reason: str) -> None:
    with pytest.raises(ProcessRefusedError, match=reason):
        read_features(text)


def test_a_file_of_that_name_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ProcessRefusedError, match="a is no gml file"):
        read_features(put(tmp_path / "a.gml", json.dumps({"type": "FeatureCollection", "features": []})))


def test_arcs_are_followed_by_many_short_edges() -> None:
    arc = (
        '<gml:Curve srsName="urn:ogc:def:crs:EPSG::25832"><gml:segments><gml:Arc><gml:posList>500000 5300000 500100 '
        "5300100 500200 5300000</gml:posList></gml:Arc></gml:segments></gml:Curve>"
    )
    (line,) = read_features(wfs(town(arc))).shapes
    assert line.length == pytest.approx(100 * 3.14159265, rel=1e-4)


def test_gml_that_is_nested_too_deeply_to_be_read_whole_is_refused() -> None:
    deep = town(deep="<app:a>" * 100 + "x" + "</app:a>" * 100)
    with pytest.raises(ProcessRefusedError, match="2 features of the GML cannot be read: it is nested too deeply"):
        read_features(wfs(town(), deep))


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig", "iso-8859-1"])
def test_gml_is_read_in_the_encoding_that_it_tells(encoding: str, tmp_path: Path) -> None:
    text = wfs(town(name="Zürich")).replace('encoding="UTF-8"', f'encoding="{encoding.removesuffix("-sig")}"')
    path = tmp_path / "a.gml"
    path.write_bytes(text.encode(encoding))
    dataset = DatasetFile("a", path, "vector")
    assert layers_of(dataset) == ("Town",)
    for source in (dataset, path.read_bytes()):
        assert list(read_features(source).fields["name"]) == ["Zürich"]


def test_gml_that_begins_as_utf_16_and_is_none_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.gml"
    path.write_bytes(wfs(town()).encode("utf-16") + b"\x00")
    with pytest.raises(ProcessRefusedError, match="begins as UTF-16 and is none"):
        read_features(DatasetFile("a", path, "vector"))


def test_the_box_of_a_feature_is_no_field() -> None:
    box = (
        "<gml:boundedBy><gml:Envelope><gml:lowerCorner>48 9</gml:lowerCorner><gml:upperCorner>48 9</gml:upperCorner>"
        "</gml:Envelope></gml:boundedBy>"
    )
    text = wfs(town(name="Ulm").replace("<app:geom>", f"{box}<app:geom>"))
    assert box in text
    assert list(read_features(text).fields) == ["gml_id", "name"]
