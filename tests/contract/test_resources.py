"""Process descriptions and results as resources."""

import json

import pytest
from mcp import MCPError
from mcp.types import INVALID_PARAMS, BlobResourceContents, TextResourceContents

from tests.contract.calls import finished, picture
from tests.contract.conftest import Connection

pytestmark = pytest.mark.anyio

NOT_FOUND = {"legacy": -32002, "2026-07-28": INVALID_PARAMS}


async def test_every_process_has_its_whole_description(connection: Connection) -> None:
    listed = {resource.uri: resource for resource in (await connection.client.list_resources()).resources}
    buffer = listed["ogc://local/processes/geometry-buffer"]
    assert buffer.name == "geometry_buffer"
    (content,) = (await connection.client.read_resource(buffer.uri)).contents
    assert isinstance(content, TextResourceContents)
    description = json.loads(content.text)
    assert description["id"] == "geometry-buffer"
    assert "distance" in description["inputs"]


async def test_results_are_resources_of_a_template(connection: Connection) -> None:
    templates = (await connection.client.list_resource_templates()).resource_templates
    assert "ogc://{server}/jobs/{job}/results/{output}" in [template.uri_template for template in templates]
    envelope = await finished(connection.client, "hello_world", {"name": "Resource"})
    (output,) = envelope["outputs"].values()
    (content,) = (await connection.client.read_resource(output["uri"])).contents
    assert isinstance(content, TextResourceContents)
    assert json.loads(content.text) == output["value"]


async def test_a_picture_is_a_blob(connection: Connection) -> None:
    result = await picture(connection.client, "one_pixel")
    uri = str(getattr(result.content[-1], "text", "")).split()[-1]
    (content,) = (await connection.client.read_resource(uri)).contents
    assert isinstance(content, BlobResourceContents)
    assert content.mime_type == "image/png"


async def test_a_result_too_large_for_a_resource_names_the_tool_that_reads_it(connection: Connection) -> None:
    envelope = await finished(connection.client, "many_features", {"count": 8_000})
    with pytest.raises(MCPError, match="read_result"):
        await connection.client.read_resource(envelope["outputs"]["features"]["uri"])


@pytest.mark.parametrize(
    "uri",
    [
        "ogc://local/processes/no-such-process",
        "ogc://local/jobs/no-such-job/results/out",
        "ogc://elsewhere/processes/p",
        "ogc://local/jobs/1",
        "ogc://bridge/results/none/out",
        "http://127.0.0.1/",
        "file:///etc/passwd",
    ],
)
async def test_what_is_not_there_is_not_found(connection: Connection, uri: str) -> None:
    with pytest.raises(MCPError) as caught:
        await connection.client.read_resource(uri)
    assert caught.value.error.code == NOT_FOUND[connection.era]
