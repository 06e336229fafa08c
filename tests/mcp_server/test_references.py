"""URIs of jobs, results and processes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcp_server.errors import InvalidReferenceError
from mcp_server.references import (
    DatasetReference,
    JobReference,
    KeptReference,
    ProcessReference,
    ResultReference,
    is_reference,
    parse,
)

NAME = st.from_regex(r"[a-z][a-z0-9-]{0,19}", fullmatch=True).filter(lambda name: name != "bridge")
IDENTIFIER = st.text(min_size=1, max_size=40)


@given(server=NAME, job=IDENTIFIER, output=IDENTIFIER)
def test_whatever_a_server_calls_its_jobs_and_outputs_a_reference_reads_back_as_itself(
    server: str, job: str, output: str
) -> None:
    for reference in (
        JobReference(server, job),
        JobReference.of_bridge(job),
        ResultReference(server, job, output),
        KeptReference(job, output),
        ProcessReference(server, output),
        DatasetReference(server, job),
        DatasetReference(server, job, output),
    ):
        assert is_reference(str(reference))
        assert parse(str(reference)) == reference


def test_a_job_of_the_bridge_is_told_from_a_servers() -> None:
    job = parse("ogc://bridge/jobs/1")
    assert job == JobReference.of_bridge("1")
    assert isinstance(job, JobReference)
    assert job.is_of_bridge
    assert not JobReference("local", "1").is_of_bridge


def test_a_result_names_its_job() -> None:
    assert ResultReference("local", "1", "buffer").job == JobReference("local", "1")


@pytest.mark.parametrize(
    "uri",
    [
        "",
        "ogc://",
        "ogc://local",
        "ogc://local/jobs",
        "ogc://local/jobs/",
        "ogc://local/jobs//results/a",
        "ogc://local/jobs/1/results",
        "ogc://local/jobs/1/results/a/b",
        "ogc://local/jobs/1?x=1",
        "ogc://local/jobs/1#x",
        "ogc://bridge/jobs/1/results/a",
        "ogc://bridge/processes/p",
        "ogc://bridge/results/1",
        "ogc://local/results/1/a",
        "https://local/jobs/1",
        "ogc://[broken/jobs/1",
    ],
)
def test_a_malformed_reference_is_refused_with_the_forms_there_are(uri: str) -> None:
    with pytest.raises(InvalidReferenceError, match="ogc://SERVER/jobs/JOB"):
        parse(uri)


def test_of_a_very_long_text_the_beginning_is_told() -> None:
    with pytest.raises(InvalidReferenceError) as raised:
        parse("ogc://" + "x" * 100_000)
    assert len(str(raised.value)) < 500


@pytest.mark.parametrize("value", [None, 1, {"href": "ogc://local/jobs/1"}, "POINT (1 2)", "ogc:"])
def test_other_values_do_not_claim_to_be_references(value: object) -> None:
    assert not is_reference(value)
