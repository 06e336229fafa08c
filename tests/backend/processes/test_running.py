"""Typed functions and plain pygeoapi plugins run alike, and end with the backend's own errors."""

import json
import logging
import sys
from typing import Any

import numpy as np
import pytest
from pygeoapi.process.base import BaseProcessor, ProcessorExecuteError

from backend.errors import ProcessFailedError, ProcessRefusedError
from backend.processes.base import Output, TypedProcess, process
from backend.processes.filter_features import filter_features
from backend.processes.raster_warp import raster_warp
from backend.processes.running import OutputValue, is_json, load_processor, run_processor
from backend.processes.validate_geometry import validate_geometry
from tests.backend.geotiffs import tiff


def quiet(percent: float, message: str | None = None) -> None:
    pass


class Plain(BaseProcessor):
    """A plugin as anybody writes it."""

    def __init__(self, answer: Any, *outputs: str, media_type: str = "application/json", selects: bool = False) -> None:
        declared = {name: {"schema": {"contentMediaType": f"text/x-{name}"}} for name in outputs}
        super().__init__({"name": "plain"}, {"id": "plain", "outputs": declared})
        self.answer, self.media_type, self.supports_outputs = answer, media_type, selects
        self.asked: Any = None

    def execute(self, data: dict[str, Any], outputs: Any = None) -> tuple[str, Any]:  # noqa: ARG002  # pygeoapi's
        self.asked = outputs
        if isinstance(self.answer, BaseException):
            raise self.answer
        return self.media_type, self.answer


def values(processor: Any, outputs: tuple[str, ...] | None = None) -> dict[str, Any]:
    return {item.id: item.value for item in run_processor(processor, {}, outputs, quiet)}


def test_hello_world_is_loaded_by_pygeoapis_name_for_it() -> None:
    hello = load_processor({"name": "HelloWorld"})
    assert run_processor(hello, {"name": "Ada"}, None, quiet) == (
        OutputValue("echo", "application/json", {"id": "echo", "value": "Hello Ada!"}),
    )


@pytest.mark.filterwarnings("ignore:The 'type' attribute is deprecated")  # pygeoapi 0.24's own use of shapely
def test_shapely_functions_runs_unchanged() -> None:
    shapely_functions = load_processor({"name": "ShapelyFunctions"})
    inputs = {"operation": "measurement:area", "geoms": ["POLYGON ((0 0, 2 0, 2 2, 0 2, 0 0))"], "output_format": "wkt"}
    (output,) = run_processor(shapely_functions, inputs, None, quiet)
    assert output.id == "result"
    assert 4 in output.value.values()


@pytest.mark.parametrize(
    ("made", "inputs"),
    [
        (filter_features, {"features": "name,lon,lat\nBerlin,13.4,52.5\nBonn,7.1,50.7", "filter": "name <> 'Köln'"}),
        (validate_geometry, {"features": "POLYGON ((0 0, 2 2, 2 0, 0 2, 0 0))", "repair": True}),
    ],
)
def test_stock_pygeoapi_gets_features_as_plain_objects(made: type[TypedProcess], inputs: dict[str, Any]) -> None:
    written = {item.id: json.loads(item.encode()) for item in run_processor(made({"name": "p"}), inputs, None, quiet)}
    _, value = made({"name": "p"}).execute(inputs)
    assert json.loads(json.dumps(value)) == (written if len(written) > 1 else written["features"])


def test_a_plugins_only_output_is_all_it_returns() -> None:
    assert values(Plain([1, 2], "list")) == {"list": [1, 2]}
    assert values(Plain({"a": 1}, "object")) == {"object": {"a": 1}}
    assert values(Plain({"out": 1}, "out")) == {"out": 1}
    assert values(Plain(5)) == {"result": 5}


def test_several_outputs_come_as_a_mapping_or_as_a_list() -> None:
    assert values(Plain({"a": 1, "b": 2}, "a", "b")) == {"a": 1, "b": 2}
    assert values(Plain([{"id": "a", "value": 1}, {"id": "b", "value": 2}], "a", "b")) == {"a": 1, "b": 2}
    assert values(Plain({"b": 2}, "a", "b")) == {"b": 2}
    assert values(Plain("text", "a", "b")) == {"a": "text"}


def test_an_only_output_has_the_media_type_that_came_with_it() -> None:
    found = run_processor(Plain(b"png", "map", media_type="image/png"), {}, None, quiet)
    assert found == (OutputValue("map", "image/png", b"png"),)


def test_outputs_are_selected_in_the_callers_order() -> None:
    plugin = Plain({"a": 1, "b": 2, "c": 3}, "a", "b", "c")
    assert list(values(plugin, ("c", "a"))) == ["c", "a"]
    assert plugin.asked is None


def test_a_plugin_that_selects_outputs_is_told_which() -> None:
    plugin = Plain({"a": 1}, "a", "b", selects=True)
    assert values(plugin, ("a",)) == {"a": 1}
    assert list(plugin.asked) == ["a"]


