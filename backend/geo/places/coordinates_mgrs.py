"""Military Grid Reference System: from a reference to its square.

Source: NGA.STND.0037, Universal Grids and the Transverse Mercator and Polar Stereographic Map Projections (2014), 3.
"""

import re
from dataclasses import dataclass

from backend.errors import refuse
from backend.geo.places.coordinates_utm import Grid, band_edges

REFERENCE = re.compile(
    r"(?:(?P<zone>\d{1,2})\s*(?P<band>[C-HJ-NP-X])|(?P<pole>[ABYZ]))\s*"
    r"(?P<column>[A-HJ-NP-Z])(?P<row>[A-HJ-NP-Z])\s*(?P<digits>\d[\d\s]*)?",
    re.IGNORECASE,
)
_COLUMNS = ("ABCDEFGH", "JKLMNPQR", "STUVWXYZ")
"""Letters of 100 km from west to east, by the zone's number modulo 3."""
_ROWS = "ABCDEFGHJKLMNPQRSTUV"
"""Letters of 100 km from south to north; in zones of even number they begin at F."""
_CYCLE = 2_000_000
"""Metres after which the letters of rows come again."""
_SQUARE_DEGREES = 1.0
"""Of latitude: a little more than 100 km."""
_POLAR_COLUMNS = {"A": "JKLPQRSTUXYZ", "B": "ABCFGHJKLPQR", "Y": "JKLPQRSTUXYZ", "Z": "ABCFGHJ"}
_POLAR_WEST = {"A": 800_000, "B": 2_000_000, "Y": 800_000, "Z": 2_000_000}
_POLAR_ROWS = "ABCDEFGHJKLMNPQRSTUVWXYZ"
_POLAR_SOUTH = {"A": 800_000, "B": 800_000, "Y": 1_300_000, "Z": 1_300_000}


@dataclass(frozen=True, slots=True)
class Square:
    """What a reference names: a square of the grid, by its centre."""

    longitude: float
    latitude: float
    metres: int
    """Length of its side."""
    crs: str


def read_mgrs(text: str) -> Square | None:
    """The square of a reference such as `32U PU 91608 34764`; None where the text has another form.

    Raises:
        ProcessRefusedError: it has the form, but there is no such square.
    """
    found = REFERENCE.fullmatch(text.strip())
    # Three small letters are a word.
    if found is None or (found["pole"] and not found["digits"] and not text.isupper()):
        return None
    digits = re.sub(r"\s", "", found["digits"] or "")
    if len(digits) % 2 or len(digits) > 10:
        refuse(f"{text.strip()!r} has {len(digits)} digits: easting and northing need equally many, at most 5 each")
    half = len(digits) // 2
    metres = 10 ** (5 - half)
    within = (int(digits[:half] or 0) * metres, int(digits[half:] or 0) * metres)
    column, row = found["column"].upper(), found["row"].upper()
    if found["pole"]:
        easting, northing, grid = _polar(found["pole"].upper(), column, row, within)
    else:
        easting, northing, grid = _utm(int(found["zone"]), found["band"].upper(), column, row, within)
    longitude, latitude = grid.lonlat(easting + metres / 2, northing + metres / 2)
    return Square(longitude, latitude, metres, grid.code)


def _utm(zone: int, band: str, column: str, row: str, within: tuple[int, int]) -> tuple[float, float, Grid]:
    if not 1 <= zone <= 60 or (band == "X" and zone in (32, 34, 36)):
        refuse(f"there is no zone {zone}{band}")
    letters = _COLUMNS[(zone - 1) % 3]
    if column not in letters or row not in _ROWS:
        refuse(f"zone {zone} has no squares {column}{row}: the first letter is of {letters}, the second of {_ROWS}")
    easting = (letters.index(column) + 1) * 100_000 + within[0]
    first = (_ROWS.index(row) - (0 if zone % 2 else 5)) % 20 * 100_000 + within[1]
    grid = Grid(zone, south=band < "N")
    south, north = band_edges(band)
    northings = [
        northing
        for northing in range(first, 10_000_000, _CYCLE)
        # A square of 100 km may lie in two bands, and letters come again after 18° only.
        if south - _SQUARE_DEGREES < grid.lonlat(easting, northing)[1] < north + _SQUARE_DEGREES
    ]
    if not northings:
        refuse(f"band {band} of zone {zone} has no squares {column}{row}")
    return float(easting), float(northings[0]), grid


def _polar(pole: str, column: str, row: str, within: tuple[int, int]) -> tuple[float, float, Grid]:
    columns = _POLAR_COLUMNS[pole]
    rows = _POLAR_ROWS if pole in "AB" else _POLAR_ROWS[:14]
    if column not in columns or row not in rows:
        refuse(f"the polar area {pole} has no squares {column}{row}")
    easting = _POLAR_WEST[pole] + columns.index(column) * 100_000 + within[0]
    northing = _POLAR_SOUTH[pole] + rows.index(row) * 100_000 + within[1]
    return float(easting), float(northing), Grid(0, south=pole in "AB")
