"""Any number of servers with invented processes, of plausible words and sizes: `python -m benchmarks.invented PORT`."""

import sys
from itertools import islice, product
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

_OPERATIONS = """
Buffer Clip Dissolve Simplify Intersect Interpolate Aggregate Classify Rasterise Polygonise Mosaic Resample Validate
Publish Forecast Compare Count Select Geocode Anonymise
"""
_SUBJECTS = """
rivers roads parcels buildings catchments forests glaciers stations harbours wells landslides accidents schools
hospitals vineyards wetlands quarries pipelines bridges reefs orchards trails reservoirs turbines dunes
"""
_WAYS = (
    "by district",
    "per season",
    "along the coast",
    "with uncertainty",
    "for planners",
    "from lidar",
    "from Sentinel-2",
    "at night",
    "in real time",
    "in three dimensions",
)
_TEXT = (
    "{operation} {subject} {way}. The process reads the features of a layer, brings them to a metric coordinate "
    "reference system, and works on each of them on its own, so that a failure of one does not stop the others. "
    "Attributes are kept; what is computed is added as further columns. Results are in the coordinate reference system "
    "of the input unless another one is asked for."
)


def descriptions(server: int, count: int) -> dict[str, dict[str, Any]]:
    """The descriptions of one server's processes by id, each of two to three kilobytes; other ones for every server."""
    every = product(_WAYS, _SUBJECTS.split(), _OPERATIONS.split())
    chosen = islice(every, server * count, (server + 1) * count)
    return {
        f"{operation}-{subject}-{number}".lower(): _description(operation, subject, way, number)
        for number, (way, subject, operation) in enumerate(chosen)
    }


def _description(operation: str, subject: str, way: str, number: int) -> dict[str, Any]:
    def plain(title: str, schema: dict[str, Any]) -> dict[str, Any]:
        return {"title": title, "description": f"{title} of the {subject}, as its author understands it.", **schema}

    features = {
        "type": "object",
        "format": "geojson-feature-collection",
        "required": ["type", "features"],
        "properties": {"type": {"type": "string", "enum": ["FeatureCollection"]}, "features": {"type": "array"}},
    }
    inputs = {
        subject: plain("Features", {"schema": features}),
        "distance": plain("Distance in metres", {"schema": {"type": "number", "minimum": 0, "default": 100}}),
        "method": plain("Method", {"schema": {"type": "string", "enum": ["fast", "exact", "robust"]}}),
        "iterations": plain("Most iterations", {"minOccurs": 0, "schema": {"type": "integer", "minimum": 1}}),
        "crs": plain("Coordinate reference system", {"minOccurs": 0, "schema": {"type": "string", "format": "uri"}}),
    }
    return {
        "id": f"{operation}-{subject}-{number}".lower(),
        "title": f"{operation} {subject} {way}",
        "description": _TEXT.format(operation=operation, subject=subject, way=way),
        "keywords": [operation.lower(), subject, *way.split()],
        "version": "1.0.0",
        "jobControlOptions": ["sync-execute", "async-execute"],
        "outputTransmission": ["value", "reference"],
        "inputs": inputs,
        "outputs": {"result": plain("Result", {"schema": features})},
        "links": [{"href": f"http://example.org/{subject}", "rel": "about", "type": "text/html", "title": subject}],
    }


class Invented:
    """All servers as one application: server N answers below `/N`."""

    def __init__(self, servers: int, each: int) -> None:
        self._processes = [descriptions(server, each) for server in range(servers)]
        self.described = 0
        """Descriptions that were asked for."""
        self.app = Starlette(
            routes=[
                Route("/described", self._count),
                Route("/{server:int}/", self._landing),
                Route("/{server:int}", self._landing),
                Route("/{server:int}/conformance", self._conformance),
                Route("/{server:int}/processes", self._list),
                Route("/{server:int}/processes/{id}", self._describe),
            ]
        )

    async def _count(self, _: Request) -> Response:
        return JSONResponse(self.described)

    async def _landing(self, _: Request) -> Response:
        return JSONResponse({"title": "Invented", "links": []})

    async def _conformance(self, _: Request) -> Response:
        core = "http://www.opengis.net/spec/ogcapi-processes-1/1.0/conf/core"
        return JSONResponse({"conformsTo": [core]})

    async def _list(self, request: Request) -> Response:
        every = list(self._processes[request.path_params["server"]].values())
        start, limit = (int(request.query_params.get(name, usual)) for name, usual in (("offset", 0), ("limit", 1000)))
        page = every[start : start + limit]
        members = [{name: one[name] for name in one if name not in ("inputs", "outputs")} for one in page]
        more = start + limit < len(every)
        after = str(request.url.include_query_params(offset=start + limit, limit=limit))
        return JSONResponse({"processes": members, "links": [{"rel": "next", "href": after}] if more else []})

    async def _describe(self, request: Request) -> Response:
        self.described += 1
        found = self._processes[request.path_params["server"]].get(request.path_params["id"])
        return JSONResponse(found or {"title": "No such process"}, status_code=200 if found else 404)


if __name__ == "__main__":
    uvicorn.run(Invented(int(sys.argv[2]), int(sys.argv[3])).app, port=int(sys.argv[1]), log_level="error", ws="none")
