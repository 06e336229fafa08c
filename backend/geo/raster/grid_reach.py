"""How far a raster has places in another CRS, and how large its cells are there. Imports GDAL: for workers only."""

# rasterio, affine and pyproj's factors are not fully typed.
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false, reportUnknownMemberType=false

import numpy as np
from pyproj import CRS, Proj

from backend.errors import ProcessRefusedError
from backend.geo.geodesy.crs import CRS84, Bounds, Transformation, area_told, code_of
from backend.geo.geodesy.ellipsoid import Array, Booleans, half_turn
from backend.geo.geodesy.ground import error_beyond_area
from backend.geo.raster.cells import lonlat_bounds
from backend.geo.raster.rasters import Grid, places

_NODES = 25
"""Of a lattice over a raster or an area, along each side."""
_DENSE = 360
"""The same where a raster goes around the globe, and the seam of a projection lies somewhere in it."""
_STRETCHED = 4.0
"""Times by which areas may be larger or smaller than anywhere in the area that a CRS is made for."""
_UNTRUE = 0.05
"""Share of their length by which lengths beyond the area of a CRS may be off without a word."""
_BEYOND_TELLING = 100.0
"""Times their length by which lengths may be off and a figure still says something."""
_TURN = 360.0


def usable_area(source: Grid, crs: CRS) -> Bounds | None:
    """West, south, east, north in degrees of the part of a raster that has places in a CRS; None for all of it.

    A CRS made for one area is good enough far beyond it; only where it has no places, or stretches areas several
    times as much as anywhere in its own, the raster ends where that area does. East may lie beyond 180.

    Raises:
        ProcessRefusedError: no part of the raster lies in the area of the CRS.
    """
    area = crs.area_of_use
    if area is None or not crs.is_projected:
        return None
    own = (area.west, area.south, area.east + (_TURN if area.east < area.west else 0), area.north)
    at = _lattice((0, 0, source.width, source.height))
    if _placed(_degrees(source, at), crs, _scales(_lattice(own), crs)).all():
        return None
    reached = lonlat_bounds(source)
    shared = own if reached is None else _shared(own, reached)
    if shared is None:
        raise ProcessRefusedError(
            f"the raster lies where {code_of(crs)} has no places or wrong ones; its area of use is {area_told(crs)}: "
            "choose a CRS for the raster's area",
            path="$.inputs.crs",
        )
    return shared


def beyond_area(source: Grid, crs: CRS) -> tuple[str, ...]:
    """A warning where a raster reaches so far beyond the area of use of a CRS that lengths are not true there."""
    error = error_beyond_area(crs, *_degrees(source, _lattice((0, 0, source.width, source.height))).T)
    if error <= _UNTRUE:
        return ()
    off = f"off by up to {error:.2g} times their length" if error < _BEYOND_TELLING else "without meaning"
    where = f"the area for which {code_of(crs)} is made, {area_told(crs)}"
    return (f"The raster reaches beyond {where}: lengths there are {off}.",)


def bounds_in(area: Bounds, crs: CRS) -> Bounds:
    """Smallest x and y, largest x and y of an area in degrees; not finite where it has no places."""
    return Transformation.between(CRS84, crs).transformer.transform_bounds(*area, densify_pts=101)


def usual_side(source: Grid, crs: CRS, area: Bounds | None) -> float:
    """The side of a square as large as the median cell of a raster, or of its part in an area, in another CRS."""
    at = _lattice((0, 0, source.width, source.height))
    if area is not None:
        x, y = Transformation.between(CRS84, source.crs).transformer.transform(*_lattice(area).T)
        at = places(~source.transform, np.column_stack([x, y]))
        at = at[np.isfinite(at).all(axis=1)]
    there = Transformation.between(source.crs, crs).transformer
    here, right, down = (
        np.column_stack(there.transform(*places(source.transform, at + step).T)) for step in ((0, 0), (1, 0), (0, 1))
    )
    (a, b), (c, d) = (right - here).T, (down - here).T
    with np.errstate(invalid="ignore"):
        sides = np.sqrt(np.abs(a * d - b * c))
    sides = sides[np.isfinite(sides) & (sides > 0)]
    return float(np.median(sides)) if sides.size else np.inf


