"""Positions in the notations that people use."""

import pytest

from backend.errors import ProcessRefusedError
from backend.geo.places.coordinates_text import LONGEST, Written, read_position

ROME = (12 + 29 / 60 + 32 / 3600, 41.89)
"""41° 53' 24" N, 12° 29' 32" E."""
BERLIN = (13.405, 52.52)
MUNICH = (11.575559, 48.137254)


def near(position: tuple[float, float], tolerance: float = 1e-9) -> object:
    return pytest.approx(position, abs=tolerance)


@pytest.mark.parametrize(
    "text",
    [
        "41°53'24\"N 12°29'32\"E",
        "41° 53′ 24″ N, 12° 29′ 32″ E",
        "41º53´24´´ N 12º29´32´´ E",
        "N 41 53 24 E 12 29 32",
        "N41°53'24\" E12°29'32\"",
        "E 12 29 32, N 41 53 24",
        "12°29'32\"E 41°53'24\"N",
        "41:53:24N 12:29:32E",
        "41d53m24s N, 12d29m32s E",
        "41-53-24N 012-29-32E",
        "415324N 0122932E",
        "41 deg 53 min 24 sec north, 12 deg 29 min 32 sec east",
        "lat 41 53 24, lon 12 29 32",
        "+415324+0122932/",
        "41d53m24sN 12d29m32sE",
        "41d53m24sN, 12d29m32sE",
        "41d53'24\"N 12d29'32\"E",
    ],
)
def test_degrees_minutes_and_seconds_are_read_in_every_usual_way(text: str) -> None:
    written = read_position(text)
    assert written.position == near(ROME)
    assert written.others == ()


@pytest.mark.parametrize(
    "text",
    [
        "52.52° N, 13.405° E",
        "52.52N,13.405E",
        "N52.52 E13.405",
        "13.405E 52.52N",
        "52,52° N; 13,405° E",
        "52,52 N 13,405 E",
        "Latitude: 52.52, Longitude: 13.405",
        "lon=13.405 lat=52.52",
        "52.52 Nord, 13.405 Ost",
        "geo:52.52,13.405;u=10",
        "geo:0,0?q=52.52,13.405",
        "geo:0,0?q=52.52,13.405(Berlin)",
        "geo:52.52,13.405?z=11&q=bakeries",
        "52d31.2'N 13d24.3'E",
        "POINT (13.405 52.52)",
        "SRID=4326;POINT(13.405 52.52)",
        "+52.5200+013.4050/",
        "52° 31.2' N 13° 24.3' E",
    ],
)
def test_decimal_degrees_and_minutes_are_read_in_every_usual_way(text: str) -> None:
    written = read_position(text)
    assert written.position == near(BERLIN)
    assert written.others == ()


@pytest.mark.parametrize(
    ("text", "position"),
    [
        ("33°52'S 151°12'E", (151.2, -33 - 52 / 60)),
        ("40.446 N 79.982 W", (-79.982, 40.446)),
        ("S33.8 W70.5", (-70.5, -33.8)),
        ("-33.8688, 151.2093", (151.2093, -33.8688)),
        ("0°30'S 0°15'W", (-0.25, -0.5)),
        ("−10.5, −170.25", (-170.25, -10.5)),
        ("10 N 190 E", (-170, 10)),
    ],
)
def test_hemispheres_and_signs_are_kept(text: str, position: tuple[float, float]) -> None:
    assert read_position(text).position == near(position)


@pytest.mark.parametrize(
    ("text", "position"),
    [
        ("13.405 E, 52.52", BERLIN),
        ("52.52, E 13.405", BERLIN),
        ("N 52.52, 13.405 E", BERLIN),
        ("lon: 13.405, lat: 52.52", BERLIN),
    ],
)
def test_the_letter_of_one_number_tells_what_the_other_is(text: str, position: tuple[float, float]) -> None:
    assert read_position(text).position == near(position)


def test_the_antimeridian_keeps_the_sign_with_which_it_is_written() -> None:
    assert [read_position(text).position for text in ("10 N 180 E", "10 N 180 W")] == [(180, 10), (-180, 10)]


