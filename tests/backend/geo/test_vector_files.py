"""Vector files are read as they are, and files that mean harm, or are not what they are called, not at all."""

import io
import json
import sqlite3
import struct
import zipfile
from pathlib import Path

import numpy as np
import pyogrio.raw
import pytest
import shapely
from pyproj import CRS

from backend.errors import ProcessRefusedError
from backend.geo.geodesy.crs import code_of
from backend.geo.raster.rasters import opened
from backend.geo.tables.cql2 import evaluate
from backend.geo.vector import vector_files
from backend.geo.vector.datasets import KINDS, DatasetFile
from backend.geo.vector.vector_files import layers_of, read_file

SQUARE = shapely.box(500_000, 5_500_000, 500_100, 5_500_200)
_DRIVERS = {".gpkg": "GPKG", ".fgb": "FlatGeobuf", ".shp": "ESRI Shapefile"}
HIDDEN = "what-nobody-may-read"


def dataset(path: Path, layer: str | None = None) -> DatasetFile:
    return DatasetFile(path.stem, path, KINDS[path.suffix], layer)


def written(path: Path, layer: str = "parcels", crs: str | None = "EPSG:25832") -> Path:
    """A file with one square and its attributes, beside what is in the file already."""
    pyogrio.raw.write(
        path,
        shapely.to_wkb(np.array([SQUARE])),
        [np.array(["Köln"], dtype=object), np.array([7])],
        np.array(["name", "number"]),
        geometry_type="Polygon",
        crs=crs,
        driver=_DRIVERS[path.suffix],
        layer=layer,
        append=path.exists(),
    )
    return path


def altered(path: Path, *statements: str) -> Path:
    """The database in `path` after these statements, which may write to its schema."""
    with sqlite3.connect(path) as database:
        database.execute("PRAGMA writable_schema=ON")
        for statement in statements:
            database.execute(statement)
    database.close()
    return path


@pytest.mark.parametrize("suffix", _DRIVERS)
def test_features_come_in_the_files_own_crs(tmp_path: Path, suffix: str) -> None:
    read = read_file(dataset(written(tmp_path / f"parcels{suffix}")))
    assert code_of(read.crs) == "EPSG:25832"
    assert shapely.equals(read.shapes[0], SQUARE)
    assert dict(read.fields) == {"name": ["Köln"], "number": [7]}
    assert read.warnings == ()


def test_a_file_of_several_layers_asks_which(tmp_path: Path) -> None:
    file = written(written(tmp_path / "city.gpkg", "parks"), "Straßen 1")
    assert layers_of(dataset(file)) == ("parks", "Straßen 1")
    with pytest.raises(ProcessRefusedError, match=r"has 2 layers: parks, Straßen 1.*such as city#parks"):
        read_file(dataset(file))
    assert len(read_file(dataset(file, "Straßen 1"))) == 1
    with pytest.raises(ProcessRefusedError, match="no layer 'x'; its layers are parks, Straßen 1"):
        read_file(dataset(file, "x"))


def test_a_file_that_does_not_tell_its_crs_is_refused(tmp_path: Path) -> None:
    file = written(tmp_path / "parcels.shp")
    file.with_suffix(".prj").unlink()
    with pytest.raises(ProcessRefusedError, match="does not tell its CRS, which may not be guessed"):
        read_file(dataset(file))


@pytest.mark.parametrize("undefined", [-1, 0])
def test_a_geopackage_that_calls_its_crs_undefined_does_not_tell_it(tmp_path: Path, undefined: int) -> None:
    """Numbers of OGC 12-128r18, 1.1.2.1: undefined Cartesian and geographic."""
    file = altered(
        written(tmp_path / "parcels.gpkg"),
        "DELETE FROM sqlite_master WHERE type = 'trigger'",
        f"UPDATE gpkg_contents SET srs_id = {undefined}",  # noqa: S608  # numbers of ours
        f"UPDATE gpkg_geometry_columns SET srs_id = {undefined}",  # noqa: S608  # the same
    )
    with pytest.raises(ProcessRefusedError, match="does not tell its CRS, which may not be guessed: assign-crs"):
        read_file(dataset(file))
    assigned = read_file(dataset(file), CRS.from_epsg(25832))
    assert code_of(assigned.crs) == "EPSG:25832"
    assert shapely.equals(assigned.shapes[0], SQUARE)


