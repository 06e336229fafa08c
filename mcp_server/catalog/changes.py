"""Noticing that a server describes a process otherwise than before: nobody else would."""

import logging
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from mcp_server.catalog.kept import Was
from mcp_server.catalog.records import Change, Offer, digest
from mcp_server.schema.text import brief

_log = logging.getLogger(__name__)

_SHOWN_DIGEST = 12
_SHOWN_MEMBERS = 300


def with_changes(before: Mapping[str, Was], offer: Offer, moment: datetime) -> Offer:
    """The offer with what changed in the descriptions that were read before, each logged for the operator."""
    processes = dict(offer.processes)
    for process_id, was in before.items():
        now = processes.get(process_id)
        if now is not None and now.description is not None:
            change = change_of(was, now.description, moment)
            if change is not was.changed:
                warn(offer.identity.name, process_id, change)
            processes[process_id] = replace(now, changed=change)
    return replace(offer, processes=processes)


def change_of(was: Was, now: Mapping[str, Any], moment: datetime) -> Change | None:
    """How a description differs from the one that was read before; where it does not, the change noticed last.

    moment: when it was read, in UTC.
    """
    told = digest(now)
    if told == was.digest:
        return was.changed
    different = brief(", ".join(_different(was.description, now)), _SHOWN_MEMBERS)
    noticed = moment.strftime("%Y-%m-%dT%H:%M:%SZ")
    return Change(noticed, was.digest[:_SHOWN_DIGEST], told[:_SHOWN_DIGEST], different)


def warn(server: str, process_id: str, change: Change | None) -> None:
    """Tell the operator of a change."""
    _log.warning("%s: the description of process %r has changed since it was last read, %s", server, process_id, change)


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
