"""What commands print: tools, answers and journey reports as text. Nothing here asks or decides."""

import json
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:  # commands about jobs need neither, and both take their time
    from mcp.types import Tool

    from mcp_server.journeys import JourneyReport, StepReport


def tools_as_json(tools: "Iterable[Tool]") -> str:
    """The tools as a client sees them, as a JSON array."""
    return as_json([tool.model_dump(mode="json", by_alias=True, exclude_none=True) for tool in tools])


def print_tools(console: Console, tools: "Iterable[Tool]") -> None:
    """A table of name, title and inputs; optional inputs stand in brackets."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("tool", style="cyan", no_wrap=True)
    table.add_column("title")
    table.add_column("inputs")
    for tool in tools:
        table.add_row(tool.name, Text(tool.title or ""), Text(input_names(tool)))
    console.print(table)


def input_names(tool: "Tool") -> str:
    """The tool's inputs in order, optional ones in brackets."""
    required = tool.input_schema.get("required", [])
    return ", ".join(n if n in required else f"[{n}]" for n in tool.input_schema.get("properties", {}))


def as_json(value: Any) -> str:
    """Indented JSON, as typed by its author: no escapes for other scripts."""
    return json.dumps(value, ensure_ascii=False, indent=2)


def print_report(console: Console, name: str, report: "JourneyReport") -> None:
    """A journey's request, one line per step, and a line for each expectation that failed."""
    console.print(Text(f"{name}: {report.request}", style="bold"), soft_wrap=True)
    for step in report.steps:
        console.print(_step_line(step), soft_wrap=True)
        for failure in step.failures:
            console.print(Text(f"      {failure}", style="red"), soft_wrap=True)
    console.print(Text(_count(report.steps)))


def _step_line(step: "StepReport") -> Text:
    mark, style = ("✓", "green") if step.passed else ("✗", "red")
    return Text.assemble("  ", (mark, style), f" {step.id}  {step.tool}  {step.seconds:.2f} s")


def _count(steps: "Sequence[StepReport]") -> str:
    passed = sum(step.passed for step in steps)
    return f"  {passed} of {len(steps)} steps passed"
