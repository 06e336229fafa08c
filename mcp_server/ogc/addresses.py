"""The URLs of one server: those it is asked at, and those it knows itself by. Pure."""

import logging
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

import httpx

from mcp_server.ogc.origins import same_origin

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Addresses:
    """Behind a proxy the two roots differ."""

    root: str
    """Where the server is asked, as configured; without trailing slash."""
    own_root: str
    """What the server's own links begin with."""

    def path(self, *segments: str) -> str:
        """A URL below the root; whatever the segments hold, each stays one."""
        return "/".join((self.root, *(segment(one) for one in segments)))

    def result(self, job_id: str, output_id: str) -> str:
        """The URL by which the server knows one output of a job."""
        return "/".join((self.own_root, "jobs", segment(job_id), "results", segment(output_id)))

    def collection(self, dataset_id: str, layer: str | None) -> str:
        """The URL by which the server knows a dataset, or one layer of it."""
        fragment = "" if layer is None else f"#{quote(layer, safe='')}"
        return "/".join((self.own_root, "collections", segment(dataset_id))) + fragment

    def reachable(self, href: str | None, within: str | None = None) -> str | None:
        """A link of the server as a URL at the configured origin; None for any other origin.

        within: URL of the document that a relative link stands in; without it, the root.
        """
        if href is None:
            return None
        if href.startswith(f"{self.own_root}/"):
            return self.root + href.removeprefix(self.own_root)
        try:
            target = str(httpx.URL(within or f"{self.root}/").join(href))
        except httpx.InvalidURL:
            return None
        if same_origin(target, self.root):
            return target
        _log.warning("a link of %s to another origin is not followed", self.root)
        return None


def absolute(href: str, within: str) -> str:
    """A link as it stands, or where it leads from the document that it stands in, where it is relative (RFC 3986)."""
    try:
        return href if urlsplit(href).scheme else str(httpx.URL(within).join(href))
    except (httpx.InvalidURL, ValueError):
        return href


def segment(text: str) -> str:
    """A text as one segment of a path."""
    # A segment of dots alone would be taken for a step in the path.
    return quote(text, safe="") if text.strip(".") else text.replace(".", "%2E")
