"""The execute requests of the dialects, by what strict servers of these kinds understand of them."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any

import anyio
import httpx
import pytest
from mcp import Client

from mcp_server.session import Answer, call, open_session
from mcp_server.settings import Settings
from tests.interop.emulated_servers import Emulated, GeoServer, RefusedError, Weaver, Zoo
from tests.serving import served

pytestmark = pytest.mark.anyio

POINT = {"type": "Point", "coordinates": [7.6, 51.9]}
MEANT = {"geometry": POINT, "numbers": [1, 2, 3], "tags": ["a", "b"], "area": {"bbox": [7, 51, 8, 52]}}


@asynccontextmanager
async def bridge_to(
    kind: type[Emulated], home: Path, more: Mapping[str, Any] = MappingProxyType({})
) -> AsyncGenerator[tuple[Client, Emulated]]:
    running: list[Emulated] = []

    def make(url: str) -> Emulated:
        running.append(kind(url))
        return running[0]

    with served(make) as url:
        servers: Any = {"there": url + kind.root, **more}
        settings = Settings(home=home, embedded=False, servers=servers)
        with anyio.fail_after(40):
            async with open_session(settings) as client:
                yield client, running[0]


def received(answer: Answer) -> Any:
    assert not answer.failed, answer.text
    assert answer.structured is not None
    assert answer.structured["status"] == "successful"
    return answer.structured["outputs"]["received"]["value"]


@pytest.mark.parametrize(
    ("kind", "prefer", "members"),
    [
        (Zoo, "respond-async;return=representation", {"outputs": {"received": {"transmissionMode": "value"}}}),
        (Weaver, "respond-async", {"mode": "async"}),
        (GeoServer, "respond-async", {}),
    ],
)
async def test_objects_arrays_repeated_inputs_and_boxes_arrive_as_they_are_meant(
    kind: type[Emulated], prefer: str, members: dict[str, Any], home: Path
) -> None:
    async with bridge_to(kind, home) as (client, server):
        found = received(await call(client, "receive", MEANT))
    assert found["geometry"] == POINT
    assert found["area"] == [7, 51, 8, 52]
    assert found["tags"] == {"occurrences": ["a", "b"]}
    # Weaver takes an array for what its input is declared as.
    assert found["numbers"] == ({"occurrences": [1, 2, 3]} if kind is Weaver else [1, 2, 3])
    (execution,) = server.executions
    assert execution.prefer == prefer
    assert {name: value for name, value in execution.body.items() if name != "inputs"} == {
        "response": "document",
        **members,
    }


@pytest.mark.parametrize("kind", [Zoo, Weaver, GeoServer])
async def test_a_synchronous_execution_is_answered_at_once(kind: type[Emulated], home: Path) -> None:
    class Synchronous(kind):  # type: ignore[misc, valid-type]
        modes = ("sync-execute",)

    async with bridge_to(Synchronous, home) as (client, server):
        assert received(await call(client, "receive", {"geometry": POINT})) == {"geometry": POINT}
        assert server.jobs == {}
        assert server.executions[0].body.get("mode") == ("auto" if kind is Weaver else None)


@pytest.mark.parametrize(
    ("kind", "reason"), [(Zoo, "the cup was empty"), (Weaver, "the cup was empty"), (GeoServer, "it is: FAILED")]
)
async def test_a_failure_tells_its_reason(kind: type[Emulated], reason: str, home: Path) -> None:
    async with bridge_to(kind, home) as (client, _):
        answer = await call(client, "receive", {"fail": True})
    assert answer.failed
    assert reason in answer.text


async def test_a_result_of_a_public_server_goes_to_another_by_its_link(own_backend: str, home: Path) -> None:
    servers = {"own": {"url": own_backend, "public": True}}
    async with bridge_to(GeoServer, home, servers) as (client, server):
        buffer = await call(client, "own_geometry_buffer", {"geometry": POINT, "distance": 5})
        assert buffer.structured is not None
        (output,) = buffer.structured["outputs"].values()
        link = received(await call(client, "there_receive", {"geometry": output["uri"]}))["geometry"]
    assert link["href"].startswith(f"{own_backend}/jobs/")
    assert link["type"] == "application/geo+json"
    assert server.executions[0].body["inputs"]["geometry"] == link
    async with httpx.AsyncClient(timeout=60) as http:
        value = (await http.get(link["href"])).json()
    assert value["geometry"]["type"] == "Polygon", "the link leads to the value"


async def test_a_job_told_by_its_location_alone_can_be_followed_and_dismissed(home: Path) -> None:
    async with bridge_to(GeoServer, home) as (client, server):
        answer = await call(client, "receive", {"geometry": POINT})
        assert answer.structured is not None
        assert answer.structured["job"] == "ogc://there/jobs/job-0"
        dismissed = await call(client, "dismiss_job", {"job": "ogc://there/jobs/job-0"})
        assert not dismissed.failed, dismissed.text
        assert server.dismissed == ["job-0"]


@pytest.mark.parametrize(
    ("shape", "understood"),
    [
        ("POINT (7.6 51.9)", {"text": "POINT (7.6 51.9)", "mediaType": "application/wkt"}),
        ("<gml:Point/>", {"text": "<gml:Point/>", "mediaType": "text/xml; subtype=gml"}),
        ("https://example.org/shape.gml", {"href": "https://example.org/shape.gml"}),
    ],
)
async def test_geoserver_is_told_what_a_text_is(shape: str, understood: Any, home: Path) -> None:
    async with bridge_to(GeoServer, home) as (client, _):
        assert received(await call(client, "receive", {"shape": shape})) == {"shape": understood}


async def test_a_value_qualified_by_the_caller_arrives_whole_at_geoserver(home: Path) -> None:
    qualified = {"value": POINT, "mediaType": "application/geo+json"}
    async with bridge_to(GeoServer, home) as (client, _):
        assert received(await call(client, "receive", {"geometry": qualified})) == {"geometry": POINT}


async def test_weavers_jobs_are_listed_in_full_and_from_every_page(home: Path) -> None:
    async with bridge_to(Weaver, home) as (client, _):
        for tag in ("a", "b", "c", "d", "e"):
            assert not (await call(client, "receive", {"tags": [tag]})).failed
        listed = await call(client, "list_jobs", {"limit": 10})
    assert listed.structured is not None
    jobs = {job["job"]: job for job in listed.structured["jobs"]}
    assert set(jobs) == {f"ogc://there/jobs/job-{number}" for number in range(5)}
    assert {(job["status"], job["progress"]) for job in jobs.values()} == {("successful", 100)}


async def test_an_output_given_by_link_is_read_from_weaver(home: Path) -> None:
    async with bridge_to(Weaver, home) as (client, _):
        answer = await call(client, "receive", {"tags": ["a"]})
        assert answer.structured is not None
        uri = answer.structured["outputs"]["file"]["uri"]
        read = await call(client, "read_result", {"uri": uri})
    assert not read.failed, read.text
    assert '"receive"' in read.text


@pytest.mark.parametrize("kind", [Zoo, GeoServer])
def test_what_pygeoapi_takes_is_refused_by_the_emulated(kind: type[Emulated]) -> None:
    with pytest.raises(RefusedError):
        kind("http://unused.test").understood({"inputs": {"geometry": POINT}})
