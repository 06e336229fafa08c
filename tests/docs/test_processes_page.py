"""The page of processes is made from their descriptions."""

from pathlib import Path

from backend.api.descriptions import describe
from backend.processes.base import TOOLSET
from backend.processes.running import load_processor
from tests.packaged import DEMONSTRATIONS, OFFERED, PROCESSORS

PAGE = Path(__file__).resolve().parents[2] / "docs" / "processes.md"
CORE = "core"


def tables() -> dict[str, str]:
    """For each group of processes a table: id, title, what it does, and whether it is in the core set."""
    groups: dict[str, list[str]] = {}
    for name in sorted(OFFERED):
        metadata = describe(name, load_processor({"name": PROCESSORS[name]}).metadata, "")
        sets = [one["role"].removeprefix(TOOLSET) for one in metadata.get("metadata", ())]
        group = next((one for one in sets if one != CORE), "example")
        mark = "core" if CORE in sets else ""
        text = metadata["description"].partition(". ")[0].rstrip(".")
        groups.setdefault(group, []).append(f"| `{name}` | {metadata['title']} | {text} | {mark} |")
    head = "| process | title | what it does | |\n|---|---|---|---|\n"
    return {group: head + "\n".join(rows) for group, rows in sorted(groups.items())}


def test_the_page_has_every_process_with_its_group() -> None:
    page = PAGE.read_text(encoding="utf-8")
    for group, table in tables().items():
        assert f"## {group}\n\n{table}\n" in page, f"docs/processes.md should hold:\n## {group}\n\n{table}"


def test_there_are_few_processes_and_a_smaller_core() -> None:
    descriptions = {name: load_processor({"name": PROCESSORS[name]}).metadata for name in OFFERED}
    core = [
        name
        for name, metadata in descriptions.items()
        if any(one["role"] == TOOLSET + CORE for one in metadata.get("metadata", ()))
    ]
    assert len(OFFERED) <= 45
    assert len(core) <= 26
    assert not DEMONSTRATIONS & set(core)
