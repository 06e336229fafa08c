"""Execute requests as each dialect wants them written."""

from typing import Any

import pytest

from mcp_server.execution.body import execute_body, prefer_header
from mcp_server.ogc.dialects import DIALECTS
from mcp_server.schema.normalise import normalise

POINT = {"type": "Point", "coordinates": [7.6, 51.9]}
BBOX = {"bbox": [7, 51, 8, 52], "crs": "http://www.opengis.net/def/crs/OGC/1.3/CRS84"}
LINK = {"href": "https://example.org/a.json", "type": "application/geo+json"}
PICTURE = {"value": "iVBORw==", "mediaType": "image/png", "encoding": "base64"}
ALL = sorted(DIALECTS)
BARE = ["eozilla", "ogc-processes-mcp", "pygeoapi"]
QUALIFYING = sorted(set(ALL) - set(BARE))


def body(dialect: str, inputs: dict[str, Any], *, modes: tuple[str, ...] = (), **specs: Any) -> dict[str, Any]:
    description: dict[str, Any] = {
        "id": "p",
        "inputs": specs,
        "outputs": {"a": {}, "b": {}},
        "jobControlOptions": list(modes),
    }
    return execute_body(normalise(description), inputs, DIALECTS[dialect])


def sent(dialect: str, value: Any, schema: Any, **occurrence: Any) -> Any:
    return body(dialect, {"x": value}, x={"schema": schema, **occurrence})["inputs"]["x"]


@pytest.mark.parametrize("dialect", ALL)
@pytest.mark.parametrize(
    ("value", "schema"),
    [
        (3, {"type": "number"}),
        ("3", {"type": "string"}),
        ("3.0", {}),
        (True, {"type": "boolean"}),
        ("https://example.org/a.json", {"type": "object"}),
        (LINK, {"type": "object"}),
        ({"collection": "https://example.org/collections/scenes"}, {"type": "object"}),
        (BBOX, {"type": "object"}),
        (PICTURE, {"type": "string", "contentMediaType": "image/png"}),
        ({"value": "<a/>", "mediaType": "text/xml"}, {"type": "string", "contentMediaType": "text/xml"}),
    ],
)
def test_what_stands_by_itself_is_sent_as_it_is(dialect: str, value: Any, schema: Any) -> None:
    assert sent(dialect, value, schema) == value


@pytest.mark.parametrize("corners", [[7, 51], [7, 51, 8, 52, 9], "7,51,8,52", {"a": 1, "b": 2, "c": 3, "d": 4}])
def test_what_only_looks_like_a_bounding_box_is_an_object(corners: Any) -> None:
    assert sent("unknown", {"bbox": corners}, {"type": "object"}) == {"value": {"bbox": corners}}


def test_an_item_with_a_member_of_that_name_is_no_qualified_value() -> None:
    measured = {"type": "object", "properties": {"value": {"type": "number"}}}
    array = {"type": "array", "items": measured}
    assert sent("unknown", [{"value": 1}], array) == [{"value": {"value": 1}}]
    assert sent("unknown", [{"value": 1}], measured, maxOccurs=3) == [{"value": {"value": 1}}]
    assert sent("unknown", [{"value": 1}], {"type": "array"}) == [{"value": 1}]


@pytest.mark.parametrize("dialect", ALL)
def test_an_object_is_qualified_where_the_server_wants_it(dialect: str) -> None:
    bare = dialect in BARE
    assert sent(dialect, POINT, {"type": "object"}) == (POINT if bare else {"value": POINT})
    several = sent(dialect, [POINT, LINK], {"type": "object"}, maxOccurs=3)
    assert several == [POINT if bare else {"value": POINT}, LINK]


@pytest.mark.parametrize("dialect", QUALIFYING)
def test_an_object_with_a_value_of_its_own_is_not_taken_for_a_qualified_one(dialect: str) -> None:
    measure = {"type": "object", "properties": {"value": {"type": "number"}}}
    assert sent(dialect, {"value": 3}, measure) == {"value": {"value": 3}}
    assert sent(dialect, {"value": POINT}, {"type": "object"}) == {"value": POINT}


