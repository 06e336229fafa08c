"""What the README and the other pages promise."""

import re
from pathlib import Path

import pytest

from tests.packaged import PROCESSORS

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")])


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_to_a_page_leads_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
    missing = [target for target in targets if "://" not in target and not (page.parent / target).exists()]
    assert not missing


@pytest.mark.parametrize(
    "command", ["pip install uv && uv run ogc-processes-mcp demo", "pip install uv && uv run pytest"]
)
def test_the_two_commands_of_the_readme_stand_in_it(command: str) -> None:
    assert command in (ROOT / "README.md").read_text(encoding="utf-8")


def test_every_process_that_the_readme_names_is_there() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    (named,) = re.findall(r"^\*\*Processes:\*\* (.*)$", readme, re.MULTILINE)
    assert set(re.findall(r"`([a-z][a-z-]+)`", named)) <= PROCESSORS.keys()
