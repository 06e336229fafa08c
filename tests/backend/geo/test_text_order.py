"""Dates and numbers that are texts: in filters, sorted, and along a track."""

from typing import Any

import pytest
import shapely

from backend.errors import ProcessRefusedError
from backend.geo.geodesy.shapes import shapes_of
from backend.geo.relations.gathering import gathered
from backend.geo.tables.cql2 import evaluate
from backend.geo.tables.sorting import put_in_order
from backend.geo.vector.features import Features

ISO = ["2020-01-31", "2019-03-05", None, "2021-12-17"]
GERMAN = ["31.01.2020", "05.03.2019", None, "17.12.2021"]
SLASHED = ["01/31/2020", "03/05/2019", None, "12/17/2021"]


def features(**fields: list[Any]) -> Features:
    return Features(shapes_of([None] * len(next(iter(fields.values())))), fields)


@pytest.mark.parametrize(
    "filter_",
    [
        "t > '01.01.2020'",
        "'01/01/2020' < t",
        "t > '2020-1-1'",
        "t >= '2020/01/01'",
        "t = '31.01.2020'",
        "t BETWEEN '1.1.2020' AND '31.12.2020'",
        "t IN ('31.01.2020', '05.03.2019')",
    ],
)
@pytest.mark.parametrize("dates", [ISO, [None if date is None else f"{date}T10:00:00Z" for date in ISO]])
def test_a_date_in_another_notation_is_not_compared_with_dates_of_iso_8601(filter_: str, dates: list[Any]) -> None:
    with pytest.raises(
        ProcessRefusedError, match=r"holds dates such as '2020-01-31.*year-month-day, as in '2024-05-31'"
    ):
        evaluate(features(t=dates), filter_)


@pytest.mark.parametrize("dates", [GERMAN, SLASHED, ["2020/1/31", "2019/12/5"]])
def test_dates_in_another_notation_are_not_compared_with_one_of_iso_8601(dates: list[Any]) -> None:
    with pytest.raises(ProcessRefusedError, match=f"holds dates such as '{dates[0]}'.*left.. and right.. of calculate"):
        evaluate(features(t=dates), "t > '2020-01-01'")


def test_times_as_shapefiles_have_them_are_compared_as_times_only() -> None:
    times = features(t=["2020/01/31 10:00:00", "2019/03/05 10:00:00"])
    with pytest.raises(ProcessRefusedError, match="TIMESTAMP"):
        evaluate(times, "t > '2020-01-01T00:00:00Z'")
    assert evaluate(times, "t > TIMESTAMP('2020-01-01T00:00:00Z')").true.tolist() == [True, False]
    assert evaluate(times, "t > '2020-01-01'").true.tolist() == [True, False]


@pytest.mark.parametrize("filter_", ["t > '2020'", "t LIKE '2020%'", "t > '2020-01-01'", "t = 'unknown'", "t <> ''"])
def test_dates_are_compared_with_dates_and_texts_that_are_none(filter_: str) -> None:
    assert evaluate(features(t=ISO), filter_).warnings == ()


def order(field: list[Any], name: str = "t", **more: Any) -> tuple[list[Any], tuple[str, ...]]:
    made = put_in_order(features(t=field), [name], more.get("limit"))
    return list(made.features.fields["t"]), made.warnings


@pytest.mark.parametrize("dates", [GERMAN, SLASHED])
def test_dates_that_cannot_be_sorted_by_time_are_told(dates: list[Any]) -> None:
    assert any("dates in this notation have another order" in told for told in order(dates, "-t", limit=1)[1])


def test_times_of_several_zones_are_sorted_by_time() -> None:
    noon, before = "2020-01-01T12:00:00Z", "2020-01-01T12:30:00+01:00"
    assert order([noon, before]) == ([before, noon], ())
    assert order(ISO)[0] == ["2019-03-05", "2020-01-31", "2021-12-17", None]


def test_numbers_that_are_texts_are_told_where_their_order_is_another() -> None:
    assert "number() of calculate-field" in order(["10", "9", "200"])[1][0]
    assert order(["01067", "10115", "80331"]) == (["01067", "10115", "80331"], ())
    assert order(["b", "a"]) == (["a", "b"], ())


def test_a_track_in_the_order_of_such_dates_is_told() -> None:
    points = Features(shapes_of([shapely.Point(at, at) for at in range(4)]), {"t": GERMAN})
    assert any("another order" in told for told in gathered(points, [], "t").warnings)
