"""The commands `jobs …`: what an operator does with the jobs of the home, or of a server that runs."""

import re
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Annotated

import anyio
import typer

from mcp_server.cli.complaining import complain
from mcp_server.cli.options import Options
from mcp_server.errors import ConfigurationError

if TYPE_CHECKING:
    from mcp_server.cli.job_client import JobClient

_STATUSES = ("accepted", "running", "successful", "failed", "dismissed")
_AGE = re.compile(r"(\d{1,9})([smhd])")
_UNIT_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_MOST = 1000

jobs = typer.Typer(rich_markup_mode=None, help="Jobs: list, show, logs, dismiss, clean. Without more: the list.")

Server = Annotated[
    str | None,
    typer.Option("--url", metavar="URL", help="A running server, or a configured one by name; else the home's jobs."),
]
Id = Annotated[str, typer.Argument(metavar="ID", help="The job.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@jobs.callback(invoke_without_command=True)
def _root(context: typer.Context) -> int:
    return _print_list(context.obj) if context.invoked_subcommand is None else 0


@jobs.command("list")
def list_(  # noqa: PLR0917 - the command line names each
    context: typer.Context,
    process: Annotated[str | None, typer.Option(metavar="ID", help="Jobs of this process alone.")] = None,
    status: Annotated[str | None, typer.Option(help=f"Jobs in this state alone: {', '.join(_STATUSES)}.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=_MOST, help="How many, at most.")] = 20,
    url: Server = None,
    as_json: AsJson = False,
) -> int:
    """List jobs, the newest first."""
    if status is not None and status not in _STATUSES:
        raise ConfigurationError(f"--status {status}: there are {', '.join(_STATUSES)}")
    return _print_list(context.obj, url, process=process, status=status, limit=limit, as_json=as_json)


def _print_list(
    options: Options,
    url: str | None = None,
    *,
    process: str | None = None,
    status: str | None = None,
    limit: int = 20,
    as_json: bool = False,
) -> int:
    from rich.console import Console  # noqa: PLC0415

    from mcp_server.cli import job_tables, rendering  # noqa: PLC0415

    found = _asked(options, url, lambda client: client.list(process, status, limit))
    if as_json:
        typer.echo(rendering.as_json([job_tables.job_document(job) for job in found]))
    else:
        job_tables.print_jobs(Console(), found)
    return 0


@jobs.command()
def show(context: typer.Context, job: Id, url: Server = None, as_json: AsJson = False) -> int:
    """Show one job."""
    from rich.console import Console  # noqa: PLC0415

    from mcp_server.cli import job_tables, rendering  # noqa: PLC0415

    found = _asked(context.obj, url, lambda client: client.client.standing(job))
    if as_json:
        typer.echo(rendering.as_json(job_tables.job_document(found)))
    else:
        job_tables.print_job(Console(highlight=False), found)
    return 0


@jobs.command()
def logs(
    context: typer.Context,
    job: Id,
    tail: Annotated[int | None, typer.Option(min=1, max=_MOST, help="The last lines alone.")] = None,
    follow: Annotated[bool, typer.Option("--follow", help="Go on until the job ends.")] = False,
    url: Server = None,
) -> int:
    """Print what a job's process has written."""

    def show_lines(lines: Sequence[str]) -> None:
        for line in lines:
            typer.echo(line)

    async def read(client: "JobClient") -> None:
        if follow:
            await client.follow(job, tail, show_lines)
        else:
            show_lines(await client.log(job, tail))

    _asked(context.obj, url, read)
    return 0


@jobs.command()
def dismiss(context: typer.Context, job: Id, url: Server = None) -> int:
    """End a job, or remove the results of one that has ended (exit code 1 while its process has not ended yet)."""
    found = _asked(context.obj, url, lambda client: client.client.dismiss(job))
    if found.status == "dismissed":
        typer.echo(f"{job}: dismissed")
        return 0
    complain(f"{job} is not dismissed yet, but {found.status}: {found.message or ''}")
    return 1


@jobs.command()
def clean(
    context: typer.Context,
    older_than: Annotated[
        str | None, typer.Option(metavar="AGE", help="Those that ended longer ago: 90s, 30m, 12h or 7d.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Count them; remove nothing.")] = False,
) -> int:
    """Remove ended jobs of the home with their results: those that the settings no longer keep, or older ones."""
    from mcp_server.embedded import remove_ended_jobs  # noqa: PLC0415

    options: Options = context.obj
    seconds = None if older_than is None else _seconds(older_than)
    number = remove_ended_jobs(options.settings(), older_than=seconds, dry_run=dry_run)
    typer.echo(f"{number} {'job' if number == 1 else 'jobs'} {'would be ' if dry_run else ''}removed")
    return 0


def _seconds(text: str) -> int:
    found = _AGE.fullmatch(text)
    if found is None:
        raise ConfigurationError(f"--older-than {text}: write a number and its unit, as in 90s, 30m, 12h or 7d")
    return int(found[1]) * _UNIT_SECONDS[found[2]]


def _asked[T](options: Options, url: str | None, ask: "Callable[[JobClient], Awaitable[T]]") -> T:
    from mcp_server.cli.job_client import open_job_client  # noqa: PLC0415

    settings = options.settings()

    async def inside() -> T:
        async with open_job_client(url, settings) as client:
            return await ask(client)

    return anyio.run(inside)
