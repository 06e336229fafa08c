"""How features are read: every notation, in the CRS in which they came, and what is mended or refused."""

import json
from typing import Any

import numpy as np
import pytest
import shapely

from backend.errors import ProcessRefusedError
from backend.geo.geodesy.crs import CRS84, Transformation, code_of, parse_crs
from backend.geo.geodesy.shapes import shapes_of
from backend.geo.vector.bending import in_one_crs
from backend.geo.vector.collections import FeatureCollection, feature_collection
from backend.geo.vector.feature_reading import read_features
from backend.geo.vector.features import Features
from backend.geo.vector.reading import read_geometry
from backend.geo.vector.unchecked import read_unchecked

UTM = parse_crs("EPSG:32632")
SQUARE = "POLYGON ((500000 5000000, 500100 5000000, 500100 5000100, 500000 5000100, 500000 5000000))"


def feature(geometry: Any, **properties: Any) -> dict[str, Any]:
    return {"type": "Feature", "geometry": geometry, "properties": properties}


def point(*position: float) -> dict[str, Any]:
    return {"type": "Point", "coordinates": list(position)}


def collection(*features: Any, **members: Any) -> dict[str, Any]:
    return {"type": "FeatureCollection", "features": list(features), **members}


def answer(features: Features) -> FeatureCollection:
    return feature_collection(features, method="none", crs_decision=features.plane)


def test_a_collection_has_a_column_for_every_field_and_keeps_heights() -> None:
    found = read_features(collection(feature(point(13.4, 52.5, 7), a=1), feature(None, b="x")))
    assert found.shapes.tolist() == [shapely.Point(13.4, 52.5, 7), None]
    assert found.fields == {"a": [1, None], "b": [None, "x"]}
    assert list(found.rows()) == [{"a": 1, "b": None}, {"a": None, "b": "x"}]
    assert found.warnings == ("1 of 2 features have no geometry.",)


@pytest.mark.parametrize(
    "value", [point(1, 2), feature(point(1, 2)), "POINT (1 2)", json.dumps(point(1, 2)), "lat,lon\n2,1"]
)
def test_a_point_is_one_feature_in_every_notation(value: Any) -> None:
    found = read_features(value)
    assert found.crs == CRS84
    assert found.shapes.tolist() == [shapely.Point(1, 2)]


def test_wkt_of_several_lines_is_no_csv() -> None:
    assert len(read_features("POLYGON ((0 0,\n 1 0,\n 1 1,\n 0 0))")) == 1


def test_features_in_a_plane_come_back_to_it_exactly_from_geojson() -> None:
    there = read_features(SQUARE, UTM)
    written = answer(there)
    assert written["source_crs"] == "EPSG:32632"
    assert written["features"][0]["geometry"]["coordinates"][0][0] == pytest.approx([9, 45.15347], abs=1e-4)
    back = read_features(json.loads(b"".join(written.json_parts())))
    assert back.crs == UTM
    assert shapely.area(back.shapes)[0] == pytest.approx(10_000, abs=1e-4)


def test_the_crs_member_of_old_geojson_is_taken_at_its_word() -> None:
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::32632"}}
    found = read_features(collection(feature(point(500_000, 5_000_000)), crs=crs))
    assert code_of(found.crs) == "EPSG:32632"
    (place,) = found.lonlat().shapes
    assert (place.x, place.y) == pytest.approx((9, 45.15348), abs=1e-5)


def test_ids_beside_the_properties_are_kept_as_a_field_unless_there_is_one() -> None:
    named = collection({**feature(point(9, 45), size=1), "id": "a"}, {**feature(None), "id": 2}, feature(point(9, 46)))
    assert read_features(named).fields == {"id": ["a", 2, None], "size": [1, None, None]}
    counted = [{**feature(point(9, 45)), "id": at} for at in (1, 2, 3)]
    assert read_features(collection(*counted)).fields == {"id": [1, 2, 3]}
    unasked = [{**feature(point(9, 45)), "id": str(at)} for at in range(3)]
    assert read_features(collection(*unasked)).fields == {}
    taken = collection({**feature(point(9, 45), id="own"), "id": "a"})
    assert read_features(taken).fields == {"id": ["own"]}


