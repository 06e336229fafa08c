"""Tables of which the fields matter, wherever the positions in them may be."""

import contextlib
from typing import Any

import numpy as np

from backend.errors import ProcessRefusedError
from backend.geo.geodesy.crs import CRS84
from backend.geo.vector.csv_features import read_csv
from backend.geo.vector.datasets import DatasetFile
from backend.geo.vector.feature_reading import read_features
from backend.geo.vector.features import Features
from backend.geo.vector.geojson_parsing import BLANK, json_start, parse_features
from backend.geo.vector.table_rows import read_rows
from backend.geo.vector.wkt import is_table
from backend.geo.vector.xml_documents import is_xml


def read_table(value: Any) -> Features:
    """A table, whose positions may be anywhere: no use is made of them.

    Raises:
        ProcessRefusedError: it cannot be read.
    """
    table = plain_table(value)
    return read_features(value) if table is None else table


def read_fields(value: Any) -> Features:
    """Features as `read_features` reads them; of a table with positions in a CRS that is not known the fields alone.

    Raises:
        ProcessRefusedError: it cannot be read.
    """
    try:
        return read_features(value)
    except ProcessRefusedError as error:
        table = plain_table(value)
        if table is None:
            raise
        told = f"The coordinates of the table were left aside: {error}."
        return Features(np.full(len(table), None, dtype=object), table.fields, warnings=(*table.warnings, told))


def plain_table(value: Any) -> Features | None:
    """The rows of a CSV or of JSON, with their positions as they stand; None of what is no table."""
    if isinstance(value, DatasetFile) and value.suffix == ".csv":
        # GDAL is for workers: the server reads no file.
        from backend.geo.vector.vector_files import read_file  # noqa: PLC0415

        return read_file(value, CRS84)
    if isinstance(value, str):
        start, text = json_start(value), value.lstrip(BLANK)
        if start is not None:
            with contextlib.suppress(ValueError, RecursionError):  # which the reader of features tells
                value = parse_features(start)
        elif is_table(text) and not is_xml(text):
            return read_csv(text)
    return read_rows(value)
