"""`transform-coordinates` as a caller sees it."""

import json
import math
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from pyproj import Proj
from shapely import Point, area, box, from_wkt
from shapely.geometry import mapping

from backend.errors import ProcessRefusedError
from backend.geo.geodesy.crs import code_of
from backend.geo.vector.datasets import DatasetFile
from backend.geo.vector.feature_reading import read_features
from backend.processes.running import run_processor
from backend.processes.transform_coordinates import transform_coordinates
from summaries import summarise

RADIUS = 6_378_137.0
"""Metres: of the sphere of EPSG:3857."""
type Answer = Callable[..., Any]


def answers(**inputs: Any) -> dict[str, Any]:
    outputs = run_processor(transform_coordinates({"name": "here"}), inputs, None, lambda _percent, _text=None: None)
    return {output.id: json.loads(output.encode()) for output in outputs}


def answer(**inputs: Any) -> Any:
    return answers(**inputs)["coordinates"]


@pytest.mark.parametrize(("longitude", "outside"), [(98.75, False), (-68.1, False), (98.65, False), (98, True)])
def test_an_area_across_the_antimeridian_holds_what_is_within_or_hardly_beyond_its_edges(
    longitude: float, outside: bool
) -> None:
    """That of the Pacific, from 98.69 east to 68 west."""
    told = answer(coordinates=[longitude, -40], target_crs="EPSG:3832")
    assert any("outside the area" in warning for warning in told["warnings"]) == outside


@pytest.mark.parametrize("unknown", ["EPSG:22300", "EPSG:3052"])
@pytest.mark.parametrize("known", ["OGC:CRS84", "EPSG:3057"])
def test_a_crs_whose_projection_is_not_known_here_is_refused_by_its_name(unknown: str, known: str) -> None:
    """The Tunisia Mining Grid, and a cone that counts westwards."""
    for source, target in ((unknown, known), (known, unknown)):
        with pytest.raises(
            ProcessRefusedError, match=f"no way from .*{unknown}.*: the projection .* none that PROJ has"
        ):
            answer(coordinates=[9, 36], crs=source, target_crs=target)


def test_features_that_tell_a_projected_crs_are_not_taken_for_degrees_of_another() -> None:
    told = {"type": "name", "properties": {"name": "EPSG:25832"}}
    features = {"type": "Point", "coordinates": [500_000, 5_500_000], "crs": told}
    with pytest.raises(ProcessRefusedError, match="EPSG:25832, as they themselves tell, not in EPSG:4267"):
        answer(coordinates=features, crs="EPSG:4267", target_crs="EPSG:3857")


def test_metres_beyond_the_area_of_their_crs_are_transformed_and_told() -> None:
    told = answer(coordinates=[900_000, 5_500_000], crs="EPSG:25831", target_crs="EPSG:25832")
    first, second = (Proj(proj="utm", zone=zone, ellps="GRS80") for zone in (31, 32))
    assert told["coordinates"] == pytest.approx(second(*first(900_000, 5_500_000, inverse=True)), abs=1e-3)
    assert any("outside the area for which EPSG:25831" in warning for warning in told["warnings"])


def test_lines_in_degrees_of_another_datum_stay_in_it_where_the_target_has_it_too() -> None:
    """NAD27, which lies up to 200 m beside WGS 84: two changes of the datum would not cancel out exactly."""
    told = answer(coordinates="LINESTRING (-100 40, -100.5 41)", crs="EPSG:4267", target_crs="EPSG:26714")
    assert (told["accuracy_m"], told["ballpark"], told["source_crs"]) == (0.0, False, "EPSG:4267")
    plane = Proj(proj="utm", zone=14, ellps="clrk66")
    expected = [plane(-100, 40), plane(-100.5, 41)]
    line = from_wkt(told["geometries"][0]["wkt"])
    assert list(line.coords) == [pytest.approx(position, abs=1e-4) for position in expected]


def web_mercator(longitude: float, latitude: float) -> tuple[float, float]:
    """Its closed form."""
    return RADIUS * math.radians(longitude), RADIUS * math.log(math.tan(math.pi / 4 + math.radians(latitude) / 2))


def meridian_arc(latitude: float) -> float:
    """Metres from the equator on GRS 80, by numerical integration (Simpson)."""
    a, e2 = 6_378_137.0, 0.006_694_380_022_903_416
    steps, top = 2_000, math.radians(latitude)
    heights = [a * (1 - e2) / (1 - e2 * math.sin(top * i / steps) ** 2) ** 1.5 for i in range(steps + 1)]
    weights = [1, *(4 if i % 2 else 2 for i in range(1, steps)), 1]
    return sum(w * h for w, h in zip(weights, heights, strict=True)) * top / steps / 3


