"""Zones on the grid of a raster: their polygons in columns and rows. Imports GDAL: for workers only."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import shapely
from rasterio.windows import Window

from backend.errors import ProcessRefusedError
from backend.geo.geodesy.crs import CRS84, Transformation
from backend.geo.geodesy.ellipsoid import Array, Booleans
from backend.geo.geodesy.shapes import POLYGONAL, Shapes, of_type, shapes_of, valid_polygons
from backend.geo.raster.cells import lonlat_bounds
from backend.geo.raster.rasters import Grid, places
from backend.geo.raster.turns import ends, numbers
from backend.geo.vector.features import Features

TOLERANCE = 0.01
"""Cells by which the edge of a zone may leave its true course when it comes from another CRS."""
_MOST_PIECES = 1000
"""Of an edge."""
_SNAP = 1e-6
"""Cells. A zone along the cells' edges is not to touch their neighbours by rounding."""


@dataclass(frozen=True, slots=True)
class Zones:
    """Polygons whose x are columns, and whose y are rows counted upwards from the last row's lower edge."""

    shapes: Shapes
    """Cut at the edge of the raster; None for what has no part in it."""
    cells: Array
    """Size of each such part, in cells."""
    inside: Array
    """Share of each zone within the raster, in the plane of the CRS; NaN for what is no polygon."""
    warnings: tuple[str, ...]

    def window(self, grid: Grid) -> Window | None:
        """The part of the raster that the zones touch."""
        bounds = shapely.total_bounds(self.shapes)
        if not np.isfinite(bounds).all():
            return None
        (left, low), (right, high) = np.floor(bounds[:2]).astype(int), np.ceil(bounds[2:]).astype(int)
        return Window(left, grid.height - high, right - left, high - low)  # pyright: ignore[reportCallIssue]


def whole(grid: Grid) -> Zones:
    """One zone: all of the raster."""
    size = float(grid.width * grid.height)
    return Zones(shapes_of([_frame(grid)]), np.array([size]), np.array([1.0]), ())


def outline(grid: Grid) -> Features:
    """The raster's edge as a feature, with enough vertices for another CRS; without a geometry where it has none."""
    box = shapely.segmentize(shapely.box(0, 0, grid.width, grid.height), max(grid.width, grid.height) / 16)
    made = shapely.transform(box, lambda at: places(grid.transform, at))
    if not grid.crs.is_projected:
        made = shapely.transform(made, lambda at: np.clip(at, (-np.inf, -90), (np.inf, 90)))
    edge = Features(shapes_of([made]), crs=grid.crs)
    try:
        edge.lonlat()
    except ProcessRefusedError:
        told = "The raster's edge has no course in longitude and latitude, as around a pole: there is no geometry."
        return Features(shapes_of([None]), crs=grid.crs, warnings=(told,))
    return edge


def zones_on(features: Features, grid: Grid) -> Zones:
    """The zones on the grid; vertices are added where an edge would not stay straight in the raster's CRS.

    Raises:
        ProcessRefusedError: there is no feature, or no polygon, or one has no place in the raster's CRS.
    """
    if not len(features):
        raise ProcessRefusedError("the layer of polygons is empty: it has no features")
    areal = features.present & of_type(features.shapes, *POLYGONAL)
    if not areal.any():
        raise ProcessRefusedError(
            "zones must be polygons: raster-sample takes points, and geometry-buffer makes polygons of points and lines"
        )
    polygons = features.take(areal)
    near, kept = _near(polygons, grid)
    there = near if near.crs == grid.crs else _brought(near, grid)
    on_grid = _snapped(_around(there, grid), grid)
    inside, cells, shapes = _cut(on_grid, _frame(grid))
    share = np.full(len(features), np.nan)
    share[areal] = inside * kept
    parts, sizes = shapes_of([None] * len(features)), np.zeros(len(features))
    parts[areal], sizes[areal] = shapes, cells
    skipped = f"{int((~areal).sum())} of {len(features)} features are no polygons and have no statistics."
    return Zones(parts, sizes, share, there.warnings if areal.all() else (*there.warnings, skipped))


def _frame(grid: Grid) -> shapely.Polygon:
    return shapely.box(0, 0, grid.width, grid.height)


def _near(zones: Features, grid: Grid) -> tuple[Features, Array]:
    """The parts of zones in longitude and latitude that are not far from the raster, and their shares of the zones.

    Far from its area a projection has no places, or wrong ones.
    """
    kept = np.ones(len(zones))
    if zones.crs != CRS84 or not grid.crs.is_projected:
        return zones, kept
    bounds = lonlat_bounds(grid)
    if bounds is None:
        return zones, kept
    west, south, east, north = bounds
    margin = 0.1 * (north - south) + 1e-6
    low, high = max(-90, south - margin), min(90, north + margin)
    spans = [(west - margin, east + margin)] if west <= east else [(west - margin, 180), (-180, east + margin)]
    area = shapely.union_all([shapely.box(left, low, right, high) for left, right in spans])
    beyond = ~shapely.covered_by(zones.shapes, area)
    shapes = zones.shapes.copy()
    shapes[beyond] = _areal(shapely.intersection(shapes[beyond], area))
    kept[beyond] = shapely.area(shapes[beyond]) / shapely.area(zones.shapes[beyond])
    return zones.with_shapes(shapes), kept


