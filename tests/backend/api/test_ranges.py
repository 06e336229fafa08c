"""Parts of a result by their bytes."""

import httpx
import pytest

from tests.backend.api.calls import local, run

pytestmark = pytest.mark.anyio

WHOLE = None


async def stored(client: httpx.AsyncClient, count: int) -> str:
    """The path of a result of so many bytes."""
    response = await run(client, "sequence", inputs={"kind": "bytes", "count": count})
    return local(response.headers["location"]) + "/results/sequence"


@pytest.mark.parametrize("count", [1000, 1_000_000])
@pytest.mark.parametrize(
    ("requested", "expected"),
    [
        ("bytes=256-511", slice(256, 512)),
        ("bytes=0-0", slice(0, 1)),
        ("bytes=990-99999999", slice(990, None)),
        ("bytes=500-", slice(500, None)),
        ("bytes=-10", slice(-10, None)),
        ("bytes=-99999999", slice(0, None)),
        ("bytes=5-4", WHOLE),
        ("bytes=0-1,3-4", WHOLE),
        ("lines=1-2", WHOLE),
        ("bytes=", WHOLE),
        ("nonsense", WHOLE),
    ],
)
async def test_a_result_is_served_in_ranges_from_memory_and_from_a_file(
    client: httpx.AsyncClient, count: int, requested: str, expected: slice | None
) -> None:
    url = await stored(client, count)
    value = bytes(index % 256 for index in range(count))
    response = await client.get(url, headers={"Range": requested})
    assert response.status_code == (200 if expected is WHOLE else 206)
    assert response.content == (value if expected is WHOLE else value[expected])
    assert response.headers["content-type"] == "image/png"
    assert response.headers["content-length"] == str(len(response.content))
    if expected is not WHOLE:
        start, stop, _ = expected.indices(count)
        assert response.headers["content-range"] == f"bytes {start}-{stop - 1}/{count}"


@pytest.mark.parametrize("requested", ["bytes=1000-", "bytes=99999999-99999999", "bytes=-0"])
async def test_bytes_that_there_are_not_are_a_problem_that_tells_how_many_there_are(
    client: httpx.AsyncClient, requested: str
) -> None:
    response = await client.get(await stored(client, 1000), headers={"Range": requested})
    assert (response.status_code, response.json()["status"]) == (416, 416)
    assert response.headers["content-range"] == "bytes */1000"


async def test_a_range_with_a_condition_or_of_anything_but_get_is_left_aside(client: httpx.AsyncClient) -> None:
    url = await stored(client, 1000)
    conditional = await client.get(url, headers={"Range": "bytes=0-1", "If-Range": '"x"'})
    assert (conditional.status_code, len(conditional.content)) == (200, 1000)
    headed = await client.head(url, headers={"Range": "bytes=0-1"})
    assert (headed.status_code, headed.headers["content-length"], headed.content) == (200, "1000", b"")
    body = {"inputs": {"kind": "bytes", "count": 100_000}}
    posted = await client.post("/processes/sequence/execution", json=body, headers={"Range": "bytes=0-1"})
    assert (posted.status_code, len(posted.content)) == (200, 100_000)
