"""The commands. Each opens what it needs, does one thing, and prints results to stdout and all else to stderr."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from difflib import get_close_matches
from enum import StrEnum
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any

import anyio
import typer

from mcp_server.cli.complaining import COMMAND, complain
from mcp_server.cli.doctoring import doctor
from mcp_server.cli.jobs import jobs
from mcp_server.cli.options import HELP, Options
from mcp_server.cli.validating import validate
from mcp_server.errors import ConfigurationError, UnknownToolError

app = typer.Typer(
    name=COMMAND,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="OGC API – Processes as MCP tools. Without a command: MCP on standard input and output.",
    epilog=HELP,
)


class Transport(StrEnum):
    """How MCP clients reach the server."""

    STDIO = "stdio"
    HTTP = "http"


Host = Annotated[str, typer.Option(help="Address to listen on; loopback unless told otherwise.")]


def _port(default: int) -> Any:
    return typer.Option(default, min=1, max=65535, help="Port to listen on.")


def run(arguments: Sequence[str], options: Options) -> int:
    """Run one command with the server options that stood on its line; returns the exit code."""
    try:
        return app(list(arguments), prog_name=COMMAND, standalone_mode=False, obj=options) or 0
    except typer.Exit as stop:
        return stop.exit_code
    except typer.TyperException as error:
        complain(f"{error.format_message().replace('Value error, ', '')} ({COMMAND} --help tells more)")
        return error.exit_code


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"{COMMAND} {version(COMMAND)}")
        raise typer.Exit


@app.callback()
def _root(
    context: typer.Context,
    _version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_print_version, help="Print the version.")
    ] = False,
) -> None:
    # What is wrong with the server options is told before anything is loaded; `install` must not write it down.
    from mcp_server.cli.entry import report_to_operator  # noqa: PLC0415

    options: Options = context.obj
    settings = options.settings()
    options.backend()
    report_to_operator(settings)


app.command()(validate)
app.command()(doctor)
app.add_typer(jobs, name="jobs")


@app.command()
def serve(
    context: typer.Context,
    transport: Annotated[Transport, typer.Option(help="How clients reach the server.")] = Transport.STDIO,
    host: Host = "127.0.0.1",
    port: int = _port(8000),
) -> int:
    """Serve MCP over standard input and output, or over Streamable HTTP."""
    options: Options = context.obj
    if transport is Transport.STDIO:
        from mcp_server.cli.entry import serve_stdio  # noqa: PLC0415

        return serve_stdio(options)
    from mcp_server.cli.serving import listen, url_of  # noqa: PLC0415
    from mcp_server.transport.http import create_http_app  # noqa: PLC0415

    application = create_http_app(options.settings(), options.backend(), host=host)
    json_log = options.settings().log_format == "json"
    return listen(application, host, port, f"MCP at {url_of(host, port)}/mcp", json_log=json_log)


@app.command()
def backend(
    context: typer.Context,
    host: Host = "127.0.0.1",
    port: int = _port(5001),
    public_url: Annotated[
        str | None, typer.Option(help="URL under which clients reach it, for links (OGC_PROCESSES_PUBLIC_URL).")
    ] = None,
    root_path: Annotated[
        str | None, typer.Option(help="Path prefix that a proxy strips, for links (OGC_PROCESSES_ROOT_PATH).")
    ] = None,
) -> int:
    """Serve the OGC API alone over HTTP, without MCP."""
    options: Options = context.obj
    if options.servers or options.file or options.results or not options.embedded:
        raise ConfigurationError(
            "backend runs the OGC API alone: --server, --settings, --results and --no-embedded do not apply"
        )
    from mcp_server.cli.serving import listen, url_of  # noqa: PLC0415
    from mcp_server.embedded import create_backend_app  # noqa: PLC0415

    if public_url is not None and not public_url.startswith(("http://", "https://")):
        raise ConfigurationError(f"--public-url {public_url}: not an http or https URL")
    given = {"home": options.home, "public_url": public_url, "root_path": root_path}
    overrides = options.backend() | {name: value for name, value in given.items() if value is not None}
    application, url = create_backend_app(reached_at=url_of(host, port), **overrides)
    json_log = options.settings().log_format == "json"
    return listen(application, host, port, f"OGC API – Processes at {url}", json_log=json_log)


@app.command()
def tools(
    context: typer.Context, json: Annotated[bool, typer.Option("--json", help="As a client sees them.")] = False
) -> int:
    """List the tools."""
    from rich.console import Console  # noqa: PLC0415

    from mcp_server import session  # noqa: PLC0415
    from mcp_server.cli import rendering  # noqa: PLC0415

    listed = _in_session(context.obj, session.list_tools)
    if json:
        typer.echo(rendering.tools_as_json(listed))
    else:
        rendering.print_tools(Console(), listed)
    return 0


@app.command()
def call(
    context: typer.Context,
    tool: Annotated[str, typer.Argument(help="Name of the tool.")],
    arguments: Annotated[
        list[str] | None, typer.Argument(metavar="[name=value]...", help="JSON or text; name=@FILE reads a file.")
    ] = None,
    json: Annotated[str | None, typer.Option("--json", help="Arguments as a JSON object, or @FILE.")] = None,
) -> int:
    """Call one tool through a real MCP session: progress on stderr, the result as JSON on stdout."""
    from rich.console import Console  # noqa: PLC0415

    from mcp_server import session  # noqa: PLC0415
    from mcp_server.cli import rendering  # noqa: PLC0415
    from mcp_server.cli.arguments import tool_arguments  # noqa: PLC0415

    async def one_call(client: Any) -> session.Answer | list[str]:
        offered = {offer.name: offer for offer in await session.list_tools(client)}
        if tool not in offered:
            return list(offered)
        wanted = tool_arguments(arguments or [], json, offered[tool].input_schema)
        with session.progress_bar(Console(stderr=True), tool) as on_progress:
            answer = await session.call(client, tool, wanted, on_progress)
            return await session.to_the_end(client, answer, on_progress)

    answer = _in_session(context.obj, one_call)
    if isinstance(answer, list):
        raise UnknownToolError(f"there is no tool {tool!r}; {_nearest(tool, answer, context.obj)}")
    if answer.failed:
        typer.echo(answer.text, err=True)
        return 1
    typer.echo(rendering.as_json(answer.structured) if answer.structured is not None else answer.text)
    return 0


@app.command()
def journey(
    context: typer.Context, files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Journeys in YAML.")]
) -> int:
    """Run scripted tool calls and check what they answer."""
    from rich.console import Console  # noqa: PLC0415

    from mcp_server import journeys  # noqa: PLC0415
    from mcp_server.cli import rendering  # noqa: PLC0415

    loaded = [(file.name, journeys.load(file)) for file in files]
    console = Console(highlight=False)

    async def all_journeys(client: Any) -> bool:
        passed = True
        for name, script in loaded:
            report = await journeys.run(client, script)
            rendering.print_report(console, name, report)
            passed = passed and report.passed
        return passed

    return 0 if _in_session(context.obj, all_journeys) else 1


@app.command()
def demo(
    context: typer.Context,
    at: Annotated[str | None, typer.Option(metavar="LON,LAT", help="Place, in degrees.")] = None,
    distance: Annotated[float, typer.Option(help="Radius of the buffer, in metres.")] = 500,
) -> int:
    """Show what the tools do: a buffer, its measures, and a job with progress."""
    from mcp_server import demo as show  # noqa: PLC0415

    options: Options = context.obj
    place = show.parse_place(at)
    show.run(place, distance, options.settings(), keep=options.home is not None, backend=options.backend())
    return 0


@app.command()
def install(
    context: typer.Context,
    client: Annotated[str, typer.Argument(help="claude-desktop, claude-code, cursor or vscode.")],
    print_only: Annotated[bool, typer.Option("--print", help="Print the configuration; write nothing.")] = False,
) -> int:
    """Configure an MCP client to start this server."""
    from mcp_server import install as installation  # noqa: PLC0415

    options: Options = context.obj
    launch = installation.Launch.of_this_python(options.arguments())
    if print_only:
        typer.echo(installation.block(client, launch))
    else:
        typer.echo(installation.install(client, launch, installation.Folders.of_this_user()))
    return 0


def _in_session[T](options: Options, work: Callable[[Any], Awaitable[T]]) -> T:
    from mcp_server.session import open_session  # noqa: PLC0415

    settings, overrides = options.settings(), options.backend()

    async def inside() -> T:
        async with open_session(settings, **overrides) as client:
            return await work(client)

    return anyio.run(inside)


def _nearest(name: str, offered: Sequence[str], options: Options) -> str:
    """What may have been meant; demonstrations are told as what they are."""
    from mcp_server import session  # noqa: PLC0415

    every = [tool.name for tool in _in_session(replace(options, demo_tools=True), session.list_tools)]
    near = get_close_matches(name, every, n=1)
    if not near:
        return f"there are {', '.join(offered)}"
    if near[0] not in offered:
        return f"{near[0]!r} is a demonstration: --demo-tools makes a tool of it"
    return f"did you mean {near[0]!r}?"
