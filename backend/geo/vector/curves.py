"""Arcs in GeoPackages, which are read as short chords. Imports GDAL: for workers only."""

# pyogrio has no types.
# pyright: reportUnknownVariableType=false

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pyogrio
import pyogrio.errors
import pyogrio.raw

_STEP = "0.5"
"""Degrees of an arc for each chord: areas of circles are right to 13 millionths, by GDAL's own 4 degrees to 810."""
_CURVED = ("CIRCULARSTRING", "COMPOUNDCURVE", "CURVEPOLYGON", "MULTICURVE", "MULTISURFACE", "CURVE", "SURFACE")
_EXTENSION = "gpkg_geom_"
"""Begins the name of the extension that a layer with such geometries registers (OGC 12-128r18, F.1)."""
_DECLARED = (
    "SELECT geometry_type_name AS name FROM gpkg_geometry_columns WHERE lower(table_name) = lower({layer})",
    "SELECT extension_name AS name FROM gpkg_extensions WHERE lower(table_name) = lower({layer})",
)


def read_arcs_finely() -> None:
    """Have GDAL make chords of arcs that keep within a hundred-thousandth of their area."""
    pyogrio.set_gdal_config_options({"OGR_ARC_STEPSIZE": _STEP})


def arcs_told(path: Path, layer: str) -> Sequence[str]:
    """What is to be said of a GeoPackage's layer that may hold arcs, by what it declares."""
    names = {str(name).removeprefix(_EXTENSION).upper() for name in _names(path, layer)}
    if not names.intersection(_CURVED):
        return ()
    return (f"{layer} may hold arcs: they were read as chords of {_STEP} degrees, areas of circles to 0.0013 %.",)


def _names(path: Path, layer: str) -> Iterator[Any]:
    quoted = "'" + layer.replace("'", "''") + "'"
    for query in _DECLARED:
        try:
            *_, (names,) = pyogrio.raw.read(path, sql=query.format(layer=quoted), read_geometry=False)
        except (pyogrio.errors.DataLayerError, pyogrio.errors.DataSourceError, ValueError):
            continue
        yield from names.tolist()
