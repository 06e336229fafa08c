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
        text=True,
        check=True,
    )
    console = Console(record=True, width=92, file=StringIO())
    console.print(Text(f"$ {COMMAND}", style="bold"))
    console.print(Text.from_ansi(run.stdout))
    svg = console.export_svg(title=COMMAND)
    # The picture must not ask another host for its font.
    svg = re.sub(r"@font-face\s*\{.*?\}", "", svg, flags=re.DOTALL)
    target = Path(__file__).with_name("demo.svg")
    target.write_text("\n".join(line.rstrip() for line in svg.splitlines()) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
