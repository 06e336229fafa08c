"""The processes on offer, each loaded and described once when the server starts."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from backend.api.configuration import Configuration, ConfigurationError, ProcessEntry
from backend.api.descriptions import DEMONSTRATION, IDEMPOTENT, describe, summarise_description
from backend.api.inputs import InputRule, input_rules
from backend.api.responses import encode
from backend.api.schemas import media_types_in
from backend.errors import BackendError, NoSuchProcessError
from backend.processes.running import load_processor

LOGGER = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Offering:
    """A process as this server offers it."""

    id: str
    summary: bytes
    """Its entry in the list of processes, ready to be sent."""
    body: bytes
    """Its description, ready to be sent."""
    rules: Mapping[str, InputRule] | None
    """What its inputs demand; None where its description does not list them by id."""
    outputs: Mapping[str, frozenset[str]]
    """Output ids in the order described, each with the media types it declares; none says nothing of them."""
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
    """Every process of the configuration, loaded. One of the user's that cannot be is logged and left out.

    Raises:
        ConfigurationError: A packaged processor cannot be loaded or describes itself in no usable way.
    """
    loaded: list[Offering] = []
    for entry in configuration.processes:
        try:
            loaded.append(_load(entry, base_url))
        except ConfigurationError as error:
            if entry.packaged:
                raise
            LOGGER.warning("%s", error)
    return Offerings(tuple(loaded), {offering.id: offering for offering in loaded})


def _load(entry: ProcessEntry, base_url: str) -> Offering:
    where = f"{entry.source}: process `{entry.id}`"
    try:
        processor = load_processor(entry.processor)
        idempotent = bool(getattr(processor, "idempotent", False))
        roles = ([IDEMPOTENT] if idempotent else []) + ([DEMONSTRATION] if entry.demonstration else [])
        description = describe(entry.id, processor.metadata, base_url, roles)
        return Offering(
            id=entry.id,
            summary=encode(summarise_description(description)),
            body=encode(description),
            rules=input_rules(description),
            outputs=_outputs(description),
            control=frozenset(description["jobControlOptions"]),
            idempotent=idempotent,
        )
    except Exception as error:
        # A plugin is foreign code: whatever it raises when loaded is told with the entry that named it.
        reason = str(error) if isinstance(error, BackendError) else f"{type(error).__name__}: {error}"
        raise ConfigurationError(f"{where} cannot be offered: {reason}") from error


def _outputs(description: Mapping[str, Any]) -> Mapping[str, frozenset[str]]:
    return {name: media_types_in(output.get("schema")) for name, output in description.get("outputs", {}).items()}
