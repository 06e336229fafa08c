"""`raster-calculate` as a caller sees it; the oracle is plain NumPy on the same numbers."""

import base64
import json
import re
from typing import Any

import numpy as np
import pytest
from affine import Affine

from backend.errors import ProcessRefusedError
from backend.processes.raster_calculate import raster_calculate
from backend.processes.running import run_processor
from tests.backend.geotiffs import UTM32, contents, tiff

RANDOM = np.random.default_rng(6)
A = RANDOM.uniform(1, 9, (600, 700)).astype(np.float32)
B = RANDOM.uniform(1, 9, (600, 700)).astype(np.float32)


def quiet(percent: float, message: str | None = None) -> None:
    pass


def calculated(expression: str, raster: bytes, *others: bytes) -> tuple[Any, dict[str, Any], dict[str, Any]]:
    """Bands × rows × columns, the file's profile, and the statistics."""
    inputs = {"raster": base64.b64encode(raster).decode(), "expression": expression}
    more = {"others": [base64.b64encode(other).decode() for other in others]} if others else {}
    outputs = run_processor(raster_calculate({"name": "here"}), {**inputs, **more}, None, quiet)
    made, statistics = (output.encode() for output in outputs)
    return (*contents(made), json.loads(statistics))


def row(*numbers: float, **profile: Any) -> bytes:
    return tiff(np.array([numbers], np.float32), **profile)


def test_an_index_is_of_the_physical_values_of_its_bands() -> None:
    """Red 3000 is 0.2 and near infrared 5000 is 0.4, so the index is 1/3; of the stored numbers it would be 1/4."""
    scene = tiff(np.array([[[3000, 3000]], [[5000, 5000]]], np.uint16), scale=0.0001, offset=-0.1)
    values, profile, told = calculated("(a2 - a1) / (a2 + a1)", scene)
    assert values.compressed().tolist() == pytest.approx([1 / 3, 1 / 3], rel=1e-6)
    assert profile["dtype"] == "float32"
    assert told["mean"] == pytest.approx(1 / 3, rel=1e-6)
    assert told["bands_used"] == ["a1", "a2"]


@pytest.mark.parametrize(
    ("expression", "oracle"),
    [
        ("(a1 - b1) / (a1 + b1)", (A - B) / (A.astype(float) + B)),
        ("a * 2 + 1", A * 2.0 + 1),
        ("sqrt(a1) ** 2 - abs(-b1)", A.astype(float) - B),
        ("max(a1, b1) - min(a1, b1)", np.abs(A.astype(float) - B)),
        ("where(a1 > b1, a1, b1)", np.maximum(A, B)),
        ("a1 if 3 < a1 <= 6 else -1", np.where((A > 3) & (A <= 6), A, -1)),
        ("a1 // 2 + a1 % 2", A // 2 + A % 2.0),
        ("log(exp(a1)) + sin(0) + round(b1)", A + np.round(B.astype(float))),
        ("round(a1 / 7, 1) + round(b1, -1)", np.round(A / 7, 1) + np.round(B.astype(float), -1)),
        ("max(a1, b1, 4) - min(a1, b1, 4, 3)", np.maximum(np.maximum(A, B), 4.0) - np.minimum(np.minimum(A, B), 3)),
        ("where((a1 > 2) & (b1 < 6), a1, -1)", np.where((A > 2) & (B < 6), A, -1.0)),
        ("where(~(a1 > 2) | (b1 < 6) & (a1 != 4), 1, 0)", np.where(~(A > 2) | (B < 6) & (A != 4), 1.0, 0.0)),
    ],
)
def test_expressions_give_what_their_formulas_say(expression: str, oracle: Any) -> None:
    values, *_ = calculated(expression, tiff(A), tiff(B))
    assert np.abs(values[0] - oracle).max() < 1e-5
    assert values.count() == A.size


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("a1 == 0.3", [0, 0, 1, 0]),
        ("a1 <= 0.3", [1, 1, 1, 0]),
        ("a1 < 0.3", [1, 1, 0, 0]),
        ("0.3 >= a1", [1, 1, 1, 0]),
        ("-0.1 <= a1 < 0.7", [1, 1, 1, 0]),
        ("-0.1 < a1 and a1 != 0.7", [0, 1, 1, 0]),
        ("where(a1 >= 0.7, 1, 0)", [0, 0, 0, 1]),
    ],
)
@pytest.mark.parametrize("stored", ["float32", "float64", "scaled"])
def test_a_number_that_a_band_is_compared_with_is_the_value_that_is_meant(
    expression: str, expected: list[int], stored: str
) -> None:
    """0.3 in single precision is a little more than 0.3, 0.7 a little less; 3 times 0.1 is not quite 0.3."""
    values = np.array([[-0.1, 0.1, 0.3, 0.7]])
    scaled = tiff(np.array([[-1, 1, 3, 7]], np.int16), scale=0.1)
    found, *_ = calculated(expression, scaled if stored == "scaled" else tiff(values.astype(stored)))
    assert found[0, 0].tolist() == expected


