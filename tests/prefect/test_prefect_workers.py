"""Jobs that workers of a real Prefect server run.

One test has all: to start the server takes five to ten seconds of a processor, a worker or a run three to seven.
"""

import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.faults.injection import Backend

if find_spec("prefect") is None:  # to import it takes seconds, which each process that collects tests would spend
    pytest.skip("the extra `prefect` is not installed", allow_module_level=True)

sys.path.insert(0, str(Path(__file__).parent))  # for `prefect_site`
sys.path.insert(0, str(Path(__file__).parents[1] / "backend" / "jobs"))  # for `databases`

from databases import Postgres
from prefect_site import PATIENCE, Site

pytestmark = pytest.mark.long(45)

ASYNC = {"Prefer": "respond-async"}
HALF = 25
"""Of the jobs that are to outlive it all: so many are there before the server that took them is killed."""

START_SECONDS = 120
"""Of a run, on a machine where everything else runs too."""

FINAL = {"successful", "failed", "dismissed"}
CONFIGURATION = """resources:
  again: {type: process, executor: prefect, processor: {name: faulty.again}}
  chatter: {type: process, executor: prefect, processor: {name: faulty.chatter}}
  once: {type: process, executor: prefect, processor: {name: faulty.once}}
  quick: {type: process, processor: {name: faulty.quick}}
  slow-steps: {type: process, executor: prefect, processor: {name: backend.processes.slow_steps.slow_steps}}
"""

type Check = Callable[[dict[str, Any]], bool]


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    made = Site(tmp_path)
    for name, value in made.environment.items():
        monkeypatch.setenv(name, value)
    yield made
    made.close()