def test_an_output_that_did_not_come_is_a_failure() -> None:
    with pytest.raises(ProcessFailedError, match="no output b"):
        values(Plain({"a": 1}, "a", "b"), ("b",))


def test_a_typed_process_gives_its_outputs_their_media_types() -> None:
    def both(x: float) -> dict[str, Any]:
        return {"text": str(x), "number": x}

    made = process(id="p", title="P", output=[Output(id="text", media_type="text/plain"), Output(id="number")])(both)
    found = run_processor(made({"name": "p"}), {"x": 2}, ("number", "text"), quiet)
    assert found == (OutputValue("number", "application/json", 2), OutputValue("text", "text/plain", "2.0"))


def test_a_typed_processs_only_output_is_never_taken_apart() -> None:
    def nested() -> dict[str, Any]:
        return {"out": 1}

    made = process(id="p", title="P", output=Output(id="out"))(nested)
    assert values(made({"name": "p"})) == {"out": {"out": 1}}


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (ProcessorExecuteError("cannot process without a name"), "^cannot process without a name$"),
        (ValueError("bad value"), "^ValueError: bad value$"),
        (RecursionError("too deep"), "^RecursionError"),
        (MemoryError(), "^MemoryError"),
        (SystemExit(3), "^SystemExit: 3$"),
    ],
)
def test_what_goes_wrong_in_a_process_is_a_failure_without_traceback(
    error: BaseException, message: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.CRITICAL), pytest.raises(ProcessFailedError, match=message):
        values(Plain(error, "out"))


def test_a_refusal_passes_with_its_path() -> None:
    with pytest.raises(ProcessRefusedError) as refused:
        values(Plain(ProcessRefusedError("no answer", path="$.inputs.x"), "out"))
    assert refused.value.path == "$.inputs.x"


def test_a_keyboard_interrupt_is_not_swallowed() -> None:
    with pytest.raises(KeyboardInterrupt):
        values(Plain(KeyboardInterrupt(), "out"))


@pytest.mark.parametrize(
    ("definition", "message"),
    [
        ("Nothing", "no process plugin Nothing"),
        ("no_such_module.process", "cannot be loaded: ModuleNotFoundError"),
        ("backend.processes.slow_steps.missing", "cannot be loaded: AttributeError"),
    ],
)
def test_a_process_that_cannot_be_loaded_says_why(definition: str, message: str) -> None:
    with pytest.raises(ProcessFailedError, match=message):
        load_processor({"name": definition})


@pytest.mark.parametrize(
    ("value", "media_type", "data"),
    [
        ({"ä": [1, 2.5, None]}, "application/json", '{"ä":[1,2.5,null]}'.encode()),
        ("text", "application/json", b'"text"'),
        ("text", "text/plain", b"text"),
        (b"\x89PNG", "image/png", b"\x89PNG"),
        ((1, 2), "application/geo+json; charset=utf-8", b"[1,2]"),
    ],
)
def test_a_value_is_encoded_by_its_media_type(value: Any, media_type: str, data: bytes) -> None:
    assert OutputValue("out", media_type, value).encode() == data


@pytest.mark.parametrize("value", [float("nan"), [float("inf")], {"a": object()}, {1, 2}])
def test_what_is_no_json_is_a_failure(value: Any) -> None:
    with pytest.raises(ProcessFailedError, match="output out cannot be written as application/json"):
        OutputValue("out", "application/json", value).encode()


def test_a_large_buffer_is_written_part_by_part() -> None:
    table = np.arange(3 << 18, dtype=np.float64).reshape(-1, 8)
    parts = list(OutputValue("out", "application/octet-stream", table).parts())
    assert len(parts) > 3
    assert b"".join(parts) == table.tobytes()


def test_an_array_is_no_json() -> None:
    with pytest.raises(ProcessFailedError, match="out cannot be written as application/json"):
        OutputValue("out", "application/json", np.zeros(2)).encode()


def test_stock_pygeoapi_gets_a_file_as_bytes() -> None:
    @process(id="file", title="File", output=Output("file", media_type="application/octet-stream", schema={}))
    def file() -> Any:
        """A file."""
        return memoryview(b"abc")

    assert file({"name": "file"}).execute({}) == ("application/octet-stream", b"abc")
    warped = raster_warp({"name": "warp"}).execute({"raster": tiff(np.ones((2, 2), np.uint8))})[1]
    assert type(warped["raster"]) is bytes
    assert warped["raster"].startswith(b"II*")


def test_a_value_nested_beyond_all_measure_is_a_failure() -> None:
    value: list[Any] = []
    for _ in range(sys.getrecursionlimit() * 100):
        value = [value]
    with pytest.raises(ProcessFailedError):
        OutputValue("out", "application/json", value).encode()


@pytest.mark.parametrize(
    ("media_type", "expected"),
    [("application/json", True), ("Application/Geo+JSON; x=y", True), ("text/plain", False), ("text/json5", False)],
)
def test_json_is_told_by_its_media_type(media_type: str, expected: bool) -> None:
    assert is_json(media_type) is expected
