"""Whether the lengths and areas of a query are those on the ground."""

import re
from collections.abc import Sequence

import shapely

from backend.geo.analysis.sql_checking import IN_UNITS
from backend.geo.geodesy.crs import code_of
from backend.geo.geodesy.ground import ground_of
from backend.geo.vector.features import Features

_FUNCTION = re.compile(r"\bst_\w+")


def untrue_lengths(query: str, layers: Sequence[Features]) -> tuple[str, ...]:
    """A warning where a query measures in a projected CRS whose lengths are off over the extent of the layers.

    Layers are in one CRS; functions on the ellipsoid are for longitude and latitude, which have no such plane.
    """
    measuring = sorted(set(_FUNCTION.findall(query.lower())) & IN_UNITS)
    crs = layers[0].crs
    bounds = [shapely.total_bounds(layer.shapes[layer.present]) for layer in layers if layer.present.any()]
    if not (measuring and bounds and crs.is_projected):
        return ()
    west, south = (float(min(box[at] for box in bounds)) for at in (0, 1))
    east, north = (float(max(box[at] for box in bounds)) for at in (2, 3))
    ground = ground_of(crs, (west, south, east, north))
    if ground.planar:
        return ()
    told = (
        f"{', '.join(measuring)} count in the plane of {code_of(crs)}, where lengths are {ground.error} from those on "
        "the ground: geometry-measure tells true ones, and a projected CRS made for the place has them."
    )
    return (told,)
