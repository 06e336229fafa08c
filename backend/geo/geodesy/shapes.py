"""Arrays of geometries."""

from collections.abc import Iterable
from typing import Any

import numpy as np
from shapely.geometry.base import BaseGeometry

type Shapes = np.ndarray[Any, np.dtype[np.object_]]
"""One dimension, of shapely geometries; None stands for no geometry."""


def shapes_of(geometries: Iterable[BaseGeometry | None]) -> Shapes:
    """An array of its own, whatever comes: NumPy would take a single collection apart."""
    items = list(geometries)
    array = np.empty(len(items), dtype=object)
    array[:] = items
    return array
