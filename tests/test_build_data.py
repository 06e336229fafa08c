"""What the script that builds the packaged data does to outlines and names."""

import numpy as np
import shapely

from scripts.build_data import ISLET, Countries, names_file, places_file, simplified


def wavy(x: float) -> list[tuple[float, float]]:
    """A border from south to north with bends too small to keep."""
    return [(x + 0.004 * (index % 2), index * 0.01) for index in range(501)]


def test_borders_stay_shared_and_lose_vertices() -> None:
    border = wavy(5)
    west = shapely.Polygon([(0, 0), *border, (0, 5)])
    east = shapely.Polygon([(10, 0), *border, (10, 5)])
    first, second = simplified(np.array([west, east], dtype=object))
    assert shapely.get_num_coordinates(first) < 50
    assert shapely.intersection(first, second).area == 0
    assert shapely.union(first, second).area == shapely.box(0, 0, 10, 5).area


def test_islets_stay_as_they_came_and_small_countries_are_cut_out_of_their_neighbours() -> None:
    islet = shapely.Point(20, 20).buffer(0.05)
    state = shapely.Point(5, 2).buffer(0.1)
    around = shapely.difference(shapely.box(0, 0, 10, 5), state)
    assert islet.area < ISLET
    made = simplified(np.array([shapely.MultiPolygon([around, islet]), state], dtype=object))
    assert abs(made[1].area / state.area - 1) < 1e-6
    assert shapely.intersection(made[0], made[1]).area < 1e-12
    assert abs(shapely.intersection(made[0], shapely.box(19, 19, 21, 21)).area / islet.area - 1) < 1e-5


def test_places_are_written_with_their_rows_and_their_plain_names() -> None:
    place = {
        "name": "Köln, am Rhein", "countrycode": "DE", "admin1code": "07", "region": "", "population": 20_000,
        "latitude": 50.93333, "longitude": 6.95, "alternatenames": ["Cologne", "Кёльн", "Köln am Rhein"],
    }  # fmt: skip
    table = places_file([place]).splitlines()
    assert table[1] == '"Köln, am Rhein",DE,07,,20000,50.93333,6.95000'
    none = Countries([], np.array([], dtype=object))
    assert names_file(none, [place]) == "0\t|koln am rhein|cologne|\n"
    assert "|кельн|" in names_file(none, [place | {"population": 600_000}])
