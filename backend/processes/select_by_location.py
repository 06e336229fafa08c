"""`select-by-location`: features in some relation to others, or near them."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field

from backend.errors import ProcessRefusedError
from backend.geo.geodesy.units import METRES
from backend.geo.relations.relations import Predicate
from backend.geo.relations.relations_selection import near, related
from backend.geo.vector.collections import feature_collection
from backend.processes.base import Output, process
from backend.processes.inputs import Features, Units


@process(
    id="select-by-location",
    title="Select by location",
    keywords=["select", "filter", "within distance", "predicate", "spatial query", "vector"],
    output=Output(
        id="features",
        title="Selected features",
        description="The selected features; matched, total.",
        media_type="application/geo+json",
    ),
    links=[
        {
            "rel": "about",
            "href": "https://www.ogc.org/standards/sfa/",
            "type": "text/html",
            "title": "OGC Simple Feature Access: spatial relations",
        }
    ],
    idempotent=True,
    toolsets=("core", "relate"),
    example={
        "features": "shop,lon,lat\nbakery,13.3810,52.5210\nbooks,13.4105,52.5120\n"
        "florist,13.6004,52.4508\ntailor,13.4001,52.5302",
        "other": "POLYGON ((13.35 52.50, 13.42 52.50, 13.42 52.54, 13.35 52.54, 13.35 52.50))",
        "predicate": "within",
    },
)
def select_by_location(
    features: Annotated[Features, Field(description="GeoJSON, CSV.")],
    other: Annotated[Features, Field(description="GeoJSON.")],
    predicate: Annotated[
        Predicate, Field(description="Relation; within a distance (dwithin): distance.")
    ] = "intersects",
    distance: Annotated[
        float | None, Field(ge=0, allow_inf_nan=False, description="At most so far, without a predicate.")
    ] = None,
    units: Units = "metre",
    *,
    invert: Annotated[bool, Field(description="The rest.")] = False,
) -> Mapping[str, Any]:
    """Select features in or near others."""
    if distance is None:
        made = related(features, other, predicate, invert=invert)
        method, relation = "geometries that stand in the relation (DE-9IM)", f"feature {predicate} other"
    elif predicate != "intersects":
        raise ProcessRefusedError("give either a predicate or a distance, not both", path="$.inputs.predicate")
    else:
        made = near(features, other, distance * METRES[units], invert=invert)
        method = "shortest geodesics on the WGS 84 ellipsoid, between the nearest points"
        relation = f"feature within {distance:g} {units} of other"
    return feature_collection(
        made.features,
        method=method,
        crs_decision=made.crs_decision,
        relation=f"not ({relation} for any of other)" if invert else f"{relation}, for any of other",
        matched=len(made.features),
        total=len(features),
    )
