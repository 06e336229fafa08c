"""Results in documents, where a process gave bytes that it calls JSON."""

import json
from pathlib import Path
from typing import Any

import pytest

from backend.api.multipart import related_parts
from backend.api.result_documents import minimal_document, value_document
from backend.jobs.records import ResultRecord, StoredResult

pytestmark = pytest.mark.anyio

BASE = "https://maps.example"


def stored(data: bytes, media_type: str = "application/json", output: str = "value") -> StoredResult:
    return ResultRecord(output, media_type, len(data), "", {"kind": "object"}), data


async def whole(one: StoredResult) -> Any:
    pieces = value_document([one], "a-job", base_url=BASE, linked=())
    return json.loads(b"".join([piece async for piece in pieces]))[one[0].output_id]


@pytest.mark.parametrize("data", [b"[NaN]", b"{", b'{"a": Infinity}', b"\xff"])
def test_what_is_no_json_though_it_is_called_so_stays_behind_its_link(data: bytes) -> None:
    document = minimal_document([stored(data)], "a-job", base_url=BASE, valued=["value"])
    assert document["value"].keys() == {"href", "rel", "type", "length", "summary"}


def test_only_the_values_that_are_asked_for_stand_beside_their_links() -> None:
    every = [stored(b"1", output="one"), stored(b"2", output="two")]
    document = minimal_document(every, "a-job", base_url=BASE, valued=["two"])
    assert ["value" in one for one in document.values()] == [False, True]


@pytest.mark.parametrize("blanks", [b"", b"\n \t"])
async def test_an_object_is_qualified_and_an_array_is_not_whatever_blanks_stand_before_them(
    blanks: bytes, tmp_path: Path
) -> None:
    record, data = stored(blanks + b'{"a": 1}')
    file = tmp_path / "result"
    file.write_bytes(blanks + b'{"a": 1}')
    for content in (data, file):
        assert await whole((record, content)) == {"mediaType": "application/json", "value": {"a": 1}}
    assert await whole(stored(blanks + b"[1]")) == [1]


@pytest.mark.parametrize(
    ("media_type", "expected"),
    [
        ("text/csv", {"mediaType": "text/csv", "value": "a,é"}),
        ("image/svg+xml", {"mediaType": "image/svg+xml", "encoding": "base64", "value": "YSzDqQ=="}),
    ],
)
async def test_bytes_are_text_where_their_media_type_says_so_and_not_because_they_read_like_one(
    media_type: str, expected: dict[str, str]
) -> None:
    assert await whole(stored("a,é".encode(), media_type)) == expected


async def test_what_is_called_text_and_is_none_comes_in_base64() -> None:
    value = {"mediaType": "text/plain", "encoding": "base64", "value": "/w=="}
    assert await whole(stored(b"\xff", "text/plain")) == value


async def test_an_output_is_named_in_its_part_by_what_a_header_can_carry() -> None:
    parts = related_parts([stored(b"1", output="größe 1")], "a-job", base_url=BASE, linked=(), boundary="b")
    assert b"\r\nContent-ID: gr%C3%B6%C3%9Fe%201\r\n" in b"".join([part async for part in parts])
