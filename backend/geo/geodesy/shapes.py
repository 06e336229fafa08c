"""Arrays of geometries."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import GeometryType
from shapely.geometry.base import BaseGeometry

from backend.geo.geodesy.ellipsoid import Array, Booleans, Integers

type Shapes = np.ndarray[Any, np.dtype[np.object_]]
"""One dimension, of shapely geometries; None stands for no geometry."""
PUNTAL = (GeometryType.POINT, GeometryType.MULTIPOINT)
LINEAL = (GeometryType.LINESTRING, GeometryType.LINEARRING, GeometryType.MULTILINESTRING)
POLYGONAL = (GeometryType.POLYGON, GeometryType.MULTIPOLYGON)
"""The types of one dimension each, by the names that JTS and GEOS have for them."""
TYPE_NAMES = (
    *("Point", "LineString", "LineString", "Polygon"),
    *("MultiPoint", "MultiLineString", "MultiPolygon", "GeometryCollection"),
)
"""GeoJSON's names of the types, as GEOS numbers them; a ring by itself is written as a line."""


def shapes_of(geometries: Iterable[BaseGeometry | None]) -> Shapes:
    """An array of its own, whatever comes: NumPy would take a single collection apart."""
    items = list(geometries)
    array = np.empty(len(items), dtype=object)
    array[:] = items
    return array


def of_type(shapes: Shapes, *types: GeometryType) -> Booleans:
    """Which geometries are of one of these types; None is of no type."""
    found = shapely.get_type_id(shapes)
    return found == types[0] if len(types) == 1 else np.isin(found, types)


def counted_types(shapes: Shapes) -> dict[str, int]:
    """How many geometries there are of each of GeoJSON's types that occur; None counts for nothing."""
    counted: Counter[str] = Counter()
    for kind, count in enumerate(np.bincount(shapely.get_type_id(shapes[~shapely.is_missing(shapes)])).tolist()):
        counted[TYPE_NAMES[kind]] += count
    return dict(+counted)


def row_numbers(rows: Array) -> NDArray[np.uint64]:
    """A number for each row of finite numbers: equal rows have equal ones, and different rows hardly ever."""
    made = np.zeros(len(rows), dtype=np.uint64)
    # -0 equals 0. Multiplying by odd numbers and turning upper bits down are steps of SplitMix64.
    for column in (np.ascontiguousarray(rows) + 0.0).view(np.uint64).T:
        made = (made ^ column) * np.uint64(0xBF58476D1CE4E5B9)
        made ^= made >> np.uint64(29)
    return made


def batches(shapes: Shapes, vertices: int, more: int = 1) -> Sequence[Shapes]:
    """Successive geometries with about so many vertices together; each counts for some more than it has."""
    return np.split(shapes, batch_starts(shapes, vertices, more))


def batch_starts(shapes: Shapes, vertices: int, more: int = 1) -> Integers:
    """Where all `batches` but the first begin."""
    size = np.cumsum(shapely.get_num_coordinates(shapes) + more) // vertices
    return np.flatnonzero(np.diff(size)) + 1


