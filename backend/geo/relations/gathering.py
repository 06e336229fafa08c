"""Gathers the geometries of features that have the same attributes, in the order of a field: points of a track."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import shapely

from backend.errors import ProcessRefusedError
from backend.geo.geodesy.ellipsoid import Integers
from backend.geo.relations.dissolving import groups_of
from backend.geo.vector.columns import orderable
from backend.geo.vector.features import Features
from backend.geo.vector.field_names import free_name
from backend.geo.vector.text_order import order_of

ORDER = "$.inputs.order"


def gathered(features: Features, by: Sequence[str], order: str | None, fewest: int = 1) -> Features:
    """One feature for each group, a collection of its geometries: none is united with another, or left out as equal.

    order: a field of numbers, dates or texts by which those of a group are put in order; else they come as they are.
    fewest: different vertices; groups of fewer are left out.

    Raises:
        ProcessRefusedError: there is no such field, it holds values of several kinds, or no group is left.
    """
    warnings: list[str] = []
    if order is not None:
        index, warnings = _ordered(features, order)
        features = features.take(index)
    groups, first, told = groups_of(features, by)
    fields: dict[str, Sequence[Any]] = {name: [features.fields[name][at] for at in first.tolist()] for name in by}
    fields[free_name("feature_count", fields)] = np.bincount(groups, minlength=len(first)).tolist()
    sequence = np.argsort(groups, kind="stable")
    collections: Any = shapely.geometrycollections(features.shapes[sequence], indices=groups[sequence])
    made = Features(np.atleast_1d(collections), fields, features.crs, features.warnings)
    vertices, owners = shapely.get_coordinates(made.shapes, return_index=True)
    different = np.unique(np.column_stack([owners, vertices]), axis=0)[:, 0].astype(np.intp)
    large = np.bincount(different, minlength=len(made)) >= fewest
    if not large.any():
        raise ProcessRefusedError(f"no group has {fewest} different points", path="$.inputs.by")
    if not large.all():
        warnings.append(f"{int((~large).sum())} groups have fewer than {fewest} different points: left out.")
    return made.take(large).warned(*warnings, *told)


def _ordered(features: Features, name: str) -> tuple[Integers, list[str]]:
    """The indices of features in the order of a field's values, those without one last, and what to know of it."""
    column = orderable(features, name, ORDER)
    keys, doubt = order_of(column) if column.kind == "text" else (column.values, None)
    index = np.lexsort([keys, ~column.known])
    nulls = int((~column.known).sum())
    told = [f"{nulls} features have no value in {name!r}: they come last."] if nulls else []
    return index, [*told, *filter(None, [doubt])]
