"""Schemathesis on `/openapi` and the server that it describes: no error of the server, no answer undocumented.

The data are random but the same in every run. What an operation is sent is Schemathesis' choice, with exceptions: a
job's or dataset's id is mostly one that there is, as a random one would only ever be unknown; half of the processes in
paths that leave them open are one that needs no input, as random inputs are hardly ever right; times are shortened, as
a wait of an hour, or a process asked to take one, is valid and would be granted; pygeoapi's hello-world is not asked
to call its result something else than its own description does, as it would; and half of the ways begin at one point,
as they must, which no schema of a geometry can say. To these come the examples that the document gives.
"""

import math
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import quote

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import load_all_checks
from schemathesis.core import NOT_SET
from schemathesis.core.failures import Failure
from schemathesis.specs.openapi import checks

from tests.interop.own_backend import own_backend, until

pytestmark = pytest.mark.long(30)

_CASES = 20
_CASES_IN_FULL = 1_000
"""Of each of the first two tests, with the option `--full`; `.ci/run` gives it."""
_WAYS = 10
_WAYS_IN_FULL = 20
"""Through the links of a job."""
_ENOUGH_CASES = 12
"""Of an operation, right ones and wrong ones each, in full: among fewer there may be none that its process takes."""
_LONGEST_SECONDS = 0.05
_OF_EVERY_ANSWER = {"connection", "content-length", "content-type", "date", "server", "transfer-encoding"}
_FOREIGN = ("hello-world", "shapely-functions")
"""Processes of pygeoapi's own: how they fail is not our doing."""


SETTINGS = settings(
    derandomize=True,
    database=None,
    deadline=None,
    phases=[Phase.generate],  # a failure tells its request: to look for a shorter one would take long
    suppress_health_check=list(HealthCheck),
)


@dataclass(slots=True)
class Seen:
    """What became of the cases so far."""

    cases: int = 0
    statuses: dict[str, Counter[int]] = field(default_factory=dict[str, Counter[int]])


@dataclass(frozen=True, slots=True)
class Target:
    """A running server, and jobs of it in every state, each with one of its outputs."""

    url: str
    cases: int
    least: int
    """Of an operation, right ones and wrong ones each."""
    ways: int
    jobs: Sequence[tuple[str, str]] = ()


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with own_backend(tmp_path_factory.mktemp("fuzzed")) as url:
        run(url, "hello-world", {"name": "Ada"})  # whose worker is there for the jobs to come
        yield url


@pytest.fixture(scope="module")
def target(url: str, request: pytest.FixtureRequest) -> Target:
    if request.config.getoption("--full"):
        return Target(url, _CASES_IN_FULL, _ENOUGH_CASES, _WAYS_IN_FULL)
    return Target(url, _CASES, 1, _WAYS)


def jobs_in_every_state(url: str) -> Sequence[tuple[str, str]]:
    points = "MULTIPOINT(" + ",".join(f"{place % 60} {place // 60}" for place in range(400)) + ")"
    large = {"geometry": points, "distance": 1000, "resolution": 64}
    jobs = [
        (run(url, "hello-world", {"name": "Ada"}), "echo"),
        (run(url, "hello-world", {"name": "Ada"}, response="document"), "echo"),
        (run(url, "geometry-buffer", {"geometry": "POINT(1 2)", "distance": 5}), "buffer"),
        (run(url, "geometry-buffer", large), "buffer"),
        (run(url, "geometry-buffer", {"geometry": "POINT(1 200)", "distance": 5}), "buffer"),
        (run(url, "slow-steps", {"seconds": 0}), "done"),
        (run(url, "slow-steps", {"seconds": 900}, wait=0), "done"),
    ]
    requests.delete(f"{url}/jobs/{jobs[5][0]}", timeout=30).raise_for_status()
    states = [requests.get(f"{url}/jobs/{job}", timeout=30).json()["status"] for job, _ in jobs]
    assert states[:-1] == ["successful"] * 4 + ["failed", "dismissed"]
    assert states[-1] in ("accepted", "running")
    return jobs


def run(url: str, process: str, inputs: dict[str, Any], *, wait: int = 30, **request: Any) -> str:
    response = requests.post(
        f"{url}/processes/{process}/execution",
        json={"inputs": inputs, **request},
        headers={"Prefer": f"respond-async, wait={wait}"},
        timeout=60,
    )
    return response.headers["Location"].rsplit("/", 1)[1]


