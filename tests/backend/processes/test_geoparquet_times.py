"""Times in GeoParquet, as DuckDB finds them, and as they are read again."""

import os
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pytest

from backend.geo.vector.datasets import DatasetFile
from backend.geo.vector.feature_reading import read_features
from tests.backend.processes.conversions import collection, converted, file_of, told

MICROSECONDS = 10**6
READ = """
import sys
from pathlib import Path
from backend.geo.vector.parquet_files import read_parquet
print(read_parquet(Path(sys.argv[1])).columns["at"][0].isoformat())
"""


def test_times_are_times_in_a_geoparquet(tmp_path: Path) -> None:
    duckdb = pytest.importorskip("duckdb")
    first_row = {
        "plain": "2020-02-29T23:59:58.250", "fine": "2020-02-29T23:59:58.123456", "utc": "2020-02-29T01:02:03Z",
        "zoned": "2020-07-01T02:00:00+02:00", "text": "2020-02-29T23:59:58",
    }  # fmt: skip
    second_row = {"fine": "0001-01-01T00:00:00", "zoned": "2020-01-01T01:00:00+01:00", "text": "later"}
    data = collection(("POINT (9 48)", first_row), ("POINT (10 48)", second_row))
    output = converted(data, format="geoparquet")
    path = file_of(output, tmp_path / "out.parquet")
    with duckdb.connect(":memory:") as database:
        described = database.execute("DESCRIBE SELECT * FROM read_parquet($1)", [str(path)]).fetchall()
        query = "SELECT epoch_us(utc), epoch_us(zoned), epoch_us(fine) FROM read_parquet($1)"
        first = database.execute(query, [str(path)]).fetchone()
    assert {name: kind for name, kind, *_ in described if name != "geometry"} == {
        "plain": "TIMESTAMP", "fine": "TIMESTAMP", "utc": "TIMESTAMP WITH TIME ZONE",
        "zoned": "TIMESTAMP WITH TIME ZONE", "text": "VARCHAR",
    }  # fmt: skip
    moments = ("2020-02-29T01:02:03+00:00", "2020-07-01T00:00:00+00:00", "2020-02-29T23:59:58.123456+00:00")
    assert first == tuple(round(datetime.fromisoformat(moment).timestamp() * MICROSECONDS) for moment in moments)
    found = read_features(DatasetFile("again", path, "vector"))
    assert found.fields["plain"] == ["2020-02-29T23:59:58.250000", None]
    assert found.fields["fine"] == ["2020-02-29T23:59:58.123456", "0001-01-01T00:00:00"]
    assert found.fields["utc"] == ["2020-02-29T01:02:03Z", None]
    assert found.fields["zoned"] == ["2020-07-01T00:00:00Z", "2020-01-01T00:00:00Z"]
    assert told(output, "UTC") == "Times are in UTC, as a GeoParquet has no other zones, in: 'zoned'."


def test_times_with_a_zone_are_read_alike_on_machines_of_any_zone(tmp_path: Path) -> None:
    pytest.importorskip("duckdb")
    row = {"at": "1850-01-01T00:00:00Z"}
    path = file_of(converted(collection(("POINT (9 48)", row)), format="geoparquet"), tmp_path / "out.parquet")
    in_new_york = {**os.environ, "TZ": "America/New_York"}
    done = subprocess.run(
        [sys.executable, "-c", READ, path], env=in_new_york, capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "1850-01-01T00:00:00+00:00"
