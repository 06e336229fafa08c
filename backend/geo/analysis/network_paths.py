"""Cheapest ways through a network, and what can be reached at some cost. Imports networkx, of the extra `network`."""

# networkx has no types.
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false, reportUnknownMemberType=false
# pyright: reportMissingModuleSource=false, reportMissingImports=false

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise, product
from typing import Any, NoReturn

import networkx as nx
import numpy as np

from backend.errors import ProcessRefusedError
from backend.geo.analysis.network import Costs, Network, along_of
from backend.geo.analysis.network_snapping import Segments, equally_near
from backend.geo.geodesy.ellipsoid import Array
from backend.geo.geodesy.measure import shares_at

_START, _END = -1, -2
_ONE_PLACE = 0.01
"""Metres that do not tell two places apart: with seven decimals of a degree, as OpenStreetMap has them, the point that
is meant for a node is up to 8 mm beside it."""


@dataclass(frozen=True, slots=True)
class Stop:
    """A place on the network."""

    chain: int
    offset: float
    """Metres from the chain's start."""
    metres: float
    """From the point that was meant."""


@dataclass(frozen=True, slots=True)
class Leg:
    """A stretch of a chain, from one offset to another; against its direction where the second is smaller."""

    chain: int
    first: float
    last: float
    cost: float
    """Infinite where it is not known."""


def stops_at(network: Network, point: tuple[float, float]) -> list[Stop]:
    """The places of the network that are nearest to a point in its coordinates.

    There are several where lines meet or lie on each other. Who is at a node is not a little along one of its lines,
    which may be closed or lead away from it only.
    """
    first = np.flatnonzero(network.part[1:] == network.part[:-1])
    segments = Segments(network.vertices[first], network.vertices[first + 1], network.ground)
    found = equally_near(np.array(point), segments, _ONE_PLACE)
    stops, lengths = list[Stop](), _lengths(network)
    for vertex, position, metres in zip(first[found.segment].tolist(), found.position, found.metres, strict=True):
        chain = int(np.searchsorted(network.starts, vertex, side="right")) - 1
        begun = np.vstack([network.vertices[vertex], position])
        way = network.along[vertex] + float(along_of(begun, np.zeros(2, dtype=np.intp), network.ground)[-1])
        offset = float(way - network.along[network.starts[chain]])
        stops.append(Stop(chain, _at_node(offset, float(lengths[chain])), float(metres)))
    return stops


def _at_node(offset: float, length: float) -> float:
    """The offset, or that of the chain's start or end where it is as good as there."""
    nearest = 0.0 if offset < length / 2 else length
    return nearest if abs(offset - nearest) <= _ONE_PLACE else offset


def shortest(network: Network, costs: Costs, start: Sequence[Stop], end: Sequence[Stop]) -> list[Leg]:
    """The cheapest way from one place to another (E. W. Dijkstra, Numerische Mathematik 1, 1959).

    Raises:
        ProcessRefusedError: there is none.
    """
    graph = _graph(network, costs)
    for leg, node in _leaving(network, costs, start):
        _add(graph, _START, node, leg)
    for leg, node in _arriving(network, costs, end):
        _add(graph, node, _END, leg)
    for here, there in product(start, end):
        if here.chain == there.chain:
            _add(graph, _START, _END, _leg(network, costs, here.chain, here.offset, there.offset))
    try:
        _, nodes = nx.single_source_dijkstra(graph, _START, _END, weight="cost")
    except (nx.NetworkXNoPath, nx.NodeNotFound):
        _refuse_way(network, costs, start, end, graph)
    return [graph.edges[pair]["leg"] for pair in pairwise(nodes)]


