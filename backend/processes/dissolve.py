"""`dissolve`: features with the same attributes united."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field

from backend.geo.relations import dissolving
from backend.geo.relations.overlay_pieces import with_measures
from backend.geo.relations.relations_fields import how_computed, parse_statistics
from backend.geo.vector.collections import feature_collection
from backend.processes.base import Output, process
from backend.processes.inputs import Features

METHOD = "union of the geometries of each group; areas and lengths on the WGS 84 ellipsoid, planar_ ones in the plane"


@process(
    id="dissolve",
    title="Dissolve features",
    keywords=["dissolve", "union", "merge", "aggregate", "group", "vector"],
    output=Output(
        id="features",
        title="Features",
        description="One for each group, with feature_count, statistics, area_m2 or length_m.",
        media_type="application/geo+json",
    ),
    links=[
        {
            "rel": "about",
            "href": "https://libgeos.org/doxygen/classgeos_1_1operation_1_1geounion_1_1UnaryUnionOp.html",
            "type": "text/html",
            "title": "GEOS unary union",
        }
    ],
    idempotent=True,
    toolsets=("core", "overlay"),
    example={
        "features": 'kind,pop,wkt\na,1,"POLYGON ((0 0, 1 0, 1 1, 0 0))"\na,2,"POLYGON ((0 0, 1 1, 0 1, 0 0))"',
        "by": ["kind"],
        "statistics": ["sum:pop"],
    },
)
def dissolve(
    features: Features,
    by: Annotated[list[str] | None, Field(description="Fields to group by; all in one by default.")] = None,
    statistics: Annotated[
        list[str] | None, Field(description="Such as sum:FIELD (mean, median, stdev, min, max, count, first).")
    ] = None,
) -> Mapping[str, Any]:
    """Unite (merge, aggregate) features by field, with statistics; the ground they cover without overlaps."""
    names = list(dict.fromkeys(by or ()))
    wanted = parse_statistics(statistics or ())
    made = dissolving.dissolve(features, names, wanted)
    united, totals = with_measures(made.features)
    return feature_collection(
        united,
        method=METHOD + how_computed(wanted),
        crs_decision=f"as it came: {features.plane}",
        groups=len(united),
        totals=totals,
        overlap_m2=made.overlap_m2,
    )
