"""Features: geometries with their attributes, in one coordinate reference system."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Self, cast

import numpy as np
import shapely
from pyproj import CRS
from shapely.geometry.base import BaseGeometry

from backend.geo.geodesy.crs import CRS84, Transformation, code_of
from backend.geo.geodesy.ellipsoid import Booleans, Integers
from backend.geo.geodesy.shapes import Shapes, without_measures
from backend.geo.vector.globe import on_the_globe
from backend.geo.vector.number_columns import rows_of

type Row = dict[str, Any]

LONLAT = "plane of longitude and latitude; edges straight in it (RFC 7946)"


@dataclass(frozen=True, slots=True)
class Features:
    """Geometries, valid and finite, and a column of JSON values for each of their fields."""

    shapes: Shapes
    """x (longitude, easting) before y, perhaps with heights; None for a feature without a geometry.

    In CRS84 within [-180, 180] × [-90, 90], split at the antimeridian.
    """
    fields: Mapping[str, Sequence[Any]] = field(default_factory=dict[str, Sequence[Any]])
    """Field name → one value for each feature; None where it has none."""
    crs: CRS = CRS84
    """Of the geometries: that in which they came, so that measuring in its plane is exact."""
    warnings: tuple[str, ...] = ()
    """What was repaired, ignored, or may have been meant otherwise."""
    noise: float = 0.0
    """Units of the CRS by which places may be off, as they were written in another; 0 where they are as they came."""

    def __len__(self) -> int:
        return len(self.shapes)

    @property
    def plane(self) -> str:
        """The plane in which overlays and predicates on these geometries work, for people."""
        return f"plane of {code_of(self.crs)} ({self.crs.name})" if self.crs.is_projected else LONLAT

    @property
    def present(self) -> Booleans:
        """Which features have a geometry that is not empty."""
        return ~(shapely.is_missing(self.shapes) | shapely.is_empty(self.shapes))

    def rows(self) -> Iterator[Row]:
        """The attributes of each feature."""
        if not self.fields:
            return ({} for _ in range(len(self)))
        names = list(self.fields)
        return (dict(zip(names, values, strict=True)) for values in zip(*self.fields.values(), strict=True))

    def take(self, chosen: Integers | Booleans) -> Self:
        """The features of these indices, in their order, or for which the mask is true."""
        index = np.flatnonzero(chosen) if chosen.dtype == np.bool_ else cast("Integers", chosen)
        fields = {name: rows_of(column, index) for name, column in self.fields.items()}
        return replace(self, shapes=self.shapes[index], fields=fields)

    def with_shapes(self, shapes: Shapes) -> Self:
        """Other geometries, in the same CRS, with the same attributes."""
        return replace(self, shapes=shapes)

    def with_fields(self, fields: Mapping[str, Sequence[Any]]) -> Self:
        """The same features with these fields more; of equal names the new ones count."""
        return replace(self, fields={**self.fields, **fields})

    def warned(self, *warnings: str) -> Self:
        """The same with warnings more, each said once."""
        return replace(self, warnings=tuple(dict.fromkeys((*self.warnings, *warnings))))

    def unmeasured(self) -> Self:
        """The same without measures (M) of positions, which no process takes and few formats hold; told if any."""
        shapes, count = without_measures(self.shapes)
        if not count:
            return self
        return self.with_shapes(shapes).warned(f"The measures (M) of {count} geometries were left out.")

    def in_crs(self, crs: CRS) -> Self:
        """The same features in another CRS, by the best way known; their vertices are transformed, edges stay straight.

        Raises:
            ProcessRefusedError: a position has no place there.
        """
        if crs == self.crs:
            return self
        way = self.way_to(crs)
        shapes = way.shapes(self.shapes)
        if crs == CRS84:
            shapes = on_the_globe(shapes, self.shapes, way)
        return replace(self, shapes=shapes, crs=crs, noise=0.0).warned(*way.warnings)

    def lonlat(self) -> Self:
        """The same in OGC:CRS84."""
        return self.in_crs(CRS84)

    def way_to(self, crs: CRS) -> Transformation:
        """The best way known to another CRS, where the features are."""
        return Transformation.between(self.crs, crs, self._degrees())

    def _degrees(self) -> tuple[float, float, float, float] | None:
        """West, south, east, north, for the choice of a transformation; None where that cannot be said."""
        if not self.present.any():
            return None
        west, south, east, north = (float(edge) for edge in shapely.total_bounds(self.shapes))
        if self.crs == CRS84:
            return west, south, east, north
        # Degrees too may be counted from another meridian than Greenwich's.
        corners = Transformation.between(self.crs, CRS84).transformer.transform_bounds(west, south, east, north)
        return corners if np.isfinite(corners).all() else None


def no_geometry(features: Features) -> str:
    """What is told of features of which none has a geometry."""
    return f"there is no feature with a geometry{points_hint(features)}"


def points_hint(features: Features) -> str:
    """How features without geometries get some; nothing where they have no fields for it."""
    return "; assign-crs makes points of fields that hold coordinates" if len(features.fields) > 1 else ""


def single(features: Features) -> BaseGeometry:
    """All geometries as one: the geometry itself of one feature, else a collection of them."""
    shapes = features.shapes[features.present]
    return shapes[0] if len(shapes) == 1 else shapely.GeometryCollection(shapes.tolist())
