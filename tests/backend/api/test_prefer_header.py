"""The `Prefer` header as RFC 7240 writes it."""

import time

import pytest

from backend.api.preferences import Preferences, parse_preferences


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ([], Preferences()),
        (["respond-async"], Preferences(respond_async=True)),
        (["RESPOND-ASYNC"], Preferences(respond_async=True)),
        (["respond-async, wait=5"], Preferences(respond_async=True, wait=5)),
        (["respond-async", "wait=5"], Preferences(respond_async=True, wait=5)),
        (["wait = 5 ,, respond-async"], Preferences(respond_async=True, wait=5)),
        (['wait="7"'], Preferences(wait=7)),
        (['return="minimal"'], Preferences(minimal=True)),
        (["return=representation"], Preferences()),
        (['respond-async; urgency=low, return=minimal; why="a, b; c"'], Preferences(respond_async=True, minimal=True)),
        (['foo="respond-async, wait=1"'], Preferences()),
        (["wait=3, wait=9"], Preferences(wait=3)),
        (["wait=-1"], Preferences()),
        (["wait=1.5"], Preferences()),
        (["wait=soon"], Preferences()),
        (["wait"], Preferences()),
        (["wait=99999999999999"], Preferences()),
        (['"broken, respond-async'], Preferences(respond_async=True)),
        (['wait=4, x="broken, respond-async'], Preferences(wait=4, respond_async=True)),
        (['wait=4, wait="5, respond-async'], Preferences(wait=4, respond_async=True)),
        (['wait="5, respond-async'], Preferences(respond_async=True)),
        (['respond-async "broken, wait=3'], Preferences(wait=3)),
        ([r'x="a \" , wait=1", wait=2'], Preferences(wait=2)),
        (["handling=strict;;, respond-async"], Preferences(respond_async=True)),
        (["respond-async; , wait=3"], Preferences(respond_async=True, wait=3)),
    ],
)
def test_preferences_are_read_from_lists_several_headers_quotes_and_parameters(
    headers: list[str], expected: Preferences
) -> None:
    assert parse_preferences(headers) == expected


@pytest.mark.parametrize(
    "header",
    [
        "a" + "; " * 30_000,
        "a" + "; " * 30_000 + '"',
        "," * 60_000 + '"',
        "a;b" * 20_000 + '"',
        'a="' + "\\" * 60_000,
        '"' + '\\"' * 30_000,
        "a," * 30_000,
        " " * 60_000,
        "a" + " " * 60_000 + '"',
        'a="x", ' * 8_000,
        'a="' * 15_000,
        'a,b"' * 15_000,
        "a=" + "b" * 60_000 + '"',
    ],
    ids=lambda header: header[:8],
)
def test_the_longest_header_that_arrives_is_read_at_once_however_it_is_made(header: str) -> None:
    began = time.thread_time()
    assert parse_preferences([header, "wait=7"]).wait == 7
    assert time.thread_time() - began < 10


@pytest.mark.parametrize(
    ("wait", "longest", "patience"), [(5, 600, 5), (601, 600, 600), (1, 0.5, 0), (None, 600, None)]
)
def test_nobody_waits_longer_than_the_server_permits_and_all_wait_whole_seconds(
    wait: int | None, longest: float, patience: int | None
) -> None:
    assert Preferences(wait=wait).patience(longest) == patience
