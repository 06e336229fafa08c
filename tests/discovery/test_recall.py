"""Requests in users' words find what they look for: bars, asserted on both parts of the query set."""

import pytest

from tests.discovery.recall import BAR, Answer, answers, recall


def part(*, held_out: bool) -> list[Answer]:
    return [answer for answer in answers() if answer.query.held_out is held_out]


def test_of_all_requests_95_percent_find_a_right_process_among_the_first_five() -> None:
    assert recall(answers()) >= BAR


@pytest.mark.parametrize(("held_out", "least"), [(False, BAR), (True, 0.92)])
def test_requests_that_were_held_out_find_it_nearly_as_often_as_the_others(*, held_out: bool, least: float) -> None:
    assert recall(part(held_out=held_out)) >= least


def test_most_find_it_in_the_first_place() -> None:
    first = [answer.found[0] in answer.query.expected for answer in answers() if answer.found]
    assert sum(first) / len(first) >= 0.7
