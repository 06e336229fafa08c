"""The measures of a corpus, each with what speaks against it by name."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from statistics import quantiles
from typing import Any

from mcp_server.catalog import ToolEntry
from mcp_server.doctor.judging import schema_faults, tool_bytes
from mcp_server.errors import InvalidArgumentsError
from mcp_server.execution.body import execute_body
from mcp_server.execution.request import ExecuteRequest, build_request
from mcp_server.ogc.dialects import DIALECTS
from mcp_server.ogc.models import ProcessDescription, ServerIdentity
from tests.corpus_report.corpus import Corpus, Described
from tests.corpus_report.meaning import by_id, same_meaning
from tests.corpus_report.violations import violations

_USABLE = frozenset({
    "type", "enum", "oneOf", "anyOf", "allOf", "properties", "items", "format", "contentMediaType", "minimum",
    "maximum", "literalDataDomain", "literalDataDomains", "formats", "supportedCRS", "dataType",
})  # fmt: skip
"""Members of an input, or of its schema, that tell what values it takes."""

MEDIAN_BYTES = 1200
P95_BYTES = 3000


@dataclass(frozen=True, slots=True)
class Measure:
    """How many of a number of things are as they should be."""

    title: str
    good: int
    total: int
    least: float
    """Share of good ones that is asked for."""
    against: tuple[str, ...]
    """What is not as it should be, and why."""

    @property
    def met(self) -> bool:
        """Whether enough are."""
        return self.good >= self.least * self.total


@dataclass(frozen=True, slots=True)
class Sizes:
    """Bytes of the tools as a client receives them."""

    median: float
    p95: float
    largest: int

    @property
    def met(self) -> bool:
        """Whether a list of such tools is short enough."""
        return self.median <= MEDIAN_BYTES and self.p95 <= P95_BYTES


def measures(corpus: Corpus) -> list[Measure]:
    """Every measure of a corpus."""
    return [
        _share("descriptions that give a tool", 1, [*_made(corpus)]),
        _share("tool schemas that are portable", 1, [(one.file, _faults(one)) for one in corpus.described]),
        _share("inputs with usable metadata that are typed", 0.95, [*_typed(corpus.described)]),
        _share("authors' examples accepted", 0.98, [*_accepted(corpus)]),
        _share("accepted examples sent as their authors mean them", 1, [*_sent(corpus)]),
        _share("violations refused before any request", 0.95, [*_refused(corpus.described)]),
    ]


def sizes(described: Iterable[Described]) -> Sizes:
    """The sizes of all tools, output schema and annotations included."""
    found = sorted(_bytes(one) for one in described)
    cuts = quantiles(found, n=20)
    return Sizes(cuts[9], cuts[18], found[-1])


def _share(title: str, least: float, judged: list[tuple[str, str]]) -> Measure:
    against = tuple(f"{name}: {reason}" for name, reason in judged if reason)
    return Measure(title, len(judged) - len(against), len(judged), least, against)


def _made(corpus: Corpus) -> Iterable[tuple[str, str]]:
    yield from ((one.file, "") for one in corpus.described)
    yield from corpus.failures.items()


def _faults(described: Described) -> str:
    return "; ".join(schema_faults(described.tool))


def _typed(described: Iterable[Described]) -> Iterable[tuple[str, str]]:
    for one in described:
        canonical = {spec.id: spec.schema for spec in one.tool.process.inputs}
        for input_id, raw in one.inputs.items():
            if _usable(raw):
                lost = "" if canonical.get(input_id) else f"any value is taken: {str(raw)[:160]}"
                yield f"{one.file} {input_id}", lost


def _usable(raw: Mapping[str, Any]) -> bool:
    schema = raw.get("schema")
    told = {**raw, **schema} if isinstance(schema, dict) else raw
    return any(told.get(name) not in (None, "", [], {}) for name in _USABLE)


def _accepted(corpus: Corpus) -> Iterable[tuple[str, str]]:
    for name, described, inputs in _examples(corpus):
        try:
            _request(described, inputs)
        except InvalidArgumentsError as error:
            yield name, str(error)[:200]
        else:
            yield name, ""


def _sent(corpus: Corpus) -> Iterable[tuple[str, str]]:
    for name, described, inputs in _examples(corpus):
        try:
            ours = _request(described, inputs).inputs
        except InvalidArgumentsError:
            continue
        bodies = {key: execute_body(described.tool.process, ours, dialect) for key, dialect in DIALECTS.items()}
        wrong = {key: body["inputs"] for key, body in bodies.items() if not same_meaning(body["inputs"], inputs)}
        told = (f"{key} is sent {str(sent)[:120]} for {str(inputs)[:120]}" for key, sent in wrong.items())
        yield name, next(told, "")


def _refused(described: Iterable[Described]) -> Iterable[tuple[str, str]]:
    for one in described:
        example = one.tool.process.example or {}
        for violation in violations(one):
            inputs = {**example, violation.input_id: violation.value}
            name = f"{one.file} {violation.input_id} {violation.kind}"
            yield name, "" if _blamed(one, inputs, violation.input_id) else f"{violation.value!r} is accepted"


def _blamed(described: Described, inputs: Mapping[str, Any], input_id: str) -> bool:
    """Whether the inputs are refused for the value of that one."""
    names = {known: name for name, known in described.tool.argument_names.items()}
    path = f"$.{names.get(input_id, input_id)}"
    try:
        _request(described, inputs)
    except InvalidArgumentsError as error:
        return any(problem.path.startswith(path) and problem.message != "is required" for problem in error.problems)
    return False


def _examples(corpus: Corpus) -> Iterable[tuple[str, Described, Mapping[str, Any]]]:
    """What authors wrote: the example in a description, and the requests known to belong to it."""
    for one in corpus.described:
        if one.tool.process.example:
            yield one.file, one, one.tool.process.example
    for request in corpus.requests:
        if request.confident:
            yield request.file, request.described, by_id(request.inputs)


def _request(described: Described, inputs: Mapping[str, Any]) -> ExecuteRequest:
    names = {input_id: name for name, input_id in described.tool.argument_names.items()}
    return build_request(described.tool, {names.get(input_id, input_id): value for input_id, value in inputs.items()})


def _bytes(described: Described) -> int:
    server = ServerIdentity("remote", "https://remote.example", embedded=False, dialect="unknown")
    entry = ToolEntry(server, ProcessDescription(server, described.tool.process.id, described.raw), described.tool)
    return tool_bytes(entry)
