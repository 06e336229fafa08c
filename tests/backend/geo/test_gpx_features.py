"""GPX as receivers and programs write it: waypoints, routes and tracks, or a clear reason why not."""

# pyogrio has no types.
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false, reportUnknownMemberType=false

from pathlib import Path
from typing import Any

import pyogrio.raw
import pytest
import shapely

from backend.errors import ProcessRefusedError
from backend.geo.vector.datasets import DatasetFile
from backend.geo.vector.feature_reading import read_features
from backend.geo.vector.reading import read_geometry

WAYPOINT = '<wpt lat="46.95" lon="7.45"><ele>540</ele><time>2024-05-01T08:00:00Z</time><name>Hut</name></wpt>'
ROUTE = (
    '<rte><name>Over the pass</name><rtept lat="46" lon="7"><name>Start</name></rtept><rtept lat="47" lon="8"/></rte>'
)


def position(lon: float, lat: float, told: str = "") -> str:
    return f'<trkpt lat="{lat}" lon="{lon}">{told}</trkpt>'


def track(*segments: str, told: str = "") -> str:
    return f"<trk>{told}{''.join(f'<trkseg>{segment}</trkseg>' for segment in segments)}</trk>"


def gpx(content: str, version: str = "1.1") -> str:
    namespace = f"http://www.topografix.com/GPX/{version.replace('.', '/')}"
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<gpx version="{version}" xmlns="{namespace}">{content}</gpx>'


HIKE = track(
    position(7, 46, "<ele>500</ele><time>2024-05-01T08:00:00Z</time>")
    + position(7.01, 46, "<ele>510.5</ele><time>2024-05-01T08:10:00Z</time>"),
    position(7.02, 46, "<ele>520</ele><time>2024-05-01T09:00:00Z</time>")
    + position(7.03, 46.01, "<ele>530</ele><time>2024-05-01T09:30:00Z</time>"),
    told="<name>Day 1</name><type>hiking</type>",
)


def fields(text: str) -> dict[str, list[Any]]:
    return {name: list(values) for name, values in read_features(text).fields.items()}


@pytest.mark.parametrize("version", ["1.0", "1.1"])
def test_waypoints_routes_and_tracks_are_points_and_lines(version: str) -> None:
    shapes = read_features(gpx(WAYPOINT + ROUTE + HIKE, version)).shapes
    assert [shapely.to_wkt(shape, rounding_precision=6) for shape in shapes] == [
        "POINT Z (7.45 46.95 540)",
        "LINESTRING (7 46, 8 47)",
        "MULTILINESTRING Z ((7 46 500, 7.01 46 510.5), (7.02 46 520, 7.03 46.01 530))",
    ]


def test_what_programs_add_to_a_segment_or_a_route_is_no_position() -> None:
    added = "<extensions><distance>3</distance></extensions>"
    line = position(7, 46) + position(8, 46)
    route = ROUTE.replace("<name>Over", f"{added}<name>Over")
    found = read_features(gpx(track(line + added) + route))
    assert [shape.wkt for shape in found.shapes] == ["LINESTRING (7 46, 8 46)", "LINESTRING (7 46, 8 47)"]
    assert found.warnings == ()


def test_what_is_told_of_each_becomes_fields_and_a_track_has_its_first_and_last_time() -> None:
    assert fields(gpx(WAYPOINT + ROUTE + HIKE)) == {
        "kind": ["waypoint", "route", "track"],
        "name": ["Hut", "Over the pass", "Day 1"],
        "type": [None, None, "hiking"],
        "time": ["2024-05-01T08:00:00Z", None, None],
        "begin": [None, None, "2024-05-01T08:00:00Z"],
        "end": [None, None, "2024-05-01T09:30:00Z"],
    }


def test_what_positions_tell_beside_their_place_is_left_out_with_a_warning() -> None:
    (warning,) = read_features(gpx(WAYPOINT + ROUTE + HIKE)).warnings
    assert warning.startswith("4 positions of lines tell more, such as a time")