def test_ewkt_is_in_the_crs_of_its_number() -> None:
    text = f"SRID=32632;{SQUARE}"
    (features, geometry) = (read_features(text), read_geometry(text))
    assert features.crs == read_unchecked(text).features.crs == UTM
    assert shapely.area(features.shapes)[0] == 10_000
    assert shapely.get_coordinates(geometry.shape)[0] == pytest.approx([9, 45.15347], abs=1e-4)
    assert read_features("SRID=4326;POINT (9 45)").crs == CRS84


def test_sources_of_different_crs_meet_in_longitude_and_latitude() -> None:
    flat, round_ = in_one_crs(read_features(SQUARE, UTM), read_features("POINT (9.0005 45.1538)"))
    assert flat.crs == round_.crs == CRS84
    assert shapely.covers(flat.shapes[0], round_.shapes[0])


def test_degrees_counted_from_rome_become_degrees_from_greenwich_by_the_known_way() -> None:
    rome = parse_crs("EPSG:4806")
    found = read_features("POINT (-3.5 45.5)", rome)
    assert (found.shapes[0].x, found.shapes[0].y) == pytest.approx((8.951977, 45.500669), abs=1e-6)
    assert not any("ballpark" in warning for warning in found.warnings)
    assert any("accurate to 4 m" in warning for warning in found.warnings)


def test_a_transformation_without_a_known_shift_of_the_datum_is_called_ballpark() -> None:
    way = Transformation.between(parse_crs("EPSG:4306"), parse_crs("EPSG:4326"))
    assert way.ballpark
    assert "hundred metres" in way.warnings[0]


def test_what_crosses_the_antimeridian_in_a_projection_is_split_there() -> None:
    found = read_features(
        "POLYGON ((100000 8000000, 900000 8000000, 900000 8100000, 100000 8000000))", parse_crs("EPSG:32701")
    )
    (shape,) = found.lonlat().shapes
    assert shape.geom_type == "MultiPolygon"
    assert sorted(part.bounds[0] < 0 for part in shape.geoms) == [False, True]


def test_a_polygon_whose_ring_touches_itself_along_an_edge_is_valid_once_it_is_read() -> None:
    # GEOS's own repair leaves it two polygons with a common edge, as the middle of that is off it by rounding.
    x, middle = -69.99333333333334, -32.99666666666667
    around = [(x, -32.99), (-69.995, -32.995), (x, middle), (x, -32.99), (-69.99, -32.998333333333335), (x, -33.0)]
    polygon = shapely.Polygon(around)
    assert not shapely.make_valid(polygon, method="structure", keep_collapsed=False).is_valid
    features, geometry = read_features(polygon.wkt), read_geometry(polygon.wkt)
    for shape in (features.shapes[0], geometry.shape):
        assert shape.is_valid
        assert shape.area == pytest.approx(2e-4 / 9, rel=1e-9)


def test_a_bow_tie_among_others_is_repaired_and_counted() -> None:
    tie = {"type": "Polygon", "coordinates": [[[0, 0], [2, 2], [2, 0], [0, 2], [0, 0]]]}
    found = read_features(collection(feature(tie), feature(point(5, 5))))
    assert shapely.is_valid(found.shapes).all()
    assert found.warnings[0].startswith("1 of 2 geometries were invalid and repaired (Self-intersection")


@pytest.mark.parametrize("around", ["{}", "GEOMETRYCOLLECTION ({}, POINT (9 9))", "GEOMETRYCOLLECTION ({0}, {0})"])
def test_a_polygon_that_goes_round_twice_holds_the_same_ground_alone_and_in_a_collection(around: str) -> None:
    # From corner to corner of a square and round an inner one again, which belongs to it as well.
    twice = "POLYGON ((0 0, 4 0, 4 4, 1 4, 1 1, 3 1, 3 3, 0 3, 0 0))"
    [shape] = read_features(around.format(twice)).shapes
    assert shape.is_valid
    areas = [part.area for part in shapely.get_parts(shape) if part.area]
    assert areas == pytest.approx([15] * len(areas))
    assert len(areas) == around.count("{")


