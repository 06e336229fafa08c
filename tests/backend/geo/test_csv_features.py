"""Tables in CSV as people write them."""

import pytest
import shapely

from backend.errors import ProcessRefusedError
from backend.geo.geodesy.crs import code_of
from backend.geo.vector.csv_features import read_csv
from backend.geo.vector.feature_reading import read_features
from backend.geo.vector.features import Features


def places(features: Features) -> list[str | None]:
    return [None if shape is None else shape.wkt for shape in features.shapes]


@pytest.mark.parametrize(
    "names",
    [
        "stop_lat,stop_lon",
        "decimalLatitude,decimalLongitude",
        "Latitude (deg),Longitude (deg)",
        "geoLat,geoLng",
        "LAT_WGS84,LON_WGS84",
    ],
)
def test_coordinates_are_found_by_the_words_of_their_names_and_it_is_told(names: str) -> None:
    read = read_csv(f"id,{names}\n1,48.5,11.5\n")
    assert places(read) == ["POINT (11.5 48.5)"]
    assert read.fields["id"] == [1]
    (told,) = read.warnings
    assert told.startswith("Longitudes were taken from")


@pytest.mark.parametrize("names", ["LAT,LON", "Latitude,Longitude", "Y,X", "NORTHING,Easting"])
def test_the_usual_names_of_coordinates_need_no_word_in_whatever_capitals(names: str) -> None:
    read = read_csv(f"id,{names}\n1,48.5,11.5\n")
    assert (places(read), read.warnings) == (["POINT (11.5 48.5)"], ())


@pytest.mark.parametrize(
    "names",
    [
        "start_lat,start_lon,end_lat,end_lon",
        "plateau,lonely,flat,slate",
        "along,latex,belong,relation",
        "x_coord_1,y_coord_1,center_x,center_y",
        "tile_x,tile_y,E,N",
        "size x,size y,xaxis,yaxis",
    ],
)
def test_names_that_leave_it_open_make_no_points(names: str) -> None:
    read = read_csv(f"{names}\n1,2,3,4\n")
    assert places(read) == [None]
    assert read.warnings == ()


@pytest.mark.parametrize(
    ("names", "told"),
    [
        ("POINT_X,POINT_Y", "The x of points were taken from 'POINT_X' and y from 'POINT_Y'."),
        ("Rechtswert,Hochwert", "The x of points were taken from 'Rechtswert' and y from 'Hochwert'."),
        ("x_coord,y_coord", "The x of points were taken from 'x_coord' and y from 'y_coord'."),
        ("X-Koordinate,Y-Koordinate", "The x of points were taken from 'X-Koordinate' and y from 'Y-Koordinate'."),
        ("KoordX [m],KoordY [m]", "The x of points were taken from 'KoordX [m]' and y from 'KoordY [m]'."),
        ("UTM-Ost,UTM-Nord", "The x of points were taken from 'UTM-Ost' and y from 'UTM-Nord'."),
        ("E_LV95,N_LV95", "The x of points were taken from 'E_LV95' and y from 'N_LV95'."),
        ("Längengrad,Breitengrad", "The x of points were taken from 'Längengrad' and y from 'Breitengrad'."),
    ],
)
def test_coordinates_are_found_by_names_that_programs_and_offices_give_them_and_it_is_told(
    names: str, told: str
) -> None:
    read = read_csv(f"id,{names}\n1,11.5,48.5\n")
    assert places(read) == ["POINT (11.5 48.5)"]
    assert read.warnings == (told,)


def test_half_a_pair_of_such_names_makes_no_points() -> None:
    read = read_csv("POINT_X,Hochwert\n1,2\n")
    assert places(read) == [None]
    assert read.warnings == ()


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ('v,w\n"1,234.5",1\n"-1,200",2\nNA,3\n', [1234.5, -1200, None]),
        ("v;w\n1,234.5;a\n7;b\n", [1234.5, 7]),
    ],
)
def test_commas_beside_decimal_points_are_read_as_those_of_thousands(text: str, numbers: list[float | None]) -> None:
    read = read_csv(text)
    assert read.fields["v"] == numbers
    assert "In 'v' commas were read as those of thousands: 1,234.5 is 1234.5." in read.warnings


