"""`parse-coordinates`: positions as people write them, as points."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import shapely
from pydantic import Field

from backend.errors import ProcessRefusedError
from backend.geo.geodesy.shapes import shapes_of
from backend.geo.places.coordinates_columns import angle_columns, with_decimal_degrees
from backend.geo.places.coordinates_text import Order, Written, read_position
from backend.geo.vector import features as model
from backend.geo.vector.collections import feature_collection
from backend.processes.base import Output, process
from backend.processes.inputs import Features

CRS_DECISION = "WGS 84; UTM and MGRS on WGS 84"


@process(
    id="parse-coordinates",
    title="Parse coordinates",
    keywords=["DMS", "degrees minutes seconds", "decimal degrees", "UTM", "MGRS", "USNG", "ISO 6709", "vector"],
    toolsets=("core", "place"),
    output=Output(
        id="features",
        title="Features",
        description="Points in order, with notation, others where ambiguous, error where unread.",
        media_type="application/geo+json",
    ),
    links=[
        {
            "rel": "about",
            "href": "https://earth-info.nga.mil/php/download.php?file=coord-grids",
            "type": "text/html",
            "title": "NGA.STND.0037: Universal Grids",
        }
    ],
    idempotent=True,
    example={"coordinates": ["41°53'24\"N 12°29'32\"E", "32U PU 91608 34764", "32N 691608 5334764"]},
)
def parse_coordinates(
    coordinates: Annotated[
        list[Annotated[str, Field(max_length=200)]] | None,
        Field(max_length=10_000, description="As people write them."),
    ] = None,
    table: Annotated[Features | None, Field(description="CSV with columns such as lat_deg, lat_min, lat_sec.")] = None,
    order: Annotated[Order, Field(description="Of two bare numbers.")] = "auto",
) -> Mapping[str, Any]:
    """Convert coordinates written as degrees-minutes-seconds, decimal degrees, UTM or MGRS to points."""
    if (coordinates is None) == (table is None):
        raise ProcessRefusedError("give either coordinates or table")
    if table is not None:
        return _of_table(table)
    return _of_texts(coordinates or [], order)


def _of_table(table: model.Features) -> Mapping[str, Any]:
    if not angle_columns(list(table.fields)) and table.present.any():
        return feature_collection(table, method="decimal degrees, as they stand", crs_decision=CRS_DECISION)
    try:
        made = with_decimal_degrees(table)
    except ProcessRefusedError as error:
        raise ProcessRefusedError(str(error), path="$.inputs.table") from error
    return feature_collection(made, method="degrees + minutes / 60 + seconds / 3600, by row", crs_decision=CRS_DECISION)


def _of_texts(texts: Sequence[str], order: Order) -> Mapping[str, Any]:
    if not texts:
        raise ProcessRefusedError("there are no texts", path="$.inputs.coordinates")
    read = [_read(text, order) for text in texts]
    positions = [item for item in read if isinstance(item, Written)]
    if not positions:
        raise ProcessRefusedError(str(read[0]), path="$.inputs.coordinates")
    shapes = shapes_of(shapely.Point(item.position) if isinstance(item, Written) else None for item in read)
    columns: dict[str, list[Any]] = {
        "text": list(texts),
        "longitude": [item.position[0] if isinstance(item, Written) else None for item in read],
        "latitude": [item.position[1] if isinstance(item, Written) else None for item in read],
        "notation": [item.notation if isinstance(item, Written) else None for item in read],
        "crs": [item.crs if isinstance(item, Written) else None for item in read],
        "square_m": [item.square if isinstance(item, Written) else None for item in read],
        "others": [
            [list(other) for other in item.others] or None if isinstance(item, Written) else None for item in read
        ],
        "note": [item.note if isinstance(item, Written) else None for item in read],
        "error": [None if isinstance(item, Written) else str(item) for item in read],
    }
    kept = {name: column for name, column in columns.items() if any(value is not None for value in column)}
    ambiguous = sum(bool(item.others) for item in positions)
    warnings = [f"{len(read) - len(positions)} of {len(read)} texts could not be read: see `error`."]
    told = f"{ambiguous} of {len(read)} texts may mean another place: see `others` and `note`."
    return feature_collection(
        model.Features(shapes, kept),
        method="the notation of each text is told with it; a square is told by its centre",
        crs_decision=CRS_DECISION,
        warnings=[*(warnings if len(positions) < len(read) else []), *([told] if ambiguous else [])],
        read=len(positions),
        unread=len(read) - len(positions),
        ambiguous=ambiguous,
    )


def _read(text: str, order: Order) -> Written | ProcessRefusedError:
    try:
        return read_position(text, order)
    except ProcessRefusedError as error:
        return error