def test_a_crs_that_names_a_file_is_refused(tmp_path: Path) -> None:
    file = written(tmp_path / "parcels.shp")
    wkt = (
        'PROJCS["x",GEOGCS["y",DATUM["z",SPHEROID["GRS 1980",6378137,298.257222101]],PRIMEM["Greenwich",0],'
        'UNIT["degree",0.0174532925199433]],PROJECTION["Transverse_Mercator"],PARAMETER["central_meridian",9],'
        'UNIT["metre",1],EXTENSION["PROJ4","+proj=tmerc +lon_0=9 +ellps=GRS80 +nadgrids=/etc/passwd +units=m"]]'
    )
    file.with_suffix(".prj").write_text(wkt, encoding="utf-8")
    with pytest.raises(ProcessRefusedError, match="the CRS of parcels names a file of its own"):
        read_file(dataset(file))


def test_features_without_a_geometry_are_counted(tmp_path: Path) -> None:
    file = tmp_path / "parcels.gpkg"
    shapes = shapely.to_wkb(np.array([SQUARE, None]))
    pyogrio.raw.write(file, shapes, [], np.array([]), geometry_type="Polygon", crs="EPSG:25832", driver="GPKG")
    assert read_file(dataset(file)).warnings == ("1 of 2 features of parcels have no geometry.",)


def test_a_table_of_a_geopackage_has_fields_and_no_geometries(tmp_path: Path) -> None:
    file = tmp_path / "notes.gpkg"
    pyogrio.raw.write(file, None, [np.array([1, 2])], ["number"], geometry_type=None, driver="GPKG", layer="notes")
    read = read_file(dataset(file))
    assert (list(read.fields["number"]), list(read.shapes), read.warnings) == ([1, 2], [None, None], ())


def test_whole_numbers_and_truths_stay_such_where_some_are_missing(tmp_path: Path) -> None:
    file = tmp_path / "parcels.gpkg"
    columns = [np.array([7, 2**53]), np.array([5, 6], dtype=np.int32), np.array([True, False]), np.array([1.5, np.nan])]
    names = np.array(["key", "floors", "built", "height"])
    shapes = shapely.to_wkb(np.array([SQUARE, SQUARE]))
    masks = [np.array([False, False]), np.array([True, False]), np.array([False, True]), np.array([False, False])]
    pyogrio.raw.write(
        file, shapes, columns, names, field_mask=masks, geometry_type="Polygon", crs="EPSG:25832", driver="GPKG"
    )
    read = read_file(dataset(file))
    fields = {"key": [7, 2**53], "floors": [None, 6], "built": [True, None], "height": [1.5, None]}
    assert repr({name: list(column) for name, column in read.fields.items()}) == repr(fields)
    assert read.warnings == ()


@pytest.mark.parametrize("name", ["key", 'a "b" \\ ä'])
@pytest.mark.parametrize("form", ["gpkg", "fgb"])
def test_whole_numbers_beyond_floating_point_ones_are_exact_where_some_are_missing(
    tmp_path: Path, form: str, name: str
) -> None:
    file = tmp_path / f"parcels.{form}"
    pyogrio.raw.write(
        file,
        shapely.to_wkb(np.array([SQUARE] * 3)),
        [np.array([2**53 + 1, 0, 1 - 2**63])],
        np.array([name]),
        field_mask=[np.array([False, True, False])],
        geometry_type="Polygon",
        crs="EPSG:25832",
        layer_options={"SPATIAL_INDEX": "NO"},
    )
    read = read_file(dataset(file))
    assert list(read.fields[name]) == [2**53 + 1, None, 1 - 2**63]
    assert read.warnings == ()


def test_what_gdal_warns_of_is_told_without_the_path(tmp_path: Path) -> None:
    file = altered(written(tmp_path / "parcels.gpkg"), "PRAGMA application_id=0")
    (warning, *_) = read_file(dataset(file)).warnings
    assert warning.startswith("parcels: ")
    assert str(tmp_path) not in warning


