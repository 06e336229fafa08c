"""Results that the bridge keeps."""

import os
from pathlib import Path
from typing import Any

import pytest

from mcp_server.errors import InvalidReferenceError, ResultGoneError
from mcp_server.ogc.models import ABSENT, OutputResult
from mcp_server.references import KeptReference
from mcp_server.results.store import KeptResults

pytestmark = pytest.mark.anyio

COLLECTION = {"type": "FeatureCollection", "features": [{"type": "Feature", "id": n} for n in range(5)]}


def output(value: Any, name: str = "out", media_type: str = "application/json") -> OutputResult:
    return OutputResult(name, media_type, None, None, value, None)


async def test_values_of_every_kind_survive_a_restart(home: Path) -> None:
    values: list[Any] = [COLLECTION, b"\x00\xff", "text with ü and \ud800", None, 1.5]
    outputs = tuple(output(value, f"o/{number}") for number, value in enumerate(values))
    references = await KeptResults(home).keep("remote", "p", outputs)
    assert len({reference.result_id for reference in references}) == 1
    read = [await KeptResults(home).read(reference) for reference in references]
    assert [found.value for found in read] == values
    assert [found.id for found in read] == [f"o/{number}" for number in range(5)]


async def test_a_kept_value_has_a_summary_and_a_size(home: Path) -> None:
    kept = KeptResults(home)
    (reference,) = await kept.keep("remote", "p", (output(COLLECTION),))
    found = await kept.read(reference)
    assert found.summary is not None
    assert (found.summary["kind"], found.summary["count"]) == ("FeatureCollection", 5)
    assert found.size is not None
    assert found.size > 100


async def test_a_page_can_be_read(home: Path) -> None:
    kept = KeptResults(home)
    (reference,) = await kept.keep("remote", "p", (output(COLLECTION),))
    page = await kept.read(reference, offset=3, limit=1)
    assert [feature["id"] for feature in page.value["features"]] == [3]
    assert page.matched == 5


async def test_an_output_that_is_only_a_link_stays_one(home: Path) -> None:
    kept = KeptResults(home)
    link = OutputResult("out", "image/tiff", None, None, ABSENT, "http://elsewhere.test/x.tif")
    (reference,) = await kept.keep("remote", "p", (link,))
    assert await kept.read(reference) == link


@pytest.mark.parametrize("result_id", ["0" * 32, "..", "../../etc", "", "."])
async def test_what_is_not_kept_is_gone(home: Path, result_id: str) -> None:
    (home / "bridge-results").mkdir(parents=True)
    (home / "manifest.json").write_text('{"outputs": [{"id": "out"}]}')
    with pytest.raises(ResultGoneError, match=r"is not kept, or no longer.* Run the process again"):
        await KeptResults(home).read(KeptReference(result_id, "out"))


async def test_an_unknown_output_names_those_there_are(home: Path) -> None:
    kept = KeptResults(home)
    (reference, _) = await kept.keep("remote", "p", (output(1, "a"), output(2, "b")))
    with pytest.raises(InvalidReferenceError, match="it has a, b"):
        await kept.read(KeptReference(reference.result_id, "c"))


async def test_the_oldest_go_when_all_together_are_too_large(home: Path) -> None:
    kept = KeptResults(home, max_bytes=5000)
    references = []
    for number in range(4):
        (reference,) = await kept.keep("remote", "p", (output("x" * 2000),))
        os.utime(home / "bridge-results" / reference.result_id, (number, number))
        references.append(reference)
    for reference in references[:2]:
        with pytest.raises(ResultGoneError):
            await kept.read(reference)
    for reference in references[2:]:
        assert (await kept.read(reference)).value == "x" * 2000


async def test_a_result_larger_than_everything_is_kept_until_the_next(home: Path) -> None:
    kept = KeptResults(home, max_bytes=100)
    (first,) = await kept.keep("remote", "p", (output("x" * 2000),))
    assert (await kept.read(first)).value == "x" * 2000
    os.utime(home / "bridge-results" / first.result_id, (0, 0))
    await kept.keep("remote", "p", (output("y"),))
    with pytest.raises(ResultGoneError):
        await kept.read(first)


async def test_what_cannot_be_written_leaves_nothing_behind(home: Path) -> None:
    with pytest.raises(TypeError):
        await KeptResults(home).keep("remote", "p", (output(1), output(object())))
    assert list((home / "bridge-results").iterdir()) == []


async def test_all_outputs_of_an_execution_are_found_again_the_large_ones_without_their_value(home: Path) -> None:
    kept = KeptResults(home)
    references = await kept.keep("remote", "p", (output(COLLECTION, "small"), output("x" * 2**20, "large")))
    found = dict(await KeptResults(home).outputs(references[0].result_id))
    assert tuple(found) == references
    assert found[references[0]].value == COLLECTION
    assert found[references[1]].value is ABSENT
    assert (found[references[1]].size or 0) > 2**20


async def test_what_was_dropped_is_gone_and_nothing_else(home: Path) -> None:
    kept = KeptResults(home)
    (first,), (second,) = [await kept.keep("remote", "p", (output(number),)) for number in range(2)]
    for result_id in (first.result_id, first.result_id, "..", ""):
        await kept.drop(result_id)
    with pytest.raises(ResultGoneError, match="the result of this job is not kept, or no longer"):
        await kept.outputs(first.result_id)
    assert (await kept.read(second)).value == 1


async def test_a_file_of_somebody_else_among_the_results_is_in_nobodys_way(home: Path) -> None:
    kept = KeptResults(home, max_bytes=1)
    (first,) = await kept.keep("remote", "p", (output(COLLECTION),))
    (home / "bridge-results" / "Thumbs.db").write_bytes(b"x")
    (second,) = await kept.keep("remote", "p", (output([1]),))
    assert (await kept.read(second)).value == [1]
    with pytest.raises(ResultGoneError):
        await kept.read(first)


async def test_the_server_of_a_result_is_known(home: Path) -> None:
    (reference,) = await KeptResults(home).keep("remote", "p", (output(1),))
    assert await KeptResults(home).server_of(reference.result_id) == "remote"
    with pytest.raises(ResultGoneError):
        await KeptResults(home).server_of("../../etc")


@pytest.mark.parametrize("damage", ["", "{}", "[", '{"outputs": [{"id": "out"}]}'])
async def test_a_result_that_was_damaged_is_gone(home: Path, damage: str) -> None:
    kept = KeptResults(home)
    (reference,) = await kept.keep("remote", "p", (output(1),))
    (home / "bridge-results" / reference.result_id / "manifest.json").write_text(damage, encoding="utf-8")
    with pytest.raises(ResultGoneError, match="Run the process again"):
        await kept.read(reference)
    with pytest.raises(ResultGoneError):
        await kept.outputs(reference.result_id)


async def test_what_a_bridge_that_was_killed_left_unfinished_is_removed_and_what_is_being_written_is_not(
    home: Path,
) -> None:
    left, written = home / "bridge-results" / ".left", home / "bridge-results" / ".written"
    for folder in (left, written):
        folder.mkdir(parents=True)
        (folder / "0.json").write_text("1")
    os.utime(left, (0, 0))
    await KeptResults(home).keep("remote", "p", (output(1),))
    assert not left.exists()
    assert (written / "0.json").exists()
