"""Which process to execute, and with what. Pure."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from mcp_server.ogc.models import ABSENT
from mcp_server.schema.combine import branches, is_any
from mcp_server.schema.normalise import normalise
from mcp_server.schema.plain import JsonObject, as_list
from mcp_server.schema.process import CanonicalProcess, InputSpec
from mcp_server.validate.samples import sample

_GENTLE = ("echo", "hello")
# A process so named leaves something behind, or takes something away: it is never executed unasked.
_RISKY = frozenset(
    {
        "delete",
        "remove",
        "drop",
        "deploy",
        "undeploy",
        "publish",
        "unpublish",
        "write",
        "upload",
        "ingest",
        "register",
        "send",
        "mail",
        "store",
        "import",
        "insert",
        "update",
        "create",
        "purge",
        "clean",
        "reset",
        "admin",
    }
)
_SLOW = ("slow", "sleep", "nap", "wait", "pause", "delay", "long")
_DURATIONS = ("second", "duration", "pause", "delay", "sleep", "time")
_LASTING_SECONDS = 8


@dataclass(frozen=True, slots=True)
class Plan:
    """An execution that may be tried."""

    process: CanonicalProcess
    transmissions: frozenset[str]
    """`value`, `reference`: how outputs may be sent."""
    inputs: Mapping[str, Any]
    invented: bool
    """Some values come from the schemas alone: they fit what is described, and may still mean nothing."""

    modes: frozenset[str]
    """Declared job control options, of `sync-execute` and `async-execute`; empty where none is declared."""

    @property
    def id(self) -> str:
        """Id of the process."""
        return self.process.id

    @property
    def output_ids(self) -> tuple[str, ...]:
        """The described outputs."""
        return tuple(output.id for output in self.process.outputs)

    def supports(self, mode: str) -> bool:
        """Whether the process may be executed in a mode: `sync-execute` or `async-execute`.

        The standard does not tell what holds where neither is declared: either may be tried then.
        """
        return mode in self.modes or not self.modes

    def having(self, **inputs: Any) -> "Plan":
        """The same with more inputs."""
        return replace(self, inputs={**self.inputs, **inputs}, invented=True)


def plans(
    descriptions: Iterable[Mapping[str, Any]], *, process: str | None, inputs: Mapping[str, Any]
) -> tuple[Plan, ...]:
    """Executions to try, the most harmless first; processes that seem to change things are left out.

    process: the only one to try, if given.
    inputs: values in place of those found.
    """
    found: list[Plan] = []
    for raw in descriptions:
        canonical = normalise(raw)
        if process is not None and canonical.id != process:
            continue
        if process is None and _words(canonical.id) & _RISKY:
            continue
        described = {spec.id for spec in canonical.inputs}
        # To a process that was named, everything is sent as it was given; to others, what they know.
        given = {name: value for name, value in inputs.items() if process is not None or name in described}
        plan = _plan(canonical, raw, given)
        if plan is not None:
            found.append(plan)
    return tuple(sorted(found, key=_rank))


def lasting(plan: Plan) -> Plan:
    """The same, for as long as its inputs let it last, up to a few seconds."""
    longer = {
        spec.id: value
        for spec in plan.process.inputs
        if any(word in spec.id.lower() for word in _DURATIONS)
        for value in [_longest(spec.schema)]
        if value is not None
    }
    return plan.having(**longer) if longer else plan


def is_lasting(plan: Plan) -> bool:
    """Whether the process looks as if it could take its time."""
    return lasting(plan) is not plan or any(word in plan.id.lower() for word in _SLOW)


def nonsense(plan: Plan) -> Plan:
    """The same with values that fit the schemas and mean nothing, so that the execution may fail."""
    changed = {spec.id: value for spec in plan.process.inputs if (value := _senseless(spec)) is not None}
    return plan.having(**changed) if changed else plan


def _plan(process: CanonicalProcess, raw: Mapping[str, Any], given: Mapping[str, Any]) -> Plan | None:
    inputs = {**(process.example or {}), **given}
    invented = False
    for spec in process.inputs:
        if spec.required and spec.id not in inputs:
            value = spec.default if spec.default is not ABSENT else sample(spec.schema)
            if value is None:
                return None
            invented = invented or spec.default is ABSENT
            inputs[spec.id] = [value] * max(spec.min_items, 1) if spec.multiple else value
    transmissions = _texts(raw, "outputTransmission")
    modes = _texts(raw, "jobControlOptions") & {"sync-execute", "async-execute"}
    # `value` is what the schema of transmissionMode defaults to.
    return Plan(process, transmissions or frozenset({"value"}), inputs, invented, modes)


def _rank(plan: Plan) -> tuple[Any, ...]:
    name = plan.id.lower()
    gentle = next((index for index, word in enumerate(_GENTLE) if word in name), len(_GENTLE))
    return (gentle, any(word in name for word in _SLOW), plan.invented, len(plan.inputs))


def _texts(raw: Mapping[str, Any], member: str) -> frozenset[str]:
    return frozenset(text for text in as_list(raw.get(member)) if isinstance(text, str))


def _words(text: str) -> set[str]:
    return set(re.findall(r"[a-z]+", re.sub(r"([a-z])([A-Z])", r"\1 \2", text).lower()))


def _longest(schema: JsonObject) -> float | None:
    for branch in [] if is_any(schema) else branches(schema):
        if branch["type"] in ("number", "integer"):
            return min(_LASTING_SECONDS, branch.get("maximum", _LASTING_SECONDS))
    return None


def _senseless(spec: InputSpec) -> Any:
    kinds = {branch["type"]: branch for branch in branches(spec.schema)} if not is_any(spec.schema) else {}
    if "boolean" in kinds and "fail" in spec.id.lower():
        return True
    text = kinds.get("string")
    if text is not None and not text.keys() & {"enum", "pattern", "format", "maxLength"}:
        return "nothing that means anything"
    numbers = kinds.get("array", {}).get("items", {})
    if spec.required and numbers.get("type") == "string" and "enum" not in numbers:
        return ["nothing that means anything"]
    return None
