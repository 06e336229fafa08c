"""A person's own files over MCP: listed, passed on by reference, and read where they are."""

from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pyogrio.raw
import pytest
import shapely
from mcp import Client, MCPError
from mcp.types import TextResourceContents

from backend.app import create_app
from backend.settings import Settings
from tests.contract.calls import ended, finished, text, told
from tests.contract.conftest import Launch, connect
from tests.serving import served

pytestmark = pytest.mark.anyio

PARCEL = shapely.box(500_000, 5_500_000, 500_100, 5_500_200)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    for name, layer in (("parcel", "parcel"), ("city", "parcels"), ("city", "Straßen 1")):
        file = folder / f"{name}.gpkg"
        pyogrio.raw.write(
            file, shapely.to_wkb(np.array([PARCEL])), [], np.array([]), geometry_type="Polygon", crs="EPSG:25832",
            driver="GPKG", layer=layer, append=file.exists(),
        )  # fmt: skip
    return folder


@pytest.fixture(scope="module")
async def client(data: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Client]:
    launch = Launch(tmp_path_factory.mktemp("home"), {"wait_seconds": 20}, {"data": (data,)})
    async with connect("memory", "2026-07-28", launch) as connection:
        yield connection.client


async def test_a_persons_files_are_listed_by_their_references(client: Client) -> None:
    assert "list_datasets" in [tool.name for tool in (await client.list_tools()).tools]
    listed = told(await client.call_tool("list_datasets", {}))["datasets"]
    assert [one["dataset"] for one in listed][:2] == ["ogc://local/collections/city", "ogc://local/collections/parcel"]
    assert listed[1]["kind"] == "vector"
    assert listed[1]["title"] == "parcel.gpkg"


@pytest.mark.parametrize("uri", ["parcel", "parcel#parcel", "city#parcels", "city#Stra%C3%9Fen%201"])
async def test_a_process_reads_a_dataset_in_its_own_plane(client: Client, uri: str) -> None:
    envelope = await finished(client, "geometry_measure", {"geometry": f"ogc://local/collections/{uri}"})
    (output,) = envelope["outputs"].values()
    assert output["value"]["planar"]["area"]["value"] == pytest.approx(20_000, rel=1e-12)
    assert output["value"]["planar"]["crs"] == "EPSG:25832"


@pytest.mark.parametrize(
    ("uri", "reason"),
    [
        ("city", "has 2 layers: parcels, Straßen 1"),
        ("city#none", "has no layer 'none'"),
        ("parce", "did you mean 'parcel'"),
        ("..%2F..%2Fetc%2Fpasswd", "there is no dataset"),
    ],
)
async def test_what_cannot_be_read_is_told_with_what_can(client: Client, uri: str, reason: str) -> None:
    result = await ended(client, "geometry_measure", {"geometry": f"ogc://local/collections/{uri}"})
    assert result.is_error
    assert reason in text(result)
    assert "$.geometry" in text(result)


@pytest.mark.parametrize(
    "name", ["parcel", "parcel.gpkg", "PARCEL.GPKG", "/home/me/maps/parcel.gpkg", r"C:\maps\parcel.gpkg"]
)
async def test_the_name_of_a_persons_file_is_answered_with_its_reference(client: Client, name: str) -> None:
    result = await client.call_tool("geometry_buffer", {"geometry": name, "distance": 5})
    assert result.is_error
    assert text(result).endswith("; did you mean ogc://local/collections/parcel?")


async def test_what_names_no_file_of_a_person_is_answered_as_ever(client: Client) -> None:
    for given in ("POINT (1 2", "Bonn", "parcel.gpkg.old"):
        result = await client.call_tool("geometry_buffer", {"geometry": given, "distance": 5})
        assert result.is_error
        assert "did you mean" not in text(result)


async def test_a_value_cannot_be_a_dataset(client: Client) -> None:
    result = await client.call_tool(
        "geometry_buffer", {"geometry": "POINT (1 2)", "distance": "ogc://local/collections/a"}
    )
    assert result.is_error


async def test_the_resource_of_a_dataset_tells_its_file_and_no_path(client: Client, data: Path) -> None:
    (content,) = (await client.read_resource("ogc://local/collections/parcel")).contents
    assert isinstance(content, TextResourceContents)
    assert '"title": "parcel.gpkg"' in content.text
    assert str(data) not in content.text
    with pytest.raises(MCPError, match="no collection `none`"):
        await client.read_resource("ogc://local/collections/none")


async def test_the_tool_is_listed_where_a_server_is_known_to_have_datasets(
    data: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    alone = Launch(tmp_path_factory.mktemp("alone"), {"embedded": False}, {})
    async with connect("memory", "legacy", alone) as connection:
        assert "list_datasets" not in [tool.name for tool in (await connection.client.list_tools()).tools]
    home = tmp_path_factory.mktemp("city")
    with served(
        lambda url: create_app(Settings(home=home, data=(data,), public_url=url, workers=1, warm=False))
    ) as url:
        bridge = Launch(tmp_path_factory.mktemp("bridge"), {"embedded": False, "servers": {"city": url}}, {})
        async with connect("memory", "legacy", bridge) as connection:
            listed = told(await connection.client.call_tool("list_datasets", {"server": "city", "limit": 2}))
            assert [one["dataset"] for one in listed["datasets"]] == [
                "ogc://city/collections/city",
                "ogc://city/collections/parcel",
            ]
            assert listed["next_offset"] == 2
            assert "list_datasets" in [tool.name for tool in (await connection.client.list_tools()).tools]
