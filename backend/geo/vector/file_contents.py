"""Files of features that came as bytes, such as what `convert-features` makes: put where GDAL can read them."""

import zipfile
import zlib
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

from backend.errors import refuse
from backend.geo.vector.datasets import DatasetFile

SIGNATURES: Mapping[str, bytes] = {
    ".gpkg": b"SQLite format 3\x00",
    ".fgb": b"fgb\x03",
    ".shp": b"\x00\x00\x27\x0a",
    ".parquet": b"PAR1",
    ".geoparquet": b"PAR1",
}
"""First bytes of a file of that kind: GDAL goes by content, and some of its formats name further files to be read."""
_NAMES = {".gpkg": "the GeoPackage", ".fgb": "the FlatGeobuf", ".parquet": "the GeoParquet"}
_ZIP = b"PK\x03\x04"
_START = 1000
"""Bytes within which the first element of XML is looked for."""
_PARTS = (".shp", ".shx", ".dbf", ".prj", ".cpg")
"""Of a shapefile, all that is read of it."""
MOST_UNPACKED = 2**30
"""Bytes of a zipped shapefile's parts: an archive may be a thousandth of what comes out of it."""
_FAULTS = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError)
"""What an archive that is cut off, in an unknown form or encrypted raises."""


def holds_features(content: bytes) -> bool:
    """Whether it begins as a file of features does, of which kind ever."""
    return content.startswith(_ZIP) or _is_kml(content) or _suffix(content) is not None


@contextmanager
def as_dataset(source: DatasetFile | bytes) -> Generator[DatasetFile]:
    """The file itself, or one with these bytes, for as long as it is read.

    Raises:
        ProcessRefusedError: the bytes are no file of features.
    """
    if isinstance(source, DatasetFile):
        yield source
        return
    with TemporaryDirectory() as folder:
        # Under a name of our own: nothing that GDAL could take for an archive's or another file's.
        path = Path(folder, "features")
        yield _shapefile(source, path) if source.startswith(_ZIP) else _file(source, path)


def _file(content: bytes, path: Path) -> DatasetFile:
    suffix = _suffix(content)
    if suffix is None:
        reason = "KML is for viewers, and not read" if _is_kml(content) else "the file is none of features"
        refuse(f"{reason}: give GeoJSON, CSV, a GeoPackage, FlatGeobuf, GeoParquet or a zipped shapefile")
    path = path.with_suffix(suffix)
    path.write_bytes(content)
    return DatasetFile(_NAMES[suffix], path, "vector")


def _suffix(content: bytes) -> str | None:
    return next((one for one in _NAMES if content.startswith(SIGNATURES[one])), None)


def _is_kml(content: bytes) -> bool:
    return b"<kml" in content[:_START]


def _shapefile(content: bytes, path: Path) -> DatasetFile:
    """The one shapefile of an archive, unpacked."""
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            parts = _parts(archive)
            if sum(part.file_size for part in parts.values()) > MOST_UNPACKED:
                refuse(f"the zipped shapefile holds more than the {MOST_UNPACKED} bytes that are unpacked")
            for suffix, part in parts.items():
                path.with_suffix(suffix).write_bytes(archive.read(part))
    except _FAULTS as error:
        refuse(f"the zipped shapefile cannot be unpacked: {str(error)[:100]}")
    return DatasetFile("the zipped shapefile", path.with_suffix(".shp"), "vector")


def _parts(archive: zipfile.ZipFile) -> Mapping[str, zipfile.ZipInfo]:
    """Suffix → file."""
    files = {PurePosixPath(file.filename): file for file in archive.infolist() if not file.is_dir()}
    shapes = [path for path in files if path.suffix.lower() == ".shp" and not path.name.startswith("._")]
    if len(shapes) != 1:
        refuse(f"the zip holds {len(shapes)} shapefiles; one is needed here")
    stem = shapes[0].with_suffix("")
    beside = {path.suffix.lower(): file for path, file in files.items() if path.with_suffix("") == stem}
    return {suffix: beside[suffix] for suffix in _PARTS if suffix in beside}
