"""`geocode` and `reverse-geocode` as a caller sees them."""

import json
from typing import Any

import pytest

from backend.errors import ProcessRefusedError
from backend.geo.geodesy.ellipsoid import GEOD
from backend.geo.places.places import DATA
from backend.processes.base import TypedProcess
from backend.processes.geocode import geocode
from backend.processes.reverse_geocode import reverse_geocode
from backend.processes.running import run_processor


def answer(made: type[TypedProcess], **inputs: Any) -> Any:
    (output,) = run_processor(made({"name": "here"}), inputs, None, lambda _percent, _text=None: None)
    return json.loads(output.encode())


def found(*places: str, **inputs: Any) -> list[dict[str, Any]]:
    told = answer(geocode, places=list(places), **inputs)
    return [feature["properties"] | {"geometry": feature["geometry"]} for feature in told["features"]]


def test_the_example_answers_in_the_order_of_the_names() -> None:
    told = answer(geocode, **geocode.description["example"]["inputs"])
    rows = [feature["properties"] for feature in told["features"]]
    assert [(row["name"], row["country_code"]) for row in rows] == [
        ("Munich", "DE"),
        ("Springfield", "US"),
        ("Kenya", "KE"),
    ]
    assert [row["kind"] for row in rows] == ["place", "place", "country"]
    assert rows[1]["region"] == "Illinois"
    assert told["features"][0]["geometry"]["coordinates"] == pytest.approx([11.575, 48.137], abs=0.01)
    assert "GeoNames" in told["method"]


def test_names_are_found_in_other_languages_scripts_and_without_accents() -> None:
    rows = found("Köln", "koln", "COLOGNE", "Wien", "Roma", "北京", "Москва", "Bombay", "Sao Paulo", "Deutschland")
    names = [row["name"] for row in rows]
    assert names == ["Köln", "Köln", "Köln", "Vienna", "Rome", "Beijing", "Moscow", "Mumbai", "São Paulo", "Germany"]


def test_the_largest_place_is_the_likeliest_and_the_others_are_candidates() -> None:
    (row,) = found("Paris")
    assert (row["country_code"], row["ambiguous"]) == ("FR", False)
    assert "Paris, Texas, US" in [candidate["name"] for candidate in row["candidates"]]


def test_a_name_that_several_comparable_places_have_is_ambiguous() -> None:
    told = answer(geocode, places=["Springfield"])
    row = told["features"][0]["properties"]
    assert row["ambiguous"] is True
    assert told["ambiguous"] == ["Springfield"]
    assert "Springfield, Massachusetts, US" in [candidate["name"] for candidate in row["candidates"]]
    assert "Add a state or country" in told["warnings"][0]


@pytest.mark.parametrize(
    ("text", "inputs", "country", "region"),
    [
        ("Paris, TX", {}, "US", "Texas"),
        ("Paris, Texas, USA", {}, "US", "Texas"),
        ("London, Canada", {}, "CA", None),
        ("Birmingham", {"country": "United States"}, "US", "Alabama"),
        ("Córdoba", {"country": "es"}, "ES", None),
        ("Washington, D.C.", {}, "US", "District of Columbia"),
        ("Paris Texas", {}, "US", "Texas"),
        ("Springfield IL", {}, "US", "Illinois"),
        ("Berlin Germany", {}, "DE", None),
        ("San José Costa Rica", {}, "CR", None),
        ("Paris United States of America", {}, "US", "Texas"),
    ],
)
def test_a_state_or_country_chooses(text: str, inputs: dict[str, Any], country: str, region: str | None) -> None:
    (row,) = found(text, **inputs)
    assert (row["country_code"], row.get("region")) == (country, region)


def test_a_country_is_found_by_name_code_and_use_and_tells_its_box() -> None:
    rows = found("Kenya", "KEN", "UK", "Holland", "Ivory Coast")
    assert [row["country_code"] for row in rows] == ["KE", "KE", "GB", "NL", "CI"]
    west, south, east, north = rows[0]["bbox"]
    longitude, latitude = rows[0]["geometry"]["coordinates"]
    assert west < longitude < east
    assert south < latitude < north