@pytest.fixture
def serve(site: Site, tmp_path: Path) -> Iterator[Callable[[], Backend]]:
    """Starts our servers on the site's home."""
    made: list[Backend] = []
    configuration = tmp_path / "prefect.yml"
    configuration.write_text(CONFIGURATION)

    def make() -> Backend:
        made.append(Backend(site.home, tmp_path, config=configuration, prefect_start_seconds=START_SECONDS))
        return made[-1]

    yield make
    for backend in made:
        backend.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def store_of_many_jobs(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Where our servers and Prefect's workers keep the jobs: a file in the home folder, or a database."""
    if not request.config.getoption("--full"):
        pytest.skip("runs 50 jobs for some minutes: with --full")
    if request.param == "sqlite":
        yield request.param
        return
    database = Postgres()
    monkeypatch.setenv("OGC_PROCESSES_JOBS_URL", database.new_database())
    yield request.param
    database.close()


class Client:
    """Of our server."""

    def __init__(self, backend: Backend) -> None:
        self._http = httpx.Client(base_url=backend.url, trust_env=False, timeout=60)

    def _ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        return self._http.request(method, path, **more).raise_for_status()

    def close(self) -> None:
        self._http.close()

    def submit(self, process_id: str, **inputs: Any) -> str:
        body = {"inputs": inputs}
        return self._ask("POST", f"/processes/{process_id}/execution", json=body, headers=ASYNC).json()["jobID"]

    def get(self, path: str) -> httpx.Response:
        return self._ask("GET", path)

    def status(self, job_id: str) -> dict[str, Any]:
        return self.get(f"/jobs/{job_id}").json()

    def until(self, job_id: str, check: Check) -> dict[str, Any]:
        deadline = time.monotonic() + PATIENCE
        while not check(job := self.status(job_id)):
            assert time.monotonic() < deadline, job
            time.sleep(0.2)
        return job

    def ended(self, job_id: str) -> dict[str, Any]:
        return self.until(job_id, lambda job: job["status"] in FINAL)

    def dismiss(self, job_id: str) -> tuple[dict[str, Any], float]:
        """The answer to a dismiss, and the seconds it took."""
        asked = time.monotonic()
        reply = self._ask("DELETE", f"/jobs/{job_id}")
        return reply.json(), time.monotonic() - asked

    def another(self, process_id: str, known: str) -> str:
        """The job of a process that nobody submitted here, once there is one."""
        deadline = time.monotonic() + PATIENCE
        while True:
            found = [job["jobID"] for job in self.jobs() if job["processID"] == process_id and job["jobID"] != known]
            if found:
                return found[0]
            assert time.monotonic() < deadline
            time.sleep(0.2)

    def jobs(self) -> list[dict[str, Any]]:
        return self.get("/jobs?limit=1000").json()["jobs"]


def half_way(job: dict[str, Any]) -> bool:
    return job["status"] == "running" and job.get("progress", 0) >= 1


def test_jobs_wait_for_prefect_run_at_its_workers_are_dismissed_there_and_begun_there(
    site: Site, serve: Callable[[], Backend]
) -> None:
    site.load_server()
    with closing(Client(serve())) as client:
        early = client.submit("chatter", lines=2)
        ours = client.submit("slow-steps", seconds=600, steps=600)
        told = client.until(early, lambda job: "Prefect cannot be reached" in job.get("message", ""))
        assert told["status"] == "accepted"
        assert client.ended(client.submit("quick", number=3))["status"] == "successful"

        site.open_server()
        site.start_worker("one")
        client.until(early, lambda job: "cannot be reached" not in job.get("message", ""))  # the deployments are made
        run = site.start_by_hand("slow-steps", seconds=600, steps=600)
        assert client.ended(early)["status"] == "successful"
        assert client.get(f"/jobs/{early}/log").text.splitlines() == ["line 0", "line 1", "native line"]

        assert "of 600" in client.until(ours, half_way)["message"]
        answer, seconds = client.dismiss(ours)
        assert answer["status"] == "dismissed" or "has not ended yet" in answer["message"]
        assert seconds < 15
        assert client.ended(ours)["status"] == "dismissed"

        by_hand = client.another("slow-steps", ours)
        client.until(by_hand, half_way)
        site.cancel(run)
        assert client.ended(by_hand)["status"] == "dismissed"


class Siege:
    """Jobs of a server whose submitter, workers and Prefect are killed meanwhile."""

    def __init__(self, site: Site, serve: Callable[[], Backend]) -> None:
        self._site = site
        self._serve = serve
        self._backend = serve()
        self.client = Client(self._backend)
        self.accepted: dict[str, str] = {}

    def submit(self, number: int) -> None:
        for index in range(number):
            name, seconds = (("slow-steps", 8), ("once", 1), ("again", 1))[index % 3]
            self.accepted[self.client.submit(name, seconds=seconds)] = name

    def replace_submitter(self) -> None:
        self.client.close()
        self._backend.kill()
        self._backend = self._serve()
        self.client = Client(self._backend)

    def replace_worker(self, name: str, *, with_runs: bool) -> None:
        self._site.kill_worker(name, with_runs=with_runs)
        self._site.start_worker(name)

    def restart_prefect(self) -> None:
        self._site.stop_server()
        self._site.start_server()

    def until_ended(self, number: int, *, within: float = 1800) -> dict[str, dict[str, Any]]:
        """Wait for the end of so many jobs; all of them as they then are."""
        deadline = time.monotonic() + within
        while True:
            jobs = {job["jobID"]: job for job in self.client.jobs()}
            if sum(job["status"] in FINAL for job in jobs.values()) >= number:
                return jobs
            assert time.monotonic() < deadline, [job for job in jobs.values() if job["status"] not in FINAL]
            time.sleep(0.5)


def test_no_job_is_lost_or_falsely_ended_whatever_is_killed(
    store_of_many_jobs: str, site: Site, serve: Callable[[], Backend]
) -> None:
    site.start_server()
    site.start_worker("one")
    site.start_worker("two")
    siege = Siege(site, serve)
    siege.submit(HALF)
    siege.until_ended(HALF // 6)
    siege.replace_worker("one", with_runs=True)
    siege.until_ended(HALF // 3)
    siege.replace_submitter()
    siege.submit(HALF)
    siege.until_ended(HALF // 2)
    siege.restart_prefect()
    siege.until_ended(HALF)
    siege.replace_worker("two", with_runs=False)
    site.start_later("chatter", 5, lines=1)
    jobs = siege.until_ended(2 * HALF + 1)

    (scheduled,) = jobs.keys() - siege.accepted.keys()
    assert (jobs[scheduled]["processID"], jobs[scheduled]["status"]) == ("chatter", "successful")
    assert jobs.keys() > siege.accepted.keys()
    ends = Counter(f"{name} {jobs[job_id]['status']}" for job_id, name in siege.accepted.items())
    reasons = Counter(jobs[job_id]["message"] for job_id in siege.accepted if jobs[job_id]["status"] == "failed")
    sys.stderr.write(f"\n{store_of_many_jobs}: {dict(ends)}, {dict(reasons)}\n")
    assert ends.keys() <= {"slow-steps successful", "again successful", "once successful", "once failed"}
    assert reasons.keys() <= {
        "The server that ran the job died.",
        "The worker process that ran the job died (SIGKILL).",
    }
    assert reasons.total() <= 4  # what the killed worker ran
    for job_id, name in siege.accepted.items():
        if name != "slow-steps" and jobs[job_id]["status"] == "successful":
            assert len(siege.client.get(f"/jobs/{job_id}/results/bytes").content) == 90_004

    last = siege.client.submit("slow-steps", seconds=600, steps=600)
    siege.client.until(last, half_way)
    site.cancel(site.run_of(last))
    assert siege.client.ended(last)["status"] == "dismissed"
    siege.client.close()
