"""What Dockerfile and docker-compose.yml promise, as far as it can be read from them."""

import shlex
import tomllib
from pathlib import PurePosixPath
from typing import Any

import pytest

from backend.settings import Settings as BackendSettings
from mcp_server.cli.options import split_options
from mcp_server.settings import Settings as BridgeSettings
from tests.deploy.images import ROOT, compose_variables, read_images, read_services

SERVICES = ("backend", "mcp")
SETTINGS = {"backend": BackendSettings, "mcp": BridgeSettings}


@pytest.fixture(params=SERVICES)
def name(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def service(name: str) -> dict[str, Any]:
    return read_services()[name]


def test_each_service_is_built_from_a_stage_of_the_dockerfile(name: str, service: dict[str, Any]) -> None:
    assert service["build"] == {"context": ".", "target": name}
    assert name in read_images()


def test_ports_are_published_on_loopback_unless_opted_out(name: str, service: dict[str, Any]) -> None:
    (port,) = read_images()[name].ports
    assert port == {"backend": 5001, "mcp": 8000}[name]
    assert service["ports"] == [f"127.0.0.1:{port}:{port}"]
    assert read_services(PUBLISH_ADDRESS="0.0.0.0")[name]["ports"] == [f"0.0.0.0:{port}:{port}"]  # noqa: S104


def test_the_containers_run_without_rights(name: str, service: dict[str, Any]) -> None:
    user, _, group = read_images()[name].user.partition(":")
    assert int(user) > 0
    assert int(group) > 0
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in service["security_opt"]
    assert service["init"] is True
    assert service["restart"] == "unless-stopped"


def test_all_that_is_written_is_in_a_volume_or_in_memory(name: str, service: dict[str, Any]) -> None:
    image = read_images()[name]
    home = image.environment["OGC_PROCESSES_HOME"]
    assert image.volumes == [home]
    mounts = dict(mount.split(":", 1)[::-1] for mount in service["volumes"] if not mount.endswith(":ro"))
    assert list(mounts) == [home]
    assert not mounts[home].startswith((".", "/"))
    assert service["tmpfs"] == ["/tmp"]  # noqa: S108
    assert image.environment["PYTHONDONTWRITEBYTECODE"] == "1"


def read_only_mounts(service: dict[str, Any]) -> list[tuple[str, str]]:
    """Folder outside and inside, of what the container reads only."""
    mounts = [mount.removesuffix(":ro") for mount in service["volumes"] if mount.endswith(":ro")]
    return [(folder, inside) for folder, _, inside in (mount.partition(":") for mount in mounts)]


def test_own_data_are_mounted_where_the_settings_look_for_them() -> None:
    image, service = read_images()["backend"], read_services()["backend"]
    _, (folder, inside) = read_only_mounts(service)
    assert image.environment["OGC_PROCESSES_DATA"] == inside
    assert (ROOT / folder).resolve() == image.source_of(inside)


def test_own_configuration_and_processes_are_mounted_where_the_settings_look_for_them() -> None:
    image, service = read_images()["backend"], read_services()["backend"]
    (folder, inside), _ = read_only_mounts(service)
    assert image.environment["OGC_PROCESSES_PROCESSES"] == inside
    config = PurePosixPath(image.environment["OGC_PROCESSES_CONFIG"])
    assert str(config.parent) == inside
    assert (ROOT / folder / config.name).is_file()
    assert (ROOT / folder).resolve() == image.source_of(inside)


def test_every_setting_that_is_given_is_one(name: str, service: dict[str, Any]) -> None:
    known = {f"OGC_PROCESSES_{field.upper()}" for field in SETTINGS[name].model_fields}
    given = {*read_images()[name].environment, *service["environment"]}
    assert {setting for setting in given if setting.startswith("OGC_PROCESSES_")} <= known


def test_a_variable_of_compose_that_is_named_as_a_setting_is_that_setting() -> None:
    known = {f"OGC_PROCESSES_{field.upper()}" for field in BackendSettings.model_fields}
    assert {name for name in compose_variables() if name.startswith("OGC_PROCESSES_")} <= known


def test_the_bridge_is_pointed_to_the_backend_and_has_no_other() -> None:
    options, rest = split_options(read_images()["mcp"].command[1:])
    assert not options.embedded
    assert rest[:3] == ("serve", "--transport", "http")
    service = read_services()["mcp"]
    settings = BridgeSettings(servers=service["environment"]["OGC_PROCESSES_SERVERS"])
    assert {name: server.url for name, server in settings.servers.items()} == {
        "backend": f"http://backend:{read_images()['backend'].ports[0]}"
    }
    assert service["depends_on"] == {"backend": {"condition": "service_healthy"}}
    assert "backend" in read_services()["backend"]["environment"]["OGC_PROCESSES_ALLOWED_HOSTS"].split(",")


def test_the_health_checks_ask_the_port_that_is_served(name: str, service: dict[str, Any]) -> None:
    words = service["healthcheck"]["test"]
    assert words[:2] == ["CMD", "python"]
    assert f"http://127.0.0.1:{read_images()[name].ports[0]}/" in words[-1]


def test_what_is_copied_exists_and_passes_the_ignore_file() -> None:
    passed = {
        line[1:] for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines() if line.startswith("!")
    }
    images = read_images()
    for image in images.values():
        for copy in image.copies:
            if copy.stage is not None:
                assert copy.stage in images
                continue
            for source in copy.sources:
                assert (ROOT / source).exists(), source
                assert source.split("/")[0] in passed


def test_the_packages_that_are_copied_are_those_that_are_installed() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    copied = {source for copy in read_images()["build"].copies for source in copy.sources}
    assert set(project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]) <= copied
    assert {project["project"]["readme"], *project["project"]["license-files"], "pyproject.toml"} <= copied


def test_the_extra_that_the_images_install_has_what_the_command_runs() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    installs = [shlex.split(run) for run in read_images()["build"].runs if run.startswith("uv sync")]
    for words in installs:
        extra = project["optional-dependencies"][words[words.index("--extra") + 1]]
        assert {"gunicorn", "uvicorn-worker"} <= {requirement.split(">")[0] for requirement in extra}
        assert "--no-dev" in words
    assert "--no-editable" in installs[-1]


def test_no_stage_takes_secrets_or_anything_but_the_python_image() -> None:
    images = read_images()
    assert {image.base for image in images.values()} - set(images) == {"python:3.13-slim"}
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8") + (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    assert "secret" not in text.lower()
    assert "ARG " not in text
    assert "://" not in text.replace("http://localhost:", "").replace("http://127.0.0.1:", "").replace(
        "http://backend:", ""
    )
