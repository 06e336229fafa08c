"""Reads what a person gives as coordinates: positions, or geometries and features of any kind."""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from pyproj import CRS

from backend.errors import refuse
from backend.geo.geodesy.crs import CRS84, code_of
from backend.geo.geodesy.shapes import shapes_of
from backend.geo.places.coordinates import points
from backend.geo.vector.datasets import DatasetFile
from backend.geo.vector.feature_reading import read_features
from backend.geo.vector.features import Features
from backend.geo.vector.wkt import read_wkt, told_crs

MOST_POSITIONS = 1_000_000
_NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
_POSITION = re.compile(rf"\s*[\[(]?\s*({_NUMBER})\s*[,\s]\s*({_NUMBER})(?:\s*[,\s]\s*({_NUMBER}))?\s*[\])]?\s*")
_LETTER = re.compile(r"[A-Za-z]{2}")


@dataclass(frozen=True, slots=True)
class CoordinatesInput:
    """What is to be transformed."""

    features: Features
    """As they stand, not repaired, in the order in which they were given."""
    form: str
    """`position` (one), `positions`, or `geometries`."""


def read_coordinates(value: Any, crs: CRS | None = None) -> CoordinatesInput:
    """Read [x, y], a list of those, lines of `x y`, WKT, GeoJSON, CSV, KML, GPX, or a file: a dataset, or its bytes.

    crs: of coordinates that do not tell theirs; OGC:CRS84 by default.

    Raises:
        ProcessRefusedError: it cannot be read, or tells another CRS than the given one.
    """
    if isinstance(value, str) and not _LETTER.search(value):
        return _of_lines(value, crs or CRS84)
    if isinstance(value, list | tuple):
        return _of_positions(cast("Sequence[Any]", value), crs or CRS84)
    if isinstance(value, str) and "\n" not in value.strip() and not value.lstrip().startswith(("[", "{", "<")):
        told = told_crs(value)
        _check_alike(told, crs)
        return CoordinatesInput(Features(shapes_of([read_wkt(value)]), crs=told or crs or CRS84), "geometries")
    features = _raw_file(value, crs) if isinstance(value, DatasetFile | bytes) else read_features(value, crs)
    if crs is not None and not _brought_to_lonlat(features, crs):
        _check_alike(features.crs, crs)
    return CoordinatesInput(features, "geometries")


def _check_alike(told: CRS | None, given: CRS | None) -> None:
    if told is not None and given is not None and told != given:
        refuse(f"the coordinates are in {code_of(told)}, as they themselves tell, not in {code_of(given)}")


def _brought_to_lonlat(features: Features, crs: CRS) -> bool:
    """Reading brings degrees of any datum to WGS 84."""
    return features.crs == CRS84 and crs.is_geographic


def _raw_file(file: DatasetFile | bytes, crs: CRS | None) -> Features:
    from backend.geo.vector.vector_files import read_file  # noqa: PLC0415  # GDAL is for workers

    return read_file(file, crs)


def _of_lines(text: str, crs: CRS) -> CoordinatesInput:
    lines = [line for line in re.split(r"[;\n]", text) if line.strip()]
    if not lines:
        refuse("there are no coordinates")
    positions: list[list[float]] = []
    for line in lines:
        found = _POSITION.fullmatch(line)
        if found is None:
            refuse(
                f"{line.strip()[:60]!r} is no pair of numbers: give 'x y' or [x, y]; degrees, minutes and seconds, UTM "
                "and MGRS are read by parse-coordinates"
            )
        positions.append([float(number) for number in found.groups() if number is not None])
    return _of_positions(positions[0] if len(positions) == 1 else positions, crs)


def _of_positions(value: Sequence[Any], crs: CRS) -> CoordinatesInput:
    if not value:
        refuse("there are no coordinates")
    single = not isinstance(value[0], list | tuple | Mapping)
    positions: Sequence[Any] = [value] if single else value
    if len(positions) > MOST_POSITIONS:
        refuse(f"{len(positions)} positions are more than {MOST_POSITIONS:,}")
    lengths = {len(cast("Sequence[Any]", item)) if isinstance(item, list | tuple) else 0 for item in positions}
    if not lengths <= {2, 3} or len(lengths) != 1:
        refuse("each position must be [x, y] or [x, y, height], all alike")
    for index, position in enumerate(positions):
        if not all(_is_number(ordinate) for ordinate in position):
            refuse(f"position {index} is not of finite numbers: {str(position)[:60]}")
    shapes = points(np.array(positions, dtype=float))
    return CoordinatesInput(Features(shapes, crs=crs), "position" if single else "positions")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
