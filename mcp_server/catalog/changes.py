"""Telling the operator that a server describes a process otherwise than before: nobody else would notice."""

import logging
from collections.abc import Mapping
from typing import Any

from mcp_server.catalog.kept import Was
from mcp_server.catalog.records import Offer
from mcp_server.schema.text import brief

_log = logging.getLogger(__name__)

_SHOWN_DIGEST = 12
_SHOWN_MEMBERS = 300


def warn_of_changes(before: Mapping[str, Was], offer: Offer) -> None:
    """Log each process whose description is no longer what was last read, with both hashes and what is different."""
    for process_id, was in before.items():
        now = offer.processes.get(process_id)
        if now is None or now.description is None or now.digest is None or now.digest == was.digest:
            continue
        _log.warning(
            "%s: the description of process %s has changed since it was last read (sha256 %s, now %s): %s",
            offer.identity.name,
            process_id,
            was.digest[:_SHOWN_DIGEST],
            now.digest[:_SHOWN_DIGEST],
            brief(", ".join(_different(was.description, now.description)), _SHOWN_MEMBERS),
        )


def _different(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """Paths of the members that are different, those of inputs and outputs by their ids."""
    found: list[str] = []
    for name in dict.fromkeys((*before, *now)):
        one, other = before.get(name), now.get(name)
        if one == other:
            continue
        if name in ("inputs", "outputs") and isinstance(one, dict) and isinstance(other, dict):
            found += [f"{name}.{path}" for path in _different(one, other)]  # pyright: ignore[reportUnknownArgumentType]
        else:
            found.append(name)
    return found
