"""The oracle of the other tests, against published and closed-form values."""

import numpy as np
import pytest


def degrees(whole: int, minutes: int, seconds: float) -> float:
    return whole + minutes / 60 + seconds / 3600


def test_vincenty_gives_the_published_line_from_flinders_peak_to_buninyong(geodesic_distance) -> None:
    # GDA Technical Manual, on GRS 80, whose flattening differs from that of WGS 84 by less than a millimetre here.
    flinders = degrees(144, 25, 29.52440), -degrees(37, 57, 3.72030)
    buninyong = degrees(143, 55, 35.38390), -degrees(37, 39, 10.15610)
    assert geodesic_distance(*flinders, *buninyong) == pytest.approx(54972.271, abs=1e-3)


def test_vincenty_gives_the_arc_of_the_equator_and_the_quarter_meridian(geodesic_distance) -> None:
    assert geodesic_distance(-30, 0, 60, 0) == pytest.approx(6378137 * np.pi / 2, abs=1e-3)
    assert geodesic_distance(12, 0, 77, 90) == pytest.approx(10001965.729, abs=1e-3)


def test_the_distance_to_a_parallel_is_the_meridian_arc(geodesic_distance, distance_to_lines) -> None:
    parallel = [np.array([[0.0, 10.0], [20.0, 10.0]])]
    assert distance_to_lines(np.array([[7.0, 9.0]]), parallel)[0] == pytest.approx(
        float(geodesic_distance(7, 9, 7, 10)), rel=1e-6
    )