def test_conditions_give_ones_and_zeros() -> None:
    values, profile, _ = calculated("a1 > 5 and not b1 > 5 or a1 == b1", tiff(A), tiff(B))
    assert profile["dtype"] == "uint8"
    assert (values[0] == ((A > 5) & (B <= 5))).all()
    values, profile, _ = calculated("(a1 > 5) & ~(b1 > 5)", tiff(A), tiff(B))
    assert profile["dtype"] == "uint8"
    assert (values[0] == ((A > 5) & (B <= 5))).all()


def test_a_cell_without_data_in_a_band_that_is_used_has_none() -> None:
    gap, other = row(1, -9, 3, nodata=-9), row(1, 2, 3)
    values, _, told = calculated("a1 + b1", gap, other)
    assert values.tolist() == [[[2, None, 6]]]
    assert told["nodata_share"] == pytest.approx(1 / 3)
    assert calculated("b1", gap, other)[0].count() == 3


def test_what_has_no_finite_value_has_no_data_and_is_told() -> None:
    values, _, told = calculated("a1 / b1", row(1, 2, 0), row(1, 0, 0))
    assert values.tolist() == [[[1, None, None]]]
    assert told["warnings"] == ["2 cells have no finite result (such as a division by zero): they have no data."]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("a1 / b1 > 1", [1, None]),
        ("1 / (a1 / b1)", [0.5, None]),
        ("b1 != 0 and a1 / b1 > 1", [1, 0]),
        ("b1 == 0 or a1 / b1 > 3", [0, 1]),
        ("where(b1 == 0, -1, a1 / b1)", [2, -1]),
        ("not a1 / b1 > 1", [0, None]),
        ("max(a1 / b1, 0)", [2, None]),
        ("a1 ** 9999", [None, None]),
    ],
)
def test_the_undefined_is_never_taken_for_a_value(expression: str, expected: list[float | None]) -> None:
    values, *_ = calculated(expression, row(2, 2), row(1, 0))
    assert values[0, 0].tolist() == expected


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("where(a1 > 2, a1, None)", [None, None, 3]),
        ("None if a1 > 2 else 7", [7, None, None]),
        ("coalesce(a1, 0)", [1, 0, 3]),
        ("coalesce(a1, b1)", [1, 8, 3]),
        ("coalesce(where(a1 > 2, a1, None), where(b1 > 8, b1, None), 5)", [9, 5, 3]),
        ("coalesce(a1 ** 0, b1)", [1, 8, 1]),
        ("where(coalesce(a1, b1) > 5, None, b1)", [9, None, None]),
        ("coalesce(a1, b1) + b1", [10, 16, None]),
    ],
)
def test_cells_can_be_given_no_data_and_those_without_a_value(expression: str, expected: list[float | None]) -> None:
    values, _, told = calculated(expression, row(1, -9, 3, nodata=-9), row(9, 8, -9, nodata=-9))
    assert values[0, 0].tolist() == expected
    assert told["warnings"] == []


def test_a_division_by_zero_is_told_beside_cells_that_are_to_have_no_data() -> None:
    values, _, told = calculated("where(a1 > 1, b1 / (a1 - 2), None)", row(1, 2, 3), row(1, 1, 1))
    assert values.tolist() == [[[None, None, 1]]]
    assert told["warnings"] == ["1 cells have no finite result (such as a division by zero): they have no data."]


