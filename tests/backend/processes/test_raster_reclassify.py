"""`raster-reclassify` as a caller sees it."""

import base64
import json
from typing import Any

import numpy as np
import pytest
from affine import Affine
from pyproj import Geod, Transformer
from shapely import Polygon, box, segmentize

from backend.errors import ProcessRefusedError
from backend.processes.raster_reclassify import raster_reclassify
from backend.processes.running import run_processor
from tests.backend.geotiffs import contents, tiff


def quiet(percent: float, message: str | None = None) -> None:
    pass


def classified(raster: bytes, classes: list[list[float | None]], **inputs: Any) -> tuple[Any, dict[str, Any], Any]:
    made = {"raster": base64.b64encode(raster).decode(), "classes": classes, **inputs}
    outputs = run_processor(raster_reclassify({"name": "here"}), made, None, quiet)
    new, statistics = (output.encode() for output in outputs)
    return (*contents(new), json.loads(statistics))


def test_ranges_hold_their_lower_limit_and_not_their_upper_one() -> None:
    values, profile, told = classified(
        tiff(np.array([[0, 9.99, 10, 20, 25]], np.float32)), [[20, None, 3], [None, 10, 1], [10, 20, 2]]
    )
    assert values.tolist() == [[[1, 1, 2, 3, 3]]]
    assert profile["dtype"] == "uint8"
    assert told["classes"] == [
        {
            "class": number,
            "cells": cells,
            "area_m2": pytest.approx(100 * cells / 0.9996**2, rel=1e-6),
            "planar_area_m2": pytest.approx(100 * cells),
            "share": pytest.approx(cells / 5),
        }
        for number, cells in ((1, 2), (2, 1), (3, 2))
    ]
    assert told["warnings"] == []


GAPS = tiff(np.array([[-9999, 100, 200, 300]], np.int16))
"""Of which the file does not say that -9999 is no data."""


def test_a_class_that_takes_what_looks_like_no_data_is_told() -> None:
    *_, told = classified(GAPS, [[None, 150, 1], [150, None, 2]])
    assert told["classes"][0]["cells"] == 2
    assert len(told["warnings"]) == 1
    assert told["warnings"][0].startswith("25.000% of the cells have the value -9999, which often stands for no data")


def test_what_looks_like_no_data_is_not_told_where_the_table_names_it_or_leaves_it_out() -> None:
    *_, named = classified(GAPS, [[-9999, 0], [0, None, 2]])
    assert named["warnings"] == []
    *_, left_out = classified(GAPS, [[0, None, 2]])
    assert [warning.split(" in ")[0] for warning in left_out["warnings"]] == ["1 cells have values"]


def test_a_limit_of_1e99_is_none_for_clients_that_send_numbers_only() -> None:
    cells = np.array([[-np.inf, -3e38, 10, 3e38, np.inf]], np.float64)
    values, *_ = classified(tiff(cells), [[-1e99, 10, 1], [10, 1e99, 2]])
    assert values.tolist() == classified(tiff(cells), [[None, 10, 1], [10, None, 2]])[0].tolist()


def test_values_are_mapped_and_what_is_in_no_row_is_told() -> None:
    raster = tiff(np.array([[1, 2, 3, 7, 255]], np.uint8), nodata=255)
    values, _, told = classified(raster, [[1, 10], [3, -5], [2, 10]])
    assert values.tolist() == [[[10, 10, -5, None, None]]]
    assert told["unmatched_cells"] == 1
    assert told["warnings"] == ["1 cells have values in no row of the table (7 to 7): no data there."]
    assert [(one["class"], one["cells"]) for one in told["classes"]] == [(-5, 1), (10, 2)]


def test_a_single_value_may_stand_beside_ranges() -> None:
    values, *_ = classified(tiff(np.array([[0, 1, 5, 6]], np.int16)), [[0, 0], [1, 5, 1], [5, 9], [6, None, 2]])
    assert values.tolist() == [[[0, 1, 9, 2]]]


