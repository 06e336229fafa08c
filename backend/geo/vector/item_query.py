"""What is asked of the items of a dataset, and what is answered. Light: the server that asks reads no file."""

from dataclasses import dataclass

type Box = tuple[float, float, float, float]
"""West, south, east, north in degrees (OGC:CRS84); west is larger than east where it crosses the antimeridian."""

MOST_PAGE_BYTES = 16 * 2**20
"""Of the features in one answer, as JSON; one feature alone may be larger."""


@dataclass(frozen=True, slots=True)
class ItemsQuery:
    """Some features of a layer, in the order of the file."""

    layer: str | None = None
    """None for the only one."""
    offset: int = 0
    limit: int = 10
    bbox: Box | None = None
    """Features whose geometry meets this box alone."""
    item: int | None = None
    """One feature alone, by its place in the layer: 0 for the first."""


@dataclass(frozen=True, slots=True)
class ItemsPage:
    """Features as GeoJSON in OGC:CRS84."""

    features: bytes
    """A JSON array of Features; the `id` of each is its place in the layer."""
    matched: int
    """Features that were asked for, on all pages."""
    returned: int
    layers: tuple[str, ...]
    """All layers of the file."""
    source_crs: str
    """In which the coordinates stand in the file."""
    warnings: tuple[str, ...]
    """What was repaired or left out when the layer was read."""