def test_what_single_precision_cannot_hold_in_between_is_held() -> None:
    values, _, told = calculated("a1 * b1 / b1", row(1e30, 3), row(1e30, 2))
    assert values[0, 0].tolist() == [float(np.float32(1e30)), 3]
    assert told["warnings"] == []


def test_bands_have_the_names_that_the_file_gives_them() -> None:
    scene = tiff(np.array([[[2, 2]], [[4, 4]]], np.float32), names=("Red", "nir"))
    assert calculated("(nir - red) / (nir + Red)", scene)[0].compressed().tolist() == pytest.approx([1 / 3, 1 / 3])


@pytest.mark.parametrize(
    ("expression", "kind", "expected"),
    [
        ("where(a1 > 1, a1, None)", "uint8", [None, 2, 200]),
        ("coalesce(a1, b1)", "int16", [1, 2, 200]),
        ("coalesce(where(a1 > 1, a1, None), 300)", "uint16", [300, 2, 200]),
        ("a1 if a1 > 1 else -1", "int16", [-1, 2, 200]),
        ("max(a1, b1, 3)", "int16", [7, 7, 200]),
        ("where(a1 > 1, a1, 0.5)", "float32", [0.5, 2, 200]),
        ("a1 * 1", "float32", [1, 2, 200]),
    ],
)
def test_what_is_chosen_among_integers_stays_one(expression: str, kind: str, expected: list[float | None]) -> None:
    """As classes that are integers they are never averaged unasked."""
    classes, others = tiff(np.array([[1, 2, 200]], np.uint8)), tiff(np.array([[7, 7, 7]], np.int16))
    values, profile, _ = calculated(expression, classes, others)
    assert profile["dtype"] == kind
    assert values[0, 0].tolist() == expected


def test_classes_that_leave_no_value_for_no_data_get_a_wider_type() -> None:
    every = np.arange(512, dtype=np.int16).reshape(2, 256).clip(0, 255).astype(np.uint8)
    every[1] = 7
    gaps = np.zeros((2, 256), np.uint8)
    gaps[1, :5] = 1
    values, profile, told = calculated("where(b1 == 1, None, a1)", tiff(every), tiff(gaps))
    assert profile["dtype"] == "uint16"
    assert (values[0].mask == (gaps == 1)).all()
    assert (values[0] == every).all()
    assert "Every value of uint8 is in use" in told["warnings"][0]


def test_large_integers_stay_exact() -> None:
    values, profile, _ = calculated("a1 + 1", tiff(np.array([[16_777_217, 2_000_000_011]], np.int32)))
    assert values.compressed().tolist() == [16_777_218, 2_000_000_012]
    assert profile["dtype"] == "float64"


def test_tiles_side_by_side_are_one_raster() -> None:
    """Three of a scene of 700 x 500 cells, one of which overlaps another; where none is, there is no data."""
    scene = np.random.default_rng(6).integers(1, 200, (500, 700)).astype(np.int16)

    def tile(top: int, left: int, height: int, width: int, **profile: Any) -> bytes:
        part = scene[top : top + height, left : left + width]
        return tiff(part, UTM32 @ Affine.translation(left, top), **profile)

    east, west, south = tile(0, 400, 200, 300), tile(0, 0, 300, 400), tile(150, 100, 350, 600)
    values, profile, told = calculated("coalesce(a1, b1, c1)", east, west, south)
    expected = np.ma.masked_array(scene, mask=False)
    expected[300:, :100] = np.ma.masked
    assert profile["transform"][:6] == UTM32[:6]
    assert (values[0].filled(-1) == expected.filled(-1)).all()
    assert told["nodata_share"] == pytest.approx(200 * 100 / scene.size)
    assert calculated("coalesce(a1, 5) + coalesce(b1, 0)", west, south)[0][0, 0, 0] == scene[0, 0]


@pytest.mark.parametrize(
    "expression", ["coalesce(a1, 0) + b1", "b1 + coalesce(a1, 0)", "a1 - b1", "where(a1 > 1, a1, b1)"]
)
def test_what_is_needed_in_each_cell_has_to_be_there(expression: str) -> None:
    with pytest.raises(ProcessRefusedError, match="raster-warp with like"):
        calculated(expression, tiff(A), tiff(A, UTM32 @ Affine.translation(0, 600)))


