"""What keeps the standard in another way than most fails nothing."""

import json
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount

from mcp_server.validate import Verdict
from tests.interop.broken_documents import openapi
from tests.interop.broken_server import Broken, application, create
from tests.interop.verdicts import judged, messages

pytestmark = pytest.mark.anyio

PREFIX = "/ogc-api"


class BelowPrefix(Broken):
    """A server below a prefix."""

    def __init__(self, prefix: str = "", more: dict[str, Any] | None = None, *faults: str) -> None:
        super().__init__(*faults)
        self.prefix = prefix
        self.more = more or {}

    def url(self, request: Request, path: str) -> str:  # noqa: ARG002 - that of the base
        return f"http://s{PREFIX}{path}"

    async def definition(self, request: Request) -> Response:
        if "f" in request.query_params:
            return await super().definition(request)
        document = openapi(self.faults)
        document["paths"] = {self.prefix + path: item for path, item in document["paths"].items()} | self.more.pop(
            "paths", {}
        )
        return Response(json.dumps({**document, **self.more}), media_type="application/vnd.oai.openapi+json")


def below_prefix(*arguments: Any) -> Starlette:
    return Starlette(routes=[Mount(PREFIX, application(BelowPrefix(*arguments)))])


@pytest.mark.parametrize(
    ("prefix", "more"),
    [
        (PREFIX, {}),
        (PREFIX, {"servers": []}),
        (PREFIX, {"servers": [{"url": "/"}]}),
        (PREFIX, {"servers": [{"url": "http://s"}]}),
        (PREFIX, {"servers": [{"url": "http://s/"}]}),
        (PREFIX, {"servers": [{"url": ".."}]}),
        (PREFIX, {"servers": [{"url": "http://localhost:8080"}]}),
        ("", {"servers": [{"url": "http://s/ogc-api"}]}),
        ("", {"servers": [{"url": "."}]}),
        ("", {"servers": [{"url": "http://["}, {"url": 5}, {"url": "http://s/other"}, {"url": "/ogc-api/"}]}),
        ("", {"servers": [{"url": "http://s/{name}", "variables": {"name": {"default": "ogc-api"}}}]}),
        ("", {"servers": [{"url": "http://behind:5000/elsewhere"}]}),
        # What else the host has is no part of this API.
        (PREFIX, {"paths": {"/elsewhere": {"get": {"responses": {"200": {"description": "ok"}}}}}}),
    ],
    ids=str,
)
async def test_paths_of_a_definition_are_read_together_with_its_servers(prefix: str, more: dict[str, Any]) -> None:
    report = await judged(below_prefix(prefix, dict(more)), url="http://s/ogc-api/")
    assert messages(report, Verdict.FAILED) == {}
    assert messages(report, Verdict.NOT_APPLICABLE).keys() == {"oas30/security", "callback/job-callback"}


async def test_what_a_definition_with_a_prefix_lacks_is_found() -> None:
    report = await judged(
        below_prefix(PREFIX, {}, "limit undefined", "404 not documented", "more offered than there is"),
        url="http://s/ogc-api/",
    )
    assert messages(report, Verdict.FAILED).keys() == {
        "core/pl-limit-definition",
        "job-list/limit-definition",
        "oas30/exceptions-codes",
        "oas30/oas-impl",
    }


async def test_paths_that_lead_elsewhere_are_no_definition_of_this_server() -> None:
    report = await judged(below_prefix("", {"servers": [{"url": "http://s/elsewhere"}]}), url="http://s/ogc-api/")
    assert "defines no GET /ogc-api/processes" in messages(report, Verdict.FAILED)["core/pl-limit-definition"]


