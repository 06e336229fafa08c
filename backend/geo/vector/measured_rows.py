"""What was measured of each feature, beside its attributes: columns until they are written, or looked at."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, overload, override

from backend.geo.geodesy.ellipsoid import Array
from backend.geo.vector.feature_text import GAP, column_texts, document_parts, filled, json_text, properties_frame
from backend.geo.vector.features import Features

_ROWS = 1024
"""Of which the text is made at once."""


@dataclass(frozen=True, slots=True)
class Quantity:
    """A measure of all features."""

    values: Array
    """One for each feature."""
    units: str

    def at(self, index: int) -> dict[str, Any]:
        """As JSON has it."""
        return {"value": self.values[index].item(), "units": self.units}


@dataclass(frozen=True, eq=False)
class MeasuredRows(Sequence[Mapping[str, Any]]):
    """For each feature an object of its `properties` and its measures, each with its units."""

    features: Features
    measures: Mapping[str, Quantity]

    @override
    def __len__(self) -> int:
        return len(self.features)

    @overload
    def __getitem__(self, index: int) -> Mapping[str, Any]: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Mapping[str, Any]]: ...
    @override
    def __getitem__(self, index: int | slice) -> Mapping[str, Any] | Sequence[Mapping[str, Any]]:
        if isinstance(index, slice):
            return [self[one] for one in range(*index.indices(len(self)))]
        properties = {name: column[index] for name, column in self.features.fields.items()}
        return {"properties": properties, **{name: quantity.at(index) for name, quantity in self.measures.items()}}

    def texts(self) -> Iterator[str]:
        """The text of the rows with commas between them; batch by batch.

        Raises: as `json_text`.
        """
        told = "".join(
            f',{json_text(name)}:{{"value":{GAP},"units":{json_text(quantity.units)}}}'
            for name, quantity in self.measures.items()
        )
        frame = f"{{{properties_frame(self.features)}{told}}},".split(GAP)
        for first in range(0, len(self), _ROWS):
            rows = slice(first, first + _ROWS)
            fields = [column_texts(column[rows]) for column in self.features.fields.values()]
            numbers = [column_texts(quantity.values[rows].tolist()) for quantity in self.measures.values()]
            yield filled(frame, [*fields, *numbers])[:-1]


@dataclass(frozen=True, eq=False)
class MeasuresOfEach(Mapping[str, Any]):
    """Measures of all features together, and under `each` those of every one."""

    together: Mapping[str, Any]
    """JSON values."""
    each: MeasuredRows

    @override
    def __getitem__(self, name: str) -> Any:
        return self.each if name == "each" else self.together[name]

    @override
    def __iter__(self) -> Iterator[str]:
        yield from (*self.together, "each")

    @override
    def __len__(self) -> int:
        return len(self.together) + 1

    def json_parts(self) -> Iterator[bytes]:
        """Its compact text in UTF-8, some rows at a time.

        Raises: as `json_text`; ValueError, too, of a text that is no Unicode.
        """
        return document_parts('{"each":[', self.each.texts(), self.together)
