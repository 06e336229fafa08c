"""What a client gets from the tools, whatever the transport and the era."""

import pytest
from jsonschema import Draft202012Validator
from mcp import Client, MCPError
from mcp.types import INVALID_PARAMS, ImageContent, TextContent

from mcp_server.schema.portable import lint
from tests.contract.calls import BERLIN, ended, finished, picture, text, told

pytestmark = pytest.mark.anyio

OWN = ["get_job", "list_jobs", "dismiss_job", "read_result", "list_datasets"]


async def test_the_processes_are_tools_in_a_fixed_order_with_portable_schemas(client: Client) -> None:
    page = await client.list_tools()
    names = [tool.name for tool in page.tools]
    assert page.next_cursor is None
    assert {"geometry_buffer", "geometry_measure", "slow_steps", "hello_world"} <= set(names)
    assert names == sorted(names[: -len(OWN)]) + OWN
    assert names == [tool.name for tool in (await client.list_tools()).tools]
    for tool in page.tools:
        assert lint(tool.input_schema) == [], tool.name
        assert tool.title
        assert tool.description
        assert tool.annotations is not None
        if tool.output_schema is not None:
            assert tool.output_schema["type"] == "object"
            Draft202012Validator.check_schema(tool.output_schema)


async def test_own_processes_are_read_only_and_closed(client: Client) -> None:
    hints = {tool.name: tool.annotations for tool in (await client.list_tools()).tools}
    buffer = hints["geometry_buffer"]
    assert buffer is not None
    assert (buffer.read_only_hint, buffer.idempotent_hint, buffer.open_world_hint) == (True, True, False)


async def test_the_instructions_and_the_capabilities_say_what_there_is(client: Client) -> None:
    assert client.instructions is not None
    assert "local" in client.instructions
    capabilities = client.server_capabilities
    assert capabilities.tools is not None
    assert capabilities.tools.list_changed
    assert capabilities.resources is not None
    assert capabilities.resources.list_changed


async def test_a_geometry_is_buffered_and_the_result_measured_by_reference(client: Client) -> None:
    buffered = await finished(client, "geometry_buffer", {"geometry": BERLIN, "distance": 500})
    assert buffered["status"] == "successful"
    ((name, output),) = buffered["outputs"].items()
    assert output["uri"] == f"{buffered['job']}/results/{name}"
    assert output["bytes"] > 0
    summary = output["summary"]
    assert summary["geometry_types"] == {"Polygon": 1}
    west, south, east, north = summary["bbox"]
    assert west < 13.4 < east
    assert south < 52.5 < north
    measured = await finished(client, "geometry_measure", {"geometry": output["uri"]})
    (measures,) = measured["outputs"].values()
    assert "785" in str(measures["value"])


async def test_hello_world_of_pygeoapi_is_a_tool_like_any_other(client: Client) -> None:
    envelope = await finished(client, "hello_world", {"name": "World"})
    (output,) = envelope["outputs"].values()
    assert "World" in str(output["value"])


async def test_every_problem_of_the_arguments_is_told_at_once_with_suggestions(client: Client) -> None:
    result = await client.call_tool("geometry_buffer", {"geometri": BERLIN, "distance": "far", "units": "metres"})
    assert result.is_error
    message = text(result)
    assert "$.geometri" in message
    assert "$.geometry" in message
    assert "$.distance" in message
    assert "$.units" in message
    assert 'did you mean "geometry"?' in message


async def test_a_call_without_arguments_is_told_what_is_missing(client: Client) -> None:
    result = await client.call_tool("geometry_buffer")
    assert result.is_error
    assert "$.distance" in text(result)


async def test_what_a_process_refuses_is_told_in_its_own_words(client: Client) -> None:
    empty = {"type": "Polygon", "coordinates": []}
    result = await ended(client, "geometry_buffer", {"geometry": empty, "distance": 10})
    assert result.is_error
    assert "empty" in text(result).lower()


async def test_an_unknown_tool_is_a_protocol_error_with_a_suggestion(client: Client) -> None:
    with pytest.raises(MCPError) as caught:
        await client.call_tool("geometry_bufer", {})
    assert caught.value.error.code == INVALID_PARAMS
    assert "geometry_buffer" in caught.value.error.message


async def test_a_result_of_six_megabytes_is_told_in_eight_kilobytes_and_read_in_pages(client: Client) -> None:
    envelope = await finished(client, "many_features", {"count": 27_000})
    output = envelope["outputs"]["features"]
    assert output["bytes"] > 6_000_000
    assert "value" not in output
    result = await client.call_tool("get_job", {"job": envelope["job"]})
    assert len(text(result).encode()) <= 8 * 1024
    summary = told(result)["outputs"]["features"]["summary"]
    assert summary["count"] == 27_000
    assert summary["geometry_types"] == {"Point": 27_000}
    assert summary["fields"]["id"] == {"type": "integer", "min": 0, "max": 26_999}
    page = await client.call_tool("read_result", {"uri": output["uri"], "offset": 26_995, "limit": 3})
    assert [f["properties"]["id"] for f in told(page)["value"]["features"]] == [26_995, 26_996, 26_997]
    assert told(page)["next_offset"] == 26_998


async def test_pages_follow_each_other_and_each_is_small(client: Client) -> None:
    envelope = await finished(client, "many_features", {"count": 300})
    uri = envelope["outputs"]["features"]["uri"]
    seen: list[int] = []
    offset: int | None = 0
    while offset is not None:
        page = await client.call_tool("read_result", {"uri": uri, "offset": offset})
        assert len(text(page).encode()) <= 20_000
        seen += [f["properties"]["id"] for f in told(page)["value"]["features"]]
        assert told(page)["total"] == 300
        offset = told(page).get("next_offset")
    assert seen == list(range(300))


async def test_a_picture_is_content_and_nothing_else(client: Client) -> None:
    tool = next(tool for tool in (await client.list_tools()).tools if tool.name == "one_pixel")
    assert tool.output_schema is None
    result = await picture(client, "one_pixel")
    assert not result.is_error
    assert result.structured_content is None
    image, line = result.content
    assert isinstance(image, ImageContent)
    assert image.mime_type == "image/png"
    assert isinstance(line, TextContent)
    uri = line.text.split()[-1]
    again = await client.call_tool("read_result", {"uri": uri})
    assert again.content[0] == image
