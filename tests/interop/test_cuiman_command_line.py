"""cuiman's command line against our backend: each of its commands, with each of their options.

It asks for no job and takes any answer to an execution for one, so that of a server that keeps the standard it runs
only processes that offer nothing but jobs; or, with a profile that has it send `Prefer: respond-async`, all of them.
"""

import json
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from cuiman.api.exceptions import ClientError
from typer.testing import CliRunner, Result

from tests.interop.cuiman_setting import AS_JOBS, cli, memory_keyring
from tests.interop.own_backend import until


@pytest.fixture
def profile(own_backend: str, tmp_path: Path) -> Path:
    path = tmp_path / "profile.yml"
    assert run("configure", "--api-url", own_backend, "--auth-type", "none", "--config", str(path)).exit_code == 0
    return path


@pytest.fixture
def as_jobs(own_backend: str, tmp_path: Path) -> Iterator[Path]:
    """A profile that has cuiman ask for jobs: its key stands, as each secret does, in the person's keyring."""
    path = tmp_path / "as-jobs.yml"
    with memory_keyring():
        header = ("--auth-type", AS_JOBS["auth_type"], "--api-key-header", AS_JOBS["api_key_header"])
        run("configure", "--api-url", own_backend, *header, "--config", str(path))
        assert run("login", "--config", str(path), typed=AS_JOBS["api_key"]).exit_code == 0
        yield path


def run(*arguments: str, typed: str | None = None) -> Result:
    return CliRunner().invoke(cli, list(arguments), input=typed)


def told(*arguments: str, profile: Path, typed: str | None = None) -> Any:
    """What a command that succeeds prints, as JSON."""
    result = run(*arguments, "--config", str(profile), "--format", "json", typed=typed)
    assert result.exit_code == 0, (result.output, result.exception)
    return json.loads(result.stdout)


def ended(job: str, profile: Path) -> Any:
    return until(
        lambda: told("get-job", job, profile=profile), lambda now: now["status"] not in ("accepted", "running")
    )


def test_the_program_itself_lists_our_processes_and_its_version_is_told(profile: Path) -> None:
    program = shutil.which("cuiman", path=Path(sys.executable).parent)
    assert program is not None
    listing = [program, "lp", "--config", str(profile), "-f", "simple"]
    assert "Echo" in subprocess.run(listing, capture_output=True, text=True, timeout=120, check=True).stdout
    assert "0.3." in run("--version").stdout


@pytest.mark.parametrize(("form", "read"), [("json", json.loads), ("yaml", yaml.safe_load)])
def test_each_command_that_reads_prints_documents(
    profile: Path, form: str, read: Any, request: pytest.FixtureRequest
) -> None:
    def document(*arguments: str) -> Any:
        return read(run(*arguments, "--config", str(profile), "--format", form).stdout)

    listed = [process["id"] for process in document("list-processes")["processes"]]
    assert {"geometry-buffer", "hello-world", "later"} <= set(listed)
    # That it reads the description of each process is seen where it is called as a library.
    for process in listed if request.config.getoption("--full") else listed[::10]:
        assert document("get-process", process)["id"] == process
        assert document("create-request", process)["process_id"] == process
        assert document("create-request", process, "--dotpath")["dotpath"] is True
    assert isinstance(document("list-jobs")["jobs"], list)


def test_each_command_that_reads_prints_text(profile: Path) -> None:
    job = told("execute-process", "later", "--input", "name=Ada", profile=profile)["jobID"]
    assert ended(job, profile)["status"] == "successful"
    for command, wanted in (
        (["list-processes"], "Later"),
        (["get-process", "later"], "id: later"),
        (["create-request", "later"], "Execution request is valid"),
        (["list-jobs"], f"{job} - JobStatus.successful - 100"),
        (["get-job", job], "Progress:    100"),
        (["get-job-results", job], "text: Hello Ada, at last."),
    ):
        assert wanted in run(*command, "--config", str(profile), "--format", "simple").stdout


def test_a_request_comes_from_options_a_file_or_the_standard_input(profile: Path, tmp_path: Path) -> None:
    request = {"process_id": "later", "inputs": {"name": "Ada"}}
    file = tmp_path / "request.json"
    file.write_text(json.dumps(request), encoding="utf-8")
    for arguments, typed in (
        (["later", "--input", "name=Ada"], None),
        (["--request", str(file)], None),
        (["--request", "-"], json.dumps(request)),
        (["later", "--input", "name=Ada", "--request", str(file)], None),
    ):
        checked = run("validate-request", *arguments, "--format", "json", typed=typed)
        assert json.loads(checked.stdout) == request
        job = told("execute-process", *arguments, profile=profile, typed=typed)
        assert job["processID"] == "later"
        ended(job["jobID"], profile)
        assert told("get-job-results", job["jobID"], profile=profile) == {"text": "Hello Ada, at last."}


def test_nested_inputs_are_written_with_dots(as_jobs: Path) -> None:
    dotted = ("echo", "--dotpath", "--input", "nested.name=Ada", "--input", "nested.range.from=1")
    checked = run("validate-request", *dotted, "--format", "json")
    assert json.loads(checked.stdout)["inputs"] == {"nested.name": "Ada", "nested.range.from": 1}
    job = told("execute-process", *dotted, "--input", "nested.range.to=2", profile=as_jobs)["jobID"]
    ended(job, as_jobs)
    assert told("get-job-results", job, profile=as_jobs) == {"name": "Ada", "range": {"from": 1, "to": 2}}


