"""`overlay`: features cut along others, with the attributes of both."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field

from backend.geo.relations.overlay import WORDS, Operation, overlay_layers
from backend.geo.relations.overlay_pieces import covered_area, with_measures
from backend.geo.vector.collections import feature_collection
from backend.processes.base import Output, process
from backend.processes.inputs import Features

METHOD = "exact overlay of straight edges; areas and lengths on the WGS 84 ellipsoid, planar_ ones in the plane"


@process(
    id="overlay",
    title="Overlay layers",
    keywords=["overlay", "intersection", "union", "difference", "erase", "identity", "clip", "vector"],
    output=Output(
        id="features",
        title="Pieces",
        description="With area_m2 or length_m, totals, counts.",
        media_type="application/geo+json",
    ),
    links=[
        {
            "rel": "about",
            "href": "https://libgeos.org/doxygen/classgeos_1_1operation_1_1overlayng_1_1OverlayNG.html",
            "type": "text/html",
            "title": "GEOS OverlayNG",
        }
    ],
    idempotent=True,
    toolsets=("core", "overlay"),
    example={"features": "LINESTRING (0 0, 2 2)", "other": "POLYGON ((1 0, 2 0, 1 2, 1 0))"},
)
def overlay(
    features: Features,
    other: Annotated[Features, Field(description="Cuts them.")],
    operation: Annotated[
        Operation, Field(description="difference (erase): features less other; clip: fields of features only.")
    ] = "intersection",
    sliver_width: Annotated[float, Field(ge=0, allow_inf_nan=False, description="Metres; narrower pieces go.")] = 0.001,
) -> Mapping[str, Any]:
    """Intersect, clip, erase or unite layers; areas told."""
    made = overlay_layers(features, other, operation, sliver_width)
    pieces, totals = with_measures(made.features)
    covered, warnings = covered_area(pieces, totals)
    return feature_collection(
        pieces,
        method=METHOD,
        crs_decision=made.crs_decision,
        warnings=warnings,
        operation=operation,
        meaning=WORDS[operation],
        totals=totals | covered,
        counts={
            "pieces": len(pieces),
            "pairs": made.pairs,
            **({} if made.touching is None else {"pairs_that_only_touch": made.touching}),
            "features": len(features),
            "other": len(other),
            "features_without_partner": made.unmatched,
            "slivers_dropped": made.slivers,
        },
    )
