"""Tables of shapefiles: the encoding of their texts, their numbers and their rows."""

import struct
from pathlib import Path

import numpy as np
import pyogrio.raw
import pytest
import shapely

from backend.geo.vector.datasets import DatasetFile
from backend.geo.vector.vector_files import read_file

SQUARE = shapely.box(500_000, 5_500_000, 500_100, 5_500_200)
UNKNOWN, ANSI, RUSSIAN = 0, 0x57, 0xC9
"""Marks of a table's encoding: none, that of the machine that wrote it, and Windows-1251."""


def names_in(file: DatasetFile) -> tuple[list[str], list[str]]:
    """The names, and what is told of their encoding."""
    found = read_file(file)
    return list(found.fields["name"]), [warning for warning in found.warnings if "read as" in warning]


def shapefile(path: Path, names: list[str], encoding: str, mark: int, told: str | None = None) -> DatasetFile:
    """A shapefile whose table has this mark, and beside it a file that tells the encoding, or none."""
    shapes = shapely.to_wkb(shapely.points([[7, 51]] * len(names)))
    columns = [np.array(names, dtype=object)]
    pyogrio.raw.write(
        path, shapes, columns, ["name"], geometry_type="Point", crs="EPSG:4326", driver="ESRI Shapefile",
        encoding=encoding,
    )  # fmt: skip
    beside = path.with_suffix(".cpg")
    beside.unlink(missing_ok=True)
    if told is not None:
        beside.write_text(told)
    records = bytearray(path.with_suffix(".dbf").read_bytes())
    records[29] = mark
    path.with_suffix(".dbf").write_bytes(records)
    return DatasetFile(path.stem, path, "vector")


@pytest.mark.parametrize("mark", [UNKNOWN, ANSI])
def test_a_shapefile_of_no_told_encoding_is_unicode_where_its_bytes_are(tmp_path: Path, mark: int) -> None:
    file = shapefile(tmp_path / "towns.shp", ["Łódź", "日本", "Bonn"], "UTF-8", mark)
    assert names_in(file) == (["Łódź", "日本", "Bonn"], [])


@pytest.mark.parametrize("mark", [UNKNOWN, ANSI])
def test_a_shapefile_of_no_told_encoding_is_else_western_european_and_it_is_told(tmp_path: Path, mark: int) -> None:
    names, (told,) = names_in(shapefile(tmp_path / "towns.shp", ["Köln – 5 €", "Bonn"], "CP1252", mark))
    assert names == ["Köln – 5 €", "Bonn"]
    assert "towns does not tell the encoding of its texts" in told
    assert "Windows-1252" in told
    assert ".cpg" in told


def test_bytes_that_western_european_does_not_have_are_read_as_latin_1_and_it_is_told(tmp_path: Path) -> None:
    names, (told,) = names_in(shapefile(tmp_path / "towns.shp", ["\x81\xf6"], "ISO-8859-1", UNKNOWN))
    assert names == ["\x81\xf6"]
    assert "ISO 8859-1" in told


@pytest.mark.parametrize(
    ("name", "encoding", "mark", "told"),
    [
        ("Łódź", "UTF-8", UNKNOWN, "UTF-8"),
        ("Łódź", "CP1250", UNKNOWN, "1250"),
        ("Москва", "CP1251", RUSSIAN, None),
        ("Bonn", "UTF-8", UNKNOWN, None),
        # A few names in this encoding are valid UTF-8 by chance.
        ("Г¶", "CP1251", RUSSIAN, None),
    ],
)
def test_what_a_shapefile_tells_of_its_encoding_counts(
    tmp_path: Path, name: str, encoding: str, mark: int, told: str | None
) -> None:
    assert names_in(shapefile(tmp_path / "towns.shp", [name], encoding, mark, told)) == ([name], [])


@pytest.mark.parametrize(("numbers", "doubtful"), [([2**53 + 1, 2**63 - 1], True), ([1, 2**40], False)])
def test_numbers_of_a_shapefile_that_are_read_rounded_are_told(
    tmp_path: Path, numbers: list[int], doubtful: bool
) -> None:
    """Of more than 18 digits GDAL makes floating-point ones."""
    file = tmp_path / "parcels.shp"
    columns = [np.array(numbers), np.array([0.5, 0.25])]
    pyogrio.raw.write(
        file, shapely.to_wkb(np.array([SQUARE] * 2)), columns, ["key", "share"], geometry_type="Polygon",
        crs="EPSG:25832", driver="ESRI Shapefile",
    )  # fmt: skip
    told = [warning for warning in read_file(DatasetFile("parcels", file, "vector")).warnings if "exact" in warning]
    assert told == (["Whole numbers of field 'key' beyond 2^53 may not be exact."] if doubtful else [])


def test_a_shapefile_of_more_shapes_than_rows_tells_how_many_are_lost(tmp_path: Path) -> None:
    file = tmp_path / "parcels.shp"
    shapes = shapely.to_wkb(np.array([SQUARE] * 3))
    columns = [np.array([1, 2, 3])]
    pyogrio.raw.write(
        file, shapes, columns, ["key"], geometry_type="Polygon", crs="EPSG:25832", driver="ESRI Shapefile"
    )
    assert read_file(DatasetFile("parcels", file, "vector")).warnings == ()
    table = bytearray(file.with_suffix(".dbf").read_bytes())
    table[4:8] = struct.pack("<I", 2)
    file.with_suffix(".dbf").write_bytes(table)
    read = read_file(DatasetFile("parcels", file, "vector"))
    assert list(read.fields["key"]) == [1, 2]
    assert read.warnings == ("parcels has 3 shapes, but its table 2 rows: 1 shapes without a row are left out.",)
