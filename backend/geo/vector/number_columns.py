"""Columns of numbers as a file has them: of a quarter of the size that Python's own numbers have."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Self, cast, overload

import numpy as np
from numpy.typing import NDArray

from backend.geo.geodesy.ellipsoid import Booleans, Integers


@dataclass(frozen=True, slots=True, eq=False)
class NumberColumn(Sequence[Any]):
    """Numbers, or truth values, of one type; Python's own, and None for those that are missing, to whoever looks."""

    __hash__ = None  # pyright: ignore[reportAssignmentType]  # as lists, to which it may be equal, have none

    values: NDArray[Any]
    """int64, float64 or bool; finite. Of no meaning where one is missing."""
    missing: Booleans | None = None
    """None where none is."""

    @classmethod
    def of(cls, values: NDArray[Any], missing: Booleans | None = None) -> Self:
        """The column of these values, of whatever type of integers, floating-point numbers or truth values they are."""
        widest = {"b": np.bool_, "i": np.int64, "u": np.int64, "f": np.float64}[values.dtype.kind]
        return cls(values.astype(widest, copy=False), None if missing is None or not missing.any() else missing)

    @property
    def known(self) -> Booleans:
        """Which values are not missing."""
        return np.ones(len(self), dtype=np.bool_) if self.missing is None else ~self.missing

    def __len__(self) -> int:
        return len(self.values)

    def __iter__(self) -> Iterator[Any]:
        plain: list[Any] = self.values.tolist()
        if self.missing is not None:
            for index in np.flatnonzero(self.missing).tolist():
                plain[index] = None
        return iter(plain)

    @overload
    def __getitem__(self, index: int) -> Any: ...
    @overload
    def __getitem__(self, index: slice) -> Self: ...
    def __getitem__(self, index: int | slice) -> Any:
        missing = None if self.missing is None else self.missing[index]
        if isinstance(index, slice):
            return type(self)(self.values[index], missing)
        return None if missing else self.values[index].item()

    def __eq__(self, other: object) -> bool:
        """To any other sequence of the same values."""
        return isinstance(other, Sequence) and list(self) == list(cast("Sequence[Any]", other))

    def take(self, index: Integers) -> Self:
        """The values of these rows; missing ones for -1."""
        values = self.values[index]
        missing = index < 0 if self.missing is None else self.missing[index] | (index < 0)
        return self.of(values, missing)


def rows_of(column: Sequence[Any], index: Integers) -> Sequence[Any]:
    """The values of these rows of any column, itself where these are all in their order; None for -1."""
    if len(index) == len(column) and bool((index == np.arange(len(index))).all()):
        return column
    if isinstance(column, NumberColumn) and len(column):
        return column.take(index)
    # That of index -1 is the last one.
    padded = [*column, None] if len(index) and int(index.min()) < 0 else column
    return list(map(padded.__getitem__, index.tolist()))
