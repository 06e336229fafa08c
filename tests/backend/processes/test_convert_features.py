"""`convert-features`: what is written is read again as it was, by an independent reader too."""

from pathlib import Path
from typing import Any

import pytest
import shapely

from backend.errors import ProcessRefusedError
from backend.geo.vector.datasets import DatasetFile
from backend.geo.vector.feature_reading import read_features
from backend.processes.convert_features import convert_features
from backend.processes.running import OutputValue, run_processor

ROWS = [
    {"code": "001", "people": 3_700_000, "share": 0.5, "capital": True, "tags": ["a", "b"]},
    {"code": "Ä2", "people": None, "share": None, "capital": None, "tags": None},
]


def layer(*geometries: Any) -> dict[str, Any]:
    features = [
        {"type": "Feature", "geometry": geometry, "properties": row}
        for geometry, row in zip(geometries, ROWS, strict=True)
    ]
    return {"type": "FeatureCollection", "features": features}


POINTS = layer({"type": "Point", "coordinates": [13.4, 52.5]}, {"type": "Point", "coordinates": [9, 48.1]})
MIXED = layer({"type": "LineString", "coordinates": [[13, 52], [14, 53]]}, None)


def converted(features: Any, **inputs: Any) -> OutputValue:
    made = convert_features({"name": "here"})
    (output,) = run_processor(made, {"features": features, **inputs}, None, lambda _percent, _text=None: None)
    return output


def read_again(output: OutputValue, folder: Path, suffix: str) -> Any:
    path = folder / f"again{suffix}"
    path.write_bytes(output.encode())
    return read_features(DatasetFile("again", path, "vector"))


@pytest.mark.parametrize(("name", "suffix"), [("geopackage", ".gpkg"), ("flatgeobuf", ".fgb")])
@pytest.mark.parametrize("features", [POINTS, MIXED])
def test_a_file_holds_the_features_as_they_were(name: str, suffix: str, features: Any, tmp_path: Path) -> None:
    found = read_again(converted(features, format=name), tmp_path, suffix)
    expected = read_features(features)
    assert found.fields["code"] == ["001", "Ä2"]
    assert found.fields["people"] == [3_700_000, None]
    assert found.fields["share"] == [0.5, None]
    assert found.fields["tags"] == ['["a", "b"]', None]
    assert shapely.equals(found.shapes, expected.shapes)[expected.present].all()
    assert found.present.tolist() == expected.present.tolist()


def test_a_file_in_another_crs_is_in_that_crs_for_geopandas_too(tmp_path: Path) -> None:
    geopandas = pytest.importorskip("geopandas")
    output = converted(POINTS, format="geopackage", crs="EPSG:25833")
    path = tmp_path / "out.gpkg"
    path.write_bytes(output.encode())
    frame = geopandas.read_file(path)
    assert frame.crs.to_epsg() == 25833
    truth = geopandas.GeoSeries(frame.geometry, crs=25833).to_crs(4326)
    assert (truth.iloc[0].x, truth.iloc[0].y) == pytest.approx((13.4, 52.5), abs=1e-9)


def test_a_table_of_points_has_longitude_and_latitude_and_of_lines_wkt() -> None:
    table = converted(POINTS, format="csv").value
    assert table.splitlines()[0] == "code,people,share,capital,tags,longitude,latitude"
    assert table.splitlines()[1] == '001,3700000,0.5,true,"[""a"", ""b""]",13.4,52.5'
    assert read_features(table).shapes[0] == shapely.Point(13.4, 52.5)
    lines = converted(MIXED, format="csv").value
    assert read_features(lines).shapes[0] == shapely.LineString([(13, 52), (14, 53)])


def test_a_projected_layer_becomes_geojson_in_longitude_and_latitude() -> None:
    flat = {**layer({"type": "Point", "coordinates": [9, 48]}, None), "source_crs": "EPSG:25832"}
    found = converted(flat, format="geojson").value
    assert found["features"][0]["geometry"]["coordinates"] == pytest.approx([9, 48])


@pytest.mark.parametrize(("name", "suffix"), [("geopackage", ".gpkg"), ("flatgeobuf", ".fgb")])
def test_fields_may_be_called_as_a_files_own_columns(name: str, suffix: str, tmp_path: Path) -> None:
    rows = [{"fid": 7, "geom": "a"}, {"fid": 7, "geom": "b"}]
    features = [{"type": "Feature", "geometry": POINTS["features"][0]["geometry"], "properties": row} for row in rows]
    output = converted({"type": "FeatureCollection", "features": features}, format=name)
    found = read_again(output, tmp_path, suffix)
    assert found.fields == {"fid": [7, 7], "geom": ["a", "b"]}
    assert len(found) == 2


def test_a_table_without_geometries_and_an_empty_layer_can_be_written(tmp_path: Path) -> None:
    found = read_again(converted("code,n\n001,5", format="geopackage"), tmp_path, ".gpkg")
    assert found.fields == {"code": ["001"], "n": [5]}
    nothing = {"type": "FeatureCollection", "features": []}
    assert len(read_again(converted(nothing, format="geopackage"), tmp_path, ".gpkg")) == 0


def test_fields_that_a_geopackage_cannot_tell_apart_are_refused() -> None:
    with pytest.raises(ProcessRefusedError, match="differ in case alone"):
        converted("Name,name,lon,lat\na,b,1,2", format="geopackage")


@pytest.mark.parametrize(
    ("inputs", "reason", "path"),
    [
        ({"format": "shapefile"}, "geopackage", "$.inputs.format"),
        ({"format": "geojson", "crs": "EPSG:25832"}, "RFC 7946", "$.inputs.crs"),
        ({"format": "csv", "crs": "+proj=utm"}, "is no CRS", "$.inputs.crs"),
    ],
)
def test_what_would_lose_or_mislead_is_refused_with_what_to_ask_for(inputs: Any, reason: str, path: str) -> None:
    with pytest.raises(ProcessRefusedError, match=reason) as refused:
        converted(POINTS, **inputs)
    assert refused.value.path == path
