"""Journeys: their form, their references and expectations, and the shipped ones on the embedded backend."""

import re
from pathlib import Path
from typing import Any

import pytest

from mcp_server.errors import ConfigurationError
from mcp_server.journeys import Journey, load, run
from mcp_server.journeys.paths import references, resolve, split_path
from mcp_server.journeys.running import unmet
from mcp_server.journeys.script import Expectation
from mcp_server.session import open_session
from mcp_server.settings import Settings

JOURNEYS = sorted(Path(__file__).parent.parent.joinpath("journeys").glob("*.yaml"))
ANSWER = {
    "status": "successful",
    "flags": [True],
    "outputs": {"area": {"value": 784.5, "flag": True, "name": None, "tags": ["a", "b"], "odd.name": {"x": 1}}},
}


def journey_file(folder: Path, text: str) -> Path:
    file = folder / "journey.yaml"
    file.write_text(text, encoding="utf-8")
    return file


@pytest.mark.parametrize(
    ("path", "segments"),
    [
        ("status", ("status",)),
        ("outputs.area.value", ("outputs", "area", "value")),
        ("outputs.area.tags[1]", ("outputs", "area", "tags", 1)),
        ("outputs.area['odd.name'].x", ("outputs", "area", "odd.name", "x")),
        ("outputs.name:en", ("outputs", "name:en")),
    ],
)
def test_a_path_is_names_and_indices(path: str, segments: tuple[str | int, ...]) -> None:
    assert split_path(path) == segments


@pytest.mark.parametrize("path", ["", ".a", "a..b", "a.", "a[x]", "a[0", "a['b]", "$.a", "a[-1]"])
def test_what_is_no_path_is_refused(path: str) -> None:
    with pytest.raises(ValueError, match="is no path"):
        split_path(path)


def test_a_reference_alone_becomes_the_value_with_its_type() -> None:
    arguments = {"a": "${one.outputs.area.value}", "b": ["${one.outputs.area.tags}"], "c": 5}
    assert resolve(arguments, {"one": ANSWER}) == {"a": 784.5, "b": [["a", "b"]], "c": 5}


def test_a_reference_within_a_text_becomes_text() -> None:
    text = "POINT (${one.outputs.area.value} ${one.outputs.area.tags[0]})"
    assert resolve(text, {"one": ANSWER}) == "POINT (784.5 a)"


def test_a_reference_to_nothing_is_named() -> None:
    with pytest.raises(LookupError, match=r"\$\{one\.outputs\.nothing\}"):
        resolve("${one.outputs.nothing}", {"one": ANSWER})


def test_references_are_found_at_any_depth() -> None:
    assert references({"a": [{"b": "x ${one.a} ${two.b[0]}"}], "c": 5}) == ["one.a", "two.b[0]"]


@pytest.mark.parametrize(
    "expectation",
    [
        {"path": "status", "equals": "successful"},
        {"path": "outputs.area.name", "equals": None},
        {"path": "outputs.area.flag", "equals": True},
        {"path": "outputs.area.value", "approx": 784, "rel": 0.001},
        {"path": "outputs.area.value", "approx": 784, "abs": 0.5},
        {"path": "outputs.area.value", "min": 784.5, "max": 784.5},
        {"path": "outputs.area.tags", "contains": "b"},
        {"path": "outputs.area", "contains": "flag"},
        {"path": "status", "contains": "success"},
    ],
)
def test_an_expectation_is_met(expectation: dict[str, Any]) -> None:
    assert unmet(Expectation.model_validate(expectation), ANSWER) == []


