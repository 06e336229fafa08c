"""Holes that a file holds as polygons of their own."""

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from backend.geo.geodesy.ellipsoid import Integers
from backend.geo.geodesy.shapes import Shapes, of_type, valid_polygons


def with_holes(shapes: Shapes, told: list[str]) -> Shapes:
    """Polygons of a shapefile with holes for those parts that lie within others; a warning is appended to `told`.

    A shapefile tells holes from polygons by their direction alone, and some programs wind them the wrong way. Parts
    that overlap or touch were meant as polygons: they stay as they are, for whoever repairs what is invalid.
    """
    doubtful = np.flatnonzero(of_type(shapes, shapely.GeometryType.MULTIPOLYGON) & ~shapely.is_valid(shapes))
    mended = shapes.copy() if doubtful.size else shapes
    changed = repaired = 0
    for index in doubtful.tolist():
        cut = _cut(shapes[index])
        if cut is not None:
            mended[index] = cut
            changed += 1
            repaired += not shapely.is_valid(shapely.get_parts(shapes[index])).all()
    if changed:
        told.append(
            f"{changed} polygons had parts within others, as if holes were wound in the direction of outer rings: "
            "they were taken for holes."
        )
    if repaired:
        told.append(
            f"{repaired} of these polygons had parts that cross themselves, as bow-ties do: these were repaired."
        )
    return mended


def _cut(shape: BaseGeometry) -> BaseGeometry | None:
    """The polygons without those that lie within them, which may hold others again; None where none does."""
    # Of a part that crosses itself nothing could be said.
    parts = valid_polygons(shapely.get_parts(shape))
    levels = _levels(parts)
    if not levels.any():
        return None
    made: BaseGeometry = shapely.union_all(parts[levels == 0])
    for level in range(1, int(levels.max()) + 1):
        combine = shapely.difference if level % 2 else shapely.union
        made = combine(made, shapely.union_all(parts[levels == level]))
    return made


def _levels(parts: Shapes) -> Integers:
    """In how many others, each within the next, a part lies."""
    inner, outer = shapely.STRtree(parts).query(parts, predicate="within")
    areas = shapely.area(parts)
    # Two that are equal lie within each other, and neither is a hole.
    smaller = areas[inner] < areas[outer]
    inner, outer = inner[smaller], outer[smaller]
    levels = np.zeros(len(parts), dtype=np.intp)
    for index in np.argsort(-areas[inner], kind="stable").tolist():
        levels[inner[index]] = max(levels[inner[index]], levels[outer[index]] + 1)
    return levels