@pytest.mark.parametrize(
    ("text", "position"),
    [("52,13", (13, 52)), ("52.52,13.405", BERLIN), ("52 31.2,13 24.3", BERLIN), ("52 31.2 N,13 24.3 E", BERLIN)],
)
def test_a_comma_that_parts_two_angles_is_no_decimal_one(text: str, position: tuple[float, float]) -> None:
    assert read_position(text).position == near(position)


def test_two_equal_numbers_have_one_meaning() -> None:
    assert read_position("45.5, 45.5").others == ()


def test_two_bare_numbers_are_told_to_be_ambiguous() -> None:
    written = read_position("52.52, 13.405")
    assert written.position == near(BERLIN)
    assert written.others == (near(BERLIN[::-1]),)
    assert written.note is not None
    assert "order" in written.note


@pytest.mark.parametrize("text", ["52°31'12\"13°24'18\"", "52°31'12\" 13°24'18\"", "52° 31' 12\" 13° 24' 18\""])
def test_two_angles_without_letters_are_parted_by_their_degrees(text: str) -> None:
    assert read_position(text).position == near(BERLIN)
    south = text.replace("52°", "-52°").replace("13°", "-13°")
    assert read_position(south).position == near((-BERLIN[0], -BERLIN[1]))


@pytest.mark.parametrize(
    ("text", "position"),
    [("113.4 22.5", (113.4, 22.5)), ("22.5 113.4", (113.4, 22.5)), ("90.5 22.5", (90.5, 22.5))],
)
def test_a_number_that_can_be_no_latitude_settles_the_order(text: str, position: tuple[float, float]) -> None:
    written = read_position(text)
    assert (written.position, written.others) == (near(position), ())


def test_the_order_that_is_asked_for_holds() -> None:
    assert read_position("52.52 13.405", "longitude-latitude").position == near(BERLIN[::-1])
    assert read_position("52.52 13.405", "latitude-longitude").others == ()
    # Letters say it better than any order.
    assert read_position("52.52 N 13.405 E", "longitude-latitude").position == near(BERLIN)


def test_the_letter_s_after_minutes_and_seconds_is_south_and_no_second() -> None:
    sydney = (151 + 12 / 60 + 40 / 3600, -(33 + 51 / 60 + 35 / 3600))
    assert read_position("33d51m35S 151d12m40E").position == near(sydney)
    assert read_position("33d51m35sS 151d12m40sE").position == near(sydney)
    assert read_position("33d51'35\"S 151d12'40\"E").position == near(sydney)
    assert read_position("33°51'35s 151°12'40e").position == near(sydney)
    assert read_position("33 51 35s, 151 12 40e").position == near(sydney)


@pytest.mark.parametrize(
    "text",
    ["52.52° Noord, 13.405° Oost", "52,52° Nord 13,405° Øst", "52.52 Norte, 13.405 Leste", "52.52 nord, 13.405 öst"],
)
def test_hemispheres_are_read_in_several_languages(text: str) -> None:
    assert read_position(text).position == near(BERLIN)


@pytest.mark.parametrize("text", ["-33.86° Zuid, 18.4 Oost", "33.86° Zuid, 18.4 Vest", "33.86 Syd 18.4 Väst"])
def test_south_and_west_are_read_in_several_languages(text: str) -> None:
    if text.startswith("-"):
        with pytest.raises(ProcessRefusedError, match="minus sign"):
            read_position(text)
    else:
        assert read_position(text).position == near((-18.4, -33.86))


def test_a_utm_position_near_the_equator_has_a_northing_of_few_digits() -> None:
    """As the package utm has it."""
    assert read_position("36N 453800 0").position == near((32.58481592, 0), 1e-7)
    assert read_position("36N 453800 m E 947 m N").position == near((32.58481592, 0.00856758), 1e-7)


def test_the_letter_o_is_east_in_german_and_west_in_romance_languages() -> None:
    written = read_position("52.52 N 13.405 O")
    assert written.position == near(BERLIN)
    assert written.others == (near((-13.405, 52.52)),)


