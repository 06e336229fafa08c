"""`filter-features`: the features for which a condition on their fields or geometries holds."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Annotated, Any

from pydantic import Field
from pyproj import CRS

from backend.errors import ProcessRefusedError
from backend.geo.geodesy.crs import CRS84, code_of
from backend.geo.relations.relations_selection import within
from backend.geo.tables.cql2 import Filtered, evaluate
from backend.geo.tables.sorting import put_in_order
from backend.geo.vector.collections import feature_collection
from backend.geo.vector.features import LONLAT
from backend.geo.vector.fields import column_of
from backend.processes.base import Output, process
from backend.processes.inputs import Crs, Features

METHOD = "OGC CQL2, with three-valued logic: true, false, not known; texts compared exactly"


@process(
    id="filter-features",
    title="Filter features",
    keywords=["filter", "select", "query", "where", "attribute", "sort", "top", "cql2", "table"],
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
def filter_features(  # noqa: PLR0917  # the inputs of a process come by name
    features: Features,
    filter: Annotated[  # noqa: A002  # the standard's name
        str | dict[str, Any] | None,
        Field(
            description="CQL2 text or JSON: land = 'DE' AND name LIKE 'A%' AND area_m2 > 500; "
            "S_DWITHIN(geometry, POINT(9 48), 2, km)"
        ),
    ] = None,
    filter_crs: Annotated[Crs | None, Field(description="Of coordinates in the filter; else OGC:CRS84.")] = None,
    sort: Annotated[list[str] | None, Field(description="Fields, or area_m2, length_m; -FIELD: descending.")] = None,
    limit: Annotated[int | None, Field(ge=1, description="At most so many: the first.")] = None,
    fields: Annotated[list[str] | None, Field(min_length=1, description="To keep; else all.")] = None,
) -> Mapping[str, Any]:
    """Select features (rows) whose fields or geometries meet a condition, like SQL's WHERE; sort and cut them."""
    if filter is None and not (sort or limit or fields):
        raise ProcessRefusedError("a filter is needed, or sort, limit or fields", path="$.inputs.filter")
    crs = filter_crs or CRS84
    found = _matching(features, filter, crs)
    warnings = list(found.warnings)
    if found.unknown:
        warnings.append(
            f"Of {found.unknown} of {len(features)} features it is not known whether they match, since values are "
            "missing (null): they are left out. IS NULL finds them."
        )
    matched = features.take(found.true)
    first = put_in_order(matched, sort or [], limit)
    warnings += first.warnings
    if first.ties:
        warnings.append(f"{first.ties} more features are equal to the last of these, and left out by the limit.")
    plane = features.plane if features.crs == crs else LONLAT
    decision = f"coordinates of the filter are in {code_of(crs)}; predicates in the {plane}"
    return feature_collection(
        _with_fields(first.features, fields),
        method="all features" if filter is None else "; ".join([METHOD, *found.methods]),
        crs_decision="none was needed" if filter is None else decision,
        warnings=warnings,
        matched=len(matched),
        total=len(features),
        unknown=found.unknown,
    )


def _matching(features: Features, condition: str | dict[str, Any] | None, crs: CRS) -> Filtered:
    try:
        return evaluate(features, "TRUE" if condition is None else condition, crs, within)
    except ProcessRefusedError as error:
        raise ProcessRefusedError(str(error), path="$.inputs.filter") from error


def _with_fields(features: Features, names: Sequence[str] | None) -> Features:
    """With these fields alone, in their order."""
    if names is None:
        return features
    columns = {name: column_of(features, name, f"$.inputs.fields[{at}]") for at, name in enumerate(names)}
    return replace(features, fields=columns)
