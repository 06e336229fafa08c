"""A typed function's signature, read as the inputs of an OGC process. Knows nothing of pygeoapi."""

import difflib
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NotRequired, Protocol, Required, Self, Unpack, get_args, get_origin, get_type_hints

from pydantic import ConfigDict, PydanticUserError, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo
from pydantic.json_schema import GenerateJsonSchema
from pydantic_core import ErrorDetails

from backend.errors import ProcessRefusedError
from backend.geo.vector.datasets import DatasetFile
from backend.processes.explanations import json_path

type JsonObject = dict[str, Any]

_OWN = frozenset(("refused", "schema", "base64"))
"""Types of errors that the inputs' own validators raise, in words for whoever calls."""
WITHIN = "within"
"""Context of a `PydanticCustomError`: the steps from the value that was validated to the part at fault."""


class Progress(Protocol):
    """Tells how far a process is: percent (0 to 100) and what it is doing. A parameter of this type is no input."""

    def __call__(self, percent: float, message: str | None = None) -> None: ...


@dataclass(frozen=True, slots=True)
class Repeated:
    """`Annotated[list[…], Repeated()]`: an input that may occur several times, rather than one that is an array.

    Bounds of the list's length become `minOccurs` and `maxOccurs`; a single value is taken for a list of one.
    """


@dataclass(frozen=True, slots=True)
class Parameter:
    """One input."""

    name: str
    required: bool
    repeated: bool
    adapter: TypeAdapter[Any]
    description: JsonObject
    """The input's `inputDescription` (OGC 18-062r2, 7.10): title, description, schema, minOccurs, maxOccurs."""

    def is_one(self, value: Any) -> bool:
        """Whether a value is one of those that a list is to hold."""
        if self.repeated:
            return not isinstance(value, list)
        # Where a list was to be, a reference has led to this: its schema was not asked.
        return self.description["schema"].get("type") == "array" and isinstance(value, Mapping | DatasetFile | bytes)


@dataclass(frozen=True, slots=True)
class Signature:
    """The inputs a function takes and the schema of what it returns."""

    parameters: Mapping[str, Parameter]
    progress: str | None
    """Name of the parameter that takes the progress callback."""
    returns: JsonObject
    """JSON Schema of the return annotation; empty where there is none."""

    @classmethod
    def of(cls, function: Callable[..., Any]) -> Self:
        """Read a function's signature; `**values: Unpack[ATypedDict]` is an input for each member.

        Raises:
            TypeError: a parameter has no annotation, or cannot be passed by name.
        """
        hints = get_type_hints(function, include_extras=True)
        parameters: dict[str, Parameter] = {}
        progress: str | None = None
        for parameter in inspect.signature(function).parameters.values():
            if parameter.name not in hints:
                raise TypeError(f"parameter {parameter.name} has no type annotation, so it has no schema")
            annotation = hints[parameter.name]
            if parameter.kind is parameter.VAR_KEYWORD and get_origin(annotation) is Unpack:
                parameters |= _members(get_args(annotation)[0])
            elif parameter.kind not in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY):
                raise TypeError(f"parameter {parameter.name} cannot be passed by name, so it cannot be an input")
            elif annotation is Progress:
                progress = parameter.name
            else:
                parameters[parameter.name] = _parameter(parameter.name, annotation, parameter.default)
        returns = _schema(_adapter(hints["return"])) if "return" in hints else {}
        return cls(parameters, progress, returns)

    def bind(self, inputs: Mapping[str, Any]) -> dict[str, Any]:
        """The function's keyword arguments, validated.

        Raises:
            ProcessRefusedError: names every fault with its path; its `path` is the input at fault if there is one only.
        """
        faults = [(f"$.inputs.{name}", self._unknown(name)) for name in inputs if name not in self.parameters]
        arguments: dict[str, Any] = {}
        for name, parameter in self.parameters.items():
            if name in inputs:
                value = inputs[name]
                try:
                    arguments[name] = parameter.adapter.validate_python([value] if parameter.is_one(value) else value)
                except ValidationError as error:
                    faults += _faults(parameter, value, error)
            elif parameter.required:
                faults.append((f"$.inputs.{name}", "this input is required"))
        if len(faults) == 1:
            raise ProcessRefusedError(faults[0][1], path=faults[0][0])
        if faults:
            raise ProcessRefusedError("; ".join(f"{path}: {message}" for path, message in faults), path="$.inputs")
        return arguments

    def _unknown(self, name: str) -> str:
        close = difflib.get_close_matches(name, self.parameters, n=1)
        hint = f"did you mean {close[0]}?" if close else f"the inputs are {', '.join(self.parameters)}"
        return f"there is no such input; {hint}"


def _faults(parameter: Parameter, value: Any, error: ValidationError) -> list[tuple[str, str]]:
    """The paths of what is wrong with a value, and what it is."""
    found = error.errors(include_url=False)
    # What a reference leads to has types of its own, of which whoever gave it knows nothing.
    if isinstance(value, DatasetFile | bytes) and not any(item["type"] in _OWN for item in found):
        kind = "a dataset" if isinstance(value, DatasetFile) else "a file"
        return [(f"$.inputs.{parameter.name}", f"it refers to {kind}, where a value is needed")]
    return [(_path(parameter, item), item["msg"]) for item in found]


class _Untitled(GenerateJsonSchema):
    """JSON Schemas without the titles that pydantic makes of field names: they say nothing new."""

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002
        return False


