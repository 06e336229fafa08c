"""The codes of coordinate reference systems that people call by their names."""

import re
import unicodedata
from collections.abc import Sequence

from pyproj.database import query_crs_info
from pyproj.enums import PJType

MOST_TOLD = 4
LONGEST = 60
"""Characters of a name."""
_ELSEWHERE = {"web mercator": "pseudo-mercator", "google mercator": "pseudo-mercator", "plate carree": "wgs 84"}
_PLAIN = re.compile(r"[^\W\d_][\w\s/()'.,-]*")
_ZONE = re.compile(r"(\d)\s+([ns])\b")
_LETTERS = re.compile(r"[^\W\d_]{2}")
_WORDS = re.compile(r"[^\W_]+")
_COMMON = ("WGS 84", "ETRS89 ", "NAD83 ")
"""How the names begin of those that are most likely meant where there are many."""


def codes_of_name(text: str) -> Sequence[str]:
    """Of the EPSG's systems those in whose name all words of a text begin some word, each as `CODE (name)`."""
    if len(text) > LONGEST or not _PLAIN.fullmatch(text.strip()):
        return ()
    wanted = _words(_ELSEWHERE.get(" ".join(_words(text)), text))
    if not any(_LETTERS.search(word) for word in wanted):
        return ()
    kinds = [PJType.PROJECTED_CRS, PJType.GEOGRAPHIC_2D_CRS]
    # One that is meant for several areas is told once for each.
    every = {(one.name, one.code) for one in query_crs_info("EPSG", kinds)}
    found = [(name, code) for name, code in every if _holds(_words(name), wanted)]
    found.sort(key=lambda one: (_rank(one[0]), len(one[0]), one))
    return [f"EPSG:{code} ({name})" for name, code in found[:MOST_TOLD]]


def _rank(name: str) -> int:
    return next((at for at, start in enumerate(_COMMON) if name.startswith(start)), len(_COMMON))


def _holds(words: Sequence[str], wanted: Sequence[str]) -> bool:
    return all(any(word.startswith(one) for word in words) for one in wanted)


def _words(text: str) -> Sequence[str]:
    """Without accents, in small letters; the zone `33 N` is one word, as in the names."""
    letters = unicodedata.normalize("NFKD", text.casefold())
    plain = "".join(letter for letter in letters if not unicodedata.combining(letter))
    return _WORDS.findall(_ZONE.sub(r"\1\2", plain))
