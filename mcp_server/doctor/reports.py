"""What was found, as text for people and as JSON. Pure, but for the console that is printed to."""

import json
from collections.abc import Iterator, Sequence
from textwrap import fill
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from mcp_server.doctor.records import Examination, ProcessFinding, ServerFinding
from mcp_server.ogc.dialects import DIALECTS
from mcp_server.texts import visible

_MOST_LINES = 60
"""Of findings in the overview; `--json` and `--process` tell all."""
_ROWS = 200
_CLASS = "/conf/"
_ANSWERS = {True: "yes", False: "no", None: "?"}


def as_json(examination: Examination) -> str:
    """The whole examination as a JSON document; docs/doctor.md describes it."""
    server = examination.server
    document = {
        "server": {
            "name": server.name,
            "url": server.url,
            "title": server.title,
            "dialect": server.dialect,
            "conformance": list(server.conformance),
            "features": dict(server.features),
        },
        "usable": examination.usable,
        "counts": counts(examination),
        "processes": [_process_as_json(one) for one in examination.processes],
        "failures": [{"id": one.id, "reason": one.reason} for one in examination.failures],
        "seconds": round(examination.seconds, 3),
    }
    # A lone surrogate is possible in JSON's escapes, and in no encoding.
    return json.dumps(document, ensure_ascii=False, indent=2).encode("utf-8", "replace").decode()


def counts(examination: Examination) -> dict[str, int]:
    """The examination in numbers."""
    made = examination.processes
    inputs = [one for process in made for one in process.inputs]
    return {
        "processes": len(made) + len(examination.failures),
        "tools": sum(not process.faults for process in made),
        "failures": len(examination.failures),
        "excluded": examination.excluded,
        "faulty": sum(bool(process.faults) for process in made),
        "repaired": sum(bool(process.repairs) for process in made),
        "repairs": sum(len(process.repairs) for process in made),
        "inputs": len(inputs),
        "any_value": sum(one.any_value for one in inputs),
        "examples": sum(process.example != "none" for process in made),
        "examples_refused": sum(process.example == "refused" for process in made),
        "demonstrations": sum(process.demonstration for process in made),
        "bytes": sum(process.size for process in made),
    }


def print_overview(console: Console, examination: Examination, *, max_tools: int) -> None:
    """The server, a row for each process, what is amiss, and what it comes to.

    max_tools: more processes than these are found by search rather than listed as tools.
    """
    _print_server(console, examination.server)
    if examination.processes:
        console.print(_table(examination.processes[:_ROWS]))
    if len(examination.processes) > _ROWS:
        console.print(f"and {len(examination.processes) - _ROWS} more (--json tells all)")
    lines = [*_findings(examination)]
    if lines:
        console.print()
    for line in lines[:_MOST_LINES]:
        _print_line(console, line)
    if len(lines) > _MOST_LINES:
        _print_line(console, f"and {len(lines) - _MOST_LINES} more findings (--json, or --process ID, tells all)")
    console.print()
    _print_line(console, summary(examination, max_tools=max_tools))


def print_process(console: Console, examination: Examination) -> None:
    """One process in whole: its tool, its inputs and outputs, and all that was repaired."""
    for failure in examination.failures:
        _print_line(console, f"{visible(failure.id)}: {visible(failure.reason)}")
    for process in examination.processes:
        _print_line(console, f"{visible(process.id)} → tool {process.tool}, {process.size} bytes, {_modes(process)}")
        _print_line(console, process.title)
        console.print()
        if process.inputs:
            console.print(_inputs(process))
        outputs = ", ".join(f"{one.id} ({one.media_type})" if one.media_type else one.id for one in process.outputs)
        _print_line(console, f"outputs: {visible(outputs) or 'none'}")
        _print_line(console, f"the author's example: {process.example}")
        for line in (*_complaints(process), *(f"{one.path} {one.message}" for one in process.repairs)):
            _print_line(console, visible(line))


def summary(examination: Examination, *, max_tools: int) -> str:
    """What it comes to, in one or two sentences."""
    number = counts(examination)
    words = [f"{number['tools']} of {number['processes']} processes become tools"]
    words += [f"{number['excluded']} left out by patterns"] if number["excluded"] else []
    words += [f"{number['demonstrations']} of them demonstrations"] if number["demonstrations"] else []
    words += [f"{number['repaired']} with fixes"] if number["repaired"] else []
    if number["any_value"]:
        words.append(f"{number['any_value']} of {number['inputs']} inputs take any value")
    if number["examples"]:
        taken = number["examples"] - number["examples_refused"]
        words.append(f"{taken} of {number['examples']} authors' examples accepted")
    told = f"{'; '.join(words)} ({examination.seconds:.1f} s)."
    if number["tools"] > max_tools:
        told += f" More than {max_tools} (max_tools): find_processes finds them, and none is listed unless pinned."
    return told


