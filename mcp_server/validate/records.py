"""Records of the conformance suite. No I/O."""

from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mcp_server.validate.session import Session


class Verdict(StrEnum):
    """What a test says of a server."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_APPLICABLE = "not applicable"


class ConformanceClass(StrEnum):
    """The conformance classes of Part 1, 1.0, by the last segment of their identifiers."""

    CORE = "core"
    DESCRIPTION = "ogc-process-description"
    JSON = "json"
    HTML = "html"
    OAS30 = "oas30"
    JOB_LIST = "job-list"
    CALLBACK = "callback"
    DISMISS = "dismiss"

    @property
    def uri(self) -> str:
        """The identifier that a conformance declaration names."""
        return f"http://www.opengis.net/spec/ogcapi-processes-1/1.0/conf/{self.value}"


@dataclass(frozen=True, slots=True)
class Evidence:
    """One exchange in short: what was asked, and how the answer began."""

    method: str
    url: str
    status: int | None
    """None where no answer came."""
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    """Of the answer, those that tests judge by."""
    excerpt: str = ""
    """The beginning of the body: one line, printable characters only."""
    sent: str = ""
    """The beginning of the request's body."""

    def __str__(self) -> str:
        return f"{self.method} {self.url} → {self.status or 'no answer'}"


class ViolationError(Exception):
    """The server does not do what the test's requirement asks; the message says what came and what is asked."""

    def __init__(self, message: str, evidence: Evidence | None = None) -> None:
        super().__init__(message)
        self.evidence = evidence


class UnansweredError(ViolationError):
    """A request was not answered, or not to its end; the message says how."""

    def __init__(self, message: str, evidence: Evidence, *, late: bool) -> None:
        super().__init__(message, evidence)
        self.late = late
        """Whether it was for lack of time: the server may be all right, and slow."""


class InapplicableError(Exception):
    """The test cannot be judged on this server, or not from outside; the message says why."""


class NotAServerError(Exception):
    """Nothing at the URL answers like a server of OGC API – Processes."""


type Check = Callable[[Session], Awaitable[None]]
"""Returns where the requirement is kept. Raises: ViolationError, InapplicableError."""


@dataclass(frozen=True, slots=True)
class ConformanceTest:
    """One abstract test of the standard's annex A."""

    id: str
    """E.g. `/conf/core/landingpage-op`."""
    conformance_class: ConformanceClass
    purpose: str
    check: Check
    clause: str
    """The requirement that it tests, e.g. `/req/core/landingpage-op`."""


@dataclass(frozen=True, slots=True)
class TestResult:
    """The verdict of one test."""

    __test__ = False  # not one of pytest's

    id: str
    conformance_class: ConformanceClass
    purpose: str
    clause: str
    verdict: Verdict
    message: str
    """Why, unless it passed: one line."""
    evidence: Evidence | None
    """The exchange that decided a failure."""
    exchanges: tuple[Evidence, ...]
    """What this test asked the server; an exchange that an earlier test made is not repeated."""
    seconds: float


@dataclass(frozen=True, slots=True)
class Report:
    """All verdicts on one server, in the order of the tests."""

    url: str
    title: str
    """The server's own, or empty."""
    declared: tuple[ConformanceClass, ...]
    results: tuple[TestResult, ...]
    seconds: float

    @property
    def passed(self) -> bool:
        """Whether something passed and nothing failed."""
        counts = self.counts()
        return counts[Verdict.PASSED] > 0 and not counts[Verdict.FAILED]

    @property
    def judged(self) -> bool:
        """Whether anything passed or failed."""
        return any(result.verdict is not Verdict.NOT_APPLICABLE for result in self.results)

    def counts(self, conformance_class: ConformanceClass | None = None) -> Counter[Verdict]:
        """How many tests came to each verdict, of one class or of all."""
        return Counter(
            result.verdict for result in self.results if conformance_class in (None, result.conformance_class)
        )


@dataclass(frozen=True, slots=True)
class Options:
    """What a run is asked to do."""

    timeout: float = 30.0
    """Seconds for one request, and for a job to end."""
    classes: tuple[ConformanceClass, ...] = ()
    """Only these; empty is all."""
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    """Sent with every request to the server, and to nobody else."""
    process: str | None = None
    """The process to execute, in place of one that the suite chooses."""
    inputs: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """Values for its inputs, in place of those that the suite finds."""
