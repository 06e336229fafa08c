"""Cells and triangles of points: Voronoi (Thiessen, Dirichlet) and Delaunay.

Source: F. Aurenhammer, Voronoi diagrams: a survey of a fundamental geometric data structure, ACM Computing Surveys 23
(1991).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal, NoReturn, cast

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from backend.errors import ProcessRefusedError
from backend.geo.geodesy.crs import CRS84
from backend.geo.geodesy.ellipsoid import Array, Integers, inverse
from backend.geo.geodesy.shapes import PUNTAL, Shapes, batch_starts, of_type
from backend.geo.vector.bending import bent, true_to_lengths
from backend.geo.vector.features import Features
from backend.geo.vector.local_plane import EDGE, RADIUS, LocalPlane

BENT = 0.1
"""Metres by which an edge may leave its projected CRS's straight one where lengths in that plane are not taken."""

type Kind = Literal["voronoi", "delaunay"]
MARGIN = 0.1
"""Of the points' extent, by which cells without a mask go beyond it."""
WIDEST = 5_000_000.0
"""Metres from end to end of points whose plane is not yet too bent."""
STRAIGHTER = 0.1
"""How much less edges may be bent than their plane is stretched."""
MOST_CORNERS = 20_000
"""Corners of cells whose true distances are compared."""
_BATCH = 2**15
"""Vertices of cells that are looked at together."""
CORNERS = "points"
"""Field of a triangle: the indices of the features at its corners."""


@dataclass(frozen=True, slots=True)
class Tessellation:
    """Cells or triangles, and how far they can be trusted."""

    features: Features
    crs_decision: str
    border_error: float | None
    """Metres by which a corner of cells, in longitude and latitude, is nearer to one of its points than to another."""


def tessellate(features: Features, kind: Kind, mask: Features | None = None) -> Tessellation:
    """Tessellate points: each cell holds what is nearer to its point than to any other, and has its attributes.

    mask: polygons to which the cells are cut; by default the points' extent and a tenth more on each side.

    Raises:
        ProcessRefusedError: there are not enough points, other geometries, or the points are spread too wide.
    """
    features, why = true_to_lengths(features, BENT)
    mask = bent(mask, BENT) if why and mask is not None else mask
    positions, chosen, warnings = _places(features)
    points = features.take(chosen)
    plane = LocalPlane.around(points, "aeqd")
    decision = f"{plane.decision}; {why}" if why else plane.decision
    flat = plane.places(positions)
    extent = float(np.ptp(flat, axis=0).max()) * plane.unit
    if plane.local is not None and extent > WIDEST:
        _refuse(f"the points are spread over {extent / 1000:.0f} km, too wide for one plane: give a part of them")
    window = _window(flat, plane, mask, features)
    longest, bow = _straightness(plane, flat, positions)
    if kind == "delaunay":
        triangles, corners = _triangles(flat, window if mask is not None else None)
        made = plane.back(triangles, longest).with_fields({CORNERS: chosen[corners].tolist()})
        return Tessellation(made.warned(*points.warnings, *warnings), decision, None)
    cells = _cells(flat, window)
    kept = ~shapely.is_empty(cells)
    if not kept.all():
        warnings.append(f"{int((~kept).sum())} points have no cell within the mask.")
    error = _border_error(plane, cells, flat, positions, bow)
    cells = cells[kept]
    made = plane.back(cells, longest).with_fields(points.take(kept).fields)
    return Tessellation(made.warned(*points.warnings, *warnings), decision, error)


def _places(features: Features) -> tuple[Array, Integers, list[str]]:
    """Positions that are all different, the features they are of, and what was left out."""
    if (features.present & ~of_type(features.shapes, *PUNTAL)).any():
        _refuse("points are needed; geometry-transform makes them of other geometries (centroid)")
    several = features.present & (shapely.get_num_coordinates(features.shapes) > 1)
    if several.any():
        _refuse("a feature has several points: take them apart first (geometry-transform explode)")
    present = np.flatnonzero(features.present)
    coordinates = shapely.get_coordinates(features.shapes[present])
    _, first = np.unique(coordinates, axis=0, return_index=True)
    first.sort()
    warnings: list[str] = []
    if len(first) < len(present):
        more = len(present) - len(first)
        warnings.append(f"{more} points are at the place of another one: the first at each place has the cell.")
    if len(first) < 2:
        _refuse("at least two points at different places are needed")
    return coordinates[first], present[first], warnings


def _window(flat: Array, plane: LocalPlane, mask: Features | None, features: Features) -> BaseGeometry:
    """What the cells are cut to, in the plane."""
    if mask is not None:
        same = mask if mask.crs == features.crs else mask.in_crs(features.crs)
        areal = shapely.force_2d(same.shapes[same.present])
        if features.crs == CRS84:
            areal = shapely.segmentize(areal, max(shapely.length(areal).max(initial=0) / 1000, 1e-6))
        area: BaseGeometry = shapely.union_all(plane.flat(areal))
        if shapely.get_dimensions(area) < 2:
            raise ProcessRefusedError("polygons are needed to cut the cells to", path="$.inputs.mask")
        return area
    (west, south), (east, north) = flat.min(axis=0).tolist(), flat.max(axis=0).tolist()
    margin = MARGIN * max(east - west, north - south)
    return cast("BaseGeometry", shapely.box(west - margin, south - margin, east + margin, north + margin))


