"""What GDAL and PROJ may reach while a worker reads people's files: the files alone, and what their codes name."""

import os
from collections.abc import Mapping

CODES_AS_STORED: Mapping[str, str] = {"OSR_USE_NON_DEPRECATED": "NO"}
"""By its default GDAL takes the CRS that replaced a deprecated one for that, and places lie up to thousands of
kilometres beside theirs: EPSG:2154 replaced 2192, which has another origin."""
_POLICY: Mapping[str, str] = {
    "PROJ_NETWORK": "OFF",
    "ALLOW_OGR_SQL_FUNCTIONS_FROM_TRIGGER_AND_VIEW": "NO",
    "ALLOW_VIRTUAL_OGR_FROM_TRIGGER_AND_VIEW": "NO",
    "GDAL_VRT_ENABLE_PYTHON": "NO",
}
"""Each is GDAL's or PROJ's own default; the environment that a server was started in may say otherwise."""
_LIBRARIES = "OGR_SQLITE_LOAD_EXTENSIONS"


def confine() -> None:
    """Keep PROJ from the network, and files from running code or opening what they name; for this whole process.

    Grids come from PROJ's own folders: which transformation is made must not depend on what a network answers.
    """
    from pyproj import network  # noqa: PLC0415 - workers have it; a command that only lists jobs does without

    os.environ.update({**_POLICY, **CODES_AS_STORED})
    os.environ.pop(_LIBRARIES, None)
    # What was imported before may have looked at the environment already.
    network.set_network_enabled(active=False)  # pyright: ignore[reportPrivateImportUsage]  # documented there