@pytest.mark.parametrize(
    ("code", "country"),
    [
        ("FR", "France"), ("FRA", "France"), ("AU", "Australia"), ("AUS", "Australia"), ("BR", "Brazil"),
        ("BRA", "Brazil"), ("US", "United States"),
    ],
)  # fmt: skip
def test_a_code_that_a_country_shares_with_its_islands_is_the_countrys(code: str, country: str) -> None:
    (row,) = found(code)
    assert (row["name"], row["kind"], row["ambiguous"]) == (country, "country", False)


@pytest.mark.parametrize(("code", "country"), [("VA", "Vatican"), ("ALA", "Åland"), ("BLM", "St-Barthélemy")])
def test_a_code_of_a_country_that_a_larger_town_has_too_is_ambiguous(code: str, country: str) -> None:
    (row,) = found(code)
    assert (row["kind"], row["ambiguous"]) == ("place", True)
    assert country in [candidate["name"] for candidate in row["candidates"]]


def test_a_code_in_a_country_that_is_told_has_that_countrys_town_alone() -> None:
    (row,) = found("AS", country="Malaysia")
    assert (row["name"], row["ambiguous"], row["candidates"]) == ("Alor Setar", False, [])


def test_what_is_not_found_keeps_its_place_and_names_what_is_written_alike() -> None:
    told = answer(geocode, places=["Lonndon", "Paris"])
    assert told["features"][0]["geometry"] is None
    assert told["not_found"] == ["Lonndon"]
    assert "london" in told["warnings"][0]


def test_what_several_countries_have_in_their_names_is_told_and_so_is_a_state() -> None:
    korea, california = answer(geocode, places=["Korea", "California", "Paris"])["warnings"]
    assert "Countries with it in their names: Republic of Korea, Dem. Rep. Korea." in korea
    assert "a state of the US" in california


@pytest.mark.parametrize(
    "name",
    [
        "West Virginia",
        "New Mexico",
        "Baja California",
        "South Australia",
        "Paris Germany",
        "Texas USA",
        "USA",
        "Nowhere",
    ],
)
def test_a_part_of_a_name_is_no_place_where_the_rest_does_not_choose_it(name: str) -> None:
    first, second = found(name, "Paris")
    assert first.get("country_code") in (None, "US")
    assert first.get("kind") != "place"
    assert second["country_code"] == "FR"


def test_a_country_that_has_the_name_of_a_state_is_told() -> None:
    assert "also a state of the US" in answer(geocode, places=["Georgia"])["warnings"][0]
    for inputs in ({"places": ["Georgia"], "country": "GE"}, {"places": ["Kenya", "Washington"]}):
        assert answer(geocode, **inputs)["warnings"] == []


@pytest.mark.parametrize(
    ("inputs", "reason", "path"),
    [
        ({"places": ["Qwzxyv"]}, "No country, and no place", "$.inputs.places"),
        ({"places": ["|\n|"]}, "has the name", "$.inputs.places"),
        ({"places": [""]}, "has the name", "$.inputs.places"),
        ({"places": ["London, Atlantis"]}, "known, but not in 'Atlantis'", "$.inputs.places"),
        ({"places": ["Paris"], "country": "Qwzx"}, "no country", "$.inputs.country"),
        ({"places": []}, "at least 1", "$.inputs.places"),
    ],
)
def test_a_refusal_tells_the_reason_and_the_input(inputs: dict[str, Any], reason: str, path: str) -> None:
    with pytest.raises(ProcessRefusedError, match=reason) as refused:
        answer(geocode, **inputs)
    assert refused.value.path == path


def at(*positions: tuple[float, float]) -> Any:
    return answer(reverse_geocode, features={"type": "MultiPoint", "coordinates": positions} if not positions else {
        "type": "FeatureCollection",
        "features": [
            {"type": "Feature", "geometry": {"type": "Point", "coordinates": position}, "properties": {"id": index}}
            for index, position in enumerate(positions)
        ],
    })  # fmt: skip