@pytest.mark.parametrize(
    ("expectation", "failure"),
    [
        ({"path": "status", "equals": "failed"}, "status: expected equals 'failed', got successful"),
        ({"path": "outputs.area.flag", "equals": 1}, "outputs.area.flag: expected equals 1, got true"),
        ({"path": "outputs.area.name", "min": 0}, "outputs.area.name: expected min 0.0, got null"),
        (
            {"path": "outputs.area.value", "approx": 784, "abs": 0.4},
            "outputs.area.value: expected approx 784.0 (abs 0.4), got 784.5",
        ),
        ({"path": "outputs.area.value", "max": 784}, "outputs.area.value: expected max 784.0, got 784.5"),
        (
            {"path": "outputs.area.tags", "contains": "c"},
            """outputs.area.tags: expected contains 'c', got ["a", "b"]""",
        ),
        ({"path": "outputs.area.value", "contains": "7"}, "outputs.area.value: expected contains '7', got 784.5"),
        ({"path": "outputs.area.flag", "min": 0}, "outputs.area.flag: expected min 0.0, got true"),
        ({"path": "status", "contains": "fail"}, "status: expected contains 'fail', got successful"),
        (
            {"path": "outputs.area['odd.name']", "contains": ["x"]},
            """outputs.area['odd.name']: expected contains ['x'], got {"x": 1}""",
        ),
        ({"path": "flags", "contains": 1}, "flags: expected contains 1, got [true]"),
        ({"path": "outputs.area.tags[2]", "equals": None}, "outputs.area.tags[2]: there is no such value"),
    ],
)
def test_an_unmet_expectation_says_what_was_found(expectation: dict[str, Any], failure: str) -> None:
    assert unmet(Expectation.model_validate(expectation), ANSWER) == [failure]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("request: [", "line 1: not YAML, in which journeys are written: expected the node content"),
        (
            "request: x\nsteps:\n  - id: a\n    tool: t\n    expect: []\n    expect: []",
            "line 6: .*twice",
        ),
        ("steps: []", r"\$\.request: Field required"),
        ("request: x\nsteps: [{id: a, tool: t, arg: 1}]", r"\$\.steps\[0\]\.arg: Extra inputs"),
        ("request: x\nsteps: [{id: a, tool: t}, {id: a, tool: t}]", "two steps have the id 'a'"),
        ("request: x\nsteps: [{id: a, tool: t, arguments: {g: '${b.x}'}}]", "no step before it has that id"),
        (
            "request: x\nsteps: [{id: a, tool: t, arguments: {g: 2020-01-01}}]",
            r"\[0\]\.arguments\.g: .* quotes",
        ),
        ("request: x\nsteps: [{id: a, tool: t, expect: [{path: x}]}]", r"expect\[0\]: say what it must be"),
        ("request: x\nsteps: [{id: a, tool: t, expect: [{path: x, min: }]}]", r"expect\[0\]: min needs a number"),
        ("request: x\nsteps: [{id: a, tool: t, expect: [{path: x, equals: 1, approx: }]}]", "approx needs a number"),
        ("request: x\nsteps: []", r"\$: there is no step"),
        ("request: x\nsteps: [{id: a, tool: t, expect: [{path: x, approx: 1}]}]", "approx needs a tolerance"),
        ("request: x\nsteps: [{id: a, tool: t, expect: [{path: x, equals: 1, abs: 1}]}]", "tolerances of approx"),
        ("request: x\nsteps: [{id: a, tool: t, expect: [{path: 'x.', equals: 1}]}]", "is no path"),
        ("request: x\nsteps: [{id: a, tool: t, error: e, expect: [{path: x, equals: 1}]}]", "not both"),
    ],
)
def test_a_faulty_file_is_refused_with_its_name_and_the_place(tmp_path: Path, text: str, message: str) -> None:
    file = journey_file(tmp_path, text)
    with pytest.raises(ConfigurationError, match=message) as caught:
        load(file)
    assert str(file) in str(caught.value)


def test_a_fault_in_a_step_is_all_that_is_told_of_the_file(tmp_path: Path) -> None:
    file = journey_file(tmp_path, "request: x\nsteps: [{id: a, tool: t, expect: [{path: x}]}]")
    with pytest.raises(ConfigurationError) as caught:
        load(file)
    assert str(caught.value) == (
        f"{file}: $.steps[0].expect[0]: say what it must be: equals, approx, min, max or contains"
    )


def test_a_step_may_take_over_the_members_of_another_and_set_some_anew(tmp_path: Path) -> None:
    text = "request: x\nsteps:\n  - &first {id: a, tool: t}\n  - &next {<<: *first, id: b}\n  - {<<: *next, id: c}"
    assert [(step.id, step.tool) for step in load(journey_file(tmp_path, text)).steps] == [
        ("a", "t"),
        ("b", "t"),
        ("c", "t"),
    ]


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"nothing\.yaml: No such file"):
        load(tmp_path / "nothing.yaml")


def test_the_journey_in_the_documentation_is_one_of_them() -> None:
    page = Path(__file__).parent.parent.parent / "docs" / "journeys.md"
    (example,) = re.findall(r"```yaml\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
    assert example in [file.read_text(encoding="utf-8") for file in JOURNEYS]


def test_at_least_three_journeys_are_shipped() -> None:
    assert len(JOURNEYS) >= 3


@pytest.mark.anyio
async def test_the_shipped_journeys_pass(home: Path) -> None:
    async with open_session(Settings(home=home, demo_tools=True)) as client:
        reports = {file.name: await run(client, load(file)) for file in JOURNEYS}
    failures = {(name, step.id): step.failures for name, report in reports.items() for step in report.steps}
    assert failures == dict.fromkeys(failures, ())
    assert all(report.passed is True for report in reports.values())


@pytest.mark.anyio
async def test_a_failed_step_fails_those_that_need_it_and_no_others(home: Path) -> None:
    journey = Journey.model_validate(
        {
            "request": "Measure something that is no geometry.",
            "steps": [
                {"id": "bad", "tool": "geometry_measure", "arguments": {"geometry": "POINT (1"}},
                {"id": "needs", "tool": "geometry_measure", "arguments": {"geometry": "${bad.outputs.measures.uri}"}},
                {"id": "unknown", "tool": "no_such_tool", "error": "no_such_tool"},
                {"id": "other", "tool": "no_such_tool", "error": "crosses itself"},
                {"id": "fine", "tool": "geometry_measure", "arguments": {"geometry": "POINT (1 2)"}, "error": "Point"},
                {
                    "id": "good",
                    "tool": "geometry_measure",
                    "arguments": {"geometry": "POINT (1 2)"},
                    "expect": [{"path": "status", "equals": "failed"}],
                },
            ],
        }
    )
    async with open_session(Settings(home=home, demo_tools=True)) as client:
        report = await run(client, journey)
    bad, needs, unknown, other, fine, good = report.steps
    assert not report.passed
    assert bad.failures[0].startswith("the call failed: ")
    assert needs.failures == ("not run: ${bad.outputs.measures.uri}: there is no such value",)
    assert unknown.passed
    assert other.failures[0].startswith("expected an error with 'crosses itself', got: there is no tool 'no_such_tool'")
    assert fine.failures == ("expected an error with 'Point', but the call succeeded",), (
        "though its answer has the word"
    )
    assert good.failures == ("status: expected equals 'failed', got successful",)
