"""The tool that saves results, as a model sees it, and what is said of files where it is not."""

from pathlib import Path

import pytest

from mcp_server.ogc.models import ABSENT, OutputResult
from mcp_server.protocol.as_files import as_file
from mcp_server.protocol.file_tools import SAVE, file_tools
from mcp_server.protocol.instructions import instructions
from mcp_server.protocol.server import RESERVED
from mcp_server.references import KeptReference, ResultReference
from mcp_server.schema.portable import lint

OUTPUT = OutputResult("out", "image/tiff", 5, None, ABSENT, "https://city.example/jobs/1/results/out")


def test_its_schema_is_portable_and_small(tmp_path: Path) -> None:
    definition = file_tools(tmp_path, seconds=1, most_bytes=1)[SAVE].definition
    assert lint(definition.input_schema) == []
    assert len(definition.model_dump_json(by_alias=True, exclude_none=True)) <= 1200


def test_there_is_none_without_a_folder_and_no_process_may_have_its_name() -> None:
    assert file_tools(None, seconds=1, most_bytes=1) == {}
    assert SAVE in RESERVED


def test_the_instructions_tell_of_it_where_it_is_and_stay_short() -> None:
    assert SAVE not in instructions(["local"], wait_seconds=45, datasets=True)
    text = instructions(["local", "city"], wait_seconds=45, datasets=True, saves=True)
    assert SAVE in text
    assert len(text) < 2000


@pytest.mark.parametrize(
    ("uri", "told"),
    [
        (ResultReference("local", "a/b", "out"), "http://127.0.0.1:5001/jobs/a%2Fb/results/out"),
        (ResultReference("city", "1", "out"), "from its server, at https://city.example/jobs/1/results/out"),
        (KeptReference("0" * 32, "out"), "--results DIR"),
    ],
)
def test_without_it_the_ways_that_there_are_are_told(uri: ResultReference | KeptReference, told: str) -> None:
    text = as_file(uri, OUTPUT, saves=False)
    assert told in text
    assert "--results DIR" in text
    assert as_file(uri, OUTPUT, saves=True) == "save_result writes it to a file"
