"""GeoParquet files, written here by hand of columns and metadata."""

import json
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest
import shapely
from pyproj import CRS

from backend.errors import ProcessRefusedError
from backend.geo.geodesy.crs import CRS84, code_of, parse_crs
from backend.geo.vector.datasets import DatasetFile
from backend.geo.vector.vector_files import layers_of, read_file

COLUMNS = 'name VARCHAR, number INTEGER, day DATE, price DECIMAL(5, 2), list INTEGER[], "größe m" DOUBLE, geom BLOB'
UTM = CRS.from_epsg(25832).to_json_dict()


def parquet(path: Path, geometry: dict[str, Any] | None, metadata: str | None = None) -> DatasetFile:
    """A file of two rows, whose metadata say this of the column `geom`."""
    version = {"version": "1.1.0", "primary_column": "geom", "columns": {"geom": geometry}}
    geo = (metadata if metadata is not None else json.dumps(version)).replace("'", "''")
    said = f", KV_METADATA {{geo: '{geo}'}}" if geometry is not None or metadata is not None else ""
    with duckdb.connect() as database:
        database.execute(f"CREATE TABLE t({COLUMNS})")
        row = ["Köln", 7, "2020-01-02", 1.25, [1, 2], 3.5, shapely.to_wkb(shapely.Point(1, 2))]
        database.execute("INSERT INTO t VALUES (?, ?, ?, ?, ?, ?, ?)", row)
        database.execute("INSERT INTO t VALUES (NULL, NULL, NULL, NULL, NULL, 'NaN', NULL)")
        database.execute(f"COPY t TO '{path}' (FORMAT parquet{said})")
    return DatasetFile("map", path, "vector")


def test_features_come_with_their_attributes_in_the_files_own_crs(tmp_path: Path) -> None:
    read = read_file(parquet(tmp_path / "map.parquet", {"encoding": "WKB", "crs": UTM}))
    assert code_of(read.crs) == "EPSG:25832"
    assert shapely.equals(read.shapes[0], shapely.Point(1, 2))
    assert read.shapes[1] is None
    assert dict(read.fields) == {
        "name": ["Köln", None], "number": [7, None], "day": ["2020-01-02", None], "price": [1.25, None],
        "list": [[1, 2], None], "größe m": [3.5, None],
    }  # fmt: skip
    assert read.warnings == ("1 of 2 features of map have no geometry.",)


def test_without_a_crs_it_is_longitude_and_latitude_and_with_null_it_is_not_known(tmp_path: Path) -> None:
    assert read_file(parquet(tmp_path / "a.geoparquet", {"encoding": "WKB"})).crs == CRS84
    unknown = parquet(tmp_path / "b.parquet", {"encoding": "WKB", "crs": None})
    with pytest.raises(ProcessRefusedError, match="does not tell its CRS"):
        read_file(unknown)
    assert code_of(read_file(unknown, parse_crs("EPSG:3035")).crs) == "EPSG:3035"


def test_spherical_edges_are_told(tmp_path: Path) -> None:
    read = read_file(parquet(tmp_path / "map.parquet", {"encoding": "WKB", "edges": "spherical"}))
    assert any("shortest paths on the Earth" in warning for warning in read.warnings)


def test_a_file_without_geometries_is_a_table(tmp_path: Path) -> None:
    read = read_file(parquet(tmp_path / "map.parquet", None))
    assert read.shapes.tolist() == [None, None]
    assert read.fields["geom"] == [None, None]
    assert "taken for a table" in read.warnings[0]


@pytest.mark.parametrize(
    ("geometry", "metadata", "reason"),
    [
        ({"encoding": "polygon"}, None, "encoded as polygon; WKB is read"),
        (None, "{", "do not tell a column of geometries"),
        (None, "[" * 5000, "do not tell a column of geometries"),
        (None, '{"primary_column": "none", "columns": {"none": {"encoding": "WKB"}}}', "no column 'none'"),
        ({"encoding": "WKB", "crs": "+proj=tmerc +nadgrids=/etc/passwd"}, None, "CRS"),
    ],
)
def test_what_its_metadata_get_wrong_is_refused(
    tmp_path: Path, geometry: dict[str, Any] | None, metadata: str | None, reason: str
) -> None:
    with pytest.raises(ProcessRefusedError, match=reason):
        read_file(parquet(tmp_path / "map.parquet", geometry, metadata))


def test_a_damaged_file_is_refused_without_its_path(tmp_path: Path) -> None:
    file = parquet(tmp_path / "map.parquet", {"encoding": "WKB"})
    file.path.write_bytes(file.path.read_bytes()[:200])
    with pytest.raises(ProcessRefusedError, match="map cannot be read") as refused:
        read_file(file)
    assert str(tmp_path) not in str(refused.value)


