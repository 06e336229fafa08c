"""Clients of other authors against our backend behind a gate that asks for credentials, in each way that they have."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import anyio
import pytest
from cuiman import AsyncClient, Client, ClientError
from cuiman.api.auth import AuthType, LoginRequiredError
from gavicore.models import ProcessRequest
from ogc_api_processes_client.api_client_wrapper import ApiClientWrapper
from ogc_api_processes_client.configuration import Configuration as OgcConfiguration
from ogc_api_processes_client.exceptions import UnauthorizedException
from owslib import ogcapi
from owslib.ogcapi.processes import Processes
from owslib.util import Authentication
from typer.testing import CliRunner

from tests.interop.cuiman_setting import Configuration, cli, memory_keyring
from tests.interop.guarded_backend import CLIENT, KEY, PASSWORD, TOKEN, USER, guarded_backend

BEARER = f"Bearer {TOKEN}"
PERSON = {"username": USER, "password": PASSWORD}


def methods(url: str) -> dict[str, dict[str, str]]:
    """Settings of cuiman by the way in which it makes itself known to the server at `url`."""
    token_url = f"{url}/token"
    program = {"grant_type": "client_credentials", "client_id": CLIENT, "client_secret": PASSWORD}
    return {
        "basic": {"auth_type": "basic", **PERSON},
        "token": {"auth_type": "token", "access_token": TOKEN},
        "token in a header of its own": {
            "auth_type": "token",
            "access_token": TOKEN,
            "access_token_header": "X-Token",
        },
        "login": {"auth_type": "login", "login_url": f"{url}/login", **PERSON},
        "oauth2": {"auth_type": "oauth2", "token_url": token_url, "client_id": CLIENT, **PERSON},
        "oauth2 of a program": {"auth_type": "oauth2", "token_url": token_url, **program},
        "api-key": {"auth_type": "api-key", "api_key": KEY},
    }


METHODS = methods("http://127.0.0.1:9")
GREETING = ProcessRequest(inputs={"name": "Ada"}, response="document")
ASYNC = {"Prefer": "respond-async"}


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with guarded_backend(tmp_path_factory.mktemp("guarded")) as url:
        yield url


def test_these_are_all_the_methods_that_cuiman_has() -> None:
    named = {settings["auth_type"] for settings in METHODS.values()}
    # The last is in `test_cuiman_openid.py`.
    assert named | {"none", "oidc"} == set(get_args(AuthType))


@pytest.mark.parametrize("method", METHODS)
def test_cuiman_logs_in_and_runs_a_process(url: str, method: str) -> None:
    client = Client(api_url=url, config_type=Configuration, auth=methods(url)[method])
    client.login(interactive=False)
    job = client.execute_process("hello-world", GREETING, headers=ASYNC)
    opened = client.open_job_result(job.jobID, output_name="echo", poll_interval=0.02)
    assert opened == {"id": "echo", "value": "Hello Ada!"}
    assert (client.token is not None) == method.startswith("oauth2")
    client.close()


@pytest.mark.anyio
@pytest.mark.parametrize("method", METHODS)
async def test_cuimans_asynchronous_client_does_the_same(url: str, method: str) -> None:
    client = AsyncClient(api_url=url, config_type=Configuration, auth=methods(url)[method])
    with anyio.fail_after(40):
        await client.login(interactive=False)
        assert (await client.get_process("hello-world")).id == "hello-world"
        assert (client.token is not None) == method.startswith("oauth2")
        await client.close()


def test_cuiman_refreshes_a_token_that_expires(url: str) -> None:
    client = Client(api_url=url, config_type=Configuration, auth=methods(url)["oauth2"])
    client.login(interactive=False)
    first = client.token
    assert client.get_conformance().conformsTo
    second = client.token
    assert first is not None
    assert second is not None
    assert first["access_token"] != second["access_token"]
    client.close()


@pytest.mark.parametrize("auth", [{"auth_type": "none"}, {"auth_type": "token", "access_token": "another"}])
def test_cuiman_tells_that_it_was_refused(url: str, auth: dict[str, str]) -> None:
    client = Client(api_url=url, config_type=Configuration, auth=auth)
    with pytest.raises(ClientError) as caught:
        client.get_processes()
    assert (caught.value.api_error.status, caught.value.api_error.detail) == (401, "Who are you?")
    client.close()


def test_cuiman_asks_for_a_login_where_nothing_is_known(url: str) -> None:
    client = Client(api_url=url, config_type=Configuration, auth={"auth_type": "basic"})
    with pytest.raises(LoginRequiredError):
        client.get_processes()
    client.close()


def test_cuiman_trusts_no_identity_provider_without_tls(url: str) -> None:
    oidc = {"auth_type": "oidc", "issuer_url": url, "client_id": CLIENT}
    client = Client(api_url=url, config_type=Configuration, auth=oidc)
    with pytest.raises(LoginRequiredError, match="explicit"):
        client.get_processes()
    with pytest.raises(ValueError, match="requires HTTPS"):
        client.login(no_browser=True)
    client.close()


def test_cuimans_command_line_logs_in_asks_and_logs_out(url: str, tmp_path: Path) -> None:
    path = ("--config", str(tmp_path / "profile.yml"))

    def run(*arguments: str, typed: str | None = None) -> tuple[int, str]:
        ran = CliRunner().invoke(cli, [*arguments, *path], input=typed)
        return ran.exit_code, ran.output

    with memory_keyring() as secrets:
        assert run("configure", "--api-url", url, "--auth-type", "basic")[0] == 0
        assert "Please use 'cuiman login'" in run("list-processes")[1]
        assert run("login", "--no-input") == (1, "Authentication requires login. Use 'cuiman login' to sign in.\n")
        assert run("login", typed=f"{USER}\n{PASSWORD}\n")[0] == 0
        assert run("list-processes", "--format", "simple")[0] == 0
        assert run("login", "--force", "--no-browser", typed=f"{USER}\nwrong\n")[0] == 0
        code, told = run("list-processes")
        assert (code, "Who are you?" in told) == (2, True)
        assert secrets.secrets
        assert run("logout") == (0, "Logged out.\n")
        assert not secrets.secrets


@pytest.mark.parametrize(
    "given",
    [
        {"header_name": "Authorization", "header_value": BEARER},
        {"cookie": f"token={TOKEN}"},
        {"modifier": lambda headers: headers.update(Authorization=BEARER)},
    ],
    ids=["header", "cookie", "modifier"],
)
def test_ogc_api_processes_client_sends_what_it_is_given(url: str, given: dict[str, Any]) -> None:
    client = ApiClientWrapper(OgcConfiguration(host=url), **given)
    assert client.get_landing_page().links
    assert client.get_conformance_classes().conforms_to
    assert client.get_processes().processes
    assert client.get_process_description("hello-world").id == "hello-world"
    assert client.get_jobs().jobs is not None


def test_ogc_api_processes_client_sends_headers_with_each_single_request(url: str) -> None:
    client = ApiClientWrapper(OgcConfiguration(host=url))
    known = {"Authorization": BEARER}
    job = client.execute_simple("hello-world", {"inputs": {"name": "Ada"}}, _headers=known | ASYNC)
    assert client.get_status(job.job_id, _headers={**known}).job_id == job.job_id
    assert client.dismiss(job.job_id, _headers={**known}).job_id == job.job_id


def test_ogc_api_processes_client_never_sends_the_credentials_of_its_configuration(url: str) -> None:
    """None of the operations that it is generated from says that it wants any; and so with any server."""
    configuration = OgcConfiguration(host=url, access_token=TOKEN, **PERSON)
    with pytest.raises(UnauthorizedException, match="Who are you"):
        ApiClientWrapper(configuration).get_processes()


def test_owslib_sends_a_name_and_password(url: str) -> None:
    client = Processes(url, auth=Authentication(**PERSON))
    assert client.api()["openapi"].startswith("3.0")
    assert client.processes()
    assert client.execute("hello-world", {"name": "Ada"})["echo"]["value"]["value"] == "Hello Ada!"


def test_owslib_sends_a_token_as_a_header(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    # It adds a client's headers to those of all clients.
    monkeypatch.setattr(ogcapi, "REQUEST_HEADERS", {**ogcapi.REQUEST_HEADERS})
    assert Processes(url, headers={"Authorization": BEARER}).conformance()["conformsTo"]
