"""Requests signed with a secret that is never sent: HMAC-SHA256, as company gateways ask for it."""

import base64
import hashlib
import hmac
import time
import uuid
from collections.abc import Callable, Mapping
from typing import Final

import httpx

from desktop_chat.core.errors import ErrorKind
from desktop_chat.core.secret import Secret
from desktop_chat.providers.auth_base import ServiceAuth, sendable
from desktop_chat.providers.auth_keys import header_name
from desktop_chat.providers.errors import ErrorReader

_HEADERS: Final[Mapping[str, str]] = {
    "key_header": "x-api-key",
    "signature_header": "x-api-signature",
    "timestamp_header": "x-api-timestamp",
    "nonce_header": "x-api-nonce",
}


class HmacAuth(ServiceAuth):
    r"""Sends the id, the time, a number used once, and a signature over all of the request.

    What is signed is ``METHOD\nPATH\nBODY\nTIMESTAMP\nNONCE``, byte for byte as it is sent; the
    signature is base64.

    Args:
        key: id and secret.
        errors: makes the errors of this host.
        fields: ``key_header``, ``signature_header``, ``timestamp_header``, ``nonce_header``: other
            names of the headers; ``path``: ``with_query`` signs the query with the path.
        clock: returns seconds since the epoch.
    """

    def __init__(
        self,
        key: Secret,
        errors: ErrorReader,
        fields: Mapping[str, str] | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        given = fields or {}
        self._key = key
        self._errors = errors
        self._names = {
            what: (given.get(what) or usual).strip().lower() for what, usual in _HEADERS.items()
        }
        self._with_query = given.get("path") == "with_query"
        self._clock = clock

    async def sign(self, request: httpx.Request) -> None:
        """Put the four headers in; each time with a new nonce."""
        key_id, secret = self._key.parts()
        if not secret:
            raise self._errors.error(ErrorKind.AUTHENTICATION, "not_a_pair")
        stamp, nonce = str(int(self._clock())), uuid.uuid4().hex
        path = request.url.raw_path
        if not self._with_query:
            path = path.partition(b"?")[0]
        signed = signature(secret, request.method, path, request.content, stamp, nonce)
        self._errors.hide(signed)
        values = (sendable(key_id, self._errors), signed, stamp, nonce)
        for what, value in zip(_HEADERS, values, strict=True):
            request.headers[header_name(self._names[what], self._errors)] = value


def signature(
    secret: str, method: str, path: bytes, body: bytes, timestamp: str, nonce: str
) -> str:
    """Return the signature of one request, in base64."""
    parts = (method.upper().encode(), path, body, timestamp.encode(), nonce.encode())
    digest = hmac.new(secret.encode("utf-8", "replace"), b"\n".join(parts), hashlib.sha256)
    return base64.b64encode(digest.digest()).decode("ascii")
