"""The YAML form of journeys, which `docs/journeys.md` describes."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Self, override

import yaml
from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError, field_validator, model_validator

from mcp_server.errors import ConfigurationError
from mcp_server.journeys.paths import references, split_path


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Expectation(_Record):
    """What one value of an answer must be. Several conditions hold together."""

    path: str
    """Into the structured content: `outputs.buffer.summary.bbox[0]`; odd names as `['name:en']`."""
    equals: JsonValue = None
    approx: float | None = None
    rel: Annotated[float, Field(ge=0)] = 0
    """Tolerance of `approx`, as a share of it."""
    abs: Annotated[float, Field(ge=0)] = 0
    """Tolerance of `approx`, in the value's unit. The larger tolerance counts."""
    min: float | None = None
    max: float | None = None
    contains: JsonValue = None
    """A text in a text, an item of an array, or a name of an object."""

    @field_validator("path")
    @classmethod
    def _check_path(cls, value: str) -> str:
        split_path(value)
        return value

    @model_validator(mode="after")
    def _check_conditions(self) -> Self:
        if not self.model_fields_set & {"equals", "approx", "min", "max", "contains"}:
            raise ValueError("say what it must be: equals, approx, min, max or contains")
        for name in ("approx", "min", "max"):
            if name in self.model_fields_set and getattr(self, name) is None:
                raise ValueError(f"{name} needs a number")
        if self.approx is None and self.model_fields_set & {"rel", "abs"}:
            raise ValueError("rel and abs are tolerances of approx")
        if self.approx is not None and not self.rel and not self.abs:
            raise ValueError("approx needs a tolerance: rel or abs")
        return self


class Step(_Record):
    """One tool call."""

    id: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
    tool: str
    arguments: dict[str, JsonValue] = {}
    """A text `${STEP.PATH}` is replaced by that value of an earlier step's structured content."""
    expect: tuple[Expectation, ...] = ()
    error: str | None = None
    """The call must be answered with an error whose text has this in it."""

    @model_validator(mode="after")
    def _check_error(self) -> Self:
        if self.error is not None and self.expect:
            raise ValueError("a step expects values or an error, not both")
        return self


class Journey(_Record):
    """A request in plain words and the tool calls that answer it."""

    request: Annotated[str, Field(min_length=1)]
    steps: tuple[Step, ...]

    @model_validator(mode="after")
    def _check_steps(self) -> Self:
        if not self.steps:
            raise ValueError("there is no step")
        known: set[str] = set()
        for step in self.steps:
            if step.id in known:
                raise ValueError(f"two steps have the id {step.id!r}")
            for path in references(step.arguments):
                if split_path(path)[0] not in known:
                    raise ValueError(f"step {step.id!r} refers to ${{{path}}}, but no step before it has that id")
            known.add(step.id)
        return self


class _Loader(yaml.SafeLoader):
    """Reads YAML of which no member stands twice: of two `expect` the first would never be looked at."""

    @override
    def compose_mapping_node(self, anchor: dict[Any, yaml.Node]) -> yaml.MappingNode:
        node = super().compose_mapping_node(anchor)
        there: set[tuple[str, Any]] = set()
        for name, _ in node.value:
            if isinstance(name, yaml.ScalarNode):
                if (name.tag, name.value) in there:
                    raise yaml.MarkedYAMLError(problem=f"{name.value!r} stands twice", problem_mark=name.start_mark)
                there.add((name.tag, name.value))
        return node


def load(file: Path) -> Journey:
    """Read a journey.

    Raises: ConfigurationError, naming the file and the path of every fault.
    """
    try:
        document: Any = yaml.load(file.read_text(encoding="utf-8"), Loader=_Loader)  # noqa: S506 - a safe one
    except OSError as error:
        raise ConfigurationError(f"{file}: {error.strerror}") from None
    except yaml.MarkedYAMLError as error:
        line = f", line {error.problem_mark.line + 1}" if error.problem_mark else ""
        raise ConfigurationError(f"{file}{line}: not YAML, in which journeys are written: {error.problem}") from None
    except (yaml.YAMLError, UnicodeDecodeError):
        raise ConfigurationError(f"{file}: not YAML, in which journeys are written") from None
    if not isinstance(document, dict):
        raise ConfigurationError(f"{file}: no journey, which has a `request` and `steps`")
    try:
        return Journey.model_validate(document)
    except ValidationError as error:
        raise ConfigurationError(f"{file}: {'; '.join(map(_told, error.errors()))}") from None


def _told(fault: Mapping[str, Any]) -> str:
    words = str(fault["msg"]).removeprefix("Value error, ")
    if fault["type"] == "invalid-json-value":
        words = "no JSON value; a date is a text, in quotes"
    return f"{_json_path(fault['loc'])}: {words}"


def _json_path(location: tuple[int | str, ...]) -> str:
    return "$" + "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in location)