def test_a_running_job_is_dismissed(as_jobs: Path) -> None:
    job = told("execute-process", "slow-steps", "--input", "seconds=60", profile=as_jobs)["jobID"]
    assert told("dismiss-job", job, profile=as_jobs)["status"] == "dismissed"
    assert told("get-job", job, profile=as_jobs)["status"] == "dismissed"


def test_results_that_come_at_once_are_no_job_to_it(profile: Path) -> None:
    ran = run("execute-process", "hello-world", "--input", "name=Ada", "--config", str(profile))
    assert ran.exit_code == 1
    assert isinstance(ran.exception, AttributeError)


def test_a_subscriber_is_refused_with_the_reason(profile: Path) -> None:
    subscriber = ("--subscriber", "success=http://127.0.0.1:9/done")
    ran = run("execute-process", "later", "--input", "name=Ada", *subscriber, "--config", str(profile))
    assert ran.exit_code == 2
    assert "this server makes no callbacks" in ran.output


def test_its_errors_are_our_problems(profile: Path) -> None:
    for command in ("get-job", "get-job-results", "dismiss-job"):
        ran = run(command, "nowhere", "--config", str(profile))
        assert (ran.exit_code, "no-such-job" in ran.output) == (2, True)
    ran = run("get-process", "nowhere", "--config", str(profile))
    assert (ran.exit_code, "no-such-process" in ran.output) == (2, True)
    ran = run("--traceback", "get-process", "nowhere", "--config", str(profile))
    assert (ran.exit_code, type(ran.exception)) == (1, ClientError)


def test_it_generates_clients(profile: Path, tmp_path: Path) -> None:
    ran = run("generate-client", "own", "--output-dir", str(tmp_path / "made"), "--config", str(profile))
    assert ran.exit_code == 0
    for module in ("own_sync.py", "own_async.py"):
        made = (tmp_path / "made" / module).read_text(encoding="utf-8")
        compile(made, module, "exec")
        assert "def geometry_buffer(" in made


def test_nobody_has_to_log_in_to_our_backend(profile: Path) -> None:
    ran = run("login", "--config", str(profile))
    assert (ran.exit_code, "does not require login" in ran.output) == (0, True)
    with memory_keyring():
        ran = run("logout", "--config", str(profile))
    assert (ran.exit_code, "Logged out" in ran.output) == (0, True)


@pytest.mark.parametrize(
    ("options", "written"),
    [
        (["none"], {"auth_type": "none"}),
        (["basic"], {"auth_type": "basic"}),
        (["token", "--access-token-header", "X-T"], {"auth_type": "token", "access_token_header": "X-T"}),
        (
            ["login", "--login-url", "http://127.0.0.1:9/in", "--access-token-header", ""],
            {"auth_type": "login", "login_url": "http://127.0.0.1:9/in"},
        ),
        (
            ["oauth2", "--token-url", "http://127.0.0.1:9/t", "--grant-type", "password", "--client-id", "me"],
            {"auth_type": "oauth2", "token_url": "http://127.0.0.1:9/t", "grant_type": "password", "client_id": "me"},
        ),
        (
            ["oidc", "--issuer-url", "https://127.0.0.1:9", "--client-id", "me", "--scope", "jobs"],
            {"auth_type": "oidc", "issuer_url": "https://127.0.0.1:9", "client_id": "me", "scopes": ["openid", "jobs"]},
        ),
        (["api-key", "--api-key-header", "X-Key"], {"auth_type": "api-key", "api_key_header": "X-Key"}),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else "",
)
def test_its_profiles_are_written_without_secrets(
    options: list[str], written: dict[str, Any], own_backend: str, tmp_path: Path
) -> None:
    path = tmp_path / "profile.yml"
    ran = run("configure", "--api-url", own_backend, "--auth-type", *options, "--config", str(path))
    assert ran.exit_code == 0, ran.output
    assert yaml.safe_load(path.read_text(encoding="utf-8")) == {"api_url": f"{own_backend}/", "auth": written}


@pytest.mark.skipif(sys.platform == "win32", reason="no interrupt can be sent to one program there")
def test_its_app_opens_in_a_browser_and_ends_when_interrupted(profile: Path) -> None:
    tell = f"{sys.executable} -c 'import sys; print(sys.argv[1], flush=True)' %s"
    program = [shutil.which("cuiman", path=Path(sys.executable).parent) or "", "show-app", "--debug"]
    with subprocess.Popen(
        [*program, "--config", str(profile)],
        cwd=profile.parent,  # where it writes its log
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={"BROWSER": tell, "PATH": "", "HOME": str(profile.parent), "PYTHONUNBUFFERED": "1"},
    ) as running:
        assert running.stdout is not None
        bound = threading.Timer(60, running.kill)
        bound.start()
        try:
            lines = [running.stdout.readline(), running.stdout.readline()]
            url = next(line.strip() for line in lines if line.startswith("http://127.0.0.1:"))
            assert "debug=1" in url
            assert "<title>" in httpx.get(url, timeout=60).text
            running.send_signal(signal.SIGINT)
            assert "Stopping app." in running.stdout.read()
            assert running.wait() == 0
        finally:
            bound.cancel()