def test_degrees_that_are_called_metres_are_warned_of() -> None:
    assert "look like degrees" in read_features("POINT (9 45)", UTM).warnings[0]


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("POINT (52 130)", "is the order latitude, longitude"),
        ("POINT (500000 5000000)", "looks projected"),
        (collection(feature({"type": "Pnt", "coordinates": [1, 2]})), "has no GeoJSON type"),
        (collection({"type": "Point", "coordinates": [1, 2]}), r"features\[0\] is not a Feature"),
        (7, "expected GeoJSON"),
        ("[" * 200_000, "nested too deeply"),
        ("wkt;n\nPOINT (1e400 1);1", "finite"),
        ("[1, 2", "no JSON"),
        ("a,b\n1", "row 2 of the CSV has 1 values"),
        ("lon,lat\n1,x", "row 2 of the CSV has 'x'"),
        (collection(crs={"type": "name", "properties": {"name": "+init=epsg:4326"}}), "is no CRS"),
    ],
)
def test_what_cannot_be_read_is_refused_with_what_is_wrong(value: Any, reason: str) -> None:
    with pytest.raises(ProcessRefusedError, match=reason):
        read_features(value)


@pytest.mark.parametrize(
    "text",
    ["+proj=longlat +nadgrids=/etc/passwd", "+init=epsg:4326", "EPSG:99999", "EPSG:5773", "{}", "PROJCS[]", "a" * 9999],
)
def test_a_crs_that_is_no_code_of_a_horizontal_one_is_refused(text: str) -> None:
    with pytest.raises(ProcessRefusedError):
        parse_crs(text)


@pytest.mark.parametrize(
    "text",
    [
        "epsg:25832",
        "urn:ogc:def:crs:EPSG::25832",
        "http://www.opengis.net/def/crs/EPSG/0/25832",
        "EPSG::25832",
        "25832",
    ],
)
def test_a_code_is_known_in_each_of_its_notations(text: str) -> None:
    assert code_of(parse_crs(text)) == "EPSG:25832"


@pytest.mark.parametrize("text", ["WGS84", "wgs 84", "CRS84", "WGS 1984"])
def test_a_name_of_wgs_84_is_told_its_codes(text: str) -> None:
    with pytest.raises(ProcessRefusedError, match=r"give OGC:CRS84 \(longitude first\) or EPSG:4326"):
        parse_crs(text)


def test_a_column_of_a_table_is_of_numbers_only_where_every_value_is_written_as_one() -> None:
    found = read_features("code,count,share,name,name\n001,1,0.5,a,b\n002,,1e-3,,c")
    assert found.fields == {
        "code": ["001", "002"],
        "count": [1, None],
        "share": [0.5, 0.001],
        "name": ["a", None],
        "name_2": ["b", "c"],
    }
    assert found.shapes.tolist() == [None, None]
    assert "'name' is there more than once" in found.warnings[0]


@pytest.mark.parametrize("delimiter", [";", "\t", "|"])
def test_decimal_commas_of_whole_columns_are_read_and_told_where_no_comma_parts_the_values(delimiter: str) -> None:
    text = "lat;lon;n;mixed;note\n50,7374;7,0982;1,5;1,5;a, b\n-0,5;8;;x;c".replace(";", delimiter)
    found = read_features(text)
    assert found.shapes.tolist() == [shapely.Point(7.0982, 50.7374), shapely.Point(8, -0.5)]
    assert found.fields == {
        "lat": [50.7374, -0.5], "lon": [7.0982, 8], "n": [1.5, None], "mixed": ["1,5", "x"], "note": ["a, b", "c"]
    }  # fmt: skip
    assert [warning for warning in found.warnings if "decimal comma" in warning] == [
        "In 'lat' the comma was read as a decimal comma: 50,7374 is 50.7374.",
        "In 'lon' the comma was read as a decimal comma: 7,0982 is 7.0982.",
        "In 'n' the comma was read as a decimal comma: 1,5 is 1.5.",
    ]


@pytest.mark.parametrize("column", ["001,5", "1.23,5", ",5", "1,", "1,5e3", "50.1\n50,1"])
def test_commas_that_may_be_others_than_decimal_ones_stay_as_they_are(column: str) -> None:
    found = read_features("\n".join(["id;n", *(f"{row};{value}" for row, value in enumerate(column.split("\n")))]))
    assert found.fields["n"] == column.split("\n")
    assert found.warnings == ()


