"""Lists in pages: turned by links, by numbers, by offsets; and never for ever."""

from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from mcp_server.errors import BridgeError
from tests.mcp_server.ogc.site import BASE, OURS, Answer, Site, client_of

pytestmark = pytest.mark.anyio


async def names(listed: Answer) -> tuple[list[str], Site]:
    async with client_of({"GET /processes": listed}) as (client, site):
        return [process.id for process in await client.processes()], site


def number(request: Request, name: str, default: int = 0) -> int:
    return int(request.query_params.get(name, default))


async def test_numbered_pages_are_turned() -> None:
    def listed(request: Request) -> Response:
        page = number(request, "page")
        return JSONResponse({"processes": [{"id": f"p{page}"}], "page": page, "limit": 1, "total": 3})

    assert (await names(listed))[0] == ["p0", "p1", "p2"]


async def test_a_list_that_counts_more_than_it_shows_is_asked_for_the_rest() -> None:
    def listed(request: Request) -> Response:
        start = number(request, "offset")
        shown = [{"id": f"p{n}"} for n in range(start, min(start + 2, 5))]
        return JSONResponse({"processes": shown, "numberMatched": 5})

    assert (await names(listed))[0] == ["p0", "p1", "p2", "p3", "p4"]


@pytest.mark.parametrize("refusal", [400, 422])
async def test_a_limit_or_an_offset_that_is_refused_costs_nothing_that_was_read(refusal: int) -> None:
    def listed(request: Request) -> Response:
        if request.query_params.keys() & {"limit", "offset"}:
            return JSONResponse({"title": "no such parameter"}, refusal)
        return JSONResponse({"processes": [{"id": "a"}], "numberMatched": 9})

    assert (await names(listed))[0] == ["a"]


@pytest.mark.parametrize(
    "more",
    [
        {"numberMatched": 1000},
        {"page": 0, "total": 1000},
        {"links": [{"rel": "next", "href": f"{BASE}/processes?again=1"}]},
    ],
    ids=["offset", "page", "link"],
)
async def test_a_page_that_only_repeats_ends_the_list(more: dict[str, Any]) -> None:
    found, site = await names(JSONResponse({"processes": [{"id": "a"}], **more}))
    assert found == ["a"]
    assert len(site.asked("GET", "/processes")) == 2


async def test_a_list_without_end_is_left_at_last() -> None:
    def listed(request: Request) -> Response:
        page = number(request, "page")
        following = [{"rel": "next", "href": f"{BASE}/processes?page={page + 1}"}]
        return JSONResponse({"processes": [{"id": f"p{page}"}], "links": following})

    found, site = await names(listed)
    assert len(found) == 100
    assert len(site.asked("GET", "/processes")) == 100


async def test_the_newest_jobs_are_found_behind_the_oldest() -> None:
    def listed(request: Request) -> Response:
        start = number(request, "offset")
        shown = [
            {"jobID": f"j{n}", "status": "successful", "created": f"2030-01-0{n + 1}T00:00:00Z"}
            for n in range(start, min(start + 2, 6))
        ]
        return JSONResponse({"jobs": shown, "numberMatched": 6})

    async with client_of({"GET /jobs": listed}) as (client, _):
        assert [job.job_id for job in await client.jobs(limit=2)] == ["j5", "j4"]


async def test_our_own_backend_is_asked_for_no_more_jobs_than_are_wanted() -> None:
    def listed(request: Request) -> Response:
        shown = [
            {"jobID": f"j{n}", "status": "successful", "created": f"2030-01-0{n + 1}T00:00:00Z"}
            for n in reversed(range(6))
        ]
        return JSONResponse({"jobs": shown[: number(request, "limit")], "numberMatched": 6})

    async with client_of(OURS | {"GET /jobs": listed}) as (client, site):
        assert [job.job_id for job in await client.jobs(limit=2)] == ["j5", "j4"]
        assert len(site.asked("GET", "/jobs")) == 1


@pytest.mark.parametrize(
    "href", ["?offset={}", "processes?offset={}", "./processes?offset={}", "/ogc/processes?offset={}"]
)
async def test_a_relative_next_link_is_read_from_the_page_it_stands_in(href: str) -> None:
    def listed(request: Request) -> Response:
        start = number(request, "offset")
        links = [{"rel": "next", "href": href.format(start + 1)}] if start < 2 else []
        return JSONResponse({"processes": [{"id": f"p{start}"}], "links": links})

    assert (await names(listed))[0] == ["p0", "p1", "p2"]


async def test_a_next_link_in_the_header_turns_the_page_as_well() -> None:
    def listed(request: Request) -> Response:
        start = number(request, "offset")
        following = f'<{BASE}/processes?offset={start + 1}>; rel="next", <{BASE}/processes>; rel="first"'
        return JSONResponse({"processes": [{"id": f"p{start}"}]}, headers={"Link": following} if start < 2 else None)

    assert (await names(listed))[0] == ["p0", "p1", "p2"]


@pytest.mark.parametrize("answer", [None, JSONResponse({"id": "p", "inputs": {}})], ids=["404", "no list"])
async def test_where_there_is_no_list_it_is_told_what_the_url_of_a_server_is(answer: Response | None) -> None:
    async with client_of({} if answer is None else {"GET /processes": answer}) as (client, _):
        with pytest.raises(BridgeError, match="the URL of a server is that of its landing page"):
            await client.processes()
