"""The layers of files that `convert-features` writes."""

import zipfile
from pathlib import Path

import pyogrio
import pytest

from backend.errors import ProcessRefusedError
from tests.backend.processes.conversions import collection, converted, file_of

POINTS = collection(("POINT (9 48)", {"a": 1}))


@pytest.mark.parametrize(
    ("form", "suffix"), [("geopackage", ".gpkg"), ("flatgeobuf", ".fgb"), ("kml", ".kml"), ("shapefile", ".zip")]
)
def test_a_layer_has_the_name_that_is_asked_for(form: str, suffix: str, tmp_path: Path) -> None:
    output = converted(POINTS, format=form, layer="Straßen_2.1")
    path = file_of(output, tmp_path / f"out{suffix}")
    if form == "shapefile":
        with zipfile.ZipFile(path) as archive:
            assert {Path(name).stem for name in archive.namelist()} == {"Straßen_2.1"}
        return
    assert pyogrio.list_layers(path)[:, 0].tolist() == ["Straßen_2.1"]
    assert output.value.layer == "Straßen_2.1"


@pytest.mark.parametrize(
    "name", ["", "../up", "a/b", "a\\b", ".hidden", "1a", "end.", "end ", "a b", "a-b", "a\nb", "x" * 61, 'a"b']
)
def test_a_layer_is_named_by_nothing_that_no_file_should_be_called(name: str) -> None:
    with pytest.raises(ProcessRefusedError) as refused:
        converted(POINTS, format="shapefile", layer=name)
    assert "layer" in (refused.value.path or str(refused.value))


@pytest.mark.parametrize("name", ["gpkg_contents", "sqlite_x"])
def test_names_that_a_geopackage_keeps_for_itself_are_refused(name: str) -> None:
    with pytest.raises(ProcessRefusedError, match="GeoPackage keeps") as refused:
        converted(POINTS, format="geopackage", layer=name)
    assert refused.value.path == "$.inputs.layer"