def vrt(path: Path, source: Path) -> Path:
    path.write_text(
        f'<OGRVRTDataSource><OGRVRTLayer name="secret"><SrcDataSource>{source}</SrcDataSource></OGRVRTLayer>'
        "</OGRVRTDataSource>",
        encoding="utf-8",
    )
    return path


@pytest.mark.parametrize("suffix", [".gpkg", ".fgb", ".shp", ".geojson", ".json", ".parquet"])
def test_a_virtual_file_is_read_under_no_name(tmp_path: Path, suffix: str) -> None:
    secret = tmp_path / "secret.csv"
    secret.write_text(f"id,text\n1,{HIDDEN}\n", encoding="utf-8")
    with pytest.raises(ProcessRefusedError, match="is no ") as refused:
        read_file(dataset(vrt(tmp_path / f"map{suffix}", secret)))
    assert HIDDEN not in str(refused.value)


def test_a_virtual_raster_is_none(tmp_path: Path) -> None:
    file = tmp_path / "map.tif"
    file.write_text('<VRTDataset rasterXSize="1" rasterYSize="1"></VRTDataset>', encoding="utf-8")
    with pytest.raises(ProcessRefusedError, match="map is no GeoTIFF"), opened(dataset(file)):
        pass


def test_an_archive_is_not_looked_into(tmp_path: Path) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.write(written(tmp_path / "inner.gpkg"), "inner.gpkg")
    (tmp_path / "outer.gpkg").write_bytes(packed.getvalue())
    with pytest.raises(ProcessRefusedError, match="outer is no gpkg file, as its name says"):
        read_file(dataset(tmp_path / "outer.gpkg"))


def test_a_virtual_table_of_a_geopackage_reads_no_other_file(tmp_path: Path) -> None:
    secret = tmp_path / "secret.csv"
    secret.write_text(f"id,text\n1,{HIDDEN}\n", encoding="utf-8")
    file = altered(
        written(tmp_path / "parcels.gpkg"),
        "INSERT INTO sqlite_master(type,name,tbl_name,rootpage,sql) VALUES('table','leak','leak',0,"
        f"'CREATE VIRTUAL TABLE leak USING VirtualOGR(''{secret}'')')",
        "INSERT INTO gpkg_contents(table_name,data_type,identifier) VALUES('leak','attributes','leak')",
    )
    with pytest.raises(ProcessRefusedError) as refused:
        read_file(dataset(file, "leak"))
    assert HIDDEN not in str(refused.value)
    assert str(tmp_path) not in str(refused.value)
    assert len(read_file(dataset(file, "parcels"))) == 1


def test_a_view_of_a_geopackage_calls_no_function_that_reaches_out(tmp_path: Path) -> None:
    file = altered(
        written(tmp_path / "parcels.gpkg"),
        "INSERT INTO sqlite_master(type,name,tbl_name,rootpage,sql) VALUES('view','leak','leak',0,"
        "'CREATE VIEW leak AS SELECT ogr_geocode(''x'') AS a')",
        "INSERT INTO gpkg_contents(table_name,data_type,identifier) VALUES('leak','attributes','leak')",
    )
    with pytest.raises(ProcessRefusedError, match="parcels cannot be read"):
        read_file(dataset(file, "leak"))


def test_another_database_is_no_geopackage(tmp_path: Path) -> None:
    file = altered(tmp_path / "plain.gpkg", "CREATE TABLE t(a)", "INSERT INTO t VALUES(1)")
    with pytest.raises(ProcessRefusedError, match="plain cannot be read"):
        read_file(dataset(file))


@pytest.mark.parametrize("suffix", [".gpkg", ".fgb", ".shp"])
def test_a_damaged_file_is_refused_without_its_path(tmp_path: Path, suffix: str) -> None:
    file = written(tmp_path / f"parcels{suffix}")
    file.write_bytes(file.read_bytes()[:110])
    with pytest.raises(ProcessRefusedError) as refused:
        read_file(dataset(file))
    assert str(tmp_path) not in str(refused.value)