def test_values_in_single_precision_are_found_as_they_are_written() -> None:
    values, *_ = classified(tiff(np.array([[0.35, 0.1, 9.99]], np.float32)), [[0.35, 1], [0.1, 2], [9.99, None, 3]])
    assert values.tolist() == [[[1, 2, 3]]]


def _looked_up(value: float, rows: list[list[float | None]]) -> float | None:
    for row in rows:
        low, high, number = (row[0], row[0], row[1]) if len(row) == 2 else row
        if value == low == high or ((low is None or low <= value) and (high is None or value < high)):
            return number
    return None


@pytest.mark.parametrize("kind", [np.float32, np.float64, np.int16])
@pytest.mark.parametrize("count", [3, 30])
def test_tables_of_any_length_say_the_same_of_a_cell_as_row_by_row(kind: Any, count: int) -> None:
    random = np.random.default_rng(count)
    limits = np.sort(random.choice(1000, 2 * count, replace=False)).tolist()
    rows: list[list[float | None]] = [[None, limits[0], 7]]
    for number, (low, high) in enumerate(zip(limits[::2], limits[1::2], strict=True)):
        rows.append([low, 1 + number % 5] if number % 3 == 0 else [low, high, 1 + number % 5])
    random.shuffle(rows)
    cells = random.integers(-10, 1010, (40, 50)).astype(kind)
    cells[:4] = np.resize(limits, (4, 50))
    cells[5, 5] = -999
    values, _, told = classified(tiff(cells, nodata=-999), rows)
    wanted = [[_looked_up(value, rows) if value != -999 else None for value in line] for line in cells.tolist()]
    assert values.tolist() == [wanted]
    flat = [number for line in wanted for number in line if number is not None]
    assert {one["class"]: one["cells"] for one in told["classes"]} == {
        int(number or 0): flat.count(number) for number in {row[-1] for row in rows}
    }
    assert told["unmatched_cells"] == cells.size - 1 - len(flat)


def test_areas_in_degrees_are_those_on_the_ellipsoid() -> None:
    raster = tiff(np.array([[1, 1], [2, 2]], np.uint8), Affine(1, 0, 10, 0, -1, 61), "EPSG:4326")
    *_, told = classified(raster, [[1, 1], [2, 2]])
    geod: Any = Geod(ellps="WGS84")
    for one, south in zip(told["classes"], (60, 59), strict=True):
        ring = segmentize(box(10, south, 12, south + 1), 0.001)
        assert one["area_m2"] == pytest.approx(abs(geod.geometry_area_perimeter(ring)[0]), rel=1e-8)


@pytest.mark.parametrize(
    ("crs", "transform"),
    [
        ("EPSG:3857", Affine(100, 0, 780_000, 0, -100, 6_580_000)),
        ("EPSG:3857", Affine(2_000_000, 0, 0, 0, -2_000_000, 8_000_000)),
        ("EPSG:3857", Affine(70, 70, 780_000, 70, -70, 6_580_000)),
        ("EPSG:3035", Affine(100, 0, 4_000_000, 0, -100, 3_000_000)),
        ("EPSG:2263", Affine(100, 0, 980_000, 0, -100, 210_000)),
    ],
)
def test_areas_in_any_plane_are_those_on_the_ellipsoid(crs: str, transform: Affine) -> None:
    raster = tiff(np.ones((4, 5), np.uint8), transform, crs)
    *_, told = classified(raster, [[1, 1]])
    corners = [transform @ at for at in ((0, 0), (0, 4), (5, 4), (5, 0))]
    to_degrees = Transformer.from_crs(crs, "EPSG:4326", always_xy=True)
    outline = segmentize(Polygon(corners), np.hypot(transform.a, transform.d) / 50)
    ring = Polygon(zip(*to_degrees.transform(*outline.exterior.xy), strict=True))
    geod: Any = Geod(ellps="WGS84")
    truth = abs(geod.geometry_area_perimeter(ring)[0])
    # A cell as large as the second grid's has another scale at each of its corners.
    assert told["classes"][0]["area_m2"] == pytest.approx(truth, rel=1e-6 if abs(transform.e) < 1000 else 0.02)
    assert "ellipsoid" in told["method"]


