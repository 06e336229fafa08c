"""Results in the parts of one multipart answer."""

import json

import httpx
import pytest

from mcp_server.errors import InvalidServerReplyError
from mcp_server.ogc.models import ABSENT, OutputResult
from mcp_server.ogc.multipart import parts, related_outputs
from mcp_server.ogc.reply import Reply

PIXELS = b"\x89PNG\r\n\n--cut\x00 no delimiter --cut\r\n within a line\r"
POINT = b'{"type": "Point", "coordinates": [1, 2]}'


def body(*members: tuple[str, bytes], line: str = "\r\n", end: str = "--cut--") -> bytes:
    written = b"".join(
        f"--cut{line}{head.replace('|', line)}{line}{line}".encode() + value + line.encode() for head, value in members
    )
    return b"a preamble" + line.encode() + written + end.encode() + line.encode()


def outputs(content: bytes, *declared: str, kind: str = 'multipart/related; boundary="cut"') -> list[OutputResult]:
    reply = Reply(200, httpx.Headers({"content-type": kind}), content, "http://x.test/jobs/1/results")
    return list(related_outputs(reply, declared))


@pytest.mark.parametrize("line", ["\r\n", "\n"])
def test_each_part_is_the_output_that_its_content_id_names(line: str) -> None:
    image, shape, note = outputs(
        body(
            ("Content-ID: <image>|Content-Type: image/png", PIXELS),
            ("content-type: application/geo+json; charset=utf-8|content-id: shape", POINT),
            ("Content-ID: note", b""),
            line=line,
        ),
        "shape",
        "image",
        "note",
    )
    assert (image.id, image.media_type, image.size, image.value) == ("image", "image/png", len(PIXELS), PIXELS)
    assert (shape.id, shape.media_type, shape.value) == ("shape", "application/geo+json", json.loads(POINT))
    assert (note.id, note.media_type, note.value) == ("note", "text/plain", b"")


@pytest.mark.parametrize(
    ("told", "declared", "name"),
    [
        ("Content-ID: a%2Fb", ("x", "a/b"), "a/b"),
        ("Content-ID: <a%40b@host.example>", ("a@b",), "a@b"),
        ("Content-ID: undeclared", ("a",), "undeclared"),
        ("X: no id", ("first",), "first"),
        ("X: no id", (), "result-1"),
    ],
)
def test_a_part_is_found_by_what_it_is_called(told: str, declared: tuple[str, ...], name: str) -> None:
    assert outputs(body((told, b"1")), *declared)[0].id == name


def test_an_empty_part_with_a_location_is_an_output_by_reference() -> None:
    told = "Content-ID: a|Content-Type: image/tiff|Content-Location: http://x.test/jobs/1/results/a"
    (output,) = outputs(body((told, b"")), "a")
    assert output.value is ABSENT
    assert (output.href, output.media_type) == ("http://x.test/jobs/1/results/a", "image/tiff")


@pytest.mark.parametrize(
    ("encoding", "written"),
    [("base64", b"AAEC\r\n/w=="), ("quoted-printable", b"=00=01=02=FF"), ("binary", b"\0\1\2\xff")],
)
def test_the_transfer_encoding_of_a_part_is_undone(encoding: str, written: bytes) -> None:
    (output,) = outputs(body((f"Content-ID: a|Content-Transfer-Encoding: {encoding}", written)))
    assert output.value == b"\0\1\2\xff"


def test_the_first_of_two_parts_of_one_name_counts() -> None:
    told = "Content-ID: a|Content-Type: application/json"
    assert [one.value for one in outputs(body((told, b"1"), (told, b"2")), "a")] == [1]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no parts",
        body(),
        body(("Content-ID: a", b"1"), end="--cu"),
        body(("Content-ID: a|Content-Type: application/json", b"{")),
        body(("Content-ID: a|Content-Type: application/json", b"[" * 200)),
        body(("Content-ID: a|Content-Transfer-Encoding: base64", b"A")),
        body((f"Content-ID: {'a' * 20_000}", b"1")),
        body(*[("X: y", b"1")] * 1001),
    ],
    ids=["empty", "no_parts", "none", "cut", "no_json", "deep", "no_base64", "long_head", "too_many"],
)
def test_a_damaged_answer_is_refused_whole(content: bytes) -> None:
    with pytest.raises(InvalidServerReplyError):
        outputs(content, "a")


@pytest.mark.parametrize("kind", ["multipart/related", "application/json", "multipart/related; boundary=other", "é"])
def test_without_its_boundary_there_are_no_parts(kind: str) -> None:
    assert parts(kind, body(("Content-ID: a", b"1"))) == []
