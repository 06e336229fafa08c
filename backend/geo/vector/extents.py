"""Where features lie, for whoever looks for what two sources have in common."""

import shapely

from backend.geo.geodesy.crs import code_of
from backend.geo.vector.features import Features

type Extent = tuple[float, float, float, float]
"""West, south, east, north."""


def extents_apart(first: Features, second: Features) -> str | None:
    """The extents of features in one CRS, for people, where they do not even meet; None where they do."""
    if not (first.present.any() and second.present.any()):
        return None
    extents = _extent(first), _extent(second)
    if _meet(*extents):
        return None
    told = " and ".join("[" + ", ".join(f"{edge:.10g}" for edge in extent) + "]" for extent in extents)
    return f"{told} in {code_of(first.crs)}"


def meet_turned(first: Features, second: Features) -> bool:
    """Whether the extents would meet if y stood before x in the second."""
    west, south, east, north = _extent(second)
    return _meet(_extent(first), (south, west, north, east))


def _extent(features: Features) -> Extent:
    west, south, east, north = shapely.total_bounds(features.shapes).tolist()
    return west, south, east, north


def _meet(first: Extent, second: Extent) -> bool:
    return all(first[at] <= second[at + 2] and second[at] <= first[at + 2] for at in (0, 1))
