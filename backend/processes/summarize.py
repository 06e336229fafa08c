"""`summarize`: statistics of fields, for all features or for each group of them."""

from typing import Annotated, Any

from pydantic import Field

from backend.geo.tables import grouping
from backend.geo.vector.group_statistics import SAMPLE
from backend.processes.base import Output, process
from backend.processes.inputs import FieldsOfFeatures

METHOD = (
    "values that are missing do not count; mean: every row counts alike; weighted_mean: sum of value times weight over "
    f"sum of weights; {SAMPLE}"
)


@process(
    id="summarize",
    title="Summarize fields",
    keywords=[
        "statistics",
        "aggregate",
        "group by",
        "sum",
        "average",
        "total",
        "count",
        "weighted mean",
        "table",
        "vector",
    ],
    output=Output(
        id="summary",
        title="Summary",
        description="groups: by, rows, fields with count, nulls, sum, mean, min, max, median, stdev, distinct.",
    ),
    toolsets=("core", "table"),
    idempotent=True,
    example={
        "features": "land,rate,people\nA,20,1000\nA,1,98000\nB,5,700",
        "fields": ["rate"],
        "group_by": ["land"],
        "weight": "people",
    },
    links=[
        {
            "rel": "about",
            "href": "https://en.wikipedia.org/wiki/Weighted_arithmetic_mean",
            "type": "text/html",
            "title": "Weighted arithmetic mean",
        }
    ],
)
def summarize(
    features: FieldsOfFeatures,
    fields: Annotated[list[str] | None, Field(description="Fields; or area_m2, length_m.")] = None,
    group_by: Annotated[list[str] | None, Field(description="One group for each value.")] = None,
    weight: Annotated[str | None, Field(description="Field; for means of rates.")] = None,
) -> dict[str, Any]:
    """Count, total, average and other statistics of columns, optionally per group (GROUP BY) or weighted."""
    summary = grouping.summarize(features, fields or (), group_by or (), weight)
    # What is measured on the ground is measured in longitude and latitude.
    warnings = (features.lonlat() if summary.methods else features).warnings
    return {
        "groups": summary.groups,
        "rows": len(features),
        "weight": weight,
        "method": "; ".join([METHOD, *summary.methods]),
        "crs_decision": f"features in the {features.plane}" if summary.methods else "none was needed",
        "warnings": list(dict.fromkeys((*warnings, *summary.warnings))),
    }