@pytest.mark.parametrize(
    "text",
    [
        "32N 691608 5334764",
        "32U 691608 5334764",
        "32 U 691608 E 5334764 N",
        "32T 691608 5334764".replace("32T", "32U"),
        "UTM zone 32 north 691608 5334764",
        "Zone 32U, 691608mE, 5334764mN",
        "32N 5334764N 691608E",
        "Zone 32U E: 691608 N: 5334764",
        "32U E691608 N5334764",
        "32U N=5334764 E=691608",
    ],
)
def test_utm_is_read_by_hemisphere_and_by_band(text: str) -> None:
    written = read_position(text)
    assert written.position == near(MUNICH, 1e-6)
    assert (written.notation, written.crs) == ("UTM", "EPSG:32632")


def test_the_letter_s_of_utm_is_that_band_at_its_southern_edge_too() -> None:
    """Whole metres of 32° N, 23° W lie south of it by a fraction of one."""
    assert read_position("27S 311072mE 3542183mN").others == (near((-23, 32), 1e-5),)


def test_the_letter_n_of_utm_is_the_northern_hemisphere_alone() -> None:
    written = read_position("33N 454915 4205939")
    assert (written.others, written.note) == ((), None)


def test_the_letter_s_of_utm_is_a_hemisphere_and_a_band() -> None:
    written = read_position("33S 500000 4000000")
    assert written.crs == "EPSG:32733"
    assert written.position[1] < -50
    assert 36 < written.others[0][1] < 37
    # At this northing there is no band S.
    assert read_position("33S 500000 8000000").others == ()


def test_the_square_of_an_mgrs_reference_is_told_by_its_centre_and_size() -> None:
    exact = read_position("32U 691608.5 5334764.5").position
    square = read_position("32U PU 91608 34764")
    assert square.position == near(exact)
    assert (square.square, square.crs) == (1, "EPSG:32632")
    assert read_position("32UPU9134").square == 1000
    assert read_position("32upu9160834764") == square


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "empty"),
        ("   ", "empty"),
        ("somewhere", "no position"),
        ("52.5", "needs two"),
        ("52.5 N", "needs two"),
        ("52.5 13.4 7.1 8.2 9.3", "position"),
        ("52N 53N", "two latitudes"),
        ("41°75'N 12E", "75 minutes"),
        ("41°53'60\"N 12E", "60 seconds"),
        ("41.5°30'N 12E", "fraction"),
        ("-52.5 S 13 E", "minus sign"),
        ("95 N 10 E", "latitude 95"),
        ("95 200", "latitude 200"),
        ("10 N 400 E", "longitude 400"),
        ("1e5 3", "exponent"),
        ("nan nan", "no position"),
        ("61N 500000 5000000", "no UTM zone 61"),
        ("32U 5334764 69160", "outside UTM"),
        ("32C 691608 5334764", "band C"),
        ("32I 691608 5334764", "no UTM band I"),
        ("32U ZZ 1 1", "no squares ZZ"),
        ("32U PU 123", "3 digits"),
        ("POINT (x y)", "no number"),
        ("+525+0134", "digits"),
        ("+4175+01230/", "75 minutes"),
        ("+415360+0122932/", "60 seconds"),
        ("52.5, 13.4, 7.1", "3 angles"),
        ("geo:0,0?q=Alexanderplatz", "asks for a search"),
        ("geo:0,0?q=52.5", "asks for a search"),
    ],
)
def test_what_is_no_position_is_refused_with_the_reason(text: str, reason: str) -> None:
    with pytest.raises(ProcessRefusedError, match=reason):
        read_position(text)


def test_a_text_without_end_is_refused_at_once() -> None:
    with pytest.raises(ProcessRefusedError, match="characters"):
        read_position("1" * (LONGEST + 1))


def test_hostile_texts_take_no_time() -> None:
    for text in ("1 " * 99, "-" * 199, "°'" * 99, "N" * 199, "1°" * 99, "1,1" * 66, "32U" + " 1" * 98):
        try:
            assert isinstance(read_position(text), Written)
        except ProcessRefusedError:
            continue
