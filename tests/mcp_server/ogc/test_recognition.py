"""Which dialect a server is taken to speak, by what it says of itself."""

from typing import Any

import httpx
import pytest
from starlette.responses import JSONResponse

from mcp_server.errors import ConfigurationError
from mcp_server.ogc.client import OgcClient
from mcp_server.ogc.dialects import DIALECTS, MINIMAL_RESULTS
from mcp_server.ogc.recognition import recognise
from tests.mcp_server.ogc.site import BASE, PYGEOAPI, Site

KVP = "http://www.opengis.net/spec/ogcapi-processes-1/1.0/conf/kvp-execute"
CORE = "http://www.opengis.net/spec/ogcapi-processes-1/1.0/conf/core"
BELOW_ONE_PATH = {
    "links": [{"rel": "conformance", "href": "https://example.org/geoserver/ogc/processes/v1/conformance"}]
}
FUNCTIONS = {"links": [{"rel": "self", "title": "get_capabilities"}, {"rel": "service", "title": "execute_process"}]}


@pytest.mark.parametrize(
    ("landing", "headers", "classes", "dialect"),
    [
        ({}, {}, [CORE, MINIMAL_RESULTS], "ogc-processes-mcp"),
        ({}, {"x-powered-by": "pygeoapi 0.24.0"}, [], "pygeoapi"),
        ({}, {"x-powered-by": "ZOO-Project-DRU"}, [], "zoo"),
        ({}, {"x-powered-by": "Zoo-Project@Trac"}, [], "zoo"),
        ({"title": "The ZOO-Project server", "links": []}, {}, [], "zoo"),
        ({"message": "Weaver Information", "configuration": "ems", "parameters": []}, {}, [], "weaver"),
        ({"configuration": "HYBRID", "parameters": [{"name": "api", "enabled": True}]}, {}, [], "weaver"),
        (BELOW_ONE_PATH, {}, [CORE, KVP], "geoserver"),
        (FUNCTIONS, {}, [], "eozilla"),
        ({"title": "Processes", "links": []}, {"x-powered-by": "Express"}, [CORE], "unknown"),
    ],
)
def test_a_server_is_known_by_its_landing_page_headers_and_classes(
    landing: Any, headers: dict[str, str], classes: list[str], dialect: str
) -> None:
    assert recognise(landing, headers, classes) == dialect


@pytest.mark.parametrize(
    ("landing", "classes"),
    [
        (BELOW_ONE_PATH, [CORE]),
        ({"links": []}, [CORE, KVP]),
        ({"links": [{"rel": "self", "href": "https://pygeoapi.example.org/weaver/zoo-project"}]}, []),
        ({"configuration": "hybrid"}, []),
        (None, []),
        ([1, "two"], []),
        ({"links": {"self": 3}, "title": None, "message": 7}, []),
        ({"links": ["a link", None]}, []),
    ],
)
def test_one_sign_alone_or_a_url_proves_nothing(landing: Any, classes: list[str]) -> None:
    assert recognise(landing, {}, classes) == "unknown"


def test_our_backend_behind_somebody_elses_proxy_is_still_ours() -> None:
    assert recognise({}, {"x-powered-by": "pygeoapi"}, [MINIMAL_RESULTS]) == "ogc-processes-mcp"


@pytest.mark.anyio
async def test_a_dialect_that_was_set_is_not_recognised_again() -> None:
    site = Site(PYGEOAPI | {"GET /processes": JSONResponse({"processes": [{"id": "a"}]})})
    async with httpx.ASGITransport(site.app) as http:
        client = OgcClient("remote", BASE, http, embedded=False, max_reply_bytes=2**20, dialect="zoo")
        assert [process.id for process in await client.processes()] == ["a"]
        assert client.identity.dialect == "zoo"
    assert not site.asked("GET", "/conformance")


@pytest.mark.anyio
async def test_a_dialect_that_does_not_exist_is_an_error_that_names_those_that_do() -> None:
    async with httpx.AsyncHTTPTransport() as http:
        with pytest.raises(ConfigurationError, match=r"no dialect 'zo'; there are .*zoo, weaver, geoserver"):
            OgcClient("remote", BASE, http, embedded=False, max_reply_bytes=2**20, dialect="zo")


def test_every_dialect_asks_for_jobs_in_a_way_that_a_stranger_understands() -> None:
    """A server that is taken for another is sent nothing that the standard would not let it ignore."""
    for key, dialect in DIALECTS.items():
        assert dialect.prefer_async.startswith("respond-async"), key
        assert dialect.response in ("document", None), key
