"""Annotations for inputs that a Python type cannot describe."""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Annotated, Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError
from jsonschema.protocols import Validator
from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from backend.processes.explanations import explain, telling
from backend.processes.signature import WITHIN

_MOST_ERRORS = 20
"""Errors that are looked at: of a million wrong items the first few teach enough."""


@dataclass(frozen=True, slots=True)
class Conforming:
    """`Annotated[…, Conforming(schema)]`: a JSON value that the JSON Schema takes, exactly as it came."""

    schema: Mapping[str, Any]
    """JSON Schema 2020-12."""

    def __get_pydantic_core_schema__(self, _source: Any, _handler: GetCoreSchemaHandler) -> CoreSchema:
        validator = Draft202012Validator(dict(self.schema))

        def check(value: Any) -> Any:
            error = _first_error(validator, value)
            if error is not None:
                where = list(error.absolute_path)
                raise PydanticCustomError("schema", "{reason}", {"reason": explain(error), WITHIN: where})
            return value

        return core_schema.no_info_plain_validator_function(check)

    def __get_pydantic_json_schema__(self, _schema: CoreSchema, _handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return dict(self.schema)


@dataclass(frozen=True, slots=True)
class Base64:
    """`Annotated[bytes, Base64(media_type)]`: bytes of a media type, in base64 within JSON."""

    media_type: str

    def __get_pydantic_core_schema__(self, _source: Any, _handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(_decoded)

    def __get_pydantic_json_schema__(self, _schema: CoreSchema, _handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {"type": "string", "contentEncoding": "base64", "contentMediaType": self.media_type}


def _first_error(validator: Validator, value: Any) -> ValidationError | None:
    return next(iter(telling(islice(validator.iter_errors(value), _MOST_ERRORS))), None)


def _decoded(value: Any) -> bytes:
    if isinstance(value, bytes):
        return value
    try:
        return base64.b64decode(value, validate=True)
    except (TypeError, ValueError, binascii.Error):
        raise PydanticCustomError("base64", "must be bytes in base64") from None


PngImage = Annotated[bytes, Base64("image/png")]
"""A picture; the function gets its bytes."""
