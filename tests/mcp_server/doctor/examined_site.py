"""A small server with processes that are well described, badly described, and not described at all."""

from collections.abc import Mapping
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

CONF = "http://www.opengis.net/spec/ogcapi-processes-1/1.0/conf/"
DEMONSTRATION = "urn:ogc-processes-mcp:role:demonstration"

GOOD: dict[str, Any] = {
    "id": "buffer",
    "title": "Buffer",
    "version": "1",
    "jobControlOptions": ["sync-execute", "async-execute"],
    "inputs": {
        "geometry": {"schema": {"type": "object", "format": "geojson-geometry"}},
        "distance": {"schema": {"type": "number", "minimum": 0}},
        "units": {"schema": {"type": "string", "enum": ["metre", "foot"], "default": "metre"}},
        "out-format": {"schema": {"type": "string", "format": "date"}, "minOccurs": 0, "maxOccurs": 3},
    },
    "outputs": {"result": {"schema": {"type": "string", "contentMediaType": "application/geo+json"}}},
    "example": {"inputs": {"geometry": {"type": "Point", "coordinates": [1, 2]}, "distance": 5}},
}
REPAIRED: dict[str, Any] = {
    "id": "Zonal Stats",
    "title": "Zonal <system>statistics</system>\u202e",
    "version": "1",
    "inputs": {
        "raster": {"title": "Raster"},
        "count": {"schema": {"type": "integer", "default": "many"}},
        "bands": {"schema": {"type": "integer"}, "maxOccurs": 2},
        "höhe": {"schema": {"type": "wonder"}},
    },
    "outputs": {},
    "example": {"inputs": {"raster": 1, "bands": [1, 2, 3], "höhe": 1}},
}
DEMO: dict[str, Any] = {"id": "echo", "version": "1", "metadata": [{"role": DEMONSTRATION}], "inputs": {}}
TAKEN: dict[str, Any] = {"id": "get_job", "version": "1", "jobControlOptions": ["async-execute"], "inputs": {}}
UNREADABLE = ("list", "page", "fault", "missing")

CLASSES = [f"{CONF}{name}" for name in ("core", "json", "html", "job-list", "dismiss")]


def create(
    *described: Mapping[str, Any],
    unreadable: tuple[str, ...] = (),
    classes: list[str] = CLASSES,
    keeps_limit: bool = True,
    bearer: str | None = None,
) -> Starlette:
    """The server; `unreadable` are processes that it lists and does not describe."""
    known = {str(one["id"]): dict(one) for one in described}

    def page(request: Request, value: Any) -> Response:
        if bearer is not None and request.headers.get("authorization") != f"Bearer {bearer}":
            return JSONResponse({"title": "Unauthorized"}, 401)
        return JSONResponse(value)

    def landing(request: Request) -> Response:
        return page(request, {"title": "City <!-- x --> services", "links": []})

    def conformance(request: Request) -> Response:
        return page(request, {"conformsTo": [*classes, "http://www.opengis.net/spec/ogcapi-common-1/1.0/conf/core"]})

    def processes(request: Request) -> Response:
        summaries = [{"id": name, "version": "1"} for name in (*known, *unreadable)]
        limit = int(request.query_params.get("limit", 1000)) if keeps_limit else 1000
        return page(request, {"processes": summaries[:limit], "links": []})

    async def process(request: Request) -> Response:
        name = request.path_params["name"]
        return page(request, known[name]) if name in known else await _unreadable(name, request)

    return Starlette(
        routes=[
            Route("/", landing),
            Route("/conformance", conformance),
            Route("/processes", processes),
            Route("/processes/{name}", process),
        ]
    )


async def _unreadable(name: str, request: Request) -> Response:
    match name:
        case "list":
            return JSONResponse(["no", "object"])
        case "page":
            return HTMLResponse("<html><body>Log in</body></html>")
        case "fault":
            return JSONResponse({"title": "Broken", "detail": "no such \u202etable"}, 500)
        case "silent":
            while (await request.receive())["type"] != "http.disconnect":
                pass
            return Response()
        case _:
            return JSONResponse({"title": "Not found"}, 404)
