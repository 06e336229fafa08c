"""What a stored result is once it is read."""

import json
from pathlib import Path
from typing import Any

from backend.jobs.records import ResultRecord
from summaries.values import is_json


def stored_bytes(content: bytes | Path) -> bytes:
    """The bytes themselves, wherever they are kept."""
    return content.read_bytes() if isinstance(content, Path) else content


def stored_value(record: ResultRecord, content: bytes | Path) -> Any:
    """Parsed JSON, text, or bytes, by the media type."""
    data = stored_bytes(content)
    if is_json(record.media_type):
        return json.loads(data)
    return data.decode() if record.media_type.startswith("text/") else data
