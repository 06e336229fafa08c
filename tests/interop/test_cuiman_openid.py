"""cuiman with OpenID Connect before our backend: the provider gives the token that the gate asks for."""

import ssl
import webbrowser
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest
from cuiman import AsyncClient, Client
from cuiman.api.auth import LoginRequiredError

from tests.interop.cuiman_setting import Configuration, memory_keyring
from tests.interop.guarded_backend import CLIENT, TOKEN, guarded_backend
from tests.interop.identity_provider import Provider, identity_provider


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with guarded_backend(tmp_path_factory.mktemp("guarded")) as url:
        yield url


@pytest.fixture
def provider(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Provider]:
    """A provider that clients trust, and a browser in which the person is logged in."""

    def visit(url: str) -> bool:
        trusted = ssl.create_default_context(cafile=tmp_path / "certificate.pem")
        with httpx.Client(verify=trusted, follow_redirects=True, timeout=60) as browser:
            return browser.get(url).is_success

    with identity_provider(tmp_path, TOKEN) as provider:
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "certificate.pem"))
        monkeypatch.setattr(webbrowser, "open", visit)
        yield provider


def settings(url: str, provider: Provider) -> dict[str, Any]:
    auth = {"auth_type": "oidc", "issuer_url": provider.url, "client_id": CLIENT}
    return {"api_url": url, "config_type": Configuration, "auth": auth}


def test_a_person_logs_in_and_out(url: str, provider: Provider) -> None:
    client = Client(**settings(url, provider))
    with pytest.raises(LoginRequiredError):
        client.get_processes()
    client.login()
    assert client.get_processes().processes
    assert client.token is not None
    with memory_keyring():
        client.logout()
    assert provider.revoked == [TOKEN]


@pytest.mark.anyio
async def test_a_person_logs_in_and_out_of_the_asynchronous_client(url: str, provider: Provider) -> None:
    client = AsyncClient(**settings(url, provider))
    with anyio.fail_after(40):
        await client.login()
        assert (await client.get_processes()).processes
        with memory_keyring():
            await client.logout()
    assert provider.revoked == [TOKEN]