@pytest.mark.parametrize(("layer", "kind"), [("waypoints", "waypoint"), ("routes", "route"), ("tracks", "track")])
def test_gdal_reads_the_same(tmp_path: Path, layer: str, kind: str) -> None:
    path = tmp_path / "day.gpx"
    path.write_text(gpx(WAYPOINT + ROUTE + HIKE), "utf-8")
    meta, _, geometries, columns = pyogrio.raw.read(path, layer=layer)
    names = columns[list(meta["fields"]).index("name")]
    read = read_features(DatasetFile("day", path, "vector"))
    [at] = [at for at, told in enumerate(read.fields["kind"]) if told == kind]
    assert read.fields["name"][at] == names[0]
    theirs = shapely.from_wkb(geometries[0])
    assert shapely.get_coordinates(read.shapes[at]).tolist() == shapely.get_coordinates(theirs).tolist()


def test_elevations_of_some_positions_only_are_left_out_with_a_warning() -> None:
    read = read_features(gpx(track(position(7, 46, "<ele>500</ele>") + position(8, 46))))
    assert not read.shapes[0].has_z
    assert read.warnings == ("1 features have elevations of some positions only; they were left out.",)


def test_a_segment_of_one_position_is_left_out_and_a_track_of_nothing_else_has_no_geometry() -> None:
    line = position(7, 46) + position(8, 46)
    read = read_features(gpx(track(line, position(9, 46)) + track(position(9, 46)) + track()))
    assert [shape and shape.wkt for shape in read.shapes] == ["LINESTRING (7 46, 8 46)", None, None]
    assert read.warnings == (
        "2 routes or tracks have no line.",
        "2 segments have a single position; they were left out.",
    )


def test_a_track_across_the_antimeridian_goes_the_shorter_way() -> None:
    read = read_features(gpx(track(position(179.5, 10) + position(-179.5, 10) + position(179, 10))))
    assert read.shapes[0].length == pytest.approx(2.5)
    assert "split" in read.warnings[-1]


def test_a_track_is_a_geometry_for_what_takes_one() -> None:
    read = read_geometry(gpx(track(position(0, 0) + position(1, 0))))
    assert read.shape == shapely.LineString([(0, 0), (1, 0)])


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("", "no waypoints, routes or tracks"),
        ("<metadata><name>Empty</name></metadata>", "no waypoints, routes or tracks"),
        ('<wpt lat="46"/>', "feature 1 of the GPX has a position whose lon is no number: none"),
        ('<wpt lat="46" lon="east"/>', "lon is no number: 'east'"),
        ('<wpt lat="nan" lon="7"/>', "lat is no number: 'nan'"),
        ('<wpt lat="4_6" lon="7"/>', "lat is no number: '4_6'"),
        (WAYPOINT + '<wpt lat="46" lon="7"><ele>high</ele></wpt>', "feature 2 .* ele is no number: 'high'"),
        ('<wpt lat="46" lon="700"/>', "outside the globe"),
        ("<wpt lat='46' lon='7'>", "no whole XML"),
    ],
)
def test_what_is_no_gpx_is_refused_with_the_place(content: str, reason: str) -> None:
    with pytest.raises(ProcessRefusedError, match=reason):
        read_features(gpx(content))


def test_declarations_are_refused() -> None:
    bomb = '<?xml version="1.0"?><!DOCTYPE gpx [<!ENTITY a "b">]><gpx><wpt lat="1" lon="2"><name>&a;</name></wpt></gpx>'
    with pytest.raises(ProcessRefusedError, match="document type"):
        read_features(bomb)


def test_other_xml_is_refused_by_its_name() -> None:
    with pytest.raises(ProcessRefusedError, match="'osm' is not read; KML, GPX and GML are"):
        read_features('<?xml version="1.0"?><osm><node/></osm>')
