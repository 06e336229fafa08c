"""What `convert-features` does, and leaves, where a CRS is asked for."""

import json
from pathlib import Path

import geopandas
import pytest

from backend.errors import ProcessRefusedError
from tests.backend.processes.conversions import collection, converted, file_of, warnings_of

FAR = {
    "type": "FeatureCollection",
    "crs": {"type": "name", "properties": {"name": "EPSG:25832"}},
    "features": [
        {"type": "Feature", "geometry": {"type": "Point", "coordinates": [6_500_000, 5_500_000]}, "properties": {}}
    ],
}
"""A point in a CRS far from where that is meant to be used."""


def test_features_that_are_in_the_crs_already_are_not_judged_by_where_it_is_meant_to_be_used(tmp_path: Path) -> None:
    path = file_of(converted(FAR, format="geopackage", crs="EPSG:25832"), tmp_path / "out.gpkg")
    (point,) = geopandas.read_file(path).geometry
    assert (point.x, point.y) == (6_500_000, 5_500_000)
    with pytest.raises(ProcessRefusedError, match="far outside the area"):
        converted(FAR, format="geopackage", crs="EPSG:25831")


def test_that_longitude_and_latitude_may_be_exchanged_is_told_where_they_lie_nowhere_near_the_crs() -> None:
    with pytest.raises(ProcessRefusedError, match=r"far outside the area.*exchanged they lie within it"):
        converted("name,lat,lon\nParis,2.35,48.85", format="csv", crs="EPSG:2154")
    with pytest.raises(ProcessRefusedError, match=r"choose a CRS for where they are$"):
        converted("name,lat,lon\nSydney,-33.87,151.2", format="csv", crs="EPSG:2154")


@pytest.mark.parametrize("form", ["geopackage", "csv"])
def test_a_table_without_geometries_is_a_table_in_any_crs(form: str) -> None:
    rows = [{"name": "Bern"}, {"name": "Basel"}]
    output = converted(json.dumps(rows), format=form, crs="EPSG:25832")
    assert len(output.value.features) == 2
    assert list(output.value.features.fields["name"]) == ["Bern", "Basel"]


def test_one_feature_has_no_order_that_could_be_lost() -> None:
    one, two = (("POINT (9 48)", {"a": 1}), ("POINT (1 2)", {"a": 2}))
    assert warnings_of(converted(collection(one), format="flatgeobuf")) == []
    assert "order" in warnings_of(converted(collection(one, two), format="flatgeobuf"))[0]


def test_fields_beyond_those_that_are_told_are_counted_where_there_are_such() -> None:
    assert "more_fields" not in converted(collection(("POINT (9 48)", {"a": 1})), format="geopackage").value.about