def in_batches(coming: Iterable[Shapes], vertices: int) -> Iterator[Shapes]:
    """The `batches` of all geometries together, of such as come some after others."""
    held, told = shapes_of([]), 0
    for some in coming:
        held = np.concatenate([held, some])
        total = told + np.cumsum(shapely.get_num_coordinates(held) + 1)
        starts = np.flatnonzero(np.diff(total // vertices)) + 1
        *whole, held = np.split(held, starts)
        if whole:
            told = int(total[starts[-1] - 1])
        yield from whole
    yield held


def in_the_plane(shapes: Shapes) -> Shapes:
    """Geometries without heights: themselves where none has any, as copies of all would take long."""
    return shapely.force_2d(shapes) if shapely.has_z(shapes).any() else shapes


def without_measures(shapes: Shapes) -> tuple[Shapes, int]:
    """Geometries without measures (M), but with their heights; and how many had measures."""
    measured = shapely.has_m(shapes)
    count = int(np.count_nonzero(measured))
    if not count:
        return shapes, 0
    made = shapes.copy()
    high = measured & shapely.has_z(shapes)
    made[measured & ~high] = shapely.force_2d(shapes[measured & ~high])
    # No function of GEOS leaves out the measures alone, but its binary form of three dimensions does.
    made[high] = shapely.from_wkb(shapely.to_wkb(shapes[high], output_dimension=3))
    return made, count


def parts_of(shapes: Shapes) -> tuple[Shapes, Integers]:
    """The parts of geometries and the index of the geometry that each is of; single ones are no copies."""
    if _have_parts(shapes):
        return shapely.get_parts(shapes, return_index=True)
    there = np.flatnonzero(~shapely.is_missing(shapes))
    return shapes[there], there


def out_of_collections(shapes: Shapes) -> tuple[Shapes, Integers]:
    """Geometries, and in place of collections what they hold, however deep; and to which geometry each belongs."""
    members, owners = shapes, np.arange(len(shapes))
    while (nested := of_type(members, GeometryType.GEOMETRYCOLLECTION)).any():
        parts, index = shapely.get_parts(members[nested], return_index=True)
        owners = np.concatenate([owners[~nested], owners[nested][index]])
        members = np.concatenate([members[~nested], parts])
    return members, owners


def flat(shapes: Shapes) -> tuple[Shapes, Integers]:
    """The points, lines and polygons of geometries, however deep they are nested, and to which each belongs."""
    parts, owners = parts_of(shapes)
    while _have_parts(parts):
        parts, index = shapely.get_parts(parts, return_index=True)
        owners = owners[index]
    return parts, owners


def with_single_points(shapes: Shapes) -> Shapes:
    """The same, with the point in place of each multipoint of one: many files have no others."""
    multiple = of_type(shapes, GeometryType.MULTIPOINT)
    single = multiple & (shapely.get_num_geometries(shapes) == 1)
    if not single.any():
        return shapes
    made = shapes.copy()
    made[single] = shapely.get_geometry(shapes[single], 0)
    return made


def with_parts_united(shapes: Shapes, chosen: Booleans) -> Shapes:
    """The same, with the union of all parts in place of each one chosen."""
    if not chosen.any():
        return shapes
    made = shapes.copy()
    made[chosen] = shapely.union_all(shapes[chosen][:, np.newaxis], axis=1)
    return made


def valid_polygons(polygons: Shapes) -> Shapes:
    """Polygons made valid: the ground within their rings; empty where these enclose none.

    Of rings that touch themselves GEOS makes some that are no more valid, and of these some that are.
    """
    mended: Any = shapely.make_valid(polygons, method="structure", keep_collapsed=False)
    made: Shapes = mended
    broken = ~shapely.is_valid(made)
    if broken.any():
        made[broken] = shapely.make_valid(made[broken], method="structure", keep_collapsed=False)
    return made


def valid_shapes(shapes: Shapes) -> Shapes:
    """Geometries made valid: polygons, in collections too, as by `valid_polygons`; a line of one place is a point."""
    made = shapes.copy()
    areal, mixed = of_type(shapes, *POLYGONAL), of_type(shapes, GeometryType.GEOMETRYCOLLECTION)
    made[areal] = valid_polygons(shapes[areal])
    made[~areal & ~mixed] = shapely.make_valid(shapes[~areal & ~mixed])
    # GEOS would take the polygons of a collection by another rule: what two of its rings go around belongs to none.
    for at in np.flatnonzero(mixed).tolist():
        made[at] = shapely.GeometryCollection(valid_shapes(shapely.get_parts(shapes[at])).tolist())
    return made


def union_of(polygons: Shapes) -> Shapes:
    """The union of all polygons, alone in an array.

    Only those that meet are united: where few do that takes a tenth of the time.
    """
    return shapes_of([shapely.disjoint_subset_union_all(polygons)])


def plain(multis: Any) -> Shapes:
    """Multi geometries of one part as that part."""
    shapes: Shapes = multis
    single = shapely.get_num_geometries(shapes) == 1
    shapes[single] = shapely.get_geometry(shapes[single], 0)
    return shapes


def rings_of(polygons: Shapes) -> tuple[Shapes, Integers]:
    """Geometries with the vertices of one ring each, and the index of the polygon that each is of, its exterior first.

    A polygon without holes has those of its only ring, and is no copy.
    """
    if (shapely.get_num_interior_rings(polygons) > 0).any():
        return shapely.get_rings(polygons, return_index=True)
    return polygons, np.arange(len(polygons))


def _have_parts(shapes: Shapes) -> bool:
    # GEOS numbers the types that have parts after those that have none.
    return bool((shapely.get_type_id(shapes) > GeometryType.POLYGON).any())
