"""Values that say that a cell has no data although the file does not."""

import re
from typing import Any

import numpy as np
import pytest

from backend.geo.raster.nodata import undeclared

HIGH = np.linspace(0, 3000, 100)


def told(values: Any, kind: Any = np.float64) -> str | None:
    return undeclared(np.ma.masked_invalid(np.asarray(values).astype(kind)))


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (-9999, np.float32),
        (-9999, np.int16),
        (-99999, np.float64),
        (-32768, np.int16),
        (-3.4028234663852886e38, np.float32),
        (-3.4028234663852886e38, np.float64),
        (9.969209968386869e36, np.float32),
        (1e20, np.float32),
    ],
)
def test_a_customary_value_far_from_all_others_is_told(value: float, kind: Any) -> None:
    warning = told([*HIGH, value], kind)
    assert warning is not None
    written = re.search(r"where\(a1 == (\S+), None, a1\)", warning)
    assert written is not None
    assert float(written[1]) == value
    assert warning.startswith("0.990%")


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (HIGH, np.float64),
        ([*HIGH, -500], np.float64),
        (np.arange(-32768, 32768, 7), np.int16),
        ([*(HIGH * 10 - 9000), -9999], np.float64),
        ([0, 0, 255], np.uint8),
        ([np.nan, np.nan], np.float32),
        ([], np.float64),
    ],
)
def test_values_among_others_are_values(values: Any, kind: Any) -> None:
    assert told(values, kind) is None


def test_cells_that_are_masked_are_not_looked_at() -> None:
    assert undeclared(np.ma.masked_equal([*HIGH, -9999.0], -9999)) is None


def test_nothing_but_such_a_value_is_told() -> None:
    warning = told([-9999, -9999])
    assert warning is not None
    assert warning.startswith("100.000%")