def test_the_resources_of_the_standard_answer_as_documented(target: Target) -> None:
    send_all("^/(?!processes/[^{])", replace(target, jobs=jobs_in_every_state(target.url)))


def test_the_paths_of_each_process_answer_as_documented(target: Target) -> None:
    send_all("^/processes/[^{]", target)


def test_a_job_answers_as_documented_wherever_the_links_of_its_execution_lead(target: Target) -> None:
    load_all_checks()
    schema = schemathesis.openapi.from_url(f"{target.url}/openapi").include(
        path_regex="^/(processes/(echo|slow-steps)/|jobs/)"
    )
    seen = Seen()

    class Workflow(schema.as_state_machine()):
        def before_call(self, case: Any) -> None:
            in_a_short_time(case)
            if case.operation.method == "post":
                case.headers["Prefer"] = "respond-async"
            elif case.operation.path == "/jobs/{jobId}/results":
                wait_for_end(target.url, case.path_parameters["jobId"])

        def validate_response(self, response: Any, case: Any, *_: Any, **__: Any) -> None:
            seen.cases += 1
            seen.statuses.setdefault(case.operation.label, Counter())[response.status_code] += 1
            case.validate_response(response, checks=CHECKS)

    Workflow.run(settings=settings(SETTINGS, max_examples=target.ways, stateful_step_count=6))
    for label in ("GET /jobs/{jobId}", "GET /jobs/{jobId}/results", "DELETE /jobs/{jobId}"):
        assert any(status < 300 for status in seen.statuses[label]), f"{label}: {seen.statuses[label]}"


def wait_for_end(url: str, job: object) -> None:
    """Wait until there is no job of this id that is still to end."""

    def status() -> Any:
        return requests.get(f"{url}/jobs/{quote(str(job), safe='')}", timeout=30).json().get("status")

    until(status, lambda status: status not in ("accepted", "running"), seconds=60)


