"""The demonstration shows what the tools answered, and nothing else."""

import math
import re

import pytest

from mcp_server.cli import main
from mcp_server.demo import EIFFEL_TOWER, SLOW_STEPS, Place, number, parse_place
from mcp_server.errors import ConfigurationError
from tests.packaged import OFFERED


@pytest.fixture
def short_job(monkeypatch: pytest.MonkeyPatch) -> None:
    """The job that tells its progress takes its two seconds in one test alone."""
    monkeypatch.setitem(SLOW_STEPS, "seconds", 0.1)


def area_shown(out: str) -> tuple[float, float]:
    """The buffer's area as it says itself, and as it was measured by reference, in m²."""
    made = re.search(r"([\d,.]+) m², its edge off by at most", out)
    measured = re.search(r"area ([\d,.]+) square metres", out)
    assert made is not None
    assert measured is not None
    return tuple(float(match[1].replace(",", "")) for match in (made, measured))  # pyright: ignore[reportReturnType]


def test_the_demo_buffers_measures_and_runs_a_job(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["demo"]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert re.search(rf"^{len(OFFERED) + 5} tools  ", out, re.MULTILINE), "with those for jobs, results and datasets"
    assert re.search(
        r"^3 more  demonstrations, .*--demo-tools\n  echo .*\n  shapely_functions .*\n  slow_steps ", out, re.MULTILINE
    )
    assert area_shown(out) == pytest.approx((math.pi * 500**2,) * 2, rel=0.0005)
    assert re.search(r"ogc://local/jobs/\w+/results/buffer", out)
    # Which steps are told depends on when they are looked at.
    assert re.search(r"step [1-8] of 8", out)
    assert re.search(r"8 steps in 2(\.\d+)? s", out)
    assert "ogc-processes-mcp install claude-desktop" in out


@pytest.mark.usefixtures("short_job")
def test_place_and_distance_change_the_answers(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["demo", "--at", "-179.999,-16.5", "--distance", "2000"]) == 0
    out, _ = capsys.readouterr()
    assert "within 2,000 m of -179.999, -16.5" in out
    assert area_shown(out) == pytest.approx((math.pi * 2000**2,) * 2, rel=0.0005)


def test_what_a_tool_refuses_is_told_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["demo", "--distance", "1e9"]) == 1
    _, err = capsys.readouterr()
    assert err.startswith("ogc-processes-mcp: geometry_buffer: ")
    assert "9000 km" in err
    assert err.count("\n") == 1


def test_the_demo_is_of_the_embedded_backend(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["demo", "--no-embedded"]) == 2
    assert "--no-embedded does not apply" in capsys.readouterr().err


def test_a_place_is_longitude_and_latitude() -> None:
    assert parse_place(None) == EIFFEL_TOWER
    assert parse_place("-73.98, 40.75") == Place("-73.98, 40.75", -73.98, 40.75)
    assert parse_place("-73.98,40.75").wkt == "POINT (-73.98 40.75)"


@pytest.mark.usefixtures("short_job")
def test_a_place_is_taken_wherever_the_tool_takes_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["demo", "--at", "200,5"]) == 0
    assert "of 200, 5" in capsys.readouterr().out
    assert main(["demo", "--at", "0,91"]) == 1
    assert "latitude 91 is outside" in capsys.readouterr().err


@pytest.mark.parametrize("text", ["", "here", "1", "1,2,3", "nan,0", "0,inf"])
def test_what_is_no_place_is_refused(text: str) -> None:
    with pytest.raises(ConfigurationError, match=f"^--at {re.escape(text)}: write LON,LAT in degrees"):
        parse_place(text)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (785082.7794, "785,083"),
        (3141.277, "3,141.28"),
        (500.0, "500"),
        (0.0314159265, "0.0314159"),
        (1e12, "1,000,000,000,000"),
        (0, "0"),
    ],
)
def test_a_number_has_six_digits_and_no_exponent(value: float, text: str) -> None:
    assert number(value) == text