def test_the_example_answers() -> None:
    told = answer(**transform_coordinates.description["example"]["inputs"])
    # On the central meridian of zone 32: easting 500,000 and 0.9996 times the arc of the meridian.
    assert told["coordinates"][0] == pytest.approx([500_000, 0.9996 * meridian_arc(48)], abs=1e-4)
    assert told["crs"] == "EPSG:25832"
    assert told["axes"] == ["Easting (metre)", "Northing (metre)"]
    assert told["accuracy_m"] == 1
    assert told["ballpark"] is False
    assert "OGC:CRS84" in told["crs_decision"]
    assert told["warnings"] == []


def test_a_projection_of_a_closed_form_is_met_and_its_accuracy_is_not_unknown() -> None:
    told = answer(coordinates=[13.4, 52.5], target_crs="EPSG:3857")
    assert told["coordinates"] == pytest.approx(web_mercator(13.4, 52.5), abs=1e-6)
    assert told["accuracy_m"] == 0
    assert told["return_error_m"] < 1e-6


@pytest.mark.parametrize("text", ["13.4 52.5", "13.4, 52.5", "(13.4; 52.5)".replace(";", ","), "[13.4, 52.5]"])
def test_a_pair_of_numbers_in_a_text_is_a_position(text: str) -> None:
    assert answer(coordinates=text, target_crs="EPSG:3857")["coordinates"] == pytest.approx(web_mercator(13.4, 52.5))


def test_lines_of_a_text_are_positions_and_keep_their_order_and_heights() -> None:
    told = answer(coordinates="13.4 52.5 30\n-60,-10,5", target_crs="EPSG:3857")
    first, second = told["coordinates"]
    assert first == [*(pytest.approx(value) for value in web_mercator(13.4, 52.5)), 30]
    assert second == [*(pytest.approx(value) for value in web_mercator(-60, -10)), 5]
    assert any("Heights were kept" in warning for warning in told["warnings"])


def test_the_order_of_axes_is_x_y_unless_the_authoritys_is_asked_for() -> None:
    plain = answer(coordinates=[500_000, 5_000_000], crs="EPSG:32632", target_crs="EPSG:4326")
    asked = answer(coordinates=[500_000, 5_000_000], crs="EPSG:32632", target_crs="EPSG:4326", authority_axes=True)
    assert plain["coordinates"] == pytest.approx(asked["coordinates"][::-1], abs=1e-12)
    assert plain["coordinates"][0] == pytest.approx(9)
    assert plain["axes"][0].startswith("Geodetic longitude")
    assert asked["axes"][0].startswith("Geodetic latitude")
    back = answer(coordinates=asked["coordinates"], crs="EPSG:4326", target_crs="EPSG:31467", authority_axes=True)
    assert [axis.split(" (")[0] for axis in back["axes"]] == ["Northing", "Easting"]
    assert back["coordinates"][0] == pytest.approx(5_000_000, abs=5_000)


def test_a_geometry_comes_back_as_wkt_with_its_attributes() -> None:
    feature = {"type": "Feature", "geometry": {"type": "Point", "coordinates": [9, 0]}, "properties": {"name": "zero"}}
    told = answer(coordinates=feature, target_crs="EPSG:32632")
    assert told["geometries"] == [{"wkt": "POINT (500000 0)", "properties": {"name": "zero"}}]
    line = answer(coordinates="LINESTRING (9 0, 9 0.5)", target_crs="EPSG:32632")
    assert line["geometries"][0]["wkt"].startswith("LINESTRING (500000 0, 500000 5526")


def test_many_geometries_are_written_and_summarised_as_the_objects_that_they_are_when_looked_at() -> None:
    features = [
        {"type": "Feature", "geometry": geometry, "properties": {"at": at, "name": name}}
        for at, geometry in enumerate(
            [mapping(box(9, 50, 9.1, 50.1)), None, *[mapping(Point(9, at)) for at in range(80)]]
        )
        for name in ('a","b', None, "ü", 1.5)
    ]
    inputs = {"coordinates": {"type": "FeatureCollection", "features": features}, "target_crs": "EPSG:25832"}
    value = transform_coordinates.function(**transform_coordinates.signature.bind(inputs))["coordinates"]
    objects = {**value, "geometries": list(value["geometries"])}
    (written, _) = run_processor(transform_coordinates({"name": "here"}), inputs, None, lambda *_: None)
    assert written.encode().decode() == json.dumps(objects, ensure_ascii=False, separators=(",", ":"))
    _, plain = transform_coordinates({"name": "here"}).execute(inputs)
    assert json.loads(json.dumps(plain["coordinates"])) == objects, "stock pygeoapi writes it with Python's encoder"
    assert [one["properties"] for one in objects["geometries"]] == [one["properties"] for one in features]
    assert objects["geometries"][4] == {"wkt": None, "properties": features[4]["properties"]}
    assert summarise(value, "application/json") == summarise(objects, "application/json")


