"""Answers that are written part by part say what they say when they are looked at."""

import json
import math
from collections.abc import Mapping

import numpy as np
import pytest
import shapely

from backend.geo.geodesy.shapes import shapes_of
from backend.geo.vector.collections import SingleFeature
from backend.geo.vector.feature_text import geometry_parts
from backend.geo.vector.features import Features
from backend.geo.vector.measured_rows import MeasuredRows, MeasuresOfEach, Quantity
from backend.processes.running import SelfWriting
from summaries import summarise

SQUARES = [shapely.box(x, 0, x + 0.5, 0.5) for x in range(4000)]
HOLED = shapely.box(0, 0, 3, 3).difference(shapely.box(1, 1, 2, 2))


def written(value: SelfWriting) -> object:
    return json.loads(b"".join(value.json_parts()))


def plain(value: object) -> object:
    """Mappings and sequences as dicts and lists."""
    if isinstance(value, Mapping):
        return {name: plain(member) for name, member in value.items()}
    return [plain(item) for item in value] if isinstance(value, MeasuredRows | list) else value


@pytest.mark.parametrize(
    "shape",
    [
        shapely.Point(1, 2),
        HOLED,
        shapely.MultiPoint([(1, 2), (3, 4)]),
        shapely.MultiLineString([[(1, 2), (3, 4)], [(5, 6), (7, 8), (9, 10)]]),
        shapely.MultiPolygon([HOLED, shapely.box(5, 5, 6, 6)]),
        shapely.MultiPolygon(SQUARES),
        shapely.MultiPolygon(),
        shapely.GeometryCollection([shapely.Point(1, 2), HOLED]),
    ],
)
def test_a_geometry_in_parts_is_the_geometry(shape: shapely.Geometry) -> None:
    several = shape.geom_type.startswith("Multi") and not shape.is_empty
    text = b"".join(geometry_parts(shapely.get_parts(shape) if several else shapes_of([shape])))
    assert json.loads(text) == json.loads(shapely.to_geojson(shape))


def test_a_feature_of_many_parts_is_written_as_it_looks_and_summarised_without_its_coordinates() -> None:
    feature = SingleFeature(shapes_of(SQUARES[:179]), {"area_m2": 1.5, "warnings": ["Mind it."]}, {"a": 1})
    assert written(feature) == plain(feature)
    assert list(feature) == ["type", "geometry", "properties", "a"]
    told = summarise(feature, "application/geo+json")
    assert told == summarise(written(feature), "application/geo+json")
    assert told["geometry_types"] == {"MultiPolygon": 1}
    assert told["bbox"] == [0, 0, 178.5, 0.5]


def test_measures_of_each_feature_are_written_as_they_look() -> None:
    count = 3000
    features = Features(shapes_of([None] * count), {"name": [f'"{n}"\n' for n in range(count)], "void": [None] * count})
    each = MeasuredRows(features, {"area": Quantity(np.arange(count) / 7, "square metre")})
    told = MeasuresOfEach({"area": {"value": 1.0, "units": "square metre"}, "warnings": []}, each)
    assert written(told) == plain(told)
    assert summarise(told, "application/json")["members"]["each"] == f"array of {count}"


def test_measures_that_are_no_numbers_are_not_written_as_nothing() -> None:
    features = Features(shapes_of([None]))
    each = MeasuredRows(features, {"area": Quantity(np.array([math.nan]), "square metre")})
    with pytest.raises(ValueError, match="JSON"):
        written(MeasuresOfEach({}, each))
