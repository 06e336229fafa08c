"""Any process description in the wild → a canonical process. Nothing in it is fatal: what cannot be used is noted."""

from collections.abc import Mapping
from typing import Any

from mcp_server.ogc.models import ABSENT, Absent
from mcp_server.schema.combine import branches, is_any
from mcp_server.schema.defaults import fitting, is_placeholder
from mcp_server.schema.document import entries, modes, roles, unwrapped
from mcp_server.schema.evidence import with_evidence
from mcp_server.schema.examples import example_inputs, unqualified
from mcp_server.schema.kinds import GEOJSON_FORMATS
from mcp_server.schema.legacy import written_schema
from mcp_server.schema.occurrence import Occurrence, occurrence
from mcp_server.schema.plain import JsonObject, as_list, as_object, first_of, plain
from mcp_server.schema.process import CanonicalProcess, Diagnostic, InputSpec, OutputSpec
from mcp_server.schema.references import takes_reference, widened
from mcp_server.schema.repair import canonical
from mcp_server.schema.scope import Effort, Notebook, Scope
from mcp_server.schema.spelling import conventional
from mcp_server.schema.text import in_one_language
from mcp_server.schema.validation import fits
from mcp_server.texts import is_harmless

_EXAMPLE_VALUES = 100
"""So many of the values that an example has for one input are heard: a schema grows with each that it does not take."""


def understood(process_id: str, raw: Mapping[str, Any]) -> CanonicalProcess:
    """A description in the canonical form, under the id by which its server is asked for it."""
    return normalise({**raw, "id": process_id})


def normalise(raw: Mapping[str, Any]) -> CanonicalProcess:
    """Bring a description to the canonical form.

    Never raises, and never drops an input: one that cannot be understood takes any value, described as its author did.
    """
    document = unwrapped(as_object(plain(raw)))
    notes: list[Diagnostic] = []
    effort = Effort()
    example = example_inputs(document)
    inputs = [
        _guarded_input(name, entry, document, example, Notebook(notes, effort))
        for name, entry in entries(document, "inputs", notes)
    ]
    inputs += _only_in_example(inputs, example, notes)
    outputs = [
        _output(name, entry, document, Notebook(notes, effort)) for name, entry in entries(document, "outputs", notes)
    ]
    schemas = {spec.id: spec.schema for spec in inputs}
    return CanonicalProcess(
        id=in_one_language(first_of(document, "id", "identifier", "name")),
        title=in_one_language(document.get("title")),
        description=_description(document),
        version=in_one_language(first_of(document, "version", "processVersion")),
        keywords=tuple(word for word in as_list(document.get("keywords")) if isinstance(word, str)),
        roles=frozenset(roles(document)),
        inputs=tuple(inputs),
        outputs=tuple(outputs),
        modes=modes(document.get("jobControlOptions")),
        example=None if example is None else {name: unqualified(example[name], schemas[name]) for name in example},
        diagnostics=tuple(notes),
    )


def _guarded_input(
    name: str, entry: Any, document: JsonObject, example: JsonObject | None, notebook: Notebook
) -> InputSpec:
    scope = Scope(f"$.inputs.{name}", notebook, roots=(document,))
    try:
        return _input(name, entry, example, scope)
    except Exception as error:  # a foreign description must not cost the process, whatever is in it
        scope.note(f"cannot be read ({type(error).__name__}); any value is taken")
        return _any_input(name, entry)


def _input(name: str, entry: Any, example: JsonObject | None, scope: Scope) -> InputSpec:
    raw = conventional(as_object(entry))
    written = written_schema(raw) if isinstance(entry, dict) else entry
    if written is None:
        scope.note("has no schema; any value is taken")
    root = as_object(written)
    scope = scope.within(root)
    counts = occurrence(raw)
    repaired = canonical({key: value for key, value in root.items() if key != "default"} or written, scope)
    schema, nullable = _without_null(repaired)
    multiple = counts.maximum is None or counts.maximum > 1
    if example is not None and name in example:
        schema = _agreeing(schema, example[name], scope, multiple=multiple)
    declared = root.get("default")
    default = _default(declared, schema, counts, scope)
    optional = counts.minimum == 0 or nullable or not is_placeholder(declared)
    optional = optional or raw.get("required") in (False, "false") or raw.get("optional") in (True, "true")
    optional = optional or _null_default(root, raw)
    if not optional and example is not None and name not in example:
        scope.note("is missing in the author's own example; taken as optional")
        optional = True
    return InputSpec(
        id=name,
        title=in_one_language(raw.get("title")),
        description=_description(raw) or schema.get("description", ""),
        schema={key: value for key, value in schema.items() if key not in ("description", "default")},
        required=not optional,
        multiple=multiple,
        min_items=counts.minimum,
        max_items=counts.maximum,
        by_reference=takes_reference(schema),
        default=default,
        original=entry,
    )