def test_a_point_is_in_its_country_and_at_a_true_distance_from_the_nearest_place() -> None:
    told = answer(reverse_geocode, features="POINT (11.6 48.2)")
    row = told["features"][0]["properties"]
    assert (row["country"], row["country_code"], row["at_sea"]) == ("Germany", "DE", False)
    assert 0 <= row["bearing"] < 360
    # Every place of the table, by GeographicLib's geodesics one by one.
    lines = [line.rsplit(",", 3) for line in (DATA / "places.csv").read_text("utf-8").splitlines()[1:]]
    near = [
        (float(lat), float(lon))
        for _, _, lat, lon in lines
        if abs(float(lat) - 48.2) < 1 and abs(float(lon) - 11.6) < 1
    ]
    assert row["distance_m"] == pytest.approx(min(GEOD.inv(11.6, 48.2, lon, lat)[2] for lat, lon in near), abs=0.001)


def test_a_multipoint_of_one_point_is_that_point() -> None:
    single = answer(reverse_geocode, features="POINT (13.4 52.5)")["features"]
    assert answer(reverse_geocode, features="MULTIPOINT ((13.4 52.5))")["features"] == single


def test_the_sea_is_told_and_attributes_are_kept() -> None:
    told = at((-30, 40), (13.4, 52.5))
    rows = [feature["properties"] for feature in told["features"]]
    assert [row["id"] for row in rows] == [0, 1]
    assert (rows[0]["country"], rows[0]["at_sea"], rows[0]["place"]) == (None, True, "Ponta Delgada")
    assert rows[1]["country"] == "Germany"
    assert "1 of 2 points are in no country" in told["warnings"][0]


def test_a_field_of_the_same_name_is_kept_under_another() -> None:
    told = answer(reverse_geocode, features="place,lon,lat\nhome,13.4,52.5")
    (row,) = (feature["properties"] for feature in told["features"])
    assert (row["place"], row["place_1"]) == ("Kreuzberg", "home")
    assert any("'place' of the features is called 'place_1'" in warning for warning in told["warnings"])


def test_a_border_is_too_near_to_tell_the_sides() -> None:
    told = at((7.59, 47.56))
    row = told["features"][0]["properties"]
    assert row["place"] == "Basel"
    assert row["countries_within_3_km"] == ["France", "Germany"]
    assert "too coarse" in told["warnings"][0]


@pytest.mark.parametrize(
    ("position", "country", "place_country"),
    [
        ((0, -90), "Antarctica", None),
        ((0, 90), None, None),
        ((180, -16.5), None, "FJ"),
        ((7.42, 43.735), "Monaco", "MC"),
    ],
)
def test_poles_the_antimeridian_and_small_countries(
    position: tuple[float, float], country: str | None, place_country: str | None
) -> None:
    row = at(position)["features"][0]["properties"]
    assert row["country"] == country or (country is None and row["country"] == "Fiji")
    assert place_country in (None, row["place_country_code"])


@pytest.mark.parametrize(
    ("features", "reason"),
    [
        ("LINESTRING (0 0, 1 1)", "only points"),
        ({"type": "FeatureCollection", "features": []}, "no points"),
        ("POINT (52 113)", "order latitude"),
    ],
)
def test_reverse_geocoding_refuses_what_has_no_one_place(features: Any, reason: str) -> None:
    with pytest.raises(ProcessRefusedError, match=reason) as refused:
        answer(reverse_geocode, features=features)
    assert refused.value.path == "$.inputs.features"


@pytest.mark.parametrize(
    ("country", "hint"), [("Atlantis", ": give a name, or an ISO code"), ("Germny", "; did you mean Germany[?]")]
)
def test_a_country_that_there_is_not_is_sought_among_countries_only(country: str, hint: str) -> None:
    with pytest.raises(ProcessRefusedError, match=f"no country '{country}'{hint}") as refused:
        answer(geocode, places=["Paris"], country=country)
    assert refused.value.path == "$.inputs.country"
