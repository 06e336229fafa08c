"""Geometries as WKT beside their attributes: what is answered where coordinates were given as features."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast, overload

import shapely

from backend.geo.vector.feature_text import document_parts, wkt_texts
from backend.geo.vector.features import Features


@dataclass(frozen=True, eq=False, slots=True)
class TransformedGeometries(Mapping[str, Any]):
    """An object with `geometries`, which stay columns until they are written, or one is looked at.

    Objects for each geometry take several times the memory of their text, and as long to make.
    """

    table: Features
    """x and y in the order in which they are told."""
    members: Mapping[str, Any]
    """All others than `geometries`, as JSON values."""

    def __getitem__(self, name: str) -> Any:
        return _Rows(self.table) if name == "geometries" else self.members[name]

    def __iter__(self) -> Iterator[str]:
        yield from ("geometries", *self.members)

    def __len__(self) -> int:
        return 1 + len(self.members)

    def json_parts(self) -> Iterator[bytes]:
        """Its compact text in UTF-8; fails as that of a `FeatureCollection` does."""
        return document_parts('{"geometries":[', wkt_texts(self.table), self.members)


@dataclass(frozen=True, eq=False, slots=True)
class _Rows(Sequence[Mapping[str, Any]]):
    """The object of each geometry, made when it is asked for."""

    table: Features

    def __len__(self) -> int:
        return len(self.table)

    @overload
    def __getitem__(self, index: int) -> Mapping[str, Any]: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Mapping[str, Any]]: ...
    def __getitem__(self, index: int | slice) -> Any:
        if isinstance(index, slice):
            return [self[place] for place in range(*index.indices(len(self)))]
        wkt = cast("str | None", shapely.to_wkt(self.table.shapes[index], rounding_precision=-1))
        return {"wkt": wkt, "properties": {name: column[index] for name, column in self.table.fields.items()}}
