"""Which files of the data folders are datasets, and that nothing outside them is."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from backend.errors import NoSuchDatasetError, ProcessRefusedError
from backend.geo.vector import datasets as module
from backend.geo.vector.datasets import Datasets


def put(folder: Path, *names: str, text: str = "x") -> Path:
    """A folder with these files."""
    for name in names:
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return folder


def ids(*folders: Path) -> list[str]:
    return [dataset.id for dataset in Datasets.within(folders).all()]


def test_files_of_known_formats_at_any_depth_are_datasets_by_their_names(tmp_path: Path) -> None:
    put(tmp_path, "roads.gpkg", "deep/down/DEM.TIF", "readme.txt", "roads.qgz", "map.vrt", "archive.zip", "csv")
    every = Datasets.within([tmp_path]).all()
    assert [(dataset.id, dataset.kind) for dataset in every] == [("DEM", "raster"), ("roads", "vector")]
    assert every[0].suffix == ".tif"


def test_names_that_several_files_share_are_told_apart_by_their_paths(tmp_path: Path) -> None:
    put(tmp_path, "roads.gpkg", "old/roads.gpkg", "roads.csv", "rivers.csv")
    assert ids(tmp_path) == ["old-roads.gpkg", "rivers", "roads.csv", "roads.gpkg"]
    assert Datasets.within([tmp_path]).get("old-roads.gpkg").path == tmp_path / "old" / "roads.gpkg"


def test_names_that_differ_only_in_what_an_id_cannot_hold_are_numbered(tmp_path: Path) -> None:
    put(tmp_path, "a b.csv", "a-b.csv", "Größe über.csv")
    assert ids(tmp_path) == ["Größe-über", "a-b.csv", "a-b.csv-2"]


def test_an_earlier_folder_takes_an_id_before_a_later_one(tmp_path: Path) -> None:
    own, other, third = (put(tmp_path / name, "parks.csv") for name in ("own", "other", "deep/other"))
    assert ids(own, other, third) == ["parks", "other-parks", "other-parks-2"]
    assert ids(own, own) == ["parks"]
    put(other, "other-parks.csv")
    assert ids(own, other) == ["parks", "other-parks", "other-parks-2"]
    assert Datasets.within([own, other]).get("other-parks").path.name == "other-parks.csv"
    assert Datasets.within([own, other]).get("parks").path.parent == own


def test_hidden_files_and_files_of_hidden_folders_are_none(tmp_path: Path) -> None:
    put(tmp_path, ".secret.json", ".git/index.json", "._roads.shp", "seen.csv")
    assert ids(tmp_path) == ["seen"]
    assert ids(put(tmp_path / ".hidden", "named.csv")) == ["named"]


def test_names_that_gdal_takes_for_places_in_archives_are_none(tmp_path: Path) -> None:
    put(tmp_path, "a.zip!b.gpkg", "plain.gpkg")
    assert ids(tmp_path) == ["plain"]


def test_links_out_of_the_folder_are_none(tmp_path: Path) -> None:
    outside = put(tmp_path / "outside", "secret.csv", "sub/secret.gpkg")
    inside = put(tmp_path / "inside", "own.csv")
    (inside / "link.csv").symlink_to(outside / "secret.csv")
    (inside / "folder").symlink_to(outside, target_is_directory=True)
    (inside / "again.csv").symlink_to(inside / "own.csv")
    (inside / "loop.csv").symlink_to(inside / "loop.csv")
    assert ids(inside) == ["own"]


def test_a_folder_that_is_itself_a_link_is_read_where_it_leads(tmp_path: Path) -> None:
    put(tmp_path / "real", "own.csv")
    (tmp_path / "link").symlink_to(tmp_path / "real", target_is_directory=True)
    (dataset,) = Datasets.within([tmp_path / "link"]).all()
    assert dataset.path == tmp_path / "real" / "own.csv"


@pytest.mark.parametrize(
    "dataset_id", ["../outside/secret", "..", ".", "", "/etc/passwd", "own.csv", "/vsizip/own", "folder/own", "own\0"]
)
def test_an_id_is_no_path(tmp_path: Path, dataset_id: str) -> None:
    put(tmp_path / "outside", "secret.csv")
    datasets = Datasets.within([put(tmp_path / "inside", "own.csv", "folder/more.csv")])
    with pytest.raises(NoSuchDatasetError, match="there is no dataset"):
        datasets.get(dataset_id)


def test_a_file_of_a_kind_that_is_not_read_is_told_how_to_save_it(tmp_path: Path) -> None:
    datasets = Datasets.within([put(tmp_path, "own.csv", "prices.xlsx")])
    with pytest.raises(NoSuchDatasetError, match=r"files of the kind \.xlsx are not read: save it as CSV"):
        datasets.get("prices.xlsx")


def test_an_absolute_path_within_the_folder_is_no_id_either(tmp_path: Path) -> None:
    put(tmp_path, "own.csv")
    with pytest.raises(NoSuchDatasetError):
        Datasets.within([tmp_path]).get(str(tmp_path / "own.csv"))


def test_an_unknown_id_is_told_with_the_one_that_may_be_meant(tmp_path: Path) -> None:
    datasets = Datasets.within([put(tmp_path, "parcels.csv")])
    with pytest.raises(NoSuchDatasetError, match="did you mean 'parcels'"):
        datasets.get("parcel")
    with pytest.raises(NoSuchDatasetError, match="list_datasets tells which there are"):
        datasets.get("x")


def test_a_shapefile_whose_table_is_a_link_is_refused(tmp_path: Path) -> None:
    outside = put(tmp_path / "outside", "secret.dbf")
    inside = put(tmp_path / "inside", "roads.shp", "rivers.shp", "rivers.dbf")
    (inside / "ROADS.dbf").symlink_to(outside / "secret.dbf")
    (inside / "rivers.csv").symlink_to(outside / "secret.dbf")
    datasets = Datasets.within([inside])
    with pytest.raises(ProcessRefusedError, match=r"'ROADS\.dbf', which belongs to it, is a link"):
        datasets.get("roads")
    assert datasets.get("rivers").path == inside / "rivers.shp"


def test_a_geopackage_whose_log_is_a_link_is_refused(tmp_path: Path) -> None:
    put(tmp_path / "outside", "log")
    inside = put(tmp_path / "inside", "roads.gpkg")
    (inside / "roads.gpkg-wal").symlink_to(tmp_path / "outside" / "log")
    with pytest.raises(ProcessRefusedError, match="is a link to another place"):
        Datasets.within([inside]).get("roads")


def test_vector_files_beyond_the_limit_are_refused_and_rasters_are_not(tmp_path: Path) -> None:
    put(tmp_path, "large.geojson", "large.tif", text="12345")
    datasets = Datasets.within([tmp_path], max_vector_bytes=4)
    with pytest.raises(ProcessRefusedError, match=r"has 5 bytes; at most 4 .*OGC_PROCESSES_MAX_DATASET_BYTES"):
        datasets.get("large.geojson")
    assert datasets.get("large.tif").kind == "raster"
    assert Datasets.within([tmp_path], max_vector_bytes=5).get("large.geojson").layer is None


def test_a_listing_tells_how_it_was_and_the_datasets_how_it_is(tmp_path: Path) -> None:
    datasets = Datasets.within([put(tmp_path, "own.csv", "gone.csv")])
    listing = datasets.listing()
    put(tmp_path, "new.csv")
    (tmp_path / "gone.csv").unlink()
    assert datasets.get("new").id == "new"
    assert listing.get("own", "a").layer == "a"
    assert listing.get("own").layer is None
    with pytest.raises(NoSuchDatasetError):
        listing.get("new")
    with pytest.raises(ProcessRefusedError, match="gone cannot be read: No such file"):
        replace(listing, max_vector_bytes=9).get("gone")


def test_a_raster_has_no_layers(tmp_path: Path) -> None:
    datasets = Datasets.within([put(tmp_path, "dem.tif")])
    with pytest.raises(ProcessRefusedError, match="dem is a raster, which has bands and no layers"):
        datasets.get("dem", "a")


def test_names_that_are_no_text_and_things_that_are_no_files_do_no_harm(tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"\xff\xfe.csv")).write_text("x", encoding="utf-8")
    os.mkfifo(tmp_path / "pipe.csv")
    (tmp_path / "folder.gpkg").mkdir()
    (dataset,) = Datasets.within([tmp_path]).all()
    assert (dataset.id, dataset.file_name) == ("data", "??.csv")
    assert len(dataset.mark) == 16


def test_no_more_files_are_looked_at_than_there_may_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    put(tmp_path, *(f"{number}.csv" for number in range(5)))
    monkeypatch.setattr(module, "MOST_FILES", 3)
    assert len(ids(tmp_path)) == 3
    assert "more than 3 files" in caplog.text
    caplog.clear()
    monkeypatch.setattr(module, "MOST_FILES", 5)
    assert len(ids(tmp_path)) == 5
    assert not caplog.records


def test_a_folder_that_went_away_has_none(tmp_path: Path) -> None:
    assert ids(tmp_path / "gone") == []