def test_commas_that_may_be_of_thousands_or_not_are_left_and_it_is_told() -> None:
    read = read_csv('pop 20,b\n"1,234,567",1\n"12,345",2\n')
    assert read.fields["pop 20"] == ["1,234,567", "12,345"]
    (told,) = read.warnings
    assert told.startswith("'pop 20' stayed texts: 1,234,567 may have a comma of thousands")
    assert told.endswith("by number(replace(field('pop 20'), ',', '')).")


@pytest.mark.parametrize("other", ["12,34", "x", "0,345"])
def test_commas_that_cannot_all_be_of_thousands_are_left_as_they_are(other: str) -> None:
    read = read_csv(f'v,w\n"1,234",0.5\n"{other}",1\n')
    assert read.fields["v"] == ["1,234", other]
    assert read.warnings == ()


def test_plain_names_come_before_others_that_hold_the_words() -> None:
    read = read_csv("old_lat,old_lon,lat,lon\n1,2,3,4\n")
    assert places(read) == ["POINT (4 3)"]
    assert read.warnings == ()


def test_a_value_in_quotes_keeps_its_lines_delimiters_and_quotes() -> None:
    read = read_csv('id,note\r\n1,"one, ""two""\nthree"\r\n2,plain\r\n')
    assert read.fields == {"id": [1, 2], "note": ['one, "two"\nthree', "plain"]}


def test_characters_that_some_take_for_ends_of_lines_are_part_of_a_value() -> None:
    assert read_csv("id,note\n1,a\u2028b\x0bc\n").fields["note"] == ["a\u2028b\x0bc"]


def test_delimiters_within_quoted_names_do_not_count() -> None:
    assert read_csv('"area, built, m2";name\n5;x\n').fields == {"area, built, m2": [5], "name": ["x"]}


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_line_may_break_within_a_quoted_name(delimiter: str, end: str) -> None:
    """As spreadsheets write a heading of two lines."""
    rows = ['"Height,\nin ""m"""', "lon", "lat"], ["12", "7.5", "51.5"]
    read = read_csv("".join(delimiter.join(row) + end for row in rows))
    assert places(read) == ["POINT (7.5 51.5)"]
    assert read.fields['Height,\nin "m"'] == [12]


def test_a_quotation_mark_within_a_name_is_an_inch() -> None:
    read = read_csv('pipe 5";lon;lat\n"1,2,3,4";7;51\n')
    assert (list(read.fields), places(read)) == (['pipe 5"', "lon", "lat"], ["POINT (7 51)"])


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_text_is_a_table_whatever_ends_its_lines(end: str) -> None:
    read = read_features(end.join(("name,lon,lat", "Bonn,7,51", "")))
    assert (places(read), read.fields["name"]) == (["POINT (7 51)"], ["Bonn"])


def test_the_geometry_of_a_country_fits_into_a_field() -> None:
    ring = shapely.Point(10, 50).buffer(3, quad_segs=5_000)
    assert len(ring.wkt) > 200_000
    assert shapely.equals_identical(read_csv(f'id,wkt\n1,"{shapely.to_wkt(ring, -1)}"\n').shapes[0], ring)


def test_a_quote_that_is_never_closed_is_refused_or_read_but_never_loses_rows_silently() -> None:
    with pytest.raises(ProcessRefusedError, match="has 2 values, its first line 3 names"):
        read_csv('id,note,size\n1,"a,5\n2,b,6\n')


def test_what_stands_for_no_number_is_none_and_told_and_among_texts_it_stays() -> None:
    read = read_csv("land,people,area\nDE,83,357.0\nNA,NA,.5\nFR,-,5.\n")
    assert read.fields == {"land": ["DE", "NA", "FR"], "people": [83, None, None], "area": [357.0, 0.5, 5.0]}
    assert read.warnings == ("In 'people', of numbers else, -, NA was read as no value (2 times).",)