def _print_server(console: Console, server: ServerFinding) -> None:
    _print_line(console, f"{server.title} at {server.url}" if server.title else server.url)
    _print_line(console, f"dialect: {DIALECTS[server.dialect].title}")
    standard = [uri.partition(_CLASS)[2] for uri in server.conformance if "ogcapi-processes" in uri and _CLASS in uri]
    others = len(server.conformance) - len(standard)
    more = f" and {others} of other standards" if others else ""
    _print_line(console, f"conformance: {', '.join(dict.fromkeys(standard)) or 'none declared'}{more}")
    told = (f"{feature.replace('_', ' ')} {_ANSWERS[found]}" for feature, found in server.features.items())
    _print_line(console, f"features: {', '.join(told)}")
    console.print()


def _table(processes: Sequence[ProcessFinding]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold")
    table.add_column("tool", overflow="fold", min_width=20)
    for heading in ("bytes", "inputs", "fixes"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("runs", no_wrap=True)
    table.add_column("example", no_wrap=True)
    for one in processes:
        required = sum(spec.required for spec in one.inputs)
        inputs = f"{len(one.inputs)} ({required})" if required else str(len(one.inputs))
        fixes = str(len(one.repairs) or "")
        example = "" if one.example == "none" else one.example
        table.add_row(one.tool, str(one.size), inputs, fixes, _modes(one), example)
    return table


def _inputs(process: ProcessFinding) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold")
    table.add_column("input", overflow="fold")
    table.add_column("type", overflow="fold")
    table.add_column("required", no_wrap=True)
    table.add_column("by reference", no_wrap=True)
    for one in process.inputs:
        name = one.argument if one.argument == one.id else f"{one.argument} (for {visible(one.id)})"
        table.add_row(Text(name), Text(one.type), _mark(one.required), _mark(one.by_reference))
    return table


def _findings(examination: Examination) -> Iterator[str]:
    """The gravest first: what is no tool, what clients would not take, what is loose, what was mended."""
    for failure in examination.failures:
        yield visible(f"no tool: {failure.id}: {failure.reason}")
    for process in examination.processes:
        yield from (visible(f"{process.tool}: {line}") for line in _complaints(process))
    for process in examination.processes:
        yield from (visible(f"{process.tool}: {one.path} {one.message}") for one in process.repairs)


def _complaints(process: ProcessFinding) -> Iterator[str]:
    if process.changed is not None:
        yield f"the description is not what it was, noticed {process.changed}"
    yield from (f"the tool's schema is not portable: {fault}" for fault in process.faults)
    free = [one.argument for one in process.inputs if one.any_value]
    if free:
        yield f"any value is taken by {', '.join(free)}"
    yield from (f"the author's example is refused: {problem}" for problem in process.example_problems)
    if process.demonstration:
        yield "a demonstration: --demo-tools makes a tool of it"


def _modes(process: ProcessFinding) -> str:
    return "/".join(mode.removesuffix("-execute") for mode in sorted(process.modes, reverse=True))


def _mark(holds: bool) -> str:
    return "yes" if holds else ""


def _print_line(console: Console, text: str) -> None:
    # Long words, such as URLs, are better whole than broken.
    told = fill(text, max(console.width, 40), subsequent_indent="  ", break_long_words=False, break_on_hyphens=False)
    console.print(Text(told), soft_wrap=True)


def _process_as_json(process: ProcessFinding) -> dict[str, Any]:
    return {
        "id": process.id,
        "title": process.title,
        "tool": process.tool,
        "bytes": process.size,
        "modes": sorted(process.modes),
        "inputs": [
            {
                "id": one.id,
                "argument": one.argument,
                "type": one.type,
                "required": one.required,
                "by_reference": one.by_reference,
                "any_value": one.any_value,
            }
            for one in process.inputs
        ],
        "outputs": [{"id": one.id, "media_type": one.media_type} for one in process.outputs],
        "repairs": [{"path": one.path, "message": one.message} for one in process.repairs],
        "example": process.example,
        "example_problems": list(process.example_problems),
        "faults": list(process.faults),
        "demonstration": process.demonstration,
        "changed": process.changed,
    }
