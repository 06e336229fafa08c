"""Styles, scripts, images and the base map of the pages: our own, and what of pygeoapi's can be used as it is."""

import gzip
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Self

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

# What the system's registry says of a suffix differs between machines.
_MEDIA_TYPES: Mapping[str, str] = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".png": "image/png",
    ".ico": "image/x-icon",
    ".json": "application/json",
}
_OF_PYGEOAPI = ("css/default.css", "img/favicon.ico", "img/logo.png", "img/pygeoapi.png")
_LAND = "data/land.json"
_FOR_EVER = "public, max-age=31536000, immutable"


@dataclass(frozen=True, slots=True)
class Asset:
    """One file."""

    data: bytes
    media_type: str


@dataclass(frozen=True, slots=True)
class Assets:
    """All files by their path, read once."""

    files: Mapping[str, Asset]
    version: str
    """Digest of all of them. It stands in their URLs, so that a browser may keep them for ever."""

    @classmethod
    def load(cls) -> Self:
        """The files of the installed packages."""
        own = dict(_walk(files("backend.html") / "static"))
        borrowed = {path: files("pygeoapi").joinpath("static", *path.split("/")) for path in _OF_PYGEOAPI}
        assets = {path: _read(path, file) for path, file in (borrowed | own).items()}
        land = gzip.decompress((files("backend") / "data" / "base-map.json.gz").read_bytes())
        assets[_LAND] = Asset(land, _MEDIA_TYPES[".json"])
        digest = hashlib.sha256()
        for path in sorted(assets):
            digest.update(path.encode() + b"\0" + assets[path].data)
        return cls(assets, digest.hexdigest()[:16])


def _walk(folder: Traversable, prefix: str = "") -> Iterator[tuple[str, Traversable]]:
    for entry in folder.iterdir():
        if entry.is_dir():
            yield from _walk(entry, f"{prefix}{entry.name}/")
        elif _suffix(entry.name) in _MEDIA_TYPES:
            yield prefix + entry.name, entry


def _read(path: str, file: Traversable) -> Asset:
    return Asset(file.read_bytes(), _MEDIA_TYPES[_suffix(path)])


def _suffix(path: str) -> str:
    return path[path.rfind(".") :]


async def get_asset(request: Request) -> Response:
    """`GET /static/{version}/{path}`: a file of `app.state.html`. One of another version may be out of date soon.

    Raises:
        HTTPException: 404, there is no such file.
    """
    assets: Assets = request.app.state.html.assets
    asset = assets.files.get(request.path_params["path"])
    if asset is None:
        raise HTTPException(404)
    current = request.path_params["version"] == assets.version
    headers = {
        "Cache-Control": _FOR_EVER if current else "no-cache",
        "ETag": f'"{assets.version}"',
        "X-Content-Type-Options": "nosniff",
        "Content-Type": asset.media_type,
    }
    if headers["ETag"] in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return Response(asset.data, headers=headers)
