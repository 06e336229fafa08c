"""Universal Transverse Mercator: zones, bands, and positions written with them."""

import re
from dataclasses import dataclass

from pyproj import Proj

from backend.errors import refuse

BANDS = "CDEFGHJKLMNPQRSTUVWX"
"""Letters of 8° of latitude from 80° S; the last has 12."""
_ROUNDED = 0.01
"""Degrees."""
_DECIMALS = r"(?:[.,]\d+)?"
_BEFORE = r"(?:{}\s*[:=]?\s*)?"
POSITION = re.compile(
    rf"(?:utm\s*)?(?:zone\s*)?(?P<zone>\d{{1,2}})\s*(?P<letter>[A-Z]|north|south)\b[\s,;:]*"
    rf"{_BEFORE.format('(?P<before>[EN])')}(?P<first>\d{{5,8}}{_DECIMALS})\s*(?:m\s*)?(?P<axis>[EN])?[\s,;]+"
    rf"{_BEFORE.format('[EN]')}(?P<second>\d{{1,8}}{_DECIMALS})\s*(?:m\s*)?[EN]?",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class UtmPosition:
    """A position as it was written, and where that is."""

    longitude: float
    latitude: float
    crs: str
    other: tuple[float, float] | None = None
    """Where it is if `S` is not the southern hemisphere but the band from 32° to 40° N."""


@dataclass(frozen=True, slots=True)
class Grid:
    """The plane of a zone on WGS 84, or of a polar area (zone 0: Universal Polar Stereographic)."""

    zone: int
    south: bool

    @property
    def code(self) -> str:
        """Of its CRS."""
        if self.zone == 0:
            return "EPSG:5042" if self.south else "EPSG:5041"
        return f"EPSG:{(32700 if self.south else 32600) + self.zone}"

    def lonlat(self, easting: float, northing: float) -> tuple[float, float]:
        """Longitude and latitude of a position."""
        # A projection on the same datum: looking for the best operation would take a hundred times as long.
        name = {"proj": "utm", "zone": self.zone} if self.zone else {"proj": "ups"}
        plane = Proj(**name, south=self.south, ellps="WGS84")  # pyright: ignore[reportArgumentType]  # takes PROJ's words
        longitude, latitude = plane(easting, northing, inverse=True)
        return float(longitude), float(latitude)


def read_utm(text: str) -> UtmPosition | None:
    """The position of a text such as `32N 691608 5334764` or `32 U 691608 E 5334764 N`; None where it has another form.

    Raises:
        ProcessRefusedError: it has the form, but no such place.
    """
    found = POSITION.fullmatch(text.strip())
    if found is None:
        return None
    zone, letter = int(found["zone"]), found["letter"].upper()
    if not 1 <= zone <= 60:
        refuse(f"there is no UTM zone {zone}: zones are 1 to 60")
    first, second = (float(found[name].replace(",", ".")) for name in ("first", "second"))
    axis = found["before"] or found["axis"] or ""
    easting, northing = (second, first) if axis.upper() == "N" else (first, second)
    if not 100_000 <= easting <= 900_000 or northing > 10_000_000:
        refuse(f"easting {easting:.10g}, northing {northing:.10g} is outside UTM: is the order easting, northing?")
    return _located(zone, letter, easting, northing)


def _located(zone: int, letter: str, easting: float, northing: float) -> UtmPosition:
    if letter in ("N", "NORTH", "S", "SOUTH"):
        grid = Grid(zone, south=letter.startswith("S"))
        other = Grid(zone, south=False).lonlat(easting, northing)
        # The letter S is also the band from 32° to 40° N.
        is_band = letter == "S" and _is_within(other[1], letter)
        return UtmPosition(*grid.lonlat(easting, northing), grid.code, other if is_band else None)
    if letter not in BANDS:
        refuse(f"there is no UTM band {letter}: bands are {BANDS[0]} to {BANDS[-1]} without I and O")
    grid = Grid(zone, south=letter < "N")
    longitude, latitude = grid.lonlat(easting, northing)
    if not _is_within(latitude, letter):
        south, north = band_edges(letter)
        refuse(
            f"northing {northing:.10g} is at latitude {latitude:.4f}, but band {letter} goes from {south}° to {north}°"
        )
    return UtmPosition(longitude, latitude, grid.code)


def _is_within(latitude: float, band: str) -> bool:
    """Whether it lies in the band, or beside its edge by no more than positions are rounded."""
    south, north = band_edges(band)
    return south - _ROUNDED <= latitude <= north + _ROUNDED


def band_edges(letter: str) -> tuple[int, int]:
    """Southern and northern latitude of a band."""
    south = -80 + 8 * BANDS.index(letter)
    return south, south + (12 if letter == "X" else 8)
