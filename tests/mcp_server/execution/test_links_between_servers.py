"""Results of one server as inputs of another: by link where that can be read, else by value."""

from pathlib import Path
from typing import Any

import pytest

from mcp_server.errors import InvalidReferenceError, ReferenceRefusedError
from mcp_server.references import ResultReference
from tests.mcp_server.execution.bench import Bench
from tests.mcp_server.execution.jobs_site import POINT, JobsSite

pytestmark = pytest.mark.anyio

RESULT = ResultReference("source", "j1", "out")
URL = "http://source.test/jobs/j1/results/out"
LINK = {"href": URL, "type": "application/geo+json"}


def source() -> JobsSite:
    """A server of our own kind: it has a link for each output."""
    site = JobsSite("source").speak_our_dialect()
    site.results = {"out": {**LINK, "rel": "item", "length": 10**9, "summary": {}}}
    site.single = {"out": POINT}
    site.jobs["j1"] = 0
    return site


def bench_of(home: Path, target: JobsSite, origin: JobsSite, **more: Any) -> Bench:
    return Bench(home, target, origin, **more)


async def test_a_result_of_a_public_server_goes_by_its_link(home: Path) -> None:
    bench = bench_of(home, JobsSite(), source(), public={"source"})
    await bench.run(RESULT)
    assert bench.sent() == LINK


async def test_a_linked_result_may_be_of_any_size(home: Path) -> None:
    bench = bench_of(home, JobsSite(), source(), public={"source"}, max_carried_bytes=1)
    await bench.run([RESULT, RESULT])
    assert bench.sent() == [LINK, LINK]


async def test_a_result_of_a_server_that_is_not_public_goes_by_value(home: Path) -> None:
    bench = bench_of(home, JobsSite(), source())
    await bench.run(RESULT)
    assert bench.sent() == {"value": POINT}


async def test_a_server_that_follows_no_links_is_sent_the_value(home: Path) -> None:
    bench = bench_of(home, JobsSite("stock").speak_pygeoapi(), source(), public={"source", "stock"})
    await bench.run(RESULT)
    assert bench.sent() == POINT


async def test_a_public_server_without_links_has_its_values_carried(home: Path) -> None:
    origin = source()
    origin.results = {"out": POINT}
    bench = bench_of(home, JobsSite(), origin, public={"source"})
    await bench.run(RESULT)
    assert bench.sent() == {"value": POINT}


async def test_an_own_result_is_never_fetched_by_a_server_that_keeps_no_link_to_it(home: Path) -> None:
    site = JobsSite()
    site.jobs["j1"] = 0
    bench = Bench(home, site, public={"remote"})
    await bench.run(ResultReference("remote", "j1", "out"))
    assert bench.sent() == {"value": POINT}


async def test_a_public_result_that_is_lost_or_unknown_says_so(home: Path) -> None:
    origin = source()
    bench = bench_of(home, JobsSite(), origin, public={"source"})
    with pytest.raises(InvalidReferenceError, match="ogc://source/jobs/j1/results/other cannot be read"):
        await bench.run(ResultReference("source", "j1", "other"))


async def test_a_value_too_large_names_both_servers(home: Path) -> None:
    origin = source()
    origin.single = {"out": list(range(1000))}
    bench = bench_of(home, JobsSite(), origin, max_carried_bytes=1000)
    with pytest.raises(
        ReferenceRefusedError, match=r"server 'remote', which cannot read it from server 'source' itself"
    ):
        await bench.run(RESULT)
