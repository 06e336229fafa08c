"""The YAML form of journeys, which `docs/journeys.md` describes."""

from pathlib import Path
from typing import Annotated, Any, Self

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
    steps: Annotated[tuple[Step, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _check_references(self) -> Self:
        known: set[str] = set()
        for step in self.steps:
            if step.id in known:
                raise ValueError(f"two steps have the id {step.id!r}")
            for path in references(step.arguments):
                if split_path(path)[0] not in known:
                    raise ValueError(f"step {step.id!r} refers to ${{{path}}}, but no step before it has that id")
            known.add(step.id)
        return self


def load(file: Path) -> Journey:
    """Read a journey.

    Raises: ConfigurationError, naming the file and the path of every fault.
    """
    try:
        document: Any = yaml.safe_load(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigurationError(f"{file}: {error.strerror}") from None
    except yaml.MarkedYAMLError as error:
        line = f", line {error.problem_mark.line + 1}" if error.problem_mark else ""
        raise ConfigurationError(f"{file}{line}: not YAML, in which journeys are written") from None
    except (yaml.YAMLError, UnicodeDecodeError):
        raise ConfigurationError(f"{file}: not YAML, in which journeys are written") from None
    if not isinstance(document, dict):
        raise ConfigurationError(f"{file}: no journey, which has a `request` and `steps`")
    try:
        return Journey.model_validate(document)
    except ValidationError as error:
        faults = "; ".join(f"{_json_path(e['loc'])}: {e['msg'].removeprefix('Value error, ')}" for e in error.errors())
        raise ConfigurationError(f"{file}: {faults}") from None


def _json_path(location: tuple[int | str, ...]) -> str:
    return "$" + "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in location)
