"""`spatial-join`: attributes of features in the same place, or how many there are and their statistics."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field

from backend.geo.relations import relations_join
from backend.geo.relations.relations import Predicate
from backend.geo.relations.relations_fields import how_computed, parse_statistics
from backend.geo.vector.collections import feature_collection
from backend.processes.base import Output, process
from backend.processes.inputs import Features

METHOD = "pairs of features whose geometries stand in the relation (DE-9IM)"
ONCE = "; a point of other in no polygon, but on the boundaries of several, counts for the first of these only"
"""So that counts by polygon add up to the points."""


@process(
    id="spatial-join",
    title="Spatial join",
    keywords=["spatial join", "points in polygon", "count", "aggregate", "predicate", "vector"],
    output=Output(
        id="features",
        title="Features",
        description="Features with fields of other, or match_count and statistics; counts.",
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
        "features": "POLYGON ((13.35 52.50, 13.42 52.50, 13.42 52.54, 13.35 52.54, 13.35 52.50))",
        "other": "shop,staff,lon,lat\nbakery,9,13.3810,52.5210\nbooks,4,13.4105,52.5120\nflorist,2,13.6004,52.4508",
        "mode": "count",
        "statistics": ["sum:staff"],
    },
)
def spatial_join(
    features: Annotated[Features, Field(description="These stay.")],
    other: Annotated[Features, Field(description="Joined to them.")],
    predicate: Annotated[
        Predicate, Field(description="feature … other; by distance: nearest-features.")
    ] = "intersects",
    mode: Annotated[
        relations_join.Mode,
        Field(description="A row per pair; match_count, border points once; or most overlap."),
    ] = "rows",
    statistics: Annotated[
        list[str] | None, Field(description="sum:FIELD (mean, median, stdev, min, max, count, first).")
    ] = None,
    *,
    inner: Annotated[bool, Field(description="Only features with a partner.")] = False,
) -> Mapping[str, Any]:
    """Join attributes by location; count points in polygons."""
    wanted = parse_statistics(statistics or ())
    made = relations_join.spatial_join(features, other, predicate, mode, wanted, inner=inner)
    once = predicate == "intersects" and (mode == "count" or statistics)
    return feature_collection(
        made.features,
        method=METHOD + (ONCE if once else "") + how_computed(wanted),
        crs_decision=made.crs_decision,
        relation=f"feature {predicate} other",
        counts={
            "features": len(features),
            "other": len(other),
            "pairs": made.pairs,
            "features_matched": made.matched,
            "features_unmatched": len(features) - made.matched,
            "other_matched": made.other_matched,
            "other_unmatched": len(other) - made.other_matched,
        },
    )
