"""`geometry-measure` as a caller sees it: on the ground, in the plane of a projected CRS, and along slopes."""

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
import shapely.affinity
from pyproj import Geod, Transformer

from backend.errors import ProcessRefusedError
from backend.geo.vector.datasets import DatasetFile
from backend.processes.geometry_measure import geometry_measure
from backend.processes.running import run_processor

SURVEY_FOOT = 1200 / 3937
"""Metres, by definition."""


def quiet(percent: float, message: str | None = None) -> None:
    pass


def answer(**inputs: Any) -> Any:
    (output,) = run_processor(geometry_measure({"name": "here"}), inputs, None, quiet)
    return json.loads(output.encode())


def box(x: float, y: float, width: float, height: float) -> dict[str, Any]:
    return json.loads(shapely.to_geojson(shapely.box(x, y, x + width, y + height)))


def line(*positions: tuple[float, ...]) -> dict[str, Any]:
    return {"type": "LineString", "coordinates": [list(position) for position in positions]}


def collection(crs: str | None, *geometries: dict[str, Any] | None) -> dict[str, Any]:
    members = [
        {"type": "Feature", "properties": {"id": index}, "geometry": geometry}
        for index, geometry in enumerate(geometries)
    ]
    declared = {"crs": {"type": "name", "properties": {"name": crs}}} if crs else {}
    return {"type": "FeatureCollection", "features": members, **declared}


@pytest.mark.filterwarnings("ignore:Best transformation")
def test_an_area_in_survey_feet_is_converted_by_the_unit_of_its_crs() -> None:
    planar = answer(geometry=collection("EPSG:2229", box(6_500_000, 1_800_000, 1000, 1000)))["planar"]
    assert planar["area"] == {"value": pytest.approx(1e6 * SURVEY_FOOT**2, rel=1e-12), "units": "square metre"}
    assert planar["perimeter"]["value"] == pytest.approx(4000 * SURVEY_FOOT, rel=1e-12)
    assert (planar["crs"], planar["crs_unit"]) == ("EPSG:2229", "US survey foot")


def test_measures_on_the_ground_and_in_the_plane_stand_apart() -> None:
    told = answer(geometry=collection("EPSG:32632", box(500_000, 5_000_000, 100, 100)), units="foot")
    assert told["planar"]["area"] == {"value": pytest.approx(1e4 / 0.3048**2), "units": "square foot"}
    # The scale on the central meridian is 0.9996 by definition.
    assert told["area"]["value"] == pytest.approx(1e4 / 0.9996**2 / 0.3048**2, rel=1e-7)
    assert told["planar"]["ratio_to_ground"]["area"] == pytest.approx(0.9996**2, rel=1e-7)
    assert "EPSG:32632" in told["crs_decision"]
    assert "plane of EPSG:32632" in told["edges"]
    assert told["warnings"] == []


def test_the_long_edges_of_projected_features_are_straight_in_their_plane() -> None:
    told = answer(geometry=collection("EPSG:3035", box(4_000_000, 2_500_000, 900_000, 900_000)))
    # The projection keeps areas: the plane's figure is the true one, on GRS 80, which differs from WGS 84 by 1e-11.
    assert told["area"]["value"] == pytest.approx(8.1e11, rel=1e-6)


def test_the_distortion_of_a_plane_is_told_with_its_size() -> None:
    told = answer(geometry=collection("EPSG:3857", box(1_400_000, 5_140_000, 120, 100)))
    assert told["planar"]["area"]["value"] == pytest.approx(12_000, rel=1e-9)
    assert told["area"]["value"] == pytest.approx(6651.34, abs=0.01)
    assert any("areas are 1.8041 times those on the ground" in warning for warning in told["warnings"])


def test_ground_that_several_polygons_cover_is_counted_once_in_the_covered_area() -> None:
    told = answer(geometry=collection("EPSG:32632", box(5e5, 5e6, 100, 100), box(5e5 + 60, 5e6, 100, 100)))
    assert told["planar"]["area"]["value"] == pytest.approx(20_000, abs=1e-6)
    assert told["planar"]["covered_area"]["value"] == pytest.approx(16_000, abs=1e-6)
    assert told["covered_area"]["value"] / told["area"]["value"] == pytest.approx(0.8, rel=1e-6)
    assert any("Polygons overlap" in warning for warning in told["warnings"])


