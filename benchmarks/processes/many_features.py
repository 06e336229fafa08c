"""A result of any size."""

from typing import Annotated, Any

from pydantic import Field

from backend.processes.base import Output, process


@process(
    id="many-features",
    title="Many features",
    version="1.0.0",
    output=Output(id="features", title="Features", description="Squares.", media_type="application/geo+json"),
    idempotent=True,
)
def many_features(count: Annotated[int, Field(ge=1)] = 33_000) -> dict[str, Any]:
    """A FeatureCollection of small squares, about 200 bytes each."""
    return {"type": "FeatureCollection", "features": [_square(number) for number in range(count)]}


def _square(number: int) -> dict[str, Any]:
    west, south = -180 + number % 359, -80 + number // 359 % 160
    ring = [[west, south], [west + 0.5, south], [west + 0.5, south + 0.5], [west, south + 0.5], [west, south]]
    properties = {"number": number, "name": f"square {number}", "band": number % 7}
    return {"type": "Feature", "properties": properties, "geometry": {"type": "Polygon", "coordinates": [ring]}}
