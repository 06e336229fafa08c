"""The page of the command line names every command."""

import re
from pathlib import Path

from mcp_server.cli.commands import app

ROOT = Path(__file__).resolve().parents[2]


def test_every_command_has_a_row_and_no_other_does() -> None:
    page = (ROOT / "docs" / "command-line.md").read_text(encoding="utf-8")
    table = page.split("## Server options")[0]
    rows = re.findall(r"^\| `(\w+)[ `]", table, re.MULTILINE)
    known = [command.name or getattr(command.callback, "__name__", "") for command in app.registered_commands]
    known += [group.name for group in app.registered_groups if group.name]
    assert sorted(rows) == sorted(known)


def test_the_readme_is_short_and_names_every_page() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert len(readme.splitlines()) <= 70
    missing = [page.name for page in (ROOT / "docs").glob("*.md") if f"](docs/{page.name})" not in readme]
    assert not missing
