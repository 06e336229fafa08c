"""Texts of files that do not tell their encoding are read in the likeliest one, and doubt is told."""

import json
from pathlib import Path

import pytest

from backend.geo.vector.datasets import DatasetFile
from backend.geo.vector.features import Features
from backend.geo.vector.vector_files import read_file
from backend.processes.describe_dataset import describe_dataset
from backend.processes.running import run_processor
from backend.processes.validate_geometry import validate_geometry


def text_file(path: Path, content: bytes) -> DatasetFile:
    path.write_bytes(content)
    return DatasetFile(path.stem, path, "vector")


def table(*names: str) -> str:
    return "".join(("name,lon,lat\n", *(f"{name},7,51\n" for name in names)))


def geojson(name: str) -> str:
    feature = {"type": "Feature", "geometry": {"type": "Point", "coordinates": [7, 51]}, "properties": {"name": name}}
    return json.dumps(feature, ensure_ascii=False)


def names_in(file: DatasetFile) -> tuple[list[str], list[str]]:
    """The names, and what is told of their encoding."""
    found: Features = read_file(file)
    return list(found.fields["name"]), [warning for warning in found.warnings if "read as" in warning]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize(("suffix", "written"), [(".csv", table), (".geojson", geojson)])
def test_nothing_is_told_of_texts_in_unicode(tmp_path: Path, encoding: str, suffix: str, written: object) -> None:
    assert callable(written)
    file = text_file(tmp_path / f"towns{suffix}", written("Łódź").encode(encoding))
    assert names_in(file) == (["Łódź"], [])


@pytest.mark.parametrize(("suffix", "written"), [(".csv", table), (".geojson", geojson)])
def test_texts_that_are_no_unicode_are_told_to_be_read_as_western_european(
    tmp_path: Path, suffix: str, written: object
) -> None:
    assert callable(written)
    file = text_file(tmp_path / f"towns{suffix}", written("Köln").encode("cp1252"))
    names, (told,) = names_in(file)
    assert names == ["Köln"]
    assert "towns is no UTF-8" in told
    assert "Windows-1252" in told


def test_a_few_damaged_bytes_do_not_garble_all_other_texts(tmp_path: Path) -> None:
    content = table("Łódź", "Kraków", "Gda?sk").encode().replace(b"?", b"\xc5")
    names, (told,) = names_in(text_file(tmp_path / "towns.csv", content))
    assert names == ["Łódź", "Kraków", "Gda\ufffdsk"]
    assert "1 of its characters" in told


def answered(process: object, **inputs: object) -> dict[str, object]:
    assert callable(process)
    (output,) = run_processor(process({"name": "here"}), inputs, None, lambda _percent, _text=None: None)
    return json.loads(output.encode())


@pytest.mark.parametrize("encoding", ["utf-16", "cp1252"])
def test_geojson_in_other_encodings_is_described_and_validated_too(tmp_path: Path, encoding: str) -> None:
    file = text_file(tmp_path / "towns.geojson", geojson("Köln").encode(encoding))
    assert answered(describe_dataset, dataset=file)["features"] == 1
    valid = answered(validate_geometry, features=file)
    assert valid["valid"] is True
