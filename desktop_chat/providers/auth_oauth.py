"""OAuth client credentials (RFC 6749, 4.4): an id and a secret are changed for a token.

The token is kept in memory, for all tabs together, until shortly before it expires.
"""

import base64
import contextlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final
from urllib.parse import quote_plus, urlencode, urlsplit

import httpx

from desktop_chat.core.errors import ErrorInfo, ErrorKind, ProviderError
from desktop_chat.core.secret import Secret
from desktop_chat.core.services import Network, Service
from desktop_chat.providers.address import is_loopback, parse_address
from desktop_chat.providers.auth_base import ServiceAuth
from desktop_chat.providers.auth_tokens import Token, TokenSource, read_token
from desktop_chat.providers.errors import ErrorReader, is_error_payload
from desktop_chat.providers.http import HttpRequest, HttpTransport

_MAX_REPLY: Final = 256 * 1024
_TIMEOUT: Final = 30.0

_REFUSALS: Final[Mapping[str, ErrorKind]] = {
    "invalid_client": ErrorKind.AUTHENTICATION,
    "invalid_grant": ErrorKind.AUTHENTICATION,
    "unauthorized_client": ErrorKind.AUTHENTICATION,
    "access_denied": ErrorKind.PERMISSION,
    "invalid_scope": ErrorKind.BAD_REQUEST,
    "invalid_request": ErrorKind.BAD_REQUEST,
    "unsupported_grant_type": ErrorKind.BAD_REQUEST,
    "server_error": ErrorKind.SERVER,
    "temporarily_unavailable": ErrorKind.OVERLOADED,
}
"""RFC 6749, 5.2 and 4.1.2.1."""


@dataclass(frozen=True, slots=True)
class TokenPlace:
    """Where tokens are made, and how they are asked for.

    Attributes:
        url: whole.
        origin: of the URL: scheme, host and port.
        host: in lower case, without port.
        as_json: whether the request is JSON and no form.
        basic: whether id and secret go into a header and not into the body.
        scope: or "".
        audience: or "".
        network: the way there.
        connect_timeout: seconds.
    """

    url: str
    origin: str
    host: str
    as_json: bool = False
    basic: bool = False
    scope: str = ""
    audience: str = ""
    network: Network = field(default_factory=Network)
    connect_timeout: float = 15.0


class OAuth(ServiceAuth):
    """``Authorization: Bearer TOKEN``, with a token that is renewed as needed.

    Args:
        key: id and secret.
        place: where tokens are made.
        source: keeps the token; shared by all that have the same key and place.
        transport: sends the request for one.
        errors: makes the errors of the place's host.
    """

    def __init__(
        self,
        key: Secret,
        place: TokenPlace,
        source: TokenSource,
        transport: HttpTransport,
        errors: ErrorReader,
    ) -> None:
        self._key = key
        self._place = place
        self._source = source
        self._transport = transport
        self._errors = errors

    async def sign(self, request: httpx.Request) -> None:
        """Put a token into its header."""
        token = await self._source.get(self._fetch)
        request.headers["authorization"] = token.header

    async def refused(self, response: httpx.Response) -> bool:
        """Drop a token that the service does not take."""
        if response.status_code != 401:
            return False
        with contextlib.suppress(RuntimeError):  # a reply that knows of no request
            self._source.drop(response.request.headers.get("authorization", ""))
            return True
        self._source.drop()
        return True

    async def _fetch(self, clock: Callable[[], float]) -> Token:
        request = self._request()
        errors = self._errors
        asked = clock()
        async with self._transport.open(request, errors) as reply:
            if reply.status >= 400:
                body = await reply.read_error()
                raise ProviderError(_refusal(errors, reply.status, reply.headers, body))
            body = await reply.read_all(_TIMEOUT, _MAX_REPLY)
            headers = reply.headers
        payload = _parsed(body)
        if isinstance(payload, dict) and _token_fields(payload):
            return read_token(_token_fields(payload), asked, errors)
        if isinstance(payload, dict) and (payload.get("error") or is_error_payload(payload)):
            raise ProviderError(_refusal(errors, 200, headers, body))
        raw = errors.from_text(body[:4096].decode("utf-8", "replace"), headers).raw
        raise errors.error(ErrorKind.PROTOCOL, "token", status=reply.status, raw=raw)

    def _request(self) -> HttpRequest:
        key_id, secret = self._key.parts()
        if not key_id or not secret:
            raise self._errors.error(ErrorKind.AUTHENTICATION, "not_a_pair")
        place = self._place
        fields = {"grant_type": "client_credentials"}
        headers = {"accept": "application/json", "accept-encoding": "identity"}
        if place.basic:
            headers["authorization"] = f"Basic {basic(key_id, secret)}"
        else:
            fields |= {"client_id": key_id, "client_secret": secret}
        fields |= {
            name: value
            for name, value in (("scope", place.scope), ("audience", place.audience))
            if value
        }
        if place.as_json:
            headers["content-type"] = "application/json"
            content = json.dumps(fields, ensure_ascii=False).encode("utf-8", "replace")
        else:
            headers["content-type"] = "application/x-www-form-urlencoded"
            content = urlencode(fields, errors="replace").encode("ascii")
        return HttpRequest(
            "POST",
            place.url,
            headers,
            content,
            connect_timeout=place.connect_timeout,
            first_byte_timeout=_TIMEOUT,
            network=place.network,
        )


