"""`hotspots`: where high and low values lie together, and whether that may be chance."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np
from pydantic import Field

from backend.errors import ProcessRefusedError
from backend.processes.base import Output, process
from backend.processes.inputs import Features

if TYPE_CHECKING:
    from backend.geo.analysis.spatial_statistics_weights import Weights
    from backend.geo.geodesy.ellipsoid import Array

SIGNIFICANT = 0.05
"""The false discovery rate: of what is called a hot spot, this share may be chance."""
FEW = 30
"""Features below which the normal approximation is rough."""


@process(
    id="hotspots",
    title="Hot spots",
    keywords=["hot spot", "cluster", "Moran's I", "Getis-Ord", "LISA", "spatial autocorrelation", "vector"],
    output=Output(
        id="features",
        description="FeatureCollection: z, p, q, cluster of each; morans_i, islands, method, warnings.",
        media_type="application/geo+json",
    ),
    toolsets=("analysis",),
    idempotent=True,
    links=[
        {
            "rel": "about",
            "href": "https://doi.org/10.1111/j.1538-4632.1995.tb00912.x",
            "type": "text/html",
            "title": "Ord and Getis: Local spatial autocorrelation statistics",
        }
    ],
    example={
        "features": "lon,lat,rent\n13.30,52.50,9\n13.31,52.50,8\n13.32,52.50,10\n13.33,52.50,9\n13.34,52.50,11\n"
        "13.40,52.50,19\n13.41,52.50,21\n13.42,52.50,20\n13.43,52.50,22\n13.44,52.50,18\n13.45,52.50,20",
        "field": "rent",
        "k": 3,
    },
)
def hotspots(
    features: Features,
    field: Annotated[str, Field(description="Numeric field.")],
    *,
    statistic: Annotated[
        Literal["getis-ord", "local-moran"], Field(description="Gi* scores, or clusters and outliers.")
    ] = "getis-ord",
    neighbours: Annotated[
        Literal["k-nearest", "distance", "contiguity"], Field(description="Who is a neighbour.")
    ] = "k-nearest",
    k: Annotated[int, Field(ge=1, description="For k-nearest.")] = 8,
    distance: Annotated[float | None, Field(ge=0, allow_inf_nan=False, description="Metres, for distance.")] = None,
) -> Mapping[str, Any]:
    """Hot spots (Getis-Ord Gi*, local Moran) and global Moran's I."""
    from backend.geo.analysis.spatial_statistics import moran
    from backend.geo.analysis.spatial_statistics_weights import weights_of
    from backend.geo.vector.collections import feature_collection
    from backend.geo.vector.field_names import with_measures_named
    from backend.geo.vector.fields import numbers_of

    numbers = numbers_of(features, field, "$.inputs.field")
    chosen = features.take(features.present & ~np.isnan(numbers))
    values = numbers[features.present & ~np.isnan(numbers)]
    _check(values, field)
    weights = weights_of(chosen, neighbours, k, distance)
    islands = int((weights.neighbours == 0).sum())
    if islands == len(chosen):
        raise ProcessRefusedError("no feature has a neighbour: take a larger distance", path="$.inputs.distance")
    fields, method = _statistic(statistic, values, weights)
    found = moran(values, weights)
    warnings = list(chosen.warnings)
    if len(chosen) < len(features):
        warnings.append(f"{len(features) - len(chosen)} of {len(features)} features have no geometry or no value: out.")
    if islands:
        warnings.append(f"{islands} features have no neighbours (islands): they have no statistic.")
    if len(chosen) < FEW:
        warnings.append(f"There are only {len(chosen)} features: p-values, which take z for normal, are rough.")
    clusters = [name for name in fields["cluster"] if name]
    return feature_collection(
        with_measures_named(chosen, fields),
        method=f"{method}; significant where q, by Benjamini and Hochberg, is at most {SIGNIFICANT:g}",
        crs_decision=f"neighbours are {weights.told}",
        warnings=warnings,
        islands=islands,
        mean_neighbours=float(weights.neighbours.mean()),
        clusters={name: clusters.count(name) for name in sorted(set(clusters))},
        morans_i={
            "value": found.value, "expected": found.expected, "z": found.z, "p": found.p,
            "p_permuted": found.p_permuted, "permutations": found.permutations,
        },
    )  # fmt: skip


def _check(values: "Array", field: str) -> None:
    from backend.geo.analysis.spatial_statistics import constant

    if len(values) < 3:
        raise ProcessRefusedError("at least three features with a value are needed", path="$.inputs.features")
    if constant(values):
        raise ProcessRefusedError(f"all values of {field!r} are the same: there are no clusters", path="$.inputs.field")


def _statistic(statistic: str, values: "Array", weights: "Weights") -> tuple[dict[str, list[Any]], str]:
    """The columns of the answer, and how they were made."""
    from backend.geo.analysis.spatial_statistics import getis_ord, local_moran

    if statistic == "getis-ord":
        local, method = getis_ord(values, weights), "Getis-Ord Gi* with binary weights, each feature among its own"
        names: list[str | None] = ["hot" if score > 0 else "cold" for score in local.z.tolist()]
    else:
        local, names = local_moran(values, weights)
        method = "local Moran's I with row-standardised weights, z by conditional randomisation"
    called = [
        None if np.isnan(q) else name if q <= SIGNIFICANT else "not significant"
        for name, q in zip(names, local.q.tolist(), strict=True)
    ]
    columns = {"z": local.z, "p": local.p, "q": local.q}
    if statistic == "local-moran":
        columns["local_i"] = local.value
    told = {name: [None if np.isnan(item) else item for item in column.tolist()] for name, column in columns.items()}
    return told | {"cluster": called}, method
