"""`/collections/{id}/items`: features of datasets, page by page, as a process would get them."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pyogrio
import pyogrio.raw
import pytest
import shapely
from pyproj import Transformer

from backend.app import create_app
from backend.settings import Settings
from tests.backend.api.calls import BASE, local

pytestmark = pytest.mark.anyio

DATA = Path(__file__).resolve().parents[3] / "backend" / "data"
CORNER = (500_000.0, 5_500_000.0)
GEOJSON = "application/geo+json"


def write_points(file: Path, layer: str, count: int) -> None:
    points = shapely.points([[CORNER[0] + 100 * number, CORNER[1]] for number in range(count)])
    pyogrio.raw.write(
        file, shapely.to_wkb(points), [np.arange(count)], np.array(["number"]), geometry_type="Point",
        crs="EPSG:25832", driver="GPKG", layer=layer, append=file.exists(),
    )  # fmt: skip


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    write_points(folder / "stations.gpkg", "stations", 7)
    for layer in ("roads", "Straßen 1"):
        write_points(folder / "city.gpkg", layer, 2)
    (folder / "table.csv").write_text("name,height\nA,1\nB,2\n", encoding="utf-8")
    (folder / "false.gpkg").write_text("no database", encoding="utf-8")
    (folder / "unprintable.csv").write_text("name,text\n" + f"A,{chr(1) * 1_200_000}\n" * 3, encoding="utf-8")
    (folder / "large.csv").write_text("lon,lat\n" + "1,2\n" * 1_000_000, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
async def client(data: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[httpx.AsyncClient]:
    app = create_app(
        Settings(
            home=tmp_path_factory.mktemp("home"),
            data=(data,),
            public_url="https://maps.example",
            root_path="/ogc",
            workers=1,
            warm=False,
            max_dataset_bytes=3_900_000,
        )
    )
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://inside", timeout=60) as client,
    ):
        yield client


async def items(client: httpx.AsyncClient, path: str) -> dict[str, Any]:
    response = await client.get(f"/collections/{path}")
    assert response.status_code == 200, response.text
    assert response.headers["content-type"] == GEOJSON
    return response.json()


def linked(document: dict[str, Any], rel: str, media_type: str = GEOJSON) -> str | None:
    return next((one["href"] for one in document["links"] if (one["rel"], one["type"]) == (rel, media_type)), None)


async def test_a_page_has_ten_features_and_tells_of_the_others(client: httpx.AsyncClient) -> None:
    first = await items(client, "places/items")
    assert (first["type"], first["numberReturned"], len(first["features"])) == ("FeatureCollection", 10, 10)
    assert first["numberMatched"] == len((DATA / "places.csv").read_text("utf-8").splitlines()) - 1
    assert linked(first, "self") == f"{BASE}/collections/places/items?limit=10"
    assert linked(first, "next") == f"{BASE}/collections/places/items?limit=10&offset=10"
    assert linked(first, "collection", "application/json") == f"{BASE}/collections/places"
    assert first["timeStamp"].endswith("Z")


async def test_pages_lead_to_all_features(client: httpx.AsyncClient) -> None:
    seen: list[int] = []
    url: str | None = f"{BASE}/collections/stations/items?limit=3"
    while url:
        page = (await client.get(local(url))).json()
        seen += [one["id"] for one in page["features"]]
        url = linked(page, "next")
    assert seen == list(range(7))


async def test_after_a_page_that_would_have_been_too_large_the_next_one_begins_where_it_ends(
    client: httpx.AsyncClient,
) -> None:
    first = await items(client, "unprintable/items?limit=3")  # as JSON each character takes six bytes
    assert [one["id"] for one in first["features"]] == [0, 1]
    following = linked(first, "next")
    assert following is not None
    assert [one["id"] for one in (await client.get(local(following))).json()["features"]] == [2]


async def test_pages_lead_back_and_keep_what_was_asked(client: httpx.AsyncClient) -> None:
    page = await items(client, "stations/items?limit=3&offset=3&bbox=8,49,10,51")
    assert [one["properties"]["number"] for one in page["features"]] == [3, 4, 5]
    for rel, offset in (("next", "&offset=6"), ("prev", "")):
        href = linked(page, rel)
        assert href is not None
        assert href == f"{BASE}/collections/stations/items?bbox=8%2C49%2C10%2C51&limit=3{offset}"
        assert (await client.get(local(href))).status_code == 200


async def test_features_of_a_projected_file_come_in_longitude_and_latitude(client: httpx.AsyncClient) -> None:
    page = await items(client, "stations/items?limit=1")
    expected = Transformer.from_crs("EPSG:25832", "OGC:CRS84", always_xy=True).transform(*CORNER)
    (feature,) = page["features"]
    assert feature["geometry"]["type"] == "Point"
    assert feature["geometry"]["coordinates"] == pytest.approx(expected, abs=1e-9)
    assert feature["properties"] == {"number": 0}
    assert page["source_crs"] == "EPSG:25832"


@pytest.mark.parametrize("box", ["5,45,6,46", "175,-20,-175,-10", "-10,40,0,5,50,100"])
async def test_a_box_selects_the_features_that_meet_it_on_either_side_of_the_antimeridian(
    client: httpx.AsyncClient, box: str
) -> None:
    meta, _, geometries, columns = pyogrio.raw.read(DATA / "countries.fgb")
    names = dict(zip(meta["fields"], columns, strict=True))["name"]
    edges = [float(part) for part in box.split(",")]
    west, south, east, north = edges if len(edges) == 4 else [*edges[:2], *edges[3:5]]
    boxes = [(west, east)] if west <= east else [(west, 180), (-180, east)]
    areas = shapely.union_all([shapely.box(start, south, end, north) for start, end in boxes])
    expected = sorted(names[shapely.intersects(shapely.from_wkb(geometries), areas)].tolist())
    page = await items(client, f"countries/items?bbox={box}&limit=300")
    assert sorted(one["properties"]["name"] for one in page["features"]) == expected
    assert page["numberMatched"] == len(expected) > 0


async def test_one_feature_stands_under_its_id(client: httpx.AsyncClient) -> None:
    page = await items(client, "stations/items?offset=4&limit=1")
    one = await items(client, "stations/items/4")
    assert {name: one[name] for name in ("type", "id", "geometry", "properties")} == page["features"][0]
    assert linked(one, "self") == f"{BASE}/collections/stations/items/4"
    assert linked(one, "collection", "application/json") == f"{BASE}/collections/stations"


async def test_a_file_with_several_layers_asks_which(client: httpx.AsyncClient) -> None:
    refused = await client.get("/collections/city/items")
    assert refused.status_code == 404
    assert "2 layers: roads, Straßen 1. Say which one with the parameter `layer`" in refused.json()["detail"]
    page = await items(client, "city/items?layer=Stra%C3%9Fen%201&limit=1")
    assert page["numberMatched"] == 2
    following = linked(page, "next")
    assert following is not None
    assert (await client.get(local(following))).json()["features"][0]["id"] == 1
    assert (await items(client, "city/items/1?layer=roads"))["id"] == 1
    assert (await client.get("/collections/city/items?layer=none")).status_code == 404


async def test_features_without_geometry_are_items_too_and_in_no_box(client: httpx.AsyncClient) -> None:
    page = await items(client, "table/items")
    assert [(one["geometry"], one["properties"]["name"]) for one in page["features"]] == [(None, "A"), (None, "B")]
    assert (await items(client, "table/items?bbox=-180,-90,180,90"))["numberMatched"] == 0


async def test_a_file_that_has_changed_is_read_anew(client: httpx.AsyncClient, data: Path) -> None:
    file = data / "changing.csv"
    for count in (1, 2):
        file.write_text("lon,lat\n" + "1,2\n" * count, encoding="utf-8")
        assert (await items(client, "changing/items"))["numberMatched"] == count
    file.unlink()
    assert (await client.get("/collections/changing/items")).status_code == 404


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("none/items", "There is no dataset|there is no dataset"),
        ("dem-sample/items", "is a raster"),
        ("false/items", "is no gpkg file, as its name says"),
        ("large/items", "at most 3900000 of vector data"),
        ("stations/items/7", "has 7 features: there is none with the id 7"),
        ("stations/items/first", "ids are numbers from 0 on"),
        ("stations/items/-1", "ids are numbers from 0 on"),
    ],
)
async def test_what_has_no_items_is_not_found_and_says_why(
    client: httpx.AsyncClient, data: Path, path: str, reason: str
) -> None:
    response = await client.get(f"/collections/{path}")
    assert response.status_code == 404
    assert any(words in response.json()["detail"] for words in reason.split("|")), response.text
    assert str(data) not in response.text


@pytest.mark.parametrize(
    "query",
    ["bbbox=1,2,3,4", "datetime=2020-01-01T00:00:00Z", "bbox=1,2,3", "bbox=a,b,c,d", "bbox=1,5,2,4",
     "bbox=170,0,190,1", "bbox=nan,0,1,1", "limit=0", "offset=-1", "f=xml"],
)  # fmt: skip
async def test_what_is_not_understood_is_refused_rather_than_passed_over(client: httpx.AsyncClient, query: str) -> None:
    response = await client.get(f"/collections/stations/items?{query}")
    assert response.status_code == 400
    assert response.json()["errors"][0]["path"] == query.partition("=")[0]


async def test_a_dataset_links_to_its_items_and_a_raster_has_none(client: httpx.AsyncClient) -> None:
    stations = (await client.get("/collections/stations")).json()
    assert linked(stations, "items") == f"{BASE}/collections/stations/items"
    assert linked((await client.get("/collections/dem-sample")).json(), "items") is None


async def test_a_browser_gets_a_page_with_the_way_on(client: httpx.AsyncClient) -> None:
    response = await client.get("/collections/stations/items?limit=3", headers={"Accept": "text/html"})
    assert response.headers["content-type"].startswith("text/html")
    assert "3 of 7" in response.text
    assert 'rel="next" href="/ogc/collections/stations/items?limit=3&amp;offset=3"' in response.text
    one = await client.get("/collections/stations/items/2?f=html")
    assert "Feature 2 of stations" in one.text


async def test_a_page_ends_before_it_gets_too_large_and_the_next_goes_on(
    client: httpx.AsyncClient, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    del client
    from backend.geo.vector import items as module
    from backend.geo.vector.datasets import DatasetFile
    from backend.geo.vector.item_query import ItemsQuery

    stations = DatasetFile("stations", data / "stations.gpkg", "vector")
    monkeypatch.setattr(module, "MOST_PAGE_BYTES", 300)
    page = module.Items().page(stations, ItemsQuery(limit=7))
    assert page.returned == len(json.loads(page.features)) == 2
    monkeypatch.setattr(module, "MOST_PAGE_BYTES", 1)
    assert module.Items().page(stations, ItemsQuery(limit=7)).returned == 1
