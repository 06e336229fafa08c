"""The command `doctor`: what would become of a server's processes."""

from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import anyio
import typer

from mcp_server.cli.complaining import complain
from mcp_server.cli.named_server import server_named
from mcp_server.cli.options import Options
from mcp_server.errors import BridgeError, ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Generator

    from rich.console import Console

    from mcp_server.doctor.examining import OnProgress

_NOT_EXAMINED = 2


def doctor(
    context: typer.Context,
    server: Annotated[str, typer.Argument(metavar="URL", help="Its landing page, or the name of a configured server.")],
    process: Annotated[str | None, typer.Option(metavar="ID", help="One process, in detail.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print all that was found as JSON.")] = False,
    timeout: Annotated[float, typer.Option(min=1, max=3600, help="Seconds for all of it.")] = 300,
) -> int:
    """Tell what would become of a server's processes (exit code 1 if one becomes no tool, 2 if it cannot be told)."""
    from rich.console import Console  # noqa: PLC0415

    from mcp_server.doctor import examine, reports  # noqa: PLC0415
    from mcp_server.protocol.server import RESERVED  # noqa: PLC0415

    options: Options = context.obj
    settings = options.settings()
    name, configured = server_named(server, settings)
    try:
        with _progress(Console(stderr=True)) as on_progress:
            found = anyio.run(
                lambda: examine(
                    name,
                    configured,
                    settings,
                    reserved=RESERVED,
                    process=process,
                    seconds=timeout,
                    on_progress=on_progress,
                )
            )
    except ConfigurationError:
        raise
    except BridgeError as error:
        complain(str(error))
        return _NOT_EXAMINED
    if as_json:
        typer.echo(reports.as_json(found))
    elif process is not None:
        reports.print_process(Console(highlight=False), found)
    else:
        reports.print_overview(Console(highlight=False), found, max_tools=settings.max_tools)
    return 0 if found.usable else 1


@contextmanager
def _progress(console: "Console") -> "Generator[OnProgress]":
    """A line on the terminal that counts what has been read; nothing where no person watches."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn  # noqa: PLC0415

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as shown:
        task = shown.add_task("processes", total=None)
        yield lambda done, every: shown.update(task, completed=done, total=every)
