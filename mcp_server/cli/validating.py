"""The command `validate`: judge any server of OGC API – Processes."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import anyio
import typer

from mcp_server.cli.complaining import complain
from mcp_server.errors import ConfigurationError

if TYPE_CHECKING:
    from mcp_server.validate import ConformanceClass, TestResult

_NOTHING_JUDGED = 2


def validate(  # noqa: PLR0917 - the command line names each
    url: Annotated[str, typer.Argument(metavar="URL", help="The server's landing page.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
    junit: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the report as JUnit XML, too.")] = None,
    timeout: Annotated[float, typer.Option(min=1, max=600, help="Seconds for a request, and for a job to end.")] = 30,
    classes: Annotated[
        list[str] | None, typer.Option("--class", metavar="NAME", help="Only this conformance class; repeatable.")
    ] = None,
    process: Annotated[str | None, typer.Option(metavar="ID", help="The process to execute.")] = None,
    inputs: Annotated[
        list[str] | None, typer.Option("--input", metavar="NAME=JSON", help="A value for its input; repeatable.")
    ] = None,
    headers: Annotated[
        list[str] | None, typer.Option("--header", metavar="NAME=VALUE", help="Sent with each request; repeatable.")
    ] = None,
) -> int:
    """Test whether a server keeps OGC API – Processes, Part 1 (exit code 1 if not, 2 if it cannot be told)."""
    from mcp_server.validate import Options, reports  # noqa: PLC0415
    from mcp_server.validate.records import NotAServerError  # noqa: PLC0415
    from mcp_server.validate.running import validate as run  # noqa: PLC0415

    if junit is not None:
        _check_place(junit)
    options = Options(
        timeout=timeout,
        classes=_classes(classes or []),
        headers=dict(_pair("--header", text) for text in headers or []),
        process=process,
        inputs={name: _value(name, text) for name, text in (_pair("--input", text) for text in inputs or [])},
    )

    def show(result: "TestResult") -> None:
        if not as_json:
            typer.echo(reports.line(result))

    try:
        report = anyio.run(lambda: run(url, options, on_result=show))
    except NotAServerError as error:
        complain(str(error))
        return _NOTHING_JUDGED
    typer.echo(reports.as_json(report) if as_json else f"\n{reports.summary(report)}")
    if junit is not None:
        _write(junit, reports.as_junit(report))
    return 0 if report.passed else 1 if report.judged else _NOTHING_JUDGED


def _check_place(file: Path) -> None:
    """Told before the run, which may take minutes."""
    if file.is_dir():
        raise ConfigurationError(f"--junit {file}: a folder, not a file")
    if not file.parent.is_dir():
        raise ConfigurationError(f"--junit {file}: there is no folder {file.parent}")


def _write(file: Path, text: str) -> None:
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(f"--junit {file}: {error.strerror or error}") from None


def _classes(names: list[str]) -> "tuple[ConformanceClass, ...]":
    from mcp_server.validate import ConformanceClass  # noqa: PLC0415

    known = {one.value: one for one in ConformanceClass}
    unknown = [name for name in names if name not in known]
    if unknown:
        raise ConfigurationError(f"--class {unknown[0]}: there are {', '.join(known)}")
    return tuple(known[name] for name in names)


def _pair(option: str, text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name.strip():
        raise ConfigurationError(f"{option} {text}: write NAME=VALUE")
    return name.strip(), value


def _value(name: str, text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        raise ConfigurationError(f"--input {name}: the value is no JSON; a text needs its quotes: '\"text\"'") from None
