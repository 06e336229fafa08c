"""Networks of lines: which lines meet, and what it costs to go along them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely

from backend.errors import refuse_input
from backend.geo.analysis.network_snapping import Segments, nearest_segments
from backend.geo.geodesy.crs import metres_per_unit
from backend.geo.geodesy.ellipsoid import Array, Booleans, Integers
from backend.geo.geodesy.ground import Ground, ground_of
from backend.geo.geodesy.measure import segment_lengths
from backend.geo.geodesy.shapes import LINEAL, Shapes, of_type
from backend.geo.vector.features import Features, no_geometry
from backend.geo.vector.fields import column_of, listed, numbers_of

_DIGITS = {True: 6, False: 9}
"""In a plane or in degrees: coordinates that agree so far are one node; a tenth of a millimetre and less."""
_FORWARD = frozenset(("true", "yes", "y", "1", "ft", "forward"))
_BACKWARD = frozenset(("-1", "tf", "reverse", "backward"))
_BOTH = frozenset(("", "none", "false", "no", "n", "0", "both", "b"))
_LETTERS = {"f": "forward", "t": "backward", "b": "both"}
"""Of extracts of OpenStreetMap: from the first vertex, to it, both. Without a B, F and T may be truth values."""


@dataclass(frozen=True, slots=True)
class Costs:
    """What a metre along each feature costs; infinite where it may not be gone along."""

    forward: Array
    backward: Array
    units: str
    field: str | None
    """Of the costs or speeds."""
    unknown: Booleans
    """Lines without a value in it."""
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Network:
    """Lines cut into chains that meet at nodes only."""

    ground: Ground
    vertices: Array
    """n × 2, in the plane of the features or in longitude and latitude; those of one line follow each other."""
    along: Array
    """Metres along all lines, one after the other, up to each vertex."""
    part: Integers
    """The line of each vertex."""
    starts: Integers
    """The first vertex of each chain."""
    ends: Integers
    """Its last vertex."""
    node_from: Integers
    node_to: Integers
    feature: Integers
    """The feature of each chain."""
    joined: int
    """Ends of lines that were joined to a line near by."""
    warnings: tuple[str, ...]


def costs_of(features: Features, cost: str | None, speed: str | None, oneway: str | None, metres: Array) -> Costs:
    """Costs per metre from fields: costs of whole features, or speeds in km/h; else metres. `metres` is their length.

    Raises:
        ProcessRefusedError: a field is missing, or holds what is no cost, speed or direction.
    """
    if cost and speed:
        refuse_input("give a cost_field or a speed_field, not both", "speed_field")
    rates, units = np.ones(len(features)), "metre"
    linear = _linear(features)
    if cost:
        values = numbers_of(features, cost, "$.inputs.cost_field")
        if (values < 0).any():
            refuse_input(f"the field {cost!r} holds negative costs", "cost_field")
        rates, units = np.divide(values, metres, out=np.zeros(len(values)), where=metres > 0), cost
    if speed:
        values = numbers_of(features, speed, "$.inputs.speed_field")
        if (values < 0).any():
            refuse_input(f"the field {speed!r} holds negative speeds", "speed_field")
        rates = np.divide(0.06, values, out=np.full(len(values), np.inf), where=values != 0)
        units = "minute"
    unknown = np.isnan(rates) & linear
    warnings = _unknown(unknown, linear, cost or speed)
    # Without a cost or speed there is no way.
    rates = np.where(np.isnan(rates), np.inf, rates)
    if oneway is None:
        return Costs(rates, rates, units, cost or speed, unknown, warnings)
    forward, backward = _directions(column_of(features, oneway, "$.inputs.oneway_field"))
    one_way, other_way = (np.where(open_, rates, np.inf) for open_ in (forward, backward))
    return Costs(one_way, other_way, units, cost or speed, unknown, warnings)


def build(features: Features, tolerance: float = 0.0) -> Network:
    """Cut lines where they share vertices; ends that lead nowhere are joined to lines within `tolerance` metres.

    Lines that cross without a shared vertex, such as a bridge and a road, do not meet.

    Raises:
        ProcessRefusedError: there are no lines.
    """
    ground = ground_of(features.crs, _bounds(features))
    features = features if ground.planar else features.lonlat()
    shapes, owners = _lines(features)
    left_out = len(features) - len(np.unique(owners))
    warnings = (f"{left_out} of {len(features)} features are no lines: left out.",) if left_out else ()
    vertices, part = shapely.get_coordinates(shapes, return_index=True)
    nodes = _nodes(vertices, planar=ground.planar)
    pairs: list[tuple[int, int]] = []
    if tolerance > 0:
        vertices, part, nodes, pairs = _with_junctions(vertices, part, nodes, ground, tolerance)
    cut = _ends(part) | (np.bincount(nodes)[nodes] > 1)
    for end, junction in pairs:
        cut[[end, junction]] = True
    nodes = _united(nodes, pairs)
    at = np.flatnonzero(cut)
    inside = part[at[1:]] == part[at[:-1]]
    starts, ends = at[:-1][inside], at[1:][inside]
    return Network(
        ground, vertices, along_of(vertices, part, ground), part, starts, ends,
        nodes[starts], nodes[ends], owners[part[starts]], len(pairs), (*features.warnings, *warnings),
    )  # fmt: skip


def along_of(vertices: Array, part: Integers, ground: Ground) -> Array:
    """Metres along all lines up to each vertex: in the plane, or along edges straight in longitude and latitude."""
    if ground.planar:
        lengths = np.hypot(*np.diff(vertices, axis=0).T) * (metres_per_unit(ground.crs) or 1.0)
    else:
        lengths = segment_lengths(vertices[:-1], vertices[1:])
    return np.concatenate([[0.0], np.cumsum(np.where(part[1:] == part[:-1], lengths, 0))])


def feature_lengths(network: Network, count: int) -> Array:
    """Metres of each of `count` features."""
    lengths = network.along[network.ends] - network.along[network.starts]
    return np.bincount(network.feature, lengths, count)


def extent_of(network: Network) -> float:
    """Metres from one corner of the network's bounding box to the other."""
    vertices = network.vertices
    if not network.ground.planar:
        # It may be narrower across the antimeridian.
        around = np.column_stack([vertices[:, 0] % 360, vertices[:, 1]])
        vertices = min(vertices, around, key=lambda at: float(np.ptp(at[:, 0])))
    corners = np.array([vertices.min(axis=0), vertices.max(axis=0)])
    return float(along_of(corners, np.zeros(2, dtype=np.intp), network.ground)[-1])


