"""`apportion`: numbers known for some polygons, estimated for others by area."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Annotated, Any

from pydantic import Field

from backend.geo.relations import apportionment
from backend.geo.vector.collections import feature_collection
from backend.processes.base import Output, process
from backend.processes.inputs import Features

METHODS = {
    "count": "areal interpolation: each number divided by shares of area on the WGS 84 ellipsoid, as if spread evenly",
    "rate": "areal interpolation: means weighted by area on the WGS 84 ellipsoid, as if spread evenly",
}


@process(
    id="apportion",
    title="Apportion by area",
    keywords=["areal interpolation", "apportionment", "reallocate", "population", "area-weighted", "vector"],
    output=Output(
        id="features",
        title="Zones",
        description="Zones with FIELD_apportioned and covered_share; totals in zones and outside.",
        media_type="application/geo+json",
    ),
    links=[
        {
            "rel": "about",
            "href": "https://cran.r-project.org/web/packages/areal/vignettes/areal.html",
            "type": "text/html",
            "title": "Prener: areal interpolation",
        }
    ],
    idempotent=True,
    toolsets=("relate",),
    example={
        "features": 'pop,wkt\n8,"POLYGON((0 0,2 0,2 1,0 0))"',
        "zones": "POLYGON((1 0,2 0,2 1,1 0))",
        "fields": ["pop"],
    },
)
def apportion(
    features: Features,
    zones: Annotated[Features, Field(description="Polygons.")],
    fields: Annotated[list[str], Field(min_length=1, max_length=100, description="Numeric fields of features.")],
    kind: Annotated[apportionment.Kind, Field(description="Counts are divided, rates averaged.")] = "count",
) -> Mapping[str, Any]:
    """Estimate counts (population) for other zones by share of area."""
    made = apportionment.apportion(features, zones, list(dict.fromkeys(fields)), kind)
    return feature_collection(
        made.features,
        method=METHODS[kind],
        crs_decision=made.crs_decision,
        totals={name: asdict(total) for name, total in made.totals.items()},
    )
