"""Inputs of an execute request, checked against the description of their process. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Self, cast

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError
from jsonschema.protocols import Validator

from backend.api.references import Path, PlacedReference, find_foreign, find_own
from backend.api.schemas import essence, media_types_in, prepare
from backend.errors import InputProblem
from backend.processes.explanations import MOST_SUGGESTIONS, explain, json_path, suggestion, telling
from backend.processes.occurrences import max_occurs, min_occurs, schema_of_input
from summaries.values import is_json

_MOST_ERRORS = 20
"""Problems told per input: of a million wrong items the first few teach enough."""
_QUALIFIERS = frozenset({"mediaType", "encoding", "schema", "format"})
_ALTERNATIVES = frozenset({"anyOf", "oneOf", "allOf", "not", "if", "contains"})
"""Keywords whose verdict on a value rests on its parts."""


@dataclass(frozen=True, slots=True)
class InputRule:
    """What one input demands."""

    id: str
    validator: Validator
    """Of one value."""
    min_occurs: int
    max_occurs: int | None
    """None for any number. Other than 1 an array of values is taken, and a single value too."""
    own_members: frozenset[str]
    """Properties that the schema itself declares: `value` or `href` among them have no special meaning."""
    media_types: frozenset[str]
    """What it may be in; none where the description does not say."""

    @property
    def repeats(self) -> bool:
        """Whether it may be given more than once."""
        return self.max_occurs != 1


@dataclass(frozen=True, slots=True)
class CheckedInputs:
    """Inputs as the process will get them, and what is wrong with them."""

    values: Mapping[str, Any]
    """Qualified values unwrapped; references still in place."""
    references: Sequence[PlacedReference]
    """Not yet looked up."""
    refused: Sequence[InputProblem]
    """References to elsewhere."""
    problems: Sequence[InputProblem]
    """Everything else."""


def input_rules(description: Mapping[str, Any], *, sound: bool = False) -> Mapping[str, InputRule] | None:
    """The rule of each input; None where the description does not list its inputs by id.

    sound: its schemas are known to be such; to find that out takes longer than all else.
    """
    inputs = description.get("inputs", {})
    if not isinstance(inputs, Mapping):
        return None
    described = cast("Mapping[str, Any]", inputs)
    return {name: _rule(name, cast("Mapping[str, Any]", one), sound=sound) for name, one in described.items()}


def _rule(name: str, described: Mapping[str, Any], *, sound: bool) -> InputRule:
    schema = schema_of_input(described)
    properties = schema.get("properties")
    return InputRule(
        id=name,
        validator=Draft202012Validator(prepare(schema, sound=sound)),
        min_occurs=min_occurs(described),
        max_occurs=max_occurs(described),
        own_members=frozenset(cast("Mapping[str, Any]", properties) if isinstance(properties, Mapping) else ()),
        media_types=media_types_in(schema),
    )


def check_inputs(rules: Mapping[str, InputRule] | None, inputs: Mapping[str, Any], base_url: str) -> CheckedInputs:
    """All that can be said of `inputs` without looking anything up."""
    values: dict[str, Any] = {}
    references: list[PlacedReference] = []
    refused: list[InputProblem] = []
    problems = list(_unknown(rules, inputs))
    for name, given in inputs.items():
        rule = rules.get(name) if rules is not None else None
        if rules is not None and rule is None:
            continue
        value = _unwrap(rule, given)
        values[name] = value
        problems += islice(_media_type_problems(rule, name, given), _MOST_ERRORS)
        linked = rule is None or "href" not in rule.own_members
        own = list(find_own(value, base_url, (name,))) if linked else []
        foreign = [path for path, _ in find_foreign(value, base_url, (name,))] if linked else []
        references += own
        refusal = _REFUSAL.format(base=base_url)
        refused += [InputProblem(json_path("$.inputs", path), refusal) for path in foreign[:_MOST_ERRORS]]
        if rule is not None:
            problems += check_value(rule, value, [*(reference.path for reference in own), *foreign])
    problems += _missing(rules or {}, inputs)
    return CheckedInputs(values, references, refused, problems)


_REFUSAL = (
    "refers to something this server does not read; it reads its own results, {base}/jobs/…/results/…, "
    "and datasets, {base}/collections/…"
)


def _unknown(rules: Mapping[str, InputRule] | None, inputs: Mapping[str, Any]) -> Iterator[InputProblem]:
    if rules is None:
        return
    free = [known for known in rules if known not in inputs]
    every = " It takes " + ", ".join(f"`{known}`" for known in rules) + "."
    for index, name in enumerate(name for name in inputs if name not in rules):
        message = "is unknown: the process takes no inputs"
        if rules:
            mended = suggestion(name, free) or every if index < MOST_SUGGESTIONS else ""
            message = f"is no input of the process.{mended}"
        yield InputProblem(json_path("$.inputs", [name]), message)


def _missing(rules: Mapping[str, InputRule], inputs: Mapping[str, Any]) -> Iterator[InputProblem]:
    for name, rule in rules.items():
        if rule.min_occurs > 0 and name not in inputs:
            yield InputProblem(json_path("$.inputs", [name]), "is required")


def _unwrap(rule: InputRule | None, value: Any) -> Any:
    """The value within a qualified value, also within each item of an array of them."""
    if isinstance(value, list) and rule is not None and rule.repeats:
        return [_unwrap_one(rule, item) for item in cast("list[Any]", value)]
    return _unwrap_one(rule, value)


def _unwrap_one(rule: InputRule | None, value: Any) -> Any:
    if not isinstance(value, dict) or "value" not in value:
        return cast("Any", value)
    members = cast("dict[str, Any]", value)
    if members.keys() - _QUALIFIERS != {"value"} or (rule is not None and "value" in rule.own_members):
        return members
    inner = members["value"]
    if len(members) > 1:
        return inner
    # `{"value": …}` alone may be meant as it stands where its value would not do.
    return inner if rule is not None and rule.validator.is_valid(inner) else members


def _media_type_problems(rule: InputRule | None, name: str, given: Any) -> Iterator[InputProblem]:
    """Qualified values in a media type that the input does not take. JSON is JSON, whatever it is called."""
    if rule is None or not rule.media_types or any(is_json(media_type) for media_type in rule.media_types):
        return
    several = isinstance(given, list) and rule.repeats
    for index, item in enumerate(cast("list[Any]", given) if several else [given]):
        if isinstance(item, dict) and item.keys() - _QUALIFIERS == {"value"}:  # pyright: ignore[reportUnknownMemberType]
            declared: Any = item.get("mediaType")  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
            if isinstance(declared, str) and essence(declared) not in rule.media_types:
                path = json_path("$.inputs", [name, index] if several else [name])
                known = " or ".join(f"`{one}`" for one in sorted(rule.media_types))
                yield InputProblem(f"{path}.mediaType", f"must be {known}, not `{declared[:80]}`")


def check_value(rule: InputRule, value: Any, references: Iterable[Path]) -> Iterator[InputProblem]:
    """What is wrong with a value, but for what rests on the references that stand at these paths within it."""
    skipped = _Skipped.of(references)
    errors = _errors(rule, value, (rule.id,), skipped)
    if not errors:
        if rule.min_occurs > 1 and not isinstance(value, list):
            yield InputProblem(json_path("$.inputs", [rule.id]), f"needs at least {rule.min_occurs} values in an array")
        return
    if rule.repeats and isinstance(value, list):
        items = cast("list[Any]", value)
        yield from _count_problems(rule, len(items))
        of_items = (
            error for index, item in enumerate(items) for error in _errors(rule, item, (rule.id, index), skipped)
        )
        errors = list(islice(of_items, _MOST_ERRORS))
    for path, error in errors:
        yield InputProblem(json_path("$.inputs", path), explain(error))


def _count_problems(rule: InputRule, count: int) -> Iterator[InputProblem]:
    path = json_path("$.inputs", [rule.id])
    if count < rule.min_occurs:
        yield InputProblem(path, f"needs at least {rule.min_occurs} values, not {count}")
    if rule.max_occurs is not None and count > rule.max_occurs:
        yield InputProblem(path, f"takes at most {rule.max_occurs} values, not {count}")


@dataclass(frozen=True, slots=True)
class _Skipped:
    """Where references stand, whose values are not known yet."""

    places: frozenset[Path]
    above: frozenset[Path]
    """Every path on the way to one of them, and the places themselves."""

    @classmethod
    def of(cls, paths: Iterable[Path]) -> Self:
        places = frozenset(paths)
        return cls(places, frozenset(path[:length] for path in places for length in range(len(path) + 1)))

    def excuses(self, path: Path, error: ValidationError) -> bool:
        """Whether the error is of a reference, or of something whose verdict rests on one."""
        if path in self.above and error.validator in _ALTERNATIVES:
            return True
        return any(path[:length] in self.places for length in range(len(path) + 1))


def _errors(rule: InputRule, value: Any, root: Path, skipped: _Skipped) -> list[tuple[Path, ValidationError]]:
    """What the schema says of `value`, which stands at `root`, without what it says of references."""
    if root in skipped.places:
        return []
    found = (
        error
        for error in rule.validator.iter_errors(value)
        if not skipped.excuses(root + tuple(error.absolute_path), error)
    )
    return [(root + tuple(error.absolute_path), error) for error in telling(islice(found, _MOST_ERRORS))]