def test_a_name_that_is_a_pattern_stands_for_no_other_file(tmp_path: Path) -> None:
    parquet(tmp_path / "secret.parquet", {"encoding": "WKB"})
    pattern = tmp_path / "s*.parquet"
    pattern.write_bytes(b"PAR1")
    with pytest.raises(ProcessRefusedError, match="rename it"):
        read_file(DatasetFile("s", pattern, "vector"))


def test_it_has_one_layer(tmp_path: Path) -> None:
    assert layers_of(parquet(tmp_path / "map.parquet", {"encoding": "WKB"})) == ("map",)
    assert np.size(read_file(parquet(tmp_path / "map.parquet", {"encoding": "WKB"})).shapes) == 2


def table(path: Path, columns: str, *rows: str, more: dict[str, Any] | None = None) -> DatasetFile:
    """A file of these columns and of rows in SQL, each with a point; `more` is told of the geometries."""
    geo = {"version": "1.1.0", "primary_column": "geom", "columns": {"geom": {"encoding": "WKB", **(more or {})}}}
    with duckdb.connect() as database:
        database.execute(f"CREATE TABLE t({columns}, geom BLOB)")
        for row in rows:
            point = shapely.to_wkb(shapely.Point(1, 2))
            database.execute(f"INSERT INTO t VALUES ({row}, ?)", [point])  # noqa: S608  # rows are written here
        database.execute(f"COPY t TO '{path}' (FORMAT parquet, KV_METADATA {{geo: '{json.dumps(geo)}'}})")
    return DatasetFile("map", path, "vector")


def test_decimals_without_places_are_whole_numbers_and_those_that_lose_digits_are_told(tmp_path: Path) -> None:
    columns = "id DECIMAL(38, 0), price DECIMAL(9, 2), exact DECIMAL(20, 2)"
    row = "12345678901234567890123, 1.10, 123456789012345678.91"
    read = read_file(table(tmp_path / "map.parquet", columns, row, "NULL, 2, 1"))
    assert read.fields["id"] == [12345678901234567890123, None]
    assert read.fields["price"] == [1.1, 2]
    assert read.fields["exact"][0] == pytest.approx(123456789012345678.91)
    assert read.warnings == ("1 decimal numbers of field 'exact' have more digits than are kept.",)


def test_numbers_of_single_precision_are_the_decimals_that_were_meant(tmp_path: Path) -> None:
    read = read_file(table(tmp_path / "map.parquet", "height FLOAT, width DOUBLE", "0.1, 0.1", "NULL, 2", "-2.7, 3"))
    assert dict(read.fields) == {"height": [0.1, None, -2.7], "width": [0.1, 2, 3]}


def test_what_json_does_not_hold_is_told(tmp_path: Path) -> None:
    read = read_file(table(tmp_path / "map.parquet", "photo BLOB, height DOUBLE", "'\\x00'::BLOB, 'Infinity'"))
    assert dict(read.fields) == {"photo": [None], "height": [None]}
    assert read.warnings == (
        "1 values of field 'photo' are binary data, which no result holds: they are left out.",
        "1 values of field 'height' are infinite, and taken for missing.",
    )


def test_boxes_that_the_file_keeps_of_its_geometries_are_no_attributes(tmp_path: Path) -> None:
    box = {edge: ["bbox", edge] for edge in ("xmin", "ymin", "xmax", "ymax")}
    columns, row = (
        "name VARCHAR, bbox STRUCT(xmin DOUBLE, ymin DOUBLE, xmax DOUBLE, ymax DOUBLE)",
        "'A', ROW(1, 2, 1, 2)",
    )
    covered = table(tmp_path / "covered.parquet", columns, row, more={"covering": {"bbox": box}})
    assert dict(read_file(covered).fields) == {"name": ["A"]}
    plain = table(tmp_path / "plain.parquet", columns, row)
    assert dict(read_file(plain).fields) == {"name": ["A"], "bbox": [{"xmin": 1, "ymin": 2, "xmax": 1, "ymax": 2}]}


def test_numbers_within_lists_and_objects_that_are_none_in_json_are_missing(tmp_path: Path) -> None:
    path = tmp_path / "map.parquet"
    with duckdb.connect() as database:
        values = "[1.5, 'NaN'::DOUBLE, 'Infinity'::DOUBLE] AS measured, {'mean': 'NaN'::DOUBLE, 'n': 2} AS told"
        database.execute(f"COPY (SELECT {values}) TO '{path}' (FORMAT parquet)")
    fields = read_file(DatasetFile("map", path, "vector")).fields
    assert dict(fields) == {"measured": [[1.5, None, None]], "told": [{"mean": None, "n": 2}]}
