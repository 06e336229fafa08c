"""Run a journey's steps over a session, and hold each answer against its expectations."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from mcp import Client

from mcp_server.journeys.paths import MISSING, as_text, look_up, resolve, split_path
from mcp_server.journeys.script import Expectation, Journey, Step
from mcp_server.session import call


@dataclass(frozen=True, slots=True)
class StepReport:
    """What came of one step."""

    id: str
    tool: str
    seconds: float
    failures: tuple[str, ...]
    """Each expectation that was not met, in words."""

    @property
    def passed(self) -> bool:
        """Whether every expectation was met."""
        return not self.failures


@dataclass(frozen=True, slots=True)
class JourneyReport:
    """What came of a journey."""

    request: str
    steps: tuple[StepReport, ...]

    @property
    def passed(self) -> bool:
        """Whether every step passed."""
        return all(step.passed for step in self.steps)


async def run(client: Client, journey: Journey) -> JourneyReport:
    """Run the steps in order. A step that needs the answer of a failed call is not run, and fails."""
    answers: dict[str, Any] = {}
    reports: list[StepReport] = []
    for step in journey.steps:
        start = time.perf_counter()
        failures = await _run_step(client, step, answers)
        reports.append(StepReport(step.id, step.tool, time.perf_counter() - start, tuple(failures)))
    return JourneyReport(journey.request, tuple(reports))


async def _run_step(client: Client, step: Step, answers: dict[str, Any]) -> list[str]:
    try:
        arguments = resolve(step.arguments, answers)
    except LookupError as error:
        return [f"not run: {error.args[0]}"]
    answer = await call(client, step.tool, arguments)
    if step.error is not None:
        if not answer.failed:
            return [f"expected an error with {step.error!r}, but the call succeeded"]
        return [] if step.error in answer.text else [f"expected an error with {step.error!r}, got: {answer.text}"]
    if answer.failed:
        return [f"the call failed: {answer.text}"]
    answers[step.id] = answer.structured if answer.structured is not None else answer.text
    return [failure for expectation in step.expect for failure in unmet(expectation, answers[step.id])]


def unmet(expectation: Expectation, answer: Any) -> list[str]:
    """The conditions that the value at the expectation's path does not meet, in words."""
    found = look_up(answer, split_path(expectation.path))
    if found is MISSING:
        return [f"{expectation.path}: there is no such value"]
    checks = {
        "equals": (f"{expectation.equals!r}", _equal(found, expectation.equals)),
        "approx": (_approx_text(expectation), _is_near(found, expectation)),
        "min": (f"{expectation.min!r}", _is_number(found) and found >= cast("float", expectation.min or 0)),
        "max": (f"{expectation.max!r}", _is_number(found) and found <= cast("float", expectation.max or 0)),
        "contains": (f"{expectation.contains!r}", _contains(found, expectation.contains)),
    }
    return [
        f"{expectation.path}: expected {name} {wanted}, got {_short(found)}"
        for name, (wanted, met) in checks.items()
        if name in expectation.model_fields_set and not met
    ]


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _equal(found: Any, wanted: Any) -> bool:
    # In Python True is 1; in JSON it is not.
    return isinstance(found, bool) == isinstance(wanted, bool) and found == wanted


def _is_near(found: Any, expectation: Expectation) -> bool:
    wanted = expectation.approx or 0
    return _is_number(found) and abs(found - wanted) <= max(expectation.rel * abs(wanted), expectation.abs)


def _approx_text(expectation: Expectation) -> str:
    tolerances = {"rel": expectation.rel, "abs": expectation.abs}
    return f"{expectation.approx!r} (" + ", ".join(f"{k} {v:g}" for k, v in tolerances.items() if v) + ")"


def _contains(found: Any, wanted: Any) -> bool:
    if isinstance(found, str | Mapping):
        return isinstance(wanted, str) and wanted in found
    return isinstance(found, list) and any(_equal(one, wanted) for one in cast("list[Any]", found))


def _short(value: Any) -> str:
    text = as_text(value)
    return text if len(text) <= 120 else f"{text[:120]}…"