def test_truth_values_are_such_in_whatever_capitals() -> None:
    read = read_csv("a,b\ntrue,TRUE\nFalse,yes\n,false\n")
    assert read.fields == {"a": [True, False, None], "b": ["TRUE", "yes", "false"]}


def test_codes_stay_texts() -> None:
    assert read_csv("a,b,c\n007,+49,1.\n010,12,-\n").fields == {
        "a": ["007", "010"], "b": ["+49", "12"], "c": [1.0, None],
    }  # fmt: skip


def test_geometries_as_databases_write_them_are_read() -> None:
    line, point = shapely.LineString([(11, 48), (12, 49)]), shapely.set_srid(shapely.Point(11, 48), 4326)
    texts = [line.wkb_hex, "", shapely.to_wkb(point, hex=True, include_srid=True)]
    read = read_csv("id,geom\n" + "\n".join(f"{at},{text}" for at, text in enumerate(texts)) + "\n")
    assert places(read) == ["LINESTRING (11 48, 12 49)", None, "POINT (11 48)"]
    assert read.fields == {"id": [0, 1, 2]}


def test_wkt_with_its_srid_is_in_the_crs_that_it_tells() -> None:
    rows = ("SRID=4326;POINT (11 48)", "", "POINT (12 49)")
    assert places(read_csv("id;geom\n" + "\n".join(f'1;"{row}"' for row in rows) + "\n")) == [
        "POINT (11 48)", None, "POINT (12 49)",
    ]  # fmt: skip
    projected = read_csv('id,geom\n1,"SRID=25832;POINT (690000 5330000)"\n')
    assert code_of(projected.crs) == "EPSG:25832"
    assert places(projected) == ["POINT (690000 5330000)"]


def test_geometries_as_databases_write_them_are_in_the_crs_that_they_tell() -> None:
    texts = [
        shapely.to_wkb(shapely.set_srid(shapely.Point(690_000, 5_330_000), srid), hex=True, include_srid=True)
        for srid in (25832, 25833)
    ]
    read = read_csv(f"id,geom\n1,{texts[0]}\n")
    assert code_of(read.crs) == "EPSG:25832"
    assert places(read) == ["POINT (690000 5330000)"]
    with pytest.raises(ProcessRefusedError, match="several CRSs, SRID 25832 and 25833"):
        read_csv(f"id,geom\n1,{texts[0]}\n2,{texts[1]}\n")
    with pytest.raises(ProcessRefusedError, match="no CRS 'EPSG:999999'"):
        read_csv('id,geom\n1,"SRID=999999;POINT (690000 5330000)"\n')


@pytest.mark.parametrize(
    ("values", "read_as"),
    [
        (["9223372036854775807", "-9223372036854775808"], [2**63 - 1, -(2**63)]),
        (["9223372036854775808", "1"], ["9223372036854775808", "1"]),
        (["12345678901234567890123", ""], ["12345678901234567890123", None]),
        (["9007199254740993", "0.5"], ["9007199254740993", "0.5"]),
        (["9007199254740992", "0.5"], [2.0**53, 0.5]),
        (["1e400", "1"], ["1e400", "1"]),
        (["-1e400", "NA"], ["-1e400", None]),
        (["1e-400", "1"], ["1e-400", "1"]),
        (["1e-99999999999999999999", "1e99999999999999999999"], ["1e-99999999999999999999", "1e99999999999999999999"]),
        (["5" * 5000, "1"], ["5" * 5000, "1"]),
        (["1e300", "0e5", "0.0"], [1e300, 0.0, 0.0]),
        (["0.1000000000000000055511151231257827", "0.30000000000000004"], [0.1, 0.1 + 0.2]),
        (["13.404953999999999", "1.50000000000000000000"], [13.404953999999999, 1.5]),
    ],
)
def test_no_number_is_read_as_another_one(values: list[str], read_as: list[object]) -> None:
    read = read_csv("id,n\n" + "".join(f"a,{value}\n" for value in values))
    assert [(type(value), value) for value in read.fields["n"]] == [(type(value), value) for value in read_as]
    stayed = [warning for warning in read.warnings if "stayed texts" in warning]
    assert bool(stayed) == any(isinstance(value, str) for value in read_as)


