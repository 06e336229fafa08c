"""Which URLs callbacks may go to."""

import pytest

from backend.jobs.callbacks.destinations import Destination, Origins


@pytest.mark.parametrize(
    ("uri", "origin", "target"),
    [
        ("https://hooks.example.org", "https://hooks.example.org", "/"),
        ("https://Hooks.Example.org:443/a?b=c#d", "https://hooks.example.org", "/a?b=c"),
        ("HTTP://hooks.example.org:8080/?", "http://hooks.example.org:8080", "/"),
        ("http://[2001:DB8::0:1]:80/x", "http://[2001:db8::1]", "/x"),
        ("https://10.0.0.7/%C3%A4", "https://10.0.0.7", "/%C3%A4"),
        ("http://job_runner:8000/done", "http://job_runner:8000", "/done"),
        ("http://xn--bcher-kva.example/", "http://xn--bcher-kva.example", "/"),
    ],
)
def test_a_url_is_taken_apart(uri: str, origin: str, target: str) -> None:
    destination = Destination.parse(uri)
    assert (destination.origin, destination.target) == (origin, target)


@pytest.mark.parametrize(
    ("uri", "why"),
    [
        ("", "characters"),
        ("file:///etc/passwd", "`http` or `https`"),
        ("gopher://127.0.0.1:11211/_stats", "`http` or `https`"),
        ("ftp://hooks.example.org/", "`http` or `https`"),
        ("//hooks.example.org/", "`http` or `https`"),
        ("/done", "`http` or `https`"),
        ("http:/hooks.example.org", "host"),
        ("http:hooks.example.org", "host"),
        ("https://", "host"),
        ("https://user:secret@hooks.example.org/", "user name"),
        ("https://hooks.example.org@127.0.0.1/", "user name"),
        ("https://@127.0.0.1/", "user name"),
        ("https://hooks.example.org\\@127.0.0.1/", "characters"),
        ("https://hooks.example.org/\r\nX-Admin: 1", "characters"),
        ("https://hooks.example.org/ HTTP/1.1", "characters"),
        ("https://hooks.example.org/\tx", "characters"),
        ("https://bücher.example/", "characters"),
        ("https://ｈooks.example/", "characters"),
        (f"https://hooks.example.org/{'a' * 2048}", "at most 2048"),
        ("http://2130706433/", "usual form"),
        ("http://0x7f000001/", "usual form"),
        ("http://0177.0.0.1/", "usual form"),
        ("http://127.1/", "usual form"),
        ("http://127.0.0.1./", "host"),
        ("http://localhost./", "host"),
        ("http://[::1%25eth0]/", "usual form|no URL"),
        ("http://[::1/", "no URL"),
        ("http://[v1.a:b]/", "usual form|no URL"),
        ("http://a..b/", "host"),
        ("http://-a.example/", "host"),
        ("http://hooks.example.org:0/", "port"),
        ("http://hooks.example.org:65536/", "no URL"),
        ("http://hooks.example.org:http/", "no URL"),
        ("http://%31%32%37.0.0.1/", "host"),
    ],
)
def test_what_is_no_such_url_is_told_why(uri: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        Destination.parse(uri)


def permitted(origins: Origins, *uris: str) -> list[bool]:
    return [origins.permit(Destination.parse(uri)) for uri in uris]


def test_only_the_very_origins_that_are_listed_are_permitted() -> None:
    origins = Origins.of(["https://Hooks.example.org/", "http://10.0.0.7:8080"])
    assert permitted(origins, "https://hooks.example.org:443/any?path", "http://10.0.0.7:8080/") == [True, True]
    others = ("http://hooks.example.org/", "https://hooks.example.org:8443/", "https://x.hooks.example.org/")
    assert permitted(origins, *others, "http://10.0.0.7/", "http://[::ffff:10.0.0.7]:8080/") == [False] * 5


def test_any_port_of_a_host_may_be_listed() -> None:
    origins = Origins.of(["http://127.0.0.1:*", "http://[::1]:*"])
    uris = ("http://127.0.0.1/", "http://127.0.0.1:5005/", "http://[::1]:7/")
    assert permitted(origins, *uris, "https://127.0.0.1/", "http://127.0.0.2/") == [True, True, True, False, False]


def test_where_all_hosts_are_permitted_addresses_of_the_own_network_are_not() -> None:
    origins = Origins.of(["*", "http://192.168.1.5"])
    assert permitted(origins, "https://anything.example/", "http://192.0.3.1/", "http://192.168.1.5/") == [True] * 3
    own = ("127.0.0.1", "10.1.2.3", "169.254.169.254", "[::1]", "[::ffff:7f00:1]", "[::]", "192.168.1.6", "0.0.0.0")  # noqa: S104
    assert permitted(origins, *(f"http://{host}/" for host in own)) == [False] * len(own)


def test_nothing_is_permitted_by_default() -> None:
    assert not Origins.of(())
    assert permitted(Origins(), "https://hooks.example.org/") == [False]


@pytest.mark.parametrize("text", ["hooks.example.org", "https://hooks.example.org/path", "https://*", "**", "ftp://a"])
def test_what_is_no_origin_cannot_be_listed(text: str) -> None:
    with pytest.raises(ValueError, match=r"is no origin"):
        Origins.of([text])
