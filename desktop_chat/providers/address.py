"""What people paste as the address of a service, made into the addresses that are asked."""

import ipaddress
import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

import httpx

from desktop_chat.core.errors import ErrorInfo, ErrorKind, ProviderError

_CHAT_PATH: Final = "/chat/completions"
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}
_WEB_SOCKETS: Final = {"ws": "http", "wss": "https"}
"""A WebSocket is opened by a request of HTTP; keys and lists are those of that."""
_ROOT_HOSTS: Final = frozenset(("api.deepseek.com",))
"""Hosts whose documented base address has no path; elsewhere a bare host means ``/v1``."""
_HOST: Final = re.compile(r"[0-9a-f:.]*:[0-9a-f:.]*|([\w-]{1,63}\.)*[\w-]{1,63}\.?", re.ASCII)
"""An IPv6 address, or labels that DNS allows; others make the resolver raise, not answer."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where a service is.

    Attributes:
        base: scheme, host, port and path, without a slash at the end.
        origin: scheme, host in lower case and, where it is not the scheme's own, port.
        host: in lower case, without port or brackets.
    """

    base: str
    origin: str
    host: str

    @property
    def chat_url(self) -> str:
        """Where questions go."""
        return self.base + _CHAT_PATH

    def below(self, path: str) -> str:
        """Return the address of a path below the base."""
        return f"{self.base}/{path.lstrip('/')}"


def parse_address(text: str) -> Address:
    """Read a base address.

    It may end in a slash, lack ``/v1`` where there is no path at all, or be the whole address of
    ``/chat/completions``, which is then used exactly as it is. ``wss`` is read as ``https``.

    Raises:
        ProviderError: BAD_REQUEST with the code ``base_url``; ``values`` has ``reason``:
            ``empty``, ``space``, ``scheme``, ``host``, ``query``, ``user`` or ``invalid``.
    """
    text = text.strip()
    if not text:
        raise _error("empty")
    if len(text.split()) > 1:
        # It would be taken as %20: two things pasted into one line.
        raise _error("space")
    try:
        parts = urlsplit(text)
        user = parts.username is not None or parts.password is not None
        port_is_sane = parts.port != 0
        url = httpx.URL(text)
    except (httpx.InvalidURL, ValueError):
        raise _error("invalid") from None
    if user or url.userinfo:
        raise _error("user")
    scheme = _WEB_SOCKETS.get(url.scheme, url.scheme)
    if scheme not in _DEFAULT_PORTS:
        raise _error("scheme", text)
    host = url.raw_host.decode("ascii").lower()
    if not _HOST.fullmatch(host) or not port_is_sane:
        raise _error("host", text)
    if parts.query or parts.fragment or "?" in text or "#" in text:
        raise _error("query", text)
    origin = f"{scheme}://{_bracketed(host)}"
    if url.port not in (None, _DEFAULT_PORTS[scheme]):
        origin += f":{url.port}"
    path = url.raw_path.decode("ascii").rstrip("/")
    if path.endswith(_CHAT_PATH):
        path = path.removesuffix(_CHAT_PATH).rstrip("/")
    elif not path and host not in _ROOT_HOSTS:
        path = "/v1"
    return Address(base=origin + path, origin=origin, host=host)


def is_loopback(host: str) -> bool:
    """Tell whether a host name or address means this machine."""
    host = host.strip("[]").rstrip(".").lower()
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _error(reason: str, text: str = "") -> ProviderError:
    # What stands before an "@" may be a password, even where nothing else makes an address.
    shown = re.split("[?#]", text)[0].rpartition("@")[2][:200]
    return ProviderError(
        ErrorInfo(
            ErrorKind.BAD_REQUEST,
            code="base_url",
            values={"reason": reason, "url": shown} if shown else {"reason": reason},
        )
    )
