"""The parts of a multipart/related body (RFC 2387). Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from email import message_from_bytes, policy


@dataclass(frozen=True, slots=True)
class Part:
    """One part, with its headers in lower case."""

    headers: Mapping[str, str]
    body: bytes

    @property
    def content_id(self) -> str:
        """`Content-ID`, without the angle brackets that RFC 2392 asks for and OGC 18-062r2 does not mention."""
        return self.headers.get("content-id", "").strip().removeprefix("<").removesuffix(">")


def parts(content_type: str, body: bytes) -> list[Part]:
    """The parts of a body; none where it is not a multipart one."""
    message = message_from_bytes(b"Content-Type: " + content_type.encode() + b"\r\n\r\n" + body, policy=policy.HTTP)
    if not message.is_multipart():
        return []
    found: list[Part] = []
    for part in message.iter_parts():
        payload = part.get_payload(decode=True)
        headers = {name.lower(): str(value) for name, value in part.items()}
        found.append(Part(headers, payload if isinstance(payload, bytes) else b""))
    return found
