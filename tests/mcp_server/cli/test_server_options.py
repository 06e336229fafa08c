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
        tmp_path,
        tmp_path / "settings.toml",
        ("a=http://a",),
        embedded=False,
        demo_tools=True,
        config=tmp_path / "c",
        processes=(tmp_path / "p",),
    )
    assert split_options(options.arguments()) == (options, ())


@pytest.mark.parametrize("option", ["--home", "--data"])
def test_the_home_of_a_user_that_there_is_not_is_refused(option: str) -> None:
    with pytest.raises(ConfigurationError, match=r"^~no-such-user-as-this/maps: the folder that ~ stands for"):
        split_options([option, "~no-such-user-as-this/maps"])


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
    assert _urls(Options()) == {"a": "http://a"}
    assert _urls(Options(servers=("b=http://b/",))) == {"b": "http://b"}


def test_a_file_of_settings_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("own.toml").write_text("[servers]\na = 'http://a'\nb = 'http://b'", encoding="utf-8")
    options, rest = split_options(["tools", "--settings", "own.toml"])
    assert (options.file, rest) == (tmp_path / "own.toml", ("tools",))
    assert _urls(options) == {"a": "http://a", "b": "http://b"}
    with pytest.raises(ConfigurationError, match=r"other\.toml: there is no such file"):
        split_options(["--settings=other.toml"])[0].settings()


def test_a_password_is_not_written_into_the_configuration_of_a_client() -> None:
    options = Options(servers=("a=http://a", "b=https://user:hidden@b.example/@/"))
    with pytest.raises(ConfigurationError, match=r"--server b: .* --settings file") as caught:
        options.arguments()
    assert "hidden" not in str(caught.value)
    assert Options(servers=("a=https://a.example/@user",)).arguments() == ("--server", "a=https://a.example/@user")


def _urls(options: Options) -> dict[str, str]:
    return {name: server.url for name, server in options.settings().servers.items()}
