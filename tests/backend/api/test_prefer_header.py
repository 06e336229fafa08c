"""The `Prefer` header as RFC 7240 writes it."""

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
        (["handling=strict;;, respond-async"], Preferences(respond_async=True)),
    ],
)
def test_preferences_are_read_from_lists_several_headers_quotes_and_parameters(
    headers: list[str], expected: Preferences
) -> None:
    assert parse_preferences(headers) == expected
