"""The data that the package carries is what its page says."""

import gzip
import hashlib
import json
import lzma
import re
from collections import Counter
from typing import Any

import numpy as np
import pytest
import shapely

from backend.geo.geodesy.crs import CRS84
from backend.geo.geodesy.measure import polygon_areas
from backend.geo.geodesy.shapes import shapes_of
from backend.geo.places.places import DATA
from backend.geo.places.places_near import countries
from backend.geo.raster.rasters import grid_of, opened, read_band
from backend.geo.vector.datasets import KINDS, DatasetFile, Datasets
from backend.geo.vector.features import Features
from backend.geo.vector.vector_files import read_file


@pytest.fixture(scope="module")
def outlines() -> Features:
    return countries()


def shape_of(outlines: Features, code: str) -> Any:
    return outlines.shapes[outlines.fields["adm0_a3"].index(code)]


def test_every_file_is_the_one_of_its_provenance() -> None:
    told = re.findall(r"\| `([\w.-]+)` \| (\d+) \| `([0-9a-f]{64})` \|", (DATA / "PROVENANCE.md").read_text("utf-8"))
    files = {path.name: path.read_bytes() for path in DATA.iterdir() if path.name != "PROVENANCE.md" and path.is_file()}
    assert {name: (int(size), digest) for name, size, digest in told} == {
        name: (len(content), hashlib.sha256(content).hexdigest()) for name, content in files.items()
    }
    assert sum(map(len, files.values())) < 6_600_000


def test_the_datasets_are_found_by_their_ids() -> None:
    found = {dataset.id: dataset.kind for dataset in Datasets.within([DATA]).all()}
    assert found == {"countries": "vector", "places": "vector", "dem-sample": "raster"}
    assert not {".xz", ".gz", ".md"} & KINDS.keys()


def test_countries_are_valid_in_range_and_do_not_overlap(outlines: Features) -> None:
    assert len(outlines) == 250
    assert outlines.crs == CRS84
    assert shapely.is_valid(outlines.shapes).all()
    assert (np.abs(shapely.total_bounds(outlines.shapes)) <= (180, 90, 180, 90)).all()
    first, second = shapely.STRtree(outlines.shapes).query(outlines.shapes, predicate="overlaps")
    shared = shapely.area(shapely.intersection(outlines.shapes[first], outlines.shapes[second]))
    # A square metre is 1e-10 square degrees.
    assert shared.max(initial=0) < 1e-8


@pytest.mark.parametrize(
    ("code", "square_kilometres", "share"),
    # Published areas, with lakes and shores as each office counts them.
    [
        ("DEU", 357_600, 0.01),
        ("NZL", 268_000, 0.02),
        ("BRA", 8_510_000, 0.01),
        ("LUX", 2_586, 0.01),
        ("AND", 468, 0.08),
    ],
)
def test_areas_are_those_that_are_published(
    outlines: Features, code: str, square_kilometres: float, share: float
) -> None:
    assert polygon_areas(shapes_of([shape_of(outlines, code)]))[0] / 1e6 == pytest.approx(square_kilometres, rel=share)


def test_small_countries_and_islets_are_still_there(outlines: Features) -> None:
    for code in ("MCO", "VAT", "SMR", "TUV", "MDV", "NRU", "GIB"):
        assert shape_of(outlines, code).area > 0
    assert len(shapely.get_parts(shape_of(outlines, "TUV"))) > 5


def test_places_lie_in_their_countries(outlines: Features) -> None:
    places = read_file(DatasetFile("places", DATA / "places.csv", "vector"))
    assert len(places) == 34_006
    populations = places.fields["population"]
    assert list(populations) == sorted(populations, reverse=True)
    index, country = shapely.STRtree(outlines.shapes).query(places.shapes[:5000], predicate="intersects")
    agree = [
        places.fields["country_code"][at] == outlines.fields["iso_a2"][where]
        for at, where in zip(index.tolist(), country.tolist(), strict=True)
    ]
    assert sum(agree) / 5000 > 0.97


def test_every_place_has_a_line_of_names() -> None:
    lines = lzma.decompress((DATA / "names.xz").read_bytes()).decode().splitlines()
    kinds = Counter(line[0] == "{" for line in lines)
    assert (kinds[True], kinds[False]) == (250, 34_006)
    assert [int(line.split("\t")[0]) for line in lines[250:]] == list(range(34_006))
    assert all(line.split("\t")[1].startswith("|") and line.endswith("|") for line in lines)


def test_the_elevation_model_has_its_range_and_place() -> None:
    with opened(DatasetFile("dem-sample", DATA / "dem-sample.tif", "raster")) as reader:
        grid, values = grid_of(reader), read_band(reader)
    assert (grid.width, grid.height, grid.crs) == (403, 344, CRS84)
    assert grid.bounds == pytest.approx((-84.41375, 36.44625, -84.0779166667, 36.7329166667))
    assert (int(values.min()), int(values.max())) == (236, 1076)


def test_the_base_map_is_land_for_drawing() -> None:
    land = json.loads(gzip.decompress((DATA / "base-map.json.gz").read_bytes()))
    shape = shapely.from_geojson(json.dumps(land))
    assert shape.geom_type == "MultiPolygon"
    assert shapely.get_num_coordinates(shape) < 12_000
    on_land, at_sea = shapely.points([(10, 50), (25, 0), (-100, 40)]), shapely.points([(-30, 40), (80, -30)])
    valid = shapely.make_valid(shape)
    assert shapely.intersects(valid, on_land).all()
    assert not shapely.intersects(valid, at_sea).any()
