"""The packaged processes as a caller sees them."""

import json
import time
from typing import Any

import pytest
import shapely
from shapely.geometry import shape

from backend.errors import ProcessRefusedError
from backend.processes.base import TypedProcess
from backend.processes.geometry_buffer import geometry_buffer
from backend.processes.geometry_measure import geometry_measure
from backend.processes.running import load_processor, run_processor
from backend.processes.slow_steps import slow_steps
from tests.packaged import OURS, PROCESSORS

POINT = {"type": "Point", "coordinates": [13.4, 52.5]}


def quiet(percent: float, message: str | None = None) -> None:
    pass


def answer(made: type[TypedProcess], **inputs: Any) -> Any:
    (output,) = run_processor(made({"name": "here"}), inputs, None, quiet)
    return json.loads(output.encode())


@pytest.mark.parametrize("name", OURS)
def test_a_packaged_process_runs_its_own_example(name: str) -> None:
    loaded = load_processor({"name": PROCESSORS[name]})
    example = loaded.metadata["example"]["inputs"] | ({"seconds": 0} if name == "slow-steps" else {})
    outputs = run_processor(loaded, example, None, quiet)
    assert {output.id for output in outputs} <= loaded.metadata["outputs"].keys()
    assert all(output.encode() for output in outputs)


@pytest.mark.parametrize("name", sorted(set(OURS) - {"echo"}))
def test_a_description_is_short_enough_for_a_tool(name: str) -> None:
    metadata = load_processor({"name": PROCESSORS[name]}).metadata
    told = {key: metadata[key] for key in ("title", "description", "inputs")}
    assert len(json.dumps(told)) <= 1500
    assert all(item["title"] for item in metadata["inputs"].values())


def test_a_buffer_is_a_feature_that_says_how_it_was_made() -> None:
    feature = answer(geometry_buffer, geometry=POINT, distance=500)
    assert feature["type"] == "Feature"
    assert feature["geometry"]["type"] == "Polygon"
    properties = feature["properties"]
    assert properties["area_m2"] == pytest.approx(785_083, rel=1e-5)
    assert properties["distance_m"] == 500
    assert properties["crs"] == "OGC:CRS84"
    assert properties["max_boundary_error_percent"] <= 0.05
    assert properties["warnings"] == []
    assert "geodesic" in properties["method"]
    assert "no projection" in properties["crs_decision"]


@pytest.mark.parametrize(
    ("units", "metres"),
    [("metre", 2), ("kilometre", 2000), ("foot", 0.6096), ("mile", 3218.688), ("nautical-mile", 3704)],
)
def test_a_distance_is_in_its_units(units: str, metres: float) -> None:
    properties = answer(geometry_buffer, geometry=POINT, distance=2, units=units)["properties"]
    assert properties["distance_m"] == pytest.approx(metres, rel=1e-15)
    assert properties["area_m2"] == pytest.approx(3.14159 * metres**2, rel=1e-3)


def test_features_are_buffered_as_their_union() -> None:
    features = [{"type": "Feature", "properties": {}, "geometry": POINT} for _ in range(2)]
    feature = answer(geometry_buffer, geometry={"type": "FeatureCollection", "features": features}, distance=500)
    assert feature["properties"]["area_m2"] == pytest.approx(785_083, rel=1e-5)
    assert "2 features were buffered together" in feature["properties"]["warnings"][0]


def test_resolution_is_the_number_of_edges_of_a_quarter_circle() -> None:
    feature = answer(geometry_buffer, geometry="POINT (0 0)", distance=10, resolution=8)
    assert len(feature["geometry"]["coordinates"][0]) == 33


def test_a_repaired_geometry_is_told_in_the_buffers_warnings() -> None:
    feature = answer(geometry_buffer, geometry="POLYGON ((0 0, 2 2, 2 0, 0 2, 0 0))", distance=10)
    assert "repaired" in feature["properties"]["warnings"][0]


@pytest.mark.parametrize(
    ("inputs", "path"),
    [
        ({"geometry": POINT, "distance": 0}, "$.inputs.distance"),
        ({"geometry": POINT, "distance": 1e9}, "$.inputs.distance"),
        ({"geometry": POINT, "distance": -1}, "$.inputs.distance"),
        ({"geometry": "POINT (500000 5700000)", "distance": 1}, "$.inputs.geometry"),
        ({"geometry": "POINT EMPTY", "distance": 1}, "$.inputs.geometry"),
        ({"geometry": POINT, "distance": 1, "units": "yard"}, "$.inputs.units"),
        ({"geometry": POINT, "distance": 1, "resolution": 1000}, "$.inputs.resolution"),
    ],
)
def test_a_refusal_names_the_input_at_fault(inputs: dict[str, Any], path: str) -> None:
    with pytest.raises(ProcessRefusedError) as refused:
        answer(geometry_buffer, **inputs)
    assert refused.value.path == path


def test_a_buffer_can_be_measured() -> None:
    feature = answer(geometry_buffer, geometry=POINT, distance=500)
    measures = answer(geometry_measure, geometry=feature)
    assert measures["area"] == {"value": pytest.approx(feature["properties"]["area_m2"]), "units": "square metre"}
    assert measures["perimeter"]["value"] == pytest.approx(2 * 3.14159 * 500, rel=1e-3)
    assert measures["parts"] == {"Polygon": 1}
    assert measures["vertices"] == shapely.get_num_coordinates(shape(feature["geometry"]))
    assert measures["edges"] == "straight in longitude and latitude (RFC 7946)"


def test_measures_are_in_their_units() -> None:
    box = "POLYGON ((0 0, 1 0, 1 1, 0 1, 0 0))"
    metres, kilometres = (answer(geometry_measure, geometry=box, units=units) for units in ("metre", "kilometre"))
    assert kilometres["area"]["value"] == pytest.approx(metres["area"]["value"] / 1e6)
    assert kilometres["perimeter"]["value"] == pytest.approx(metres["perimeter"]["value"] / 1e3)
    assert kilometres["area"]["units"] == "square kilometre"


def test_edges_are_geodesics_on_request() -> None:
    line = "LINESTRING (0 60, 30 60)"
    straight, shortest = (answer(geometry_measure, geometry=line, edges=edges) for edges in ("lonlat", "geodesic"))
    assert shortest["length"]["value"] < straight["length"]["value"]
    assert "geodesics" in shortest["edges"]


def test_points_have_nothing_to_measure_and_that_is_said() -> None:
    measures = answer(geometry_measure, geometry="MULTIPOINT (170 1, -170 2)")
    assert [measures[key]["value"] for key in ("area", "perimeter", "length")] == [0, 0, 0]
    assert measures["bbox"] == [170, 1, -170, 2]
    assert measures["warnings"] == ["Points have neither area nor length."]


def test_slow_steps_takes_its_time_and_tells_each_step() -> None:
    heard: list[tuple[float, str | None]] = []
    start = time.monotonic()
    (output,) = run_processor(
        slow_steps({"name": "here"}),
        {"seconds": 0.3, "steps": 3},
        None,
        lambda percent, message=None: heard.append((round(percent), message)),
    )
    assert time.monotonic() - start >= 0.3
    assert heard == [(33, "step 1 of 3"), (67, "step 2 of 3"), (100, "step 3 of 3")]
    assert output.value["steps"] == 3
    assert output.value["seconds"] >= 0.3


def test_slow_steps_waits_without_working() -> None:
    before = time.thread_time()
    answer(slow_steps, seconds=0.5, steps=2)
    assert time.thread_time() - before < 0.2
