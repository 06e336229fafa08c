"""A person's own files: which of the data folders' files are datasets, and under which ids."""

import difflib
import logging
import os
import re
from collections import Counter
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path
from typing import Literal, Self

from backend.errors import NoSuchDatasetError, ProcessRefusedError

type Kind = Literal["vector", "raster"]

KINDS: Mapping[str, Kind] = {
    ".gpkg": "vector",
    ".fgb": "vector",
    ".geojson": "vector",
    ".json": "vector",
    ".geojsonl": "vector",
    ".geojsons": "vector",
    ".ndjson": "vector",
    ".shp": "vector",
    ".parquet": "vector",
    ".geoparquet": "vector",
    ".csv": "vector",
    ".topojson": "vector",
    ".kml": "vector",
    ".kmz": "vector",
    ".gml": "vector",
    ".gpx": "vector",
    ".tif": "raster",
    ".tiff": "raster",
}
"""Suffix → what a file is. Formats that refer to other files are not among them."""
GEOJSON = frozenset((".geojson", ".json", ".geojsonl", ".geojsons", ".ndjson"))
"""Suffixes of GeoJSON, of the last ones with a Feature in each line or after each separator (RFC 8142)."""
_SUFFIXES = tuple(KINDS)
_INSTEAD: Mapping[str, str] = {
    **dict.fromkeys((".xlsx", ".xls", ".ods", ".dbf"), "CSV"),
    **dict.fromkeys((".gdb", ".tab", ".mif", ".dxf", ".dwg", ".sqlite"), "GeoPackage"),
    ".wkt": "CSV, with wkt in its first line",
    **dict.fromkeys((".asc", ".img", ".nc", ".jp2", ".vrt", ".grd", ".hgt"), "GeoTIFF"),
}
"""Suffixes of files that people have and that are not read, and as what they may be saved."""
_ARCHIVES: Mapping[str, str] = {
    ".zip": "the shapefile or other files in it are",
    ".gz": "the file in it may be",
}
"""Suffixes of packed files, and what is said to be read once they are unpacked."""
MOST_FILES = 10_000
"""Files and folders that are looked at in each data folder."""
_UNSAFE = re.compile(r"[^\w.-]+")
_OF_ARCHIVES = "!"
"""Before it GDAL's libraries take a path for that of an archive, and read within."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class DatasetFile:
    """A file that a process may read. `Datasets` alone makes them: a path from elsewhere is not to be trusted."""

    id: str
    path: Path
    """Absolute, without symbolic links."""
    kind: Kind
    layer: str | None = None
    """The one that is meant, of a file that may have several."""

    @property
    def suffix(self) -> str:
        """In small letters, with the dot."""
        return self.path.suffix.lower()

    @property
    def file_name(self) -> str:
        """As text, whatever bytes it is made of."""
        return self.path.name.encode(errors="replace").decode()

    @property
    def mark(self) -> str:
        """Of this very file: another of the same id, in the folders of another server, has another mark."""
        return sha256(str(self.path).encode(errors="surrogateescape")).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Datasets:
    """The files below some folders."""

    folders: Sequence[Path] = ()
    """Absolute, without symbolic links."""
    max_vector_bytes: int | None = None
    """Largest file of vector data that is read: it is read as a whole."""

    @classmethod
    def within(cls, folders: Iterable[Path], *, max_vector_bytes: int | None = None) -> Self:
        """The datasets of these folders, as they are at each time of asking."""
        return cls(tuple(dict.fromkeys(folder.resolve() for folder in folders)), max_vector_bytes)

    def all(self) -> tuple[DatasetFile, ...]:
        """Every dataset, folder by folder, in each by id.

        The id is the file's name without suffix, where no other file of the folder has the same, or else its path
        below the folder. What has an id of an earlier folder has the folder's name before it.
        """
        found: dict[str, DatasetFile] = {}
        for folder in self.folders:
            own = dict(_named(folder))
            taken = {*found, *own}
            for name, path in sorted(own.items()):
                free = _numbered(f"{_identifier(folder.name)}-{name}", taken) if name in found else name
                taken.add(free)
                found[free] = DatasetFile(free, path, KINDS[path.suffix.lower()])
        return tuple(found.values())

    def listing(self) -> "Listing":
        """The datasets as they are now."""
        return Listing({dataset.id: dataset for dataset in self.all()}, self.max_vector_bytes)

    def get(self, dataset_id: str, layer: str | None = None) -> DatasetFile:
        """The dataset of this id, as it is now; raises as `Listing.get` does."""
        return self.listing().get(dataset_id, layer)


@dataclass(frozen=True, slots=True)
class Listing:
    """The datasets at one moment: for one request, however many references it holds."""

    by_id: Mapping[str, DatasetFile]
    max_vector_bytes: int | None = None
    _readable: dict[str, DatasetFile] = field(default_factory=dict[str, DatasetFile])
    """Those that were looked at already."""

    def get(self, dataset_id: str, layer: str | None = None) -> DatasetFile:
        """The dataset of this id.

        Raises:
            NoSuchDatasetError: there is none.
            ProcessRefusedError: it must not be read, or is too large.
        """
        if dataset_id not in self._readable:
            self._readable[dataset_id] = self._checked(dataset_id)
        dataset = self._readable[dataset_id]
        if dataset.kind == "raster" and layer is not None:
            raise ProcessRefusedError(f"{dataset_id} is a raster, which has bands and no layers: leave #… out")
        return replace(dataset, layer=layer)

    def _checked(self, dataset_id: str) -> DatasetFile:
        dataset = self.by_id.get(dataset_id)
        if dataset is None:
            close = difflib.get_close_matches(dataset_id[:80], self.by_id, n=1)
            meant = f"did you mean {close[0]!r}?" if close else "list_datasets tells which there are"
            raise NoSuchDatasetError(f"there is no dataset {dataset_id[:80]!r}; {not_read(dataset_id) or meant}")
        try:
            if dataset.path.resolve() != dataset.path:
                raise ProcessRefusedError(f"{dataset_id} is a link to another place")
            _refuse_linked_companions(dataset)
            self._refuse_large(dataset)
        except OSError as error:
            raise ProcessRefusedError(f"{dataset_id} cannot be read: {error.strerror}") from None
        return dataset

    def _refuse_large(self, dataset: DatasetFile) -> None:
        if dataset.kind != "vector" or self.max_vector_bytes is None:
            return
        size = dataset.path.stat().st_size
        if size > self.max_vector_bytes:
            raise ProcessRefusedError(
                f"{dataset.id} has {size} bytes; at most {self.max_vector_bytes} of vector data are read at once "
                "(OGC_PROCESSES_MAX_DATASET_BYTES)"
            )


def not_read(name: str) -> str | None:
    """What is told of a file's name or path whose kind is not read; None for any other text."""
    suffix = Path(name[-80:].strip()).suffix.lower()
    if suffix in _ARCHIVES:
        return f"files of the kind {suffix} are not read: unpack it, {_ARCHIVES[suffix]}"
    instead = _INSTEAD.get(suffix)
    return None if instead is None else f"files of the kind {suffix} are not read: save it as {instead}"


