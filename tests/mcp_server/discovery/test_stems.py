"""Words are the same words in every form, and identifiers are words too."""

import pytest

from mcp_server.discovery.stems import parts, stem, stems, words


@pytest.mark.parametrize(
    "forms",
    [
        "buffer buffers buffered buffering",
        "slope slopes sloping",
        "classify classified classification",
        "flood floods flooded flooding",
        "map maps mapped mapping",
        "interpolate interpolation interpolated",
        "punkt punkte punkten",
        "estacion estaciones",
    ],
)
def test_the_forms_of_a_word_have_one_stem(forms: str) -> None:
    assert len({stem(word) for word in forms.split()}) == 1


@pytest.mark.parametrize(
    ("one", "other"), [("water", "wave"), ("river", "rivet"), ("area", "aspect"), ("gas", "glass")]
)
def test_different_words_keep_different_stems(one: str, other: str) -> None:
    assert stem(one) != stem(other)


@pytest.mark.parametrize("word", ["slope", "classification", "flooding", "buses", "hillside", "densities"])
def test_a_stem_is_its_own_stem(word: str) -> None:
    assert stem(stem(word)) == stem(word)


def test_identifiers_are_read_as_their_parts_and_as_a_whole() -> None:
    assert words("concaveHull") == ["concave", "hull", "concavehull"]
    assert words("zonal-stats_2D") == ["zonal", "stats", "2", "d", "2d"]
    assert parts("inputDEM") == ["input", "dem"]
    assert parts("рельеф_DEM") == ["рельеф", "dem"]


def test_accents_and_function_words_do_not_count() -> None:
    assert stems("où est la Höhe de l'été") == [stem("hohe"), stem("ete")]


def test_small_numbers_mean_nothing_and_large_ones_do() -> None:
    assert stems("12 tiles in EPSG:3857") == [stem("tiles"), stem("epsg"), "3857"]


def test_what_is_longer_than_any_word_is_none() -> None:
    assert stems("buffer " + "ings" * 100_000) == stems("buffer")
    assert stems("Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbau") != []
