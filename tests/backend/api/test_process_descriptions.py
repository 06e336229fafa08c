"""Descriptions are the processor's metadata, in one language, with this server's links."""

import copy
import json
from typing import Any

from backend.api.descriptions import IDEMPOTENT, describe, summarise_description
from backend.api.languages import text_of

BASE = "https://maps.example/ogc"
METADATA: dict[str, Any] = {
    "id": "another-name",
    "version": 2,
    "title": {"fr": "Bonjour", "en": "Hello"},
    "description": {"de": "Nur deutsch"},
    "keywords": {"en": ["a"], "fr": ["b"]},
    "jobControlOptions": ["sync-execute"],
    "links": [{"rel": "about", "href": "https://example.org/"}],
    "inputs": {
        "id": {
            "title": {"en-GB": "Colour", "en-US": "Color"},
            "schema": {"type": "object", "default": {"id": "a"}, "properties": {"title": {"en": "kept"}}},
        },
        "br": {"schema": {"enum": [{"en": "kept"}]}, "minOccurs": 0},
    },
    "outputs": {"as": {"title": {"en": "Result"}, "schema": {"type": "string"}}},
    "example": {"inputs": {"id": {"en": "kept"}}},
}


def test_a_description_is_its_metadata_in_english_with_id_and_links() -> None:
    expected = copy.deepcopy(METADATA)
    expected |= {"id": "mine", "version": "2", "title": "Hello", "description": "Nur deutsch", "keywords": ["a"]}
    expected["inputs"]["id"]["title"] = "Colour"
    expected["outputs"]["as"]["title"] = "Result"
    expected["outputTransmission"] = ["value", "reference"]
    description = describe("mine", METADATA, BASE)
    links = description.pop("links")
    assert {**description, "links": links[:1]} == expected
    assert [link["rel"].rsplit("/", 1)[-1] for link in links] == [
        "about",
        "self",
        "alternate",
        "execute",
        "job-list",
        "up",
    ]
    assert links[1]["href"] == f"{BASE}/processes/mine"


def test_roles_come_after_the_metadata_of_the_process_itself() -> None:
    told = describe("mine", METADATA | {"metadata": [{"title": "more"}]}, BASE, [IDEMPOTENT])["metadata"]
    assert [entry.get("role") for entry in told] == [None, "urn:ogc-processes-mcp:role:idempotent"]
    assert "metadata" not in describe("mine", METADATA, BASE)


def test_metadata_are_not_altered() -> None:
    before = json.dumps(METADATA)
    described = describe("mine", METADATA, BASE, [IDEMPOTENT])
    assert described != METADATA
    described["inputs"]["id"]["title"] = "altered"
    described["links"].clear()
    assert json.dumps(METADATA) == before


def test_control_options_are_only_added_where_none_are_declared() -> None:
    assert describe("mine", METADATA, BASE)["jobControlOptions"] == ["sync-execute"]
    undeclared = {"title": "x", "inputs": {}, "outputs": {}}
    assert describe("mine", undeclared, BASE)["jobControlOptions"] == ["sync-execute", "async-execute", "dismiss"]


def test_only_a_dictionary_of_texts_by_language_is_a_translation() -> None:
    assert text_of({"fr": "b", "en-US": "a"}) == "a"
    assert text_of({"fr": "b"}) == "b"
    for other in ("text", {}, {"default": "a"}, {"en": {"id": "a"}}, {"en": 3}):
        assert text_of(other) == other


def test_a_summary_leaves_out_inputs_outputs_and_the_example() -> None:
    description = describe("mine", METADATA, BASE)
    summary = summarise_description(description)
    assert description.keys() - summary.keys() == {"inputs", "outputs", "example"}