def _named(folder: Path) -> Iterator[tuple[str, Path]]:
    """The files of a folder that are datasets, each with a name that no other of them has."""
    paths = sorted(_files(folder), key=str)
    stems = Counter(_identifier(path.stem) for path in paths)
    taken: set[str] = set()
    for path in paths:
        name = _identifier(path.stem)
        if stems[name] > 1:
            name = _identifier("-".join(path.relative_to(folder).parts))
        name = _numbered(name, taken)
        taken.add(name)
        yield name, path


def _numbered(name: str, taken: Container[str]) -> str:
    number, free = 1, name
    while free in taken:
        number += 1
        free = f"{name}-{number}"
    return free


def _files(folder: Path) -> Iterator[Path]:
    """The files that may be datasets; no link is followed, so that whatever is found is within the folder."""
    left, pending = MOST_FILES, [str(folder)]
    while pending:
        for entry in _entries(pending.pop()):
            left -= 1
            if left < 0:
                _log.warning("a data folder has more than %d files: those beyond are no datasets", MOST_FILES)
                return
            if entry.is_dir(follow_symlinks=False):
                pending.append(entry.path)
            elif entry.name.lower().endswith(_SUFFIXES) and entry.is_file(follow_symlinks=False):
                yield Path(entry.path)


def _entries(folder: str) -> Iterator[os.DirEntry[str]]:
    """What stands in one folder, but for what is hidden, Windows' links of folders, and names of parts of archives."""
    try:
        with os.scandir(folder) as found:
            entries = list(found)
    except OSError:
        return
    for entry in entries:
        if not (entry.name.startswith(".") or _OF_ARCHIVES in entry.name or entry.is_junction()):
            yield entry


def _refuse_linked_companions(dataset: DatasetFile) -> None:
    """Refuse a file beside which others stand for a part of it, such as a shapefile's table, that are links.

    GDAL and SQLite would follow them, wherever they lead.
    """
    name, stem = dataset.path.name.lower(), dataset.path.stem.lower()
    for beside in dataset.path.parent.iterdir():
        other = beside.name.lower()
        part = other.startswith(name) or (other.startswith(f"{stem}.") and beside.suffix.lower() not in KINDS)
        if part and beside.is_symlink():
            raise ProcessRefusedError(
                f"{dataset.id} is not read, for {beside.name!r}, which belongs to it, is a link to another place; put "
                "the file itself there"
            )


def _identifier(name: str) -> str:
    return _UNSAFE.sub("-", name).strip("-.") or "data"
