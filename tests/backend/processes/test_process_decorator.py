"""A typed function becomes a described process that stock pygeoapi can load and run."""

import itertools
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Annotated, Any, Literal, Required, TypedDict, Unpack

import pytest
from pydantic import BaseModel, Field
from pygeoapi.plugin import load_plugin
from pygeoapi.process.base import BaseProcessor, ProcessorExecuteError
from pygeoapi.process.manager.dummy import DummyManager
from pygeoapi.process.manager.tinydb_ import TinyDBManager
from pygeoapi.util import JobStatus

from backend.errors import ProcessRefusedError
from backend.processes.base import Output, Progress, TypedProcess, process
from backend.processes.inputs import Geometry, Units
from backend.processes.signature import Repeated

USER_FILE = '''
from typing import Annotated, Any
from pydantic import Field
from backend.errors import ProcessRefusedError
from backend.processes.base import Output, Progress, process
from backend.processes.inputs import Geometry, Units


@process(
    id="count-vertices",
    title="Count vertices",
    output=Output(id="count", title="Count"),
    example={"geometry": "POINT (1 2)"},
)
def count_vertices(
    geometry: Geometry,
    progress: Progress,
    factor: Annotated[int, Field(ge=1, le=10, description="Times.")] = 1,
) -> int:
    """Count the vertices
    of a geometry."""
    progress(50, "counting")
    if factor == 7:
        raise ProcessRefusedError("seven is not answered", path="$.inputs.factor")
    return factor * len(geometry.shape.coords)
'''

names = itertools.count()