def test_cells_beyond_the_edge_of_a_world_map_do_no_harm() -> None:
    # Lambert's azimuthal projection is equal-area, so that its planar areas are the truth; these corners are no places.
    raster = tiff(np.ones((40, 40), np.uint8), Affine(500_000, 0, -1e7, 0, -500_000, 1e7), "EPSG:6931")
    *_, told = classified(raster, [[1, 1]])
    (one,) = told["classes"]
    assert one["area_m2"] == pytest.approx(one["planar_area_m2"], rel=1e-4)


def test_fractional_classes_are_kept() -> None:
    values, *_ = classified(tiff(np.array([[1, 2]], np.uint8)), [[1, 0.35], [2, 0.013]])
    assert values.compressed().tolist() == [0.35, 0.013]


@pytest.mark.parametrize("classes", [[0, 255], [-1, 300], [0, 40_000], [-(2**40), 2**40]])
def test_any_class_has_a_type_that_holds_it(classes: list[int]) -> None:
    values, *_ = classified(tiff(np.array([[1, 2, 3]], np.uint8)), [[1, classes[0]], [2, classes[1]]])
    assert values.tolist() == [[[*classes, None]]]


@pytest.mark.parametrize(
    ("classes", "reason", "path"),
    [
        ([[0, 10, 1], [9, 20, 2]], "overlap", "$.inputs.classes"),
        ([[1, 5], [1, 6]], "overlap", "$.inputs.classes"),
        ([[5, 5], [0, 6, 1]], "overlap", "$.inputs.classes"),
        ([[0, 1, 1], [10, 5, 1]], "there is nothing", "$.inputs.classes[1]"),
        ([[1]], "each row is", "$.inputs.classes[0]"),
        ([[0, 1, None]], "each row is", "$.inputs.classes[0]"),
        ([[None, 5]], "each row is", "$.inputs.classes[0]"),
        ([[7, 1], [5, None]], "each row is", "$.inputs.classes[1]"),
    ],
)
def test_a_table_that_says_two_things_is_refused(classes: Any, reason: str, path: str) -> None:
    raster = tiff(np.array([[1, 2]], np.uint8))
    with pytest.raises(ProcessRefusedError, match=reason) as refused:
        classified(raster, classes)
    assert refused.value.path == path


@pytest.mark.parametrize("offset", [0, -0.1, 273.15])
def test_decimals_meet_the_values_of_scaled_integers(offset: float) -> None:
    """35 times 0.01 is a little more than 0.35, and 57 times 0.01 a little less than 0.57."""
    stored = np.arange(-500, 500, dtype=np.int16)
    raster = tiff(stored[np.newaxis], scale=0.01, offset=offset)
    rows: list[list[float | None]] = [[round(0.01 * one + offset, 6), float(one)] for one in stored.tolist()]
    values, _, told = classified(raster, rows)
    assert values.ravel().tolist() == stored.tolist()
    assert told["unmatched_cells"] == 0
    ranges: list[list[float | None]] = [[None, round(0.35 + offset, 6), 1], [round(0.35 + offset, 6), None, 2]]
    values, *_ = classified(raster, ranges)
    assert values.ravel().tolist() == np.where(stored < 35, 1, 2).tolist()
    between: list[list[float | None]] = [[None, round(0.5749 + offset, 6), 1], [round(0.5749 + offset, 6), None, 2]]
    values, *_ = classified(raster, between)
    assert values.ravel().tolist() == np.where(stored < 58, 1, 2).tolist()


@pytest.mark.parametrize(("raster", "reason"), [(b"xx", "no GeoTIFF"), (tiff(np.ones((2, 2)), crs=None), "its CRS")])
def test_a_raster_that_cannot_be_used_is_named_as_the_input_at_fault(raster: bytes, reason: str) -> None:
    with pytest.raises(ProcessRefusedError, match=reason) as refused:
        classified(raster, [[1, 2]])
    assert refused.value.path == "$.inputs.raster"
