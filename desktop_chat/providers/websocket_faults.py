"""Why a WebSocket was not opened, made of the package's exceptions and of replies without one."""

import contextlib
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx
from websockets.exceptions import InvalidProxy, InvalidProxyStatus, ProxyError

from desktop_chat.core.errors import ErrorInfo, ErrorKind, ProviderError
from desktop_chat.providers.errors import ErrorReader
from desktop_chat.providers.faults import says, tls_reason
from desktop_chat.providers.network import Route


@dataclass(frozen=True, slots=True)
class Refused:
    """A reply that opened no WebSocket.

    Attributes:
        status: of the reply.
        headers: names in lower case.
        content: the body.
    """

    status: int
    headers: Mapping[str, str]
    content: bytes = field(repr=False)


def opening_failure(error: Exception, route: Route, errors: ErrorReader) -> ProviderError:
    """Map what went wrong before there was a reply.

    Args:
        error: the package's, or the system's.
        route: the way that was taken.
        errors: makes the errors of this host.
    """
    values: dict[str, Any] = {"proxy": route.proxy} if route.proxy else {}
    if isinstance(error, InvalidProxyStatus) and error.response.status_code == 407:
        return errors.error(ErrorKind.NETWORK, "proxy_auth", status=407, **values)
    if isinstance(error.__cause__, UnicodeError):
        # The package writes user and password to SOCKS proxies in ASCII; its words quote them.
        return errors.error(ErrorKind.NETWORK, "proxy_auth", raw="ascii", **values)
    if isinstance(error, ProxyError):
        words = f"{error} {error.__cause__ or ''}".strip()
        code = "proxy_auth" if "auth" in words.lower() else "proxy_refused"
        return errors.error(ErrorKind.NETWORK, code, raw=words, **values)
    if isinstance(error, InvalidProxy | ImportError):
        return errors.error(ErrorKind.NETWORK, "proxy", raw=type(error).__name__, **values)
    for cause in _causes(error):
        if isinstance(cause, ssl.SSLError):
            reason = tls_reason(cause)
            told = {**values, "reason": reason} if reason else values
            return errors.error(ErrorKind.NETWORK, "tls", raw=says(cause), **told)
        if isinstance(cause, EOFError | ConnectionResetError | BrokenPipeError):
            return errors.error(ErrorKind.NETWORK, "closed", raw=says(cause))
    if isinstance(error, OSError):
        code = _code_of(error)
        if route.proxy:
            # It is the proxy that was connected to, not the host.
            code = "proxy_unreachable"
        return errors.error(ErrorKind.NETWORK, code, raw=says(error), **values)
    if isinstance(error, ValueError):
        return errors.error(ErrorKind.BAD_REQUEST, "request", raw=type(error).__name__)
    return errors.error(ErrorKind.PROTOCOL, "websocket", raw=says(error))


def _code_of(error: OSError) -> str:
    if isinstance(error, socket.gaierror):
        return "dns"
    # Of a host with several addresses asyncio tells in words alone.
    if isinstance(error, ConnectionRefusedError) or "Connect call failed" in str(error):
        return "refused"
    return ""


def _causes(error: BaseException) -> list[BaseException]:
    found: list[BaseException] = []
    seen: BaseException | None = error
    while seen is not None and len(found) < 10:
        found.append(seen)
        seen = seen.__cause__ or seen.__context__
    return found


def refusal(refused: Refused, errors: ErrorReader, url: str) -> ErrorInfo:
    """Return the error that a reply without a WebSocket tells of."""
    if 300 <= refused.status < 400:
        target = ""
        with contextlib.suppress(httpx.InvalidURL, ValueError):
            target = httpx.URL(url).join(refused.headers.get("location", "")).host
        status = refused.status
        return errors.error(
            ErrorKind.REDIRECT, status=status, raw=f"HTTP {status}", target=target
        ).info
    if refused.status < 400 or refused.status == 426:
        text = refused.content[:4096].decode("utf-8", "replace")
        raw = errors.from_text(text, refused.headers).raw
        return errors.error(ErrorKind.PROTOCOL, "no_websocket", status=refused.status, raw=raw).info
    return errors.from_reply(refused.status, refused.headers, refused.content)
