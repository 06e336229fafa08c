"""Whether a process fits the facts that a request states. Pure."""

from collections.abc import Mapping
from typing import Final

from mcp_server.discovery.records import Card, DataKind, Facts, Query

_UNKNOWN: Final = 0.6
"""The description has not been read, or does not tell."""
_CLOSE: Final = 0.5
"""Another kind, which often is served by the same data."""

_CLOSE_KINDS: Final[Mapping[DataKind, frozenset[DataKind]]] = {
    DataKind.VECTOR: frozenset({DataKind.GEOMETRY, DataKind.DOCUMENT}),
    DataKind.GEOMETRY: frozenset({DataKind.VECTOR, DataKind.DOCUMENT}),
    DataKind.RASTER: frozenset({DataKind.IMAGE}),
    DataKind.IMAGE: frozenset({DataKind.RASTER}),
    DataKind.TABLE: frozenset({DataKind.DOCUMENT}),
    DataKind.DOCUMENT: frozenset({DataKind.TABLE, DataKind.VECTOR}),
    DataKind.TIME: frozenset({DataKind.TEXT}),
    DataKind.TEXT: frozenset({DataKind.DOCUMENT}),
    DataKind.BBOX: frozenset({DataKind.GEOMETRY}),
}
_UNTOLD: Final = frozenset({DataKind.ANY, DataKind.FILE})


def states_facts(query: Query) -> bool:
    """Whether a request states any fact, a server included."""
    return query.server is not None or _states_data(query)


def fit(card: Card, query: Query) -> float:
    """How well the facts fit, 0 (not at all) to 1; an unknown fact never excludes."""
    if query.server not in (None, card.server):
        return 0.0
    if card.facts is None:
        return _UNKNOWN if _states_data(query) else 1.0
    if not _counts(query, card.facts):
        return 0.0
    takes = _kind(query.takes, card.facts.takes)
    return takes * _kind(query.gives, card.facts.gives) * _geometry(query.geometry, card.facts)


def _states_data(query: Query) -> bool:
    stated = (query.takes, query.gives, query.geometry, query.min_inputs, query.max_inputs)
    return any(fact is not None for fact in stated)


def _counts(query: Query, facts: Facts) -> bool:
    """Whether the number of inputs fits; a process without inputs takes nothing."""
    if query.takes is not None and facts.inputs == 0:
        return False
    fewest, most = query.min_inputs, query.max_inputs
    return (fewest is None or facts.inputs >= fewest) and (most is None or facts.required <= most)


def _kind(asked: DataKind | None, told: frozenset[DataKind]) -> float:
    if asked is None or asked is DataKind.ANY or asked in told:
        return 1.0
    if not told or told & _UNTOLD or asked is DataKind.FILE:
        return _UNKNOWN
    return _CLOSE if told & _CLOSE_KINDS.get(asked, frozenset()) else 0.0


def _geometry(asked: str | None, facts: Facts) -> float:
    if asked is None:
        return 1.0
    if facts.geometries:
        return float(bool({asked, f"Multi{asked}", asked.removeprefix("Multi")} & facts.geometries))
    # Any geometry is taken, or none is.
    return 1.0 if facts.takes & {DataKind.VECTOR, DataKind.GEOMETRY} else _UNKNOWN * float(bool(facts.takes & _UNTOLD))
