"""Settings of one server."""

import base64
from typing import Any

import pytest
from hypothesis import given, strategies
from pydantic import ValidationError

from mcp_server.servers import ServerSettings, laid_over, server_tables

URL = "https://city.example/ogc"


def server(**settings: Any) -> ServerSettings:
    return ServerSettings(**{"url": URL, **settings})


@pytest.mark.parametrize(
    ("settings", "headers"),
    [
        ({}, {}),
        ({"bearer": "token"}, {"Authorization": "Bearer token"}),
        ({"basic": "user:pass:word"}, {"Authorization": f"Basic {base64.b64encode(b'user:pass:word').decode()}"}),
        ({"api_key": "key"}, {"X-API-Key": "key"}),
        ({"api_key": "key", "api_key_header": "apikey"}, {"apikey": "key"}),
        ({"api_key": "k", "headers": {"X": "y"}}, {"X": "y", "X-API-Key": "k"}),
        (
            {"url": "https://us%40er:p%C3%A4ss@city.example/ogc"},
            {"Authorization": f"Basic {base64.b64encode('us@er:päss'.encode()).decode()}"},
        ),
    ],
)  # fmt: skip
def test_credentials_are_sent_as_headers(settings: dict[str, Any], headers: dict[str, str]) -> None:
    known = server(**settings)
    assert known.request_headers() == headers
    assert known.url == URL


@pytest.mark.parametrize(
    "settings",
    [
        {"bearer": "t\nX-Evil: 1"},
        {"bearer": " "},
        {"bearer": "schlüssel"},
        {"api_key": "a\0b"},
        {"basic": "user"},
        {"basic": "user:pass\r\n1"},
        {"headers": {"X": "a\r\nb"}},
        {"headers": {"bad name": "a"}},
        {"headers": {"Accept": "text/html"}},
        {"headers": {"host": "evil.example"}},
        {"api_key": "a", "api_key_header": "Prefer"},
        {"bearer": "a", "basic": "a:b"},
        {"bearer": "a", "headers": {"authorization": "b"}},
        {"api_key": "a", "headers": {"x-api-key": "b"}},
        {"headers": {"X": "a", "x": "b"}},
        {"wait_seconds": 0},
        {"read_seconds": float("inf")},
        {"max_reply_bytes": 1},
        {"url": "https:///nowhere"},
        {"url": "https://a.example:99999/"},
        {"url": "https://a.example/ogc#part"},
        {"url": "https://a.example\\@evil.example"},
        {"url": " https://a.example"},
        {"password": "x"},
    ],
    ids=str,
)
def test_what_would_change_a_request_or_could_not_be_sent_is_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        server(**settings)


def test_secrets_are_in_no_form_in_which_settings_are_shown() -> None:
    known = server(url="https://user:hidden1@a.example", api_key="hidden2", headers={"X-Tenant": "hidden3"})
    for shown in (repr(known), str(known), known.model_dump_json(), f"{known.model_dump()}"):
        assert "hidden" not in shown
        assert "user" not in shown


@given(strategies.text(alphabet=strategies.characters(min_codepoint=33, max_codepoint=126), min_size=6, max_size=40))
def test_a_secret_that_is_refused_is_not_told(secret: str) -> None:
    for wrong in ({"bearer": secret + "\n\n\x01"}, {"basic": secret.replace(":", "")}, {"url": f"ftp://u:{secret}@a"}):
        with pytest.raises(ValidationError) as caught:
            server(**wrong)
        assert secret not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "exposed"),
    [
        ("http://city.example/ogc", True),
        ("http://192.168.1.5:5000", True),
        ("https://city.example/ogc", False),
        ("http://localhost:5000", False),
        ("http://own.localhost:5000", False),
        ("http://127.0.0.2:5000", False),
        ("http://[::1]:5000", False),
        ("http://localhost.example", True),
    ],
)
def test_credentials_over_http_are_exposed_unless_they_stay_on_this_machine(url: str, exposed: bool) -> None:
    assert server(url=url, bearer="token").exposed is exposed
    assert server(url=url).exposed is False


def test_credentials_that_a_server_repeats_are_made_unreadable() -> None:
    known = server(basic="user:pass-word", api_key="key-of-ours", headers={"X-Short": "de"})
    encoded = base64.b64encode(b"user:pass-word").decode()
    text = f"no key-of-ours, no Basic {encoded}, no {encoded}, no user:pass-word, no pass-word; de facto"
    assert known.without_secrets(text.encode()).decode() == "no ***, no ***, no ***, no ***, no ***; de facto"


@pytest.mark.parametrize(
    "given",
    [
        f"a={URL}  b=http://b",
        [f"a={URL}", "b=http://b"],
        {"a": URL, "b": {"url": "http://b"}},
    ],
    ids=["words", "list", "mapping"],
)
def test_servers_are_given_in_three_forms(given: object) -> None:
    assert server_tables(given) == {"a": {"url": URL}, "b": {"url": "http://b"}}


def test_settings_fill_in_only_those_for_the_same_url() -> None:
    lower = {"url": URL, "bearer": "token", "wait_seconds": 5}
    assert laid_over({"url": f"{URL}/", "wait_seconds": 7}, lower) == {**lower, "url": f"{URL}/", "wait_seconds": 7}
    assert laid_over({"wait_seconds": 7}, lower) == {**lower, "wait_seconds": 7}
    assert laid_over({"url": URL}, {"bearer": "token"}) == {"url": URL, "bearer": "token"}
    assert laid_over({"url": "https://city.example"}, lower) == {"url": "https://city.example"}
