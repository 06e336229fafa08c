"""Reads GPX: its waypoints as points, its routes and tracks as lines."""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from xml.etree import ElementTree as ET

import shapely
from shapely.geometry.base import BaseGeometry

from backend.errors import refuse
from backend.geo.geodesy.antimeridian import collect, the_short_way
from backend.geo.geodesy.shapes import shapes_of
from backend.geo.vector.features import Features
from backend.geo.vector.fields import check_cells
from backend.geo.vector.text_columns import typed_column
from backend.geo.vector.xml_documents import name_of, text_of, trimmed

type Position = tuple[float, ...]

KINDS: Mapping[str, str] = {"wpt": "waypoint", "rte": "route", "trk": "track"}
"""Elements of a GPX, in the order in which they stand in it, and the kinds of features that they are."""
TEXTS = ("name", "cmt", "desc", "src", "sym", "type")
"""Elements with what is told of a feature, in the order in which they stand in it, and the fields that they become."""
ELEMENTS: Mapping[str, frozenset[str]] = {
    "wpt": frozenset(TEXTS),
    "rte": frozenset(TEXTS) - {"sym"},
    "trk": frozenset(TEXTS) - {"sym"},
}
"""Which of them each has."""
_FIELDS = ("kind", *TEXTS, "time", "begin", "end")
_PLACED = frozenset(("ele", "name"))
"""What a position of a line may tell without more than its place being lost."""
_SHOWN = 40


def gpx_features(root: ET.Element) -> Features:
    """The waypoints, routes and tracks of a GPX, in the order of the file, in longitude and latitude on WGS 84.

    Fields are `kind` (waypoint, route or track), `name`, `cmt`, `desc`, `src`, `sym` and `type` as the file calls them,
    `time` of a waypoint, `begin` and `end` of a track: the times of its first and last position, and extensions that
    are a text each, numbers or truth values where all of a field are written so. A track of several segments is one
    feature. Elevations, in metres, are heights where all positions of a feature have one.

    Raises:
        ProcessRefusedError: it has none of the three, or a position that is none.
    """
    elements = [element for element in root if name_of(element) in KINDS]
    if not elements:
        refuse("the GPX has no waypoints, routes or tracks")
    reader = _Geometries()
    shapes = shapes_of(reader.read(number, element) for number, element in enumerate(elements, 1))
    warnings = reader.warnings()
    return Features(shapes, _columns(elements, warnings), warnings=tuple(warnings))


def _columns(elements: Sequence[ET.Element], warnings: list[str]) -> dict[str, Sequence[Any]]:
    extended = [_extensions(element) for element in elements]
    # What is told by an element of its own counts before an extension of its name.
    rows = [extension | _told(_row(element)) for element, extension in zip(elements, extended, strict=True)]
    names = dict.fromkeys((*_FIELDS, *(name for extension in extended for name in extension)))
    check_cells(len(names), len(rows))
    columns: dict[str, Sequence[Any]] = {}
    for name in names:
        values = [row.get(name, "") for row in rows]
        if any(values):
            columns[name] = [one or None for one in values] if name in _FIELDS else typed_column(name, values, warnings)
    return columns


def _told(row: Mapping[str, str]) -> dict[str, str]:
    return {name: text for name, text in row.items() if text}


def _extensions(element: ET.Element) -> dict[str, str]:
    """Those of a feature that are a text; others have parts, which the program that wrote them alone understands."""
    leaves = (one for child in element if name_of(child) == "extensions" for one in child if not len(one))
    return _told({name_of(one): trimmed(one.text) for one in leaves})


def _row(element: ET.Element) -> Mapping[str, str]:
    kind = KINDS[name_of(element)]
    told = {"kind": kind} | {name: text_of(element, name) for name in TEXTS}
    if kind == "waypoint":
        return told | {"time": text_of(element, "time")}
    times = [time for segment in _segments(element) for position in segment if (time := text_of(position, "time"))]
    return told | ({"begin": times[0], "end": times[-1]} if times else {})


def _segments(element: ET.Element) -> Iterator[list[ET.Element]]:
    """The positions of a waypoint, of a route, or of each segment of a track."""
    match name_of(element):
        case "wpt":
            yield [element]
        case "rte":
            yield [child for child in element if name_of(child) == "rtept"]
        case _:
            for segment in element:
                if name_of(segment) == "trkseg":
                    yield [child for child in segment if name_of(child) == "trkpt"]


class _Geometries:
    """Reads geometries, and counts what is to be told of them."""

    def __init__(self) -> None:
        self._dropped = 0
        self._lone = 0
        self._without = 0
        self._told = 0

    def warnings(self) -> list[str]:
        counted = (
            (self._without, "routes or tracks have no line."),
            (self._lone, "segments have a single position; they were left out."),
            (self._dropped, "features have elevations of some positions only; they were left out."),
            (self._told, "positions of lines tell more, such as a time; all but the first and last time was left out."),
        )
        return [f"{count} {text}" for count, text in counted if count]

    def read(self, number: int, element: ET.Element) -> BaseGeometry | None:
        """The geometry of a feature, which is the numberth; None where it has too few positions for a line."""
        segments = [segment for segment in _segments(element) if segment]
        positions = [[_position(number, one) for one in segment] for segment in segments]
        heights = [[text_of(one, "ele") for one in segment] for segment in segments]
        if any(map(any, heights)):
            if all(map(all, heights)):
                with_heights = zip(positions, heights, strict=True)
                positions = [_raised(number, places, told) for places, told in with_heights]
            else:
                self._dropped += 1
        if name_of(element) == "wpt":
            return shapely.Point(positions[0][0])
        self._told += sum(any(name_of(child) not in _PLACED for child in one) for part in segments for one in part)
        # Nobody records a way around the Earth by its two ends.
        lines = [the_short_way(shapely.LineString(places)) for places in positions if len(places) > 1]
        self._lone += len(positions) - len(lines)
        if not lines:
            self._without += 1
            return None
        return collect(lines)


def _position(number: int, element: ET.Element) -> Position:
    return tuple(_number(number, name, element.get(name)) for name in ("lon", "lat"))


def _raised(number: int, places: Sequence[Position], heights: Sequence[str]) -> Sequence[Position]:
    pairs = zip(places, heights, strict=True)
    return [(*place, _number(number, "ele", height)) for place, height in pairs]


def _number(feature: int, name: str, text: str | None) -> float:
    try:
        value = math.nan if text is None or "_" in text else float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        shown = "none" if text is None else repr(trimmed(text)[:_SHOWN])
        refuse(f"feature {feature} of the GPX has a position whose {name} is no number: {shown}")
    return value
