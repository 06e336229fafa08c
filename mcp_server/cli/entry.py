"""Where every command line begins: the stdio server at once, anything else through the commands."""

import gc
import logging
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, cast

from mcp_server.cli.complaining import COMMAND, complain
from mcp_server.cli.options import Options, split_options
from mcp_server.errors import BridgeError, ConfigurationError
from telemetry.logs import configure
from telemetry.streams import write_utf8
from telemetry.tracing import TracingUnavailableError, start_tracing

if TYPE_CHECKING:
    from mcp_server.settings import Settings

logger = logging.getLogger(__name__)

USAGE_ERROR = 2
FAILURE = 1
INTERRUPTED = 130

_OBJECTS_BETWEEN_COLLECTIONS = 20_000


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command line (default: this process's) and return its exit code."""
    _hold_standard_streams()
    write_utf8()
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(levelname)s %(name)s: %(message)s")
    try:
        options, rest = split_options(sys.argv[1:] if arguments is None else arguments)
        if not rest:
            return serve_stdio(options)
        from mcp_server.cli.commands import run  # noqa: PLC0415

        return run(rest, options)
    except KeyboardInterrupt:
        return INTERRUPTED
    except (Exception, BaseExceptionGroup) as error:
        cause = _cause(error)
        if isinstance(cause, SystemExit):
            return FAILURE  # whoever read the output has left: rich ends the command so, here within a task
        logger.debug("the command failed", exc_info=error)
        complain(_line(cause))
        return USAGE_ERROR if isinstance(cause, ConfigurationError) else FAILURE


def _hold_standard_streams() -> None:
    """Point a standard stream that is closed to nothing: another file, here or in a worker, would get its number."""
    for descriptor in (0, 1, 2):
        try:
            os.fstat(descriptor)
        except OSError:
            # The lowest number that is free, which is this one.
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)
    if sys.stderr is None:
        sys.stderr = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 - it is open for as long as we run


def serve_stdio(options: Options) -> int:
    """Speak MCP on standard input and output until the client closes them."""
    # Next to nothing of what is imported, or made for a call, is garbage in a cycle: to look for it after every 700
    # objects takes a fifteenth of the start.
    gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS)
    settings, backend = options.settings(), options.backend()
    report_to_operator(settings)
    import anyio  # noqa: PLC0415

    from mcp_server.transport import stdio  # noqa: PLC0415

    # It takes a tenth of a short call less than Python's own loop; Windows has none.
    anyio.run(stdio.serve_stdio, settings, backend, backend_options={"use_uvloop": sys.platform != "win32"})
    return 0


def report_to_operator(settings: "Settings") -> None:
    """Log, and trace where that is asked for, as the settings say.

    Raises: ConfigurationError where what makes traces is not installed.
    """
    configure(settings.log_format, settings.log_level)
    if settings.traces:
        try:
            start_tracing(COMMAND)
        except TracingUnavailableError as error:
            raise ConfigurationError(str(error)) from error


def _cause(error: BaseException) -> BaseException:
    """What went wrong, out of the groups in which task groups wrap it; what was meant for people comes first."""
    from pydantic import ValidationError  # noqa: PLC0415

    causes = list(_leaves(error))
    cause = next((cause for cause in causes if isinstance(cause, BridgeError)), causes[0])
    # The backend's settings, which only the composition root may construct.
    if isinstance(cause, ValidationError) and cause.title == "Settings":
        from mcp_server.settings import problems  # noqa: PLC0415

        return ConfigurationError(problems(cause, {}))
    return cause


def _leaves(error: BaseException) -> Iterator[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        for part in cast("BaseExceptionGroup[BaseException]", error).exceptions:
            yield from _leaves(part)
    else:
        yield error


def _line(error: BaseException) -> str:
    message = " ".join(str(error).split())
    if isinstance(error, BridgeError | OSError) and message:
        return message
    return f"{type(error).__name__}: {message}" if message else type(error).__name__
