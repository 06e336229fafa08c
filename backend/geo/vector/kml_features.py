"""Reads KML: the geometries of its placemarks, and what they tell of them."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np
import shapely
from shapely.errors import ShapelyError
from shapely.geometry.base import BaseGeometry

from backend.errors import refuse
from backend.geo.geodesy.shapes import shapes_of
from backend.geo.vector.features import Features
from backend.geo.vector.field_names import free_name
from backend.geo.vector.fields import check_cells
from backend.geo.vector.text_columns import typed_column
from backend.geo.vector.xml_documents import name_of, text_of, trimmed

type Position = tuple[float, ...]

_CONTAINERS = frozenset(("kml", "Document", "Folder"))
ROOTS = _CONTAINERS | {"Placemark"}
"""Elements that a KML may be."""
_GEOMETRIES = frozenset(("Point", "LineString", "LinearRing", "Polygon", "MultiGeometry", "Track", "MultiTrack"))
_PARTED = frozenset(("MultiGeometry", "MultiTrack"))
_LEFT_OUT = frozenset(("GroundOverlay", "PhotoOverlay", "ScreenOverlay", "NetworkLink", "Model", "Tour"))
_TOLD = {"name": "name", "description": "description", "when": "timestamp", "begin": "begin", "end": "end"}
"""Elements of a placemark → fields."""
_FOLDER = "folder"
_COLLECTIONS: Mapping[str, Any] = {
    "Point": shapely.MultiPoint,
    "LineString": shapely.MultiLineString,
    "Polygon": shapely.MultiPolygon,
}
_SHOWN = 40


def kml_features(root: ET.Element) -> Features:
    """The placemarks of a KML, in longitude and latitude on WGS 84.

    Fields are `name`, `description`, `timestamp`, `begin` and `end`, where any placemark has them, `folder` where they
    stand in several, and the data of the author, which are numbers or truth values where all of a field are written
    so. Heights count where they are said to be absolute; others are relative to a ground that is not known, and go.
    Styles, overlays and links to further files are left out, the latter two with a warning.

    Raises:
        ProcessRefusedError: it has no placemarks, or a position that is none.
    """
    placemarks = list(_placemarks(root))
    if not placemarks:
        refuse("the KML has no placemarks")
    reader = _Geometries()
    shapes = shapes_of(reader.read(number, placemark) for number, (placemark, _) in enumerate(placemarks, 1))
    rows = [_row(placemark, folder) for placemark, folder in placemarks]
    warnings = reader.warnings() + _left_out(root) + reader.on_the_ground()
    return Features(shapes, _columns(rows, warnings), warnings=tuple(warnings))


def _placemarks(root: ET.Element) -> Iterator[tuple[ET.Element, str]]:
    """Each with the name of the folder that it stands in, in the order of the file."""
    pending = [(root, "")]
    while pending:
        element, folder = pending.pop()
        if name_of(element) == "Placemark":
            yield element, folder
        elif name_of(element) in _CONTAINERS:
            if name_of(element) == "Folder":
                folder = text_of(element, "name") or folder
            pending += [(child, folder) for child in reversed(element)]


def _row(placemark: ET.Element, folder: str) -> tuple[Mapping[str, str], Mapping[str, str]]:
    """What every placemark may tell, and the data of the author; each as texts."""
    told: dict[str, str] = {}
    data: dict[str, str] = {}
    for child in placemark:
        match name_of(child):
            case "name" | "description":
                told[_TOLD[name_of(child)]] = trimmed(child.text)
            case "TimeStamp" | "TimeSpan":
                told |= {_TOLD[name_of(one)]: trimmed(one.text) for one in child if name_of(one) in _TOLD}
            case "ExtendedData":
                data |= _data(child)
            case _:
                pass
    return ({**told, _FOLDER: folder} if folder else told), data


def _data(extended: ET.Element) -> Mapping[str, str]:
    found: dict[str, str] = {}
    for element in extended.iter():
        match name_of(element):
            case "Data":
                found[element.get("name", "")] = text_of(element, "value")
            case "SimpleData":
                found[element.get("name", "")] = trimmed(element.text)
            case _:
                pass
    return {name: value for name, value in found.items() if name}


def _columns(
    rows: Sequence[tuple[Mapping[str, str], Mapping[str, str]]], warnings: list[str]
) -> dict[str, Sequence[Any]]:
    columns: dict[str, Sequence[Any]] = {}
    names = dict.fromkeys(name for _, data in rows for name in data)
    check_cells(len(names), len(rows))
    for name in dict.fromkeys(name for told, _ in rows for name in told):
        columns[name] = [told.get(name) or None for told, _ in rows]
    # All in one folder, as programs write a layer: that tells nothing of any of them.
    if len(set(columns.get(_FOLDER, ()))) == 1:
        del columns[_FOLDER]
    for name in names:
        # Whatever type is declared: some programs know no type of large whole numbers, and say that they are texts.
        free = free_name(name, columns)
        columns[free] = typed_column(free, [data.get(name, "") for _, data in rows], warnings)
    return columns


def _left_out(root: ET.Element) -> list[str]:
    found = sorted({name_of(element) for element in root.iter()} & _LEFT_OUT)
    return [f"{', '.join(found)} of the KML are no features, and left out."] if found else []


class _Geometries:
    """Reads geometries, and counts what is to be told of them."""

    def __init__(self) -> None:
        self._unclosed = 0
        self._dropped = 0
        self._clamped = 0
        self._without = 0

    def warnings(self) -> list[str]:
        counted = (
            (self._unclosed, "polygon rings did not end where they began and were closed."),
            (self._dropped, "geometries have heights above the ground, or of some parts only; they were left out."),
            (self._without, "placemarks have no geometry."),
        )
        return [f"{count} {text}" for count, text in counted if count]

    def on_the_ground(self) -> list[str]:
        """What is told of heights that mean nothing."""
        told = f"{self._clamped} geometries lie on the ground, as the file says: their heights were left out."
        return [told] if self._clamped else []

    def read(self, number: int, placemark: ET.Element) -> BaseGeometry | None:
        """The geometry of a placemark, which is the numberth; None where it has none."""
        pending = [child for child in reversed(placemark) if name_of(child) in _GEOMETRIES]
        parts: list[BaseGeometry] = []
        while pending:
            element = pending.pop()
            if name_of(element) in _PARTED:
                pending += [child for child in reversed(element) if name_of(child) in _GEOMETRIES]
                continue
            try:
                parts += self._simple(element)
            except (ValueError, ShapelyError) as error:
                refuse(f"placemark {number} of the KML has a geometry that is none: {error}")
        if not parts:
            self._without += 1
            return None
        high = [part.has_z for part in parts]
        if any(high) and not all(high):
            # There are heights of a geometry for all of its positions, or none.
            self._dropped += 1
            parts = [shapely.force_2d(part) for part in parts]
        return parts[0] if len(parts) == 1 else _together(parts)

    def _simple(self, element: ET.Element) -> list[BaseGeometry]:
        """No geometry where there are no positions."""
        if name_of(element) == "Polygon":
            shells = self._rings(element, "outerBoundaryIs")
            if not shells:
                return []
            return [self._as_high(element, shapely.Polygon(shells[0], self._rings(element, "innerBoundaryIs")))]
        if name_of(element) == "Track":
            separated = (trimmed(child.text).split() for child in element if name_of(child) == "coord")
            found = list(map(_position, separated))
        else:
            found = _positions(text_of(element, "coordinates"))
        if not found:
            return []
        is_point = name_of(element) == "Point"
        return [self._as_high(element, shapely.Point(found[0]) if is_point else shapely.LineString(found))]

    def _as_high(self, element: ET.Element, made: BaseGeometry) -> BaseGeometry:
        """The geometry with its heights where they are above the sea, else without."""
        mode = text_of(element, "altitudeMode")
        if mode == "absolute":
            return made
        if mode.startswith("relativeTo"):
            self._dropped += 1
        else:
            self._clamped += bool(shapely.get_coordinates(made, include_z=True)[:, 2].any())
        return shapely.force_2d(made)

    def _rings(self, polygon: ET.Element, boundary: str) -> list[list[Position]]:
        borders = [child for child in polygon if name_of(child) == boundary]
        rings = [ring for border in borders for ring in border if name_of(ring) == "LinearRing"]
        found = [_positions(text_of(ring, "coordinates")) for ring in rings]
        return [self._closed(ring) for ring in found if ring]

    def _closed(self, ring: list[Position]) -> list[Position]:
        if ring[0][:2] == ring[-1][:2]:
            return ring
        self._unclosed += 1
        return [*ring, ring[0]]


def _together(parts: Sequence[BaseGeometry]) -> BaseGeometry:
    kinds = {part.geom_type for part in parts}
    return _COLLECTIONS.get(kinds.pop() if len(kinds) == 1 else "", shapely.GeometryCollection)(parts)


def _positions(text: str) -> list[Position]:
    """Of a text of positions parted by white space; some programs write a space after each comma, too."""
    return [_position(one.split(",")) for one in ",".join(map(str.strip, text.split(","))).split()]


def _position(ordinates: Sequence[str]) -> Position:
    if len(ordinates) not in (2, 3):
        raise ValueError(f"{','.join(ordinates)[:_SHOWN]!r} is no longitude,latitude or longitude,latitude,height")
    if any("_" in one for one in ordinates):
        raise ValueError(f"{','.join(ordinates)[:_SHOWN]!r} is not of numbers")
    position = tuple(float(one) for one in ordinates)
    if not np.isfinite(position).all():
        raise ValueError(f"{','.join(ordinates)[:_SHOWN]!r} is not of finite numbers")
    # A height that is not told is 0.
    return (*position, 0.0)[:3]
