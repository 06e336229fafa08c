"""One geometry measured."""

from shapely.geometry.base import BaseGeometry

from backend.geo.geodesy.measure import Edges, Measures, measure_each
from backend.geo.geodesy.shapes import shapes_of


def measure(shape: BaseGeometry, edges: Edges = "lonlat") -> Measures:
    """Of a geometry in longitude and latitude, its members added up."""
    return measure_each(shapes_of([shape]), edges).total()