def test_neighbours_that_share_an_edge_do_not_overlap() -> None:
    told = answer(geometry=collection(None, box(0, 0, 1, 1), box(1, 0, 1, 1)))
    assert told["covered_area"]["value"] == pytest.approx(told["area"]["value"], rel=1e-12)
    assert told["warnings"] == []


@pytest.mark.parametrize("crs", ["EPSG:32632", None])
def test_neighbours_without_common_vertices_do_not_overlap(crs: str | None) -> None:
    # On the west side of the line one large parcel, on the east three small ones, whose corners it does not have.
    boxes = [shapely.box(4e5, 56e5, 400_600, 5_600_600)]
    boxes += [shapely.box(400_600, 56e5 + north, 400_800, 5_600_200 + north) for north in (0, 200, 400)]
    turned: list[Any] = [shapely.affinity.rotate(box, 30, origin=(4e5, 56e5)) for box in boxes]
    if crs is None:
        way: Any = Transformer.from_crs("EPSG:32632", "OGC:CRS84", always_xy=True)
        turned = [shapely.transform(box, lambda at: np.column_stack(way.transform(*at.T))) for box in turned]
    told = answer(geometry=collection(crs, *(json.loads(text) for text in shapely.to_geojson(turned).tolist())))
    assert told["covered_area"]["value"] == pytest.approx(told["area"]["value"], rel=1e-12)
    assert told["warnings"] == []


def test_a_small_overlap_of_large_polygons_is_told() -> None:
    told = answer(geometry=collection("EPSG:32632", box(4e5, 5e6, 1e5, 1e5), box(5e5 - 0.001, 5e6, 1e5, 1e5)))
    assert any("Polygons overlap" in warning for warning in told["warnings"])
    plane = told["planar"]
    assert plane["area"]["value"] - plane["covered_area"]["value"] == pytest.approx(100, rel=1e-3)


def test_a_small_polygon_that_is_there_twice_is_told_beside_large_ones() -> None:
    told = answer(geometry=collection(None, box(0, 0, 20, 20), box(30, 0, 0.02, 0.02), box(30, 0, 0.02, 0.02)))
    assert any("Polygons overlap" in warning for warning in told["warnings"])


def test_a_slope_is_measured_beside_its_way_on_the_map() -> None:
    pipe = line((5e5, 5e6, 0), (5e5 + 400, 5e6, 300))
    told = answer(geometry=collection("EPSG:32632", pipe))
    assert told["planar"]["length"]["value"] == pytest.approx(400, abs=1e-9)
    assert told["planar"]["length_3d"]["value"] == pytest.approx(500, abs=1e-9)
    assert told["length_3d"]["value"] == pytest.approx(math.hypot(400 / 0.9996, 300), rel=1e-7)
    assert any("Vertices have heights" in warning for warning in told["warnings"])
    assert "Heights were ignored." not in told["warnings"]


def test_heights_over_longitude_and_latitude_are_metres() -> None:
    told = answer(geometry=line((0, 0, 0), (0.01, 0, 100), (0.01, 0, 200)))
    degree = math.radians(0.01) * 6_378_137
    assert told["length"]["value"] == pytest.approx(degree, rel=1e-9)
    assert told["length_3d"]["value"] == pytest.approx(math.hypot(degree, 100) + 100, rel=1e-9)


def test_perimeters_are_no_lengths() -> None:
    told = answer(geometry=collection("EPSG:32633", line((5e5, 45e5), (500_600, 45e5)), box(6e5, 45e5, 300, 200)))
    assert told["planar"]["length"]["value"] == pytest.approx(600, abs=1e-6)
    assert told["planar"]["perimeter"]["value"] == pytest.approx(1000, abs=1e-6)


