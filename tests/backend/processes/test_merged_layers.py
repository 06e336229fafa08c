"""Layers merged to one by `convert-features`: nothing lost, and what they differ in told."""

# geopandas has types in part.
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false, reportUnknownMemberType=false

import json
from pathlib import Path
from typing import Any

import geopandas
import numpy as np
import pandas as pd
import pytest
import shapely
from geopandas.testing import assert_geoseries_equal

from backend.errors import ProcessRefusedError
from backend.geo.vector.datasets import DatasetFile
from tests.backend.processes.conversions import collection, converted, warnings_of

UTM = {"crs": {"type": "name", "properties": {"name": "EPSG:25832"}}}


def merged(first: Any, *others: Any, **inputs: Any) -> Any:
    return json.loads(converted(first, others=list(others), format="geojson", **inputs).encode())


def column(answer: Any, name: str) -> list[Any]:
    return [feature["properties"][name] for feature in answer["features"]]


def layer(*values: Any, name: str = "v") -> dict[str, Any]:
    return collection(*((f"POINT ({at} 1)", {name: value}) for at, value in enumerate(values)))


def written(path: Path, layer: str, **fields: list[Any]) -> DatasetFile:
    points = geopandas.points_from_xy(range(len(fields["n"])), [48.0] * len(fields["n"]))
    geopandas.GeoDataFrame(fields, geometry=points, crs="EPSG:4326").to_file(path, layer=layer, engine="pyogrio")
    return DatasetFile(path.stem, path, "vector", layer)


def test_all_features_of_all_layers_are_there_in_their_order() -> None:
    told = merged(layer("a", "b"), "v,wkt\nc,POINT (5 6)", layer("d"))
    assert column(told, "v") == ["a", "b", "c", "d"]
    assert [feature["geometry"]["coordinates"] for feature in told["features"]] == [[0, 1], [1, 1], [5, 6], [0, 1]]
    assert [(one["layer"], one["features"]) for one in told["layers"]] == [("1", 2), ("2", 1), ("3", 1)]
    assert told["warnings"] == []


def test_fields_are_united_by_name_and_null_where_a_layer_has_none() -> None:
    told = merged(layer(1, name="a"), layer(2, name="b"))
    assert (column(told, "a"), column(told, "b")) == ([1, None], [None, 2])
    assert [one["missing_fields"] for one in told["layers"]] == [["b"], ["a"]]
    (warning,) = told["warnings"]
    assert warning == "Fields that not all layers have are null where they are missing: 'a', 'b'."


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ([1, None], [2.5], [1, None, 2.5]),
        ([2**60 + 1], [0.5], [2**60 + 1, 0.5]),
        ([None, None], ["x"], [None, None, "x"]),
        ([True], [False, None], [True, False, None]),
        (["2024-01-31"], ["2024-01-31T12:00:00+02:00"], ["2024-01-31", "2024-01-31T12:00:00+02:00"]),
        ([{"a": [1]}], [[1]], [{"a": [1]}, [1]]),
        ([1, "x"], [2, "y"], [1, "x", 2, "y"]),
    ],
)
def test_values_stay_what_they_are_where_their_kinds_agree(
    first: list[Any], second: list[Any], expected: list[Any]
) -> None:
    told = merged(layer(*first), layer(*second))
    assert column(told, "v") == expected
    assert list(map(type, column(told, "v"))) == list(map(type, expected))
    assert told["warnings"] == []


@pytest.mark.parametrize(
    ("first", "second", "expected", "kinds"),
    [
        ([7, 2.5, None], ["007"], ["7", "2.5", None, "007"], "numbers in 1, texts in 2"),
        ([True], [1], ["true", "1"], "truth values in 1, numbers in 2"),
        ([[1, 2]], ["x"], ["[1, 2]", "x"], "objects or arrays in 1, texts in 2"),
        ([1, "x"], [2], ["1", "x", "2"], "numbers and texts in 1, numbers in 2"),
    ],
)
def test_values_of_several_kinds_become_texts_and_that_is_told(
    first: list[Any], second: list[Any], expected: list[Any], kinds: str
) -> None:
    told = merged(layer(*first), layer(*second))
    assert column(told, "v") == expected
    assert told["warnings"] == [f"The field 'v' holds {kinds}: all its values became texts."]


