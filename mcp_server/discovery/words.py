"""The words of a process, out of a member of its server's list or its whole description. Pure."""

from collections.abc import Mapping
from typing import Any

from mcp_server.discovery.records import Words
from mcp_server.schema.normalise import understood
from mcp_server.schema.process import CanonicalProcess
from mcp_server.schema.text import brief

_TITLE_LENGTH = 120
_DESCRIPTION_LENGTH = 600
_KEYWORD_LENGTH = 60
_KEYWORDS = 20
_INPUT_NAMES = 40
_WITHOUT_WORDS = frozenset({"inputs", "outputs", "links", "jobControlOptions", "outputTransmission", "example"})
"""Members of a list that are large, and tell no word of the process itself."""


def words_of(process: CanonicalProcess) -> Words:
    """The words of a described process."""
    keywords = (brief(keyword, _KEYWORD_LENGTH) for keyword in process.keywords[:_KEYWORDS])
    return Words(
        title=brief(process.title or process.id, _TITLE_LENGTH),
        description=brief(process.description, _DESCRIPTION_LENGTH),
        keywords=tuple(keyword for keyword in keywords if keyword),
        input_names=tuple(brief(spec.id, _KEYWORD_LENGTH) for spec in process.inputs[:_INPUT_NAMES]),
    )


def listed_words(process_id: str, member: Mapping[str, Any]) -> tuple[Words, frozenset[str]]:
    """The words of a process that has only been listed, and its roles; a list is as wild as a description."""
    shallow = {name: value for name, value in member.items() if name not in _WITHOUT_WORDS}
    process = understood(process_id, shallow)
    return words_of(process), process.roles
