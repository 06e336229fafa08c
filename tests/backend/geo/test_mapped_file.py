"""Files that are held without their bytes."""

from pathlib import Path

from backend.geo.vector.feature_reading import read_features
from backend.geo.vector.file_description import FeatureFile
from backend.geo.vector.mapped_file import MappedFile
from backend.geo.vector.writing import geopackage
from backend.processes.running import OutputValue

LONG = bytes(range(256)) * 10_000


def made(folder: Path, content: bytes = LONG) -> MappedFile:
    path = folder / "made.bin"
    path.write_bytes(content)
    mapped = MappedFile(path)
    path.unlink()
    return mapped


def test_a_file_is_read_part_by_part_after_it_was_removed(tmp_path: Path) -> None:
    parts = list(made(tmp_path).file_parts())
    assert len(parts) > 1
    assert b"".join(parts) == LONG


def test_a_file_is_read_as_often_as_it_is_asked_for(tmp_path: Path) -> None:
    mapped = made(tmp_path)
    assert b"".join(mapped.file_parts()) == b"".join(mapped.file_parts()) == LONG
    assert bytes(mapped) == LONG


def test_a_file_of_features_is_written_part_by_part() -> None:
    read = read_features({"type": "Point", "coordinates": [7, 51]})
    written = geopackage(read, "features")
    output = OutputValue("file", "application/geopackage+sqlite3", FeatureFile(written.content, read, "GeoPackage"))
    assert output.encode() == bytes(written.content)
    assert output.encode().startswith(b"SQLite format 3\x00")


def test_bytes_of_features_stay_one_part() -> None:
    read = read_features({"type": "Point", "coordinates": [7, 51]})
    assert list(FeatureFile(b"KML", read, "KML").file_parts()) == [b"KML"]
