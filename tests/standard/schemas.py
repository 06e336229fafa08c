"""The OGC's own schemas of OGC API – Processes, Part 1, 1.0, read where they stand beside the checkout."""

from collections.abc import Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, cast

import jsonschema_rs
import yaml
from jsonschema import Draft4Validator, FormatChecker
from referencing import Registry
from referencing.jsonschema import DRAFT4

FOLDER = Path(__file__).resolve().parents[3] / "shared" / "ogc" / "schemas-1.0"
_ROOT = "https://schemas.example/"
_LONGEST_MESSAGE = 300


class Schemas:
    """The schemas by the names of their files, each compiled once."""

    def __init__(self, documents: Mapping[str, Any]) -> None:
        named = {_ROOT + name: {"id": _ROOT + name, **document} for name, document in documents.items()}
        none: Registry[Any] = Registry()
        registry = none.with_resources((uri, DRAFT4.create_resource(document)) for uri, document in named.items())
        formats = FormatChecker(formats=())
        formats.checks("date-time", raises=ValueError)(_is_date_time)
        self._validators = {
            name: Draft4Validator({"$ref": _ROOT + name}, registry=registry, format_checker=formats)
            for name in documents
        }
        # Thousands of answers are judged, and nearly all conform: a compiled validator tells that at once.
        compiled = jsonschema_rs.Registry(list(named.items()), draft=jsonschema_rs.Draft4)
        self._compiled = {
            name: jsonschema_rs.Draft4Validator(
                {"$ref": _ROOT + name}, registry=compiled, formats={"date-time": _is_rfc_3339}, validate_formats=True
            )
            for name in documents
        }

    def faults(self, document: Any, name: str) -> list[str]:
        """Where the document is not as the schema of this name has it; empty where it conforms."""
        if self._compiled[name].is_valid(document):
            return []
        errors = self._validators[name].iter_errors(document)  # pyright: ignore[reportUnknownMemberType]
        return [f"{error.json_path}: {error.message[:_LONGEST_MESSAGE]}" for error in errors]

    def require(self, document: Any, name: str) -> None:
        """Fail the test whose document does not conform."""
        faults = self.faults(document, name)
        assert not faults, faults


@cache
def standard_schemas() -> Schemas | None:
    """The schemas of 1.0, read once; None where they are not beside this checkout."""
    if not FOLDER.is_dir():
        return None
    return Schemas({file.name: _loosened(yaml.safe_load(file.read_text("utf-8"))) for file in FOLDER.glob("*.yaml")})


def _is_date_time(value: object) -> bool:
    """Whether it is a time of RFC 3339, which always has an offset; a value of another type is no matter of format."""
    return not isinstance(value, str) or ("T" in value and datetime.fromisoformat(value).tzinfo is not None)


def _is_rfc_3339(value: str) -> bool:
    try:
        return _is_date_time(value)
    except ValueError:
        return False


def _loosened(schema: Any) -> Any:
    """`anyOf` for the standard's `oneOf`s: an integer, a string and a `$ref` each match two of its branches."""
    if isinstance(schema, dict):
        members = cast("dict[str, Any]", schema)
        # The schema of schemas also has a property of that name, which is no list.
        return {
            "anyOf" if name == "oneOf" and isinstance(value, list) else name: _loosened(value)
            for name, value in members.items()
        }
    return [_loosened(item) for item in cast("list[Any]", schema)] if isinstance(schema, list) else schema
