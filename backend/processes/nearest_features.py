"""`nearest-features`: the nearest of other features, with true distance and direction."""

import math
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field

from backend.geo.geodesy.units import METRES
from backend.geo.relations import nearest_features as neighbours
from backend.geo.vector.collections import feature_collection
from backend.processes.base import Output, process
from backend.processes.inputs import Features, Units

METHOD = "shortest geodesics on the WGS 84 ellipsoid, between the nearest points; planar_ distances in the plane"
CRS_DECISION = "no projection: edges straight in longitude and latitude (RFC 7946)"


@process(
    id="nearest-features",
    title="Nearest features",
    keywords=["nearest neighbour", "closest", "distance", "bearing", "k nearest", "vector"],
    output=Output(
        id="features",
        title="Features",
        description="A row for each neighbour: fields of both, distance_m, bearing, rank.",
        media_type="application/geo+json",
    ),
    links=[
        {
            "rel": "about",
            "href": "https://doi.org/10.1007/s00190-012-0578-z",
            "type": "text/html",
            "title": "Karney: Algorithms for geodesics",
        }
    ],
    idempotent=True,
    toolsets=("core", "relate"),
    example={"features": "POINT(0 1)", "other": "POINT(0 2)"},
)
def nearest_features(
    features: Features,
    other: Annotated[Features | None, Field(description="Where to search; else among features.")] = None,
    count: Annotated[int, Field(ge=1, le=1000, description="Neighbours of each.")] = 1,
    distance: Annotated[float | None, Field(ge=0, allow_inf_nan=False, description="At most so far.")] = None,
    units: Units = "metre",
) -> Mapping[str, Any]:
    """Closest features (k nearest neighbours) with true distance and bearing."""
    limit = math.inf if distance is None else distance * METRES[units]
    made = neighbours.nearest_features(features, other, count, limit)
    return feature_collection(
        made.features,
        method=METHOD,
        crs_decision=CRS_DECISION,
        counts={
            "features": len(features),
            "other": len(features if other is None else other),
            "neighbours": made.found,
            "features_without_neighbour": made.without,
            "features_with_ties": made.tied,
        },
        farthest_m=made.farthest_m,
    )
