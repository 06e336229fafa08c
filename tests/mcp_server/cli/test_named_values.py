"""`name=value` words as the arguments of a tool."""

from pathlib import Path
from typing import Any

import pytest

from mcp_server.cli.arguments import tool_arguments
from mcp_server.errors import ConfigurationError

SCHEMA = {
    "properties": {
        "geometry": {"anyOf": [{"type": "object"}, {"type": "string"}]},
        "distance": {"type": "number"},
        "count": {"type": "integer"},
        "name": {"type": "string"},
        "flag": {"type": "boolean"},
        "bands": {"type": "array", "items": {"type": "integer"}},
        "level": {"type": ["integer", "string"]},
        "anything": {},
    }
}


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("distance=5", 5),
        ("distance=1e3", 1000.0),
        ("distance=far", "far"),
        ("distance=NaN", "NaN"),
        ("count=5", 5),
        ("name=5", "5"),
        ("name=a=b", "a=b"),
        ("name=", ""),
        ("flag=true", True),
        ("geometry=POINT (1 2)", "POINT (1 2)"),
        ('geometry={"type": "Point"}', {"type": "Point"}),
        ("geometry=5", "5"),
        ("bands=[1, 2]", [1, 2]),
        ("bands=1", [1]),
        ("bands=red", ["red"]),
        ("bands=sum:red", ["sum:red"]),
        ("bands=null", None),
        ("bands=ogc://local/jobs/1/results/bands", "ogc://local/jobs/1/results/bands"),
        ('bands={"href": "https://example.org/bands"}', {"href": "https://example.org/bands"}),
        ("level=3", 3),
        ("level=true", "true"),
        ("anything=null", None),
        ("unknown=[1]", [1]),
        ("unknown=text", "text"),
    ],
)
def test_a_value_is_json_where_the_input_takes_it(word: str, value: Any) -> None:
    arguments = tool_arguments([word], None, SCHEMA)
    assert arguments == {word.partition("=")[0]: value}
    assert type(next(iter(arguments.values()))) is type(value)


def test_an_input_given_several_times_is_an_array() -> None:
    assert tool_arguments(["bands=1", "bands=2"], None, SCHEMA) == {"bands": [1, 2]}


def test_a_value_is_read_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "point.geojson").write_text('{"type": "Point", "coordinates": [1, 2]}', encoding="utf-8")
    (tmp_path / "point.wkt").write_text("POINT (1 2)\n", encoding="utf-8")
    assert tool_arguments([f"geometry=@{tmp_path / 'point.geojson'}"], None, SCHEMA)["geometry"]["type"] == "Point"
    assert tool_arguments([f"geometry=@{tmp_path / 'point.wkt'}"], None, SCHEMA) == {"geometry": "POINT (1 2)"}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_file_is_read_in_whatever_encoding_of_unicode_a_shell_has_written_it(tmp_path: Path, encoding: str) -> None:
    file = tmp_path / "arguments.json"
    file.write_text('{"name": "Köln →"}\n', encoding=encoding)
    assert tool_arguments([], f"@{file}", SCHEMA) == {"name": "Köln →"}


def test_a_file_that_is_no_text_is_told_with_how_such_files_are_read(tmp_path: Path) -> None:
    (tmp_path / "parcels.gpkg").write_bytes(b"SQLite format 3\0\xff")
    with pytest.raises(ConfigurationError) as refused:
        tool_arguments([f"geometry=@{tmp_path / 'parcels.gpkg'}"], None, SCHEMA)
    assert str(refused.value).endswith(
        "parcels.gpkg: not UTF-8 text; files of data are read where they are, as datasets of a folder: --data FOLDER"
    )


def test_named_values_go_over_those_of_the_json_object(tmp_path: Path) -> None:
    (tmp_path / "arguments.json").write_text('{"name": "a", "count": 1}', encoding="utf-8")
    assert tool_arguments(["count=2"], '{"name": "a", "count": 1}', SCHEMA) == {"name": "a", "count": 2}
    assert tool_arguments([], f"@{tmp_path / 'arguments.json'}", SCHEMA) == {"name": "a", "count": 1}


@pytest.mark.parametrize(
    ("words", "base", "message"),
    [
        (["distance"], None, "'distance': write arguments as name=value"),
        (["=5"], None, "'=5': write arguments as name=value"),
        (["geometry=@nowhere/at.all"], None, "geometry: nowhere/at.all: No such file or directory"),
        (["geometry=@"], None, "geometry: @ stands before the name of a file"),
        ([], "@", "--json: @ stands before the name of a file"),
        ([], "{", "--json: not JSON"),
        ([], '{"a": NaN}', "--json: not JSON: NaN is not JSON"),
        ([], "[]", "--json: the arguments are a JSON object"),
    ],
)
def test_arguments_that_cannot_be_read_are_refused(words: list[str], base: str | None, message: str) -> None:
    with pytest.raises(ConfigurationError, match=f"^{message}"):
        tool_arguments(words, base, SCHEMA)