def _bounds(features: Features) -> tuple[float, float, float, float]:
    if not features.present.any():
        refuse_input(no_geometry(features), "features")
    west, south, east, north = shapely.total_bounds(features.shapes).tolist()
    return west, south, east, north


def _unknown(unknown: Booleans, linear: Booleans, field: str | None) -> tuple[str, ...]:
    count, total = int(unknown.sum()), int(linear.sum())
    return (f"{count} of {total} lines have no value in {field!r}: they are not used.",) if count else ()


def _linear(features: Features) -> Booleans:
    return of_type(features.shapes, *LINEAL) & features.present


def _lines(features: Features) -> tuple[Shapes, Integers]:
    """The single lines and the features that they are of."""
    linear = _linear(features)
    if not linear.any():
        refuse_input("no feature is a line", "features")
    index = np.flatnonzero(linear)
    parts, owners = shapely.get_parts(features.shapes[index], return_index=True)
    return parts, index[owners]


def _nodes(vertices: Array, *, planar: bool) -> Integers:
    keys = vertices if planar else np.column_stack([(vertices[:, 0] + 180) % 360, vertices[:, 1]])
    _, nodes = np.unique(np.round(keys, _DIGITS[planar]) + 0.0, axis=0, return_inverse=True)
    return nodes.ravel()


def _ends(part: Integers) -> Booleans:
    """The first and the last vertex of each line."""
    change = part[1:] != part[:-1]
    return np.concatenate([[True], change]) | np.concatenate([change, [True]])


def _with_junctions(
    vertices: Array, part: Integers, nodes: Integers, ground: Ground, tolerance: float
) -> tuple[Array, Integers, Integers, list[tuple[int, int]]]:
    """The lines with a vertex where another line's loose end is near, and which end belongs to which vertex."""
    loose = np.flatnonzero(_ends(part) & (np.bincount(nodes)[nodes] == 1))
    first = np.flatnonzero(part[1:] == part[:-1])
    segments = Segments(vertices[first], vertices[first + 1], ground)
    found = nearest_segments(vertices[loose], segments, tolerance, (part[loose], part[first]))
    near = np.flatnonzero(found.segment >= 0)
    after = first[found.segment[near]] + 1
    # Several on one segment come in their order along it.
    order = np.lexsort([found.share[near], after])
    near, after = near[order], after[order]
    places = after + np.arange(len(after))
    kept = np.arange(len(vertices)) + np.searchsorted(after, np.arange(len(vertices)), side="right")
    new_part = np.insert(part, after, part[after])
    new = np.insert(vertices, after, found.position[near], axis=0)
    pairs = list(zip(kept[loose[near]].tolist(), places.tolist(), strict=True))
    return new, new_part, _nodes(new, planar=ground.planar), pairs


def _united(nodes: Integers, pairs: Sequence[tuple[int, int]]) -> Integers:
    """Nodes with those of each pair of vertices taken for one."""
    label = np.arange(int(nodes.max()) + 1)
    changed = bool(pairs)
    while changed:
        changed = False
        for one, other in pairs:
            lower, upper = sorted((int(label[nodes[one]]), int(label[nodes[other]])))
            if lower != upper:
                label[label == upper] = lower
                changed = True
    return label[nodes]


def _directions(values: Sequence[Any]) -> tuple[Booleans, Booleans]:
    texts = ["" if value is None else str(value).strip().lower().removesuffix(".0") for value in values]
    if {"b"} < set(texts) <= {"", *_LETTERS}:
        texts = [_LETTERS.get(text, "") for text in texts]
    unknown = sorted(set(texts) - _FORWARD - _BACKWARD - _BOTH)
    if unknown:
        refuse_input(
            f"the field holds {listed(unknown)}; directions are yes, true, 1 or FT (as the line runs), -1, reverse or "
            "TF (against it), and no, false, 0 or nothing (both); or F, T and B, all three of them",
            "oneway_field",
        )
    forward, backward = (np.array([text not in other for text in texts]) for other in (_BACKWARD, _FORWARD))
    return forward, backward
