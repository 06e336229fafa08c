"""`geocode`: where places and countries of a name are."""

from collections.abc import Collection, Mapping, Sequence
from typing import Annotated, Any

import shapely
from pydantic import Field

from backend.errors import ProcessRefusedError
from backend.geo.geodesy.shapes import shapes_of
from backend.geo.places.place_names import plain_name
from backend.geo.places.places import Found, Gazetteer, Place, find_place
from backend.geo.vector.collections import feature_collection
from backend.geo.vector.features import Features
from backend.processes.base import Output, process

SOURCE = "GeoNames (CC BY 4.0), places of 15,000 inhabitants and more and capitals; countries by Natural Earth"
METHOD = f"exact name without case and accents, ranked by population; {SOURCE}"
CRS_DECISION = "WGS 84; a place by the point of its centre, a country by that of its label"


@process(
    id="geocode",
    title="Geocode place names",
    keywords=["gazetteer", "place", "city", "town", "country", "location", "coordinates", "vector"],
    toolsets=("core", "place"),
    output=Output(
        id="features",
        title="Features",
        description="A point per name, with country, population, ambiguous and candidates.",
        media_type="application/geo+json",
    ),
    links=[
        {
            "rel": "about",
            "href": "https://download.geonames.org/export/dump/readme.txt",
            "type": "text/html",
            "title": "GeoNames: the data",
        }
    ],
    idempotent=True,
    example={"places": ["München", "Springfield, Illinois", "Kenya"]},
)
def geocode(
    places: Annotated[
        list[Annotated[str, Field(max_length=200)]],
        Field(min_length=1, max_length=1000, description="Names such as Paris, or Paris, France. No addresses."),
    ],
    country: Annotated[str | None, Field(max_length=100, description="Where they are: name or ISO code.")] = None,
    limit: Annotated[int, Field(ge=0, le=50, description="Candidates told beside the likeliest.")] = 5,
) -> Mapping[str, Any]:
    """Find where cities, towns and countries are by name (offline), with population and other candidates."""
    gazetteer = Gazetteer.packaged()
    code = _code(gazetteer, country)
    found = [find_place(gazetteer, text, code) for text in places]
    if not any(item.candidates for item in found):
        raise ProcessRefusedError(_not_found(gazetteer, gazetteer.states(), places[0], country), path="$.inputs.places")
    best = [item.candidates[0] if item.candidates else None for item in found]
    states = gazetteer.states() if any(place is None or place.kind == "country" for place in best) else frozenset[str]()
    warnings = [
        _not_found(gazetteer, states, text, country) for text, place in zip(places, best, strict=True) if place is None
    ]
    warnings += [_ambiguous(text, item) for text, item in zip(places, found, strict=True) if item.ambiguous]
    warnings += [
        f"{text[:60]!r} was taken for the country; it is also a state of the US, of which there is no position here."
        for text, place in zip(places, best, strict=True)
        if place is not None and place.kind == "country" and code is None and plain_name(text) in states
    ]
    features = Features(
        shapes_of(None if place is None else shapely.Point(place.longitude, place.latitude) for place in best),
        _columns(places, best, found, limit),
    )
    return feature_collection(
        features,
        method=METHOD,
        crs_decision=CRS_DECISION,
        warnings=warnings,
        found=sum(place is not None for place in best),
        not_found=[text for text, place in zip(places, best, strict=True) if place is None],
        ambiguous=[text for text, item in zip(places, found, strict=True) if item.ambiguous],
    )


def _code(gazetteer: Gazetteer, country: str | None) -> str | None:
    if country is None:
        return None
    found = gazetteer.country(country)
    if found is None or found.country_code is None:
        similar = ", ".join(gazetteer.similar_countries(country))
        hint = f"; did you mean {similar}?" if similar else ": give a name, or an ISO code such as FR"
        raise ProcessRefusedError(f"there is no country {country[:60]!r}{hint}", path="$.inputs.country")
    return found.country_code


def _columns(
    places: Sequence[str], best: Sequence[Place | None], found: Sequence[Found], limit: int
) -> dict[str, list[Any]]:
    fields = ("name", "kind", "country_code", "region", "population", "bbox")
    columns = {name: [None if place is None else getattr(place, name) for place in best] for name in fields}
    others = [[_candidate(place) for place in item.candidates[1 : 1 + limit]] for item in found]
    told = {"query": list(places), **columns, "ambiguous": [item.ambiguous for item in found], "candidates": others}
    return {name: column for name, column in told.items() if any(value is not None for value in column)}


def _candidate(place: Place) -> dict[str, Any]:
    return {
        "name": place.label,
        "kind": place.kind,
        "population": place.population,
        "longitude": place.longitude,
        "latitude": place.latitude,
    }


def _ambiguous(text: str, found: Found) -> str:
    best, second = found.candidates[:2]
    return (
        f"{text[:60]!r} is ambiguous: the likeliest is {best.label} ({best.population:,} inhabitants), but "
        f"{second.label} ({second.population:,}) has the name too. Add a state or country to choose."
    )


def _not_found(gazetteer: Gazetteer, states: Collection[str], text: str, country: str | None) -> str:
    name, _, rest = text.partition(",")
    known = gazetteer.named(name)
    if known and (rest or country):
        told = "; ".join(place.label for place in known[:3])
        where = (rest or country or "").strip()[:60]
        return f"{name[:60]!r} is known, but not in {where!r}: {told}. Give a country or a state of the US."
    countries = [] if rest or country else gazetteer.countries_with(text)
    similar = [] if countries else gazetteer.similar(name)
    hint = f" Names written alike: {', '.join(similar)}." if similar else ""
    if countries:
        hint = f" Countries with it in their names: {', '.join(countries)}."
    elif plain_name(text) in states:
        hint = " It is a state of the US: places in it are found, it is not."
    return f"No country, and no place of 15,000 inhabitants or more, has the name {text[:60]!r}.{hint}"
