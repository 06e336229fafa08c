"""Areas and lengths of many geometries at once, each for itself."""

import numpy as np
import shapely

from backend.errors import ProcessRefusedError
from backend.geo.geodesy.crs import metres_per_unit
from backend.geo.geodesy.ellipsoid import Array, Booleans
from backend.geo.geodesy.measure import by_dimension
from backend.geo.geodesy.shapes import Shapes, flat
from backend.geo.vector.features import Features
from backend.geo.vector.measuring import ground_areas, ground_columns


def areas(features: Features) -> Array:
    """Areas in m² on the WGS 84 ellipsoid; 0 for points and lines."""
    return ground_areas(features)


def lengths(features: Features) -> Array:
    """Lengths of lines in metres on the WGS 84 ellipsoid; 0 for all else."""
    return ground_columns(features).length.astype(np.float64)


def perimeters(features: Features) -> Array:
    """Lengths in metres of the boundaries of polygons on the WGS 84 ellipsoid; 0 for points and lines."""
    return ground_columns(features).perimeter.astype(np.float64)


def planar_areas(features: Features) -> Array:
    """Areas in m² in the plane of the features' projected CRS, by the length of its unit; 0 for points and lines.

    Raises:
        ProcessRefusedError: the features are in degrees.
    """
    return np.nan_to_num(shapely.area(features.shapes)) * _unit(features) ** 2


def planar_lengths(features: Features) -> Array:
    """Lengths of lines in metres in the plane of the features' projected CRS; 0 for points and polygons.

    Raises:
        ProcessRefusedError: the features are in degrees.
    """
    _, _, linear, owners = by_dimension(features.shapes)
    return np.bincount(owners, shapely.length(linear) * _unit(features), len(features)).astype(np.float64)


def overlapping(shapes: Shapes) -> Booleans:
    """Which polygons share some of their inside with another one."""
    index = np.flatnonzero(shapely.get_dimensions(shapes) == 2)
    polygons = shapes[index]
    first, second = shapely.STRtree(polygons).query(polygons, predicate="intersects")
    once = first < second
    first, second = first[once], second[once]
    shared = shapely.relate_pattern(polygons[first], polygons[second], "T********")
    found = np.zeros(len(shapes), dtype=np.bool_)
    found[index[np.concatenate([first[shared], second[shared]])]] = True
    return found


def kinds_of(shapes: Shapes) -> frozenset[str]:
    """The types of the points, lines and polygons of which geometries are made."""
    parts, _ = flat(shapes)
    parts = parts[~shapely.is_empty(parts)]
    _, first = np.unique(shapely.get_type_id(parts), return_index=True)
    return frozenset(part.geom_type for part in parts[first])


def _unit(features: Features) -> float:
    metres = metres_per_unit(features.crs)
    if metres is None:
        raise ProcessRefusedError(
            "the features are in longitude and latitude, whose plane has no metres; area_m2 and length_m are true "
            "areas and lengths on the ellipsoid, whatever the CRS"
        )
    return metres