def _cells(flat: Array, window: BaseGeometry) -> Shapes:
    """One cell for each point, in their order."""
    # Its vertices are taken alone, and take a tenth of the memory of as many points.
    points = shapely.LineString(flat)
    # Cells on the outside are to reach beyond the window.
    reach = shapely.union_all([window.envelope, points.envelope]).envelope
    around = shapely.buffer(reach, reach.length)
    diagram = cast("BaseGeometry", shapely.voronoi_polygons(points, extend_to=around, ordered=True))
    cells: Shapes = np.array(shapely.get_parts(diagram), dtype=object)
    shapely.prepare(window)
    outer = np.flatnonzero(~shapely.contains_properly(window, cells))
    cells[outer] = shapely.intersection(cells[outer], window)
    return cells


def _triangles(flat: Array, window: BaseGeometry | None) -> tuple[Shapes, Integers]:
    """Triangles and, n × 3, the indices of the points at their corners."""
    triangles = shapely.get_parts(shapely.delaunay_triangles(shapely.multipoints(flat)))
    if not len(triangles):
        _refuse("all points lie on one line: there are no triangles")
    index: Mapping[tuple[float, float], int] = {tuple(place): at for at, place in enumerate(flat.tolist())}
    rings = shapely.get_coordinates(triangles).reshape(-1, 4, 2)[:, :3].reshape(-1, 2)
    corners = np.array([index[x, y] for x, y in rings.tolist()]).reshape(-1, 3)
    if window is None:
        return triangles, corners
    cut = shapely.intersection(triangles, window)
    kept = shapely.area(cut) > 0
    return cut[kept], corners[kept]


def _straightness(plane: LocalPlane, flat: Array, positions: Array) -> tuple[float | None, float]:
    """Metres of the longest edge that need not be cut, and the share of its length by which it may leave its way.

    Far from its centre the plane itself stretches, by distance² / (6 · radius²): an edge need not be much straighter.
    """
    if plane.local is None:
        return None, 0.0
    stretch = float((flat**2).sum(axis=1).max()) / (6 * RADIUS**2)
    bow = max(EDGE, STRAIGHTER * stretch)
    return plane.longest_edge(float(np.abs(positions[:, 1]).max())) * bow / EDGE, bow


def _border_error(plane: LocalPlane, cells: Shapes, flat: Array, positions: Array, bow: float) -> float | None:
    """The largest difference of true distances from a corner that several cells share to their points, and twice what
    an edge may leave its way by, a share of its length.
    """
    if plane.local is None:
        return None
    corners, owners, longest = _farthest_corners(cells, flat)
    if not len(corners):
        return None
    found: Any = plane.local(corners[:, 0], corners[:, 1], inverse=True)
    _, reach = inverse(found[0], found[1], positions[owners, 0], positions[owners, 1])
    place = _place(corners)
    order = np.argsort(place, kind="stable")
    first = np.flatnonzero(np.diff(place[order], prepend=np.nan))
    apart = float((np.maximum.reduceat(reach[order], first) - np.minimum.reduceat(reach[order], first)).max())
    return apart + 2 * bow * longest


def _farthest_corners(cells: Shapes, flat: Array) -> tuple[Array, Integers, float]:
    """Those corners of cells that are farthest from their points, where errors are largest, each as often as it is a
    cell's; the points; and the length of the longest edge.
    """
    starts = [0, *batch_starts(cells, _BATCH).tolist(), len(cells)]
    away, longest = np.zeros(0), 0.0
    place = np.zeros(0)
    for first, last in pairwise(starts):
        at, owners = shapely.get_coordinates(cells[first:last], return_index=True)
        away = np.concatenate([away, np.hypot(*(at - flat[first + owners]).T)])
        place = np.concatenate([place, _place(at)])
        most = np.argsort(away)[-MOST_CORNERS:]
        away, place = away[most], place[most]
        longest = max(longest, _longest_edge(at, owners))
    place = np.unique(place)
    corners, of = [np.zeros((0, 2))], [np.zeros(0, dtype=np.intp)]
    for first, last in pairwise(starts):
        at, owners = shapely.get_coordinates(cells[first:last], return_index=True)
        chosen = np.isin(_place(at), place)
        corners.append(at[chosen])
        of.append(first + owners[chosen])
    return np.concatenate(corners), np.concatenate(of), longest


def _place(corners: Array) -> Array:
    """A number for each corner: corners are alike to a millimetre."""
    return np.round(corners[:, 0] * 1000) * 2.0**30 + np.round(corners[:, 1] * 1000)


def _longest_edge(coordinates: Array, owners: Integers) -> float:
    steps = np.hypot(*np.diff(coordinates, axis=0).T)
    return float(steps[np.diff(owners) == 0].max(initial=0))


def _refuse(reason: str) -> NoReturn:
    raise ProcessRefusedError(reason, path="$.inputs.features")
