"""Reports tell the same verdicts as text, JSON and JUnit XML, whatever the server wrote."""

import json
from xml.etree import ElementTree

from mcp_server.validate import ConformanceClass, Report, TestResult, Verdict, reports
from mcp_server.validate.records import Evidence

HOSTILE = "\x1b[31mred\x00 <b>&amp;]]> \ud800\u202e" + "long " * 100


def result(name: str, verdict: Verdict, message: str = "", evidence: Evidence | None = None) -> TestResult:
    return TestResult(
        id=f"/conf/core/{name}",
        conformance_class=ConformanceClass.CORE,
        purpose="a purpose",
        clause=f"/req/core/{name}",
        verdict=verdict,
        message=message,
        evidence=evidence,
        exchanges=(Evidence("GET", "http://a.test/", 200),),
        seconds=0.25,
    )


EVIDENCE = Evidence("GET", "http://a.test/jobs", 500, {"content-type": "text/html"}, HOSTILE, "{}")
REPORT = Report(
    url="http://a.test",
    title="A <server>",
    declared=(ConformanceClass.CORE,),
    results=(
        result("one", Verdict.PASSED),
        result("two", Verdict.FAILED, "GET /jobs answered 500; 200 is asked for", EVIDENCE),
        result("three", Verdict.NOT_APPLICABLE, "there is nothing to try it on"),
    ),
    seconds=1.5,
)


def test_a_test_that_passed_is_one_line() -> None:
    assert reports.line(REPORT.results[0]).splitlines() == [f"{'passed':<8}{'core/one':<44} a purpose"]


def test_a_failure_tells_what_came_what_is_asked_for_and_the_requirement() -> None:
    _, reason = reports.line(REPORT.results[1]).splitlines()
    assert reason.strip() == "GET /jobs answered 500; 200 is asked for [/req/core/two]"


def test_no_line_is_longer_than_a_hundred_columns() -> None:
    lines = reports.line(result("two", Verdict.FAILED, "a word and another " * 20)).splitlines()
    assert len(lines) > 3
    assert max(map(len, lines)) <= 100


def test_what_the_server_wrote_cannot_steer_a_terminal() -> None:
    line = reports.line(result("two", Verdict.FAILED, HOSTILE))
    assert all(character.isprintable() or character == "\n" for character in line)


def test_the_summary_counts_by_class() -> None:
    lines = reports.summary(REPORT).splitlines()
    assert lines[0].split() == ["class", "declared", "passed", "failed", "n/a"]
    assert lines[1].split() == ["core", "yes", "1", "1", "1"]
    assert lines[2].split() == ["all", "1", "1", "1"]
    assert lines[-1] == "A <server> at http://a.test: 1 test failed (1.5 s)"


def test_json_has_every_verdict_with_its_evidence() -> None:
    document = json.loads(reports.as_json(REPORT))
    assert (document["passed"], document["counts"]) == (False, {"passed": 1, "failed": 1, "not applicable": 1})
    assert [test["verdict"] for test in document["tests"]] == ["passed", "failed", "not applicable"]
    assert document["tests"][1]["evidence"]["status"] == 500
    assert document["tests"][1]["requirement"] == "/req/core/two"
    assert document["tests"][0]["exchanges"] == ["GET http://a.test/ → 200"]


def test_json_can_be_encoded_whatever_the_server_wrote() -> None:
    assert reports.as_json(REPORT).encode()


def test_junit_is_well_formed_and_counts_what_it_holds() -> None:
    root = ElementTree.fromstring(reports.as_junit(REPORT))  # noqa: S314 - our own
    assert (root.tag, root.get("tests"), root.get("failures"), root.get("skipped")) == ("testsuites", "3", "1", "1")
    (suite,) = root
    assert suite.get("name") == ConformanceClass.CORE.uri
    assert [case.get("name") for case in suite] == ["/conf/core/one", "/conf/core/two", "/conf/core/three"]
    (failure,) = suite[1]
    assert (failure.tag, failure.get("type")) == ("failure", "/req/core/two")
    assert "GET http://a.test/jobs → 500" in (failure.text or "")
    assert suite[2][0].tag == "skipped"