def _dense(zones: Features, grid: Grid) -> Features:
    """The zones with vertices so close that the straight edges between them err by no more than TOLERANCE."""
    coordinates, owners = shapely.get_coordinates(zones.shapes, return_index=True)
    same = owners[1:] == owners[:-1]
    start, way, owner = coordinates[:-1][same], np.diff(coordinates, axis=0)[same], owners[1:][same]
    transformer = Transformation.between(zones.crs, grid.crs).transformer

    def there(points: Array) -> Array:
        x, y = transformer.transform(points[:, 0], points[:, 1])
        return places(~grid.transform, np.column_stack([x, y]))

    first, last = there(start), there(start + way)
    # An edge that swings to both sides alike has its middle where it belongs.
    errors = [np.hypot(*(there(start + way * at) - (first + (last - first) * at)).T) for at in (0.25, 0.5)]
    error = np.nan_to_num(np.maximum(*errors), nan=0, posinf=0)
    pieces = np.clip(np.ceil(np.sqrt(error / TOLERANCE)), 1, _MOST_PIECES)
    longest = np.full(len(zones), np.inf)
    curved = pieces > 1
    np.minimum.at(longest, owner[curved], np.hypot(*way[curved].T) / pieces[curved])
    bent = np.isfinite(longest)
    shapes = zones.shapes.copy()
    shapes[bent] = shapely.segmentize(shapes[bent], longest[bent])
    return zones.with_shapes(shapes)


def _brought(near: Features, grid: Grid) -> Features:
    """Zones in the raster's CRS, valid.

    What the way there makes of edges along the antimeridian, a line to the pole and back, would take cells away.
    """
    # Twice: of an edge that goes far around a pole one look shows too little.
    zones = _dense(_dense(near, grid), grid).in_crs(grid.crs)
    broken = zones.present & ~shapely.is_valid(zones.shapes)
    if not broken.any():
        return zones
    shapes = zones.shapes.copy()
    shapes[broken] = valid_polygons(shapes[broken])
    return zones.with_shapes(shapes)


def _around(zones: Features, grid: Grid) -> Shapes:
    """The zones also where the raster goes on beyond ±180, as one of degrees from 0 to 360 does."""
    (west, _, east, _), plane = grid.bounds, ends(grid)
    if plane is None or (west >= plane[0] and east <= plane[1]):
        return zones.shapes
    whole_turn = plane[1] - plane[0]
    turns = numbers((west - plane[0]) / whole_turn, (east - plane[1]) / whole_turn, "raster")
    _, low, _, high = shapely.total_bounds(zones.shapes)
    frame = shapely.box(west, low, east, high)
    copies = [
        _areal(shapely.intersection(shapely.transform(zones.shapes, _moved(whole_turn * turn)), frame))
        for turn in turns
    ]
    joined: Shapes = shapely.union_all(np.stack(copies), axis=0)  # pyright: ignore[reportAssignmentType]  # an array
    return _areal(joined)


def _moved(by: float) -> Callable[[Array], Array]:
    return lambda coordinates: coordinates + np.array([by, 0])


def _snapped(shapes: Shapes, grid: Grid) -> Shapes:
    """In columns and rows; what lies on the edge of a cell but for rounding is put there."""
    onto = ~grid.transform

    def placed(coordinates: Array) -> Array:
        at = places(onto, coordinates) * np.array([1, -1]) + np.array([0, grid.height])
        edges = np.rint(at)
        return np.where(np.abs(at - edges) < _SNAP, edges, at)

    return shapely.transform(shapes, placed)


def _cut(shapes: Shapes, frame: shapely.Polygon) -> tuple[Array, Array, Shapes]:
    """Shares and sizes of the parts within the raster, and these parts."""
    shapes, full = shapes.copy(), shapely.area(shapes)
    across = ~shapely.covered_by(shapes, frame)
    touching: Booleans = across & shapely.intersects(shapes, frame)
    shapes[touching] = _areal(shapely.intersection(shapes[touching], frame))
    sizes = np.where(across & ~touching, 0.0, shapely.area(shapes))
    shapes[sizes == 0] = None
    return np.divide(sizes, full, out=np.zeros(len(full)), where=full > 0), sizes, shapes


def _areal(shapes: Shapes) -> Shapes:
    """Without the points and lines that an overlay leaves where edges only touch."""
    mixed = of_type(shapes, shapely.GeometryType.GEOMETRYCOLLECTION)
    if not mixed.any():
        return shapes
    shapes = shapes.copy()
    for index in np.flatnonzero(mixed).tolist():
        parts = shapely.get_parts(shapes[index])
        shapes[index] = shapely.union_all(parts[of_type(parts, *POLYGONAL)])
    return shapes