def test_tiles_in_degrees_are_joined_up_to_the_whole_globe() -> None:
    halves = [tiff(np.full((18, 18), value, np.uint8), Affine(10, 0, west, 0, -10, 90), "EPSG:4326")
              for value, west in ((1, -180), (2, 0))]  # fmt: skip
    values, profile, _ = calculated("coalesce(a1, b1)", halves[1], halves[0])
    assert values.tolist() == [[[1] * 18 + [2] * 18] * 18]
    assert profile["transform"][:6] == (10, 0, -180, 0, -10, 90)


def test_what_looks_like_no_data_is_told_by_the_band_that_has_it() -> None:
    known, gaps = row(100, 200, 300, 400), row(100, -9999, 300, 400)
    told = calculated("b1 - a1", known, gaps)[2]["warnings"]
    assert len(told) == 1
    assert told[0].startswith("25.000% of the cells of b1 have the value -9999, which often stands for no data")
    assert "where(b1 == -9999, None, b1)" in told[0]


@pytest.mark.parametrize(
    "expression",
    ["where(a1 == -9999, None, a1)", "a1 if a1 > -9999 else None", "where(a1 < 0, None, a1) * (a1 != -9999)"],
)
def test_what_looks_like_no_data_is_not_told_where_the_formula_names_it(expression: str) -> None:
    assert calculated(expression, row(100, -9999, 300, 400))[2]["warnings"] == []


def test_what_is_declared_to_be_no_data_is_not_told() -> None:
    assert calculated("a1 * 2", row(100, -9999, 300, 400, nodata=-9999))[2]["warnings"] == []


def test_globes_of_two_ranges_of_longitude_are_not_joined() -> None:
    globe = np.ones((18, 36), np.uint8)
    rasters = [tiff(globe, Affine(10, 0, west, 0, -10, 90), "EPSG:4326") for west in (0, -180)]
    with pytest.raises(ProcessRefusedError, match="more than once around the globe"):
        calculated("coalesce(a1, b1)", *rasters)


@pytest.mark.parametrize("shift", [0.5, 0.01])
def test_tiles_whose_cells_do_not_meet_are_not_joined(shift: float) -> None:
    with pytest.raises(ProcessRefusedError, match="raster-warp with like"):
        calculated("coalesce(a1, b1)", tiff(A), tiff(A, UTM32 @ Affine.translation(700 + shift, 0)))


@pytest.mark.parametrize(
    "other",
    [
        tiff(np.ones((600, 701), np.float32)),
        tiff(A, Affine(10, 0, 500_005, 0, -10, 5_000_400)),
        tiff(A, crs="EPSG:32633"),
    ],
)
def test_rasters_on_different_grids_are_not_combined(other: bytes) -> None:
    with pytest.raises(ProcessRefusedError, match="raster-warp with like"):
        calculated("a1 + b1", tiff(A), other)


@pytest.mark.parametrize(
    ("transform", "told"),
    [
        (Affine(10, 0, 500_000, 0, -11, 5_000_400), "cells of 10 x 11, from 500000, 5000400 in EPSG:32632"),
        (Affine(10, 0, 500_000, 0, 10, 5_000_400), "cells of 10, rows upwards, from 500000, 5000400 in EPSG:32632"),
        (Affine(6, 8, 500_000, 8, -6, 5_000_400), "cells of 10, turned, from 500000, 5000400 in EPSG:32632"),
    ],
)
def test_grids_that_differ_are_told_by_what_they_differ_in(transform: Affine, told: str) -> None:
    with pytest.raises(ProcessRefusedError, match=re.escape(told)):
        calculated("a1 + b1", tiff(A), tiff(A, transform))