def reachable(network: Network, costs: Costs, start: Sequence[Stop], limit: float) -> list[Leg]:
    """The stretches of chains that can be reached from a place at a cost of at most `limit`, each once.

    Raises:
        ProcessRefusedError: it is on a line that may not be gone along.
    """
    graph = _graph(network, costs)
    around = _leaving(network, costs, start)
    if not around:
        _refuse_stop(network, costs, start, "start")
    for leg, node in around:
        _add(graph, _START, node, leg)
    found = [leg if leg.cost <= limit else _shortened(leg, limit / leg.cost) for leg, _ in around]
    paid = nx.single_source_dijkstra_path_length(graph, _START, cutoff=limit, weight="cost")
    for chain, length in enumerate(_lengths(network).tolist()):
        ends = ((int(network.node_from[chain]), 0.0, length), (int(network.node_to[chain]), length, 0.0))
        for node, first, last in ends:
            left = limit - paid.get(node, np.inf)
            leg = _leg(network, costs, chain, first, last)
            if left >= 0 and np.isfinite(leg.cost):
                found.append(leg if leg.cost <= left else _shortened(leg, left / leg.cost))
    return _once(found)


def _once(legs: list[Leg]) -> list[Leg]:
    """Stretches that overlap made one, in the direction of their chains."""
    stretches = sorted((leg.chain, min(leg.first, leg.last), max(leg.first, leg.last)) for leg in legs)
    merged: list[Leg] = []
    for chain, low, high in stretches:
        before = merged[-1] if merged else None
        if before is not None and before.chain == chain and low <= before.last:
            merged[-1] = Leg(chain, before.first, max(before.last, high), float("inf"))
        elif high > low:
            merged.append(Leg(chain, low, high, float("inf")))
    return merged


def coordinates_of(network: Network, leg: Leg) -> Array:
    """The vertices of a leg in its direction, n × 2."""
    origin = network.along[network.starts[leg.chain]]
    low, high = sorted((leg.first, leg.last))
    chain = slice(int(network.starts[leg.chain]), int(network.ends[leg.chain]) + 1)
    along, vertices = network.along[chain] - origin, network.vertices[chain]
    between = vertices[(along > low) & (along < high)]
    ends = _places(vertices, along, np.array([low, high]), planar=network.ground.planar)
    run = np.vstack([ends[0], between, ends[1]])
    return run if leg.first <= leg.last else run[::-1]


def _places(vertices: Array, along: Array, metres: Array, *, planar: bool) -> Array:
    """The places so many metres along a chain, n × 2."""
    before = np.clip(np.searchsorted(along, metres, side="right") - 1, 0, len(along) - 2)
    start, end = vertices[before], vertices[before + 1]
    rest, lengths = metres - along[before], along[before + 1] - along[before]
    share = np.clip(shares_at(start, end, rest, lengths, planar=planar), 0, 1)[:, np.newaxis]
    return np.where(share < 1, start + (end - start) * share, end)


def course_of(network: Network, legs: list[Leg]) -> list[Array]:
    """The vertices of legs that follow each other, n × 2: in one line, or in several split at the antimeridian."""
    runs: list[list[Array]] = []
    for coordinates in (coordinates_of(network, leg) for leg in legs):
        if runs and abs(coordinates[0, 0] - runs[-1][-1][-1, 0]) <= _jump(network):
            runs[-1].append(coordinates)
        else:
            runs.append([coordinates])
    lines = [_without_repeats(np.vstack(run)) for run in runs]
    # A stop on the antimeridian may begin on its other side, where the way has no length.
    long = [line for line in lines if np.ptp(line, axis=0).any()]
    return long or lines[:1]


def _without_repeats(vertices: Array) -> Array:
    """Each vertex once where legs meet; at least two are left."""
    moved = np.concatenate([[True], (np.diff(vertices, axis=0) != 0).any(axis=1)])
    return vertices[moved] if moved.sum() > 1 else vertices[:2]


def _jump(network: Network) -> float:
    """How far in longitude the next leg may begin from where one ends: beyond, it is on the other side of 180°."""
    return np.inf if network.ground.planar else 180.0


def parts_of(network: Network) -> int:
    """How many parts the network has that are not connected to each other."""
    return int(nx.number_connected_components(_all_ways(network)))


def _all_ways(network: Network) -> Any:
    """The chains in both directions, whatever they cost."""
    graph = nx.Graph()
    graph.add_edges_from(zip(network.node_from.tolist(), network.node_to.tolist(), strict=True))
    return graph


