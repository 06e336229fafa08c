"""Connections to servers, which exchanges share."""

import ssl
from functools import lru_cache
from pathlib import Path

import httpx


@lru_cache(maxsize=1)
def _public_authorities() -> ssl.SSLContext:
    """The certificate authorities of the web: hundreds, which take longer to read than a server to answer."""
    return httpx.create_ssl_context(trust_env=False)


def open_http(*, ca_file: Path | None = None) -> httpx.AsyncHTTPTransport:
    """Connections that read no environment, know neither credentials nor cookies and follow no redirect.

    ca_file: the certificate authorities to trust, in PEM, in place of the public ones.

    Raises: OSError for a file that cannot be read, ssl.SSLError for one without certificates.
    """
    trusted = _public_authorities() if ca_file is None else ssl.create_default_context(cafile=ca_file)
    return httpx.AsyncHTTPTransport(verify=trusted, trust_env=False)