@pytest.mark.parametrize("dialect", ALL)
def test_repeated_inputs_are_an_array_of_values(dialect: str) -> None:
    assert sent(dialect, ["a", "b"], {"type": "string"}, maxOccurs="unbounded") == ["a", "b"]
    assert sent(dialect, "a", {"type": "string"}, maxOccurs="unbounded") == "a"


@pytest.mark.parametrize("dialect", ALL)
def test_an_array_that_is_one_value_is_qualified_where_it_would_be_split(dialect: str) -> None:
    numbers = {"type": "array", "items": {"type": "number"}}
    splits = dialect in ("zoo", "geoserver")
    assert sent(dialect, [1, 2], numbers) == ({"value": [1, 2]} if splits else [1, 2])
    pairs = sent(dialect, [[1, 2], [3, 4]], numbers, maxOccurs=2)
    assert pairs == ([{"value": [1, 2]}, {"value": [3, 4]}] if splits else [[1, 2], [3, 4]])


def test_geoserver_is_told_the_media_type_of_a_text_and_of_no_object() -> None:
    several = {
        "oneOf": [{"type": "string", "contentMediaType": t} for t in ("text/xml", "application/wkt", "text/csv")]
    }
    assert sent("geoserver", "POINT (1 2)", several) == {"value": "POINT (1 2)", "mediaType": "application/wkt"}
    assert sent("geoserver", " <a/>", several) == {"value": " <a/>", "mediaType": "text/xml"}
    gml = {"anyOf": [{"type": "string", "contentMediaType": one} for one in ("application/wkt", "text/gml")]}
    assert sent("geoserver", "<gml:Point/>", gml) == {"value": "<gml:Point/>", "mediaType": "text/gml"}
    assert sent("geoserver", "a,b", several) == {"value": "a,b", "mediaType": "text/xml"}
    assert sent("geoserver", "http://example.org/a", several) == {"href": "http://example.org/a"}
    assert sent("geoserver", "POINT (1 2)", {"type": "string"}) == "POINT (1 2)"
    assert sent("geoserver", {"value": POINT, "mediaType": "application/json"}, {"type": "object"}) == {"value": POINT}


@pytest.mark.parametrize(
    ("dialect", "members"),
    [
        ("zoo", {"outputs": {"a": {"transmissionMode": "value"}, "b": {"transmissionMode": "value"}}}),
        ("weaver", {"mode": "async"}),
        ("geoserver", {}),
        ("eozilla", {}),
        ("unknown", {}),
        ("ogc-processes-mcp", {}),
    ],
)
def test_the_body_has_the_members_its_server_needs(dialect: str, members: dict[str, Any]) -> None:
    made = body(dialect, {}, modes=("async-execute",))
    assert made == {"inputs": {}, "response": "document", **members}


def test_a_pygeoapi_is_sent_the_inputs_alone() -> None:
    assert body("pygeoapi", {"x": 1}) == {"inputs": {"x": 1}}


def test_no_outputs_are_named_where_none_are_declared() -> None:
    assert "outputs" not in execute_body(normalise({"id": "p"}), {}, DIALECTS["zoo"])


@pytest.mark.parametrize(
    ("dialect", "asynchronous", "synchronous"),
    [
        ("ogc-processes-mcp", "respond-async, wait=1, return=minimal", "return=minimal"),
        ("pygeoapi", "respond-async", None),
        ("zoo", "respond-async;return=representation", "return=representation"),
        ("weaver", "respond-async", None),
        ("geoserver", "respond-async", None),
        ("eozilla", "respond-async", None),
        ("unknown", "respond-async", None),
    ],
)
def test_a_job_is_preferred_where_there_can_be_one(dialect: str, asynchronous: str, synchronous: str | None) -> None:
    assert prefer_header(frozenset({"sync-execute", "async-execute"}), DIALECTS[dialect]) == asynchronous
    assert prefer_header(frozenset({"async-execute"}), DIALECTS[dialect]) == asynchronous
    assert prefer_header(frozenset({"sync-execute"}), DIALECTS[dialect]) == synchronous


def test_an_input_the_process_does_not_declare_is_written_all_the_same() -> None:
    assert body("unknown", {"more": POINT})["inputs"] == {"more": {"value": POINT}}
