"""`classify`: the class of each feature by a number of it, for a map or a legend."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field

from backend.errors import ProcessRefusedError
from backend.geo.tables import classes as classification
from backend.geo.vector.collections import feature_collection
from backend.geo.vector.field_names import free_name
from backend.geo.vector.fields import numbers_of
from backend.processes.base import Output, process
from backend.processes.inputs import Features


@process(
    id="classify",
    title="Classify a field",
    keywords=["natural breaks", "Jenks", "quantiles", "equal interval", "bins", "choropleth", "legend", "vector"],
    output=Output(
        id="features",
        title="Features",
        description="With the class, 1 for the lowest; classes with limits and counts, fit, warnings.",
        media_type="application/geo+json",
    ),
    toolsets=("analysis",),
    idempotent=True,
    example={
        "features": "town,people\nA,1200\nB,1500\nC,1900\nD,8000\nE,8800\nF,9100\nG,52000\nH,55000\nI,61000\nJ,240000\n"
        "K,255000\nL,1300\nM,8400\nN,57500\nO,249000\nP,1700\nQ,9900\nR,50500\nS,1100\nT,260000\nU,1450\nV,8650",
        "field": "people",
        "classes": 4,
    },
    links=[
        {
            "rel": "about",
            "href": "https://en.wikipedia.org/wiki/Jenks_natural_breaks_optimization",
            "type": "text/html",
            "title": "Natural breaks",
        }
    ],
)
def classify(
    features: Features,
    field: Annotated[str, Field(description="Numeric field.")],
    scheme: Annotated[
        Literal["natural-breaks", "quantiles", "equal-interval", "given-breaks"],
        Field(description="How limits are set."),
    ] = "natural-breaks",
    classes: Annotated[int, Field(ge=2, le=30, description="How many.")] = 5,
    breaks: Annotated[list[float] | None, Field(max_length=100, description="Limits, for given-breaks.")] = None,
) -> Mapping[str, Any]:
    """Sort features into classes (bins) by a number, such as natural breaks (Jenks)."""
    if breaks is not None and scheme != "given-breaks":
        raise ProcessRefusedError("breaks are for the scheme given-breaks", path="$.inputs.breaks")
    found = classification.classify(numbers_of(features, field, "$.inputs.field"), scheme, classes, breaks or ())
    target = free_name("class", features.fields, "_")
    warnings = list(found.warnings)
    missing = found.numbers.count(None)
    if missing:
        warnings.append(f"{missing} of {len(features)} features have no {field}: their class is null.")
    limits = found.limits.tolist()
    return feature_collection(
        features.with_fields({target: found.numbers}),
        method=f"{classification.METHODS[scheme]}; a value equal to a break is in the class below it",
        crs_decision="none was needed",
        warnings=warnings,
        class_field=target,
        classes=[
            {"class": at + 1, "from": limits[at], "to": limits[at + 1], "count": count}
            for at, count in enumerate(found.counts)
        ],
        breaks=limits[1:-1],
        goodness_of_variance_fit=found.fit,
    )
