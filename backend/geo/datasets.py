"""A person's own files: which of the data folders' files are datasets, and under which ids."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, Self

from backend.errors import ProcessRefusedError

type Kind = Literal["vector", "raster"]

KINDS: Mapping[str, Kind] = {
    ".gpkg": "vector",
    ".fgb": "vector",
    ".geojson": "vector",
    ".json": "vector",
    ".shp": "vector",
    ".parquet": "vector",
    ".geoparquet": "vector",
    ".csv": "vector",
    ".tif": "raster",
    ".tiff": "raster",
}
"""Suffix → what a file is. Formats that refer to other files are not among them."""
MOST_FILES = 10_000
"""Files of all folders that are looked at."""
_UNSAFE = re.compile(r"[^\w.-]+")


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


@dataclass(frozen=True, slots=True)
class Datasets:
    """The files below some folders."""

    folders: Sequence[Path] = ()
    """Absolute, without symbolic links."""

    @classmethod
    def within(cls, folders: Iterable[Path]) -> Self:
        """The datasets of these folders, as they are at each time of asking."""
        return cls(tuple(folder.resolve() for folder in folders))

    def all(self) -> tuple[DatasetFile, ...]:
        """Every dataset, by id. The id is the file's name without suffix where no other file has the same."""
        files = sorted(self._files())
        stems = [_identifier(path.stem) for path in files]
        found: dict[str, DatasetFile] = {}
        for path, stem in zip(files, stems, strict=True):
            name = stem if stems.count(stem) == 1 else _identifier(path.name)
            number = 1
            while name in found:
                number += 1
                name = f"{_identifier(path.name)}-{number}"
            found[name] = DatasetFile(name, path, KINDS[path.suffix.lower()])
        return tuple(found[name] for name in sorted(found))

    def get(self, dataset_id: str, layer: str | None = None) -> DatasetFile:
        """The dataset of this id.

        Raises:
            ProcessRefusedError: there is none.
        """
        for dataset in self.all():
            if dataset.id == dataset_id:
                return replace(dataset, layer=layer)
        raise ProcessRefusedError(f"there is no dataset {dataset_id[:80]!r}; list_datasets tells which there are")

    def _files(self) -> Iterator[Path]:
        left = MOST_FILES
        for folder in self.folders:
            for path in folder.rglob("*"):
                left -= 1
                if left < 0:
                    return
                # Not a link to elsewhere, nor below one.
                if path.suffix.lower() in KINDS and path.is_file() and path.resolve() == path:
                    yield path


def _identifier(name: str) -> str:
    return _UNSAFE.sub("-", name).strip("-.") or "data"