def round_parcel(path: Path, declared: str, *extensions: str) -> Path:
    """A GeoPackage whose only geometry is a circle of 100 m, as its well-known binary has it."""
    around = [(500_100, 5_500_000), (500_000, 5_500_100), (499_900, 5_500_000), (500_000, 5_499_900)]
    points = [*around, around[0]]
    arcs = struct.pack("<BII", 1, 8, len(points)) + b"".join(struct.pack("<dd", *point) for point in points)
    blob = b"GP\x00\x01" + struct.pack("<i", 25832) + struct.pack("<BII", 1, 10, 1) + arcs
    with sqlite3.connect(written(path)) as database:
        triggers = database.execute("SELECT name FROM sqlite_master WHERE type='trigger'").fetchall()
        for (trigger,) in triggers:
            database.execute(f'DROP TRIGGER "{trigger}"')
        database.execute("UPDATE gpkg_geometry_columns SET geometry_type_name = ?", (declared,))
        for name in extensions:
            row = ("parcels", "geom", name, "http://www.geopackage.org/spec/#extension_geometry_types", "read-write")
            database.execute("INSERT INTO gpkg_extensions VALUES (?, ?, ?, ?, ?)", row)
        database.execute("UPDATE parcels SET geom = ?", (blob,))
    database.close()
    return path


@pytest.mark.parametrize(
    ("declared", "extensions"), [("CURVEPOLYGON", ()), ("GEOMETRY", ("gpkg_geom_CURVEPOLYGON",))], ids=str
)
def test_arcs_are_read_as_chords_that_keep_their_area_and_this_is_told(
    tmp_path: Path, declared: str, extensions: tuple[str, ...]
) -> None:
    read = read_file(dataset(round_parcel(tmp_path / "round.gpkg", declared, *extensions)))
    assert read.shapes[0].area == pytest.approx(np.pi * 100**2, rel=2e-5)
    assert any("chords of 0.5 degrees" in warning for warning in read.warnings)


def test_a_geopackage_without_arcs_tells_nothing_of_them(tmp_path: Path) -> None:
    assert not read_file(dataset(written(tmp_path / "parcels.gpkg"))).warnings


def test_a_shapefile_without_its_index_is_refused_without_its_path(tmp_path: Path) -> None:
    file = written(tmp_path / "parcels.shp")
    file.with_suffix(".shx").rename(file.with_suffix(".SHX"))
    assert len(read_file(dataset(file))) == 1
    file.with_suffix(".SHX").unlink()
    with pytest.raises(ProcessRefusedError, match=r"parcels cannot be read: .* the \.shx file") as refused:
        read_file(dataset(file))
    assert str(tmp_path) not in str(refused.value)


def test_a_shapefile_without_its_table_tells_that_fields_are_missing(tmp_path: Path) -> None:
    file = written(tmp_path / "parcels.shp")
    assert not read_file(dataset(file)).warnings
    file.with_suffix(".dbf").unlink()
    read = read_file(dataset(file))
    assert not read.fields
    assert any("the features have no fields" in warning for warning in read.warnings)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_texts_of_spreadsheets_are_read_in_their_encoding(tmp_path: Path, encoding: str, ends: str) -> None:
    """Excel writes "Unicode Text" in UTF-16 with tabs."""
    file = tmp_path / "towns.csv"
    file.write_bytes(ends.join(("Größe\tlon\tlat", "Köln\t7\t51", "")).encode(encoding))
    assert read_file(dataset(file)).fields["Größe"] == ["Köln"]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "is no GeoJSON"),
        ("[" * 200_000, "is nested too deeply"),
        ('{"type":"GeometryCollection","geometries":[' * 5000 + "]}" * 5000, "nested too deeply"),
        (json.dumps({"type": "Topology", "objects": {}}), "TopoJSON has no objects"),
        ('{"type":"Point","coordinates":[1,1e999]}', "finite"),
        (json.dumps({"type": "FeatureCollection", "features": {"href": "file:///etc/passwd"}}), "no array 'features'"),
    ],
)
def test_json_that_holds_no_features_is_refused(tmp_path: Path, text: str, reason: str) -> None:
    file = tmp_path / "map.geojson"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ProcessRefusedError, match=reason):
        read_file(dataset(file))


