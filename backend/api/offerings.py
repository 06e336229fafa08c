"""The processes on offer, each loaded and described once when the server starts."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from backend.api.configuration import Configuration, ConfigurationError, ProcessEntry
from backend.api.descriptions import Document, describe, summarise_description
from backend.api.inputs import InputRule, input_rules
from backend.errors import BackendError, NoSuchProcessError
from backend.processes.running import load_processor


@dataclass(frozen=True, slots=True)
class Offering:
    """A process as this server offers it."""

    id: str
    summary: Document
    """Its entry in the list of processes."""
    body: bytes
    """Its description, ready to be sent."""
    rules: Mapping[str, InputRule] | None
    """What its inputs demand; None where its description does not list them by id."""
    outputs: Mapping[str, str | None]
    """Output ids in the order described, each with its declared media type."""
    control: frozenset[str]
    """`jobControlOptions`."""
    idempotent: bool
    """It may be run again after its worker or server died."""


@dataclass(frozen=True, slots=True)
class Offerings:
    """All processes on offer, in the order of the configuration."""

    all: tuple[Offering, ...]
    by_id: Mapping[str, Offering]

    def find(self, process_id: str) -> Offering:
        """The process of that id.

        Raises:
            NoSuchProcessError: There is none.
        """
        try:
            return self.by_id[process_id]
        except KeyError:
            raise NoSuchProcessError(f"There is no process `{process_id[:80]}`.") from None


def load_offerings(configuration: Configuration, base_url: str) -> Offerings:
    """Every process of the configuration, loaded.

    Raises:
        ConfigurationError: A processor cannot be loaded or describes itself in no usable way; names the entry.
    """
    loaded = tuple(_load(entry, base_url) for entry in configuration.processes)
    return Offerings(loaded, {offering.id: offering for offering in loaded})


def _load(entry: ProcessEntry, base_url: str) -> Offering:
    where = f"{entry.source}: process `{entry.id}`"
    try:
        processor = load_processor(entry.processor)
        description = describe(entry.id, processor.metadata, base_url)
        body = json.dumps(description, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode("utf-8")
        return Offering(
            id=entry.id,
            summary=summarise_description(description),
            body=body,
            rules=input_rules(description),
            outputs=_outputs(description),
            control=frozenset(description["jobControlOptions"]),
            idempotent=bool(getattr(processor, "idempotent", False)),
        )
    except Exception as error:
        # A plugin is foreign code: whatever it raises when loaded is told with the entry that named it.
        reason = str(error) if isinstance(error, BackendError) else f"{type(error).__name__}: {error}"
        raise ConfigurationError(f"{where} cannot be offered: {reason}") from error


def _outputs(description: Mapping[str, Any]) -> Mapping[str, str | None]:
    return {name: _media_type(output) for name, output in description.get("outputs", {}).items()}


def _media_type(output: Mapping[str, Any]) -> str | None:
    schema = output.get("schema")
    declared: Any = schema.get("contentMediaType") if isinstance(schema, Mapping) else None  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType]
    return declared if isinstance(declared, str) else None
