"""Inputs that refer to datasets: files take the place of their references in a worker, and nothing else is read."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.errors import NoSuchJobError, ProcessRefusedError
from backend.geo.vector.datasets import DatasetFile, Datasets
from backend.jobs.records import StoredResult
from backend.jobs.references import DatasetReference, parse_reference, resolve_references

BASE = "https://example.org/ogc"


def read_nothing(job_id: str, output_id: str) -> StoredResult:
    raise NoSuchJobError(f"There is no job '{job_id}' with {output_id}.")


def resolved(value: Any, *folders: Path) -> Any:
    datasets = Datasets.within(folders)
    return resolve_references({"in": value}, BASE, read_nothing, max_bytes=0, datasets=datasets)["in"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "parcels.gpkg").write_bytes(b"")
    return tmp_path


@given(st.text(min_size=1), st.none() | st.text(min_size=1), st.none() | st.just("0123456789abcdef"))
def test_a_reference_is_parsed_as_it_was_built(dataset_id: str, layer: str | None, mark: str | None) -> None:
    reference = DatasetReference(dataset_id, layer, mark)
    assert parse_reference(reference.href(BASE), BASE) == reference


@pytest.mark.parametrize(
    "href",
    [
        "https://example.org/collections/parcels",
        "https://example.org/ogc/collections",
        "https://example.org/ogc/collections/",
        "https://example.org/ogc/collections/parcels/items",
        "https://example.org/ogc/collections/parcels?f=json",
        "https://example.org/ogc/collections/../collections/parcels",
        "https://example.org/ogc/collections/parcels#a#b",
        "file:///etc/passwd",
        "/collections/parcels",
    ],
)
def test_other_urls_are_no_datasets_of_ours(href: str, folder: Path) -> None:
    assert parse_reference(href, BASE) is None
    link = {"href": href}
    assert resolved(link, folder) == link


def test_a_file_takes_the_place_of_a_reference_at_any_depth(folder: Path) -> None:
    link = {"href": f"{BASE}/collections/parcels#layer%20%C3%B6", "type": "application/geopackage+sqlite3"}
    file = DatasetFile("parcels", folder / "parcels.gpkg", "vector", "layer ö")
    assert resolved([1, {"deep": link}], folder) == [1, {"deep": file}]


def test_the_very_file_is_known_by_its_mark_on_whatever_server_runs_the_job(folder: Path, tmp_path: Path) -> None:
    file = DatasetFile("parcels", folder / "parcels.gpkg", "vector")
    link = {"href": DatasetReference("parcels", mark=file.mark).href("http://other.example/api")}
    assert resolved(link, folder) == file
    other = tmp_path / "other"
    other.mkdir()
    (other / "parcels.csv").write_text("", encoding="utf-8")
    for base in (BASE, "http://other.example/api"):
        with pytest.raises(ProcessRefusedError, match="another file of the id 'parcels'"):
            resolved({"href": DatasetReference("parcels", mark=file.mark).href(base)}, other)


@pytest.mark.parametrize("name", ["none", "..", "..%2Fparcels", "%2Fetc%2Fpasswd", "parcels.gpkg"])
def test_what_is_no_dataset_is_refused_with_its_place(folder: Path, name: str) -> None:
    with pytest.raises(ProcessRefusedError, match="there is no dataset") as refused:
        resolved([{"href": f"{BASE}/collections/{name}"}], folder)
    assert refused.value.path == "$.inputs.in[0]"
    assert str(folder) not in str(refused.value)


def test_without_data_folders_there_is_no_dataset() -> None:
    with pytest.raises(ProcessRefusedError, match="there is no dataset 'parcels'"):
        resolved({"href": f"{BASE}/collections/parcels"})


def test_a_path_that_looks_like_a_dataset_of_ours_stays_data(folder: Path) -> None:
    value = {"id": "parcels", "path": str(folder / "parcels.gpkg"), "kind": "vector"}
    assert resolved(value, folder) == value
