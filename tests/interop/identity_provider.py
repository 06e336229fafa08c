"""A provider of OpenID Connect over TLS on loopback: one person, who is logged in already, and one token."""

import base64
import hashlib
import ipaddress
import json
import ssl
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from joserfc import jwt
from joserfc.jwk import ECKey

PERSON = "ada"
_CODE = "code"


class Provider:
    """What the provider knows, and its answers."""

    def __init__(self, token: str) -> None:
        self.url = ""
        self.token = token
        self.asked: dict[str, str] = {}
        self.revoked: list[str] = []
        self._key = ECKey.generate_key("P-256", {"kid": "1"})

    def get(self, path: str, query: dict[str, str]) -> tuple[int, Any]:
        """Answer with a status and a document, or the place to go on to."""
        match path:
            case "/.well-known/openid-configuration":
                ends = ("authorization", "token", "revocation")
                return 200, {
                    "issuer": self.url,
                    "jwks_uri": f"{self.url}/keys",
                    **{f"{end}_endpoint": f"{self.url}/{end}" for end in ends},
                }
            case "/keys":
                return 200, {"keys": [self._key.as_dict(private=False)]}
            case "/authorization":
                self.asked = query
                return 302, f"{query['redirect_uri']}?{urlencode({'code': _CODE, 'state': query['state']})}"
            case _:
                return 404, {}

    def post(self, path: str, form: dict[str, str]) -> tuple[int, Any]:
        if path == "/revocation":
            self.revoked.append(form["token"])
            return 200, {}
        challenge = hashlib.sha256(form["code_verifier"].encode()).digest()
        proven = base64.urlsafe_b64encode(challenge).rstrip(b"=").decode() == self.asked["code_challenge"]
        if form["code"] != _CODE or not proven:
            return 400, {"error": "invalid_grant"}
        return 200, {
            "access_token": self.token, "token_type": "Bearer", "expires_in": 3600, "id_token": self._identity()
        }  # fmt: skip

    def _identity(self) -> str:
        now = int(time.time())
        claims = {"iss": self.url, "sub": PERSON, "aud": self.asked["client_id"], "nonce": self.asked["nonce"]}
        return jwt.encode({"alg": "ES256", "kid": "1"}, claims | {"iat": now, "exp": now + 60}, self._key)


@contextmanager
def identity_provider(folder: Path, token: str) -> Generator[Provider]:
    """Run a provider that gives `token`; its certificate is its own authority, `certificate.pem` in `folder`."""
    provider = Provider(token)
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(provider))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(_certificate(folder))
    server.socket = context.wrap_socket(server.socket, server_side=True)
    provider.url = f"https://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _handler(provider: Provider) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            url = urlsplit(self.path)
            self._answer(*provider.get(url.path, dict(parse_qsl(url.query))))

        def do_POST(self) -> None:
            form = self.rfile.read(int(self.headers["Content-Length"])).decode()
            self._answer(*provider.post(self.path, dict(parse_qsl(form))))

        def _answer(self, status: int, said: Any) -> None:
            body = b"" if status == 302 else json.dumps(said).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            if status == 302:
                self.send_header("Location", said)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
            """Nobody reads it."""

    return Handler


def _certificate(folder: Path) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "provider")])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(x509.random_serial_number())
    builder = builder.not_valid_before(now - timedelta(hours=1)).not_valid_after(now + timedelta(hours=1))
    usage = dict.fromkeys(
        ("content_commitment", "key_encipherment", "data_encipherment", "key_agreement", "crl_sign"), False
    ) | dict.fromkeys(("encipher_only", "decipher_only"), False)
    for extension, critical in (
        (x509.BasicConstraints(ca=True, path_length=None), True),
        (x509.KeyUsage(digital_signature=True, key_cert_sign=True, **usage), True),
        (x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False),
        (x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False),
    ):
        builder = builder.add_extension(extension, critical)
    form = (serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    pem = builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    path = folder / "certificate.pem"
    path.write_bytes(pem + key.private_bytes(serialization.Encoding.PEM, *form))
    return path
