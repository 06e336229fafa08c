"""The packaged gazetteer: places of 15,000 inhabitants and more, and countries, by any of their names."""

import csv
import difflib
import json
import lzma
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Self, cast

from backend.geo.places.place_names import plain_name

DATA = Path(__file__).parents[2] / "data"
OTHER_NAME = 0.2
"""How much of its inhabitants a place counts that is found by another name than that in common use in English."""
_LONGEST_QUALIFIER = 4
"""Words of a state or country behind a name: `United States of America`."""
COMPARABLE = 0.1
"""A place whose weight is at least this share of the best one's may be the one that is meant."""


@dataclass(frozen=True, slots=True)
class Place:
    """A place or country that has the name."""

    name: str
    kind: Literal["place", "country"]
    country_code: str | None
    """ISO 3166-1 alpha-2; None for the few that have none."""
    region: str | None
    """The state, of places in the United States."""
    region_code: str | None
    population: int
    longitude: float
    latitude: float
    by_other_name: bool
    bbox: tuple[float, float, float, float] | None = None
    """West, south, east, north of a country."""

    @property
    def weight(self) -> float:
        """By which those of one name are ranked."""
        return max(self.population, 1) * (OTHER_NAME if self.by_other_name else 1)

    @property
    def label(self) -> str:
        """Name, state and country, for people."""
        if self.kind == "country":
            return self.name
        return ", ".join(part for part in (self.name, self.region, self.country_code) if part)


@dataclass(frozen=True, slots=True)
class Gazetteer:
    """Names and places as they stand in the packaged files; looking a name up searches their text."""

    names: str
    """Lines of key, tab, and plain names between bars."""
    rows: Sequence[str] = field(repr=False)
    """Lines of the table of places, its header first."""

    @classmethod
    def packaged(cls) -> Self:
        """Read the packaged files."""
        names = lzma.decompress((DATA / "names.xz").read_bytes()).decode()
        return cls(names, (DATA / "places.csv").read_text("utf-8").splitlines())

    def named(self, name: str) -> list[Place]:
        """Places and countries of exactly this name but for case, accents and punctuation, the likeliest first."""
        plain = plain_name(name)
        found = [self._place(start, at) for start, at in self._lines(f"|{plain}|")] if plain else []
        found += self.coded(name)
        unique = {(place.kind, place.name, place.longitude, place.latitude): place for place in reversed(found)}
        return sorted(unique.values(), key=lambda place: (-place.weight, place.name))

    def coded(self, text: str) -> list[Place]:
        """The countries of an ISO code in capitals; none of another text."""
        code = text.strip()
        return self._by_code(code) if re.fullmatch(r"[A-Z]{2,3}", code) else []

    def country(self, text: str) -> Place | None:
        """The country of a name or ISO code."""
        code = text.strip().upper()
        found = self._by_code(code) if len(code) in (2, 3) else []
        return next((place for place in [*found, *self.named(text)] if place.kind == "country"), None)

    def similar(self, name: str, count: int = 3) -> list[str]:
        """Names that are written much alike."""
        plain = plain_name(name)
        if len(plain) < 3:
            return []
        low, high = max(len(plain) - 3, 1), len(plain) + 1
        pattern = re.compile(rf"(?<=\|){re.escape(plain[0])}[^|\n]{{{low},{high}}}(?=\|)")
        candidates = list(dict.fromkeys(pattern.findall(self.names)))
        return difflib.get_close_matches(plain, candidates, count, 0.75)

    def similar_countries(self, text: str, count: int = 3) -> list[str]:
        """Countries with a name that is written much alike."""
        countries: dict[str, str] = {}
        for line in self.names.splitlines():
            if line.startswith("{"):
                key, _, names = line.partition("\t")
                countries |= dict.fromkeys(names.strip("|").split("|"), str(json.loads(key)["name"]))
        found = difflib.get_close_matches(plain_name(text), countries, count, 0.75)
        return list(dict.fromkeys(countries[name] for name in found))

    def countries_with(self, text: str) -> list[str]:
        """Countries that have the text as a word, or as several, in one of their names: two have Korea."""
        word = re.compile(rf"[| ]{re.escape(plain_name(text))}[| ]")
        lines = (line.partition("\t") for line in self.names.splitlines() if line.startswith("{"))
        return [str(json.loads(key)["name"]) for key, _, names in lines if plain_name(text) and word.search(names)]

    def states(self) -> frozenset[str]:
        """The plain names of the states of the US, by which places are told apart."""
        rows = csv.reader(row for row in self.rows if ",US," in row)
        return frozenset(map(plain_name, {region for _, code, _, region, *_ in rows if code == "US"}))

    def _lines(self, sought: str) -> Iterator[tuple[int, int]]:
        """Where each line that holds a text begins, and where in it that stands."""
        at = self.names.find(sought)
        while at >= 0:
            yield self.names.rfind("\n", 0, at) + 1, at
            at = self.names.find(sought, at + 1)

    def _place(self, start: int, at: int) -> Place:
        key = self.names[start : self.names.index("\t", start)]
        # The name in common use is the first of its line.
        by_other_name = at > start + len(key) + 1
        if key.startswith("{"):
            return _country(json.loads(key), by_other_name)
        name, code, region_code, region, population, latitude, longitude = next(csv.reader([self.rows[int(key) + 1]]))
        return Place(
            name, "place", code, region or None, region_code or None, int(population), float(longitude),
            float(latitude), by_other_name,
        )  # fmt: skip

    def _by_code(self, code: str) -> list[Place]:
        """The countries of an ISO code, the largest first: islands may have that of the country they belong to."""
        starts = self._lines(f'"iso_a{len(code)}":"{code}"')
        found = [_country(json.loads(self.names[start : self.names.index("\t", start)]), False) for start, _ in starts]
        return sorted(found, key=lambda country: -country.population)


