"""`filter-features`: the features for which a condition on their fields or geometries holds."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field

from backend.errors import ProcessRefusedError
from backend.geo.geodesy.crs import CRS84, code_of
from backend.geo.tables.cql2 import evaluate
from backend.geo.vector.collections import feature_collection
from backend.geo.vector.features import LONLAT
from backend.processes.base import Output, process
from backend.processes.inputs import Crs, Features


@process(
    id="filter-features",
    title="Filter features",
    keywords=["filter", "select", "query", "where", "attribute", "cql2", "table", "vector"],
    output=Output(
        id="features",
        title="Features",
        description="Those that match; matched, total, unknown, method, warnings.",
        media_type="application/geo+json",
    ),
    toolsets=("core", "table"),
    idempotent=True,
    example={
        "features": "name,people,lon,lat\nBerlin,3700000,13.4,52.5\nBonn,330000,7.1,50.7",
        "filter": "people > 1000000 AND S_INTERSECTS(geometry, BBOX(5, 47, 16, 56))",
    },
    links=[
        {
            "rel": "about",
            "href": "https://docs.ogc.org/is/21-065r2/21-065r2.html",
            "type": "text/html",
            "title": "OGC Common Query Language (CQL2)",
        }
    ],
)
def filter_features(
    features: Features,
    filter: Annotated[  # noqa: A002  # the standard's name
        str | dict[str, Any], Field(description="CQL2 text or JSON: land = 'DE' AND name LIKE 'A%'")
    ],
    filter_crs: Annotated[Crs | None, Field(description="Of coordinates in the filter; by default OGC:CRS84.")] = None,
) -> Mapping[str, Any]:
    """Select the features (rows) whose fields or geometries meet a condition, like SQL's WHERE."""
    crs = filter_crs or CRS84
    try:
        found = evaluate(features, filter, crs)
    except ProcessRefusedError as error:
        raise ProcessRefusedError(str(error), path="$.inputs.filter") from error
    warnings = list(found.warnings)
    if found.unknown:
        warnings.append(
            f"Of {found.unknown} of {len(features)} features it is not known whether they match, since values are "
            "missing (null): they are left out. IS NULL finds them."
        )
    matched = features.take(found.true)
    plane = features.plane if features.crs == crs else LONLAT
    return feature_collection(
        matched,
        method="OGC CQL2, with three-valued logic: true, false, not known; texts compared exactly",
        crs_decision=f"coordinates of the filter are in {code_of(crs)}; predicates in the {plane}",
        warnings=warnings,
        matched=len(matched),
        total=len(features),
        unknown=found.unknown,
    )
