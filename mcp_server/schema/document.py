"""The document around inputs and outputs: its envelope, the entries by id, job control options."""

from collections.abc import Iterator
from typing import Any, cast

from mcp_server.schema.plain import JsonObject, as_list, as_object, first_of
from mcp_server.schema.process import Diagnostic, Mode
from mcp_server.schema.spelling import conventional

_ENVELOPES = frozenset(
    f"process{word}" for word in ("", "es", "description", "descriptions", "offering", "offerings", "summary")
)
_TELLING = frozenset({"schema", "type", "input", "output", "literalDataDomain", "formats", "minOccurs"})
"""A member of an input or output has one of these."""
_SIDES = {
    "inputs": ("inputs", "input", "dataInputs"),
    "outputs": ("outputs", "output", "processOutputs"),
}
"""What holds them: the name of OGC API, and those of WPS 2 and WPS 1."""


def unwrapped(raw: JsonObject) -> JsonObject:
    """The process within its envelopes; members beside it (version, jobControlOptions) belong to it too."""
    document = conventional(raw)
    if "id" in document or "identifier" in document:
        return document
    for name, value in document.items():
        inner = as_object(_single(value)) if name.lower().replace("_", "") in _ENVELOPES else {}
        if inner:
            return {**unwrapped(inner), **{key: member for key, member in document.items() if key != name}}
    return document


def entries(document: JsonObject, side: str, notes: list[Diagnostic]) -> list[tuple[str, Any]]:
    """`inputs` or `outputs` with their ids: from an object, a list, or a list of objects of named ones."""
    found = first_of(document, *_SIDES[side])
    if isinstance(found, dict):
        members = as_object(found)
        listed = _listed(members, side)
        if listed is None:
            return list(members.items())
        found = listed
    collected: dict[str, Any] = {}
    for number, entry in enumerate(as_list(found)):
        named = _named(entry)
        if not named or collected.keys() & named.keys():
            notes.append(Diagnostic(f"$.{side}[{number}]", "has no id of its own; left out"))
        collected |= {name: one for name, one in named.items() if name not in collected}
    if found is not None and not isinstance(found, list):
        notes.append(Diagnostic(f"$.{side}", "is neither an object nor a list"))
    return list(collected.items())


def modes(options: Any) -> frozenset[Mode]:
    """Job control options in any spelling; synchronous where none are declared (OGC 18-062r2, 7.11.2.3)."""
    listed = options.split() if isinstance(options, str) else as_list(options)
    words = [word.lower() for word in listed if isinstance(word, str)]
    found = {f"{kind}-execute" for word in words for kind in ("sync", "async") if word.startswith(kind)}
    return frozenset(cast("set[Mode]", found)) or frozenset({"sync-execute"})


def roles(document: JsonObject) -> Iterator[str]:
    """The roles of the `metadata` entries."""
    for entry in as_list(document.get("metadata")):
        role = as_object(entry).get("role")
        if isinstance(role, str):
            yield role


def _single(value: Any) -> Any:
    listed = as_list(value)
    return listed[0] if len(listed) == 1 else value


def _listed(members: JsonObject, side: str) -> list[Any] | None:
    """The list in WPS's `{"Input": […]}`; None for an object of named entries."""
    only = conventional(members).get(side.removesuffix("s")) if len(members) == 1 else None
    return as_list(only) if isinstance(only, list) and all(_id(entry) for entry in as_list(only)) else None


def _named(entry: Any) -> JsonObject:
    """The entries that a member of a list is: one with its id, or several as an object of named ones."""
    name = _id(entry)
    if name:
        return {name: entry}
    members = as_object(entry)
    inner = [conventional(as_object(member)) for member in members.values()]
    return members if inner and all(one.keys() & _TELLING for one in inner) else {}


def _id(entry: Any) -> str:
    found = first_of(conventional(as_object(entry)), "id", "identifier", "name")
    if isinstance(found, dict):
        found = first_of(conventional(as_object(found)), "value", "content")
    return str(found) if isinstance(found, str | int) and not isinstance(found, bool) else ""
