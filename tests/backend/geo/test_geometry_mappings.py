"""Geometries as rasterio wants them."""

import numpy as np
import pytest
import shapely
from shapely.geometry import shape as shape_of

from backend.geo.geodesy.shapes import shapes_of
from backend.geo.raster.geometry_mappings import mappings_of

TEXTS = (
    "POINT (1 2)",
    "LINESTRING (0 0, 1 1, 3 1)",
    "POLYGON ((0 0, 4 0, 4 4, 0 0), (2 0.5, 3 0.5, 3 1, 2 0.5))",
    "POLYGON ((0 0, 1 0, 1 1, 0 0))",
    "MULTIPOINT (1 2, 3 4)",
    "MULTILINESTRING ((0 0, 1 1), (5 5, 6 6, 7 5))",
    "MULTIPOLYGON (((0 0, 4 0, 4 4, 0 0), (2 0.5, 3 0.5, 3 1, 2 0.5)), ((9 9, 10 9, 10 10, 9 9)))",
    "GEOMETRYCOLLECTION (POINT (1 2), POLYGON ((0 0, 1 0, 1 1, 0 0)))",
)


@pytest.mark.parametrize("text", TEXTS)
def test_a_mapping_is_the_geometry_that_it_was_made_of(text: str) -> None:
    geometry = shapely.from_wkt(text)

    (mapping,) = mappings_of(shapes_of([geometry]))

    assert shape_of(mapping).equals_exact(geometry, normalize=False)


def test_mappings_of_mixed_geometries_are_in_their_order() -> None:
    geometries = shapes_of(shapely.from_wkt([*TEXTS, *TEXTS[::-1]]))

    made = shapes_of(shape_of(mapping) for mapping in mappings_of(geometries))

    assert shapely.equals_exact(made, geometries).all()


def test_a_ring_by_itself_is_a_line() -> None:
    (mapping,) = mappings_of(shapes_of([shapely.from_wkt("LINEARRING (0 0, 1 0, 1 1, 0 0)")]))

    assert shape_of(mapping).wkt == "LINESTRING (0 0, 1 0, 1 1, 0 0)"


def test_mappings_have_no_heights() -> None:
    shapes = shapes_of(shapely.from_wkt(["POINT Z (1 2 3)", "GEOMETRYCOLLECTION Z (POINT Z (1 2 3))", "POINT (4 5)"]))

    assert not shapely.has_z([shape_of(mapping) for mapping in mappings_of(shapes)]).any()


def test_no_geometries_have_no_mappings() -> None:
    assert mappings_of(np.empty(0, dtype=object)) == []
