"""Values that a process gives, as they reach a browser or a program that asks for their own media type."""

import httpx
import pytest

from tests.backend.api.calls import finished, local, run

pytestmark = pytest.mark.anyio

POLICY = "sandbox; default-src 'none'"
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"


async def test_whatever_a_process_gives_runs_nothing_on_this_servers_origin(client: httpx.AsyncClient) -> None:
    executed = await run(client, "page")
    job = local(executed.headers["location"])
    whole = await client.get(f"{job}/results/out")
    part = await client.get(f"{job}/results/out", headers={"Range": "bytes=0-7"})
    again = await client.get(f"{job}/results")
    for response in (executed, whole, part, again):
        assert response.headers["content-type"] == "text/html"
        assert response.headers["content-security-policy"] == POLICY
        assert response.headers["x-content-type-options"] == "nosniff"
    assert part.status_code == 206
    features = await run(client, "sequence", inputs={"kind": "features", "count": 3})
    page = await client.get(f"{local(features.headers['location'])}/results/sequence?limit=1")
    assert page.headers["content-security-policy"] == POLICY


async def test_a_media_type_with_a_line_break_is_passed_on_to_nobody(client: httpx.AsyncClient) -> None:
    response = await run(client, "smuggles-header")
    assert (response.status_code, response.headers["content-type"]) == (200, "application/octet-stream")
    document = await run(client, "smuggles-header", response="document")
    assert document.json()["out"]["mediaType"] == "application/octet-stream"


async def job_of(client: httpx.AsyncClient, *outputs: str, response: str = "raw") -> str:
    selection = dict.fromkeys(outputs)
    accepted = await run(client, "many-outputs", "respond-async", outputs=selection, response=response)
    job = local(accepted.headers["location"])
    await finished(client, job)
    return job


@pytest.mark.parametrize(
    ("outputs", "accept", "media_type"),
    [
        (["picture"], "image/png", "image/png"),
        (["picture"], "image/*", "image/png"),
        (["picture"], "text/html;q=0.1, image/png", "image/png"),
        (["picture"], "*/*", "image/png"),
        (["picture"], "application/json", "image/png"),
        (["picture"], BROWSER, "text/html; charset=utf-8"),
        (["place"], "application/geo+json", "application/geo+json"),
        (["table"], "text/csv", "text/csv"),
        (["number", "table"], "multipart/related", "multipart/related"),
        (["number", "table"], "application/json", "application/json"),
    ],
)
async def test_results_are_negotiated_with_their_own_media_types_on_offer(
    client: httpx.AsyncClient, outputs: list[str], accept: str, media_type: str
) -> None:
    response = await client.get(f"{await job_of(client, *outputs)}/results", headers={"Accept": accept})
    assert response.status_code == 200
    assert response.headers["content-type"].startswith(media_type)


async def test_results_that_come_in_nothing_the_client_accepts_are_refused(client: httpx.AsyncClient) -> None:
    raw, document = await job_of(client, "picture"), await job_of(client, "picture", response="document")
    for job, accept in ((raw, "image/gif"), (raw, "multipart/related"), (document, "image/png")):
        response = await client.get(f"{job}/results", headers={"Accept": accept})
        assert response.status_code == 406
    assert "`application/json`, `text/html`" in response.json()["detail"]


async def test_a_failure_tells_no_folders_of_this_machine(client: httpx.AsyncClient) -> None:
    response = await run(client, "leaks")
    assert response.status_code == 500
    assert response.json()["detail"] == "FileNotFoundError: [Errno 2] No such file or directory: '…/river.tif'"
    assert "secret" not in (await client.get(local(response.headers["location"]))).text
