"""What a canonical description tells of a process's data. Pure."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from mcp_server.discovery.kinds import geometry_types, kinds_of
from mcp_server.discovery.records import DataKind, Facts
from mcp_server.schema.process import CanonicalProcess

_SHAPES: Final = frozenset({DataKind.VECTOR, DataKind.GEOMETRY})


def facts_of(process: CanonicalProcess) -> Facts:
    """The facts of a described process."""
    taken = [(kinds_of(spec.schema, spec.id, spec.title), spec.schema) for spec in process.inputs]
    given = (kinds_of(spec.schema, spec.id, spec.title) for spec in process.outputs)
    return Facts(
        inputs=len(process.inputs),
        required=sum(spec.required for spec in process.inputs),
        takes=frozenset[DataKind]().union(*(kinds for kinds, _ in taken)),
        gives=frozenset[DataKind]().union(*given),
        geometries=_geometries(schema for kinds, schema in taken if kinds & _SHAPES),
    )


def _geometries(schemas: Iterable[dict[str, Any]]) -> frozenset[str]:
    """The types that inputs with geometries are limited to; one that is not takes all."""
    limits = [geometry_types(schema) for schema in schemas]
    return frozenset[str]().union(*limits) if all(limits) else frozenset()


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
