"""An answer of a server as it came over HTTP: whole, or while it still comes. No I/O of its own."""

import codecs
import json
import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from math import isfinite

from mcp_server.ogc.link_header import HeaderLink, header_links
from summaries.values import is_json

_CHARSET = re.compile(r';\s*charset\s*=\s*"?([\w.:-]{1,40})', re.IGNORECASE)
HTML = frozenset({"text/html", "application/xhtml+xml"})
"""Media types of pages."""
_ENDS = 100
"""Bytes at either end of a body among which it is looked for more than white space."""
_KNOWN = re.compile(r"iso8859-\d+|cp125\d|utf-16(-[bl]e)?|koi8-[ru]|shift_jis|euc_(jp|kr)|gb2312|gbk|gb18030|big5")


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole answer."""

    status: int
    headers: Mapping[str, str]
    """By their names in lower case; those of one name together, with commas between them."""
    body: bytes
    """Decoded, at most the configured size."""
    url: str
    tries: int = 1
    """How often it was asked for; the effect of an earlier try may be what this answer tells."""
    version: str = "HTTP/1.1"
    """Of HTTP."""

    @property
    def media_type(self) -> str:
        """Without parameters, in lower case; of a header that is sent twice the first.

        Where there is none it is JSON of what begins and ends like an object or an array of it (RFC 9110, 8.3), else
        empty.
        """
        told = re.split("[;,]", self.headers.get("content-type", ""), maxsplit=1)[0].strip().lower()
        return told or ("application/json" if _reads_like_json(self.body) else "")

    @property
    def is_html(self) -> bool:
        """Whether it is a page, be it the server's or a proxy's."""
        return self.media_type in HTML

    @property
    def text_body(self) -> bytes:
        """The body; JSON, and text in another character set where its header names one, in UTF-8.

        HTML and XML name their character set themselves, and stay as they are; so does what is sound UTF-8, whatever
        the header says: in no other character set does a text read like that by chance.
        """
        charset = _charset(self.headers.get("content-type", ""))
        if is_json(self.media_type):
            return _json_in_utf_8(self.body, charset)
        if charset is None or not self.media_type.startswith("text/") or self.media_type.endswith(("html", "xml")):
            return self.body
        try:
            if not charset.startswith("utf-16") and _is_utf_8(self.body):
                return self.body
            return self.body.decode(charset).encode("utf-8")
        except UnicodeError:
            return self.body

    @property
    def next_link(self) -> str | None:
        """Where the answer's header says that the next page is."""
        return next((link.href for link in self.links if link.relation == "next"), None)

    @property
    def links(self) -> tuple[HeaderLink, ...]:
        """The links in the answer's header."""
        return header_links(self.headers.get("link", ""))

    @property
    def retry_after(self) -> float | None:
        """Seconds, from either form of the header."""
        return retry_seconds(self.headers.get("retry-after"))

    @property
    def etag(self) -> str | None:
        """The entity tag, if it is one that can be sent back."""
        tag = self.headers.get("etag", "")
        return tag if tag and tag.isascii() else None


def _reads_like_json(body: bytes) -> bool:
    return body[:_ENDS].lstrip()[:1] + body[-_ENDS:].rstrip()[-1:] in (b"{}", b"[]")


def _is_utf_8(body: bytes) -> bool:
    try:
        body.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _json_in_utf_8(body: bytes, charset: str | None) -> bytes:
    """A JSON document by how it begins (RFC 4627, 3); in another character set if its header names it and it fits."""
    coding = json.detect_encoding(body)
    if coding.startswith("utf-8"):
        if charset is None or charset.startswith("utf-16") or _is_utf_8(body):
            return body
        coding = charset
    try:
        return body.decode(coding).encode("utf-8")
    except UnicodeError:
        return body


def _charset(content_type: str) -> str | None:
    """The character set that a media type names, by Python's name for it; None for UTF-8, and for any unknown."""
    named = _CHARSET.search(content_type)
    if named is None:
        return None
    try:
        name = codecs.lookup(named[1]).name
    except LookupError:
        return None
    return name if _KNOWN.fullmatch(name) else None


def retry_seconds(header: str | None) -> float | None:
    """`Retry-After` in seconds: a number or an HTTP date (RFC 9110, 10.2.3); None for anything else."""
    if header is None:
        return None
    if header.strip().isdecimal() and header.isascii():
        seconds = float(header)
        return seconds if isfinite(seconds) else None
    try:
        moment = parsedate_to_datetime(header)
    except (ValueError, OverflowError):
        return None
    return max(0.0, (moment.replace(tzinfo=moment.tzinfo or UTC) - datetime.now(UTC)).total_seconds())


@dataclass(frozen=True, slots=True)
class Incoming:
    """A successful answer whose body is read piece by piece."""

    reply: Reply
    """Its head; the body in it is empty."""
    pieces: AsyncIterator[bytes]
    """The body, decoded, for one reader."""

    @property
    def length(self) -> int | None:
        """Bytes of the body, where the server tells them and they are not compressed."""
        told = self.reply.headers.get("content-length", "")
        coded = self.reply.headers.get("content-encoding", "identity").strip().lower() not in ("", "identity")
        return int(told[:20]) if told.isascii() and told.isdigit() and not coded else None
