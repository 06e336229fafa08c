"""Client configurations: merged, never lost, and good for a client that starts from nothing."""

import json
import os
import stat
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import anyio
import pytest
from mcp import Client, StdioServerParameters

from mcp_server.cli import main
from mcp_server.errors import BridgeError, ConfigurationError
from mcp_server.install import CLIENTS, CONFIG_FILES, ConfigFile, Folders, Launch, block, install

LAUNCH = Launch("/opt/python", ("-P", "-m", "mcp_server"))
OTHER = {"command": "other", "args": ["--flag"]}
DESKTOP, CURSOR, VSCODE = CONFIG_FILES


@pytest.fixture
def folders(tmp_path: Path) -> Folders:
    return Folders(home=tmp_path / "user", config=tmp_path / "config")


def read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def test_each_client_keeps_its_configuration_in_its_own_place(folders: Folders) -> None:
    assert DESKTOP.path(folders) == folders.config / "Claude" / "claude_desktop_config.json"
    assert CURSOR.path(folders) == folders.home / ".cursor" / "mcp.json"
    assert VSCODE.path(folders) == folders.config / "Code" / "User" / "mcp.json"


def packaged(folders: Folders, package: str = "Claude_pzs8sxrjxfjjc") -> Path:
    """The configuration of Claude Desktop as a packaged app of Windows, which is installed."""
    assert folders.local is not None
    cache = folders.local / "Packages" / package / "LocalCache"
    cache.mkdir(parents=True)
    return cache / "Roaming" / "Claude" / "claude_desktop_config.json"


@pytest.fixture
def on_windows(folders: Folders, tmp_path: Path) -> Folders:
    return replace(folders, local=tmp_path / "local")


def test_a_packaged_claude_desktop_is_configured_in_the_folder_that_windows_keeps_for_it(on_windows: Folders) -> None:
    path = packaged(on_windows)
    message = install("claude-desktop", LAUNCH, on_windows)
    assert read(path) == {"mcpServers": {"ogc-processes": LAUNCH.entry()}}
    assert str(path) in message
    assert not DESKTOP.path(on_windows).exists()
    assert "has ogc-processes already" in install("claude-desktop", LAUNCH, on_windows)


def test_a_packaged_claude_desktop_keeps_the_servers_that_it_had_from_the_usual_file(on_windows: Folders) -> None:
    path, usual = packaged(on_windows), DESKTOP.path(on_windows)
    usual.parent.mkdir(parents=True)
    usual.write_text(json.dumps({"mcpServers": {"other": OTHER}}), encoding="utf-8")
    message = install("claude-desktop", LAUNCH, on_windows)
    both = {"mcpServers": {"other": OTHER, "ogc-processes": LAUNCH.entry()}}
    assert (read(path), read(usual)) == (both, both)
    assert str(path) in message
    assert str(usual) in message


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights on Windows")
def test_a_file_that_windows_keeps_for_this_python_alone_is_no_success(
    on_windows: Folders, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, apart = packaged(on_windows), tmp_path / "python's own.json"
    move = Path.replace

    def redirected(written: Path, target: Path) -> Path:
        """As for a Python that is a packaged app itself: what is made anew is found elsewhere."""
        target.symlink_to(apart)
        return move(written, apart)

    monkeypatch.setattr(Path, "replace", redirected)
    with pytest.raises(BridgeError, match="Windows keeps what this Python writes apart") as caught:
        install("claude-desktop", LAUNCH, on_windows)
    assert str(path) in str(caught.value)
    assert str(apart) in str(caught.value)


def test_where_one_of_two_files_cannot_be_merged_none_is_changed(on_windows: Folders) -> None:
    path, usual = packaged(on_windows), DESKTOP.path(on_windows)
    for file, text in ((path, "{}"), (usual, "no JSON")):
        file.parent.mkdir(parents=True)
        file.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigurationError, match="nothing was changed"):
        install("claude-desktop", LAUNCH, on_windows)
    assert path.read_text(encoding="utf-8") == "{}"


def test_without_a_packaged_app_the_usual_file_is_written_on_windows(on_windows: Folders) -> None:
    packaged(on_windows, "Other_pzs8sxrjxfjjc")
    install("claude-desktop", LAUNCH, on_windows)
    assert "ogc-processes" in read(DESKTOP.path(on_windows))["mcpServers"]


