"""OWSLib's client of OGC API – Features against our datasets, whose items are built like those of that standard."""

import pytest
from owslib.ogcapi.features import Features


@pytest.fixture
def client(own_backend: str) -> Features:
    return Features(own_backend)


def test_it_pages_through_the_features_of_a_dataset(client: Features) -> None:
    first = client.collection_items("countries", limit=3, bbox=[5, 45, 11, 48])
    second = client.collection_items("countries", limit=3, offset=3, bbox=[5, 45, 11, 48])
    assert first["numberMatched"] == second["numberMatched"] > 3
    ids = [feature["id"] for page in (first, second) for feature in page["features"]]
    assert len(set(ids)) == len(ids)


def test_it_reads_one_feature(client: Features) -> None:
    (feature,) = client.collection_items("places", limit=1)["features"]
    one = client.collection_item("places", str(feature["id"]))
    assert (one["geometry"], one["properties"]) == (feature["geometry"], feature["properties"])


def test_a_parameter_that_there_is_not_is_refused_with_its_name(client: Features) -> None:
    with pytest.raises(RuntimeError, match="populatoin"):
        client.collection_items("countries", populatoin=5)
