"""The server options: the same for every command, before it or after it. Pure.

They are read by hand because the stdio server, which a client waits for, shall not pay for a parser of commands.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mcp_server.errors import ConfigurationError

if TYPE_CHECKING:
    from mcp_server.settings import Settings

_VALUED = ("--home", "--settings", "--server", "--config", "--processes", "--data", "--results")
_NO_EMBEDDED = "--no-embedded"
_DEMO_TOOLS = "--demo-tools"

HELP = """Server options, before or after any command: --home DIR (all state), \
--settings FILE (TOML with settings of the bridge and of servers), --server NAME=URL (a remote OGC server; \
repeatable), --no-embedded (leave the own backend out), --demo-tools (tools of demonstration processes too), \
--config FILE (YAML with more processes), --processes DIR (folder on the import path; repeatable), \
--data DIR (folder of files that become datasets; repeatable), \
--results DIR (folder in which results are saved as files)."""


@dataclass(frozen=True, slots=True)
class Options:
    """The server options of one command line. What is absent is left to the environment and the defaults."""

    home: Path | None = None
    file: Path | None = None
    """TOML file with settings."""
    servers: tuple[str, ...] = ()
    """Each as `NAME=URL`."""
    embedded: bool = True
    demo_tools: bool = False
    config: Path | None = None
    processes: tuple[Path, ...] = ()
    data: tuple[Path, ...] = ()
    results: Path | None = None

    def settings(self) -> "Settings":
        """The bridge's settings.

        Raises: ConfigurationError, naming the setting and where it was given.
        """
        from mcp_server.settings import Settings  # noqa: PLC0415

        given: dict[str, Any] = {}
        if self.home is not None:
            given["home"] = self.home
        if self.file is not None:
            given["settings"] = self.file
        if self.servers:
            given["servers"] = list(self.servers)
        if not self.embedded:
            given["embedded"] = False
        if self.demo_tools:
            given["demo_tools"] = True
        if self.results is not None:
            given["results"] = self.results
        return Settings(**given)

    def backend(self) -> dict[str, Any]:
        """Settings of the embedded backend that the bridge's settings do not hold.

        Raises: ConfigurationError for a file or folder that is not there.
        """
        given: dict[str, Any] = {}
        if self.config is not None:
            if not self.config.is_file():
                raise ConfigurationError(f"--config {self.config}: there is no such file")
            given["config"] = self.config
        for option, folders in (("processes", self.processes), ("data", self.data)):
            for folder in folders:
                if not folder.is_dir():
                    raise ConfigurationError(f"--{option} {folder}: there is no such folder")
            if folders:
                given[option] = folders
        return given

    def arguments(self) -> tuple[str, ...]:
        """The same options as command-line arguments, with absolute paths: for a configuration that others may read.

        Raises: ConfigurationError for a server whose URL holds a user or password.
        """
        for server in self.servers:
            name, _, url = server.partition("=")
            if "@" in url.partition("://")[2].partition("/")[0]:
                raise ConfigurationError(
                    f"--server {name}: a password is not written down; put it in a --settings file"
                )
        named = [("--home", self.home), ("--settings", self.file)]
        named += [*(("--server", server) for server in self.servers), ("--config", self.config)]
        named += [("--processes", folder) for folder in self.processes]
        named += [*(("--data", folder) for folder in self.data), ("--results", self.results)]
        words = [word for name, value in named if value is not None for word in (name, str(value))]
        flags = ((_NO_EMBEDDED, not self.embedded), (_DEMO_TOOLS, self.demo_tools))
        return (*words, *(flag for flag, given in flags if given))


def split_options(arguments: Sequence[str]) -> tuple[Options, tuple[str, ...]]:
    """Take the server options out of a command line; the rest keeps its order.

    Raises: ConfigurationError for an option without its value.
    """
    values: dict[str, list[str]] = {name: [] for name in _VALUED}
    rest: list[str] = []
    flags = {_NO_EMBEDDED: False, _DEMO_TOOLS: False}
    words = iter(arguments)
    for word in words:
        name, equals, value = word.partition("=")
        if word == "--":
            rest += [word, *words]
        elif name in values:
            values[name].append(value if equals else _value_of(name, words))
        elif word in flags:
            flags[word] = True
        else:
            rest.append(word)
    options = Options(
        home=_path(_single("--home", values)),
        file=_path(_single("--settings", values)),
        servers=tuple(values["--server"]),
        embedded=not flags[_NO_EMBEDDED],
        demo_tools=flags[_DEMO_TOOLS],
        config=_path(_single("--config", values)),
        processes=_folders(values["--processes"]),
        data=_folders(values["--data"]),
        results=_path(_single("--results", values)),
    )
    return options, tuple(rest)


def _value_of(name: str, words: Iterator[str]) -> str:
    value = next(words, "")
    if not value or value.startswith("--"):
        raise ConfigurationError(f"{name} needs a value")
    return value


def _single(name: str, values: dict[str, list[str]]) -> str | None:
    given = values[name]
    if len(given) > 1:
        raise ConfigurationError(f"{name} is given twice")
    if given == [""]:
        raise ConfigurationError(f"{name} needs a value")
    return given[0] if given else None


def _path(value: str | None) -> Path | None:
    return None if value is None else _absolute(value)


def _folders(values: Sequence[str]) -> tuple[Path, ...]:
    return tuple(map(_absolute, values))


def _absolute(path: str) -> Path:
    try:
        return Path(path).expanduser().absolute()
    except RuntimeError:
        raise ConfigurationError(f"{path}: the folder that ~ stands for is not known") from None
