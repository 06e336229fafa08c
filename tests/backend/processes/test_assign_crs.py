"""`assign-crs` as a caller sees it, and those who read its answer again."""

import json
from pathlib import Path
from typing import Any

import pyogrio.raw
import pytest
import shapely

from backend.errors import ProcessRefusedError
from backend.geo.geodesy.crs import code_of
from backend.geo.vector.datasets import DatasetFile
from backend.geo.vector.feature_reading import read_features
from backend.geo.vector.reading import read_geometry
from backend.processes.assign_crs import assign_crs
from backend.processes.running import run_processor


def answer(**inputs: Any) -> Any:
    (output,) = run_processor(assign_crs({"name": "here"}), inputs, None, lambda _percent, _text=None: None)
    return json.loads(output.encode())


def without_crs(path: Path) -> DatasetFile:
    pyogrio.raw.write(
        path, shapely.to_wkb([shapely.Point(500_000, 0)]), [], [], driver="GPKG", geometry_type="Point", crs=None
    )
    return DatasetFile(path.stem, path, "vector")


def test_the_example_answers() -> None:
    told = answer(**assign_crs.description["example"]["inputs"])
    assert told["features"][0]["geometry"]["coordinates"] == pytest.approx([11.575559, 48.137254], abs=1e-6)
    assert told["source_crs"] == told["assigned_crs"] == "EPSG:32632"
    assert told["extent_in_crs"] == [691608, 5334764, 691608, 5334764]


def test_no_extent_is_told_in_a_crs_of_degrees_that_are_brought_to_wgs_84() -> None:
    told = answer(features="POINT (-100 40)", crs="EPSG:4267")
    assert (told["assigned_crs"], told["extent_in_crs"]) == ("EPSG:4267", None)
    # NAD27 lies some 35 m beside WGS 84 there.
    assert told["features"][0]["geometry"]["coordinates"] != [-100, 40]


def test_features_without_any_geometry_are_told_with_the_names_by_which_a_table_has_some() -> None:
    told = answer(features="id,width,height\n1,500000,5500000\n", crs="EPSG:25832")
    (warning,) = told["warnings"]
    assert warning.startswith("No feature has a geometry, so that there are no coordinates in EPSG:25832")
    assert "easting" in warning


def test_whoever_reads_the_answer_again_has_the_very_coordinates() -> None:
    again = read_features(answer(features="id,easting,northing\n7,691608.25,5334764.5\n", crs="EPSG:32632"))
    assert code_of(again.crs) == "EPSG:32632"
    assert shapely.get_coordinates(again.shapes)[0] == pytest.approx([691608.25, 5334764.5], abs=1e-6)
    assert again.fields["id"] == [7]


@pytest.mark.filterwarnings("ignore:'crs' was not provided:UserWarning")
def test_a_file_without_crs_gets_the_one_that_is_named(tmp_path: Path) -> None:
    dataset = without_crs(tmp_path / "here.gpkg")
    with pytest.raises(ProcessRefusedError, match="does not tell its CRS"):
        read_features(dataset)
    told = answer(features=dataset, crs="EPSG:32632")
    assert told["features"][0]["geometry"]["coordinates"] == pytest.approx([9, 0], abs=1e-9)


def test_degrees_of_another_datum_are_brought_to_wgs_84_and_the_accuracy_is_told() -> None:
    told = answer(features="POINT (8.9523333333 45.5)", crs="EPSG:4265")
    assert told["features"][0]["geometry"]["coordinates"][1] == pytest.approx(45.500669, abs=1e-6)
    assert told["accuracy_m"] == 4
    assert "source_crs" not in told


def test_features_that_tell_another_crs_keep_it() -> None:
    old = {"type": "Point", "coordinates": [500000, 0], "crs": {"type": "name", "properties": {"name": "EPSG:32633"}}}
    with pytest.raises(ProcessRefusedError, match="transform-coordinates") as refused:
        answer(features=old, crs="EPSG:32632")
    assert refused.value.path == "$.inputs.features"
    assert answer(features=old, crs="EPSG:32633")["source_crs"] == "EPSG:32633"


@pytest.mark.parametrize(
    ("inputs", "path"),
    [
        ({"features": "POINT (1 2)", "crs": "EPSG:0"}, "crs"),
        ({"features": "POINT (1 2)", "crs": "+proj=longlat +nadgrids=/etc/passwd"}, "crs"),
        ({"features": "POINT (1 NaN)", "crs": "EPSG:32632"}, "features"),
        ({"features": 7, "crs": "EPSG:32632"}, "features"),
    ],
)
def test_a_refusal_names_the_input_at_fault(inputs: dict[str, Any], path: str) -> None:
    with pytest.raises(ProcessRefusedError) as refused:
        answer(**inputs)
    assert refused.value.path == f"$.inputs.{path}"


@pytest.mark.parametrize("crs", ["EPSG:4326", "EPSG:4258", "EPSG:4314", "OGC:CRS84"])
def test_metres_are_refused_as_degrees_for_what_they_are(crs: str) -> None:
    with pytest.raises(ProcessRefusedError, match=r"\(365000, 5620000\) looks projected") as refused:
        answer(features="POINT (365000 5620000)", crs=crs)
    assert refused.value.path == "$.inputs.features"


def test_an_answer_that_is_given_its_own_crs_again_stays_where_it_is() -> None:
    made = answer(features="POINT (691608 5334764)", crs="EPSG:32632")
    again = answer(features=made, crs="EPSG:32632")
    assert again["extent_in_crs"] == pytest.approx([691608, 5334764, 691608, 5334764], abs=1e-6)
    assert again["warnings"] == []
    with pytest.raises(ProcessRefusedError, match="tell that they are in EPSG:32632"):
        answer(features=made, crs="EPSG:32633")


