"""`calculate-field`: a new field of features, computed from their other fields and geometries."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field

from backend.errors import ProcessRefusedError
from backend.geo.tables.expressions import calculate
from backend.geo.vector.collections import feature_collection
from backend.processes.base import Output, process
from backend.processes.inputs import Features


@process(
    id="calculate-field",
    title="Calculate a field",
    keywords=["field calculator", "expression", "compute", "column", "attribute", "density", "table", "vector"],
    output=Output(
        id="features",
        title="Features",
        description="With the field; nulls, method, warnings.",
        media_type="application/geo+json",
    ),
    toolsets=("core", "table"),
    idempotent=True,
    example={
        "features": "name,people,area\nBerlin,3700000,891.7\nBonn,330000,141.1",
        "field": "density",
        "expression": "round(people / area, 1) if area > 0 else None",
    },
    links=[
        {
            "rel": "about",
            "href": "https://docs.python.org/3/reference/expressions.html",
            "type": "text/html",
            "title": "Python expressions, whose notation this is",
        }
    ],
)
def calculate_field(
    features: Features,
    field: Annotated[str, Field(min_length=1, max_length=100, description="Name of the new field.")],
    expression: Annotated[
        str,
        Field(
            description="Python-like: fields (or field('a b')), 'texts', if-else, round(), sum(), year() …; "
            "area_m2, perimeter_m, length_m, x, y."
        ),
    ],
) -> Mapping[str, Any]:
    """Compute a new field (column) for each feature from its other fields or its geometry: ratios, density, area."""
    try:
        calculated = calculate(features, expression)
    except ProcessRefusedError as error:
        raise ProcessRefusedError(str(error), path="$.inputs.expression") from error
    warnings = list(calculated.warnings)
    if field in features.fields:
        warnings.append(f"The field {field!r} was there and has been replaced.")
    nulls = calculated.values.count(None)
    if nulls:
        why = "a value that it needs is missing, or the expression gives none"
        warnings.append(f"{nulls} of {len(features)} features have no {field!r}: {why}.")
    return feature_collection(
        features.with_fields({field: calculated.values}),
        method="; ".join([f"{field} = {expression.strip()}", *calculated.methods]),
        crs_decision="none was needed" if not calculated.methods else f"features in the {features.plane}",
        warnings=warnings,
        nulls=nulls,
        total=len(features),
    )
