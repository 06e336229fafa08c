"""Whatever the environment says, GDAL and PROJ reach no further than the files themselves."""

import os
import subprocess
import sys

_PROGRAM = """
import pyproj.network
from backend.geo.geodesy.crs import CRS84
assert pyproj.network.is_network_enabled()
from backend.geo.vector.reach import confine
confine()
import os, pyogrio
assert not pyproj.network.is_network_enabled()
assert os.environ["PROJ_NETWORK"] == "OFF"
assert "OGR_SQLITE_LOAD_EXTENSIONS" not in os.environ
print(pyogrio.get_gdal_config_option("ALLOW_OGR_SQL_FUNCTIONS_FROM_TRIGGER_AND_VIEW"))
"""


def test_the_environment_of_the_server_opens_nothing() -> None:
    opened = {
        "PROJ_NETWORK": "ON",
        "ALLOW_OGR_SQL_FUNCTIONS_FROM_TRIGGER_AND_VIEW": "YES",
        "OGR_SQLITE_LOAD_EXTENSIONS": "some.so",
    }
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM], env={**os.environ, **opened}, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout.strip(), done.stderr) == (0, "NO", "")
