"""Features as a sequence of GeoJSON texts."""

from backend.geo.vector.feature_text import feature_lines
from backend.geo.vector.features import Features
from backend.geo.vector.file_description import Written
from backend.geo.vector.geojson_parsing import SEPARATOR


def newline_delimited(features: Features) -> Written[str]:
    """A Feature in each line, in longitude and latitude on WGS 84."""
    return _sequence(features, "")


def text_sequence(features: Features) -> Written[str]:
    """The same with the separator before each of RFC 8142, which makes lines that are cut off known."""
    return _sequence(features, SEPARATOR)


def _sequence(features: Features, mark: str) -> Written[str]:
    made = features.lonlat()
    return Written("".join(feature_lines(made, mark)), made)
