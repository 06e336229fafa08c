"""The OGC process description (18-062r2, conformance class ogc-process-description)."""

import json
from collections.abc import AsyncIterator
from functools import lru_cache
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import SchemaError

from mcp_server.ogc.documents import plain
from mcp_server.schema.plain import as_list, as_object
from mcp_server.validate import schemas
from mcp_server.validate.recorder import Answer
from mcp_server.validate.records import InapplicableError
from mcp_server.validate.session import Session

type Member = tuple[Answer, str, Any]
"""The description it stands in, its path there, and the input or output itself."""


async def json_encoding(session: Session) -> None:
    """Each description is a process (`process`)."""
    for answer in (await session.descriptions()).values():
        answer.expect(200, asks="200 is asked for")
        schemas.check(answer, schemas.PROCESS, "process description")


async def inputs(session: Session) -> None:
    """`inputs` has a description of each input under its id."""
    await _check_members(session, "inputs", schemas.INPUTS)


async def outputs(session: Session) -> None:
    """`outputs` has a description of each output under its id."""
    await _check_members(session, "outputs", schemas.OUTPUTS)


async def input_schemas(session: Session) -> None:
    """Each input has a schema, and it is one."""
    await _check_schemas(session, "inputs")


async def output_schemas(session: Session) -> None:
    """Each output has a schema, and it is one."""
    await _check_schemas(session, "outputs")


async def mixed_inputs(session: Session) -> None:
    """Inputs of mixed type say so by `oneOf`."""
    await _check_mixed(session, "inputs")


async def mixed_outputs(session: Session) -> None:
    """Outputs of mixed type say so by `oneOf`."""
    await _check_mixed(session, "outputs")


async def _check_members(session: Session, side: str, schema: schemas.Schema) -> None:
    described = False
    for answer in (await session.descriptions()).values():
        document = answer.json_object()
        if side not in document:
            continue
        described = True
        found = schemas.faults(document[side], schema)
        if found:
            raise answer.violation(f"{side}: {schemas.summed_up(found)}")
    if not described:
        raise InapplicableError(f"no process describes any {side}")


async def _check_schemas(session: Session, side: str) -> None:
    judged = False
    async for answer, path, member in _members(session, side):
        judged = True
        if "schema" not in as_object(member):
            raise answer.violation(f"{path} lacks 'schema'")
        _check_schema(answer, f"{path}.schema", member["schema"])
    if not judged:
        raise InapplicableError(f"no process describes any {side}")


async def _check_mixed(session: Session, side: str) -> None:
    judged = False
    async for answer, path, member in _members(session, side):
        schema = as_object(as_object(member).get("schema"))
        for keyword, kinds in (("type", _kinds(schema)), ("anyOf", _kinds_of_any(schema))):
            if len(kinds) > 1:
                raise answer.violation(f"{path}.schema is of mixed type by {keyword}; oneOf is asked for")
        if "oneOf" in schema:
            judged = True
            for index, branch in enumerate(as_list(schema["oneOf"])):
                _check_schema(answer, f"{path}.schema.oneOf[{index}]", branch)
    if not judged:
        raise InapplicableError(f"no process has {side} of mixed type")


def _check_schema(answer: Answer, path: str, schema: Any) -> None:
    """Raises: ViolationError where a schema is none.

    The standard's text points to JSON Schema 2020-12, its file `schema.yaml` is the dialect of OpenAPI 3.0: a schema in
    either is taken. They differ in little, of which `exclusiveMinimum` and `exclusiveMaximum` are given both forms.
    """
    if not isinstance(schema, dict):
        raise answer.violation(f"{path} is {plain(repr(schema), length=60)}, not a schema")
    fault = _fault(json.dumps(_without_booleans(schema)))
    if fault is not None:
        where, what = fault
        raise answer.violation(f"{path}{where} is wrong: {what}")


@lru_cache(maxsize=256)
def _fault(schema: str) -> tuple[str, str] | None:
    """Where a schema, as JSON, is wrong, and what there is: the same few stand in many descriptions."""
    try:
        # Patterns are regular expressions of ECMA-262, of which Python's understand some only.
        Draft202012Validator.check_schema(json.loads(schema), format_checker=FormatChecker(formats=()))
    except SchemaError as error:
        return error.json_path.removeprefix("$"), plain(error.message, length=120)
    return None


def _without_booleans(schema: Any) -> Any:
    """The schema without the boolean bounds of OpenAPI 3.0, which JSON Schema 2020-12 does not have."""
    if isinstance(schema, list):
        return [_without_booleans(one) for one in as_list(schema)]
    if not isinstance(schema, dict):
        return schema
    return {
        name: _without_booleans(value)
        for name, value in as_object(schema).items()
        if not (name in ("exclusiveMinimum", "exclusiveMaximum") and isinstance(value, bool))
    }


def _kinds(schema: dict[str, Any]) -> set[str]:
    """The JSON types that a schema names: integers are numbers, and null only says that there may be no value."""
    named: Any = schema.get("type")
    listed = [named] if isinstance(named, str) else as_list(named)
    return {"number" if kind == "integer" else kind for kind in listed if isinstance(kind, str)} - {"null"}


def _kinds_of_any(schema: dict[str, Any]) -> set[str]:
    """The JSON types of what stands under `anyOf`: their own, else that of the schema; of some, none is known."""
    inherited = _kinds(schema)
    found: set[str] = set()
    for alternative in map(as_object, as_list(schema.get("anyOf"))):
        found |= _kinds(alternative) if "type" in alternative else inherited
    return found


async def _members(session: Session, side: str) -> AsyncIterator[Member]:
    for answer in (await session.descriptions()).values():
        document = answer.json_object()
        for name, member in as_object(document.get(side)).items():
            yield answer, f"$.{side}.{plain(name, length=40)}", member
