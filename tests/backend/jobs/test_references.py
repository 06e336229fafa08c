"""Which links are results of this server, and what stands in their place."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.errors import NoSuchJobError, ProcessRefusedError, ResultNotReadyError
from backend.jobs.records import ResultRecord
from backend.jobs.references import OwnReference, StoredResult, parse_reference, resolve_references

BASE = "https://example.org/ogc"
JOB = "0123456789abcdef0123456789abcdef"


def stored(media_type: str, content: bytes | Path) -> StoredResult:
    return ResultRecord("out", media_type, 1, "", {}), content


def read_nothing(job_id: str, output_id: str) -> StoredResult:
    raise NoSuchJobError(f"There is no job '{job_id}' with {output_id}.")


@given(st.text(min_size=1), st.text(min_size=1))
def test_a_reference_is_parsed_as_it_was_built(job_id: str, output_id: str) -> None:
    reference = OwnReference(job_id, output_id)
    assert parse_reference(reference.href(BASE), BASE) == reference


@pytest.mark.parametrize(
    "href",
    [
        "https://example.org/jobs/1/results/out",
        "https://example.org/ogc.evil.example/jobs/1/results/out",
        "https://example.org/ogc/jobs/1/results",
        "https://example.org/ogc/jobs/1/results/out/more",
        "https://example.org/ogc/jobs/1/results/out?f=json",
        "https://example.org/ogc/processes/1",
        "",
    ],
)
def test_other_urls_are_not_ours(href: str) -> None:
    assert parse_reference(href, BASE) is None


def test_without_a_base_url_nothing_is_ours() -> None:
    assert parse_reference("/jobs/1/results/out", "") is None


@pytest.mark.parametrize(
    ("media_type", "content", "value"),
    [
        ("application/geo+json", b'{"type":"Point"}', {"type": "Point"}),
        ("application/json; charset=utf-8", b"[1]", [1]),
        ("text/csv", "ä".encode(), "ä"),
        ("image/png", b"\x89PNG", b"\x89PNG"),
    ],
)
def test_the_value_is_of_its_media_type(media_type: str, content: bytes, value: Any) -> None:
    link = {"href": f"{BASE}/jobs/1/results/out", "type": media_type}
    resolved = resolve_references({"in": link}, BASE, lambda _job, _output: stored(media_type, content), max_bytes=1000)
    assert resolved == {"in": value}


def test_a_large_result_is_read_from_its_file(tmp_path: Path) -> None:
    (tmp_path / "1.0").write_bytes(b"[1,2]")
    link = {"href": f"{BASE}/jobs/1/results/out"}
    read = stored("application/json", tmp_path / "1.0")
    assert resolve_references({"in": [link]}, BASE, lambda _job, _output: read, max_bytes=1000) == {"in": [[1, 2]]}


def test_links_within_the_data_stay() -> None:
    inputs = {
        "feature": {"links": [{"href": "https://elsewhere.example/item", "rel": "self"}]},
        "with-more": {"href": f"{BASE}/jobs/1/results/out", "name": "not a link but an object that has one"},
        "same-shape": {"href": f"https://elsewhere.example/jobs/{JOB}/results/out"},
    }
    assert resolve_references(inputs, BASE, read_nothing, max_bytes=1000) == inputs


def test_a_result_under_the_url_of_another_server_on_this_store_is_read() -> None:
    link = {"href": f"http://localhost:7000/jobs/{JOB}/results/out"}

    def read(job_id: str, output_id: str) -> StoredResult:
        assert (job_id, output_id) == (JOB, "out")
        return stored("application/json", b"7")

    assert resolve_references({"in": link}, BASE, read, max_bytes=1000) == {"in": 7}


def test_what_cannot_be_read_is_refused_with_its_place() -> None:
    def read(job_id: str, output_id: str) -> StoredResult:
        raise ResultNotReadyError(f"The job {job_id} is running: there is no {output_id} yet.")

    link = {"href": f"{BASE}/jobs/1/results/out"}
    with pytest.raises(ProcessRefusedError, match="is running") as caught:
        resolve_references({"a": 1, "b": {"c": [0, link]}}, BASE, read, max_bytes=1000)
    assert caught.value.path == "$.inputs.b.c[1]"
    with pytest.raises(ProcessRefusedError, match="no job"):
        resolve_references({"b": link}, BASE, read_nothing, max_bytes=1000)


def test_a_result_of_this_store_that_cannot_be_read_is_refused_under_the_url_of_another_server_too() -> None:
    def read(job_id: str, output_id: str) -> StoredResult:
        raise ResultNotReadyError(f"The job {job_id} is running: there is no {output_id} yet.")

    link = {"href": f"http://localhost:7000/jobs/{JOB}/results/out"}
    with pytest.raises(ProcessRefusedError, match="is running") as caught:
        resolve_references({"in": link}, BASE, read, max_bytes=1000)
    assert caught.value.path == "$.inputs.in"


def test_results_are_counted_as_often_as_they_are_referred_to() -> None:
    link = {"href": f"{BASE}/jobs/{JOB}/results/out"}

    def read(_job: str, _output: str) -> StoredResult:
        return ResultRecord("out", "application/json", 400, "", {}), b"[]"

    assert resolve_references({"a": [link, link]}, BASE, read, max_bytes=800) == {"a": [[], []]}
    with pytest.raises(ProcessRefusedError, match="800 bytes") as refused:
        resolve_references({"a": [link, link], "b": link}, BASE, read, max_bytes=800)
    assert refused.value.path == "$.inputs.b"
