"""`join-table`: features with the fields of the table rows that have the same key."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, WithJsonSchema

from backend.errors import refuse
from backend.geo.tables import joins_by_key
from backend.geo.vector import features as vector_features
from backend.geo.vector.collections import feature_collection
from backend.geo.vector.table_reading import read_table
from backend.processes.base import Output, process
from backend.processes.inputs import Features, reading_features

_TABLE = WithJsonSchema(
    {
        "oneOf": [
            {"type": "object", "format": "geojson"},
            {"type": "string"},
            {"type": "array", "items": {"type": "object"}},
        ]
    }
)
_Names = str | Annotated[list[str], Field(min_length=1, max_length=10)]
KEYS = "keys compared as texts, leading zeros counting; empty keys equal none"


@process(
    id="join-table",
    title="Join a table",
    keywords=["join", "merge", "composite key", "attribute join", "lookup", "key", "table", "csv", "vector"],
    output=Output(
        id="features",
        title="Features",
        description="With the table's fields; cardinality, unmatched, warnings.",
        media_type="application/geo+json",
    ),
    toolsets=("core", "table"),
    idempotent=True,
    example={
        "features": "ags,name,lon,lat\n01001,Flensburg,9.44,54.78\n01002,Kiel,10.13,54.32\n01003,Lübeck,10.69,53.87",
        "table": "code,people\n01001,92550\n01002,247717\n01003,218095\n",
        "field": "ags",
        "table_field": "code",
        "fields": ["people"],
    },
    links=[
        {
            "rel": "about",
            "href": "https://en.wikipedia.org/wiki/Join_(SQL)#Left_outer_join",
            "type": "text/html",
            "title": "Left outer join",
        }
    ],
)
def join_table(
    features: Features,
    table: Annotated[
        vector_features.Features, reading_features(read_table), _TABLE, Field(description="CSV, rows, GeoJSON.")
    ],
    field: Annotated[_Names, Field(description="Key of features; several fields: a composite key.")],
    *,
    table_field: Annotated[_Names | None, Field(description="Of table, if other.")] = None,
    fields: Annotated[list[str] | None, Field(description="To add; else all.")] = None,
    duplicates: Annotated[Literal["refuse", "first", "all"], Field(description="Rows of equal key.")] = "refuse",
    inner: Annotated[bool, Field(description="Only features with a row.")] = False,
) -> Mapping[str, Any]:
    """Add a table's columns to features by one or more key fields (left join)."""
    if not len(table):
        refuse("the table has no rows, so that there is nothing to join", "$.inputs.table")
    joined = joins_by_key.join_table(
        features,
        table,
        field=field,
        table_field=table_field or field,
        taken=fields,
        duplicates=duplicates,
        inner=inner,
    )
    return feature_collection(
        joined.features,
        method=f"{'inner' if inner else 'left outer'} join; {KEYS}",
        crs_decision="none was needed",
        warnings=[*table.warnings, *joined.warnings],
        cardinality=joined.cardinality,
        matched={"features": joined.matched_features, "rows": joined.matched_rows},
        unmatched={"features": joined.unmatched_features, "rows": joined.unmatched_rows},
        unmatched_keys={"features": joined.unmatched_feature_keys, "rows": joined.unmatched_row_keys},
        added=list(joined.added.values()),
    )