def _agreeing(schema: JsonObject, shown: Any, scope: Scope, *, multiple: bool) -> JsonObject:
    """The schema, agreeing with the author's own example: with each of its values where there are several."""
    fitting_whole = any(fits(value, widened(schema)) for value in (shown, unqualified(shown, schema)))
    if multiple and isinstance(shown, list) and not fitting_whole:
        for one in as_list(shown)[:_EXAMPLE_VALUES]:
            schema = _agreeing(schema, one, scope, multiple=False)
        return schema
    if shown is None or fitting_whole:
        return schema
    scope.note("does not take the author's own example; taken to be wider than declared")
    return with_evidence(schema, shown)


def _any_input(name: str, entry: Any, description: str = "") -> InputSpec:
    return InputSpec(
        id=name,
        title="",
        description=description or _description(as_object(entry)),
        schema={},
        required=False,
        multiple=False,
        min_items=0,
        max_items=1,
        by_reference=True,
        default=ABSENT,
        original=entry,
    )


def _only_in_example(inputs: list[InputSpec], example: JsonObject | None, notes: list[Diagnostic]) -> list[InputSpec]:
    """Inputs that the author uses without having declared them."""
    declared = {spec.id for spec in inputs}
    undeclared = [name for name in example or {} if name not in declared]
    notes += [
        Diagnostic(f"$.inputs.{name}", "is in the author's example only; taken as an optional input")
        for name in undeclared
    ]
    return [_any_input(name, None, "Not declared, but used in the author's example.") for name in undeclared]


def _without_null(schema: JsonObject) -> tuple[JsonObject, bool]:
    """An input that may be null may be left out: the branch is dropped, and told."""
    kept = [branch for branch in branches(schema) if branch.get("type") != "null"]
    if len(kept) == len(branches(schema)):
        return schema, False
    others = {key: value for key, value in schema.items() if key not in ("anyOf", "type")}
    if not kept:
        return others, True
    return (({**others, **kept[0]} if len(kept) == 1 else {**others, "anyOf": kept}), True)


def _default(declared: Any, schema: JsonObject, counts: Occurrence, scope: Scope) -> Any | Absent:
    if is_placeholder(declared):
        return ABSENT
    found = fitting(declared, schema)
    if found is None and counts.maximum != 1:
        found = fitting(declared, {"type": "array", "items": schema})
    if found is None:
        scope.note("default does not fit the schema; left out")
        return ABSENT
    if not is_harmless(found[0]):
        scope.note("default hides something or misleads; left to the server")
        return ABSENT
    return found[0]


def _null_default(root: JsonObject, raw: JsonObject) -> bool:
    return any("default" in source and source["default"] is None for source in (root, raw))


def _output(name: str, entry: Any, document: JsonObject, notebook: Notebook) -> OutputSpec:
    raw = conventional(as_object(entry))
    scope = Scope(f"$.outputs.{name}", notebook, roots=(document,))
    try:
        written = written_schema(raw) if isinstance(entry, dict) else entry
        schema = canonical(written, scope.within(as_object(written)))
    except Exception as error:  # as for inputs
        scope.note(f"cannot be read ({type(error).__name__})")
        schema = {}
    return OutputSpec(
        id=name,
        title=in_one_language(raw.get("title")),
        description=_description(raw),
        schema=schema,
        media_type=_media_type(schema),
    )


def _media_type(schema: JsonObject) -> str | None:
    if is_any(schema):
        return None
    for branch in branches(schema):
        if "contentMediaType" in branch:
            return branch["contentMediaType"]
        if branch.get("format") in GEOJSON_FORMATS:
            return "application/geo+json"
    return None


def _description(raw: JsonObject) -> str:
    return in_one_language(first_of(raw, "description", "abstract"))
