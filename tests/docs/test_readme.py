"""What the README and the other pages promise."""

import re
from pathlib import Path

import pytest

from mcp_server.session import open_session
from mcp_server.settings import Settings

pytestmark = pytest.mark.anyio

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")])


async def test_the_table_of_processes_is_what_a_client_is_offered(home: Path) -> None:
    async with open_session(Settings(home=home)) as client:
        tools = (await client.list_tools()).tools
    rows = [
        f"| `{tool.name.replace('_', '-')}` | `{tool.name}` | {tool.title} |"
        for tool in tools
        if tool.name not in ("get_job", "list_jobs", "dismiss_job", "read_result")
    ]
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert [line for line in readme.splitlines() if line.startswith("| `")] == rows


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
