"""Reports as text, JSON and JUnit XML. Pure."""

import json
from collections.abc import Iterator
from textwrap import fill
from typing import Any, Final
from xml.etree import ElementTree

from mcp_server.ogc.documents import plain
from mcp_server.validate.records import ConformanceClass, Evidence, Report, TestResult, Verdict

_MARKS: Final = {Verdict.PASSED: "passed", Verdict.FAILED: "FAILED", Verdict.NOT_APPLICABLE: "n/a"}
_INDENT: Final = " " * 8
_COLUMNS: Final = 100


def line(result: TestResult) -> str:
    """One test in one line, and the reason of a verdict other than passed below it."""
    head = f"{_MARKS[result.verdict]:<8}{result.id.removeprefix('/conf/'):<44} {result.purpose}"
    if result.verdict is Verdict.PASSED:
        return head
    clause = f" [{result.clause}]" if result.verdict is Verdict.FAILED else ""
    told = fill(
        plain(result.message) + clause,
        _COLUMNS,
        initial_indent=_INDENT,
        subsequent_indent=_INDENT,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return f"{head}\n{told}"


def summary(report: Report) -> str:
    """A table of the verdicts by conformance class, and what it comes to."""
    rows = [f"{'class':<26}{'declared':>8}{'passed':>8}{'failed':>8}{'n/a':>8}"]
    for one in ConformanceClass:
        counts = report.counts(one)
        if counts:
            declared = "yes" if one in report.declared else "no"
            rows.append(f"{one.value:<26}{declared:>8}" + "".join(f"{counts[verdict]:>8}" for verdict in Verdict))
    counts = report.counts()
    rows.append(f"{'all':<34}" + "".join(f"{counts[verdict]:>8}" for verdict in Verdict))
    failed = counts[Verdict.FAILED]
    verdict = f"{failed} test{'s' * (failed > 1)} failed" if failed else "every applicable test passed"
    if not report.judged:
        verdict = "no test was applicable"
    name = f"{report.title} at {report.url}" if report.title else report.url
    return "\n".join([*rows, "", f"{name}: {verdict} ({report.seconds:.1f} s)"])


def as_json(report: Report) -> str:
    """The whole report as a JSON document, with the exchanges behind each verdict."""
    counts = report.counts()
    document = {
        "server": report.url,
        "title": report.title,
        "standard": "OGC 18-062r2",
        "declared": [one.uri for one in report.declared],
        "passed": report.passed,
        "counts": {verdict.value: counts[verdict] for verdict in Verdict},
        "seconds": round(report.seconds, 3),
        "tests": [_test_as_json(result) for result in report.results],
    }
    # A lone surrogate is possible in JSON's escapes, and in no encoding.
    return json.dumps(document, ensure_ascii=False, indent=2).encode("utf-8", "replace").decode()


def as_junit(report: Report) -> str:
    """The report as JUnit XML: a test suite per conformance class."""
    counts = report.counts()
    root = ElementTree.Element(
        "testsuites",
        name=_xml(f"OGC API - Processes: {report.url}"),
        tests=str(len(report.results)),
        failures=str(counts[Verdict.FAILED]),
        skipped=str(counts[Verdict.NOT_APPLICABLE]),
        errors="0",
        time=f"{report.seconds:.3f}",
    )
    for one in ConformanceClass:
        results = [result for result in report.results if result.conformance_class is one]
        if results:
            _suite(root, one, results, report)
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _suite(root: ElementTree.Element, one: ConformanceClass, results: list[TestResult], report: Report) -> None:
    counts = report.counts(one)
    suite = ElementTree.SubElement(
        root,
        "testsuite",
        name=one.uri,
        tests=str(len(results)),
        failures=str(counts[Verdict.FAILED]),
        skipped=str(counts[Verdict.NOT_APPLICABLE]),
        errors="0",
        time=f"{sum(result.seconds for result in results):.3f}",
    )
    for result in results:
        case = ElementTree.SubElement(
            suite, "testcase", classname=one.value, name=result.id, time=f"{result.seconds:.3f}"
        )
        if result.verdict is Verdict.FAILED:
            failure = ElementTree.SubElement(case, "failure", message=_xml(result.message), type=result.clause)
            failure.text = _xml("\n".join(_evidence_lines(result.evidence)))
        elif result.verdict is Verdict.NOT_APPLICABLE:
            ElementTree.SubElement(case, "skipped", message=_xml(result.message))


def _evidence_lines(evidence: Evidence | None) -> Iterator[str]:
    if evidence is None:
        return
    yield str(evidence)
    if evidence.sent:
        yield f"sent: {evidence.sent}"
    for name, value in evidence.headers.items():
        yield f"{name}: {value}"
    if evidence.excerpt:
        yield evidence.excerpt


def _test_as_json(result: TestResult) -> dict[str, Any]:
    return {
        "id": result.id,
        "class": result.conformance_class.value,
        "purpose": result.purpose,
        "requirement": result.clause,
        "verdict": result.verdict.value,
        "message": result.message,
        "evidence": None if result.evidence is None else _evidence_as_json(result.evidence),
        "exchanges": [str(exchange) for exchange in result.exchanges],
        "seconds": round(result.seconds, 3),
    }


def _evidence_as_json(evidence: Evidence) -> dict[str, Any]:
    return {
        "method": evidence.method,
        "url": evidence.url,
        "sent": evidence.sent,
        "status": evidence.status,
        "headers": dict(evidence.headers),
        "excerpt": evidence.excerpt,
    }


def _xml(text: str) -> str:
    """A text as XML 1.0 can hold it; the escaping itself is the serialiser's."""
    return "".join(c for c in text if c in "\t\n" or " " <= c <= "\ud7ff" or "\ue000" <= c <= "\ufffd" or c > "\uffff")
