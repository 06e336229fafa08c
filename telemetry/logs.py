"""Records of the log on standard error: lines for people, or a JSON object each for programs. Standard library only."""

import json
import logging
import sys
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, Literal, override

type LogFormat = Literal["text", "json"]
type LogLevel = Literal["debug", "info", "warning", "error", "critical"]

_USUAL_LEVEL = "warning"

_APPLICATION_SERVERS = ("uvicorn", "gunicorn.error")
"""Loggers with handlers of their own, if an application server runs us."""

_ABOUT: ContextVar[Mapping[str, str]] = ContextVar("about", default=MappingProxyType({}))
"""What the code that runs just now is at work on."""


@contextmanager
def about(**members: str) -> Generator[None]:
    """Everything that is logged meanwhile, by this thread or task and those it starts, is told with these members."""
    token = _ABOUT.set({**_ABOUT.get(), **members})
    try:
        yield
    finally:
        _ABOUT.reset(token)


class JsonLines(logging.Formatter):
    """One JSON object per record, on one line: `time` (RFC 3339, UTC), `level`, `logger`, `message`, `pid`.

    What `about` says stands beside them, and the traceback of an `exception`, or a `stack`, as Python prints it.
    """

    @override
    def format(self, record: logging.LogRecord) -> str:
        members: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            "pid": record.process,
            **_ABOUT.get(),
        }
        if record.exc_info:
            members["exception"] = self.formatException(record.exc_info)
        if record.stack_info:
            members["stack"] = self.formatStack(record.stack_info)
        return json.dumps(members, ensure_ascii=False, default=str)


def configure(form: LogFormat, level: LogLevel) -> None:
    """Log in that form, and what is at least that severe, to standard error; the usual ones leave all as it is."""
    if form == "text" and level == _USUAL_LEVEL:
        return
    root = logging.getLogger()
    logging.basicConfig(stream=sys.stderr, format="%(levelname)s %(name)s: %(message)s")
    root.setLevel(level.upper())
    if form == "json":
        for logger in (root, *map(logging.getLogger, _APPLICATION_SERVERS)):
            _as_json(logger)


def _as_json(logger: logging.Logger) -> None:
    for handler in logger.handlers:
        # Others, of a file say, are not ours.
        if getattr(handler, "stream", None) is sys.stderr:
            handler.setFormatter(JsonLines())
