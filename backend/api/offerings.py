"""The processes on offer, each described once when the server starts."""

import json
import logging
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from backend.api.configuration import Configuration, ConfigurationError, ProcessEntry
from backend.api.descriptions import DEMONSTRATION, IDEMPOTENT, describe, summarise_description
from backend.api.encoding import encode
from backend.api.inputs import InputRule, input_rules
from backend.api.schemas import media_types_in
from backend.errors import BackendError, NoSuchProcessError
from backend.processes.descriptions import Descriptions

LOGGER = logging.getLogger(__name__)


@dataclass(frozen=True)
class Offering:
    """A process as this server offers it."""

    id: str
    entry: ProcessEntry
    """Its entry in the configuration."""
    summary: bytes
    """Its entry in the list of processes, ready to be sent."""
    body: bytes
    """Its description, ready to be sent."""
    outputs: Mapping[str, frozenset[str]]
    """Output ids in the order described, each with the media types it declares; none says nothing of them."""
    control: frozenset[str]
    """`jobControlOptions`."""
    checks_inputs: bool
    """It judges its inputs itself when it runs; others rest on what is judged before."""
    idempotent: bool
    """It may be run again after its worker or server died."""

    @property
    def description(self) -> Mapping[str, Any]:
        """Its description as a document, made anew each time."""
        return json.loads(self.body)

    @cached_property
    def rules(self) -> Mapping[str, InputRule] | None:
        """What its inputs demand; None where its description does not list them by id."""
        return input_rules(self.description, sound=self.checks_inputs)


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
    """Every process of the configuration, described.

    One of the user's that cannot be loaded is logged, and left out or left to the packaged one that it would override.

    Raises:
        ConfigurationError: A packaged processor cannot be loaded or describes itself in no usable way.
    """
    descriptions = Descriptions.packaged()
    offered = (_offer(entry, descriptions, base_url) for entry in configuration.processes)
    loaded = tuple(offering for offering in offered if offering is not None)
    return Offerings(loaded, {offering.id: offering for offering in loaded})


def _offer(entry: ProcessEntry, descriptions: Descriptions, base_url: str) -> Offering | None:
    try:
        return _describe(entry, descriptions, base_url)
    except ConfigurationError as error:
        if entry.packaged:
            raise
        instead = "" if entry.overrides is None else "; the packaged process of this id is offered instead"
        LOGGER.warning("%s%s", error, instead)
        return None if entry.overrides is None else _offer(entry.overrides, descriptions, base_url)


def _describe(entry: ProcessEntry, descriptions: Descriptions, base_url: str) -> Offering:
    where = f"{entry.source}: process `{_printable(entry.id)}`"
    try:
        require_addressable(entry.id)
        described = descriptions.of(entry.processor)
        roles = ([IDEMPOTENT] if described.idempotent else []) + ([DEMONSTRATION] if entry.demonstration else [])
        description = describe(entry.id, described.metadata, base_url, roles)
        outputs = _outputs(description)
        for output in outputs:
            require_addressable(output)
        return Offering(
            id=entry.id,
            entry=entry,
            summary=encode(summarise_description(description)),
            body=encode(description),
            outputs=outputs,
            control=frozenset(description["jobControlOptions"]),
            checks_inputs=described.typed,
            idempotent=described.idempotent,
        )
    except Exception as error:
        # A plugin is foreign code: whatever it raises when loaded is told with the entry that named it.
        reason = str(error) if isinstance(error, BackendError) else f"{type(error).__name__}: {error}"
        raise ConfigurationError(f"{where} cannot be offered: {reason}") from error


def require_addressable(name: str) -> None:
    """Refuse an id that cannot be one segment of a URL's path, even percent-encoded.

    Raises:
        ConfigurationError: It cannot.
    """
    if name in ("", ".", "..") or "/" in name or any(unicodedata.category(one) in ("Cc", "Cs") for one in name):
        raise ConfigurationError(
            f"the id `{_printable(name)}` cannot stand in a URL; it must not be empty, `.` or `..`, "
            "nor hold `/` or control characters"
        )


def _printable(name: str) -> str:
    """The name with an escape for each character that a line of a log cannot show."""
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode("ascii") for one in name)


def _outputs(description: Mapping[str, Any]) -> Mapping[str, frozenset[str]]:
    return {name: media_types_in(output.get("schema")) for name, output in description.get("outputs", {}).items()}