@pytest.fixture
def user_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The dotted path of a process in a file of its own, in a folder put on the import path."""
    module = f"my_process_{next(names)}"
    (tmp_path / f"{module}.py").write_text(USER_FILE, encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    return f"{module}.count_vertices"


class Size(BaseModel):
    width: float
    inner: "Size | None" = None


class Answer(TypedDict):
    value: float


def told(function: Callable[..., Any], **options: Any) -> TypedProcess:
    """The process of a function, as pygeoapi constructs it."""
    made = process(id="p", title="P", **{"output": Output(id="out"), **options})(function)
    return made({"name": "here.p"})


def test_a_fresh_file_on_the_import_path_is_a_process_of_stock_pygeoapi(user_process: str) -> None:
    loaded = load_plugin("process", {"name": user_process})
    assert isinstance(loaded, BaseProcessor)
    assert loaded.execute({"geometry": "LINESTRING (0 0, 1 1)", "factor": 3}) == ("application/json", 6)
    assert loaded.metadata["example"] == {"inputs": {"geometry": "POINT (1 2)"}}


def test_the_description_is_the_signature(user_process: str) -> None:
    metadata = load_plugin("process", {"name": user_process}).metadata
    assert metadata["description"] == "Count the vertices of a geometry."
    assert list(metadata["inputs"]) == ["geometry", "factor"]
    assert metadata["inputs"]["factor"] == {
        "title": "Factor",
        "description": "Times.",
        "schema": {"type": "integer", "minimum": 1, "maximum": 10, "default": 1},
        "minOccurs": 0,
    }
    assert metadata["inputs"]["geometry"]["schema"] == {
        "oneOf": [{"type": "object", "format": "geojson"}, {"type": "string"}]
    }
    assert metadata["inputs"]["geometry"]["minOccurs"] == 1
    assert metadata["outputs"] == {
        "count": {"title": "Count", "schema": {"type": "integer", "contentMediaType": "application/json"}}
    }
    assert metadata["jobControlOptions"] == ["sync-execute", "async-execute", "dismiss"]
    assert metadata["outputTransmission"] == ["value", "reference"]


@pytest.mark.parametrize("manager_class", [DummyManager, TinyDBManager])
def test_stock_managers_run_a_typed_process(user_process: str, tmp_path: Path, manager_class: type) -> None:
    manager = manager_class(
        {
            "name": "stock",
            "connection": str(tmp_path / "jobs.json"),
            "processes": {"count-vertices": {"type": "process", "processor": {"name": user_process}}},
        }
    )
    _, _, value, status, _ = manager.execute_process("count-vertices", {"geometry": "POINT (1 2)", "factor": 5})
    assert (value, status) == (5, JobStatus.successful)
    _, _, value, status, _ = manager.execute_process("count-vertices", {"geometry": "POINT (1 2)", "factor": 7})
    assert status == JobStatus.failed
    assert "$.inputs.factor: seven is not answered" in value["description"]


def test_pygeoapis_changes_to_the_metadata_stay_with_one_instance(user_process: str) -> None:
    first, second = (load_plugin("process", {"name": user_process}) for _ in range(2))
    first.metadata["outputs"]["count"]["schema"].pop("contentMediaType")
    assert second.metadata["outputs"]["count"]["schema"]["contentMediaType"] == "application/json"


def test_the_function_and_its_idempotence_stay_reachable() -> None:
    def double(x: float) -> float:
        return 2 * x

    made = process(id="p", title="P", output=Output(id="out"), idempotent=False)(double)
    assert made.function(4) == 8
    assert made.idempotent is False
    assert (made.__name__, made.__module__) == ("double", double.__module__)


def test_a_process_is_run_again_only_where_its_author_said_that_it_may_be() -> None:
    def send(x: float) -> float:
        return x

    assert process(id="p", title="P", output=Output(id="out"))(send).idempotent is False
    assert process(id="p", title="P", output=Output(id="out"), idempotent=True)(send).idempotent is True


def test_texts_enums_defaults_and_models_reach_the_schema_without_references() -> None:
    def sized(
        size: Size,
        *,
        kind: Literal["a", "b"] = "a",
        area: Annotated[Geometry, Field(title="Study area", description="Where.")] = None,  # type: ignore[assignment]
        limit: Annotated[float | None, Field(gt=0)] = None,
        units: Annotated[Units, Field(description="Of the limit.")] = "mile",
        tags: list[str] = [],  # noqa: B006
    ) -> Answer:
        raise NotImplementedError

    inputs = told(sized).metadata["inputs"]
    assert "$ref" not in str(inputs)
    assert inputs["size"]["schema"]["properties"]["width"] == {"type": "number"}
    assert inputs["kind"]["schema"] == {"type": "string", "enum": ["a", "b"], "default": "a"}
    assert inputs["area"]["title"] == "Study area"
    assert inputs["area"]["description"] == "Where."
    assert inputs["limit"]["schema"] == {"type": "number", "exclusiveMinimum": 0}
    assert inputs["units"]["description"] == "Of the limit."
    assert inputs["units"]["schema"]["default"] == "mile"
    assert inputs["tags"]["schema"] == {"type": "array", "items": {"type": "string"}, "default": []}
    assert told(sized).metadata["outputs"]["out"]["schema"] == {
        "type": "object",
        "properties": {"value": {"type": "number"}},
        "required": ["value"],
        "contentMediaType": "application/json",
    }


def test_all_faults_of_the_inputs_are_told_at_once_with_their_paths() -> None:
    def sized(size: Size, geometry: Geometry, count: Annotated[int, Field(ge=1)] = 1) -> int:
        raise AssertionError("must not run")

    with pytest.raises(ProcessRefusedError) as refused:
        told(sized).run({"size": {"width": "wide"}, "geometry": "POINT (0 95)", "count": 0, "cuont": 1}, print)
    message = str(refused.value)
    assert refused.value.path == "$.inputs"
    assert "$.inputs.size.width: Input should be a valid number" in message
    assert "$.inputs.geometry: latitude 95" in message
    assert "$.inputs.count: Input should be greater than or equal to 1" in message
    assert "$.inputs.cuont: there is no such input; did you mean count?" in message


@pytest.mark.parametrize(
    ("inputs", "path", "reason"),
    [
        ({}, "$.inputs.x", "required"),
        ({"x": float("nan")}, "$.inputs.x", "finite"),
        ({"x": 1, "zzz": 2}, "$.inputs.zzz", "the inputs are x"),
    ],
)
def test_a_single_fault_has_the_path_of_its_input(inputs: dict[str, Any], path: str, reason: str) -> None:
    def one(x: float) -> float:
        return x

    with pytest.raises(ProcessRefusedError, match=reason) as refused:
        told(one).run(inputs, print)
    assert refused.value.path == path
    with pytest.raises(ProcessorExecuteError, match=reason):
        told(one).execute(inputs)


def test_progress_is_given_to_the_function_that_asks_for_it() -> None:
    def slow(progress: Progress, x: float) -> float:
        progress(30, "on the way")
        return x

    heard: list[tuple[float, str | None]] = []
    assert told(slow).run({"x": 2}, lambda percent, message=None: heard.append((percent, message))) == 2
    assert heard == [(30, "on the way")]


def test_a_process_may_have_several_outputs() -> None:
    def both(x: float) -> dict[str, float]:
        return {"double": 2 * x, "half": x / 2}

    made = told(both, output=[Output(id="double"), Output(id="half")])
    assert list(made.metadata["outputs"]) == ["double", "half"]
    assert made.execute({"x": 4}) == ("application/json", {"double": 8, "half": 2})


def test_a_parameter_without_a_type_or_a_name_is_a_mistake_of_the_author() -> None:
    def untyped(x):
        return x

    def unnamed(*values: float) -> float:
        return sum(values)

    with pytest.raises(TypeError, match="no type annotation"):
        told(untyped)
    with pytest.raises(TypeError, match="cannot be passed by name"):
        told(unnamed)


def test_annotations_may_be_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name = f"my_process_{next(names)}"
    (tmp_path / f"{name}.py").write_text("from __future__ import annotations\n" + USER_FILE, encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    metadata = load_plugin("process", {"name": f"{name}.count_vertices"}).metadata
    assert metadata["inputs"]["factor"]["schema"]["maximum"] == 10
    assert isinstance(sys.modules[name], ModuleType)


def test_inputs_of_mixed_type_are_exclusive_alternatives() -> None:
    @process(id="mixed", title="Mixed", output=Output(id="out"))
    def mixed(either: int | str, perhaps: list[int] | str | None = None, overlapping: int | float = 1) -> int | str:
        """Take one of several types."""
        return either

    schemas = {name: item["schema"] for name, item in mixed.description["inputs"].items()}
    assert schemas["either"] == {"oneOf": [{"type": "integer"}, {"type": "string"}]}
    assert schemas["perhaps"] == {"oneOf": [{"type": "array", "items": {"type": "integer"}}, {"type": "string"}]}
    assert "anyOf" in schemas["overlapping"]
    assert "oneOf" in mixed.description["outputs"]["out"]["schema"]


def test_members_of_an_unpacked_typed_dict_are_inputs() -> None:
    class Options(TypedDict, total=False):
        size: Annotated[int, Field(ge=1, title="How large")]
        names: Annotated[list[str], Repeated(), Field(max_length=3)]
        place: Required[str]

    @process(id="unpacked", title="Unpacked", output=[Output(id="size"), Output(id="place")])
    def unpacked(**options: Unpack[Options]) -> Options:
        """Give the options back."""
        return options

    inputs = unpacked.description["inputs"]
    occurs = {name: (item["minOccurs"], item.get("maxOccurs", 1)) for name, item in inputs.items()}
    assert occurs == {"size": (0, 1), "names": (0, 3), "place": (1, 1)}
    assert inputs["size"]["title"] == "How large"
    assert inputs["names"]["schema"] == {"type": "string"}
    assert unpacked.description["outputs"]["size"]["schema"]["minimum"] == 1
    made = unpacked({"name": "here"})
    assert made.run({"place": "x", "names": "one"}, print) == {"place": "x", "names": ["one"]}
    with pytest.raises(ProcessRefusedError, match="required"):
        made.run({}, print)


def test_a_fault_of_a_value_of_several_types_is_told_without_the_names_of_types() -> None:
    @process(id="mixed", title="Mixed", output=Output(id="out"))
    def mixed(value: int | list[int]) -> int:
        """Take one of two types."""
        return len(str(value))

    with pytest.raises(ProcessRefusedError) as refused:
        mixed({"name": "here"}).run({"value": "x"}, lambda _percent, _text=None: None)
    assert "$.inputs.value: " in str(refused.value)
    assert "$.inputs.value." not in str(refused.value)
