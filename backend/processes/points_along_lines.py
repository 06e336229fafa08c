"""`points-along-lines`: points at measured distances along lines."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field

from backend.errors import ProcessRefusedError
from backend.geo.geodesy.units import METRES
from backend.geo.geometry.line_points import MEASURE, points_along
from backend.geo.vector.collections import feature_collection
from backend.processes.base import Output, process
from backend.processes.inputs import Features, Units


@process(
    id="points-along-lines",
    title="Points along lines",
    keywords=["points along line", "chainage", "stationing", "interpolate", "linear referencing", "vector"],
    output=Output(
        id="features",
        title="Features",
        description="Points with their line's attributes, line (index) and measure; total length, warnings.",
        media_type="application/geo+json",
    ),
    idempotent=True,
    example={"features": "LINESTRING (13 52, 13.1 52)", "count": 5},
    links=[
        {
            "rel": "about",
            "href": "https://doi.org/10.1007/s00190-012-0578-z",
            "type": "text/html",
            "title": "Karney, Algorithms for geodesics (2013)",
        }
    ],
    toolsets=("geometry",),
)
def points_along_lines(
    features: Features,
    distance: Annotated[float | None, Field(ge=0.001, description="Between points, from the start.")] = None,
    count: Annotated[int | None, Field(ge=1, le=100_000, description="Points per line, ends included.")] = None,
    units: Units = "metre",
) -> Mapping[str, Any]:
    """Points at even distances along lines, or a number of them: stations, chainage, samples of a route."""
    if (distance is None) == (count is None):
        raise ProcessRefusedError("give either distance or count", path="$.inputs.distance")
    metres = METRES[units]
    made = points_along(features, None if distance is None else distance * metres, count)
    measures = [value / metres for value in made.features.fields[MEASURE]]
    warnings = [f"{made.without_line} features are no lines and were left out."] if made.without_line else []
    return feature_collection(
        made.features.with_fields({MEASURE: measures}),
        method=f"measured {made.plane}",
        crs_decision=features.plane,
        warnings=warnings,
        points=len(measures),
        total_length={"value": made.total_length / metres, "units": units},
        measure_units=units,
        left_out=made.without_line,
    )