def test_points_are_those_of_thousands_in_a_table_with_decimal_commas() -> None:
    found = read_features("lon;lat;people;share;code\n8,5;47,2;1.234;1.000,5;1.5\n8,6;47,3;12;0,5;2.25")
    assert found.fields["people"] == [1234, 12]
    assert found.fields["share"] == [1000.5, 0.5]
    assert found.fields["code"] == [1.5, 2.25], "no thousands are written so"
    assert "In 'people' points were read as those of thousands: 1.234 is 1234." in found.warnings


@pytest.mark.parametrize(
    ("column", "numbers"),
    [(("-1.234", "-5"), [-1234, -5]), (("1.234", "NA"), [1234, None]), (("1.234.567", "0"), [1234567, 0])],
)
def test_points_of_thousands_may_stand_beside_signs_and_gaps(column: tuple[str, str], numbers: list[Any]) -> None:
    found = read_features(f"share;n\n0,5;{column[0]}\n1,5;{column[1]}")
    assert found.fields["n"] == numbers


@pytest.mark.parametrize("other", ["1234", "001", "1.5"])
def test_a_point_that_may_be_either_is_left_and_told(other: str) -> None:
    found = read_features(f"share;n\n0,5;1.234\n1,5;{other}")
    assert found.fields["n"][0] in (1.234, "1.234")
    assert "In 'n' the point was left as it is, though others have decimal commas: 1.234." in found.warnings


def test_points_are_decimal_ones_where_no_comma_is() -> None:
    found = read_features("lon;lat;n\n8.541;47.123;1.234")
    assert found.fields == {"lon": [8.541], "lat": [47.123], "n": [1.234]}
    mixed = read_features("lon;lat;n\n8.541;47.123;12,5")
    assert mixed.shapes.tolist() == [shapely.Point(8.541, 47.123)]


@pytest.mark.parametrize("number", ["NaN", "-Infinity", "Infinity"])
def test_numbers_that_json_does_not_know_are_missing_in_a_text(number: str) -> None:
    collection = (
        '{"type": "FeatureCollection", "features": [{"type": "Feature", "properties": {"a": %s}, '
        '"geometry": {"type": "Point", "coordinates": [1, 2]}}]}'
    )
    assert read_features(collection % number).fields == {"a": [None]}
    assert read_features(collection % f'{{"b": [1, {number}]}}').fields == {"a": [{"b": [1, None]}]}
    assert read_features(f'[{{"a": {number}, "b": 1}}]').fields == {"a": [None], "b": [1]}


@pytest.mark.parametrize("text", ["id,lon,lat\n", "wkt\n", "id;name\n"])
def test_a_table_without_rows_is_a_table(text: str) -> None:
    assert len(read_features(text)) == 0


def test_coordinates_in_a_line_are_no_table() -> None:
    with pytest.raises(ProcessRefusedError, match="neither GeoJSON nor WKT"):
        read_features("13.4, 52.5\n")


def test_codes_that_look_like_numbers_with_exponents_are_told() -> None:
    found = read_features("code,x\n1E3,1.5e3\n25,2e2")
    assert found.fields == {"code": [1000, 25], "x": [1500, 200]}
    assert found.warnings == ("In 'code' 1E3 was read as the number 1000, not as a code.",)


def test_an_object_that_is_no_geojson_is_refused_by_what_it_has() -> None:
    with pytest.raises(ProcessRefusedError, match="is no GeoJSON, whose objects have a type: it has 'crs', 'valid'"):
        read_features({"crs": None, "valid": True})


def test_a_table_with_semicolons_and_wkt_has_geometries() -> None:
    found = read_features("id;wkt\n1;POINT (1 2)\n2;")
    assert found.shapes.tolist() == [shapely.Point(1, 2), None]
    assert found.fields == {"id": [1, 2]}, "the text would go out of date"


def test_longitudes_beyond_180_are_brought_back_each_feature_by_itself() -> None:
    box = {"type": "Polygon", "coordinates": [[[179, 0], [181, 0], [181, 1], [179, 1], [179, 0]]]}
    found = read_features(collection(feature(box), feature(point(1, 1))))
    assert found.shapes[0].geom_type == "MultiPolygon"
    assert found.shapes[1] == shapely.Point(1, 1)
    assert "brought back" in found.warnings[0]


