"""The commands and claims of docs/deploy.md."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from backend.settings import Settings
from tests.deploy.containers import backend_container
from tests.deploy.images import ROOT, compose_variables, read_images, read_services
from tests.standard.clients import conforming

PAGE = (ROOT / "docs" / "deploy.md").read_text(encoding="utf-8")
FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
COMMANDS = [line[2:] for kind, block in FENCE.findall(PAGE) if kind == "console" for line in block.splitlines()]
ON_LINUX = pytest.mark.skipif(sys.platform != "linux", reason="the commands of the images are Linux's")


def block(kind: str) -> str:
    (found,) = [text for found_kind, text in FENCE.findall(PAGE) if found_kind == kind]
    return found


def test_every_variable_is_told_with_its_default() -> None:
    rows = dict(re.findall(r"^\| `(\w+)` \| (.*?) ?\|", PAGE, re.MULTILINE))
    assert set(rows) == compose_variables()
    plain, changed = read_services(), dict.fromkeys(rows, "changed")
    for name, default in rows.items():
        with_default = read_services(**{name: default.strip("` ")})
        assert with_default == plain, name
        assert read_services(**{name: changed[name]}) != plain, name


@pytest.mark.parametrize("command", [command for command in COMMANDS if "docker" in command.split()])
def test_every_docker_command_names_what_there_is(command: str) -> None:
    words = shlex.split(command)
    while "=" in words[0]:
        assert words.pop(0).partition("=")[0] in compose_variables()
    assert words[:2] == ["docker", "compose"]
    assert words[2] in ("up", "down", "logs", "restart")
    named = [word for word in words[3:] if not word.startswith("-")]
    assert set(named) <= set(read_services())
    assert {word for word in words[3:] if word.startswith("-")} <= {"--build", "--detach", "--wait", "--volumes"}


@pytest.mark.parametrize("command", [command for command in COMMANDS if command.startswith("curl")])
def test_every_address_is_a_published_one(command: str) -> None:
    url = httpx.URL(shlex.split(command)[1])
    published = {service["ports"][0].split(":")[1]: name for name, service in read_services().items()}
    checked = read_services()[published[str(url.port)]]["healthcheck"]["test"][-1]
    assert url.path in ("/processes", "/health")
    assert f":{url.port}/" in checked


def test_no_command_is_left_out_of_these_tests() -> None:
    assert {shlex.split(re.sub(r"^\w+=\S+ ", "", command))[0] for command in COMMANDS} == {"docker", "curl", "uv"}


def test_data_is_where_the_page_says() -> None:
    homes = [service["volumes"][0] for service in read_services().values()]
    assert homes == ["backend-home:/data", "mcp-home:/data"]
    assert all(home.partition(":")[0] in PAGE for home in homes)
    assert read_images()["backend"].user.startswith("10001:")


def test_the_proxy_waits_as_long_as_the_server_may_and_strips_what_it_is_told() -> None:
    settings = dict(line.split("=", 1) for line in block("env").splitlines())
    proxy = block("nginx")
    assert f"location {settings['OGC_PROCESSES_ROOT_PATH']}/ " in proxy
    seconds = {int(value) for value in re.findall(r"proxy_read_timeout (\d+)s", proxy)}
    assert min(seconds) > Settings.model_fields["max_wait_seconds"].default
    ports = {str(port) for name in ("backend", "mcp") for port in read_images()[name].ports}
    assert set(re.findall(r"proxy_pass http://127\.0\.0\.1:(\d+)/", proxy)) == ports


@ON_LINUX
def test_behind_the_proxy_links_begin_with_its_url(tmp_path: Path) -> None:
    pytest.importorskip("gunicorn")
    settings = dict(line.split("=", 1) for line in block("env").splitlines())
    with (
        backend_container(tmp_path / "home", workers=1, OGC_PROCESSES_WARM="false", **settings) as container,
        httpx.Client(base_url=container.url, timeout=30, event_hooks=conforming()) as client,
    ):
        # As nginx passes it on: the prefix stripped, the name that the client used.
        landing = client.get("/", headers={"Host": "maps.example.org"}).json()
        assert landing["links"]
        assert all(link["href"].startswith("https://maps.example.org/ogc") for link in landing["links"])
        assert client.get("/", headers={"Host": "rebound.example"}).status_code == 421


@ON_LINUX
def test_the_command_without_containers_is_one_that_gunicorn_takes() -> None:
    pytest.importorskip("gunicorn")
    (command,) = [command for command in COMMANDS if "gunicorn" in command]
    words = shlex.split(command)
    assert words[:4] == ["uv", "run", "--extra", "deploy"]
    program = shutil.which(words[4], path=str(Path(sys.executable).parent))
    assert program is not None
    # Reads all options and the file of settings, and imports the application, without serving it.
    checked = subprocess.run(
        [program, "--check-config", *words[5:]], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )
    assert checked.returncode == 0, checked.stderr


@ON_LINUX
def test_a_setting_that_cannot_be_used_is_told_in_a_line_before_any_worker_starts() -> None:
    pytest.importorskip("gunicorn")
    program = shutil.which("gunicorn", path=str(Path(sys.executable).parent))
    assert program is not None
    tried = subprocess.run(
        [program, "--config", "docker/gunicorn.conf.py"],
        cwd=ROOT,
        env={**os.environ, "OGC_PROCESSES_WORKERS": "none"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert tried.returncode == 1
    assert tried.stderr.startswith("ogc-processes-mcp: workers (OGC_PROCESSES_WORKERS): ")
    assert tried.stderr.count("\n") == 1
