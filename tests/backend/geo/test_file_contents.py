"""Files of features that come as bytes, from another process: read as the same features, or refused with a reason."""

import base64
import io
import tracemalloc
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio.raw
import pytest
import shapely
from shapely.geometry.base import BaseGeometry

from backend.errors import ProcessRefusedError
from backend.geo.geodesy.crs import code_of
from backend.geo.vector import file_contents
from backend.geo.vector.feature_reading import read_features
from backend.geo.vector.reading import read_geometry
from backend.processes.describe_dataset import describe_dataset
from backend.processes.filter_features import filter_features
from backend.processes.join_table import join_table
from backend.processes.running import run_processor
from backend.processes.validate_geometry import validate_geometry
from tests.backend.processes.conversions import collection, converted

PLACES = collection(
    ("POINT (7.5 47)", {"ort": "Bern", "n": 1}),
    ("POINT (8.5 47.4)", {"ort": "Zürich", "n": 2}),
)
FORMS = ["geopackage", "flatgeobuf", "geoparquet", "shapefile"]


def file_of(features: Any, form: str, **inputs: Any) -> bytes:
    return converted(features, format=form, **inputs).encode()


def written(path: Path, layer: str, shape: BaseGeometry) -> bytes:
    pyogrio.raw.write(
        path, shapely.to_wkb(np.array([shape])), [], np.array([]), geometry_type=shape.geom_type, crs="EPSG:4326",
        driver="GPKG", layer=layer, append=path.exists(),
    )  # fmt: skip
    return path.read_bytes()


def answer(process: Any, **inputs: Any) -> Any:
    """The first output of a process, whatever it is called."""
    return run_processor(process({"name": "here"}), inputs, None, lambda _percent, _text=None: None)[0].value


def zipped(files: dict[str, bytes]) -> bytes:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as made:
        for name, content in files.items():
            made.writestr(name, content)
    return archive.getvalue()


def parts(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.mark.parametrize("form", FORMS)
def test_each_form_is_read_with_its_fields_and_in_its_crs(form: str) -> None:
    features = read_features(file_of(PLACES, form, crs="EPSG:2056"))
    assert code_of(features.crs) == "EPSG:2056"
    positions = shapely.get_coordinates(features.lonlat().shapes).round(6).tolist()
    # Those of a FlatGeobuf are in an order of its own.
    rows = sorted(zip(features.fields["ort"], features.fields["n"], positions, strict=True))
    assert rows == [("Bern", 1, [7.5, 47.0]), ("Zürich", 2, [8.5, 47.4])]


@pytest.mark.parametrize("form", FORMS)
def test_each_form_is_a_geometry_too_and_described_as_a_file(form: str) -> None:
    content = file_of(PLACES, form)
    assert read_geometry(content).features == 2
    told = answer(describe_dataset, dataset=content)
    assert told["kind"] == "vector"
    assert told["features"] == 2
    assert [field["name"] for field in told["fields"]] == ["ort", "n"]


def test_a_file_is_examined_as_it_stands(tmp_path: Path) -> None:
    content = written(tmp_path / "bow.gpkg", "a", shapely.Polygon([(0, 0), (1, 1), (1, 0), (0, 1)]))
    assert answer(validate_geometry, features=content)["valid"] is False
    assert answer(describe_dataset, dataset=content)["validity"]["invalid"] == 1


@pytest.mark.parametrize("form", [*FORMS, "kml"])
def test_a_file_of_another_server_comes_in_base64(form: str) -> None:
    features = base64.b64encode(file_of(PLACES, form)).decode()
    assert answer(validate_geometry, features=features)["valid"] is True
    assert answer(filter_features, features=features, filter="n = 2").count == 1


def test_a_file_where_a_value_is_needed_is_told_as_one() -> None:
    with pytest.raises(ProcessRefusedError, match="it refers to a file, where a value is needed") as raised:
        answer(filter_features, features=PLACES, filter=file_of(PLACES, "geopackage"))
    assert raised.value.path == "$.inputs.filter"


def test_of_an_archive_the_parts_of_its_one_shapefile_are_read_wherever_they_lie() -> None:
    made = parts(file_of(PLACES, "shapefile"))
    moved = {f"data/{name.replace('features', '../../etc/Orte').upper()}": content for name, content in made.items()}
    clutter = {"__MACOSX/data/._ORTE.SHP": b"", "README.txt": b"Orte", "data/": b""}
    features = read_features(zipped({**clutter, **moved}))
    assert features.fields["ort"] == ["Bern", "Zürich"]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (lambda: b"II*\x00" + bytes(100), "the file is none of features: give GeoJSON"),
        (lambda: b"", "the file is none of features"),
        (lambda: zipped({"a.txt": b"a"}), "the zip holds 0 shapefiles; one is needed here, or a KML"),
        (lambda: zipped({"a.shp": b"", "b.shp": b""}), "the zip holds 2 shapefiles"),
        (lambda: zipped({"a.shp": b"<OGRVRTDataSource/>"}), "the zipped shapefile is no shp file, as its name says"),
        (lambda: file_of(PLACES, "shapefile")[:400], "the zip cannot be unpacked"),
        (lambda: file_of(PLACES, "geopackage")[:5000], "the GeoPackage cannot be read"),
        (lambda: file_of(PLACES, "flatgeobuf")[:50], "the FlatGeobuf has no layers"),
        (lambda: file_of(PLACES, "flatgeobuf")[:-20], "the FlatGeobuf cannot be read"),
        (lambda: file_of(PLACES, "geoparquet")[:50], "the GeoParquet cannot be read"),
    ],
)
def test_what_is_no_whole_file_of_features_is_refused_with_the_reason(content: Any, reason: str) -> None:
    with pytest.raises(ProcessRefusedError, match=reason):
        read_features(content())


