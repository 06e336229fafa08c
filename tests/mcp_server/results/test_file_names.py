"""Names of saved files: nothing but a name, and a suffix that the media type may have."""

import pytest

from mcp_server.results.file_names import file_name, name_fault, numbered, suffix_fault, suffixes_of


@pytest.mark.parametrize("name", ["rivers", "rivers.gpkg", "Flüsse 2024.tif", "a.b.c", "-x", "con-sense", "河流"])
def test_a_plain_name_is_taken(name: str) -> None:
    assert name_fault(name) is None


@pytest.mark.parametrize(
    "name",
    [
        "", " ", ".", "..", "...", ".bashrc", ".hidden.gpkg", "a.", " a", "a ", "../a", "a/b", "/etc/passwd",
        "\\\\server\\share", "C:a", "a\\b", "a|b", "a?", "a*", 'a"', "<a", "a\nb", "a\x00b", "a\u202efig.exe",
        "NUL", "con.txt", "Com1.tif", "lpt¹.csv", "CONIN$", "x.zip!", "dem.tif.aux.xml", "DEM.AUX.XML",
        "x" * 201, "ü" * 101,
    ],
)  # fmt: skip
def test_what_is_more_than_a_name_or_none_for_every_system_is_refused(name: str) -> None:
    assert name_fault(name)


@pytest.mark.parametrize(
    ("name", "media_type", "expected"),
    [
        ("rivers", "application/geopackage+sqlite3", "rivers.gpkg"),
        ("rivers.GPKG", "application/geopackage+sqlite3", "rivers.GPKG"),
        ("dem", "image/tiff", "dem.tif"),
        ("v1.2", "application/geo+json", "v1.2.geojson"),
        ("x", "application/schema+json", "x.json"),
        ("x.tif", "application/octet-stream", "x.tif"),
        ("x", "application/octet-stream", "x.bin"),
        ("run.sh", "text/plain", "run.sh.txt"),
        ("setup.exe", "application/octet-stream", "setup.exe.bin"),
        ("evil.py", "", "evil.py.bin"),
        ("e\u0301", "text/csv", "\u00e9.csv"),
    ],
)
def test_the_media_type_gives_the_suffix_where_the_name_has_none_of_data(
    name: str, media_type: str, expected: str
) -> None:
    assert suffix_fault(name, media_type) is None
    assert file_name(name, media_type) == expected


def test_the_suffix_of_another_kind_of_data_is_refused_with_those_that_suit() -> None:
    fault = suffix_fault("rivers.gpkg", "application/geo+json")
    assert fault == "does not suit application/geo+json, whose files end in .geojson or .json"
    assert suffix_fault("rivers.json", "application/geo+json") is None
    assert suffix_fault("rivers.shp", "application/geopackage+sqlite3") is not None


def test_every_format_of_our_processes_has_a_suffix() -> None:
    for media_type in ("application/flatgeobuf", "application/geopackage+sqlite3", "image/tiff", "text/csv"):
        assert suffixes_of(media_type)


def test_a_free_name_has_its_number_before_the_suffix() -> None:
    assert numbered("rivers.gpkg", 2) == "rivers-2.gpkg"
