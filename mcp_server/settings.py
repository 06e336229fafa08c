"""Every setting of the bridge: default, unit, environment name, file. The only place that reads the environment."""

import difflib
import os
import re
import sys
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final, cast

from platformdirs import user_data_path
from pydantic import Field, PrivateAttr, ValidationError, field_validator
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    NoDecode,
    SettingsConfigDict,
)

from mcp_server.errors import ConfigurationError
from mcp_server.servers import ServerSettings, Words, json_object, laid_over, server_tables
from telemetry.logs import LogFormat, LogLevel

EMBEDDED = "local"
"""Name of the embedded backend in URIs."""
BRIDGE = "bridge"
"""Authority of results that the bridge itself keeps."""

MAX_TOOLS: Final = 64
"""Clients show between 40 and 128 tools, and a model chooses worse among more."""

_NAME: Final = re.compile(r"[a-z][a-z0-9-]{0,19}")
_PREFIX: Final = "OGC_PROCESSES_"
_OF_A_SERVER: Final = f"{_PREFIX}SERVER_"
_FILE: Final = "settings.toml"


def _default_home() -> Path:
    if sys.platform == "win32":
        # Not below AppData: what a packaged app (Claude Desktop) and its children make anew there, Windows keeps apart.
        # A store that is opened there too from a shell would have two logs, and be damaged.
        return Path.home() / ".ogc-processes-mcp"
    return user_data_path("ogc-processes-mcp", appauthor=False)


class Settings(BaseSettings):
    """The bridge's settings: as given, else `OGC_PROCESSES_` plus the name in capitals, else the file, else defaults.

    Raises: ConfigurationError, one line that names the file or the variable, the setting and what is wrong.
    """

    model_config = SettingsConfigDict(
        env_prefix=_PREFIX,
        env_ignore_empty=True,
        frozen=True,
        extra="ignore",
        allow_inf_nan=False,
        hide_input_in_errors=True,
        use_attribute_docstrings=True,
    )

    home: Path = Field(default_factory=_default_home)
    """The one folder that holds all state, shared with the embedded backend."""
    settings: Path | None = None
    """TOML file with these settings and those of servers; by default `settings.toml` in the home, if it is there."""
    servers: Annotated[dict[str, ServerSettings], NoDecode] = Field(default_factory=dict)
    """Remote OGC servers, name → URL; in the environment `NAME=URL NAME=URL`."""
    embedded: bool = True
    """Run the embedded backend."""
    demo_tools: bool = False
    """Make tools of demonstration processes too."""
    max_tools: int = Field(default=MAX_TOOLS, ge=0)
    """Most processes that are tools each; more are found by search, described and run by tools of the bridge."""
    pinned: Annotated[Words, NoDecode] = ()
    """Patterns of processes, `PROCESS` or `SERVER/PROCESS`, comma-separated, that are tools however many there are."""
    toolsets: Annotated[Words, NoDecode] = ()
    """Tool sets, comma-separated, whose processes alone are on offer; every process where none is named."""
    toolset_members: Annotated[dict[str, tuple[str, ...]], NoDecode] = Field(default_factory=dict)
    """Tool sets of the operator, name → patterns as in `pinned`, beside those that processes name themselves; in the
    environment a JSON object, `{"NAME": ["PATTERN"]}`."""
    allowed_hosts: Annotated[Words, NoDecode] = ()
    """Host names, comma-separated, that MCP clients over HTTP may address besides loopback's; `*` for any.

    When given, it holds wherever the server listens; otherwise only on a loopback address (DNS rebinding)."""
    results: Path | None = None
    """A folder in which the tool `save_result` saves results as files; without it there is no such tool."""
    max_saved_bytes: int = Field(default=4 * 2**30, ge=1024)
    """Largest result that is saved as a file, in bytes."""
    wait_seconds: float = Field(default=45, gt=0)
    """How long a tool call waits for its job before it answers with a handle."""
    sync_seconds: float = Field(default=600, gt=0)
    """Longest time of an execution that a server does not make a job of."""
    read_seconds: float = Field(default=30, gt=0)
    """Longest time of any other request to a server, its repetitions included."""
    refresh_seconds: float = Field(default=60, gt=0)
    """How often the servers' process lists are read again."""
    max_request_bytes: int = Field(default=32 * 2**20, ge=1024)
    """Largest message of an MCP client, in bytes."""
    max_reply_bytes: int = Field(default=64 * 2**20, ge=1024)
    """Largest reply read from a server, in bytes, after decoding."""
    small_value_bytes: int = Field(default=8 * 1024, ge=0)
    """A result carries values up to this size in all, and references to the others."""
    log_format: LogFormat = "text"
    """How records of the log are written to standard error: `text`, or `json` with one object per line."""
    log_level: LogLevel = "warning"
    """The least severe records that are logged, but for those of workers: `debug` to `critical`."""
    traces: bool = False
    """Send OpenTelemetry spans of MCP's messages by OTLP; needs `ogc-processes-mcp[otel]`."""

    _notes: tuple[str, ...] = PrivateAttr(())

    def __init__(self, **given: Any) -> None:
        # Beforehand, and in one place: what is said of one server comes from several sources.
        gathered = _gathered(given, EnvSettingsSource(type(self))())
        try:
            super().__init__(**gathered.values)
        except ValidationError as error:
            raise ConfigurationError(problems(error, gathered.places)) from None
        self._notes = gathered.notes

    @property
    def notes(self) -> tuple[str, ...]:
        """What is amiss, though it can be worked with: for the log, once, at the start."""
        exposed = (
            f"server {name!r}: {' and '.join(server.credentials)} sent unencrypted: its URL is http, to another machine"
            for name, server in self.servers.items()
            if server.exposed
        )
        return (*self._notes, *exposed)

    @field_validator("log_format", "log_level", mode="before")
    @classmethod
    def _lower(cls, value: Any) -> Any:
        return value.lower() if isinstance(value, str) else value

    @field_validator("toolset_members", mode="before")
    @classmethod
    def _read_members(cls, value: Any) -> Any:
        return json_object(value, '{"NAME": ["PATTERN"]}')

    @field_validator("home")
    @classmethod
    def _of_user(cls, value: Path) -> Path:
        # Clients hand variables on as they stand in their configurations, where no shell has seen them.
        return value.expanduser()

    @field_validator("results")
    @classmethod
    def _require_folder(cls, value: Path | None) -> Path | None:
        folder = None if value is None else value.expanduser().absolute()
        if folder is not None and not folder.is_dir():
            raise ValueError(f"there is no folder {folder}")
        return None if folder is None else folder.resolve()

    @field_validator("servers")
    @classmethod
    def _check_names(cls, value: dict[str, ServerSettings]) -> dict[str, ServerSettings]:
        for name in value:
            if not _NAME.fullmatch(name) or name in (EMBEDDED, BRIDGE):
                raise ValueError(
                    f"server name {name!r}: use 1 to 20 of a-z, 0-9 and '-', beginning with a letter; "
                    f"{EMBEDDED!r} and {BRIDGE!r} are taken"
                )
        return value

    @field_validator("servers")
    @classmethod
    def _check_authorities(cls, value: dict[str, ServerSettings]) -> dict[str, ServerSettings]:
        for name, server in value.items():
            if server.ca_file is not None and (fault := _certificate_fault(server.ca_file)):
                raise ValueError(f"ca_file of server {name!r}: {server.ca_file} {fault}")
        return value


