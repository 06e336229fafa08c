"""`--results`: the folder in which results are saved, from the command line to the settings; where it is refused."""

from pathlib import Path

import pytest

from mcp_server.cli.options import Options, split_options
from mcp_server.errors import ConfigurationError
from mcp_server.settings import Settings
from mcp_server.transport.http import create_http_app


def test_the_option_survives_the_way_through_arguments(tmp_path: Path) -> None:
    options, rest = split_options(["--results", str(tmp_path), "tools"])
    assert (options, rest) == (Options(results=tmp_path), ("tools",))
    assert split_options(options.arguments()) == (options, ())
    assert options.settings().results == tmp_path.resolve()


def test_nothing_is_saved_by_default(tmp_path: Path) -> None:
    assert Settings(home=tmp_path).results is None


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for folder in (tmp_path / "none", tmp_path / "file"):
        with pytest.raises(ConfigurationError, match=r"results \(OGC_PROCESSES_RESULTS\): there is no folder"):
            Options(results=folder).settings()


def test_the_folder_is_the_one_a_link_leads_to_at_the_start(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    assert Settings(home=tmp_path, results=tmp_path / "link").results == (tmp_path / "real").resolve()


def test_a_path_in_a_file_of_settings_is_below_its_folder(tmp_path: Path) -> None:
    (tmp_path / "made").mkdir()
    file = tmp_path / "settings.toml"
    file.write_text('results = "made"\n', encoding="utf-8")
    assert Settings(settings=file).results == (tmp_path / "made").resolve()


@pytest.mark.parametrize(
    ("host", "allowed"),
    [("0.0.0.0", ()), ("192.0.2.1", ()), ("::", ()), ("127.0.0.1", ("maps.example",))],  # noqa: S104
)
def test_a_server_for_others_saves_no_files(tmp_path: Path, host: str, allowed: tuple[str, ...]) -> None:
    settings = Settings(home=tmp_path, results=tmp_path, allowed_hosts=allowed, embedded=False)
    with pytest.raises(ConfigurationError, match="files are saved for who sits at this machine"):
        create_http_app(settings, host=host)


def test_a_server_on_loopback_saves_files(tmp_path: Path) -> None:
    assert create_http_app(Settings(home=tmp_path, results=tmp_path, embedded=False), host="127.0.0.1")
