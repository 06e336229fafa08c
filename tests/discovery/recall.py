"""How many requests in users' words find what they look for: `python -m tests.discovery.recall`."""

import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache

from mcp_server.discovery.facts import facts_of
from mcp_server.discovery.index import Index
from mcp_server.discovery.records import Card, DataKind
from mcp_server.discovery.records import Query as Asked
from mcp_server.discovery.words import words_of
from mcp_server.schema.normalise import normalise
from tests.discovery.query_set import Query, catalogue, description, queries

BAR = 0.95
FIRST = 5


@dataclass(frozen=True, slots=True)
class Answer:
    """What a query found: the ids in order."""

    query: Query
    found: Sequence[str]

    @property
    def right(self) -> bool:
        """Whether one of the right answers is among the first."""
        return not set(self.query.expected).isdisjoint(self.found[:FIRST])


def cards() -> list[Card]:
    """The catalogue as it is offered."""
    offered = [(process.id, normalise(description(process))) for process in catalogue()]
    return [Card(name, "test", name, words_of(process), facts_of(process)) for name, process in offered]


@cache
def answers() -> tuple[Answer, ...]:
    """What every query finds."""
    index = Index(cards())
    return tuple(Answer(query, [hit.card.process_id for hit in index.search(asked(query)).hits]) for query in queries())


def asked(query: Query) -> Asked:
    """A query of the set as a tool would ask it."""
    facts = query.facts
    return Asked(
        query.text,
        takes=DataKind(facts.takes) if facts.takes else None,
        gives=DataKind(facts.gives) if facts.gives else None,
        geometry=facts.geometry,
        max_inputs=facts.max_inputs,
        limit=10,
    )


def recall(some: Iterable[Answer]) -> float:
    """The share of queries with a right answer among the first five."""
    right = [answer.right for answer in some]
    return sum(right) / len(right)


def main() -> None:
    """Print the figures, and the misses of the part that may be looked at."""
    every = answers()
    tuned, held_out = ([answer for answer in every if answer.query.held_out is held] for held in (False, True))
    for what, some in (("all", every), ("not held out", tuned), ("held out", held_out)):
        first = sum(bool(set(answer.query.expected) & set(answer.found[:1])) for answer in some) / len(some)
        sys.stdout.write(f"recall at {FIRST}, {what}: {recall(some):.1%} of {len(some)} (at 1: {first:.1%})\n")
    for answer in tuned:
        if not answer.right:
            sys.stdout.write(
                f"- {answer.query.text!r} → {', '.join(answer.query.expected)}; found {', '.join(answer.found)}\n"
            )


if __name__ == "__main__":
    main()