def problems(error: ValidationError, places: Mapping[tuple[str, ...], str]) -> str:
    """What is wrong with settings, each with where it was given, in one line; never the values.

    places: those that were not given as a setting of that name, by its path.
    """
    return "; ".join(f"{_place(one['loc'], places)}: {_words(one)}" for one in error.errors(include_input=False))


def _place(location: tuple[int | str, ...], places: Mapping[tuple[str, ...], str]) -> str:
    path = tuple(part for part in location if isinstance(part, str))
    for length in range(len(path), 0, -1):
        if path[:length] in places:
            return ".".join((places[path[:length]], *path[length:]))
    return f"{'.'.join(path)} ({_PREFIX}{path[0].upper()})" if path else "settings"


def _words(problem: Mapping[str, Any]) -> str:
    if problem["type"] == "extra_forbidden":
        near = difflib.get_close_matches(str(problem["loc"][-1]), ServerSettings.model_fields, n=1)
        return f"there is no such setting{_hint(near)}"
    return str(problem["msg"]).removeprefix("Value error, ")


@dataclass(frozen=True, slots=True)
class _Gathered:
    """The settings from all sources."""

    values: dict[str, Any]
    places: dict[tuple[str, ...], str]
    """Where those were given that have no variable of their own name: beginning of a path in the settings → a text."""
    notes: tuple[str, ...]