def test_features_are_taken_by_mask_and_by_index() -> None:
    features = Features(shapes_of([shapely.Point(at, 0) for at in range(3)]), {"n": [0, 1, 2]})
    assert features.take(np.array([True, False, True])).fields == {"n": [0, 2]}
    assert features.take(np.array([2, 0])).fields == {"n": [2, 0]}


WORLD = 20_037_508.342789244


@pytest.mark.parametrize(
    ("code", "box", "expected"),
    [
        (3857, (-11e6, -1e6, 11e6, 1e6), "Polygon"),
        (3857, (-WORLD, -1.9e7, WORLD, 1.9e7), "Polygon"),
        (6933, (-1.7e7, -1e6, 1.7e7, 1e6), "Polygon"),
        (3832, (-16.6e6, -1e6, 5.5e6, 1e6), "MultiPolygon"),
        (3832, (3e6, -2e6, 3.6e6, -1.5e6), "MultiPolygon"),
    ],
)
def test_edges_of_a_projection_of_the_world_go_around_it_as_they_do_there(
    code: int, box: tuple[float, float, float, float], expected: str
) -> None:
    """Not the shorter way, where they are longer than half of a parallel."""
    before = Features(shapes_of([shapely.box(*box)]), crs=parse_crs(f"EPSG:{code}"))
    (lonlat,) = before.lonlat().shapes.tolist()
    assert lonlat.geom_type == expected
    degrees = 360 * (box[2] - box[0]) / (2 * WORLD if code != 6933 else 2 * 17_367_530.445)
    assert sum(part.bounds[2] - part.bounds[0] for part in shapely.get_parts(lonlat)) == pytest.approx(
        degrees, rel=1e-6
    )
    back = read_features(json.loads(b"".join(answer(before).json_parts())))
    assert shapely.area(back.shapes)[0] == pytest.approx(shapely.area(before.shapes)[0], rel=1e-9)


def test_long_lines_of_a_projection_keep_their_heights() -> None:
    line = shapely.from_wkt("LINESTRING Z (-11000000 0 7, 11000000 1000 8)")
    (lonlat,) = Features(shapes_of([line]), crs=parse_crs("EPSG:3857")).lonlat().shapes.tolist()
    assert lonlat.geom_type == "LineString"
    assert [z for _, _, z in lonlat.coords] == [7, 8]


HALF = "\ud800"
HALVES = {
    "a": "x\ud800y",
    "b": [{"\udfff": "\ud800"}, 2**70],
    "c" + HALF: 1,
    "c\ufffd": None,
    "d": "Köln 😀",
    "e": [2**70],
}


@pytest.mark.parametrize(
    "value",
    [
        {"type": "Feature", "geometry": None, "properties": HALVES},
        {"type": "FeatureCollection", "features": [{"type": "Feature", "geometry": None, "properties": HALVES}]},
        [HALVES],
        {"rows": [HALVES]},
        {"attributes": HALVES, "geometry": {"x": 1, "y": 2}},
    ],
)
@pytest.mark.parametrize("read", [lambda value: value, json.dumps])
def test_half_a_surrogate_pair_becomes_a_character_that_every_format_has(value: Any, read: Any) -> None:
    found = read_features(read(value))
    assert {name: list(values) for name, values in found.fields.items()} == {
        "a": ["x\ufffdy"],
        "b": [[{"\ufffd": "\ufffd"}, 2**70]],
        "c\ufffd_2": [1],
        "c\ufffd": [None],
        "d": ["Köln 😀"],
        "e": [[2**70]],
    }
    (told,) = [warning for warning in found.warnings if "U+FFFD" in warning]
    assert told.endswith("'a', 'b', 'c\ufffd_2'.")


def test_half_a_surrogate_pair_is_replaced_in_features_that_are_not_repaired() -> None:
    found = read_unchecked(json.dumps({"type": "Feature", "geometry": None, "properties": {"a": HALF}})).features
    assert list(found.fields["a"]) == ["\ufffd"]
    assert any("U+FFFD" in warning for warning in found.warnings)
