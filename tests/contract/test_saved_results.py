"""Results as files of the user's: what no resource can carry comes out of the conversation, and nothing else does."""

import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pyogrio
import pytest
from mcp import Client, MCPError

from mcp_server.app import open_bridge
from mcp_server.embedded import backend_settings
from mcp_server.settings import Settings
from tests.contract.calls import finished, text, told
from tests.contract.city import City
from tests.serving import served

pytestmark = pytest.mark.anyio


@dataclass(frozen=True)
class Saving:
    """A bridge that saves files, with a client of each era, and a GeoPackage it has made."""

    clients: dict[str, Client]
    folder: Path
    geopackage: str
    """URI."""


@pytest.fixture(scope="module")
async def saving(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Saving]:
    folder = tmp_path_factory.mktemp("results")
    with served(lambda _: City("shout").app) as city:
        settings = Settings(
            home=tmp_path_factory.mktemp("home"), results=folder, servers={"city": city}, wait_seconds=20
        )
        backend = backend_settings(settings, data=(folder,))
        async with (
            open_bridge(settings, backend=backend) as bridge,
            Client(bridge.server, mode="legacy") as legacy,
            Client(bridge.server, mode="auto") as modern,
        ):
            countries = {"features": "ogc://local/collections/countries", "format": "geopackage"}
            envelope = await finished(legacy, "local_convert_features", countries)
            (output,) = envelope["outputs"].values()
            assert output["bytes"] > 1_000_000
            yield Saving({"legacy": legacy, "2026-07-28": modern}, folder, output["uri"])


@pytest.fixture(params=["legacy", "2026-07-28"])
def client(saving: Saving, request: pytest.FixtureRequest) -> Client:
    return saving.clients[request.param]


async def test_a_result_larger_than_any_resource_becomes_a_file_that_opens(saving: Saving, client: Client) -> None:
    name = f"countries-{client.protocol_version}"
    saved = told(await client.call_tool("save_result", {"uri": saving.geopackage, "name": name}))
    path = saving.folder / f"{name}.gpkg"
    assert saved == {
        "path": str(path),
        "bytes": path.stat().st_size,
        "media_type": "application/geopackage+sqlite3",
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
    }
    assert pyogrio.read_info(path)["features"] > 200


async def test_what_is_saved_into_a_data_folder_is_a_dataset_at_once(saving: Saving, client: Client) -> None:
    name = f"again-{client.protocol_version}"
    told(await client.call_tool("save_result", {"uri": saving.geopackage, "name": name}))
    listed = told(await client.call_tool("list_datasets", {}))["datasets"]
    assert f"ogc://local/collections/{name}" in [one["dataset"] for one in listed]
    envelope = await finished(client, "local_describe_dataset", {"dataset": f"ogc://local/collections/{name}"})
    assert envelope["outputs"]["description"]["summary"]


async def test_a_file_that_a_process_has_made_is_features_to_the_next_one(saving: Saving, client: Client) -> None:
    asked = {"features": saving.geopackage, "filter": "continent = 'Oceania'"}
    (output,) = (await finished(client, "local_filter_features", asked))["outputs"].values()
    assert 5 < output["summary"]["count"] < 50


async def test_a_file_is_not_replaced_and_a_free_name_is_told(saving: Saving, client: Client) -> None:
    taken = saving.folder / f"mine-{client.protocol_version}.gpkg"
    taken.write_bytes(b"mine")
    result = await client.call_tool("save_result", {"uri": saving.geopackage, "name": taken.name})
    assert result.is_error
    assert f"'{taken.stem}-2.gpkg' is free" in text(result)
    assert taken.read_bytes() == b"mine"
    taken.unlink()


@pytest.mark.parametrize("name", ["../up", "/etc/cron.d/x", "a/b", "..", ".profile", "nul", "countries.tif"])
async def test_other_names_are_refused(saving: Saving, client: Client, name: str) -> None:
    before = sorted(path.name for path in saving.folder.parent.rglob("*"))
    result = await client.call_tool("save_result", {"uri": saving.geopackage, "name": name})
    assert result.is_error
    assert "$.name" in text(result)
    assert sorted(path.name for path in saving.folder.parent.rglob("*")) == before


async def test_results_of_other_servers_are_saved_too(saving: Saving, client: Client) -> None:
    envelope = await finished(client, "city_shout", {"text": "Grüezi"})
    (output,) = envelope["outputs"].values()
    name = f"shout-{client.protocol_version}"
    saved = told(await client.call_tool("save_result", {"uri": output["uri"], "name": name}))
    assert saved["path"] == str(saving.folder / f"{name}.json")
    assert (saving.folder / f"{name}.json").read_text(encoding="utf-8") == '"Grüezi"'


async def test_what_is_no_output_or_gone_is_told(client: Client) -> None:
    for uri in ("ogc://local/jobs/none", "ogc://local/jobs/none/results/out", "ogc://local/collections/countries"):
        result = await client.call_tool("save_result", {"uri": uri, "name": "x"})
        assert result.is_error


async def test_the_tool_is_one_that_writes_and_destroys_nothing(client: Client) -> None:
    (tool,) = [one for one in (await client.list_tools()).tools if one.name == "save_result"]
    assert tool.annotations is not None
    assert tool.annotations.read_only_hint is False
    assert tool.annotations.destructive_hint is False


async def test_texts_point_to_the_tool_where_it_is(saving: Saving, client: Client) -> None:
    told_so = told(await client.call_tool("read_result", {"uri": saving.geopackage}))
    assert "save_result writes it to a file" in told_so["note"]
    with pytest.raises(MCPError, match="save_result"):
        await client.read_resource(saving.geopackage)


async def test_without_a_folder_there_is_no_such_tool_and_how_to_get_one_is_told(
    saving: Saving, tmp_path_factory: pytest.TempPathFactory
) -> None:
    del saving
    settings = Settings(home=tmp_path_factory.mktemp("alone"), wait_seconds=20)
    async with open_bridge(settings) as bridge, Client(bridge.server, mode="auto") as client:
        assert "save_result" not in [tool.name for tool in (await client.list_tools()).tools]
        envelope = await finished(client, "convert_features", {"features": "POINT (1 2)", "format": "geopackage"})
        (output,) = envelope["outputs"].values()
        note = told(await client.call_tool("read_result", {"uri": output["uri"]}))["note"]
        assert "--results DIR" in note
        path = output["uri"].removeprefix("ogc://local/")
        assert f"`ogc-processes-mcp backend` on the same home, at http://127.0.0.1:5001/{path}" in note