def test_features_come_back_as_such_for_other_processes_to_take_in_the_target_crs() -> None:
    square = {"type": "Feature", "geometry": mapping(box(9, 50, 9.001, 50.001)), "properties": {"name": "one"}}
    told = answers(coordinates=square, target_crs="EPSG:25832")
    again = read_features(told["features"])
    assert code_of(again.crs) == told["features"]["source_crs"] == "EPSG:25832"
    assert again.fields == {"name": ["one"]}
    # 0.001 degrees of longitude and latitude by the radii of the ellipsoid, at the scale of the central meridian.
    assert area(again.shapes[0]) == pytest.approx(71.6957 * 111.2290 * 0.9996**2, rel=1e-4)
    assert area(from_wkt(told["coordinates"]["geometries"][0]["wkt"])) == pytest.approx(area(again.shapes[0]), abs=1e-4)


def test_degrees_of_another_datum_come_back_as_features_on_wgs84_and_numbers_as_numbers_only() -> None:
    told = answers(coordinates={"type": "Point", "coordinates": [9, 50]}, target_crs="EPSG:4314")
    assert "source_crs" not in told["features"]
    assert told["features"]["features"][0]["geometry"]["coordinates"] == pytest.approx([9, 50], abs=1e-6)
    assert told["coordinates"]["crs"] == "EPSG:4314"
    assert list(answers(coordinates=[9, 50], target_crs="EPSG:4314")) == ["coordinates"]


@pytest.mark.parametrize("crs", ["EPSG:25832", "EPSG:31467"])
def test_places_far_from_where_a_crs_is_meant_are_told_as_ballpark_without_a_long_search(crs: str) -> None:
    begin = time.thread_time()
    told = answer(coordinates=[110, -30], target_crs=crs)
    assert time.thread_time() - begin < 3
    assert (told["ballpark"], told["accuracy_m"], told["missing_grids"]) == (True, None, [])
    assert any("ballpark" in warning for warning in told["warnings"])
    assert any(f"outside the area for which {crs}" in warning for warning in told["warnings"])


@pytest.mark.parametrize("crs", ["OGC:CRS84", "EPSG:4326"])
def test_a_projection_of_the_same_datum_is_no_ballpark_anywhere(crs: str) -> None:
    told = answer(coordinates=[20, -30], crs=crs, target_crs="EPSG:32632")
    assert (told["ballpark"], told["accuracy_m"]) == (False, 0)


def test_a_file_is_taken_in_the_crs_that_it_tells_and_refused_in_another(tmp_path: Any) -> None:
    path = tmp_path / "here.csv"
    path.write_text("easting,northing,name\n500000,0,zero\n")
    here = DatasetFile("here", path, "vector")
    told = answer(coordinates=here, crs="EPSG:32632", target_crs="OGC:CRS84")
    assert told["geometries"] == [
        {"wkt": "POINT (9 0)", "properties": {"easting": 500000, "northing": 0, "name": "zero"}}
    ]
    old = {"type": "Point", "coordinates": [500000, 0], "crs": {"type": "name", "properties": {"name": "EPSG:32632"}}}
    with pytest.raises(ProcessRefusedError, match="EPSG:32632, as they themselves tell, not in EPSG:32633"):
        answer(coordinates=old, crs="EPSG:32633", target_crs="OGC:CRS84")


def test_degrees_from_another_meridian_than_greenwich_keep_the_shift_of_their_datum() -> None:
    # EPSG's operation "Monte Mario to WGS 84 (4)" by hand: geodetic to geocentric, seven parameters, and back.
    told = answer(coordinates=[-3.5, 45.5], crs="EPSG:4806", target_crs="OGC:CRS84")
    assert told["coordinates"][1] == pytest.approx(45.500669074, abs=1e-8)
    assert (told["ballpark"], told["accuracy_m"]) == (False, 4)
    assert "accurate to 4 m" in told["warnings"][0]


