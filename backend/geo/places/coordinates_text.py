"""Positions as people write them: decimal degrees, degrees-minutes-seconds, UTM, MGRS, ISO 6709, geo URIs, WKT."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal
from urllib.parse import unquote

from backend.errors import refuse
from backend.geo.places.coordinates_angles import Angle, read_angles, sexagesimal
from backend.geo.places.coordinates_mgrs import read_mgrs
from backend.geo.places.coordinates_utm import read_utm

type Order = Literal["auto", "latitude-longitude", "longitude-latitude"]
type LonLat = tuple[float, float]

LONGEST = 200
"""Characters of a text that may be a position."""
_WKT = re.compile(r"(?:SRID=4326;)?\s*POINT\s*Z?\s*\(\s*(\S+)\s+([^\s)]+)[^)]*\)", re.IGNORECASE)
_GEO_URI = re.compile(r"geo:\s*([-+\d.]+),([-+\d.]+).*", re.IGNORECASE)
_SEARCH = re.compile(r"geo:\s*0(?:\.0*)?,0(?:\.0*)?(?:[,;][^?]*)?\?(?:.*&)?q=(?P<sought>[^&]*).*", re.IGNORECASE)
"""As programs of mobile phones write a place: no position, but what is to be found, which may be one."""
_SOUGHT = re.compile(r"([-+\d.]+),([-+\d.]+)(?:\(.*)?")
_ISO_6709 = re.compile(r"([-+])(\d{2,6}(?:\.\d+)?)([-+])(\d{3,7}(?:\.\d+)?)(?:[-+]\d+(?:\.\d+)?)?(?:CRS\w+)?/?")


@dataclass(frozen=True, slots=True)
class Written:
    """A position, and how its text was understood."""

    position: LonLat
    """Longitude and latitude in degrees on WGS 84."""
    notation: str
    crs: str | None = None
    """Of the numbers, where they are metres."""
    square: int | None = None
    """Side in metres of the square whose centre the position is."""
    others: tuple[LonLat, ...] = ()
    """What else it may mean."""
    note: str | None = None


def read_position(text: str, order: Order = "auto") -> Written:
    """Read a position.

    order: of two numbers that carry no letters; `auto` takes latitude, longitude unless only the other way is possible.

    Raises:
        ProcessRefusedError: it cannot be read, or is no place on the Earth.
    """
    if len(text) > LONGEST:
        refuse(f"a text of {len(text)} characters is no position")
    plain = " ".join(text.split())
    if not plain:
        refuse("the text is empty")
    readers: Sequence[Callable[[str], Written | None]] = (_wkt, _uri, _iso6709, _mgrs, _utm)
    for read in readers:
        written = read(plain)
        if written is not None:
            return _on_earth(written)
    return _on_earth(_angles(plain, order))


def _wkt(text: str) -> Written | None:
    found = _WKT.fullmatch(text)
    return None if found is None else Written((_number(found[1]), _number(found[2])), "WKT (longitude, latitude)")


def _uri(text: str) -> Written | None:
    search = _SEARCH.fullmatch(text)
    found = _GEO_URI.fullmatch(text) if search is None else _SOUGHT.fullmatch(unquote(search["sought"]))
    if search is not None and found is None:
        refuse(f"{text[:60]!r} asks for a search, and tells no position: geocode finds places by name")
    return None if found is None else Written((_number(found[2]), _number(found[1])), "geo URI (latitude, longitude)")


def _iso6709(text: str) -> Written | None:
    found = _ISO_6709.fullmatch(text)
    if found is None:
        return None
    latitude, longitude = _packed(found[2], 2), _packed(found[4], 3)
    signs = [-1 if sign == "-" else 1 for sign in (found[1], found[3])]
    return Written((signs[1] * longitude, signs[0] * latitude), "ISO 6709 (latitude, longitude)")


def _packed(digits: str, degrees: int) -> float:
    """Degrees, minutes and seconds without anything between them."""
    whole = len(digits.partition(".")[0])
    if whole not in (degrees, degrees + 2, degrees + 4):
        refuse(f"{digits} has neither {degrees}, {degrees + 2} nor {degrees + 4} digits before the point")
    parts = [digits[:degrees], digits[degrees : degrees + 2], digits[degrees + 2 :]]
    if whole == degrees:
        return float(digits)
    if whole == degrees + 2:
        parts = [digits[:degrees], digits[degrees:], "0"]
    return sexagesimal(*map(float, parts))


def _mgrs(text: str) -> Written | None:
    square = read_mgrs(text)
    if square is None:
        return None
    return Written((square.longitude, square.latitude), "MGRS", square.crs, square.metres)


def _utm(text: str) -> Written | None:
    found = read_utm(text)
    if found is None:
        return None
    written = Written((found.longitude, found.latitude), "UTM", found.crs)
    if found.other is None:
        return written
    note = "S was read as the southern hemisphere; it may also be the latitude band from 32° to 40° N."
    return replace(written, others=(found.other,), note=note)


def _angles(text: str, order: Order) -> Written:
    angles, notation = read_angles(text)
    if len(angles) != 2:
        refuse(f"{text[:60]!r} holds {len(angles)} angle{'' if len(angles) == 1 else 's'}: a position needs two")
    first, second = angles
    kinds = {angle.kind for angle in angles if angle.kind}
    if first.kind and first.kind == second.kind:
        refuse(f"{text[:60]!r} has two {first.kind}s")
    if kinds:
        longitude_first = first.kind == "longitude" or second.kind == "latitude"
        return _with_eastings(first, second, longitude_first, notation)
    return _unmarked(first.degrees, second.degrees, order, notation)


def _with_eastings(first: Angle, second: Angle, longitude_first: bool, notation: str) -> Written:
    longitude, latitude = (first, second) if longitude_first else (second, first)
    written = Written((longitude.degrees, latitude.degrees), notation)
    if not longitude.ambiguous:
        return written
    note = "O was read as east (German Ost); in French, Italian, Portuguese and Spanish it is west."
    return replace(written, others=((-longitude.degrees, latitude.degrees),), note=note)


def _unmarked(first: float, second: float, order: Order, notation: str) -> Written:
    """Two numbers without letters: what neither the range nor the caller decides is told."""
    if order != "auto":
        position = (first, second) if order == "longitude-latitude" else (second, first)
        return Written(position, f"{notation}, {order.replace('-', ', ')} as asked for")
    if abs(first) > 90:
        return Written((first, second), f"{notation}, longitude, latitude: {first:g} can be no latitude")
    if abs(second) > 90:
        return Written((second, first), f"{notation}, latitude, longitude: {second:g} can be no latitude")
    note = "Nothing tells which number is which: read as latitude, longitude; `order` decides."
    others = () if first == second else ((first, second),)
    return Written((second, first), f"{notation}, latitude, longitude assumed", others=others, note=note)


def _on_earth(written: Written) -> Written:
    longitude, latitude = written.position
    if not abs(latitude) <= 90:
        refuse(f"latitude {latitude:.10g} is outside -90 to 90")
    if not abs(longitude) <= 360:
        refuse(f"longitude {longitude:.10g} is outside -180 to 180")
    if abs(longitude) <= 180:
        return written
    return replace(written, position=((longitude + 180) % 360 - 180, latitude))


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        refuse(f"{text[:40]!r} is no number")
