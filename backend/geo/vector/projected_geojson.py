"""GeoJSON in another CRS than longitude and latitude, as it was before RFC 7946 and GDAL still writes it."""

from collections.abc import Iterator
from typing import Any, override

from backend.errors import ProcessRefusedError
from backend.geo.geodesy.crs import authority_code
from backend.geo.vector.feature_text import document_parts, feature_texts, json_text
from backend.geo.vector.features import Features
from backend.geo.vector.file_description import FlatCollection, taken_for_another


class ProjectedCollection(FlatCollection):
    """A FeatureCollection whose member `crs` names the CRS, which programs look for before the features."""

    @override
    def json_parts(self) -> Iterator[bytes]:
        beginning = f'{{"type":"FeatureCollection","crs":{json_text(self.members["crs"])},"features":['
        rest = {name: member for name, member in self.members.items() if name != "crs"}
        return document_parts(beginning, feature_texts(self.table), rest)


def projected_collection(features: Features, method: str, **more: Any) -> ProjectedCollection:
    """The features in the plane of their CRS, x before y; `method` tells how they came to be in it.

    `more` are members of the collection.

    Raises:
        ProcessRefusedError: the CRS has no authority's code, by which alone GeoJSON can name it.
    """
    code = authority_code(features.crs)
    if code is None:
        raise ProcessRefusedError(f"{features.crs.name} has no authority's code to name it by", path="$.inputs.crs")
    authority, _, number = code.partition(":")
    named: dict[str, Any] = {"type": "name", "properties": {"name": f"urn:ogc:def:crs:{authority}::{number}"}}
    told = features.warned(
        f"The coordinates are in {code}, as the member crs tells: RFC 7946 knows longitude and latitude only, and "
        "programs that pass over crs will misplace them.",
        *taken_for_another(features.crs),
    )
    about = {"method": method, "crs_decision": f"{code}, asked for", "warnings": list(told.warnings)}
    return ProjectedCollection(features, {"crs": named, **more, **about})