def test_datums_whose_differences_from_a_third_are_known_are_no_ballpark() -> None:
    # EPSG's operation "NAD27 to WGS 84 (6)" by hand; NAD83 to WGS 84 (1) is no shift.
    clarke, grs80 = (6_378_206.4, 6_356_583.8), (6_378_137.0, 6_378_137.0 * (1 - 1 / 298.257222101))
    latitude, longitude = np.radians([40.0, -100.0])
    e2 = 1 - (clarke[1] / clarke[0]) ** 2
    n = clarke[0] / np.sqrt(1 - e2 * np.sin(latitude) ** 2)
    x, y, z = (
        n * np.cos(latitude) * np.cos(longitude) - 8,
        n * np.cos(latitude) * np.sin(longitude) + 159,
        n * (1 - e2) * np.sin(latitude) + 175,
    )
    e2 = 1 - (grs80[1] / grs80[0]) ** 2
    across = np.hypot(x, y)
    for _ in range(20):
        n = grs80[0] / np.sqrt(1 - e2 * np.sin(latitude) ** 2)
        latitude = np.arctan2(z + e2 * n * np.sin(latitude), across)
    told = answer(coordinates=[-100, 40], crs="EPSG:4267", target_crs="EPSG:4269")
    assert told["coordinates"] == pytest.approx(np.degrees([np.arctan2(y, x), latitude]).tolist(), abs=1e-8)
    assert (told["ballpark"], told["accuracy_m"]) == (False, 11)
    assert told["missing_grids"]
    # No operation is meant for Alaska and Labrador alike.
    wide = answer(coordinates=[[-155, 57], [-62, 57]], crs="EPSG:4267", target_crs="EPSG:4269")
    assert (wide["ballpark"], wide["accuracy_m"]) == (True, None)


def test_a_ballpark_transformation_is_told_and_so_is_the_area_that_was_left() -> None:
    told = answer(coordinates=[139, 35], target_crs="EPSG:25832")
    assert told["ballpark"] is True
    assert told["accuracy_m"] is None
    assert "ballpark" in told["warnings"][0]
    assert "outside the area for which EPSG:25832" in told["warnings"][1]


@pytest.mark.filterwarnings("ignore:Best transformation is not available:UserWarning")
def test_grids_that_are_missing_are_named() -> None:
    told = answer(coordinates=[-0.1, 51.5], target_crs="EPSG:27700")
    assert told["missing_grids"] == ["uk_os_OSTN15_NTv2_OSGBtoETRS.tif"]
    assert told["accuracy_m"] == 2


def test_exchanged_coordinates_are_suspected_where_the_exchange_would_fit() -> None:
    (warning,) = [
        text for text in answer(coordinates=[48, 9], target_crs="EPSG:31467")["warnings"] if "outside" in text
    ]
    assert "exchanged" in warning


@pytest.mark.parametrize(
    ("inputs", "reason", "path"),
    [
        ({"coordinates": [9, 95]}, "outside -90 to 90", "coordinates"),
        ({"coordinates": [9, 48], "crs": "EPSG:25832"}, "look like degrees", "coordinates"),
        ({"coordinates": [110, -30], "target_crs": "EPSG:2056"}, "the way back misses them by", "coordinates"),
        ({"coordinates": []}, "no coordinates", "coordinates"),
        ({"coordinates": ""}, "no coordinates", "coordinates"),
        ({"coordinates": [[1, 2], [1, 2, 3]]}, "all alike", "coordinates"),
        ({"coordinates": [9, True]}, "finite numbers", "coordinates"),
        ({"coordinates": [["9", 48]]}, "finite numbers", "coordinates"),
        ({"coordinates": [9, 1e999]}, "finite numbers", "coordinates"),
        ({"coordinates": {"type": "FeatureCollection", "features": []}}, "no coordinate", "coordinates"),
        ({"coordinates": "41°53'24\"N"}, "parse-coordinates", "coordinates"),
        ({"coordinates": [9, 48], "target_crs": "+proj=utm +nadgrids=/etc/passwd"}, "is no CRS", "target_crs"),
        ({"coordinates": [9, 48], "target_crs": "EPSG:5703"}, "no horizontal coordinates", "target_crs"),
    ],
)
def test_a_refusal_tells_the_reason_and_the_input(inputs: dict[str, Any], reason: str, path: str) -> None:
    with pytest.raises(ProcessRefusedError, match=reason) as refused:
        answer(**({"target_crs": "OGC:CRS84"} | inputs))
    assert refused.value.path == f"$.inputs.{path}"


def test_axes_of_an_authority_are_for_numbers_not_for_geojson() -> None:
    told = answer(coordinates={"type": "Point", "coordinates": [9, 48]}, target_crs="EPSG:4326", authority_axes=True)
    assert told["geometries"][0]["wkt"] == "POINT (48 9)"
    numbers = answer(coordinates=[48, 9], crs="EPSG:4326", target_crs="EPSG:4326", authority_axes=True)
    assert numbers["coordinates"] == [48, 9]
