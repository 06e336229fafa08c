"""The processes that come with the package, as its configuration names them."""

from importlib.resources import files

import yaml

_RESOURCES = yaml.safe_load(files("backend").joinpath("pygeoapi.yml").read_text("utf-8"))["resources"]

PROCESSORS: dict[str, str] = {
    name: one["processor"]["name"] for name, one in _RESOURCES.items() if one["type"] == "process"
}
"""Process id → what pygeoapi loads."""
OURS = [name for name, processor in PROCESSORS.items() if processor.startswith("backend.processes.")]
"""Ids of those that are typed functions."""
DEMONSTRATIONS = {name for name, one in _RESOURCES.items() if one.get("demonstration")}
OFFERED = [name for name in PROCESSORS if name not in DEMONSTRATIONS]
"""Ids of those that are tools unless asked otherwise."""
