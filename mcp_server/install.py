"""Configurations with which MCP clients start this server."""

import json
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from platformdirs import user_config_path, user_data_path

from mcp_server.errors import BridgeError, ConfigurationError

NAME = "ogc-processes"
"""The server's name in a client's configuration."""


@dataclass(frozen=True, slots=True)
class Launch:
    """How a client starts the server: absolute paths only, nothing to download, nothing taken from a shell."""

    command: str
    arguments: tuple[str, ...]

    @classmethod
    def of_this_python(cls, server_options: Sequence[str] = ()) -> "Launch":
        """Start the package as it is installed here.

        `-P`: clients start servers in the user's project, whose own `backend` folder must not be imported instead.
        """
        return cls(sys.executable, ("-P", "-m", "mcp_server", *server_options))

    def entry(self) -> dict[str, Any]:
        """The server as clients describe it."""
        return {"command": self.command, "args": list(self.arguments)}


@dataclass(frozen=True, slots=True)
class Folders:
    """Where clients keep their configurations."""

    home: Path
    config: Path
    """`%APPDATA%`, `~/Library/Application Support` or `~/.config`."""
    local: Path | None = None
    """`%LOCALAPPDATA%`; None on other systems than Windows."""

    @classmethod
    def of_this_user(cls) -> "Folders":
        """Those of the user who runs this."""
        home = Path.home()
        if sys.platform == "darwin":
            # platformdirs follows XDG_CONFIG_HOME there too; the clients do not.
            return cls(home, home / "Library" / "Application Support")
        return cls(home, user_config_path(roaming=True), user_data_path() if sys.platform == "win32" else None)


@dataclass(frozen=True, slots=True)
class ConfigFile:
    """The form of one client's configuration file."""

    client: str
    title: str
    key: str
    """The member that holds the servers."""
    place: tuple[str, ...]
    """Path of the file, below `Folders.home` if its first part begins with a dot, else below `Folders.config`."""
    extra: Mapping[str, Any]
    """Members of a server's entry beside command and arguments."""
    package: str | None = None
    """Pattern of the client's name as a packaged app (MSIX), for which Windows keeps a folder `config` of its own."""

    def path(self, folders: Folders) -> Path:
        """The file on this machine; it need not exist."""
        root = folders.home if self.place[0].startswith(".") else folders.config
        return root.joinpath(*self.place)

    def packaged_paths(self, folders: Folders) -> list[Path]:
        """The file of each packaged app of this client that is installed; it need not exist."""
        if folders.local is None or self.package is None:
            return []
        found = folders.local.glob(f"Packages/{self.package}/LocalCache")
        return sorted(cache.joinpath("Roaming", *self.place) for cache in found)

    def merged(self, document: Mapping[str, Any], launch: Launch) -> dict[str, Any]:
        """The configuration with this server in it; all else stays.

        Raises: ConfigurationError, if the servers' member is no object.
        """
        servers = document.get(self.key, {})
        if not isinstance(servers, dict):
            raise ConfigurationError(f"{self.key!r} is not an object")
        entry = {**self.extra, **launch.entry()}
        return {**document, self.key: {**cast("dict[str, Any]", servers), NAME: entry}}


CONFIG_FILES = (
    ConfigFile(
        "claude-desktop", "Claude Desktop", "mcpServers", ("Claude", "claude_desktop_config.json"), {}, "Claude_*"
    ),
    ConfigFile("cursor", "Cursor", "mcpServers", (".cursor", "mcp.json"), {}),
    ConfigFile("vscode", "VS Code", "servers", ("Code", "User", "mcp.json"), {"type": "stdio"}),
)
CLAUDE_CODE = "claude-code"
CLIENTS = tuple(sorted([*(file.client for file in CONFIG_FILES), CLAUDE_CODE]))


def block(client: str, launch: Launch) -> str:
    """What to paste: the configuration in JSON, or for Claude Code the command that adds the server.

    Raises: ConfigurationError, for an unknown client.
    """
    if client == CLAUDE_CODE:
        return _shell_line(["claude", *_claude_arguments(launch)])
    return _as_json(_config_file(client).merged({}, launch)).rstrip()