def test_a_plane_may_be_chosen_for_longitude_and_latitude() -> None:
    told = answer(geometry="POLYGON ((9 45, 9.01 45, 9.01 45.01, 9 45.01, 9 45))", crs="EPSG:32632")
    assert told["planar"]["area"]["value"] == pytest.approx(told["area"]["value"] * 0.9996**2, rel=1e-5)
    assert "planar" not in answer(geometry="POLYGON ((9 45, 9.01 45, 9.01 45.01, 9 45))")


@pytest.mark.parametrize("crs", ["EPSG:4326", "EPSG:99999", "+proj=utm +zone=32"])
def test_what_is_no_plane_is_refused(crs: str) -> None:
    with pytest.raises(ProcessRefusedError) as refused:
        answer(geometry="POINT (1 2)", crs=crs)
    assert refused.value.path == "$.inputs.crs"


def test_each_feature_is_measured_with_its_attributes() -> None:
    told = answer(geometry=collection("EPSG:32632", box(5e5, 5e6, 100, 100), None, line((5e5, 5e6), (5e5, 5e6 + 7))), each=True)  # fmt: skip  # noqa: E501
    rows = told["each"]
    assert [row["properties"]["id"] for row in rows] == [0, 2]
    assert rows[0]["planar_area"] == {"value": pytest.approx(1e4), "units": "square metre"}
    assert rows[1]["planar_length"]["value"] == pytest.approx(7)
    assert sum(row["area"]["value"] for row in rows) == pytest.approx(told["area"]["value"])
    assert any("no geometry" in warning for warning in told["warnings"])


def test_a_bow_tie_in_a_file_is_repaired_and_measured_as_what_it_encloses(tmp_path: Path) -> None:
    ring = [[4e5, 5e6], [4e5, 5e6 + 100], [4e5 + 120, 5e6 + 20], [4e5 + 120, 5e6 + 80], [4e5, 5e6]]
    file = tmp_path / "parcel.geojson"
    file.write_text(json.dumps(collection("EPSG:32632", {"type": "Polygon", "coordinates": [ring]})))
    told = answer(geometry=DatasetFile("parcel", file, "vector"))
    assert told["planar"]["area"]["value"] == pytest.approx(5100, abs=0.01)
    assert any("repaired" in warning for warning in told["warnings"])


def test_many_polygons_measure_like_each_of_them_alone() -> None:
    boxes = [shapely.box(x, y, x + 0.7, y + 0.4) for x in range(-180, 180, 30) for y in range(-90, 90, 15)]
    members = [json.loads(text) for text in shapely.to_geojson(boxes)]
    told = answer(geometry=collection(None, *members), each=True)
    geod: Any = Geod(ellps="WGS84")
    for row, polygon in zip(told["each"], boxes, strict=True):
        area, perimeter = geod.geometry_area_perimeter(shapely.orient_polygons(shapely.segmentize(polygon, 0.01)))
        assert row["area"]["value"] == pytest.approx(abs(area), rel=1e-6)
        if abs(polygon.bounds[1]) < 90:
            assert row["perimeter"]["value"] == pytest.approx(perimeter, rel=1e-6)


@pytest.mark.parametrize(("unit", "size"), [("hectare", 1e4), ("acre", 4046.8564224)])
def test_areas_are_told_in_the_unit_that_is_asked_for_and_lengths_in_theirs(unit: str, size: float) -> None:
    given = collection("EPSG:32632", box(500_000, 5_000_000, 400, 100), box(500_200, 5_000_000, 400, 100))
    told = answer(geometry=given, units="foot", area_units=unit, each=True)
    plain = answer(geometry=given, each=True)
    for name in ("area", "covered_area"):
        for ours, theirs in ((told, plain), (told["planar"], plain["planar"])):
            assert ours[name] == {"value": pytest.approx(theirs[name]["value"] / size, rel=1e-12), "units": unit}
    assert told["planar"]["covered_area"]["value"] == pytest.approx(60_000 / size)
    assert told["planar"]["perimeter"] == {"value": pytest.approx(2000 / 0.3048), "units": "foot"}
    assert told["each"][1]["planar_area"] == {"value": pytest.approx(40_000 / size), "units": unit}
    assert told["each"][1]["perimeter"]["units"] == "foot"
