"""What every request passes before it is routed."""

from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware

from backend.api.asgi import UnforeseenErrors
from backend.api.origins import Callers, KnownCallers
from backend.api.trailing_slashes import TrailingSlashes
from backend.settings import Settings

_EXPOSED = (
    "Accept-Ranges", "Allow", "Content-Location", "Content-Range", "ETag", "Link", "Location", "OGC-NumberMatched",
    "Preference-Applied", "Repr-Digest", "Retry-After", "Sunset", "X-Request-ID",
)  # fmt: skip
"""Headers of our answers that a page of another origin may read."""

_ACCEPTED = ("Authorization", "Content-Type", "If-None-Match", "Prefer", "Range", "traceparent", "X-Request-ID")
"""Headers that such a page may send: `Authorization` is for a proxy before us that asks who calls."""


def api_middleware(settings: Settings) -> list[Middleware]:
    """The layers around the routes, outermost first."""
    callers = Callers.of(settings.public_url, settings.allowed_hosts, settings.cors_origins)
    layers = [Middleware(UnforeseenErrors), Middleware(KnownCallers, callers)]
    if settings.cors_origins:
        cors = Middleware(
            CORSMiddleware,
            allow_origins=[*settings.cors_origins, *map(str.lower, settings.cors_origins)],
            allow_methods=["GET", "HEAD", "POST", "DELETE", "OPTIONS"],
            allow_headers=list(_ACCEPTED),
            expose_headers=list(_EXPOSED),
        )
        layers.append(cors)
    return [*layers, Middleware(TrailingSlashes)]
