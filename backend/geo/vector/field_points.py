"""Points whose coordinates stand in fields."""

import numpy as np
import shapely
from pyproj import CRS

from backend.geo.vector.feature_reading import settle
from backend.geo.vector.features import Features
from backend.geo.vector.fields import numbers_of


def with_points(features: Features, x_field: str, y_field: str, crs: CRS) -> Features:
    """The features with points of two fields of numbers in place of their geometries; none where one is missing.

    Raises:
        ProcessRefusedError: there are no such fields, or they hold what is no number or no coordinate of the CRS.
    """
    x = numbers_of(features, x_field, "$.inputs.x_field")
    y = numbers_of(features, y_field, "$.inputs.y_field")
    known = np.isfinite(x) & np.isfinite(y)
    shapes = np.full(len(features), None, dtype=object)
    shapes[known] = shapely.points(x[known], y[known])
    warnings = [*features.warnings]
    if features.present.any():
        warnings.append("The geometries that the features came with were replaced.")
    if not known.all():
        warnings.append(f"{(~known).sum()} of {len(features)} features have no coordinates, and so no geometry.")
    return settle(Features(shapes, features.fields, crs, tuple(warnings)))