def _gathered(given: Mapping[str, Any], environment: Mapping[str, Any]) -> _Gathered:
    named = {**environment, **given}
    path = _file_path(named)
    file = {} if path is None else _read(path, of_home="settings" not in named)
    places = {(key,): f"{path}: {key}" for key in file.keys() - named.keys()}
    lower = _tables(file.get("servers", {}), f"{path}: servers")
    upper = _tables(named["servers"], _place(("servers",), {})) if "servers" in named else lower
    variables, notes = _server_variables(upper)
    servers: dict[str, Any] = {}
    for name, table in upper.items():
        servers[name] = table
        if not isinstance(table, Mapping):
            continue
        own, below = cast("Mapping[str, Any]", table), lower.get(name)
        merged = own
        if isinstance(below, Mapping):
            lesser = cast("Mapping[str, Any]", below)
            merged = laid_over(own, lesser)
            if lesser.keys() - merged.keys():
                notes.append(f"{path}: servers.{name} is not used: another URL of that name goes before it")
        servers[name] = laid_over({field: value for field, (_, value) in variables[name].items()}, merged)
        places |= {("servers", name, field): f"{path}: servers.{name}.{field}" for field in merged.keys() - own.keys()}
        places |= {("servers", name, field): variable for field, (variable, _) in variables[name].items()}
    values = {**file, **named, "servers": servers} | ({"settings": path} if path else {})
    return _Gathered(values, places, tuple(notes))


def _tables(given: object, place: str) -> dict[str, Any]:
    try:
        return server_tables(given)
    except ValueError as error:
        raise ConfigurationError(f"{place}: {error}") from None


def _server_variables(names: Iterable[str]) -> tuple[dict[str, dict[str, tuple[str, str]]], list[str]]:
    """What the environment tells of single servers: name → setting → variable and value; and what it tells of none."""
    known = {
        f"{_OF_A_SERVER}{name.upper().replace('-', '_')}_{field.upper()}": (name, field)
        for name in names
        for field in ServerSettings.model_fields
    }
    found: dict[str, dict[str, tuple[str, str]]] = {name: {} for name, _ in known.values()}
    notes: list[str] = []
    for variable, value in os.environ.items():
        if variable in known and value:
            name, field = known[variable]
            found[name][field] = (variable, value)
        elif variable.startswith(_OF_A_SERVER) and variable not in known:
            # Other servers' variables may well be there; a misspelt one should not go unnoticed.
            near = difflib.get_close_matches(variable, known, n=1)
            notes.append(f"{variable}: no server that is configured has this setting{_hint(near)}")
    return found, notes


def _file_path(named: Mapping[str, Any]) -> Path | None:
    if "settings" in named:
        path = Path(named["settings"]).expanduser().absolute()
        if not path.is_file():
            raise ConfigurationError(f"settings {path}: there is no such file")
        return path
    path = Path(named.get("home") or _default_home()).expanduser().absolute() / _FILE
    return path if path.is_file() else None


def _read(path: Path, *, of_home: bool) -> dict[str, Any]:
    """The settings in a file; paths in it are below its folder.

    of_home: it is the home's own, which cannot name another home.
    """
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise ConfigurationError(f"{path}: {error.strerror or error}") from None
    except UnicodeDecodeError:
        raise ConfigurationError(f"{path}: not text in UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"{path}: not TOML: {error}") from None
    known = Settings.model_fields.keys() - ({"settings", "home"} if of_home else {"settings"})
    if unknown := [key for key in document if key not in known]:
        near = difflib.get_close_matches(unknown[0], known, n=1)
        raise ConfigurationError(f"{path}: {unknown[0]}: there is no such setting in this file{_hint(near)}")
    for key in ("home", "results"):
        _make_absolute(document, key, path.parent)
    if isinstance(document.get("servers"), dict):
        for table in document["servers"].values():
            _make_absolute(table, "ca_file", path.parent)
    return document


def _make_absolute(table: Any, key: str, folder: Path) -> None:
    if isinstance(table, dict) and isinstance(path := cast("dict[str, Any]", table).get(key), str):
        table[key] = folder / Path(path).expanduser()


def _hint(near: Sequence[str]) -> str:
    return f"; did you mean {near[0]}?" if near else ""


def _certificate_fault(path: Path) -> str | None:
    """Why a file cannot be used as certificates of authorities."""
    import ssl  # noqa: PLC0415 - hardly any server needs it

    try:
        ssl.create_default_context(cafile=path)
    except ssl.SSLError:
        return "holds no certificate in PEM"
    except OSError as error:
        return f"cannot be read: {error.strerror or error}"
    return None
