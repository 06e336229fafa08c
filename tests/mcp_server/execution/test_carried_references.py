"""References among the inputs: what the server of an execution is sent for them."""

import math
from pathlib import Path

import pytest

from mcp_server.errors import BridgeError, InvalidReferenceError, ReferenceRefusedError
from mcp_server.ogc.models import OutputResult
from mcp_server.references import ResultReference
from tests.mcp_server.execution.bench import Bench
from tests.mcp_server.execution.jobs_site import POINT, JobsSite

pytestmark = pytest.mark.anyio


async def test_an_own_result_is_sent_as_the_servers_own_link(home: Path) -> None:
    bench = Bench(home, JobsSite().speak_our_dialect())
    await bench.run([ResultReference("remote", "j 7", "out")])
    assert bench.sent() == [{"href": "http://remote.test/jobs/j%207/results/out"}]


async def test_a_result_of_another_server_is_carried_as_its_value(home: Path) -> None:
    other = JobsSite("other").speak_our_dialect()
    other.single = {"out": POINT, "pixels": b"\x89PNG"}
    bench = Bench(home, JobsSite().speak_our_dialect(), other)
    await bench.run(ResultReference("other", "j1", "out"))
    assert bench.sent() == POINT
    await bench.run(ResultReference("other", "j1", "pixels"))
    assert bench.sent() == {"value": "iVBORw==", "mediaType": "image/png", "encoding": "base64"}


async def test_a_server_that_reads_no_links_is_sent_values(home: Path) -> None:
    site = JobsSite()
    site.jobs["j5"] = 0
    bench = Bench(home, site)
    await bench.run(ResultReference("remote", "j5", "out"))
    assert bench.sent() == {"value": POINT}, "the standard has objects qualified"
    plain = Bench(home, JobsSite("stock").speak_pygeoapi(), site)
    await plain.run(ResultReference("remote", "j5", "out"))
    assert plain.sent() == POINT


async def test_a_text_that_is_no_utf_8_is_carried_as_its_bytes(home: Path) -> None:
    bench = Bench(home, JobsSite().speak_our_dialect())
    output = OutputResult("out", "text/csv", 6, None, "Müller".encode("latin-1"), None)
    (reference,) = await bench.kept.keep("gone", "p", (output,))
    await bench.run(reference)
    assert bench.sent() == {"value": "TfxsbGVy", "mediaType": "text/csv", "encoding": "base64"}


async def test_bytes_that_happen_to_be_characters_are_carried_as_bytes(home: Path) -> None:
    bench = Bench(home, JobsSite().speak_our_dialect())
    output = OutputResult("out", "application/octet-stream", 3, None, b"abc", None)
    (reference,) = await bench.kept.keep("gone", "p", (output,))
    await bench.run(reference)
    assert bench.sent() == {"value": "YWJj", "mediaType": "application/octet-stream", "encoding": "base64"}


@pytest.mark.parametrize("media_type", ["application/gml+xml", "application/xml", "text/xml"])
async def test_xml_is_carried_as_its_text(home: Path, media_type: str) -> None:
    bench = Bench(home, JobsSite().speak_our_dialect())
    output = OutputResult("out", media_type, 8, None, b"<Point/>", None)
    (reference,) = await bench.kept.keep("gone", "p", (output,))
    await bench.run(reference)
    assert bench.sent() == "<Point/>"


async def test_a_number_that_is_not_finite_is_refused_before_anything_is_sent(home: Path) -> None:
    bench = Bench(home, JobsSite().speak_our_dialect())
    output = OutputResult("out", "application/json", 3, None, [1, math.inf], None)
    (reference,) = await bench.kept.keep("gone", "p", (output,))
    with pytest.raises(BridgeError, match="not finite, which JSON cannot say: nothing was sent"):
        await bench.run(reference)
    assert bench.site.executions == []


async def test_a_kept_result_is_carried_as_its_value(home: Path) -> None:
    bench = Bench(home, JobsSite().speak_our_dialect())
    output = OutputResult("out", "application/json", 3, None, {"a": [1]}, None)
    (reference,) = await bench.kept.keep("gone", "p", (output,))
    await bench.run({"features": [reference, reference]})
    assert bench.sent() == {"features": [{"a": [1]}, {"a": [1]}]}


@pytest.mark.parametrize(
    "value",
    [
        {"href": "http://internal.test/secret"},
        {"href": "file:///etc/passwd", "type": "text/plain", "rel": "item"},
        [{"type": "Point", "coordinates": [1, 2]}, {"href": "http://internal.test/secret"}],
        {"collection": "http://internal.test/collections/secret"},
    ],
)
async def test_a_link_that_one_server_made_is_passed_on_to_no_other(home: Path, value: object) -> None:
    bench = Bench(home, JobsSite().speak_our_dialect())
    output = OutputResult("out", "application/json", 3, None, value, None)
    (reference,) = await bench.kept.keep("gone", "p", (output,))
    with pytest.raises(ReferenceRefusedError, match="a link"):
        await bench.run(reference)
    assert bench.site.executions == []


async def test_a_value_that_holds_links_as_data_is_passed_on(home: Path) -> None:
    bench = Bench(home, JobsSite().speak_our_dialect())
    item = {"id": "scene", "assets": {"data": {"href": "http://store.test/scene.tif"}}, "href": "http://store.test"}
    output = OutputResult("out", "application/json", 3, None, item, None)
    (reference,) = await bench.kept.keep("gone", "p", (output,))
    await bench.run(reference)
    assert bench.sent() == item


async def test_a_value_too_large_to_carry_is_refused_before_anything_is_sent(home: Path) -> None:
    other = JobsSite("other").speak_our_dialect()
    other.single = {"out": list(range(1000))}
    bench = Bench(home, JobsSite(), other, max_carried_bytes=1000)
    with pytest.raises(ReferenceRefusedError, match="at most 1000 can be carried to server 'remote'"):
        await bench.run(ResultReference("other", "j1", "out"))
    assert bench.site.executions == []


async def test_a_reference_to_an_unknown_server_names_those_there_are(home: Path) -> None:
    bench = Bench(home, JobsSite())
    with pytest.raises(InvalidReferenceError, match=r"ogc://nowhere/jobs/j1/results/out .* there are: remote"):
        await bench.run(ResultReference("nowhere", "j1", "out"))


async def test_a_reference_to_a_lost_result_says_which(home: Path) -> None:
    bench = Bench(home, JobsSite(), JobsSite("other").speak_our_dialect())
    with pytest.raises(InvalidReferenceError, match="ogc://other/jobs/j1/results/out cannot be read"):
        await bench.run(ResultReference("other", "j1", "out"))


@pytest.mark.parametrize(
    "link",
    [
        {"href": "http://169.254.169.254/secret", "type": "application/geo+json"},
        {"collection": "https://example.org/collections/scenes"},
    ],
    ids=["link", "collection"],
)
async def test_a_link_or_collection_of_the_caller_is_passed_on_unread(home: Path, link: dict[str, str]) -> None:
    bench = Bench(home, JobsSite())
    await bench.run([link])
    assert bench.sent() == [link]


async def test_an_object_that_only_looks_like_a_collection_is_a_value(home: Path) -> None:
    bench = Bench(home, JobsSite())
    await bench.run({"collection": "stamps"})
    assert bench.sent() == {"value": {"collection": "stamps"}}
