"""Parts of a shapefile's polygons: what lies within another is a hole, what overlaps it is none."""

from pathlib import Path
from typing import Any

import numpy as np
import pyogrio.raw
import pytest
import shapely

from backend.geo.vector.datasets import DatasetFile
from backend.geo.vector.feature_reading import read_features
from backend.geo.vector.features import Features
from backend.geo.vector.ring_nesting import with_holes
from backend.processes.geometry_measure import geometry_measure

X, Y = 400_000, 5_800_000


def box(west: float, south: float, east: float, north: float) -> shapely.Polygon:
    return shapely.box(X + west, Y + south, X + east, Y + north)


def read(folder: Path, suffix: str, *parts: shapely.Polygon) -> Features:
    return read_features(dataset(folder, suffix, *parts))


def dataset(folder: Path, suffix: str, *parts: shapely.Polygon) -> DatasetFile:
    path = folder / f"parts{suffix}"
    pyogrio.raw.write(
        path,
        shapely.to_wkb(np.array([shapely.MultiPolygon(parts)], dtype=object)),
        [np.array([1])],
        np.array(["no"]),
        geometry_type="MultiPolygon",
        crs="EPSG:32633",
    )
    return DatasetFile("parts", path, "vector")


def told_of_holes(features: Features) -> bool:
    return any("taken for holes" in warning for warning in features.warnings)


@pytest.mark.parametrize("suffix", [".gpkg", ".shp"])
def test_parts_that_overlap_cover_what_they_share(tmp_path: Path, suffix: str) -> None:
    data = dataset(tmp_path, suffix, box(0, 0, 200, 200), box(100, 100, 300, 300))
    features = read_features(data)
    assert shapely.area(features.shapes).tolist() == [70_000]
    assert not told_of_holes(features)
    measured: Any = geometry_measure({"name": "here"}).run({"geometry": data}, lambda _percent, _text=None: None)
    assert measured["planar"]["area"]["value"] == pytest.approx(70_000)


@pytest.mark.parametrize("suffix", [".gpkg", ".shp"])
def test_parts_that_share_an_edge_are_one_area_and_no_holes(tmp_path: Path, suffix: str) -> None:
    features = read(tmp_path, suffix, box(0, 0, 200, 200), box(200, 50, 300, 150))
    assert shapely.area(features.shapes).tolist() == [50_000]
    assert not told_of_holes(features)


def test_a_part_within_another_is_a_hole_and_one_within_that_an_island(tmp_path: Path) -> None:
    parts = [box(0, 0, 300, 300), box(100, 100, 200, 200), box(140, 140, 160, 160), box(400, 0, 500, 100)]
    features = read(tmp_path, ".shp", *parts)
    assert shapely.area(features.shapes).tolist() == [90_000 - 10_000 + 400 + 10_000]
    assert told_of_holes(features)


def test_a_hole_at_the_edge_of_its_polygon_is_one(tmp_path: Path) -> None:
    features = read(tmp_path, ".shp", box(0, 0, 200, 200), box(0, 50, 100, 150))
    assert shapely.area(features.shapes).tolist() == [30_000]
    assert told_of_holes(features)


def test_a_hole_is_one_too_where_other_parts_overlap() -> None:
    parts = [box(0, 0, 200, 200), box(50, 50, 60, 60), box(150, 150, 250, 250)]
    told: list[str] = []
    (made,) = with_holes(np.array([shapely.MultiPolygon(parts)], dtype=object), told)
    assert made.area == 40_000 - 100 + 10_000 - 2_500
    assert len(told) == 1


def test_a_part_that_is_there_twice_is_there() -> None:
    told: list[str] = []
    twice = np.array([shapely.MultiPolygon([box(0, 0, 10, 10)] * 2), None], dtype=object)
    assert with_holes(twice, told).tolist() == twice.tolist()
    assert told == []


BOW = shapely.Polygon([(X + 20, Y + 20), (X + 80, Y + 80), (X + 80, Y + 20), (X + 20, Y + 80)])


def test_a_part_that_crosses_itself_is_a_hole_where_it_lies_within_another_and_its_repair_is_told() -> None:
    told: list[str] = []
    shapes = np.array([shapely.MultiPolygon([box(0, 0, 200, 200), BOW])], dtype=object)
    (made,) = with_holes(shapes, told)
    assert made.is_valid
    assert made.area == pytest.approx(200 * 200 - shapely.make_valid(BOW).area)
    assert [text for text in told if "cross themselves" in text] == told[1:]
    assert told[1].startswith("1 of these polygons")


def test_parts_that_are_sound_have_no_repair_told() -> None:
    told: list[str] = []
    with_holes(np.array([shapely.MultiPolygon([box(0, 0, 200, 200), box(50, 50, 60, 60)])], dtype=object), told)
    assert len(told) == 1
    assert "taken for holes" in told[0]
