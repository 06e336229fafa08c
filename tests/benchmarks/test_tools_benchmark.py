"""What a model pays for a tool, and that a tool has all that its description says."""

import re
from pathlib import Path

import anyio

from benchmarks.size import tools


def test_no_tool_loses_a_name_a_required_flag_an_enumeration_or_a_range_and_most_are_small(tmp_path: Path) -> None:
    figures, table = anyio.run(tools, tmp_path)
    assert all(figure.met for figure in figures)
    rows = re.findall(r"^\| `(\w+)` \| (\d+) \| \d+ \| (.*) \|$", table, re.MULTILINE)
    assert len(rows) > 40
    assert {name: lost for name, _, lost in rows if lost != "0 | 0 | 0 | 0"} == {}