def test_points_of_a_table_stand_in_the_fields_that_are_named() -> None:
    table = "id;Länge;Breite;Höhe\n1;6,96;50,94;3\n2;;50,1;4\n"
    told = answer(features=table, crs="EPSG:4326", x_field="Länge", y_field="Breite")
    assert [feature["geometry"] and feature["geometry"]["coordinates"] for feature in told["features"]] == [
        [6.96, 50.94],
        None,
    ]
    assert told["features"][0]["properties"] == {"id": 1, "Länge": 6.96, "Breite": 50.94, "Höhe": 3}
    assert "1 of 2 features have no coordinates, and so no geometry." in told["warnings"]


def test_named_fields_go_before_those_that_a_table_would_be_read_by() -> None:
    told = answer(features="lon,lat,RW,HW\n9,48,3459000,5549000\n", crs="EPSG:31467", x_field="RW", y_field="HW")
    again = read_features(told)
    assert shapely.get_coordinates(again.shapes)[0] == pytest.approx([3459000, 5549000], abs=1e-6)
    assert any("replaced" in warning for warning in told["warnings"])


@pytest.mark.parametrize(
    ("fields", "path", "reason"),
    [
        ({"x_field": "lon"}, "y_field", "both"),
        ({"x_field": "Lonn", "y_field": "b"}, "x_field", "did you mean"),
        ({"x_field": "a", "y_field": "b"}, "y_field", "'north'"),
        ({"x_field": "a", "y_field": "a"}, "features", "outside the globe"),
    ],
)
def test_fields_that_hold_no_coordinates_are_refused(fields: dict[str, str], path: str, reason: str) -> None:
    with pytest.raises(ProcessRefusedError, match=reason) as refused:
        answer(features="Lon,a,b\n1,190,north\n", crs="EPSG:4326", **fields)
    assert refused.value.path == f"$.inputs.{path}"


def test_whoever_needs_a_geometry_is_told_where_a_table_gets_one() -> None:
    with pytest.raises(ProcessRefusedError, match="assign-crs makes points of fields"):
        read_geometry("name,Länge,Breite\nA,7,51\n")
    with pytest.raises(ProcessRefusedError, match=r"with a geometry$"):
        read_geometry({"type": "FeatureCollection", "features": []})


def test_a_crs_that_a_file_tells_wrongly_is_replaced_when_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "here.gpkg"
    pyogrio.raw.write(
        path,
        shapely.to_wkb([shapely.Point(691_608, 5_334_764)]),
        [],
        [],
        driver="GPKG",
        geometry_type="Point",
        crs="EPSG:32633",
    )
    wrong = DatasetFile("here", path, "vector")
    with pytest.raises(ProcessRefusedError, match=r"tell that they are in EPSG:32633.*if that is wrong, give replace"):
        answer(features=wrong, crs="EPSG:32632")
    told = answer(features=wrong, crs="EPSG:32632", replace=True)
    assert told["features"][0]["geometry"]["coordinates"] == pytest.approx([11.575559, 48.137254], abs=1e-6)
    assert told["extent_in_crs"] == [691608, 5334764, 691608, 5334764]
    assert "EPSG:32632" in told["crs_decision"]
    assert "in place of EPSG:32633, which they tell" in told["crs_decision"]


def test_metres_in_a_file_that_tells_degrees_are_replaced(tmp_path: Path) -> None:
    path = tmp_path / "here.fgb"
    pyogrio.raw.write(
        path, shapely.to_wkb([shapely.Point(691_608, 5_334_764)]), [], [], driver="FlatGeobuf", geometry_type="Point",
        crs="EPSG:4326",
    )  # fmt: skip
    told = answer(features=DatasetFile("here", path, "vector"), crs="EPSG:32632", replace=True)
    assert told["features"][0]["geometry"]["coordinates"] == pytest.approx([11.575559, 48.137254], abs=1e-6)


@pytest.mark.parametrize("form", ["object", "text", "file"])
def test_a_crs_of_geojson_and_that_of_an_answer_are_replaced(form: str, tmp_path: Path) -> None:
    old = {"type": "Point", "coordinates": [500000, 0], "crs": {"type": "name", "properties": {"name": "EPSG:32633"}}}
    made = answer(features="POINT (500000 0)", crs="EPSG:32633")
    for given in (old, made):
        path = tmp_path / "here.geojson"
        path.write_text(json.dumps(given))
        value = {"object": given, "text": json.dumps(given), "file": DatasetFile("here", path, "vector")}[form]
        told = answer(features=value, crs="EPSG:32632", replace=True)
        assert told["features"][0]["geometry"]["coordinates"] == pytest.approx([9, 0], abs=1e-9)
        assert told["source_crs"] == "EPSG:32632"


def test_replacing_is_no_way_around_what_cannot_be_in_the_crs() -> None:
    with pytest.raises(ProcessRefusedError, match="looks projected"):
        answer(features="SRID=32632;POINT (691608 5334764)", crs="EPSG:4326", replace=True)
    broken = {"type": "LineString", "coordinates": [[0, 0]]}
    with pytest.raises(ProcessRefusedError, match="a line needs two"):
        answer(features=broken, crs="EPSG:32632", replace=True)


@pytest.mark.filterwarnings("ignore:'crs' was not provided:UserWarning")
def test_where_there_is_none_to_replace_the_crs_is_assigned(tmp_path: Path) -> None:
    told = answer(features=without_crs(tmp_path / "here.gpkg"), crs="EPSG:32632", replace=True)
    assert told["features"][0]["geometry"]["coordinates"] == pytest.approx([9, 0], abs=1e-9)
    assert "in place of" not in told["crs_decision"]
