"""`validate-geometry`: what is wrong with geometries, where, and the geometries repaired."""

from dataclasses import asdict
from typing import Annotated, Any

from pydantic import Field

from backend.geo.geodesy.crs import code_of
from backend.geo.geometry.validity import HOPELESS, SERIOUS, examine, repaired
from backend.geo.vector.collections import feature_collection
from backend.processes.base import Output, process
from backend.processes.inputs import UncheckedFeatures

SHOWN = 200
METHOD = "OGC Simple Features validity (GEOS); RFC 7946 for winding and the antimeridian"
REPAIR = "polygons rebuilt from their rings (structure method), rings oriented, repeated vertices removed"


@process(
    id="validate-geometry",
    title="Validate geometries",
    keywords=["validity", "check", "repair", "fix", "self-intersection", "topology", "duplicates", "quality", "vector"],
    output=[
        Output(id="report", title="Report", description="valid, counts, problems with reason and place, warnings."),
        Output(
            id="features",
            title="Features",
            description="Repaired, with repair.",
            media_type="application/geo+json",
            schema={"type": "object", "format": "geojson-feature-collection"},
        ),
    ],
    idempotent=True,
    example={"features": "POLYGON ((0 0, 2 2, 2 0, 0 2, 0 0))", "repair": True},
    links=[
        {
            "rel": "about",
            "href": "https://www.ogc.org/standards/sfa/",
            "type": "text/html",
            "title": "OGC Simple Feature Access (06-103r4)",
        }
    ],
    toolsets=("core", "look"),
)
def validate_geometry(
    features: UncheckedFeatures,
    repair: Annotated[bool, Field(description="Give them repaired too.")] = False,
) -> dict[str, Any]:
    """Check geometries for errors such as self-intersections, duplicates or impossible coordinates, and repair them."""
    report = examine(features)
    crs = code_of(features.features.crs)
    told: dict[str, Any] = {
        "valid": not report.features_with(SERIOUS),
        "features": len(features.features),
        "invalid_features": len(report.features_with(SERIOUS)),
        "counts": dict(report.counts),
        "problems": [asdict(finding) | {"serious": finding.problem in SERIOUS} for finding in report.findings[:SHOWN]],
        "crs": crs,
        "crs_decision": f"checked as it stands, places in {crs}",
        "method": METHOD,
        "warnings": list(features.features.warnings),
    }
    if len(report.findings) > SHOWN:
        told["warnings"].append(f"Only the first {SHOWN} of {len(report.findings)} problems are listed.")
    if not told["features"]:
        told["warnings"].append("There are no features.")
    if not repair:
        return {"report": told}
    mended = repaired(features, report)
    left_out = report.features_with(HOPELESS)
    return {
        "report": told,
        "features": feature_collection(mended, method=REPAIR, crs_decision=mended.plane, left_out=left_out),
    }