def _graph(network: Network, costs: Costs) -> Any:
    graph = nx.DiGraph()
    lengths = _lengths(network).tolist()
    ends = zip(network.node_from.tolist(), network.node_to.tolist(), network.feature.tolist(), strict=True)
    forward, backward = costs.forward.tolist(), costs.backward.tolist()
    for chain, (first, last, feature) in enumerate(ends):
        length = lengths[chain]
        _add(graph, first, last, Leg(chain, 0.0, length, length * forward[feature]))
        _add(graph, last, first, Leg(chain, length, 0.0, length * backward[feature]))
    return graph


def _add(graph: Any, first: int, last: int, leg: Leg) -> None:
    """Of several ways between two nodes the cheapest one counts."""
    # Nothing times infinity is no number: a way of no length that may not be gone.
    if not np.isfinite(leg.cost):
        return
    if not graph.has_edge(first, last) or graph.edges[first, last]["cost"] > leg.cost:
        graph.add_edge(first, last, cost=leg.cost, leg=leg)


def _leaving(network: Network, costs: Costs, stops: Iterable[Stop]) -> list[tuple[Leg, int]]:
    legs = [
        (_leg(network, costs, stop.chain, stop.offset, offset), node) for stop, offset, node in _to_ends(network, stops)
    ]
    return [(leg, node) for leg, node in legs if np.isfinite(leg.cost)]


def _arriving(network: Network, costs: Costs, stops: Iterable[Stop]) -> list[tuple[Leg, int]]:
    return [
        (_leg(network, costs, stop.chain, offset, stop.offset), node) for stop, offset, node in _to_ends(network, stops)
    ]


def _to_ends(network: Network, stops: Iterable[Stop]) -> Iterator[tuple[Stop, float, int]]:
    """Each stop with both ends of its chain: offset and node."""
    lengths = _lengths(network)
    for stop in stops:
        yield stop, float(lengths[stop.chain]), int(network.node_to[stop.chain])
        yield stop, 0.0, int(network.node_from[stop.chain])


def _leg(network: Network, costs: Costs, chain: int, first: float, last: float) -> Leg:
    feature = network.feature[chain]
    rate = costs.forward[feature] if first < last else costs.backward[feature]
    way = abs(last - first)
    return Leg(chain, first, last, float(rate * way) if way else 0.0)


def _lengths(network: Network) -> Array:
    return network.along[network.ends] - network.along[network.starts]


def _shortened(leg: Leg, share: float) -> Leg:
    return Leg(leg.chain, leg.first, leg.first + (leg.last - leg.first) * share, leg.cost * share)


def _refuse_way(network: Network, costs: Costs, start: Sequence[Stop], end: Sequence[Stop], graph: Any) -> NoReturn:
    """Say why there is no way from one place to another."""
    if not _leaving(network, costs, start):
        _refuse_stop(network, costs, start, "start")
    if not any(np.isfinite(leg.cost) for leg, _ in _arriving(network, costs, end)):
        _refuse_stop(network, costs, end, "end")
    plain = nx.Graph(graph)
    if nx.has_path(plain, _START, _END):
        _refuse("no way leads from start to end in the directions that the lines allow")
    ways, sides = _all_ways(network), [[int(network.node_from[stop.chain]) for stop in stops] for stops in (start, end)]
    if any(nx.has_path(ways, here, there) for here, there in product(*sides)):
        _refuse(
            f"no way leads from start to end along lines with a value in {costs.field!r}: {_closed(costs)} are not used"
        )
    _refuse(
        "no way leads from start to end: they are on parts of the network that do not meet. Lines meet where they "
        "share a vertex; tolerance joins ends to lines near by"
    )


def _closed(costs: Costs) -> str:
    return f"lines without one{' and of speed 0' if costs.units == 'minute' else ''}"


def _refuse_stop(network: Network, costs: Costs, stops: Sequence[Stop], name: str) -> NoReturn:
    """Say that nothing leads from or to a place, being on a line that is not used."""
    held = "no value" if costs.unknown[network.feature[stops[0].chain]] else "the value 0"
    _refuse(f"the {name} is nearest to a line that has {held} in {costs.field!r}, and is not used", name)


def _refuse(reason: str, name: str = "end") -> NoReturn:
    raise ProcessRefusedError(reason, path=f"$.inputs.{name}")