def test_a_shapefile_without_its_crs_is_refused() -> None:
    made = parts(file_of(PLACES, "shapefile"))
    with pytest.raises(ProcessRefusedError, match="the zipped shapefile does not tell its CRS"):
        read_features(zipped({name: content for name, content in made.items() if not name.endswith(".prj")}))


def test_an_archive_of_more_than_is_unpacked_is_refused_before_anything_is(monkeypatch: pytest.MonkeyPatch) -> None:
    content = file_of(PLACES, "shapefile")
    monkeypatch.setattr(file_contents, "MOST_UNPACKED", sum(map(len, parts(content).values())) - 1)
    with pytest.raises(ProcessRefusedError, match="holds more than the"):
        read_features(content)


def packed(name: str, content: bytes, way: int = zipfile.ZIP_DEFLATED) -> bytes:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", way) as made:
        made.writestr(name, content)
    return archive.getvalue()


def test_what_comes_out_of_an_archive_is_no_more_than_it_says() -> None:
    size = 20_000_000
    lying = packed("a.kml", bytes(size)).replace(size.to_bytes(4, "little"), (10).to_bytes(4, "little"))
    tracemalloc.start()
    try:
        with pytest.raises(ProcessRefusedError):
            read_features(lying)
        assert tracemalloc.get_traced_memory()[1] < size / 4
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("way", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_an_archive_whose_unpacking_knows_no_bound_is_refused(way: int) -> None:
    with pytest.raises(ProcessRefusedError, match="deflate is"):
        read_features(packed("a.kml", b"<kml/>", way))


def test_members_without_a_name_are_passed_over() -> None:
    with pytest.raises(ProcessRefusedError, match="the zip holds 0 shapefiles"):
        read_features(packed(".", b"x"))


def test_a_table_may_be_a_file_or_a_kml_and_a_dataset_come_in_base64() -> None:
    joined = {"features": "k,lon,lat\nBern,7,47", "field": "k", "table_field": "ort", "fields": ["n"]}
    encoded = base64.b64encode(file_of(PLACES, "geopackage")).decode()
    for table in (encoded, file_of(PLACES, "geopackage")):
        assert answer(join_table, table=table, **joined).columns["n"] == [1]
    kml = file_of(PLACES, "kml").decode()
    assert answer(join_table, table=kml, **joined).columns["n"] == [1]
    assert answer(describe_dataset, dataset=encoded)["features"] == 2


def test_of_a_file_with_several_layers_the_way_to_choose_one_is_told(tmp_path: Path) -> None:
    written(tmp_path / "two.gpkg", "a", shapely.Point(1, 2))
    content = written(tmp_path / "two.gpkg", "b", shapely.Point(1, 2))
    with pytest.raises(ProcessRefusedError, match=r"has 2 layers: a, b\. Of a file in a data folder say which one"):
        read_features(content)
