"""Features as GPX: points as waypoints, lines as routes and tracks, their fields as its elements or extensions."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, cast
from xml.sax.saxutils import escape  # reads nothing

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from backend.errors import refuse
from backend.geo.geodesy.shapes import LINEAL, PUNTAL, counted_types, of_type
from backend.geo.vector.features import Features, Row
from backend.geo.vector.field_names import free_name
from backend.geo.vector.fields import is_number, listed
from backend.geo.vector.file_columns import plain
from backend.geo.vector.file_description import Written
from backend.geo.vector.gpx_features import ELEMENTS, KINDS, TEXTS
from backend.geo.vector.writing import all_named
from backend.geo.vector.xml_texts import named_for_xml, without_controls

_FORMAT = "$.inputs.format"
_HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<gpx version="1.1" creator="ogc-processes-mcp" '
    'xmlns="http://www.topografix.com/GPX/1/1" xmlns:ogr="http://osgeo.org/gdal">\n'
)
"""Extensions are called as GDAL calls them, which reads them as fields."""
_TIME = re.compile(r"(?!0000)\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)?", re.ASCII)
_UNNAMED = re.compile(r"[^\w.-]|[^\x00-\x7f\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u0131\u0410-\u044f\u4e00-\u9fa5]")
"""What is replaced in names of elements: beyond ASCII, the letters that every version of XML takes are left."""
_ORDER = tuple(KINDS)


def gpx(features: Features, layer: str) -> Written[str]:
    """A GPX 1.1 in longitude and latitude on WGS 84, its waypoints before its routes, and these before its tracks.

    A point is a waypoint, a line a route, and a line of several parts a track, unless its field `kind` says otherwise.
    Heights are elevations, as is a field `ele` of points without one.

    Raises:
        ProcessRefusedError: some geometries are no points or lines, or there are none.
    """
    made = named_for_xml(_of_points_and_lines(features.lonlat()), "GPX")
    made = _texts_told(_with_element_names(all_named(made)))
    rows, shapes = list(made.rows()), cast("list[BaseGeometry]", made.shapes.tolist())
    elements = [_element(shape, row) for shape, row in zip(shapes, rows, strict=True)]
    places = np.array([_ORDER.index(element) for element in elements])
    order = np.argsort(places, kind="stable")
    if (np.diff(places) < 0).any():
        made = made.warned("Waypoints come first, then routes, then tracks, as the format has it.")
    body = "".join(_written(elements[at], shapes[at], rows[at]) for at in cast("list[int]", order.tolist()))
    about = f"<metadata><name>{escape(layer)}</name></metadata>\n"
    return Written(f"{_HEAD}{about}{body}</gpx>\n", made.take(order))


def _of_points_and_lines(features: Features) -> Features:
    """One point or line for each feature, or a line of several parts.

    Raises:
        ProcessRefusedError: there are none, or others.
    """
    present = features.present
    shapes = features.shapes[present]
    if not len(shapes):
        refuse("a GPX needs geometries, and no feature has one: ask for csv", _FORMAT)
    others = ~of_type(shapes, *PUNTAL, *LINEAL)
    if others.any():
        kinds = ", ".join(counted_types(shapes[others]))
        refuse(
            f"a GPX holds points and lines, no {kinds}: ask for kml, or make them by geometry-transform (boundary, "
            "centroid)",
            _FORMAT,
        )
    several = of_type(shapes, shapely.GeometryType.MULTIPOINT)
    points, whose = shapely.get_parts(shapes[several], return_index=True)
    parts = np.concatenate([shapes[~several], points])
    owners = np.concatenate([np.flatnonzero(~several), np.flatnonzero(several)[whose]])
    order = np.argsort(owners, kind="stable")
    told = [f"{int((~present).sum())} features without a geometry were left out."] if not present.all() else []
    if several.any():
        told.append(f"{int(several.sum())} features of several points are a waypoint for each of them.")
    made = features.take(np.flatnonzero(present)[owners[order]])
    return made.with_shapes(parts[order]).warned(*told)


def _with_element_names(features: Features) -> Features:
    """Fields under names that elements can have, which is told of those that are changed."""
    fields: dict[str, Sequence[Any]] = {}
    renamed: list[str] = []
    for name, values in features.fields.items():
        fit = _UNNAMED.sub("_", name)
        fit = fit if fit[0].isalpha() or fit[0] == "_" else f"_{fit}"
        kept = name if fit == name else free_name(fit, {*features.fields, *fields})
        renamed += [] if kept == name else [f"{name} is {kept}"]
        fields[kept] = values
    if not renamed:
        return features
    told = f"Names of fields that no element of XML can have are others in the GPX: {listed(renamed)}."
    return replace(features, fields=fields).warned(told)


def _texts_told(features: Features) -> Features:
    """The features with a warning of what elements of texts hold that is none."""
    named = [name for name in TEXTS if any(is_number(value) for value in features.fields.get(name, ()))]
    return features.warned(f"Numbers are texts in a GPX, in: {listed(named)}.") if named else features


def _element(shape: BaseGeometry, row: Row) -> str:
    """What a feature becomes: wpt, rte or trk."""
    if shape.geom_type == "Point":
        return "wpt"
    is_track = shape.geom_type == "MultiLineString" or row.get("kind") == KINDS["trk"]
    return "trk" if is_track else "rte"


def _written(element: str, shape: BaseGeometry, row: Row) -> str:
    told = {name: value for name, value in row.items() if value is not None}
    if told.get("kind") == KINDS[element]:
        del told["kind"]
    if element == "wpt":
        height = told.pop("ele") if not shape.has_z and is_number(told.get("ele")) else None
        moment = told.pop("time") if _is_time(told.get("time")) else None
        elevation = "" if height is None else _tagged("ele", height)
        time = "" if moment is None else _tagged("time", moment)
        return "".join(_positions("wpt", shape, f"{elevation}{time}{_texts('wpt', told)}"))
    lines = cast("list[BaseGeometry]", shapely.get_parts(shape).tolist())
    if element == "rte":
        parts = _positions("rtept", lines[0])
    else:
        parts = (text for line in lines for text in ("<trkseg>", *_positions("trkpt", line), "</trkseg>"))
    return f"<{element}>{_texts(element, told)}{''.join(parts)}</{element}>\n"


def _positions(element: str, shape: BaseGeometry, told: str = "") -> Iterator[str]:
    """Each position, and what is told of it."""
    for lon, lat, *height in shapely.get_coordinates(shape, include_z=bool(shape.has_z)).tolist():
        elevation = _tagged("ele", height[0]) if height and np.isfinite(height[0]) else ""
        inside = f"{elevation}{told}"
        opening = f'<{element} lat="{_decimal(lat)}" lon="{_decimal(lon)}"'
        yield f"{opening}>{inside}</{element}>\n" if inside else f"{opening}/>\n"


def _texts(element: str, told: Mapping[str, Any]) -> str:
    """The elements of the format in its order, then what it has none for."""
    own = [name for name in TEXTS if name in told and name in ELEMENTS[element]]
    others = "".join(_tagged(f"ogr:{name}", value) for name, value in told.items() if name not in own)
    extensions = f"<extensions>{others}</extensions>" if others else ""
    return "".join(_tagged(name, told[name]) for name in own) + extensions


def _tagged(name: str, value: Any) -> str:
    text = _decimal(value) if isinstance(value, float) else escape(without_controls(str(plain(value))))
    return f"<{name}>{text}</{name}>"


def _is_time(value: Any) -> bool:
    return isinstance(value, str) and _TIME.fullmatch(value) is not None


def _decimal(number: float) -> str:
    """With all of its digits, and without the exponent that decimal numbers of XML do not have."""
    text = repr(number)
    return np.format_float_positional(number, trim="0") if "e" in text else text