class Renamed(Broken):
    """A server whose links name another host."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name

    def url(self, request: Request, path: str) -> str:  # noqa: ARG002 - that of the base
        return self.name + path


@pytest.mark.parametrize("name", ["http://127.0.0.1:9", "http://localhost:9", "http://[::1]:9"])
async def test_a_server_of_this_machine_is_itself_by_each_of_its_names(name: str) -> None:
    report = await judged(application(Renamed(name)), url="http://localhost:9")
    assert messages(report, Verdict.NOT_APPLICABLE).keys() == {"oas30/security"}
    asked = {one.url.removeprefix("http://localhost:9")[:1] for result in report.results for one in result.exchanges}
    assert asked == {"/"}


@pytest.mark.parametrize("name", ["http://127.0.0.1:10", "https://127.0.0.1:9", "http://a.test:9"])
async def test_another_server_is_not_asked(name: str) -> None:
    report = await judged(application(Renamed(name)), url="http://localhost:9")
    assert "another host" in messages(report, Verdict.NOT_APPLICABLE)["core/api-definition-op"]
    assert all(one.url.startswith("http://localhost:9/") for result in report.results for one in result.exchanges)


class Described(Broken):
    """A server with another schema of the input `number`."""

    def __init__(self, schema: dict[str, Any]) -> None:
        super().__init__()
        self.schema = schema

    def described(self) -> dict[str, Any]:
        processes = super().described()
        processes["echo"]["inputs"]["number"]["schema"] = self.schema
        return processes


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "number", "anyOf": [{"maximum": 1}, {"minimum": 9}]},
        {"anyOf": [{"type": "number", "maximum": 1}, {"type": "number", "minimum": 9}]},
        {"anyOf": [{"type": "integer"}, {"type": "number", "minimum": 9}]},
        {"anyOf": [{"type": ["number", "null"], "maximum": 1}, {"type": "number", "minimum": 9}]},
        {"type": "object", "anyOf": [{"required": ["a"]}, {"required": ["b"]}]},
        {"anyOf": [{"required": ["a"]}, {"required": ["b"]}]},
        {"type": "string", "pattern": r"^\p{L}+$"},
        {"type": "string", "pattern": r"^(?<year>\d{4})$"},
    ],
    ids=str,
)
async def test_a_schema_that_is_one_and_of_one_type_is_taken(schema: dict[str, Any]) -> None:
    failed = messages(await judged(application(Described(schema))), Verdict.FAILED)
    assert {name: why for name, why in failed.items() if name.startswith("ogc-process-description")} == {}


@pytest.mark.parametrize(
    "schema",
    [
        {"anyOf": [{"type": "number"}, {"type": "string"}]},
        {"type": "number", "anyOf": [{"maximum": 1}, {"type": "string"}]},
        {"anyOf": [{"type": ["number", "string"]}, {"type": "string"}]},
        {"type": ["number", "string"]},
    ],
    ids=str,
)
async def test_a_schema_of_several_types_without_one_of_is_not(schema: dict[str, Any]) -> None:
    failed = messages(await judged(application(Described(schema))), Verdict.FAILED)
    assert "oneOf is asked for" in failed["ogc-process-description/input-mixed-type"]


async def test_a_process_that_changes_things_is_sent_nothing() -> None:
    class Dangerous(Broken):
        def described(self) -> dict[str, Any]:
            return {"delete-everything": {**super().described()["echo"], "id": "delete-everything"}}

    report = await judged(application(Dangerous()))
    asked = [one for result in report.results for one in result.exchanges]
    assert [one.url for one in asked if one.method == "POST"] == []
    assert "--process" in messages(report, Verdict.NOT_APPLICABLE)["core/http"]


async def test_a_description_that_was_an_error_is_not_executed() -> None:
    app = create()

    async def answer(scope: Any, receive: Any, send: Any) -> None:
        erring = scope["path"] == "/processes/echo"
        await (Response('{"id": "echo"}', 500, media_type="application/json") if erring else app)(scope, receive, send)

    report = await judged(answer)
    asked = [one.url for result in report.results for one in result.exchanges if one.method == "POST"]
    assert asked
    assert not [url for url in asked if "/echo/" in url]
