"""Draw docs/demo.svg from a real run of the demo: `uv run python docs/picture.py`."""

import os
import re
import subprocess
import sys
from io import StringIO
from pathlib import Path

from rich.console import Console
from rich.text import Text

COMMAND = "ogc-processes-mcp demo"


def main() -> None:
    """Run the demo as if on a terminal, and draw what it printed."""
    run = subprocess.run(
        [sys.executable, "-m", "mcp_server", "demo"],
        env=os.environ | {"FORCE_COLOR": "1", "COLUMNS": "90"},
        capture_output=True,
        check=True,
    )
    console = Console(record=True, width=92, file=StringIO())
    console.print(Text(f"$ {COMMAND}", style="bold"))
    console.print(Text.from_ansi(_as_left_on_the_screen(run.stdout.decode())))
    svg = console.export_svg(title=COMMAND)
    # The picture must not ask another host for its font.
    svg = re.sub(r"@font-face\s*\{.*?\}", "", svg, flags=re.DOTALL)
    target = Path(__file__).with_name("demo.svg")
    target.write_text("\n".join(line.rstrip() for line in svg.splitlines()) + "\n", encoding="utf-8")


def _as_left_on_the_screen(output: str) -> str:
    """What remains after a terminal has moved up over the earlier states of a progress bar."""
    lines: list[str] = []
    for row in output.split("\n"):
        line = row.rstrip("\r").rpartition("\r")[2]
        for _ in range(line.count("\x1b[1A")):
            lines.pop()
        lines.append(re.sub(r"\x1b\[(1A|2K|\?25[lh])", "", line))
    return "\n".join(lines)


if __name__ == "__main__":
    main()
