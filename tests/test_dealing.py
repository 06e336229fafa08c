"""How tests are dealt to the processes that run them."""

from pathlib import Path

from tests.dealing import File, dealt


def test_half_of_the_parts_begin_with_their_share_of_the_long_files_and_none_is_lost() -> None:
    long = {
        Path("a"): File(10.0, ["a1", "a2"]),
        Path("b"): File(90.0, ["b1"]),
        Path("c"): File(60.0, ["c1", "c2"]),
        Path("d"): File(40.0, ["d1"]),
    }
    others = [f"short {number}" for number in range(14)]
    order = dealt(long, others, 4)
    assert order[:5] == ["b1", "a1", "a2", *others[:2]]
    assert order[5:10] == ["c1", "c2", "d1", *others[2:4]]
    assert order[10:] == others[4:]


def test_of_two_parts_one_has_all_long_files() -> None:
    long = {Path("a"): File(10.0, ["a1"]), Path("b"): File(90.0, ["b1"])}
    assert dealt(long, ["s1", "s2", "s3", "s4"], 2) == ["b1", "a1", "s1", "s2", "s3", "s4"]


def test_more_long_tests_than_a_part_has_room_for_are_not_lost_either() -> None:
    long = {Path("a"): File(5.0, list("abcdefgh")), Path("b"): File(1.0, ["x"])}
    assert sorted(dealt(long, ["y"], 2)) == sorted("abcdefghxy")
