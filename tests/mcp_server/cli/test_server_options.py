"""The server options of a command line."""

from pathlib import Path

import pytest

from mcp_server.cli.options import Options, split_options
from mcp_server.errors import ConfigurationError


def test_server_options_stand_before_or_after_a_command(tmp_path: Path) -> None:
    wanted = Options(home=tmp_path, servers=("a=http://a", "b=http://b"), embedded=False)
    options, rest = split_options(
        [
            "--home",
            str(tmp_path),
            "call",
            "--server=a=http://a",
            "tool",
            "--no-embedded",
            "x=1",
            "--server",
            "b=http://b",
        ]
    )
    assert options == wanted
    assert rest == ("call", "tool", "x=1")


def test_demonstration_tools_are_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    options, rest = split_options(["tools", "--demo-tools"])
    assert (options.settings().demo_tools, rest) == (True, ("tools",))
    assert Options().settings().demo_tools is False
    monkeypatch.setenv("OGC_PROCESSES_DEMO_TOOLS", "true")
    assert Options().settings().demo_tools is True


def test_nothing_behind_two_dashes_is_an_option() -> None:
    assert split_options(["call", "tool", "--", "--home"]) == (Options(), ("call", "tool", "--", "--home"))


def test_paths_become_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    options, _ = split_options(["--home", "state", "--processes", "mine", "--config", "own.yml"])
    assert options.arguments() == (
        *("--home", str(tmp_path / "state")),
        *("--config", str(tmp_path / "own.yml")),
        *("--processes", str(tmp_path / "mine")),
    )


def test_options_survive_the_way_through_arguments(tmp_path: Path) -> None:
    options = Options(
        tmp_path, ("a=http://a",), embedded=False, demo_tools=True, config=tmp_path / "c", processes=(tmp_path / "p",)
    )
    assert split_options(options.arguments()) == (options, ())


@pytest.mark.parametrize(
    "arguments", [["--home"], ["--home="], ["--server", "--no-embedded"], ["--home", "a", "--home", "b"]]
)
def test_an_option_without_one_value_is_refused(arguments: list[str]) -> None:
    with pytest.raises(ConfigurationError, match=r"^--(home|server) (needs a value|is given twice)$"):
        split_options(arguments)


def test_the_command_line_goes_before_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OGC_PROCESSES_HOME", str(tmp_path / "environment"))
    monkeypatch.setenv("OGC_PROCESSES_SERVERS", "a=http://a")
    assert Options(home=tmp_path / "given").settings().home == tmp_path / "given"
    assert Options().settings().home == tmp_path / "environment"
    assert Options().settings().servers == {"a": "http://a"}
    assert Options(servers=("b=http://b/",)).settings().servers == {"b": "http://b"}