def test_a_format_without_layers_has_none_to_choose(tmp_path: Path) -> None:
    file = tmp_path / "shops.csv"
    file.write_text("lon,lat\n1,2\n", encoding="utf-8")
    assert len(read_file(dataset(file, "shops"))) == len(read_file(dataset(file))) == 1
    with pytest.raises(ProcessRefusedError, match="shops has no layer 'other'"):
        read_file(dataset(file, "other"))


def test_a_raster_is_no_features(tmp_path: Path) -> None:
    with pytest.raises(ProcessRefusedError, match="is a raster; features are needed here"):
        read_file(dataset(tmp_path / "dem.tif"))


def test_geometries_of_kinds_that_are_not_read_are_told_as_such(tmp_path: Path) -> None:
    """A TIN of one triangle, in a GeoPackage's own binary form."""
    triangle = struct.pack("<BIII8d", 1, 17, 1, 4, 0, 0, 0, 1, 1, 1, 0, 0)
    surface = b"GP" + struct.pack("<BBi", 0, 1, 25832) + struct.pack("<BII", 1, 16, 1) + triangle
    file = altered(written(tmp_path / "roofs.gpkg"), "DELETE FROM sqlite_master WHERE type = 'trigger'")
    with sqlite3.connect(file) as database:
        database.execute("UPDATE parcels SET geom = ?", (surface,))
    database.close()
    read = read_file(dataset(file))
    assert read.shapes.tolist() == [None]
    assert "1 geometries are of kinds that are not read" in read.warnings[0]


def test_geometries_made_batch_by_batch_stay_in_their_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vector_files, "_BATCH", 3)
    points = np.array([shapely.Point(at, 50) for at in range(10)] + [None, shapely.Point(11, 50)])
    path = tmp_path / "points.gpkg"
    pyogrio.raw.write(
        path, shapely.to_wkb(points), [np.arange(12)], ["number"], geometry_type="Point", crs="OGC:CRS84", driver="GPKG"
    )
    read = read_file(dataset(path))
    assert read.shapes.tolist() == points.tolist()
    assert list(read.fields["number"]) == list(range(12))


@pytest.mark.parametrize("driver", ["GPKG", "FlatGeobuf"])
def test_numbers_of_single_precision_are_the_decimals_that_were_meant(tmp_path: Path, driver: str) -> None:
    file = tmp_path / ("wells.gpkg" if driver == "GPKG" else "wells.fgb")
    depths = np.array([0.1, 0.7, 123.456, 1e20, np.nan, -0.3], dtype=np.float32)
    shapes = shapely.to_wkb(np.array([SQUARE] * 6))
    pyogrio.raw.write(file, shapes, [depths], ["depth"], geometry_type="Polygon", crs="EPSG:25832", driver=driver)
    read = read_file(dataset(file))
    assert list(read.fields["depth"]) == [0.1, 0.7, 123.456, 1e20, None, -0.3]
    assert evaluate(read, "depth >= 0.7").true.tolist() == [False, True, True, True, False, False]


def test_values_that_json_has_no_place_for_are_missing_and_this_is_told(tmp_path: Path) -> None:
    file = tmp_path / "readings.gpkg"
    columns = [np.array([1.5, np.inf, -np.inf, np.nan]), np.array([1, 2, 3, 4])]
    shapes = shapely.to_wkb(np.array([SQUARE] * 4))
    pyogrio.raw.write(file, shapes, columns, ["height", "n"], geometry_type="Polygon", crs="EPSG:25832", driver="GPKG")
    altered(file, "ALTER TABLE readings ADD COLUMN photo BLOB")
    with sqlite3.connect(file) as database:
        for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            database.execute(f'DROP TRIGGER "{name}"')
        database.execute("UPDATE readings SET photo = x'00FF' WHERE fid = 2")
    database.close()
    read = read_file(dataset(file))
    assert read.fields["height"] == [1.5, None, None, None]
    assert read.fields["photo"] == [None] * 4
    assert read.warnings == (
        "2 values of field 'height' are infinite, and taken for missing.",
        "1 values of field 'photo' are binary data, which no result holds: they are left out.",
    )
