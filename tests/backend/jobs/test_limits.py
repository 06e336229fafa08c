"""How a job is told which of its limits it reached."""

import errno

import pytest

from backend.jobs.limits import JobLimits, breach, read_limits, size

LIMITS = JobLimits(memory_bytes=2**30, file_bytes=2**20)
MEMORY, FILE = "1 GiB of memory", "a file of more than the 1 MiB"


def caused(error: Exception, cause: Exception) -> Exception:
    error.__cause__ = cause
    return error


def met_while(error: Exception, other: Exception) -> Exception:
    error.__context__ = other
    return error


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (MemoryError(), MEMORY),
        (RuntimeError("std::bad_alloc"), MEMORY),
        (OSError(errno.EFBIG, "File too large"), FILE),
        (caused(ValueError("the library gave up"), MemoryError()), MEMORY),
        (met_while(ValueError("while it tidied up"), OSError(errno.EFBIG, "File too large")), FILE),
        (caused(ValueError("a"), met_while(ValueError("b"), MemoryError())), MEMORY),
    ],
)
def test_the_limit_is_found_wherever_it_stands_among_the_causes(error: Exception, told: str) -> None:
    assert told in (breach(error, LIMITS) or "")


@pytest.mark.parametrize(
    "error", [ValueError("no"), OSError(errno.ENOENT, "no"), caused(ValueError("a"), KeyError("b"))]
)
def test_another_error_is_no_breach(error: Exception) -> None:
    assert breach(error, LIMITS) is None


@pytest.mark.parametrize("error", [MemoryError(), OSError(errno.EFBIG, "File too large")])
def test_what_has_no_limit_is_not_broken(error: Exception) -> None:
    assert breach(error, JobLimits()) is None


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0 bytes"), (1023, "1023 bytes"), (1024, "1 KiB"), (3 * 2**19, "1.5 MiB"), (2**50, "1024 TiB")],
)
def test_a_size_is_told_in_a_unit_that_suits_it(count: int, text: str) -> None:
    assert size(count) == text


def test_time_may_be_given_in_parts_of_a_second_and_all_else_in_whole_numbers() -> None:
    assert read_limits({"seconds": 0.5, "memory_bytes": 2**20}) == JobLimits(seconds=0.5, memory_bytes=2**20)
    for name in ("cpu_seconds", "memory_bytes", "file_bytes", "output_bytes"):
        with pytest.raises(ValueError, match=f"`{name}` must be a whole number"):
            read_limits({name: 1.5})


@pytest.mark.parametrize("value", [0, -1, True, float("inf"), float("nan"), "5"])
def test_a_limit_that_is_no_number_above_nought_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match="must be a number greater than 0"):
        read_limits({"seconds": value})
