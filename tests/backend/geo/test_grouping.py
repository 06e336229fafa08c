"""Statistics of groups against Python's own `statistics`, and what they warn of."""

import math
import random
import statistics
from typing import Any

import pytest
import shapely
from pyproj import CRS

from backend.errors import ProcessRefusedError
from backend.geo.geodesy.shapes import shapes_of
from backend.geo.tables.grouping import Summary, summarize
from backend.geo.vector.features import Features

SEED = 20_240_602


def table(**fields: list[Any]) -> Features:
    return Features(shapes_of([None] * len(next(iter(fields.values())))), fields)


def of_all(summary: Summary, field: str) -> dict[str, Any]:
    (only,) = summary.groups
    return only["fields"][field]


def test_random_groups_have_the_statistics_that_python_finds() -> None:
    rng = random.Random(SEED)  # noqa: S311
    for _ in range(20):
        count = rng.randint(1, 60)
        keys = [rng.choice(["a", "b", "c", None, 1, True]) for _ in range(count)]
        numbers = [rng.choice([None, rng.gauss(5, 100), float(rng.randint(0, 3))]) for _ in range(count)]
        weights = [rng.choice([None, rng.uniform(0, 9)]) for _ in range(count)]
        told = summarize(table(k=keys, v=numbers, w=weights), ["v"], ["k"], "w")
        assert sum(group["rows"] for group in told.groups) == count
        for group in told.groups:
            wanted = group["by"]["k"]
            rows = [at for at, key in enumerate(keys) if key is wanted]
            values = [numbers[at] for at in rows if numbers[at] is not None]
            found = group["fields"]["v"]
            assert (group["rows"], found["count"], found["nulls"]) == (len(rows), len(values), len(rows) - len(values))
            assert found["distinct"] == len(set(values))
            if not values:
                assert found["sum"] is found["mean"] is found["median"] is found["stdev"] is None
                continue
            assert found["sum"] == pytest.approx(math.fsum(values), abs=1e-9)
            assert found["mean"] == pytest.approx(statistics.fmean(values), abs=1e-9)
            assert found["median"] == pytest.approx(statistics.median(values), abs=1e-9)
            assert (found["min"], found["max"]) == (min(values), max(values))
            if len(values) > 1:
                assert found["stdev"] == pytest.approx(statistics.stdev(values), rel=1e-9)
            pairs = [(numbers[at], weights[at]) for at in rows if None not in (numbers[at], weights[at])]
            weight = math.fsum(one for _, one in pairs)
            mean = math.fsum(value * one for value, one in pairs) / weight if weight else None
            assert found["weighted_mean"] == (None if mean is None else pytest.approx(mean, rel=1e-9, abs=1e-9))


def test_a_rate_of_the_whole_is_a_ratio_of_totals_and_its_plain_mean_is_doubted() -> None:
    municipalities = table(name=["a", "b", "c"], rate=[20, 20, 1], labour=[1000, 1000, 98000])
    weighted = summarize(municipalities, ["rate"], weight="labour")
    assert of_all(weighted, "rate")["weighted_mean"] == pytest.approx(1.38)
    assert weighted.warnings == ()
    plain = summarize(municipalities, ["rate"])
    assert of_all(plain, "rate")["mean"] == pytest.approx(41 / 3)
    assert "ratio of totals" in plain.warnings[0]


@pytest.mark.parametrize(
    ("name", "doubted"),
    [
        ("unemployment_rate", True), ("birthRate", True), ("pct", True), ("% over 65", True), ("pop_density", True),
        ("Arbeitslosenquote", True), ("share of land", True), ("per_capita", True), ("population", False),
        ("area", False), ("person", False), ("indexed_no", False), ("meaning", False), ("value", False),
    ],
)  # fmt: skip
def test_fields_that_are_no_amounts_are_known_by_their_names(name: str, doubted: bool) -> None:
    assert bool(summarize(table(**{name: [1, 2]}), [name]).warnings) == doubted


def test_integers_are_summed_exactly() -> None:
    large = 2**62
    assert of_all(summarize(table(n=[large, large, large]), ["n"]), "n")["sum"] == 3 * large
    assert of_all(summarize(table(n=[2**53, 1]), ["n"]), "n")["sum"] == 2**53 + 1


def test_texts_are_counted() -> None:
    told = of_all(summarize(table(s=["a", "b", "a", None]), ["s"]), "s")
    assert told == {
        "count": 3, "nulls": 1, "distinct": 2,
        "most_frequent": [{"value": "a", "count": 2}, {"value": "b", "count": 1}],
    }  # fmt: skip