@dataclass(frozen=True, slots=True)
class Found:
    """What a text may mean."""

    candidates: Sequence[Place]
    """The likeliest first; none where nothing has the name."""
    ambiguous: bool
    """Another candidate elsewhere is of comparable weight."""


def find_place(gazetteer: Gazetteer, text: str, country_code: str | None = None) -> Found:
    """Look up a text such as `Paris`, `Paris, France`, `Paris France` or `Springfield, IL, USA`.

    country_code: of the country in which the place must be.
    """
    candidates = gazetteer.named(text)
    if not candidates:
        candidates = next(filter(None, (_qualified(gazetteer, *reading) for reading in _readings(text))), list[Place]())
    if country_code is not None:
        candidates = [place for place in candidates if place.country_code == country_code]
    # Towns are found by codes of airports too.
    coded = len(candidates) > 1 and candidates[0].kind == "place" and bool(gazetteer.coded(text))
    return Found(candidates, coded or _is_ambiguous(candidates))


def _readings(text: str) -> Iterator[tuple[str, Sequence[str]]]:
    """A name, and what tells which of that name is meant: behind commas or, where there is none, the last words."""
    if "," in text:
        name, *qualifiers = (part.strip() for part in text.split(","))
        yield name, [qualifier for qualifier in qualifiers if qualifier]
        return
    words = text.split()
    for count in range(1, min(len(words), _LONGEST_QUALIFIER + 1)):
        yield " ".join(words[:-count]), [" ".join(words[-count:])]


def _qualified(gazetteer: Gazetteer, name: str, qualifiers: Sequence[str]) -> list[Place]:
    return [
        place
        for place in gazetteer.named(name)
        if all(_qualifies(gazetteer, place, qualifier) for qualifier in qualifiers)
    ]


def _qualifies(gazetteer: Gazetteer, place: Place, qualifier: str) -> bool:
    regions = {plain_name(name) for name in (place.region, place.region_code) if name}
    if plain_name(qualifier) in regions:
        return True
    country = gazetteer.country(qualifier)
    return country is not None and country.country_code == place.country_code


def _is_ambiguous(candidates: Sequence[Place]) -> bool:
    if not candidates:
        return False
    best = candidates[0]
    others = [place for place in candidates[1:] if place.weight >= COMPARABLE * best.weight]
    # A capital of its country's name is no other answer.
    return any(not (best.kind == "country" and place.country_code == best.country_code) for place in others)


def _country(told: dict[str, Any], by_other_name: bool) -> Place:
    west, south, east, north = cast("list[float]", told["bbox"])
    return Place(
        told["name"], "country", told["iso_a2"], None, None, told["population"], told["longitude"], told["latitude"],
        by_other_name, (west, south, east, north),
    )  # fmt: skip