def test_fields_that_differ_in_case_alone_stay_apart_and_are_told() -> None:
    told = merged(layer(1, name="Name"), layer(2, name="name"))
    assert (column(told, "Name"), column(told, "name")) == ([1, None], [None, 2])
    assert (
        "The fields 'Name', 'name' differ in case or spaces alone; they stay fields of their own." in told["warnings"]
    )


def test_layers_of_one_projected_crs_stay_in_it() -> None:
    one = {**collection(("POINT (500000 5300000)", {})), **UTM}
    told = merged(one, one)
    assert (told["source_crs"], told["warnings"]) == ("EPSG:25832", [])


def test_layers_of_several_crss_meet_in_longitude_and_latitude_where_geopandas_has_them() -> None:
    square = shapely.box(500_000, 5_300_000, 501_000, 5_301_000)
    swiss = shapely.box(2_600_000, 1_200_000, 2_600_500, 1_200_500)
    codes = ["EPSG:25832", "EPSG:2056", "EPSG:4326"]
    parts = [
        geopandas.GeoDataFrame({"n": [at]}, geometry=[shape], crs=code)
        for at, (shape, code) in enumerate(zip([square, swiss, shapely.box(9, 48, 10, 49)], codes, strict=True))
    ]
    given = [json.loads(part.to_json()) | _named(code) for part, code in zip(parts, codes, strict=True)]
    told = merged(*given)
    expected = geopandas.GeoDataFrame(pd.concat([part.to_crs("EPSG:4326") for part in parts], ignore_index=True))
    found = geopandas.GeoSeries([shapely.geometry.shape(one["geometry"]) for one in told["features"]], crs="EPSG:4326")
    assert_geoseries_equal(found.normalize(), expected.geometry.normalize(), check_less_precise=True)
    assert "source_crs" not in told
    (warning,) = told["warnings"]
    assert warning.startswith("The layers are in several CRSs (EPSG:25832, EPSG:2056, OGC:CRS84)")
    assert [one["crs"] for one in told["layers"]] == ["EPSG:25832", "EPSG:2056", "OGC:CRS84"]


def _named(code: str) -> dict[str, Any]:
    return {"crs": {"type": "name", "properties": {"name": code}}}


def test_a_table_without_geometries_has_no_say_in_the_crs() -> None:
    told = merged({**collection(("POINT (500000 5300000)", {"v": 1})), **UTM}, "v,w\n2,x")
    assert told["source_crs"] == "EPSG:25832"
    assert [feature["geometry"] is None for feature in told["features"]] == [False, True]


def test_layers_of_several_crss_meet_in_the_one_that_was_asked_for() -> None:
    swiss = {**collection(("POINT (2600000 1200000)", {})), **_named("EPSG:2056")}
    told = merged(swiss, collection(("POINT (7.5 47)", {})), crs="EPSG:2056")
    expected = geopandas.GeoSeries.from_wkt(["POINT (7.5 47)"], crs="EPSG:4326").to_crs("EPSG:2056")[0]
    first, second = (feature["geometry"]["coordinates"] for feature in told["features"])
    assert first == [2_600_000, 1_200_000]
    assert second == pytest.approx([expected.x, expected.y], abs=1e-6)
    assert [one["crs"] for one in told["layers"]] == ["EPSG:2056", "EPSG:2056"]


def test_that_layers_were_brought_to_one_crs_is_told_of_a_file_too() -> None:
    swiss = {**collection(("POINT (2600000 1200000)", {})), **_named("EPSG:2056")}
    made = converted(swiss, others=[collection(("POINT (7.5 47)", {}))], format="geopackage")
    assert any("in several CRSs (EPSG:2056, OGC:CRS84)" in warning for warning in warnings_of(made))


