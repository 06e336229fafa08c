"""Files that belong to a shapefile, and the encoding of its table. Imports GDAL: for workers only."""

# pyogrio has no types.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false

import codecs
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio
from numpy.typing import NDArray

from backend.geo.vector.number_columns import NumberColumn
from backend.geo.vector.text_encodings import WESTERN

_PART = 1 << 20
_MARK = 29
"""Place in the header of the table (dBASE III) of the mark of its encoding."""
_ROWS = slice(4, 8)
"""Of their number."""
_INDEX_HEADER, _INDEX_ENTRY = 100, 8
"""Bytes of what stands in the index before, and for, each shape."""
_HEADER = slice(8, 10)
"""Of the length of that header."""
_ANSI = 0x57
"""The encoding of the machine that wrote the table, whichever that was."""
_UNTOLD = "ISO-8859-1"
"""What pyogrio takes where GDAL knows of none."""
_MOST_EXACT, _MOST_LONG = 2.0**53, 1e20
"""Floating-point numbers from the one on may stand for other whole ones; up to the other a table has room for them."""
_CANDIDATES = {"ASCII": "", "UTF-8": "", "CP1252": WESTERN, "ISO-8859-1": "ISO 8859-1"}
"""Encodings from the strictest to the one that any bytes are, and how those that are doubtful are told."""


def beside(shapefile: Path, suffix: str) -> Path | None:
    """The file that belongs to it by this suffix, in small letters or capitals; None where there is none."""
    paths = (shapefile.with_suffix(one) for one in (suffix, suffix.upper()))
    return next((path for path in paths if path.is_file()), None)


def table_encoding(shapefile: Path, name: str) -> tuple[str | None, Sequence[str]]:
    """The encoding of the table, None for what GDAL knows of it; and what is to be told of one that is not known.

    Programs that write UTF-8 often leave out the file that says so, and hardly any other text is valid as such.
    """
    table = beside(shapefile, ".dbf")
    if table is None:
        return None, ()
    with table.open("rb") as file:
        header = file.read(_MARK + 1)
    machine = header[_MARK:] == bytes([_ANSI]) and beside(shapefile, ".cpg") is None
    if not machine and pyogrio.read_info(shapefile)["encoding"] != _UNTOLD:
        return None, ()
    start = int.from_bytes(header[_HEADER], "little")
    encoding = next(one for one in _CANDIDATES if _fits(table, start, one))
    doubtful = _CANDIDATES[encoding]
    told = f"{name} does not tell the encoding of its texts, which were read as {doubtful}: where letters look wrong, a"
    return encoding, (f"{told} .cpg file beside it tells the right one.",) if doubtful else ()


def unmatched_told(shapefile: Path, name: str) -> Sequence[str]:
    """What is to be said of shapes without a row in the table, which GDAL passes over."""
    index, table = (beside(shapefile, suffix) for suffix in (".shx", ".dbf"))
    if index is None or table is None:
        return ()
    shapes = (index.stat().st_size - _INDEX_HEADER) // _INDEX_ENTRY
    with table.open("rb") as file:
        rows = int.from_bytes(file.read(_ROWS.stop)[_ROWS], "little")
    if rows >= shapes:
        return ()
    lost = shapes - rows
    return (f"{name} has {shapes} shapes, but its table {rows} rows: {lost} shapes without a row are left out.",)


def rounded_told(fields: Mapping[str, Sequence[Any]]) -> Sequence[str]:
    """What is to be said of whole numbers of more than 18 digits, of which GDAL makes floating-point ones."""
    return [
        f"Whole numbers of field {name!r} beyond 2^53 may not be exact."
        for name, column in fields.items()
        if isinstance(column, NumberColumn) and column.values.dtype == np.float64 and _has_long(column.values)
    ]


def _has_long(values: NDArray[Any]) -> bool:
    sizes = np.abs(values)
    return bool(((sizes >= _MOST_EXACT) & (sizes < _MOST_LONG)).any())


def _fits(path: Path, start: int, encoding: str) -> bool:
    """Whether all bytes from there on are characters in it."""
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        with path.open("rb") as file:
            file.seek(start)
            while part := file.read(_PART):
                decoder.decode(part)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True
