"""TopoJSON as GeoJSON: geometries whose lines are made of arcs that neighbours have in common."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, cast

import numpy as np

from backend.errors import refuse
from backend.geo.geodesy.ellipsoid import Array
from backend.geo.vector.fields import listed, shown

type Json = Mapping[str, Any]

MOST_POSITIONS = 20_000_000
"""Of all geometries together: each arc may stand in many."""
_DEEPEST = 20
_FAULTS = (TypeError, ValueError, KeyError, IndexError, AttributeError, OverflowError)


def is_topology(value: Any) -> bool:
    """Whether a JSON value is TopoJSON."""
    return isinstance(value, Mapping) and cast("Json", value).get("type") == "Topology"


def layers_of_topology(topology: Json) -> tuple[str, ...]:
    """The names of its objects."""
    objects = topology.get("objects")
    if not isinstance(objects, Mapping) or not objects:
        refuse("the TopoJSON has no objects")
    return tuple(cast("Mapping[str, Any]", objects))


def geojson_of(topology: Json, layer: str | None = None) -> dict[str, Any]:
    """One object of a topology as a GeoJSON FeatureCollection.

    layer: the name of the object; None where there is one alone.

    Raises:
        ProcessRefusedError: there is no such object, there are several and none is chosen, or a part is not as the
            TopoJSON specification has it.
    """
    names = layers_of_topology(topology)
    if layer is None and len(names) > 1:
        refuse(
            f"the TopoJSON has {len(names)} objects: {listed(names)}. Of a .topojson file in a data folder say which "
            "one by its name after a #"
        )
    name = next(iter(names)) if layer is None else layer
    if name not in names:
        refuse(f"the TopoJSON has no object {shown(name)}; its objects are {listed(names)}")
    try:
        arcs = _Arcs.of(topology)
        found = topology["objects"][name]
        members = found["geometries"] if found.get("type") == "GeometryCollection" else [found]
        features = [_feature(member, arcs) for member in members]
    except _FAULTS as error:
        refuse(f"the TopoJSON is not as its specification has it: {type(error).__name__} {shown(str(error))}")
    crs = {"crs": topology["crs"]} if topology.get("crs") is not None else {}
    return {"type": "FeatureCollection", "features": features, **crs}


@dataclass(slots=True)
class _Arcs:
    """The lines of a topology, and how its positions are meant."""

    lines: Sequence[Array]
    scale: Array
    offset: Array
    left: int = field(default_factory=lambda: MOST_POSITIONS)
    """Positions that may still be made."""

    @classmethod
    def of(cls, topology: Json) -> "_Arcs":
        transform = topology.get("transform")
        scale, offset = (
            np.array(transform[name] if transform else [default] * 2, dtype=np.float64)
            for name, default in (("scale", 1.0), ("translate", 0.0))
        )
        if scale.shape != (2,) or offset.shape != (2,):
            raise ValueError("transform")
        lines = [np.array(arc, dtype=np.float64) for arc in topology.get("arcs", [])]
        if any(line.ndim != 2 or line.shape[1] < 2 for line in lines):
            raise ValueError("arcs")
        made = cls(lines, scale, offset)
        if transform:
            # Quantised arcs have the steps from each position to the next.
            lines[:] = [made.placed(np.column_stack([line[:, :2].cumsum(axis=0), line[:, 2:]])) for line in lines]
        return made

    def placed(self, positions: Array) -> Array:
        return np.column_stack([positions[:, :2] * self.scale + self.offset, positions[:, 2:]])

    def points(self, positions: Sequence[Any]) -> list[list[float]]:
        return self.placed(np.array(positions, dtype=np.float64)).tolist() if len(positions) else []

    def line(self, indices: Sequence[int]) -> list[list[float]]:
        """The arcs one after the other, those of a number below 0 backwards; where they meet there is one position."""
        parts = [self.lines[index] if index >= 0 else self.lines[~index][::-1] for index in indices]
        self.left -= sum(map(len, parts))
        if self.left < 0:
            refuse(f"the TopoJSON has geometries of more than {MOST_POSITIONS:,} positions")
        if any((one[-1, :2] != other[0, :2]).any() for one, other in pairwise(parts)):
            raise ValueError("arcs that do not meet")
        return [position for at, part in enumerate(parts) for position in part[min(at, 1) :].tolist()]


def _feature(member: Json, arcs: _Arcs) -> dict[str, Any]:
    identified = {"id": member["id"]} if "id" in member else {}
    geometry = _geometry(member, arcs, _DEEPEST)
    return {"type": "Feature", **identified, "properties": member.get("properties"), "geometry": geometry}


def _geometry(member: Json, arcs: _Arcs, deepest: int) -> dict[str, Any] | None:
    kind = member.get("type")
    if kind is None:
        return None
    if kind == "GeometryCollection":
        if not deepest:
            raise ValueError("collections in collections")
        parts = (_geometry(part, arcs, deepest - 1) for part in member["geometries"])
        return {"type": kind, "geometries": [part for part in parts if part is not None]}
    return {"type": kind, "coordinates": _coordinates(kind, member, arcs)}


def _coordinates(kind: Any, member: Json, arcs: _Arcs) -> Any:
    match kind:
        case "Point":
            return arcs.points([member["coordinates"]])[0]
        case "MultiPoint":
            return arcs.points(member["coordinates"])
        case "LineString":
            return arcs.line(member["arcs"])
        case "MultiLineString" | "Polygon":
            return [arcs.line(one) for one in member["arcs"]]
        case "MultiPolygon":
            return [[arcs.line(one) for one in part] for part in member["arcs"]]
        case _:
            raise ValueError(kind)