@pytest.mark.parametrize(
    ("expression", "reason"),
    [
        ("__import__('os').system('id')", "cannot stand in an expression"),
        ("a1.tofile('/tmp/x')", "cannot stand"),
        ("(lambda: a1)()", "cannot stand"),
        ("[a1 for a1 in b1]", "cannot stand"),
        ("a1[0]", "cannot stand"),
        ("a1 & a1", "cannot stand"),
        ("a1 ^ 2 + 1", r"a power is a1 \*\* 2"),
        ("'text' * a1", "only numbers"),
        ("a1 + True", "only numbers"),
        ("a1 > 1 & a1 < 5", "cannot stand"),
        ("(a1 > 1) & a1", "cannot stand"),
        ("~a1", "cannot stand"),
        ("(a1 > 1) ^ (a1 < 5)", "cannot stand"),
        ("exp(a1, a1)", "takes 1 arguments"),
        ("where(a1 == None, 0, a1)", "coalesce"),
        ("round(a1, a1)", "a number of digits, not a band"),
        ("round(a1, 0.5)", "a whole number of digits"),
        ("round(a1, 1, 2)", "takes 1 or 2 arguments"),
        ("max(a1)", "takes 2 or more arguments"),
        ("sqrt(x=a1)", "cannot stand"),
        ("a1 +", "cannot be read"),
        ("a1 = 3", "cannot be read.* ==, not ="),
        ("a1 > 3 AND a1 < 5", "cannot be read.* and, or, not, in small letters"),
        ("a1 > 3 && a1 < 5", "cannot be read.* and, or, not"),
        ("where(a1 > 3, a1, nan)", "there is no band 'nan'; no data is None"),
        ("where(a1 > 3, a1, nodata)", "there is no band 'nodata'; no data is None"),
        ("a3 + a1", "there is no band 'a3'"),
        ("1 + 1", "names no band"),
        ("a1" + " + a1" * 300, "more than 500 parts"),
        ("-" * 1900 + "a1", "cannot be read|more than 500 parts"),
        ("a1 + 1e999", "only numbers"),
        ("a1 + " + "9" * 400, "only numbers|cannot be read"),
    ],
)
def test_what_is_no_formula_is_refused(expression: str, reason: str) -> None:
    with pytest.raises(ProcessRefusedError, match=reason):
        calculated(expression, row(1, 2))


@pytest.mark.parametrize(
    ("kind", "cells", "kept"),
    [
        (np.uint16, [2024, 131], "float64"),
        (np.uint16, [1600, 131], "float32"),
        (np.float32, [2024, 131], "float64"),
        (np.float32, [2024.5, 0.0625], "float32"),
    ],
)
def test_whole_numbers_are_exact_where_single_precision_would_round_them(kind: Any, cells: Any, kept: str) -> None:
    first, second = cells
    raster = tiff(np.array([[[first]], [[second]]], kind))
    values, profile, _ = calculated("a1 * 10000 + a2", raster)
    assert profile["dtype"] == kept
    expected = first * 10_000 + second
    assert values.item() == (expected if kept == "float64" else np.float32(expected))


def test_what_was_computed_before_a_large_number_stays() -> None:
    """Cells are computed some rows at a time."""
    cells = np.arange(1_000_000, dtype=np.int32).reshape(1000, 1000).astype(np.float32)
    values, profile, _ = calculated("a1 * 17", tiff(cells))
    assert profile["dtype"] == "float64"
    assert (values[0] == np.arange(1_000_000).reshape(1000, 1000) * 17).all()


def test_a_mean_beyond_numbers_is_null_and_the_value_told_that_is_to_blame() -> None:
    _, _, told = calculated("a1", tiff(np.array([[np.finfo("f8").min, np.finfo("f8").min, 1]])))
    assert (told["mean"], told["max"]) == (None, 1)
    assert "cells have the value -1.79769e+308" in told["warnings"][0]


@pytest.mark.parametrize(
    ("first", "second", "path", "reason"),
    [
        (b"xx", row(1), "$.inputs.raster", "no GeoTIFF"),
        (row(1), b"xx", "$.inputs.others[0]", "no GeoTIFF"),
        (row(1, crs=None), row(1), "$.inputs.raster", "does not tell its CRS"),
        (row(1), row(1, crs=None), "$.inputs.others[0]", "does not tell its CRS"),
        (tiff(A)[:9000], tiff(A), "$.inputs.raster", "^the raster cannot be read: the raster, band 1"),
        (tiff(A), tiff(A)[:9000], "$.inputs.others[0]", "^the raster cannot be read: the raster, band 1"),
    ],
)
def test_a_refusal_names_the_raster_at_fault(first: bytes, second: bytes, path: str, reason: str) -> None:
    with pytest.raises(ProcessRefusedError, match=reason) as refused:
        calculated("a1 + b1", first, second)
    assert refused.value.path == path