def enclosing(source: Grid, crs: CRS, edges: Bounds) -> Bounds:
    """Bounds that also hold what lies inside a raster: on a globe it may reach farther than the raster's edges."""
    if not crs.is_projected:
        return edges
    turn = not source.crs.is_projected and source.bounds[2] - source.bounds[0] > _TURN - 1e-6
    at = places(source.transform, _lattice((0, 0, source.width, source.height), _DENSE if turn else _NODES))
    x, y = Transformation.between(source.crs, crs).transformer.transform(*at.T)
    inner = np.column_stack([x, y])
    inner = inner[np.isfinite(inner).all(axis=1)]
    frames = [edges, (*inner.min(axis=0).tolist(), *inner.max(axis=0).tolist())] if len(inner) else [edges]
    if turn:
        frames.append(bounds_in((-180, max(-90, source.bounds[1]), 180, min(90, source.bounds[3])), crs))
    known = np.array([frame for frame in frames if np.isfinite(frame).all()])
    if not len(known):
        return edges
    west, south, east, north = *known[:, :2].min(axis=0).tolist(), *known[:, 2:].max(axis=0).tolist()
    return west, south, east, north


def _lattice(frame: Bounds, nodes: int = _NODES) -> Array:
    """Positions n × 2 in the middle of the meshes of a net over a frame."""
    share = (np.arange(nodes) + 0.5) / nodes
    # Close to the edges too, where the poles may be.
    share = np.concatenate([[1e-6], share, [1 - 1e-6]])
    x, y = np.meshgrid(frame[0] + share * (frame[2] - frame[0]), frame[1] + share * (frame[3] - frame[1]))
    return np.column_stack([x.ravel(), y.ravel()])


def _degrees(grid: Grid, at: Array) -> Array:
    """Longitude and latitude of columns and rows; what has no place on the Earth is left out."""
    x, y = Transformation.between(grid.crs, CRS84).transformer.transform(*places(grid.transform, at).T)
    found = np.column_stack([x, y])
    return found[np.isfinite(found).all(axis=1)]


def _scales(degrees: Array, crs: CRS) -> Array:
    """Areas in the plane over those on the ground; infinite where there is no place."""
    longitude, latitude = degrees.T
    factors = Proj(crs).get_factors(half_turn(longitude), np.clip(latitude, -90, 90))
    return np.abs(np.asarray(factors.areal_scale, dtype=np.float64))


def _placed(degrees: Array, crs: CRS, own: Array) -> Booleans:
    """Whether positions have places that are no more distorted than the area of the CRS, or not much more."""
    own = own[np.isfinite(own) & (own > 0)]
    if not own.size:
        return np.ones(len(degrees), dtype=np.bool_)
    scales = _scales(degrees, crs)
    x, y = Transformation.between(CRS84, crs).transformer.transform(*degrees.T)
    real = np.isfinite(x) & np.isfinite(y) & np.isfinite(scales)
    return real & (scales <= own.max() * _STRETCHED) & (scales >= own.min() / _STRETCHED)


def _shared(own: Bounds, reached: Bounds) -> Bounds | None:
    """What an area and the reach of a raster have in common, by longitudes of whatever turn."""
    west, south, east, north = reached
    east += _TURN if east < west else 0
    low, high = max(south, own[1]), min(north, own[3])
    spans = [(max(west + turn, own[0]), min(east + turn, own[2])) for turn in (-_TURN, 0.0, _TURN)]
    left, right = max(spans, key=lambda span: span[1] - span[0])
    if east - west >= _TURN:
        left, right = own[0], own[2]
    return (left, low, right, high) if left < right and low < high else None
