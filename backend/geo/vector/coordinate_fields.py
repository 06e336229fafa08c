"""Which fields of a table hold the coordinates of points, by their names."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

LONGITUDES = ("longitude", "lon", "lng", "long", "x", "easting", "east")
LATITUDES = ("latitude", "lat", "y", "northing", "north")
_PAIRS = (
    ("xcoord", "ycoord"),
    ("rechtswert", "hochwert"),
    ("ostwert", "nordwert"),
    ("längengrad", "breitengrad"),
    ("laengengrad", "breitengrad"),
    ("longitud", "latitud"),
)
"""Names by which programs and survey offices write x and y."""
_TWINS = {"x": "y", "e": "n", "east": "north", "easting": "northing", "eastings": "northings", "ost": "nord"}
"""Words for x and for y, each beside one of the words below, as in `X-Koordinate` and `Y-Koordinate`; but for
`eastings` none of them alone: `E` may be anything."""
_ALONE = frozenset({"eastings"})
_BESIDE = frozenset((
    "coord", "coords", "coordinate", "coordinates", "coor", "koord", "koordinate", "koordinaten", "koor", "point",
    "utm", "wgs", "etrs", "gk", "lv", "rd", "lambert", "epsg", "centroid", "center", "centre", "geo", "gps", "m", "deg",
))  # fmt: skip
_WORDS = re.compile(r"[a-z]+|[A-Z](?:[a-z]+|[A-Z]*(?![a-z]))")
"""Of a name such as `stop_lon` or `decimalLongitude`."""


def coordinate_fields(columns: Mapping[str, Any]) -> tuple[str, str] | None:
    """The names of the fields that are taken for x (longitude) and y of points; None where there are none."""
    x, y = (named(columns, words) for words in (LONGITUDES, LATITUDES))
    if x is None or y is None:
        x, y = (_with_word(columns, words[:3]) for words in (LONGITUDES, ("latitude", "lat")))
    if x is not None and y is not None:
        return x, y
    by_name = {name.lower(): name for name in columns}
    written = next((pair for pair in _PAIRS if by_name.keys() >= {*pair}), None)
    return _twins(columns) if written is None else (by_name[written[0]], by_name[written[1]])


def told_of(pair: tuple[str, str]) -> list[str]:
    """What is told of the fields that coordinates were taken from: nothing where none else can be meant."""
    x, y = pair
    if x.lower() in LONGITUDES and y.lower() in LATITUDES:
        return []
    if _with_word(pair, LONGITUDES[:3]) == x:
        return [f"Longitudes were taken from {x!r} and latitudes from {y!r}."]
    return [f"The x of points were taken from {x!r} and y from {y!r}."]


def named(columns: Mapping[str, Any], names: Sequence[str]) -> str | None:
    """The field that has the first of these names that there is, in whatever case."""
    by_name = {name.lower(): name for name in columns}
    return next((by_name[name] for name in names if name in by_name), None)


def _with_word(names: Mapping[str, Any] | Sequence[str], words: Sequence[str]) -> str | None:
    """The only field with one of these words in its name; None where several have one."""
    found = [name for name in names if set(words) & set(_words(name))]
    return found[0] if len(found) == 1 else None


def _twins(columns: Mapping[str, Any]) -> tuple[str, str] | None:
    """The only two names that are the same but for the words for x and y; None where several are."""
    by_words = {tuple(_words(name)): name for name in columns}
    found: list[tuple[str, str]] = []
    for words, name in by_words.items():
        told = [word for word in words if word not in _BESIDE]
        if len(told) != 1 or told[0] not in _TWINS or (len(words) == 1 and told[0] not in _ALONE):
            continue
        twin = by_words.get(tuple(_TWINS.get(word, word) for word in words))
        if twin is not None:
            found.append((name, twin))
    return found[0] if len(found) == 1 else None


def _words(name: str) -> list[str]:
    return [word.lower() for word in _WORDS.findall(name)]