def token_place(service: Service, origin: str) -> TokenPlace:
    """Return where a service's tokens are made.

    Its ``token_url`` is a path of the service's own origin, or a whole address: id and secret go
    there, so one elsewhere must be https, or on this machine.

    Args:
        service: whose ``auth_fields`` are read: ``token_url``, ``scope``, ``audience``, and
            ``client_auth``, where ``basic`` puts id and secret into a header.
        origin: of the service.

    Raises:
        ProviderError: BAD_REQUEST with the code ``token_url`` (``values`` has ``reason``:
            ``empty`` or ``invalid``) or ``token_url_http``.
    """
    given = service.auth_fields
    text = given.get("token_url", "").strip()
    if not text:
        raise _bad_place("empty")
    whole = text if "://" in text else f"{origin}/{text.lstrip('/')}"
    try:
        url = httpx.URL(whole)
        parts = urlsplit(whole)
        address = parse_address(f"{parts.scheme}://{parts.netloc}")
    except (httpx.InvalidURL, ValueError, ProviderError):
        raise _bad_place("invalid") from None
    if url.userinfo or url.fragment or len(whole.split()) > 1:
        raise _bad_place("invalid")
    if address.origin != origin and url.scheme != "https" and not _is_here(address.host):
        raise _bad_place("plain_http", code="token_url_http")
    return TokenPlace(
        str(url),
        address.origin,
        address.host,
        as_json=service.auth == "oauth-json",
        basic=given.get("client_auth", "").strip().lower() == "basic",
        scope=given.get("scope", "").strip(),
        audience=given.get("audience", "").strip(),
        network=service.network,
        connect_timeout=service.connect_timeout,
    )


def _is_here(host: str) -> bool:
    """Tell whether a host is this machine for sure; names below ``localhost`` may not be."""
    return is_loopback(host) and (host == "localhost" or not host.endswith("localhost"))


def _bad_place(reason: str, code: str = "token_url") -> ProviderError:
    return ProviderError(ErrorInfo(ErrorKind.BAD_REQUEST, code=code, values={"reason": reason}))


def basic(name: str, secret: str) -> str:
    """Return id and secret as HTTP Basic has them, encoded before (RFC 6749, 2.3.1)."""
    pair = f"{quote_plus(name, errors='replace')}:{quote_plus(secret, errors='replace')}"
    return base64.b64encode(pair.encode("ascii")).decode("ascii")


def _parsed(body: bytes) -> object:
    try:
        parsed: object = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return parsed


def _token_fields(payload: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the fields of a token, which some services wrap once more; empty for none."""
    for fields in (payload, payload.get("data"), payload.get("result")):
        if isinstance(fields, dict) and fields.get("access_token"):
            return fields
    return {}


def _refusal(
    errors: ErrorReader, status: int, headers: Mapping[str, str], body: bytes
) -> ErrorInfo:
    """Return what a reply without a token says.

    The code is ``token`` whatever the service's own is, which stands in ``values``: what is wrong
    is not the question but the way to be let in.
    """
    payload = _parsed(body)
    if isinstance(payload, dict) and isinstance(payload.get("error"), str):
        code = payload["error"]
        words = payload.get("error_description")
        shaped = {"error": {"code": code, "message": words if isinstance(words, str) else code}}
        info = errors.from_payload(shaped, headers, status=status)
    elif status < 400:
        info = errors.from_payload(payload, headers, status=status)
    else:
        info = errors.from_reply(status, headers, body)
    kind = _REFUSALS.get(info.code.lower(), info.kind)
    values = {**info.values, "reason": info.code} if info.code else info.values
    return replace(info, kind=kind, code="token", values=values)