def test_on_a_mac_clients_read_no_folder_of_xdg(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "xdg"))
    folders = Folders.of_this_user()
    assert (folders.home, folders.config) == (tmp_path, tmp_path / "Library" / "Application Support")


def test_this_python_is_started_by_its_absolute_path() -> None:
    launch = Launch.of_this_python(("--no-embedded",))
    assert Path(launch.command).is_absolute()
    assert launch.arguments == ("-P", "-m", "mcp_server", "--no-embedded")


@pytest.mark.parametrize("form", CONFIG_FILES, ids=lambda form: form.client)
def test_a_missing_file_is_created(folders: Folders, form: ConfigFile) -> None:
    message = install(form.client, LAUNCH, folders)
    written = read(form.path(folders))[form.key]["ogc-processes"]
    assert written["command"] == "/opt/python"
    assert written["args"] == ["-P", "-m", "mcp_server"]
    assert str(form.path(folders)) in message
    assert written.get("type") == ("stdio" if form is VSCODE else None)


def test_other_servers_and_settings_stay_and_the_old_file_is_kept(folders: Folders) -> None:
    path = DESKTOP.path(folders)
    path.parent.mkdir(parents=True)
    old = {"theme": "dark", "mcpServers": {"other": OTHER, "ogc-processes": {"command": "old"}}}
    path.write_text(json.dumps(old), encoding="utf-8")
    message = install("claude-desktop", LAUNCH, folders)
    assert read(path) == {"theme": "dark", "mcpServers": {"other": OTHER, "ogc-processes": LAUNCH.entry()}}
    assert read(path.with_name("claude_desktop_config.json.bak")) == old
    assert "claude_desktop_config.json.bak" in message
    assert sorted(p.name for p in path.parent.iterdir()) == [path.name, f"{path.name}.bak"]


def test_a_second_time_changes_nothing(folders: Folders) -> None:
    install("cursor", LAUNCH, folders)
    before = CURSOR.path(folders).stat()
    assert "has ogc-processes already" in install("cursor", LAUNCH, folders)
    after = CURSOR.path(folders).stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)


@pytest.mark.parametrize("text", ["", "  \n", "\ufeff{}"])
def test_an_empty_file_and_one_with_a_byte_order_mark_are_fine(folders: Folders, text: str) -> None:
    path = CURSOR.path(folders)
    path.parent.mkdir(parents=True)
    path.write_text(text, encoding="utf-8")
    install("cursor", LAUNCH, folders)
    assert read(path) == {"mcpServers": {"ogc-processes": LAUNCH.entry()}}


@pytest.mark.parametrize("content", [b'{"mcpServers": {', b"[]", b'{"mcpServers": []}', b"// hello\n{}", b"\xff\xfe{"])
def test_a_file_that_cannot_be_merged_is_refused_and_left_alone(folders: Folders, content: bytes) -> None:
    path = CURSOR.path(folders)
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    with pytest.raises(ConfigurationError, match="nothing was changed") as caught:
        install("cursor", LAUNCH, folders)
    assert str(path) in str(caught.value)
    assert path.read_bytes() == content
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights on Windows")
def test_a_linked_file_stays_a_link_and_keeps_its_mode(folders: Folders, tmp_path: Path) -> None:
    real = tmp_path / "dotfiles.json"
    real.write_text("{}", encoding="utf-8")
    real.chmod(0o600)
    path = CURSOR.path(folders)
    path.parent.mkdir(parents=True)
    path.symlink_to(real)
    install("cursor", LAUNCH, folders)
    assert path.is_symlink()
    assert "ogc-processes" in read(real)["mcpServers"]
    assert stat.S_IMODE(real.stat().st_mode) == 0o600


@pytest.mark.parametrize("client", CLIENTS)
def test_print_writes_nothing(client: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["install", client, "--print", "--home", str(tmp_path)]) == 0
    out = capsys.readouterr().out
    assert sys.executable in out
    assert str(tmp_path) in out