def _members(typed_dict: Any) -> dict[str, Parameter]:
    """The inputs that the members of a TypedDict are."""
    members: dict[str, Parameter] = {}
    for name, hint in get_type_hints(typed_dict, include_extras=True).items():
        annotation = get_args(hint)[0] if get_origin(hint) in (Required, NotRequired) else hint
        default = inspect.Parameter.empty if name in typed_dict.__required_keys__ else None
        members[name] = _parameter(name, annotation, default)
    return members


def _parameter(name: str, annotation: Any, default: Any) -> Parameter:
    adapter = _adapter(annotation)
    schema = _schema(adapter)
    required = default is inspect.Parameter.empty
    repeated = any(isinstance(mark, Repeated) for mark in getattr(annotation, "__metadata__", ()))
    texts = {key: schema.pop(key) for key in ("title", "description") if key in schema} | _texts(annotation)
    description: JsonObject = {"title": name.replace("_", " ").capitalize()} | texts
    if not required and default is None:
        schema = _without_null(schema)
    elif not required:
        schema["default"] = adapter.dump_python(default, mode="json")
    # `maxOccurs` is 1 by default, and some clients send a list wherever a number stands there.
    occurs: JsonObject = {"minOccurs": int(required)}
    if repeated:
        occurs = {
            "minOccurs": schema.get("minItems", int(required)) if required else 0,
            "maxOccurs": schema.get("maxItems", "unbounded"),
        }
        schema = schema["items"]
    return Parameter(name, required, repeated, adapter, description | {"schema": schema} | occurs)


def _texts(annotation: Any) -> JsonObject:
    """Title and description of `Field`s; pydantic drops them from types that bring their own JSON Schema."""
    texts: JsonObject = {}
    for field in getattr(annotation, "__metadata__", ()):
        if isinstance(field, FieldInfo):
            texts |= {"title": field.title} if field.title else {}
            texts |= {"description": field.description} if field.description else {}
    return texts


def _adapter(annotation: Any) -> TypeAdapter[Any]:
    try:
        # NaN and Infinity are no JSON numbers.
        return TypeAdapter(annotation, config=ConfigDict(allow_inf_nan=False))
    except PydanticUserError:
        # A pydantic model, dataclass or TypedDict brings its own configuration.
        return TypeAdapter(annotation)


def _schema(adapter: TypeAdapter[Any]) -> JsonObject:
    schema = adapter.json_schema(schema_generator=_Untitled)
    return _exclusive(_inlined(schema, schema.pop("$defs", {}), ()))


def _exclusive(schema: JsonObject) -> JsonObject:
    """The schema with `oneOf` for an `anyOf` of which no value matches two: the standard wants mixed types so."""
    types = [branch.get("type") for branch in schema.get("anyOf", ())]
    disjoint = all(isinstance(name, str) for name in types) and len({_JSON_TYPES.get(n, n) for n in types}) == len(
        types
    )
    if not types or not disjoint or "oneOf" in schema:
        return schema
    return {"oneOf" if keyword == "anyOf" else keyword: value for keyword, value in schema.items()}


_JSON_TYPES = {"integer": "number"}
"""Types whose values are also of another type."""


def _inlined(node: Any, definitions: Mapping[str, Any], open_names: tuple[str, ...], *, below: bool = False) -> Any:
    """`node` with each `$ref` replaced by what it refers to; a recursive reference becomes any value.

    `below`: it is a part of the schema of an input, and not the whole.
    """
    if isinstance(node, list):
        return [_inlined(item, definitions, open_names, below=below) for item in node]  # pyright: ignore[reportUnknownVariableType]
    if not isinstance(node, dict):
        return node
    members: JsonObject = dict(node)  # pyright: ignore[reportUnknownArgumentType]
    if below:
        members = _nullable(members)
    reference = members.pop("$ref", None)
    if isinstance(reference, str):
        name = reference.rsplit("/", 1)[-1]
        if name in open_names:
            return members
        return _inlined(definitions[name] | members, definitions, (*open_names, name), below=below)
    return {key: _inlined(value, definitions, open_names, below=True) for key, value in members.items()}


def _nullable(schema: JsonObject) -> JsonObject:
    """OpenAPI 3.0, in whose terms the standard describes, knows no type `null`."""
    branches = [branch for branch in schema.get("anyOf", ()) if branch != {"type": "null"}]
    if len(branches) != 1 or len(schema["anyOf"]) != 2:
        return schema
    return {key: value for key, value in schema.items() if key != "anyOf"} | branches[0] | {"nullable": True}


def _without_null(schema: JsonObject) -> JsonObject:
    """The schema of a value that may be left out: None is how Python says so, not a value to send."""
    keyword = "oneOf" if "oneOf" in schema else "anyOf"
    branches = [branch for branch in schema.get(keyword, ()) if branch != {"type": "null"}]
    if len(branches) == 1:
        return {key: value for key, value in schema.items() if key != keyword} | branches[0]
    return schema | {keyword: branches} if branches else schema


def _path(parameter: Parameter, error: ErrorDetails) -> str:
    within: list[int | str] = error.get("ctx", {}).get(WITHIN, [])
    # Of a value of several types pydantic names first which of them it has tried.
    mixed = "oneOf" in parameter.description["schema"] or "anyOf" in parameter.description["schema"]
    steps = error["loc"][1:] if mixed and not parameter.repeated else error["loc"]
    return json_path("$.inputs", (parameter.name, *steps, *within))
