"""Codes of CRSs as they stand in files, those that are deprecated too. Imports GDAL: for workers only."""

# pyogrio has no types.
# pyright: reportUnknownMemberType=false

import pyogrio

from backend.geo.vector.reach import CODES_AS_STORED


def keep_codes() -> None:
    """Have GDAL take each code for the CRS that it names, in this process whatever it was started with."""
    pyogrio.set_gdal_config_options(dict(CODES_AS_STORED))
