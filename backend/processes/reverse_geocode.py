"""`reverse-geocode`: which country and which place is at a position."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from backend.errors import ProcessRefusedError
from backend.geo.geodesy.shapes import Shapes
from backend.geo.vector import features as model
from backend.geo.vector.collections import feature_collection
from backend.geo.vector.field_names import with_measures_named
from backend.processes.base import Output, process
from backend.processes.inputs import Features

MOST = 10_000
METHOD = (
    "country by its polygon (Natural Earth 1:10m, German worldview, generalised), nearest place of 15,000 inhabitants "
    "and more (GeoNames, CC BY 4.0) by geodesic on the WGS 84 ellipsoid"
)
CRS_DECISION = "no projection: longitude and latitude on WGS 84"


@process(
    id="reverse-geocode",
    title="Reverse geocode",
    keywords=["place", "city", "country", "where", "nearest", "location", "vector"],
    toolsets=("core", "place"),
    output=Output(
        id="features",
        title="Features",
        description="The points with country, place, distance_m and bearing to it, at_sea.",
        media_type="application/geo+json",
    ),
    links=[
        {
            "rel": "about",
            "href": "https://www.naturalearthdata.com/downloads/10m-cultural-vectors/10m-admin-0-countries/",
            "type": "text/html",
            "title": "Natural Earth: countries",
        }
    ],
    idempotent=True,
    example={"features": "POINT (13.4 52.5)"},
)
def reverse_geocode(features: Features) -> Mapping[str, Any]:
    """Tell the country and the nearest city or town of points (offline): what is at these coordinates?"""
    from backend.geo.places.places_near import nearest_places

    points = _points(features)
    present = np.flatnonzero(points.present)
    shapes = points.shapes[present]
    nearest = nearest_places(shapes)
    told, warnings = _countries(shapes)
    told |= {
        "place": [row[0] for row in nearest.rows],
        "place_country_code": [row[1] for row in nearest.rows],
        "place_region": [row[3] or None for row in nearest.rows],
        "place_population": [int(row[4]) for row in nearest.rows],
        "distance_m": [round(metres, 3) for metres in nearest.metres.tolist()],
        "bearing": [
            round(bearing, 6) if metres > 0 else None
            for bearing, metres in zip(nearest.bearings.tolist(), nearest.metres.tolist(), strict=True)
        ],
    }
    columns = {name: _spread(values, present, len(points)) for name, values in told.items()}
    made = with_measures_named(points, columns).warned(*warnings)
    return feature_collection(made, method=METHOD, crs_decision=CRS_DECISION)


def _points(features: model.Features) -> model.Features:
    from backend.geo.geodesy.shapes import with_single_points
    from backend.geo.places.places_near import are_points

    points = features.lonlat()
    points = points.with_shapes(with_single_points(points.shapes))
    if not points.present.any():
        raise ProcessRefusedError("there are no points", path="$.inputs.features")
    if len(points) > MOST:
        raise ProcessRefusedError(f"{len(points)} points are more than {MOST:,}", path="$.inputs.features")
    if not are_points(points.shapes[points.present]):
        raise ProcessRefusedError(
            "only points have one place: geometry-transform makes points of other geometries (centroid, "
            "point-on-surface)",
            path="$.inputs.features",
        )
    return points


def _countries(shapes: Shapes) -> tuple[dict[str, list[Any]], list[str]]:
    from backend.geo.places.places_near import COARSE, countries, countries_about, countries_at

    known = countries()
    inside, about = countries_at(known.shapes, shapes), countries_about(known.shapes, shapes)
    first = [found[0] if found else None for found in inside]
    fields = {"country": "name", "country_code": "iso_a2", "country_type": "type"}
    told: dict[str, list[Any]] = {
        name: [None if at is None else known.fields[field][at] for at in first] for name, field in fields.items()
    }
    others = [[at for at in near if at != own] for near, own in zip(about, first, strict=True)]
    names = [sorted(known.fields["name"][at] for at in near) or None for near in others]
    told |= {"at_sea": [at is None for at in first], "countries_within_3_km": names}
    warnings: list[str] = []
    doubtful = sum(found is not None for found in names)
    if doubtful:
        warnings.append(
            f"{doubtful} of {len(shapes)} points are within {COARSE}° (about 3 km) of another country: the borders and "
            "coasts here are too coarse to tell the sides (see `countries_within_3_km`)."
        )
    sea = sum(at is None for at in first)
    if sea:
        warnings.append(f"{sea} of {len(shapes)} points are in no country: at sea, by the coasts as they are mapped.")
    return told, warnings


def _spread(values: list[Any], present: Any, count: int) -> list[Any]:
    """A column for all features of one for those with a geometry."""
    column: list[Any] = [None] * count
    for index, value in zip(present.tolist(), values, strict=True):
        column[index] = value
    return column
