"""Geometries as WKT beside their attributes: what is answered where coordinates were given as features."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import shapely

from backend.geo.vector.feature_text import document_parts, wkt_texts
from backend.geo.vector.features import Features


@dataclass(frozen=True, eq=False)
class TransformedGeometries(Mapping[str, Any]):
    """An object with `geometries`, which stay columns until they are written, or looked at.

    Objects for each geometry take several times the memory of their text, and as long to make.
    """

    table: Features
    """x and y in the order in which they are told."""
    members: Mapping[str, Any]
    """All others than `geometries`, as JSON values."""

    def __getitem__(self, name: str) -> Any:
        return self._geometries if name == "geometries" else self.members[name]

    def __iter__(self) -> Iterator[str]:
        yield from ("geometries", *self.members)

    def __len__(self) -> int:
        return 1 + len(self.members)

    def json_parts(self) -> Iterator[bytes]:
        """Its compact text in UTF-8; fails as that of a `FeatureCollection` does."""
        return document_parts('{"geometries":[', wkt_texts(self.table), self.members)

    @cached_property
    def _geometries(self) -> list[dict[str, Any]]:
        texts: list[str | None] = shapely.to_wkt(self.table.shapes, rounding_precision=-1).tolist()
        return [{"wkt": wkt, "properties": row} for wkt, row in zip(texts, self.table.rows(), strict=True)]
