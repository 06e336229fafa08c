"""The operations of Argleton's probes, each as the tool calls that an agent would make for it.

Nothing here knows a probe, computes a geometry or refuses anything: an operation names tools, hands over its arguments,
and picks a number out of what comes back.
"""

from collections.abc import Callable, Mapping
from pathlib import PurePath
from typing import Any

type Call = Callable[..., Mapping[str, Any]]
"""Tool name and arguments → the outputs by id: the value of each, and its reference under `uri`."""


def dataset(file: str) -> str:
    """The reference of a file in the data folder."""
    return f"ogc://local/collections/{PurePath(file).stem}"


def planar_area_m2(call: Call, file: str) -> float:
    return _planar(call, file, "area")


def buildable_area_m2(call: Call, file: str) -> float:
    return _planar(call, file, "area")


def net_plot_area_m2(call: Call, file: str) -> float:
    return _planar(call, file, "area")


def total_ground_area_m2(call: Call, file: str) -> float:
    return _planar(call, file, "covered_area")


def pipe_length_total_m(call: Call, file: str) -> float:
    return _planar(call, file, "length")


def pipe_length_m(call: Call, file: str) -> float:
    return _planar(call, file, "length_3d")


def ground_area_m2(call: Call, file: str) -> float:
    return call("geometry_measure", geometry=dataset(file))["measures"]["area"]["value"]


def field_area_m2(call: Call, file: str) -> float:
    return ground_area_m2(call, file)


def parcel_area_m2(call: Call, file: str) -> float:
    parcel = call("geometry_transform", geometry=dataset(file), operation="to-polygon")
    return call("geometry_measure", geometry=parcel["result"]["uri"])["measures"]["area"]["value"]


def feature_count(call: Call, file: str, layer: str) -> int:
    return call("describe_dataset", dataset=f"{dataset(file)}#{layer}")["description"]["features"]


def points_in_polygon_count(call: Call, points: str, zone: str) -> int:
    return call("select_by_location", features=dataset(points), other=dataset(zone))["features"]["matched"]


def wells_in_districts(call: Call, wells: str, districts: str) -> int:
    return points_in_polygon_count(call, wells, districts)


def ships_in_zone(call: Call, zone: str, ships: str) -> int:
    return points_in_polygon_count(call, ships, zone)


def count_within_distance(call: Call, file: str, target: str, distance_meters: str) -> int:
    """The identifying field is the layer's first."""
    name = _first_field(call, file)
    wells = dataset(file)
    chosen = call("filter_features", features=wells, filter=f"{name} = '{target}'")["features"]["uri"]
    others = call("filter_features", features=wells, filter=f"{name} <> '{target}'")["features"]["uri"]
    found = call("select_by_location", features=others, other=chosen, distance=float(distance_meters))
    return found["features"]["matched"]


def district_of_parcel(call: Call, parcel: str, districts: str) -> str:
    joined = call("spatial_join", features=dataset(parcel), other=dataset(districts), mode="largest")
    return joined["features"]["features"][0]["properties"]["district"]


def flooded_farmland_m2(call: Call, fields: str, flood: str) -> float:
    return _overlay_area(call, fields, flood, "intersection")


def workable_area_m2(call: Call, concession: str, reserve: str) -> float:
    return _overlay_area(call, concession, reserve, "difference")


def area_unemployment_rate_pct(call: Call, file: str) -> float:
    return _summary(call, dataset(file), "unemployment_rate_pct", weight="labour_force")["weighted_mean"]


def total_population(call: Call, layer: str, table: str) -> float:
    joined = call("join_table", features=dataset(layer), table=dataset(table), field="istat_code")
    return _summary(call, joined["features"]["uri"], "population")["sum"]


def sheet_area_m2(call: Call, parcels: str, owners: str) -> float:
    joined = call("join_table", features=dataset(parcels), table=dataset(owners), field="parcel_id", duplicates="first")
    return call("geometry_measure", geometry=joined["features"]["uri"])["measures"]["planar"]["area"]["value"]


def thiessen_value_mm(call: Call, gauges: str, site: str, field: str) -> float:
    cells = call("tessellate", features=dataset(gauges))["features"]["uri"]
    joined = call("spatial_join", features=dataset(site), other=cells)
    return joined["features"]["features"][0]["properties"][field]


def latitude_decimal(call: Call, file: str, station: str) -> float:
    stations = call("parse_coordinates", table=dataset(file))["features"]["uri"]
    found = call("filter_features", features=stations, filter=f"{_first_field(call, file)} = '{station}'")
    return found["features"]["features"][0]["properties"]["latitude"]


def wgs84_latitude(call: Call, file: str) -> float:
    moved = call("transform_coordinates", coordinates=dataset(file), target_crs="EPSG:4326")
    return float(moved["coordinates"]["geometries"][0]["wkt"].rstrip(")").split()[-1])


def raster_mean(call: Call, file: str) -> float:
    return _cells(call, file, "mean")["mean"]


def lowest_cell_easting(call: Call, file: str) -> float:
    return call("describe_dataset", dataset=dataset(file))["description"]["bands"][0]["min_at"][0]


def ndvi_mean(call: Call, file: str, red_band: str, nir_band: str) -> float:
    expression = f"(a{nir_band} - a{red_band}) / (a{nir_band} + a{red_band})"
    return call("raster_calculate", raster=dataset(file), expression=expression)["statistics"]["mean"]


def class_area_m2(call: Call, file: str, resolution: str, **value: str) -> float:
    warped = call("raster_warp", raster=dataset(file), resolution=float(resolution))["raster"]["uri"]
    found = _cells(call, warped, "categories")["categories"].get(value["class"], {})
    return found.get("planar_area_m2", 0)


def mean_slope_degrees(call: Call, file: str) -> float:
    return call("terrain", raster=dataset(file), product="slope")["statistics"]["mean"]


def raster_ground_area_m2(call: Call, file: str) -> float:
    return _cells(call, file, "area")["planar_area"]


def _planar(call: Call, file: str, figure: str) -> float:
    return call("geometry_measure", geometry=dataset(file))["measures"]["planar"][figure]["value"]


def _overlay_area(call: Call, first: str, second: str, operation: str) -> float:
    pieces = call("overlay", features=dataset(first), other=dataset(second), operation=operation)
    return pieces["features"]["totals"]["planar_area_m2"]


def _cells(call: Call, raster: str, statistic: str) -> Mapping[str, Any]:
    source = raster if raster.startswith("ogc://") else dataset(raster)
    found = call("zonal_statistics", raster=source, statistics=[statistic])
    return found["features"]["features"][0]["properties"]


def _first_field(call: Call, file: str) -> str:
    return call("describe_dataset", dataset=dataset(file))["description"]["fields"][0]["name"]


def _summary(call: Call, features: str, field: str, **options: str) -> Mapping[str, Any]:
    found = call("summarize", features=features, fields=[field], **options)
    return found["summary"]["groups"][0]["fields"][field]