def test_a_file_of_settings_is_named_and_its_secrets_stay_in_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "own.toml"
    file.write_text("[servers.city]\nurl = 'https://a.example'\nbearer = 'hidden'", encoding="utf-8")
    monkeypatch.setenv("OGC_PROCESSES_SERVER_CITY_API_KEY", "hidden")
    assert main(["install", "cursor", "--print", "--settings", str(file), "--home", str(tmp_path)]) == 0
    out = capsys.readouterr().out
    assert json.loads(out)["mcpServers"]["ogc-processes"]["args"][-2:] == ["--settings", str(file)]
    assert "hidden" not in out


def test_a_password_on_the_command_line_is_not_written_down(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    server = "city=https://user:hidden@a.example"
    assert main(["install", "cursor", "--print", "--server", server, "--home", str(tmp_path)]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("ogc-processes-mcp: --server city: a password is not written down; put it in a --settings")
    assert "hidden" not in err


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no variable for it")
def test_the_folders_are_those_of_the_user_who_runs_the_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "me"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    assert Folders.of_this_user() == Folders(tmp_path / "me", tmp_path / "config")


def test_claude_code_is_configured_by_its_own_command() -> None:
    assert block("claude-code", LAUNCH) == ("claude mcp add --scope user ogc-processes -- /opt/python -P -m mcp_server")


@pytest.mark.skipif(sys.platform == "win32", reason="the stand-in for the program is a Unix script")
def test_claude_code_is_asked_to_replace_the_server_and_its_user_hears_nothing_of_what_was_not_there(
    folders: Folders, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    program = tmp_path / "claude"
    said = f'#!/bin/sh\necho "$@" >> {tmp_path / "calls"}\necho "no such server" | tee /dev/stderr\n[ "$2" = add ]\n'
    program.write_text(said, encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    assert "Claude Code" in install("claude-code", LAUNCH, folders)
    assert (tmp_path / "calls").read_text(encoding="utf-8").splitlines() == [
        "mcp remove --scope user ogc-processes",
        "mcp add --scope user ogc-processes -- /opt/python -P -m mcp_server",
    ]
    assert capfd.readouterr() == ("", "")


@pytest.mark.skipif(sys.platform == "win32", reason="the stand-in for the program is a Unix script")
def test_what_claude_code_refuses_is_told(folders: Folders, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "claude"
    program.write_text("#!/bin/sh\necho 'no such scope ü' >&2\nexit 3\n", encoding="cp1252")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    with pytest.raises(BridgeError, match="no such scope"):
        install("claude-code", LAUNCH, folders)
    program.write_text("#!/bin/sh\necho 'told elsewhere'\nexit 3\n", encoding="utf-8")
    with pytest.raises(BridgeError, match="told elsewhere"):
        install("claude-code", LAUNCH, folders)


def test_without_claude_code_the_command_to_run_is_told(
    folders: Folders, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ConfigurationError, match="run: claude mcp add --scope user"):
        install("claude-code", LAUNCH, folders)


@pytest.mark.anyio
async def test_the_printed_block_runs_from_an_empty_environment_and_a_hostile_folder(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["install", "claude-desktop", "--print", "--home", str(tmp_path / "home")]) == 0
    entry = json.loads(capsys.readouterr().out)["mcpServers"]["ogc-processes"]
    project = tmp_path / "project"
    for package in ("backend", "mcp_server"):
        (project / package).mkdir(parents=True)
        (project / package / "__init__.py").write_text("raise SystemExit('the wrong package')", encoding="utf-8")
    # The client library adds a few variables of its own; `env -i` takes them away again. No worker is to run a job.
    command = entry["command"] if sys.platform == "win32" else "/usr/bin/env"
    cleared = ["-i", "OGC_PROCESSES_WARM=false", entry["command"]]
    arguments = entry["args"] if sys.platform == "win32" else [*cleared, *entry["args"]]
    server = StdioServerParameters(command=command, args=arguments, cwd=project)
    with anyio.fail_after(150):
        # Who asks before the backend has loaded is told the tools of the bridge itself.
        async with Client(server, cache=None) as client:
            while "geometry_buffer" not in [tool.name for tool in (await client.list_tools()).tools]:
                await anyio.sleep(0.1)
