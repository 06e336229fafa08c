"""What the distances of buffers are counted from."""

from dataclasses import dataclass

import shapely
from shapely.geometry.base import BaseGeometry
from shapely.ops import linemerge

from backend.geo.geodesy.antimeridian import flat_parts, outline
from backend.geo.geodesy.shapes import Shapes, flat, of_type, shapes_of, union_of

_EMPTY = shapely.Polygon()


@dataclass(frozen=True, slots=True)
class Boundary:
    """What a buffer's distance is counted from, and the polygons it is added to or taken from."""

    areal: BaseGeometry
    """Union of all polygons; may be empty."""
    lines: tuple[BaseGeometry, ...]
    """Points, lines, and the outline of the polygons as it is on the globe: the whole Earth has none."""
    polygonal: bool
    """There are polygons and nothing else."""

    @property
    def punctual(self) -> bool:
        """There are points and nothing else."""
        return self.areal.is_empty and set(map(type, self.lines)) <= {shapely.Point}


def boundary(shape: BaseGeometry) -> Boundary:
    """Take a geometry within [-180, 180] × [-90, 90] apart."""
    return boundary_of(shapes_of([shape]))


def boundary_of(shapes: Shapes) -> Boundary:
    """Take geometries apart, all as one; those that are single are no copies."""
    parts, _ = flat(shapes)
    parts = parts[~shapely.is_empty(parts)]
    polygons = of_type(parts, shapely.GeometryType.POLYGON)
    if not polygons.any():
        return Boundary(_EMPTY, tuple(parts), polygonal=False)
    areal = union_of(parts[polygons])[0]
    edges = [part for part in flat_parts(outline(areal)) if isinstance(part, shapely.LineString)]
    # A ring that was cut where it begins would otherwise have two free ends.
    merged = edges if all(edge.is_closed for edge in edges) else flat_parts(linemerge(edges))
    return Boundary(areal, (*merged, *parts[~polygons].tolist()), bool(polygons.all()))