def test_decimals_with_more_digits_than_are_kept_stay_numbers_and_it_is_told() -> None:
    read = read_csv("n\n0.12345678901234567890\n0.5\n")
    assert read.fields["n"] == [0.12345678901234568, 0.5]
    (told,) = read.warnings
    assert told == "In 'n' 1 numbers have more digits than are kept, such as 0.12345678901234567890."


@pytest.mark.parametrize("first", ["sep=;", "SEP=;", '"sep=;"', "\ufeffsep=;"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_the_line_by_which_spreadsheets_tell_the_delimiter_is_no_row(first: str, end: str) -> None:
    read = read_csv(end.join((first, "name;lon;lat;a,b,c,d", "Köln, Dom;6,96;50,94;1", "")))
    assert places(read) == ["POINT (6.96 50.94)"]
    assert read.fields["name"] == ["Köln, Dom"]


def test_a_table_of_one_field_called_sep_is_one() -> None:
    assert read_csv("sep\n=;\n").fields["sep"] == ["=;"]


@pytest.mark.parametrize("text", ["sep=;\n", "sep=;\r\n\r\n", "\ufeff"])
def test_a_table_of_no_lines_is_refused(text: str) -> None:
    with pytest.raises(ProcessRefusedError, match="empty"):
        read_csv(text)


@pytest.mark.parametrize("sign", ["'", "\u2019", "\u00a0", "\u202f"])
def test_thousands_are_parted_by_apostrophes_and_unbreakable_spaces_too_and_it_is_told(sign: str) -> None:
    text = f"a;b;c\n1{sign}234{sign}567;-1{sign}200.5;1{sign}000,25\n980;99.05;3,5\n;;\n"
    read = read_csv(text)
    assert dict(read.fields) == {"a": [1234567, 980, None], "b": [-1200.5, 99.05, None], "c": [1000.25, 3.5, None]}
    assert f"In 'a' apostrophes or spaces part thousands: 1{sign}234{sign}567 is 1234567." in read.warnings


@pytest.mark.parametrize(
    "values", [["O'Neill", "1'234"], ["12'34"], ["0'123"], ["1'234", "x"], ["1 234 567"], ["5'11"]]
)
def test_what_apostrophes_and_spaces_part_otherwise_stays_text(values: list[str]) -> None:
    assert read_csv("\n".join(("a;b", *(f"{value};1" for value in values)))).fields["a"] == values


def test_beside_commas_that_part_values_none_is_taken_for_a_decimal_one() -> None:
    read = read_csv("a,b\n1'234.5,\"1'234,5\"\n")
    assert dict(read.fields) == {"a": [1234.5], "b": ["1'234,5"]}


@pytest.mark.parametrize("name", ["wkb_geometry", "WKB"])
def test_geometries_stand_in_a_column_as_databases_call_it(name: str) -> None:
    features = read_csv(f"id,{name}\n1,0101000000000000000000F03F0000000000000040\n2,")
    assert [shape and shape.wkt for shape in features.shapes] == ["POINT (1 2)", None]
    assert list(features.fields) == ["id"]


def test_geometries_of_a_csv_may_be_geojson() -> None:
    point, line = (
        '{""type"":""Point"",""coordinates"":[1,2]}',
        '{""type"": ""LineString"", ""coordinates"": [[1, 2], [3, 4]]}',
    )
    features = read_csv(f'id,geometry\n1,"{point}"\n2,\n3," {line}"')
    assert [shape and shape.wkt for shape in features.shapes] == ["POINT (1 2)", None, "LINESTRING (1 2, 3 4)"]
    with pytest.raises(ProcessRefusedError, match="neither WKT, WKB in hexadecimal digits nor GeoJSON"):
        read_csv(f'id,geometry\n1,"{point}"\n2,POINT (1 2)')
