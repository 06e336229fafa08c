"""Where geometries lie and how large they are: types, vertices, bounding box. Pure."""

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from operator import itemgetter
from typing import Any, cast

CRS84 = "OGC:CRS84"
"""Coordinate reference system of GeoJSON (RFC 7946, section 4)."""

_DEPTHS = {
    "Point": 0,
    "MultiPoint": 1,
    "LineString": 1,
    "MultiLineString": 2,
    "Polygon": 2,
    "MultiPolygon": 3,
}
"""How many arrays lie around the positions of a geometry type."""

GEOMETRY_TYPES = frozenset(_DEPTHS) | {"GeometryCollection"}

type Box = tuple[float, float, float, float]
"""Smallest x, smallest y, largest x, largest y; across the antimeridian the first is larger than the third."""


def crs_of(document: Mapping[str, Any]) -> str:
    """The CRS of a GeoJSON document: CRS84, unless it says otherwise.

    It says so in `crs` (GeoJSON 2008) or in `coordRefSys` (OGC JSON-FG).
    """
    named = document.get("coordRefSys")
    if isinstance(named, str):
        return named[:100]
    crs = document.get("crs")
    if isinstance(crs, dict):
        properties = cast("dict[str, Any]", crs).get("properties")
        if isinstance(properties, dict):
            name = cast("dict[str, Any]", properties).get("name")
            if isinstance(name, str) and not name.upper().endswith("CRS84"):
                return name[:100]
    return CRS84


def describe(geometries: Iterable[object], crs: str) -> dict[str, Any]:
    """`geometry_types`, `vertices` and `bbox` of geometries, in the CRS given.

    `bbox` is [west, south, east, north]; west is larger than east where the geometries cross the antimeridian
    (RFC 7946, section 5.2). A geometry that cannot be read is counted under `unreadable_geometries`, and a null one
    under `null_geometries`.
    """
    types: Counter[str] = Counter()
    boxes: list[Box] = []
    vertices = unreadable = absent = 0
    for geometry in geometries:
        if geometry is None:
            absent += 1
            continue
        try:
            for kind, lines in _simple_parts(geometry):
                types[kind] += 1
                for line in lines:
                    if line:
                        vertices += len(line)
                        boxes.append(_box(line))
        except (TypeError, ValueError, IndexError, KeyError, AttributeError):
            unreadable += 1
    return told_extent(types, vertices, _bbox(boxes, crs), unreadable_geometries=unreadable, null_geometries=absent)


def told_extent(types: Mapping[str, int], vertices: int, bbox: Box | None, **untold: int) -> dict[str, Any]:
    """What `describe` tells, of whoever has counted it; `untold` are the counts of geometries that are not in it."""
    told: dict[str, Any] = {"geometry_types": dict(types), "vertices": vertices}
    if bbox is not None:
        told["bbox"] = [round(edge, 7) for edge in bbox]
    return told | {name: count for name, count in untold.items() if count}


def _simple_parts(geometry: object) -> Iterator[tuple[str, Iterable[Sequence[Any]]]]:
    """The geometry itself, or the members of a GeometryCollection of any depth, as type and lines of positions."""
    pending = [geometry]
    while pending:
        part = cast("dict[str, Any]", pending.pop())
        kind = part["type"]
        if kind == "GeometryCollection":
            pending.extend(reversed(part["geometries"]))
            continue
        lines = part["coordinates"]
        match _DEPTHS[kind]:
            case 0:
                yield kind, [[lines]] if lines else []
            case 1:
                # Points of a MultiPoint are apart from each other: between them nothing is covered.
                yield kind, [lines] if kind == "LineString" else [[position] for position in lines]
            case 2:
                yield kind, lines
            case _:
                yield kind, chain.from_iterable(lines)


def _box(line: Sequence[Any]) -> Box:
    xs, ys = list(map(itemgetter(0), line)), list(map(itemgetter(1), line))
    box = (min(xs), min(ys), max(xs), max(ys))
    if not all(map(math.isfinite, box)):
        raise ValueError("coordinates that are not finite")
    return box


def _bbox(boxes: Sequence[Box], crs: str) -> Box | None:
    if not boxes:
        return None
    south, north = min(map(itemgetter(1), boxes)), max(map(itemgetter(3), boxes))
    west, east = min(map(itemgetter(0), boxes)), max(map(itemgetter(2), boxes))
    # A box of half the globe or less is narrower than any across the antimeridian.
    if crs == CRS84 and west >= -180 and east <= 180 and east - west > 180:
        west, east = _longitudes([(box[0], box[2]) for box in boxes])
    return west, south, east, north


def _longitudes(intervals: list[tuple[float, float]]) -> tuple[float, float]:
    """The shortest span of the circle that covers all intervals: what remains when its largest gap is taken out."""
    intervals.sort()
    first, reach = intervals[0]
    gap, west, east = 0.0, first, reach
    for start, end in intervals[1:]:
        if start - reach > gap:
            gap, west, east = start - reach, start, reach
        reach = max(reach, end)
    # The gap over the antimeridian counts last and wins a tie: a box that does not cross is the simpler one.
    if first + 360 - reach >= gap:
        return first, reach
    return west, east
