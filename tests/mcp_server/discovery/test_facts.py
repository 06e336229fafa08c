"""What a description tells of its data, in whatever way its author says it."""

from typing import Any

import pytest

from mcp_server.discovery.facts import facts_as_json, facts_from_json, facts_of
from mcp_server.discovery.records import Facts
from mcp_server.schema.normalise import normalise
from tests.discovery.query_set import catalogue, description


def facts(inputs: dict[str, Any], outputs: dict[str, Any] | None = None) -> Facts:
    return facts_of(normalise({"id": "p", "inputs": inputs, "outputs": outputs or {}}))


def taken(schema: Any, name: str = "value") -> set[str]:
    return {kind.value for kind in facts({name: {"schema": schema}}).takes}


GEOJSON = "https://geojson.org/schema/"


@pytest.mark.parametrize(
    ("schema", "kinds"),
    [
        ({"$ref": f"{GEOJSON}FeatureCollection.json"}, {"vector"}),
        ({"$ref": f"{GEOJSON}Geometry.json"}, {"geometry"}),
        ({"type": "object", "format": "geojson-feature"}, {"vector"}),
        ({"type": "string", "contentMediaType": "image/tiff; application=geotiff"}, {"raster"}),
        ({"type": "string", "contentMediaType": "application/x-netcdf"}, {"raster"}),
        ({"type": "string", "contentMediaType": "image/png"}, {"image"}),
        ({"type": "string", "contentMediaType": "text/csv"}, {"table"}),
        ({"type": "string", "contentMediaType": "application/gml+xml"}, {"vector"}),
        ({"type": "string", "contentMediaType": "application/zip"}, {"file"}),
        ({"oneOf": [{"type": "number"}, {"type": "string"}]}, {"number", "text"}),
        ({"type": "array", "items": {"type": "number"}, "minItems": 4, "maxItems": 4}, {"bbox"}),
        ({"type": "array", "items": {"type": "integer"}}, {"number"}),
        ({"type": "string", "format": "date-time"}, {"time"}),
        ({"type": "object", "properties": {"type": {"enum": ["Point"]}, "coordinates": {}}}, {"geometry"}),
        ({"type": "object", "properties": {"a": {"type": "number"}}}, {"document"}),
        ({"type": "boolean"}, {"boolean"}),
        ({}, {"any"}),
    ],
)
def test_a_schema_tells_the_kind_of_data(schema: Any, kinds: set[str]) -> None:
    assert taken(schema) == kinds


@pytest.mark.parametrize(
    ("name", "schema", "kinds"),
    [
        ("dem_url", {"type": "string"}, {"text", "raster"}),
        ("boundingBoxInput", {"type": "string"}, {"text", "bbox"}),
        ("geojson", {"type": "object"}, {"vector"}),
        ("raster_band_name", {"type": "string"}, {"text"}),
        ("image", {"type": "string", "enum": ["a", "b"]}, {"text"}),
        ("dem", {"type": "number"}, {"number"}),
    ],
)
def test_a_name_is_heard_where_the_schema_tells_little(name: str, schema: Any, kinds: set[str]) -> None:
    assert taken(schema, name) == kinds


def test_the_geometry_types_of_all_inputs_are_told_and_none_where_one_takes_all() -> None:
    def shape(*types: str) -> Any:
        return {"schema": {"type": "object", "properties": {"type": {"enum": list(types)}, "coordinates": {}}}}

    assert facts({"a": shape("Point"), "b": shape("Polygon")}).geometries == {"Point", "Polygon"}
    anything = {"schema": {"type": "object", "format": "geojson-geometry"}}
    assert facts({"a": shape("Point"), "b": anything}).geometries == frozenset()
    number = {"schema": {"type": "number"}}
    assert facts({"a": shape("Point"), "distance": number}).geometries == {"Point"}, "a number is no shape"


def test_inputs_are_counted_with_those_that_are_required() -> None:
    found = facts({"a": {"schema": {"type": "number"}}, "b": {"minOccurs": 0, "schema": {"type": "number"}}})
    assert (found.inputs, found.required) == (2, 1)


def test_facts_are_kept_as_json() -> None:
    for process in catalogue():
        found = facts_of(normalise(description(process)))
        kept = facts_as_json(found)
        assert facts_from_json(kept) == found
        # Sets have no order: the same facts would be written otherwise by each server that keeps them.
        assert all(kept[name] == sorted(kept[name]) for name in ("takes", "gives", "geometries"))


def test_what_the_authors_of_the_query_set_meant_is_understood() -> None:
    meant = {"datetime": "time"}
    unclear = {"file", "any"}  # of these only the name tells, and it may tell more
    for process in catalogue():
        found = facts_of(normalise(description(process)))
        for told, kinds in ((process.inputs, found.takes), (process.outputs, found.gives)):
            assert {meant.get(kind.name, kind.name) for kind in told.values()} - unclear <= kinds, process.id
