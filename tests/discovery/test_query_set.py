"""The query set keeps its own rules: what is measured on it means what it says."""

import re
import unicodedata
from collections import Counter

import pytest

from mcp_server.schema.normalise import normalise
from tests.discovery.query_set import Facts, Kind, Process, Query, catalogue, description, queries

# Function words only: "map", "data" or "find" in a query would be a word of the title as any other.
_STOP_WORDS = frozenset(
    re.findall(
        r"\w+",
        """a about after all am an and any are as at be been before below but by can could did do does don down each
        else every few for from get give go had has have how i if in into is it its just let like made make many me more
        most much must my no not of off on once one only or other our out over own per please really s should so some
        t than that the their them then there these they this those through to too under until up was we were what
        when where which while who will with within without would yes you your am auf bei das dem den der des die du
        en et fur im in la las le les los ohne ou para por sur und une un uno von wie wo y zu zur""",
    )
)
_SUFFIX = re.compile(
    r"(?<=...)(?:[iy][sz]ations?|ations?|it(?:y|ies)|ings?|ions?|i?ers?|ie[sd]?|est|ous|ed|es|is|ly|en|al|ic|s|e|y)$"
)


def content_words(text: str) -> frozenset[str]:
    """The lower-case words that carry meaning; an identifier's parts and the whole of it."""
    plain = "".join(char for char in unicodedata.normalize("NFKD", text) if not unicodedata.combining(char))
    whole = re.findall(r"[^\W_]+", plain)
    parts = [part for word in whole for part in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", word)]
    return frozenset(word.lower() for word in [*whole, *parts] if len(word) > 1) - _STOP_WORDS


def akin(one: str, other: str) -> bool:
    """Whether two words are inflections of one, or of one family by their first six letters."""
    return _stem(one) == _stem(other) or (len(one) > 5 and one[:6] == other[:6])


def _stem(word: str) -> str:
    stem = _SUFFIX.sub("", word)
    return stem[:-1] if len(stem) > 3 and stem[-1] == stem[-2] else stem


def shared(query: str, text: str) -> set[str]:
    """The content words of a query that a text has, in any inflection."""
    return {word for word in content_words(query) if any(akin(word, other) for other in content_words(text))}


def _processes() -> dict[str, Process]:
    return {process.id: process for process in catalogue()}


def _with(inputs: dict[str, Kind]) -> Process:
    return Process("id", "Title", "Text.", (), inputs, {"result": Kind("vector")})


def _pairs() -> list[tuple[Query, Process]]:
    known = _processes()
    return [(query, known[name]) for query in queries() for name in query.expected]


@pytest.mark.parametrize(
    ("query", "title"),
    [
        ("buffers of wells", "Buffer"),
        ("where it was clipped", "Clip features"),
        ("dissolving my areas", "Dissolve by attribute"),
        ("classified land", "Random forest classifier"),
        ("a splitting line", "Split with lines"),
        ("the nearest of them", "Near things"),
        ("deviation from normal precipitation", "Précipitations interpolées"),
        ("a concave outline", "concaveHull"),
        ("checks of geojson", "GeoJSON lint"),
    ],
)
def test_a_word_of_the_title_is_seen_in_any_inflection(query: str, title: str):
    assert shared(query, title)


@pytest.mark.parametrize(
    ("query", "title"),
    [("what is on the map", "Wind rose"), ("all of it within reach", "Select within distance"), ("a line", "Linear")],
)
def test_other_words_and_function_words_are_not_taken_for_the_titles(query: str, title: str):
    assert not shared(query, title)


def test_there_are_enough_processes_and_each_id_is_there_once():
    counts = Counter(process.id for process in catalogue())
    assert len(counts) >= 150
    assert [name for name, count in counts.items() if count > 1] == []


def test_there_are_enough_queries_and_each_is_asked_once():
    counts = Counter(query.text.casefold() for query in queries())
    assert len(counts) >= 140
    assert [text for text, count in counts.items() if count > 1] == []


def test_every_expected_process_is_in_the_catalogue():
    known = _processes()
    assert [query.text for query in queries() if not query.expected or not known.keys() >= set(query.expected)] == []


def test_no_query_has_a_word_of_the_title_it_looks_for():
    found = [(query.text, process.title, shared(query.text, process.title)) for query, process in _pairs()]
    assert [each for each in found if each[2]] == []


def test_queries_are_of_four_to_twenty_words():
    assert [query.text for query in queries() if not 4 <= len(query.text.split()) <= 20] == []


def test_about_half_of_the_queries_share_no_word_with_the_description_they_look_for():
    known = _processes()
    apart = [q for q in queries() if not any(shared(q.text, known[name].description) for name in q.expected)]
    assert 0.4 <= len(apart) / len(queries()) <= 0.6


def test_about_a_fifth_of_the_queries_have_facts_and_these_hold_for_every_answer():
    with_facts = [query for query in queries() if query.facts != Facts()]
    assert 0.15 <= len(with_facts) / len(queries()) <= 0.25
    assert [(query.text, process.id) for query, process in _pairs() if not query.facts.hold(process)] == []


@pytest.mark.parametrize(
    "facts",
    [Facts(takes="raster"), Facts(gives="table"), Facts(geometry="LineString"), Facts(max_inputs=1)],
)
def test_a_fact_that_is_not_true_of_a_process_is_told(facts: Facts):
    assert not facts.hold(_with({"plots": Kind("vector", "Polygon"), "metres": Kind("number")}))


def test_every_third_query_is_held_out():
    assert [query.held_out for query in queries()] == [number % 3 == 2 for number in range(len(queries()))]


def test_about_a_third_of_the_processes_have_no_keywords_and_none_has_more_than_five():
    bare = [process for process in catalogue() if not process.keywords]
    assert 0.25 <= len(bare) / len(catalogue()) <= 0.4
    assert [process.id for process in catalogue() if len(process.keywords) > 5] == []


def test_nothing_is_to_be_repaired_in_the_descriptions():
    found = {process.id: normalise(description(process)).diagnostics for process in catalogue()}
    assert {name: notes for name, notes in found.items() if notes} == {}


def test_only_an_input_of_any_kind_takes_any_value():
    known = _processes()
    inputs = [(name, spec) for name in known for spec in normalise(description(known[name])).inputs]
    assert [(name, spec.id) for name, spec in inputs if not spec.schema] == [("echo", "value")]
    assert all(spec.required for _, spec in inputs)


def test_a_geometry_type_narrows_the_schema_to_it_and_its_multiple():
    inputs = {"line": Kind("geometry", "LineString"), "sites": Kind("vector", "Point"), "shape": Kind("geometry")}
    schemas = {name: each["schema"] for name, each in description(_with(inputs))["inputs"].items()}
    assert schemas["line"]["properties"]["type"]["enum"] == ["LineString", "MultiLineString"]
    feature = schemas["sites"]["properties"]["features"]["items"]
    assert feature["properties"]["geometry"]["properties"]["type"]["enum"] == ["Point", "MultiPoint"]
    assert len(schemas["shape"]["properties"]["type"]["enum"]) == 6


def test_a_description_can_be_changed_without_changing_the_next():
    process = _with({"area": Kind("bbox"), "scene": Kind("raster")})
    first = description(process)
    first["inputs"]["area"]["schema"]["properties"].clear()
    assert description(process)["inputs"]["area"]["schema"]["properties"]
    assert first["inputs"]["scene"]["schema"]["contentMediaType"] == "image/tiff; application=geotiff"