def test_a_field_of_the_layers_names_tells_where_a_feature_is_from(tmp_path: Path) -> None:
    first = written(tmp_path / "a.gpkg", "north", n=[1, 2])
    second = written(tmp_path / "a.gpkg", "south", n=[3])
    told = merged(first, second, {**layer(9, name="n"), "name": "east"}, layer(8, name="n"))
    assert column(told, "layer") == ["a#north", "a#north", "a#south", "east", "4"]
    assert column(told, "n") == [1, 2, 3, 9, 8]


def test_one_layer_by_reference_is_appended_as_one_in_a_list_is(tmp_path: Path) -> None:
    other = written(tmp_path / "a.gpkg", "north", n=[1])
    made = converted(layer(9, name="n"), others=other, format="geojson")
    assert column(json.loads(made.encode()), "n") == [9, 1]


def test_layers_of_one_name_are_told_apart_by_a_number() -> None:
    told = merged({**layer(1), "name": "x"}, {**layer(2), "name": "x"})
    assert column(told, "layer") == ["x", "x_2"]


def test_a_field_layer_of_the_layers_themselves_is_kept() -> None:
    told = merged(layer(1, name="layer"), layer(2, name="layer"))
    assert (column(told, "layer"), column(told, "layer_2")) == ([1, 2], ["1", "2"])


def test_several_kinds_of_geometry_are_told() -> None:
    told = merged(layer(1), collection(("LINESTRING (0 0, 1 1)", {"v": 2}), (None, {"v": 3})))
    assert any("of several kinds (1 points, 1 lines)" in warning for warning in told["warnings"])
    assert [feature["geometry"] and feature["geometry"]["type"] for feature in told["features"]] == [
        "Point", "LineString", None,
    ]  # fmt: skip


def test_what_is_told_of_a_layer_is_told_with_its_name() -> None:
    told = merged(layer(1), collection((None, {"v": 2}), ("POINT (1 1)", {"v": 3})))
    assert "2: 1 of 2 features have no geometry." in told["warnings"]


def test_heights_and_whole_numbers_of_files_are_kept(tmp_path: Path) -> None:
    first = written(tmp_path / "a.gpkg", "a", n=[2**62 + 1, -(2**62) - 1])
    second = written(tmp_path / "b.fgb", "b", n=[7])
    told = merged(first, DatasetFile("b", second.path, "vector"), collection(("POINT Z (1 2 3)", {"n": 5})))
    assert column(told, "n") == [2**62 + 1, -(2**62) - 1, 7, 5]
    assert told["features"][3]["geometry"]["coordinates"] == [1, 2, 3]


def test_a_layer_without_features_adds_no_fields_that_are_missing() -> None:
    told = merged(layer(1), {"type": "FeatureCollection", "features": []})
    assert column(told, "v") == [1]
    assert told["warnings"] == []


def test_what_is_merged_is_written_as_a_file_that_geopandas_reads(tmp_path: Path) -> None:
    path = tmp_path / "all.gpkg"
    path.write_bytes(converted(layer(1, 2), others=[layer(3.5)], format="geopackage").encode())
    frame = geopandas.read_file(path)
    assert np.array_equal(frame["v"], [1, 2, 3.5])
    assert frame["layer"].tolist() == ["1", "1", "2"]
    assert frame.geometry.x.tolist() == [0, 1, 0]


def test_a_single_layer_gets_no_field_of_its_name() -> None:
    told = merged(layer(1))
    assert told["features"][0]["properties"] == {"v": 1}
    assert "layers" not in told


def test_a_layer_that_cannot_be_read_is_refused_by_its_place() -> None:
    with pytest.raises(ProcessRefusedError) as refused:
        merged(layer(1), "nothing of the kind")
    assert refused.value.path == "$.inputs.others[0]"
