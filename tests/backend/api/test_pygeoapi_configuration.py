"""The configuration files: the packaged one, and a user's own on top."""

import importlib
import pkgutil
from dataclasses import replace
from pathlib import Path

import pytest

from backend import processes as processes_package
from backend.api.configuration import Configuration, ConfigurationError, ProcessEntry, load_configuration
from backend.api.offerings import load_offerings


def write(folder: Path, text: str) -> Path:
    file = folder / "own.yml"
    file.write_text(text, "utf-8")
    return file


def _own_processes() -> set[str]:
    """Dotted names of the typed functions in the package, each in a module of its name."""
    names = [module.name for module in pkgutil.iter_modules(processes_package.__path__)]
    modules = {name: importlib.import_module(f"{processes_package.__name__}.{name}") for name in names}
    typed = {name for name, module in modules.items() if isinstance(getattr(module, name, None), type)}
    return {f"{processes_package.__name__}.{name}.{name}" for name in typed}


def test_the_packaged_configuration_offers_our_processes_and_pygeoapis_examples() -> None:
    processes = {entry.id: entry.processor["name"] for entry in load_configuration(None).processes}
    own = {name.replace("-", "_"): processor for name, processor in processes.items() if processor in _own_processes()}
    assert own == {processor.rpartition(".")[2]: processor for processor in _own_processes()}, "each, by its own name"
    assert processes.keys() - {name.replace("_", "-") for name in own} == {"hello-world", "shapely-functions"}
    assert processes["hello-world"] == "HelloWorld"


def test_a_users_file_overrides_and_adds(tmp_path: Path) -> None:
    own = write(
        tmp_path,
        """
metadata: {identification: {title: My maps, description: null}}
resources:
  hello-world: {type: process, processor: {name: mine.Hello, greeting: Hi}}
  mine: {type: process, processor: {name: mine.process}}
  lakes: {type: collection, providers: []}
""",
    )
    configuration = load_configuration(own)
    processes = {entry.id: entry for entry in configuration.processes}
    assert processes["hello-world"].processor == {"name": "mine.Hello", "greeting": "Hi"}
    assert processes["mine"].source == str(own)
    assert "lakes" not in processes
    assert "geometry-buffer" in processes
    assert configuration.title == "My maps"
    assert configuration.description == load_configuration(None).description


def test_of_a_title_in_several_languages_the_english_one_is_told(tmp_path: Path) -> None:
    own = write(
        tmp_path,
        """
metadata:
  identification:
    title: {fr: Nos cartes, en: Our maps}
    description: {fr: Celles de la ville}
""",
    )
    configuration = load_configuration(own)
    assert (configuration.title, configuration.description) == ("Our maps", "Celles de la ville")


def test_an_empty_file_changes_nothing(tmp_path: Path) -> None:
    assert load_configuration(write(tmp_path, "")) == load_configuration(None)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("resources: [", "is not valid YAML"),
        ("- a list", "must hold `resources:`"),
        ("resources: 3", "`resources` must be a mapping"),
        ("resources: {x: null}", "resource `x`"),
        ("resources: {x: {processor: {name: y}}}", "resource `x`"),
        ("resources: {x: {type: process}}", "process `x`"),
        ("resources: {x: {type: process, processor: y}}", "process `x`"),
        ("resources: {x: {type: process, processor: {name: 3}}}", "process `x`"),
        ("metadata: text", "`metadata` must be a mapping"),
        ("metadata: {identification: text}", "`metadata.identification` must be a mapping"),
        ("metadata: {identification: {title: [a]}}", "`metadata.identification.title` must be a text"),
        ("resorces: {}", "`resorces` is no section of a configuration. Did you mean `resources`?"),
        ("metadata: {}\nresources: {}\nmetadata: {}", "`metadata` stands twice"),
        ("resources:\n  x: {type: collection}\n  y: {}\n  'x': {type: process}", "`x` stands twice, line 4, column 3."),
        ("resources:\n  x:\n    - {type: process, type: collection}", "`type` stands twice"),
        ("resources: &all {x: {type: process, concurrency: 1, concurrency: 2}}\nserver: *all", "`concurrency` stands"),
        ("elephants: {}", "`elephants` is no section of a configuration. It may have `server`, `logging`"),
    ],
)
def test_a_malformed_file_gives_one_line_that_names_file_and_entry(tmp_path: Path, text: str, told: str) -> None:
    file = write(tmp_path, text)
    with pytest.raises(ConfigurationError) as caught:
        load_configuration(file)
    assert str(caught.value).startswith(str(file))
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_member_of_a_merged_mapping_may_be_given_anew(tmp_path: Path) -> None:
    text = """
metadata:
  kept: &base {type: collection, limit: 1}
resources:
  one: {nested: {deeper: &more {<<: *base, limit: 2}}, <<: *base}
  two: {<<: *more, limit: 3}
  three: {<<: [*base, *more], type: process, processor: {name: mine.process}}
"""
    entries = {entry.id: entry for entry in load_configuration(write(tmp_path, text)).processes}
    assert entries["three"].processor == {"name": "mine.process"}


def test_a_missing_or_unreadable_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read"):
        load_configuration(tmp_path / "missing.yml")
    (tmp_path / "own.yml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigurationError, match="not UTF-8"):
        load_configuration(tmp_path / "own.yml")


def test_a_packaged_process_that_cannot_be_loaded_is_no_small_matter() -> None:
    broken = ProcessEntry("broken", {"name": "backend.processes.none.none"}, "backend/pygeoapi.yml", packaged=True)
    with pytest.raises(ConfigurationError, match="process `broken` cannot be offered"):
        load_offerings(Configuration({}, (broken,)), "http://localhost:5001")
    assert load_offerings(Configuration({}, (replace(broken, packaged=False),)), "http://localhost:5001").all == ()
