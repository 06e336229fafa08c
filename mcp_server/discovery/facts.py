"""What a canonical description tells of a process's data. Pure."""

from collections.abc import Mapping
from typing import Any

from mcp_server.discovery.records import DataKind, Facts
from mcp_server.schema.process import CanonicalProcess


def facts_of(process: CanonicalProcess) -> Facts:
    """The facts of a described process."""
    return Facts(
        inputs=len(process.inputs),
        required=sum(spec.required for spec in process.inputs),
        takes=frozenset(),
        gives=frozenset(),
        geometries=frozenset(),
    )


def facts_as_json(facts: Facts) -> dict[str, Any]:
    """Facts as they are kept."""
    return {
        "inputs": facts.inputs,
        "required": facts.required,
        "takes": sorted(facts.takes),
        "gives": sorted(facts.gives),
        "geometries": sorted(facts.geometries),
    }


def facts_from_json(kept: Mapping[str, Any]) -> Facts:
    """Kept facts.

    Raises: KeyError, TypeError, ValueError for anything else.
    """
    return Facts(
        inputs=int(kept["inputs"]),
        required=int(kept["required"]),
        takes=frozenset(DataKind(kind) for kind in kept["takes"]),
        gives=frozenset(DataKind(kind) for kind in kept["gives"]),
        geometries=frozenset(str(name) for name in kept["geometries"]),
    )