def test_dates_have_a_first_and_a_last_of_each_group() -> None:
    dates = ["2020-01-31", None, "2019-03-05", "2021-12-17", None]
    told = summarize(table(k=["a", "a", "a", "b", "c"], t=dates), ["t"], ["k"])
    extremes = [(group["fields"]["t"]["min"], group["fields"]["t"]["max"]) for group in told.groups]
    assert extremes == [("2019-03-05", "2020-01-31"), ("2021-12-17", "2021-12-17"), (None, None)]


def test_times_of_several_zones_are_first_and_last_in_time() -> None:
    times = ["2020-01-01T12:00:00Z", "2020-01-01T12:30:00+01:00"]
    found = of_all(summarize(table(t=times), ["t"]), "t")
    assert (found["min"], found["max"]) == (times[1], times[0])
    assert "min" not in of_all(summarize(table(t=["31.01.2020", "05.03.2019"]), ["t"]), "t")


def test_groups_may_be_of_several_fields_and_come_in_order() -> None:
    told = summarize(table(a=["x", "y", "x"], b=[1, 1, 2], v=[1, 2, 3]), ["v"], ["a", "b"])
    assert [group["by"] for group in told.groups] == [{"a": "x", "b": 1}, {"a": "y", "b": 1}, {"a": "x", "b": 2}]


def test_arrays_may_be_keys() -> None:
    long = list(range(100))
    told = summarize(table(a=[[1], long, [1], [*long, 1]]), [], ["a"])
    assert [group["rows"] for group in told.groups] == [2, 1, 1]


def test_values_that_are_equal_make_one_group_however_they_are_written() -> None:
    composed, decomposed = "caf\u00e9", "cafe\u0301"
    one, other = {"a": 1, "b": 2}, {"b": 2, "a": 1}
    values = [composed, decomposed, one, other, 1, 1.0, True, "1", None]
    groups = summarize(table(key=values), [], ["key"]).groups
    assert [(group["by"]["key"], group["rows"]) for group in groups] == [
        (composed, 2), (one, 2), (1, 2), (True, 1), ("1", 1), (None, 1)
    ]  # fmt: skip
    assert len(summarize(table(key=[composed, decomposed]), [], ["key"]).groups) == 1


def test_a_missing_key_is_a_group_and_told() -> None:
    told = summarize(table(a=["x", None], v=[1, 2]), ["v"], ["a"])
    assert [group["by"]["a"] for group in told.groups] == ["x", None]
    assert "group of their own" in told.warnings[0]


def test_no_rows_make_no_groups() -> None:
    assert summarize(Features(shapes_of([]), {"v": []}), ["v"]).groups == []


def test_areas_are_measured_and_overlaps_told() -> None:
    utm = CRS.from_authority("EPSG", 32632)
    squares = [shapely.box(500_000, 0, 500_100, 100), shapely.box(500_060, 0, 500_160, 100)]
    apart = [squares[0], shapely.box(500_100, 0, 500_200, 100)]
    told = summarize(Features(shapes_of(squares), {}, utm), ["planar_area_m2"])
    assert of_all(told, "planar_area_m2")["sum"] == pytest.approx(20_000)
    assert "2 polygons overlap" in told.warnings[0]
    assert "EPSG:32632" in told.methods[0]
    assert summarize(Features(shapes_of(apart), {}, utm), ["planar_area_m2"]).warnings == ()


@pytest.mark.parametrize(
    ("fields", "group_by", "weight", "path"),
    [
        (["nope"], [], None, "$.inputs.fields"),
        (["mixed"], [], None, "$.inputs.fields"),
        (["v"], ["nope"], None, "$.inputs.group_by"),
        (["v"], [], "s", "$.inputs.weight"),
        (["v"], [], "negative", "$.inputs.weight"),
        (["huge"], [], None, "$.inputs.fields"),
        (["v"], [], "huge", "$.inputs.weight"),
    ],
)
def test_a_refusal_names_the_input(fields: list[str], group_by: list[str], weight: str | None, path: str) -> None:
    rows = table(v=[1, 2], s=["a", "b"], negative=[-1, 1], mixed=[1, "a"], huge=[1e308, 1e308])
    with pytest.raises(ProcessRefusedError) as refused:
        summarize(rows, fields, group_by, weight)
    assert refused.value.path == path


def test_values_without_a_weight_are_counted_and_have_no_part_in_the_weighted_mean() -> None:
    told = of_all(summarize(table(v=[1, 5, 7, None], w=[2, None, 2, 9]), ["v"], weight="w"), "v")
    assert (told["weighted_mean"], told["weight_sum"], told["without_weight"]) == (4, 4, 1)


def test_texts_under_the_name_of_a_rate_have_no_mean_to_be_doubted() -> None:
    assert summarize(table(rate=["high", "low"]), ["rate"]).warnings == ()
