"""Finding, describing and naming processes where there are more than tools may be."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Final

from mcp.types import CallToolResult, Tool

from mcp_server.discovery.kinds import kinds_of
from mcp_server.discovery.records import Card, DataKind, Query
from mcp_server.errors import ArgumentProblem, BridgeError, InvalidArgumentsError, UnknownToolError
from mcp_server.ogc.documents import compact, utf8_size
from mcp_server.protocol import process_tool_definitions as definitions
from mcp_server.protocol.arguments import check
from mcp_server.references import ProcessReference
from mcp_server.results import presentation
from mcp_server.schema.text import brief
from mcp_server.texts import is_harmless

if TYPE_CHECKING:
    from mcp_server.catalog import Catalog, ToolEntry

NAMES: Final = frozenset({definitions.FIND, definitions.DESCRIBE, definitions.RUN})
"""Names that no process may have."""
_DESCRIPTION_LENGTH: Final = 160
_OUTPUT_LENGTH: Final = 120
_MAX_BYTES: Final = 18_000
"""Of a reply, with what surrounds it about 20 kB."""
_SUGGESTIONS: Final = 3
_LONGEST_NAME: Final = 200
"""Of a name that nobody has, so much is compared with others."""


@dataclass(frozen=True, slots=True)
class ProcessTools:
    """The tools that stand for all processes of these servers."""

    catalog: "Catalog"
    servers: Sequence[str]

    def definitions(self) -> list[Tool]:
        """The tools as they are listed."""
        return [definitions.find_processes(self.servers), definitions.DESCRIBE_PROCESS, definitions.RUN_PROCESS]

    def definition(self, name: str) -> Tool:
        """One of the tools."""
        return next(tool for tool in self.definitions() if tool.name == name)

    async def answer(self, name: str, arguments: Mapping[str, Any] | None) -> CallToolResult:
        """What `find_processes` or `describe_process` answers.

        Raises: BridgeError.
        """
        checked = check(self.definition(name).input_schema, _mended(name, arguments or {}))
        return await (self._find(checked) if name == definitions.FIND else self._describe(checked["names"]))

    async def to_run(self, arguments: Mapping[str, Any] | None) -> "tuple[ToolEntry, Mapping[str, Any]]":
        """The process that `run_process` is to run, and its inputs.

        Raises: BridgeError.
        """
        checked = check(definitions.RUN_PROCESS.input_schema, arguments)
        return await self._entry(checked["process"], "$.process"), checked.get("inputs", {})

    async def suggestions(self, name: str, others: Iterable[str] = ()) -> list[str]:
        """Names of processes, or others, that may be meant by one that nobody has, the likeliest first."""
        names = [*(card.name for card in await self.catalog.cards()), *others]
        close = get_close_matches(name[:_LONGEST_NAME], names, n=_SUGGESTIONS)
        if close or not await self.catalog.searched():
            return close
        return [hit.card.name for hit in (await self.catalog.search(Query(name, limit=_SUGGESTIONS))).hits]

    async def _find(self, arguments: Mapping[str, Any]) -> CallToolResult:
        query = _query(arguments)
        found, note = await self.catalog.search(query), ""
        if not found.hits and query.words:
            found = await self.catalog.search(Query(query.words, limit=query.limit))
            note = "No process fits both words and facts; these fit the words." if found.hits else ""
        told: dict[str, Any] = {"processes": [_row(hit.card) for hit in found.hits], "total": found.total}
        if not found.hits:
            note = "Nothing was found; try other words, or fewer."
        return presentation.structured(told | ({"note": note} if note else {}))

    async def _describe(self, names: Sequence[str]) -> CallToolResult:
        described: list[dict[str, Any]] = []
        room = _MAX_BYTES
        for name in dict.fromkeys(names):
            try:
                told = _described(await self._entry(name, "$.names"), room)
            except BridgeError as error:
                if len(names) == 1:
                    raise
                told = {"name": name, "error": _reason(error)}
            room -= utf8_size(compact(told))
            described.append(told)
        return presentation.structured({"processes": described})

    async def _entry(self, name: str, path: str) -> "ToolEntry":
        """A process by its name, or by its id where only one has that."""
        try:
            return await self.catalog.entry(name)
        except UnknownToolError:
            same = [card.name for card in await self.catalog.cards() if name in (card.process_id, _address(card))]
        if len(same) == 1:
            return await self.catalog.entry(same[0])
        close = same[:_SUGGESTIONS] or await self.suggestions(name)
        suggestion = f"did you mean {' or '.join(map(repr, close))}?" if close else "find_processes finds others"
        unknown = f"there is no process {brief(name, _OUTPUT_LENGTH)!r}"
        raise InvalidArgumentsError([ArgumentProblem(path, unknown, suggestion)])


def in_inputs(error: InvalidArgumentsError) -> InvalidArgumentsError:
    """What is wrong with the inputs of a process, as what is wrong with the arguments of `run_process`."""
    return InvalidArgumentsError(
        [replace(problem, path=f"$.inputs{problem.path.removeprefix('$')}") for problem in error.problems]
    )


def _mended(name: str, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
    """The arguments, one name in place of a list of names included."""
    if name != definitions.DESCRIBE:
        return arguments
    named = {("names" if key in ("name", "process") else key): value for key, value in arguments.items()}
    names = named.get("names")
    single = isinstance(names, str) and not names.lstrip().startswith("[")
    return {**named, "names": [names]} if single else named


def _query(arguments: Mapping[str, Any]) -> Query:
    takes, gives = arguments.get("takes"), arguments.get("gives")
    return Query(
        words=arguments.get("query", ""),
        takes=DataKind(takes) if takes else None,
        gives=DataKind(gives) if gives else None,
        geometry=arguments.get("geometry"),
        max_inputs=arguments.get("max_inputs"),
        server=arguments.get("server"),
        limit=arguments["limit"],
    )


def _row(card: Card) -> dict[str, Any]:
    row: dict[str, Any] = {"name": card.name, "title": card.words.title, "server": card.server}
    if card.words.description:
        row["description"] = brief(card.words.description, _DESCRIPTION_LENGTH)
    if card.facts is not None:
        row |= {"takes": sorted(card.facts.takes), "gives": sorted(card.facts.gives), "inputs": card.facts.inputs}
    return row


def _described(entry: "ToolEntry", room: int) -> dict[str, Any]:
    """A process as a model needs it to run it; without its inputs where there is no room for them."""
    spec = entry.spec
    resource = str(ProcessReference(entry.server.name, entry.description.id))
    head = {"name": spec.name, "title": spec.title, "server": entry.server.name, "resource": resource}
    if entry.changed is not None:
        head["changed"] = f"The server describes it otherwise than before, noticed {entry.changed}"
    outputs = {output.id: _output(output) for output in spec.process.outputs if is_harmless(output.id)}
    rest = {"description": spec.description, "outputs": outputs}
    for schema, note in ((spec.input_schema, {}), (_bare(spec.input_schema), {"note": f"{resource} tells more"})):
        told = {**head, **rest, "input_schema": dict(schema), **note}
        if utf8_size(compact(told)) <= room:
            return told
    return {**head, "note": f"too long to be told here: describe it alone, or read {resource}"}


def _bare(schema: Mapping[str, Any]) -> dict[str, Any]:
    """A schema of arguments that tells no more of each than its type."""
    properties: Mapping[str, Mapping[str, Any]] = schema["properties"]
    return {
        **schema,
        "properties": {name: {"type": one["type"]} if "type" in one else {} for name, one in properties.items()},
    }


def _output(output: Any) -> str:
    kinds = ", ".join(sorted(kinds_of(output.schema, output.id, output.title)))
    text = brief(output.description or output.title, _OUTPUT_LENGTH)
    return f"{kinds}: {text}" if text and text != output.id else kinds


def _address(card: Card) -> str:
    return str(ProcessReference(card.server, card.process_id))


def _reason(error: BridgeError) -> str:
    match error:
        case InvalidArgumentsError(problems=problems):
            return "; ".join(f"{one.message}; {one.suggestion}" for one in problems)
        case _:
            return str(error)
