"""Fewer vertices: lines that move by little, and neighbours that keep sharing their edges."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import shapely

from backend.errors import ProcessRefusedError
from backend.geo.geodesy.crs import metres_per_unit
from backend.geo.geodesy.ellipsoid import METRES_PER_DEGREE, Array, Integers
from backend.geo.geodesy.ground import ground_of
from backend.geo.geodesy.shapes import POLYGONAL, Shapes, flat, of_type, valid_polygons
from backend.geo.geometry.coverage_pieces import simplify_coverage
from backend.geo.vector.coverage import is_coverage
from backend.geo.vector.feature_measures import areas
from backend.geo.vector.features import Features

STRETCHED = "longitude scaled by the cosine of the latitude nearest to the equator: within the tolerance everywhere"
ALONE = "Douglas-Peucker, each geometry by itself, keeping it valid: no line moves further than the tolerance"
SHARED = (
    "Visvalingam-Whyatt over all polygons together, keeping shared edges shared: corners go whose triangle is smaller "
    "than the square of the tolerance"
)


@dataclass(frozen=True, slots=True)
class Generalised:
    """Features with fewer vertices, and what that did to them."""

    features: Features
    method: str
    plane: str
    """In which the tolerance counts, for people."""
    vertices_before: int
    vertices_after: int
    area_change_percent: float | None
    """Of all polygons together, on the ellipsoid; None without any."""
    largest_area_change_percent: float | None
    """Of the polygon that changed most."""


@dataclass(frozen=True, slots=True)
class _Plane:
    """In which no distance is shorter than on the ground."""

    stretch: Array
    """Factors of x, y and height."""
    tolerance: float
    told: str
    """Which plane it is, for people."""

    def simplified(self, shapes: Shapes, simplify: Callable[[Shapes, float], Shapes]) -> Shapes:
        """Geometries that are simplified in this plane, to its tolerance."""
        heights = bool(shapely.has_z(shapes).any())
        stretched = shapely.transform(shapes, lambda at: at * self.stretch[: at.shape[1]], include_z=heights)
        simple = simplify(stretched, self.tolerance)
        # Coordinates as they were: dividing would give others.
        x = np.unique(shapely.get_coordinates(shapes)[:, 0])
        made: Shapes = shapely.transform(
            simple,
            lambda at: np.column_stack([x[np.searchsorted(x * self.stretch[0], at[:, 0])], at[:, 1:]]),
            include_z=heights,
        )
        # Valid in the stretched plane, some that nearly touch themselves are not so here.
        crossing = of_type(made, *POLYGONAL) & ~shapely.is_valid(made)
        made[crossing] = valid_polygons(made[crossing])
        return made


def generalise(features: Features, tolerance: float, *, coverage: bool) -> Generalised:
    """Leave out vertices within a tolerance in metres.

    In longitude and latitude the plane is stretched so that no distance in it is shorter than on the ground: what is
    within the tolerance there is within it everywhere. In a projected CRS whose lengths are not those on the ground,
    the tolerance is that of the place where its scale is smallest, to the same effect. coverage: polygons that share
    edges go on sharing them.

    Raises:
        ProcessRefusedError: nothing can be simplified.
    """
    if not features.present.any():
        raise ProcessRefusedError("there is nothing to simplify: no feature has a geometry", path="$.inputs.features")
    areal = features.present & of_type(features.shapes, *POLYGONAL)
    if not (features.present & (shapely.get_dimensions(features.shapes) > 0)).any():
        raise ProcessRefusedError(
            "points have nothing to simplify: lines or polygons are needed", path="$.inputs.features"
        )
    warnings: list[str] = []
    together = coverage and _are_coverage(features.shapes[areal], warnings)
    plane = _plane(features, tolerance)
    alone = ~areal if together else np.ones(len(features), dtype=np.bool_)
    made = features.shapes.copy()
    made[alone] = plane.simplified(features.shapes[alone], _each_alone)
    if together:
        jointly = partial(plane.simplified, simplify=shapely.coverage_simplify)
        made[areal] = simplify_coverage(features.shapes[areal], jointly)
    change, largest = _area_changes(features, features.with_shapes(made))
    return Generalised(
        features.with_shapes(made).warned(*warnings),
        SHARED if together else ALONE,
        plane.told,
        int(shapely.get_num_coordinates(features.shapes).sum()),
        int(shapely.get_num_coordinates(made).sum()),
        change,
        largest,
    )


def _each_alone(shapes: Shapes, size: float) -> Shapes:
    """Each simplified by itself, so that no line moves further than `size`.

    GEOS leaves out the vertex at which a ring begins if that one is near enough to the segment in its place: vertices
    beside it, left out before, may be up to twice as far away. With half the size none of these is too far.
    """
    made: Shapes = shapely.simplify(shapes, size)
    far = _too_far_at_a_beginning(shapes, made, size)
    made[far] = shapely.simplify(shapes[far], size / 2)
    return made


def _too_far_at_a_beginning(shapes: Shapes, simple: Shapes, size: float) -> Integers:
    """Which geometries have a vertex that was left out beside the beginning of a ring, and is too far from it now."""
    (rings, owners), (made, _) = _rings(shapes), _rings(simple)
    moved = ~shapely.equals_exact(shapely.get_point(rings, 0), shapely.get_point(made, 0))
    vertices, ring = shapely.get_coordinates(rings[moved], return_index=True)
    # The segment over the beginning comes first: from the last vertex that is left to the first one.
    last, first = (shapely.get_coordinates(shapely.get_point(made[moved], at)) for at in (0, 1))
    place = np.arange(len(vertices))
    end, beginning = np.zeros(len(last), dtype=np.intp), np.full(len(last), len(vertices))
    for found, corners, choose in ((end, last, np.maximum), (beginning, first, np.minimum)):
        left = (vertices == corners[ring]).all(axis=1)
        choose.at(found, ring[left], place[left])
    beside = (place > end[ring]) | (place < beginning[ring])
    over: Any = shapely.linestrings(np.stack([last, first], axis=1))
    far = shapely.distance(over[ring[beside]], shapely.points(vertices[beside])) > size
    return np.unique(owners[moved][ring[beside][far]])


def _rings(shapes: Shapes) -> tuple[Shapes, Integers]:
    """The rings of polygons, those in collections too, and the index of the geometry that each belongs to."""
    parts, owners = flat(shapes)
    rings, of_part = shapely.get_rings(parts, return_index=True)
    return rings, owners[of_part]


def _are_coverage(polygons: Shapes, warnings: list[str]) -> bool:
    """Whether polygons touch along common edges with common vertices only; a warning where they nearly do."""
    if len(polygons) < 2:
        return False
    if is_coverage(polygons):
        return True
    warnings.append(
        "The polygons overlap, or touch without common vertices: each was simplified by itself, and gaps and overlaps "
        "between neighbours may grow."
    )
    return False


def _plane(features: Features, tolerance: float) -> _Plane:
    """tolerance: in metres."""
    unit = metres_per_unit(features.crs)
    west, south, east, north = shapely.total_bounds(features.shapes).tolist()
    if unit is not None:
        ground = ground_of(features.crs, (west, south, east, north))
        if ground.planar:
            return _Plane(np.ones(3), tolerance / unit, features.plane)
        size = tolerance * ground.smallest_scale
        told = f"{features.plane}, where the tolerance is {size:.4g} m so that it is kept on the ground"
        return _Plane(np.ones(3), size / unit, told)
    nearest = 0.0 if south <= 0 <= north else min(abs(south), abs(north))
    return _Plane(
        np.array([max(math.cos(math.radians(nearest)), 1e-6), 1.0, 1.0]),
        tolerance / METRES_PER_DEGREE,
        f"{features.plane}; {STRETCHED}",
    )


def _area_changes(before: Features, after: Features) -> tuple[float | None, float | None]:
    old, new = areas(before), areas(after)
    polygons = old > 0
    if not polygons.any():
        return None, None
    changes = 100 * (new[polygons] / old[polygons] - 1)
    return float(100 * (new.sum() / old.sum() - 1)), float(changes[np.abs(changes).argmax()])
