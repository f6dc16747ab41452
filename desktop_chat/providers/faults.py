"""What went wrong before a reply began, made of httpx's exceptions and of those beneath them."""

import re
import socket
import ssl
from collections.abc import Iterator
from typing import Any, Final

import httpx

from desktop_chat.core.errors import ErrorKind, ProviderError
from desktop_chat.providers.errors import ErrorReader

_CERTIFICATE: Final = {
    9: "not_yet_valid",
    10: "expired",
    18: "self_signed",
    19: "unknown_issuer",
    20: "unknown_issuer",
    21: "unknown_issuer",
    62: "host",
    64: "host",
}
"""OpenSSL's X509_V_ERR codes (openssl-verification-options(1))."""
_NOT_TLS: Final = (
    "WRONG_VERSION_NUMBER",
    "HTTP_REQUEST",
    "RECORD_LAYER_FAILURE",
    "UNKNOWN_PROTOCOL",
)
_TOO_OLD: Final = ("UNSUPPORTED_PROTOCOL", "TLSV1_ALERT_PROTOCOL_VERSION", "NO_PROTOCOLS_AVAILABLE")
_WRONG_LOGIN: Final = re.compile(r"^407\b|invalid username|authentication|\bauth\b", re.IGNORECASE)
"""What httpcore says when a proxy wants another user or password, HTTP or SOCKS."""
_LOST: Final = ("without sending a response", "Server disconnected", "ConnectionTerminated",
                "StreamReset")  # fmt: skip
"""What httpcore says when a peer went away: HTTP/1.1, and three ways of HTTP/2."""


def failure(
    error: Exception, errors: ErrorReader, *, connect_timeout: float, proxy: str = ""
) -> ProviderError:
    """Map what went wrong before a reply began.

    Args:
        error: httpx's.
        errors: makes the errors of this host.
        connect_timeout: seconds that were granted.
        proxy: that was asked, without a password; or "".
    """
    text = says(error)
    values: dict[str, Any] = {"proxy": proxy} if proxy else {}
    if isinstance(error, httpx.ConnectTimeout | httpx.PoolTimeout):
        seconds = f"{connect_timeout:g}"
        return errors.error(ErrorKind.TIMEOUT, "connect", raw=text, seconds=seconds, **values)
    if isinstance(error, httpx.TimeoutException):
        return errors.error(ErrorKind.TIMEOUT, "connect", raw=text)
    if isinstance(error, httpx.ProxyError):
        code = "proxy_auth" if _WRONG_LOGIN.search(str(error)) else "proxy_refused"
        return errors.error(ErrorKind.NETWORK, code, raw=text, **values)
    if isinstance(error, httpx.ConnectError):
        code, reason = _connecting(error)
        if proxy and code != "tls":
            # It is the proxy that was connected to, not the host.
            code = "proxy_unreachable"
        if reason:
            values["reason"] = reason
        return errors.error(ErrorKind.NETWORK, code, raw=text, **values)
    if isinstance(error, httpx.RemoteProtocolError) and not is_lost(error):
        return errors.error(ErrorKind.PROTOCOL, "http", raw=text)
    if isinstance(error, httpx.NetworkError | httpx.RemoteProtocolError | OSError):
        return errors.error(ErrorKind.NETWORK, "closed", raw=text)
    if isinstance(
        error,
        httpx.LocalProtocolError | httpx.UnsupportedProtocol | httpx.InvalidURL | UnicodeError,
    ):
        # Not the words of the error: they quote the header, which may be the key.
        return errors.error(ErrorKind.BAD_REQUEST, "request", raw=type(error).__name__)
    return errors.error(ErrorKind.NETWORK, raw=text)


def is_lost(error: BaseException) -> bool:
    """Tell whether a connection that stood turned out to be gone."""
    if isinstance(error, httpx.RemoteProtocolError):
        return any(words in str(error) for words in _LOST)
    return isinstance(error, httpx.ReadError | httpx.WriteError | httpx.CloseError | OSError)


def says(error: BaseException) -> str:
    """Return an exception's name and words."""
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__


def tls_reason(error: ssl.SSLError) -> str:
    """Return why there is no secure connection: ``expired``, ``not_yet_valid``, ``self_signed``,
    ``unknown_issuer``, ``host``, ``not_tls``, ``too_old``, or "" for anything else.
    """
    if isinstance(error, ssl.SSLCertVerificationError):
        return _CERTIFICATE.get(error.verify_code, "")
    reason = error.reason or ""
    if reason in _NOT_TLS:
        return "not_tls"
    return "too_old" if reason in _TOO_OLD else ""


def _connecting(error: BaseException) -> tuple[str, str]:
    """Look through the causes for the one that says most; return code and reason."""
    for cause in _causes(error):
        if isinstance(cause, ssl.SSLError):
            return "tls", tls_reason(cause)
        if isinstance(cause, socket.gaierror):
            return "dns", ""
        if isinstance(cause, ConnectionRefusedError):
            return "refused", ""
    return "", ""


def _causes(error: BaseException) -> Iterator[BaseException]:
    seen: BaseException | None = error
    while seen is not None:
        yield seen
        if isinstance(seen, ExceptionGroup):
            yield from _causes(seen.exceptions[0])
            return
        seen = seen.__cause__ or seen.__context__
