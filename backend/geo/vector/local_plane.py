"""A plane for constructions that need one: that of the features' projected CRS, or one centred on them."""

from dataclasses import dataclass
from typing import Literal, Self

import numpy as np
import shapely
from pyproj import CRS, Proj

from backend.errors import ProcessRefusedError
from backend.geo.geodesy.antimeridian import around_pole, collect, common_box, flat_parts, the_short_way, wrap
from backend.geo.geodesy.crs import CRS84, metres_per_unit
from backend.geo.geodesy.ellipsoid import Array
from backend.geo.geodesy.shapes import Shapes, batches
from backend.geo.vector.features import Features

type Projection = Literal["aeqd", "laea"]
NAMES: dict[Projection, str] = {
    "aeqd": "azimuthal equidistant",
    "laea": "Lambert azimuthal equal-area",
}
EDGE = 1e-5
"""Share of its length by which an edge may leave the plane's straight line, once it is straight in longitude and
latitude."""
BOW = 4e-6
"""The same, as a share of the side of a cell, for cells of one size."""
RADIUS = 6_371_000.0
_BATCH = 2**15
"""Vertices that come back at a time."""
NEAR_POLE = 89.5


@dataclass(frozen=True, slots=True)
class LocalPlane:
    """A plane in metres or in a projected CRS's unit, and the way there and back."""

    crs: CRS
    """Of what comes and goes: CRS84, or the projected CRS itself."""
    local: Proj | None
    """None where the CRS is the plane."""
    decision: str
    """Which plane it is, for people."""
    unit: float
    """Metres of one unit."""

    @classmethod
    def around(cls, features: Features, projection: Projection) -> Self:
        """The plane for features: their own, or, of longitude and latitude, a projection centred on their extent."""
        if features.crs != CRS84:
            return cls(features.crs, None, features.plane, metres_per_unit(features.crs) or 1.0)
        west, south, east, north = common_box(features.shapes)
        east = east + 360 if east < west else east
        centre = (west + east) / 2 if east - west < 360 else 0.0, (south + north) / 2
        longitude = (centre[0] + 180) % 360 - 180
        local = Proj(proj=projection, lon_0=longitude, lat_0=centre[1], ellps="WGS84")
        told = f"{NAMES[projection]} plane on WGS 84 centred on ({longitude:.6g}, {centre[1]:.6g})"
        return cls(CRS84, local, told, 1.0)

    def flat(self, shapes: Shapes) -> Shapes:
        """Geometries in the plane; their vertices are transformed."""
        return shapes if self.local is None else shapely.transform(shapes, self.places)

    def places(self, positions: Array) -> Array:
        """Positions, n × 2, in the plane."""
        return positions if self.local is None else np.column_stack(self.local(positions[:, 0], positions[:, 1]))

    def back(self, shapes: Shapes, longest: float | None = None) -> Features:
        """Geometries of the plane as features without fields. The array is the features' from then on.

        longest: in metres, of an edge that is not to be bent; longer ones are cut so that they stay where they are.
        """
        local = self.local
        if local is None:
            return Features(shapes, crs=self.crs)
        # What has come back takes the place of what goes: both together would take twice the memory.
        for some in batches(shapes, _BATCH):
            cut = some if longest is None else shapely.segmentize(some, longest)
            some[:] = shapely.transform(cut, lambda at: np.column_stack(local(at[:, 0], at[:, 1], inverse=True)))
        return Features(_split(shapes))

    def longest_edge(self, latitude: float, side: float | None = None) -> float:
        """Metres of an edge that stays straight to EDGE when it becomes straight in longitude and latitude.

        side: in metres, of the cells that the edge is of: it stays straight to BOW of that instead.
        """
        steepness = max(np.tan(np.radians(min(abs(latitude), NEAR_POLE))), 0.1)
        return float(8 * RADIUS * EDGE / steepness if side is None else np.sqrt(8 * RADIUS * BOW * side / steepness))


def _split(shapes: Shapes) -> Shapes:
    """What crosses the antimeridian, whose longitudes jump there, is split; a cell with a pole in it goes up to it."""
    bounds = shapely.bounds(shapes)
    for index in np.flatnonzero(bounds[:, 2] - bounds[:, 0] > 180).tolist():
        try:
            shapes[index] = wrap(collect(the_short_way(part) for part in flat_parts(shapes[index])))
        except ProcessRefusedError:
            shapes[index] = around_pole(shapely.get_coordinates(shapes[index]))
    return shapes
