"""Records of what servers offer. No I/O."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from mcp_server.discovery.facts import facts_of
from mcp_server.discovery.records import Facts, Words
from mcp_server.discovery.words import listed_words, words_of
from mcp_server.ogc.models import ProcessDescription, ProcessSummary, ServerIdentity
from mcp_server.schema.process import CanonicalProcess
from mcp_server.schema.tool import ToolSpec

type Key = tuple[str, str]
"""Name of a server and id of one of its processes."""


@dataclass(frozen=True, slots=True)
class Change:
    """That a server describes a process otherwise than it was read before."""

    moment: str
    """When that was noticed: UTC, ISO 8601, to the second."""
    was: str
    """The beginning of the SHA-256 of the description before."""
    now: str
    different: str
    """Paths of the members that are different; harmless, and brief."""

    def __str__(self) -> str:
        return f"{self.moment}: {self.different} (sha256 {self.was}, now {self.now})"


@dataclass(frozen=True, slots=True)
class ToolEntry:
    """A process of a server, as a tool."""

    server: ServerIdentity
    description: ProcessDescription
    spec: ToolSpec
    changed: Change | None = None


@dataclass(frozen=True, slots=True)
class Offered:
    """A process of a server, as far as it is known."""

    listed: str
    """Digest of its member of the server's list."""
    words: Words
    roles: frozenset[str]
    facts: Facts | None = None
    """None while its description has not been read."""
    digest: str | None = None
    """Of its description."""
    description: Mapping[str, Any] | None = None
    """Untouched; in memory only where a tool is made of it."""
    changed: Change | None = None
    """How its description changed last; None where it never did."""
    process: CanonicalProcess | None = field(default=None, compare=False)
    """The description in canonical form, once it was needed: to bring it there takes longer than to read it."""


@dataclass(frozen=True, slots=True)
class Offer:
    """What one server offers, in the order of its list."""

    identity: ServerIdentity
    processes: Mapping[str, Offered]


type Offers = Mapping[str, Offer]
"""What servers offer, by their names."""


def digest(document: object) -> str:
    """The same for two JSON documents that differ in nothing but the order of members."""
    text = json.dumps(document, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()


def listed(summary: ProcessSummary, known: Offered | None) -> Offered:
    """A process as its server lists it now; what was read of it before holds as long as the list says the same."""
    told = digest(summary.raw)
    if known is not None and known.listed == told:
        return known
    words, roles = listed_words(summary.id, summary.raw)
    return Offered(told, words, roles, changed=known.changed if known is not None else None)


def described(offered: Offered, raw: Mapping[str, Any], process: CanonicalProcess) -> Offered:
    """A process whose description has been read: `process` is `raw` in canonical form."""
    return replace(
        offered,
        words=words_of(process),
        roles=offered.roles | process.roles,
        facts=facts_of(process),
        digest=digest(raw),
        description=raw,
        process=process,
    )