def install(client: str, launch: Launch, folders: Folders) -> str:
    """Write the server into a client's configuration and say in one line what was done.

    Raises: ConfigurationError, for an unknown client, or a configuration that cannot be read as JSON: it is left alone.
    BridgeError where it could not be written so that the client sees it.
    """
    if client == CLAUDE_CODE:
        return _add_to_claude_code(launch)
    form = _config_file(client)
    usual, packaged = form.path(folders), form.packaged_paths(folders)
    # A packaged app sees the usual file until it has one of its own, which has to take over what is in that.
    changes = [_change(form, path, launch, until_then=usual) for path in packaged]
    if not packaged or usual.parent.is_dir():
        changes.append(_change(form, usual, launch))
    wanted = [change for change in changes if change.after != change.before]
    if not wanted:
        return f"{form.title} has {NAME} already: {_listed(str(change.path) for change in changes)}"
    written = [(change.path, _write(change.path, _as_json(change.after))) for change in wanted]
    for path, _ in written:
        _require_seen(path, form)
    told = (f"{path} (the old file is {backup.name})" if backup else str(path) for path, backup in written)
    return f"Added {NAME} to {_listed(told)}. Restart {form.title}."


@dataclass(frozen=True, slots=True)
class _Change:
    path: Path
    before: Mapping[str, Any] | None
    """None where there is no file."""
    after: Mapping[str, Any]


def _change(form: ConfigFile, path: Path, launch: Launch, *, until_then: Path | None = None) -> _Change:
    """What is to become of a file.

    until_then: the file that the client reads as long as there is none at `path`.

    Raises: ConfigurationError.
    """
    # A configuration may be a link into a folder of dotfiles, and shall stay one.
    path = path.resolve()
    before = _read(path)
    read = before if before is not None or until_then is None else _read(until_then)
    try:
        return _Change(path, before, form.merged(read or {}, launch))
    except ConfigurationError as error:
        raise ConfigurationError(f"{path}: {error}; nothing was changed") from None


def _require_seen(path: Path, form: ConfigFile) -> None:
    """Raises: BridgeError where Windows has kept what was written for this Python alone, as it does for the Store's."""
    kept = path.resolve()
    if kept != path:
        raise BridgeError(
            f"Windows keeps what this Python writes apart from {form.title}: {path} is {kept}. "
            f"Copy it there with the Explorer, or run install with another Python than the Microsoft Store's."
        )


def _listed(parts: Iterable[str]) -> str:
    return " and ".join(parts)


def _config_file(client: str) -> ConfigFile:
    for form in CONFIG_FILES:
        if form.client == client:
            return form
    raise ConfigurationError(f"{client!r} is no client known here; there are {', '.join(CLIENTS)}")


def _read(path: Path) -> dict[str, Any] | None:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        return None
    except UnicodeDecodeError:
        text = "\0"
    try:
        document: Any = json.loads(text) if text.strip() else {}
    except ValueError as error:
        raise ConfigurationError(f"{path} is not JSON ({error}); nothing was changed. Try --print.") from None
    if not isinstance(document, dict):
        raise ConfigurationError(f"{path} is not a JSON object; nothing was changed")
    return cast("dict[str, Any]", document)


def _write(path: Path, text: str) -> Path | None:
    """Replace the file at once or not at all; returns the copy of the old one, if there was one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    backup = path.with_name(f"{path.name}.bak") if path.exists() else None
    if backup:
        shutil.copy2(path, backup)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        if backup:
            shutil.copymode(backup, name)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    return backup


def _claude_arguments(launch: Launch) -> list[str]:
    return ["mcp", "add", "--scope", "user", NAME, "--", launch.command, *launch.arguments]


def _add_to_claude_code(launch: Launch) -> str:
    """Claude Code rewrites its own configuration while it runs, so that only its command may change it."""
    program = shutil.which("claude")
    if program is None:
        raise ConfigurationError(f"the command `claude` is not on the path; run: {block(CLAUDE_CODE, launch)}")
    subprocess.run([program, "mcp", "remove", "--scope", "user", NAME], check=False, capture_output=True)  # noqa: S603  # no shell
    added = subprocess.run(  # noqa: S603  # no shell
        [program, *_claude_arguments(launch)], check=False, capture_output=True, encoding="utf-8", errors="replace"
    )
    if added.returncode:
        reason = " ".join((added.stderr or added.stdout).split())
        raise BridgeError(f"`claude mcp add` failed: {reason}")
    return f"Added {NAME} to Claude Code, for all your projects."


def _as_json(document: Mapping[str, Any]) -> str:
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def _shell_line(words: Sequence[str]) -> str:
    return subprocess.list2cmdline(words) if sys.platform == "win32" else shlex.join(words)
