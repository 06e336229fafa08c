"""What may be said of each geometry by a word: its size in metres, and where it is."""

import difflib
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

import numpy as np
import shapely

from backend.geo.geodesy.antimeridian import bounding_box
from backend.geo.geodesy.crs import code_of
from backend.geo.geodesy.ellipsoid import Array, Integers
from backend.geo.geodesy.shapes import Shapes
from backend.geo.vector.columns import Column
from backend.geo.vector.feature_measures import areas, lengths, perimeters, planar_areas, planar_lengths
from backend.geo.vector.features import Features

_DISTORTION = 0.01
"""Share by which a plane's measures may be off before it is told."""
_ELSEWHERE = re.compile(r"(?<![a-z])(?:area|length|perimeter)(?![a-z])", re.IGNORECASE)
_ELLIPSOID = "on the WGS 84 ellipsoid, edges straight in {edges}"


@dataclass(frozen=True, slots=True)
class Term:
    """A number for each geometry."""

    values: Callable[[Features], Array]
    how: str
    """The method; `{plane}` stands for the features' plane, `{edges}` for that in which edges are straight, and `{crs}`
    for the code of their CRS."""
    dimension: int | None = None
    """2 where it measures polygons, 1 where lines; None where any geometry has it."""
    true: Callable[[Features], Array] | None = None
    """What it would be on the ellipsoid, of one that is measured in a plane."""

    def method(self, features: Features) -> str:
        """The method for these features."""
        edges = f"the {features.plane}" if features.crs.is_projected else "longitude and latitude"
        return self.how.format(plane=features.plane, edges=edges, crs=code_of(features.crs))


def measured(name: str, features: Features) -> tuple[Array, tuple[str, ...]]:
    """A term's numbers, and what a person must know of them.

    Raises:
        ProcessRefusedError: it needs a plane, and the features are in degrees.
    """
    term = TERMS[name]
    values = term.values(features)
    warnings: list[str] = []
    others = features.present & (shapely.get_dimensions(features.shapes) != term.dimension)
    if term.dimension is not None and others.any():
        kind = "polygons" if term.dimension == 2 else "lines"
        warnings.append(f"{int(others.sum())} of {len(features)} features are no {kind}: their {name} is 0.")
    if term.true is not None:
        true = float(np.nansum(term.true(features)))
        off = float(np.nansum(values)) / true - 1 if true else 0.0
        if abs(off) > _DISTORTION:
            warnings.append(
                f"{name} is {off:+.1%} off the true sum on the ellipsoid: {code_of(features.crs)} distorts there."
            )
    return values, tuple(warnings)


@dataclass(frozen=True, slots=True)
class Measured:
    """A term of all features."""

    column: Column
    method: str
    warnings: tuple[str, ...]


def measured_column(name: str, features: Features) -> Measured:
    """A term as a column; not known of what has no geometry.

    Raises: as `measured`.
    """
    values, warnings = measured(name, features)
    column = Column(np.nan_to_num(values), features.present, "number", name)
    return Measured(column, f"{name}: {TERMS[name].method(features)}", warnings)


def measure_meant(text: str, among: Collection[str]) -> str | None:
    """The one among these terms that a name of other programs stands for, such as $area, ST_Length or shape_area."""
    close = difflib.get_close_matches(text, among, n=1)
    if close:
        return close[0]
    found = _ELSEWHERE.search(text)
    return {"area": "area_m2", "length": "length_m", "perimeter": "perimeter_m"}[found[0].casefold()] if found else None


def _x(features: Features) -> Array:
    x = shapely.get_x(_centroids(features))
    return x if features.crs.is_projected else np.where(x > 180, x - 360, x)


def _y(features: Features) -> Array:
    return shapely.get_y(_centroids(features))


def _centroids(features: Features) -> Shapes:
    """In the plane; of what lies on both sides of the antimeridian with longitudes up to 360. None of nothing."""
    shapes = features.shapes.copy()
    shapes[~features.present] = None
    if not features.crs.is_projected:
        split = _over_antimeridian(shapes)
        shapes[split] = shapely.transform(shapes[split], _eastward)
    return shapely.centroid(shapes)


def _over_antimeridian(shapes: Shapes) -> Integers:
    """What lies on both sides of the antimeridian, as its narrowest box goes over it."""
    bounds = shapely.bounds(shapes)
    wide = np.flatnonzero(bounds[:, 2] - bounds[:, 0] > 180)
    boxes = [bounding_box(shape) for shape in shapes[wide].tolist()]
    return wide[[west > east for west, _, east, _ in boxes]]


def _eastward(coordinates: Array) -> Array:
    return np.column_stack(
        [np.where(coordinates[:, 0] < 0, coordinates[:, 0] + 360, coordinates[:, 0]), coordinates[:, 1:]]
    )


TERMS: Mapping[str, Term] = {
    "area_m2": Term(areas, f"square metres {_ELLIPSOID}", 2),
    "length_m": Term(lengths, f"metres of lines {_ELLIPSOID}", 1),
    "perimeter_m": Term(perimeters, f"metres around polygons, holes too, {_ELLIPSOID}", 2),
    "planar_area_m2": Term(planar_areas, "square metres in the {plane}", 2, areas),
    "planar_length_m": Term(planar_lengths, "metres of lines in the {plane}", 1, lengths),
    "x": Term(_x, "easting or longitude of the centroid in {crs}"),
    "y": Term(_y, "northing or latitude of the centroid in {crs}"),
}
MEASURES = tuple(name for name, term in TERMS.items() if term.dimension is not None)
"""Those that mean the same whatever the CRS of other numbers beside them."""
