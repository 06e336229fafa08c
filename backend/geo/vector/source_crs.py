"""Takes features from longitude and latitude back to the CRS in which they stood before they were written."""

from dataclasses import replace

import numpy as np
import shapely
from pyproj import CRS

from backend.geo.geodesy.crs import CRS84, Transformation, metres_per_unit
from backend.geo.geodesy.ellipsoid import Array
from backend.geo.geodesy.shapes import POLYGONAL, Shapes, of_type
from backend.geo.vector.features import Features

SOURCE_CRS = "source_crs"
"""Member of our own FeatureCollections: the CRS in which the coordinates stood before they became longitude and
latitude for GeoJSON. Whoever reads them again takes them back there."""
ROUNDED = 1e-6
"""Metres by which they may be beside their places then: some digits of degrees more than there are."""
_BESIDE = 1.0
"""Metres between ways there and back beyond which these are not of one change of datums, or of one turn."""
_SAMPLE = 1000
_POLE = 90.0
_SLIT = 0.001
"""Metres."""


def taken_back(features: Features, crs: CRS) -> Features:
    """Features in longitude and latitude where they stood in a CRS, but for rounding.

    The way back of a change of datums is that of the way there but for a millimetre or so, where it is calculated with
    small angles (EPSG guidance note 7-2, 4.3.3). So what is found is corrected by how far it comes back beside itself.

    Raises:
        ProcessRefusedError: a position has no place there.
    """
    back = features.way_to(crs)
    found = features.in_crs(crs)
    unit = metres_per_unit(crs)
    if unit is None or not features.present.any():
        return found
    there = found.way_to(CRS84)
    vertices = shapely.get_coordinates(found.shapes)
    some = vertices[:: max(1, len(vertices) // _SAMPLE)]
    if np.abs(_beside(some, there, back, unit)).max() * unit > ROUNDED:
        made = shapely.transform(
            found.shapes,
            lambda at: np.column_stack([at[:, :2] + _beside(at[:, :2], there, back, unit), *at[:, 2:].T]),
            include_z=bool(shapely.has_z(found.shapes).any()),
        )
        found = found.with_shapes(made)
    return replace(_closed_at_poles(found, features.shapes, unit), noise=ROUNDED / unit)


def _closed_at_poles(found: Features, lonlat: Shapes, unit: float) -> Features:
    """Without the slit to a pole, narrower than a millimetre, at which polygons with it inside were opened."""
    _, south, _, north = shapely.bounds(lonlat).T
    opened = np.flatnonzero(((south == -_POLE) | (north == _POLE)) & of_type(lonlat, *POLYGONAL))
    if not opened.size:
        return found
    shapes = found.shapes.copy()
    wider = shapely.buffer(shapes[opened], _SLIT / unit, join_style="mitre")
    shapes[opened] = shapely.buffer(wider, -_SLIT / unit, join_style="mitre")
    return found.with_shapes(shapes)


def _beside(vertices: Array, there: Transformation, back: Transformation, unit: float) -> Array:
    """How far places lie from where they come back to; nothing where that is another turn of the globe."""
    missing = vertices - back.positions(there.positions(vertices))
    return np.where(np.abs(missing) * unit < _BESIDE, missing, 0.0)