def send_all(paths: str, target: Target) -> None:
    """Send as many right and wrong cases to each operation, or to as many operations, as make the number in all."""
    load_all_checks()
    schema = schemathesis.openapi.from_url(f"{target.url}/openapi").include(path_regex=paths)
    operations = sorted((found.ok() for found in schema.get_all_operations()), key=lambda one: one.method == "delete")
    sources = [(operation, mode) for operation in operations for mode in GenerationMode]
    if len(operations) > target.cases:
        # Of some of them, from all along the list: right cases of one operation, wrong ones of the next.
        chosen = [number * len(operations) // target.cases for number in range(target.cases)]
        sources = [sources[2 * operation + number % 2] for number, operation in enumerate(chosen)]
    examples = max(target.least, math.ceil(target.cases / sum(is_rich(*source) for source in sources)))
    seen = Seen()
    for operation, mode in sources:
        send_cases(operation, mode, examples, target, seen)
    assert seen.cases >= target.cases
    if target.least < _ENOUGH_CASES:
        return
    for operation in operations:
        send_example(operation, seen)
        label, statuses = operation.label, seen.statuses[operation.label]
        right = any(status < 300 for status in statuses) or (names_foreign(operation) and 500 in statuses)
        assert right, f"{label}: nothing was ever right: {statuses}"
        assert any(400 <= status < 500 for status in statuses), f"{label}: nothing was ever refused: {statuses}"


def is_rich(operation: Any, mode: GenerationMode) -> bool:
    """Whether there is no end of cases: of right ones for a `GET` that takes the form alone there are a handful."""
    parameters = [*operation.query, *operation.headers, *operation.path_parameters]
    return mode.is_negative or operation.method == "post" or len(parameters) > 1


def names_foreign(operation: Any) -> bool:
    """Whether a right request may end in the failure of a process that is not ours."""
    return any(operation.path.startswith(f"/processes/{process}/") for process in _FOREIGN)


def send_example(operation: Any, seen: Seen) -> None:
    """Send the request that the document gives as an example; no random raster, say, is one that a process takes."""
    media = operation.definition.raw.get("requestBody", {}).get("content", {}).get("application/json", {})
    if "example" in media:
        case = operation.Case(body=media["example"], media_type="application/json")
        response = case.call(timeout=60)
        seen.statuses[operation.label][response.status_code] += 1
        case.validate_response(response, checks=CHECKS)


def send_cases(operation: Any, mode: GenerationMode, examples: int, target: Target, seen: Seen) -> None:
    statuses = seen.statuses.setdefault(operation.label, Counter())

    @settings(SETTINGS, max_examples=examples)
    @given(case=operation.as_strategy(mode))
    def send(case: Any) -> None:
        at_a_process(case)
        at_a_job(case, target.jobs)
        at_a_dataset(case)
        in_a_short_time(case)
        from_one_point(case)
        # A connection for each: on one that stays, small answers would wait for delayed acknowledgements.
        response = case.call(timeout=60)
        seen.cases += 1
        statuses[response.status_code] += 1
        case.validate_response(response, checks=CHECKS)

    send()


def at_a_process(case: Any) -> None:
    """Put a process that needs no input in place of half of them, where any may be named."""
    parameters = case.path_parameters
    if "processID" in parameters and zlib.crc32(str(parameters["processID"]).encode("utf-8", "replace")) % 2:
        parameters["processID"] = "echo"


def at_a_job(case: Any, jobs: Sequence[tuple[str, str]]) -> None:
    """Put a job that there is in place of most random ids."""
    parameters = case.path_parameters
    if "jobId" in parameters:
        chosen = zlib.crc32(str(parameters["jobId"]).encode("utf-8", "replace")) % (len(jobs) + 1)
        if chosen < len(jobs):
            parameters["jobId"], output = jobs[chosen]
            if "output" in parameters and chosen % 2:
                parameters["output"] = output


def at_a_dataset(case: Any) -> None:
    """Put a dataset that there is in place of half of the random ids."""
    parameters = case.path_parameters
    if "collectionId" in parameters and zlib.crc32(str(parameters["collectionId"]).encode("utf-8", "replace")) % 2:
        parameters["collectionId"] = "countries"


def from_one_point(case: Any) -> None:
    """Have half of the ways begin at one point."""
    inputs = case.body.get("inputs") if isinstance(case.body, dict) else None
    if process_of(case) != "destination-point" or not isinstance(inputs, dict) or "geometry" not in inputs:
        return
    if zlib.crc32(str(inputs).encode("utf-8", "replace")) % 2:
        inputs["geometry"] = "POINT (7.6 51.9)"


def in_a_short_time(case: Any) -> None:
    """Have no server wait, and no process take longer than the test can."""
    if case.operation.method == "post" or "If-None-Match" in (case.headers or {}):
        # Of a repeated preference the first counts.
        case.headers["Prefer"] = f"wait=1, {case.headers.get('Prefer', '')}"
    if process_of(case) == "hello-world" and isinstance(case.body, dict) and isinstance(case.body.get("inputs"), dict):
        case.body["inputs"].pop("media_type", None)
    pauses = {"slow-steps": "seconds", "echo": "pause"}
    name = pauses.get(process_of(case) or "")
    if name is None or case.operation.method != "post":
        return
    if case.body is NOT_SET:
        case.body, case.media_type = {}, "application/json"
    inputs = case.body.setdefault("inputs", {}) if isinstance(case.body, dict) else None
    if isinstance(inputs, dict):
        asked = inputs.get(name, math.inf)
        if isinstance(asked, dict):
            asked = asked.get("value")  # a qualified value
        if isinstance(asked, int | float) and asked > _LONGEST_SECONDS:
            inputs[name] = _LONGEST_SECONDS


def process_of(case: Any) -> str | None:
    _, *steps = case.operation.path.split("/")
    named = (case.path_parameters or {}).get("processID")
    return named or (steps[1] if len(steps) > 1 and steps[0] == "processes" else None)


def no_server_error(_context: Any, response: Any, case: Any) -> None:
    """A 5xx is an error, unless a foreign process says that it failed."""
    if response.status_code < 500:
        return
    if process_of(case) not in _FOREIGN or response.json()["title"] != "The process failed":
        raise Failure(operation=case.operation.label, title="Server error", message=response.text)


def no_undocumented_header(_context: Any, response: Any, case: Any) -> None:
    """Schemathesis itself looks at headers that are documented alone."""
    definition = case.operation.responses.find_by_status_code(response.status_code)
    known = {name.lower() for name, _ in definition.headers.items()} | _OF_EVERY_ANSWER if definition else set()
    strange = {name for name in response.headers if name.lower() not in known}
    if strange:
        raise Failure(operation=case.operation.label, title="Undocumented headers", message=f"{strange}")


CHECKS = [
    no_server_error,
    no_undocumented_header,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
]
