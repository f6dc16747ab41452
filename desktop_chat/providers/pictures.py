"""Fetches one image from an address that a model wrote, which is to say: from anywhere.

The reader has pressed for it, but has not chosen the address. So nothing is sent along that tells
of the reader (no cookies, no credentials, no referrer), and nothing is asked of this computer or
of its network: a mere GET can switch a router or read a cloud's credentials. A host is looked up
first, every address that comes out is judged, and the connection goes to one of those, so that
a name which means something else a moment later gains nothing. Redirects are judged in the same
way. A proxy looks names up for itself; there only what can be looked up here is judged.
"""

import asyncio
import contextlib
import ipaddress
import socket
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Final, TypeAlias
from urllib.parse import urljoin, urlsplit

import httpx

from desktop_chat.core.errors import ErrorKind, ProviderError
from desktop_chat.core.pictures import picture_head
from desktop_chat.core.services import Network
from desktop_chat.providers.errors import ErrorReader, classify
from desktop_chat.providers.http import HttpRequest, HttpTransport, Reply

Resolver: TypeAlias = Callable[[str, int], Awaitable[list[str]]]
"""Takes a host and a port; returns its IP addresses. Raises ``OSError`` when there are none."""
Judge: TypeAlias = Callable[[str, str], bool]
"""Takes a host and one of its IP addresses; tells whether it may be asked."""

MAX_BYTES: Final = 20 * 1024 * 1024
MAX_REDIRECTS: Final = 5
TOTAL_SECONDS: Final = 90.0
CONNECT_SECONDS: Final = 10.0
FIRST_BYTE_SECONDS: Final = 30.0
IDLE_SECONDS: Final = 20.0
_ADDRESSES: Final = 4
"""So many addresses of one host are tried."""
_HEADERS: Final = {
    "Accept": "image/png, image/jpeg, image/webp, image/gif, image/bmp",
    "Accept-Encoding": "identity",
    # A connection belongs to the name it was made for, and the next request has another one.
    "Connection": "close",
}
_BYTES_OF_ANY_KIND: Final = ("", "application/octet-stream", "binary/octet-stream")
_GLOBAL_UNICAST: Final = ipaddress.ip_network("2000::/3")
_INNER: Final = tuple(
    map(ipaddress.ip_network, ("192.0.0.0/24", "192.88.99.0/24", "168.63.129.16/32"))
)
"""Called global, but answered by what is near: by the machines of a cloud, for one."""
_FAKE: Final = ipaddress.ip_network("198.18.0.0/15")
"""What a proxy that catches all connections of this computer answers in place of addresses."""
_NAT64: Final = ipaddress.ip_network("64:ff9b::/96")


class HttpPictures:
    """Fetches images; see ``core.ports.PictureFetcher``.

    Args:
        transport: makes the connections.
        redact: takes secrets out of what errors quote.
        resolve: looks hosts up.
        permits: tells which addresses may be asked.
        home: an origin that is asked wherever it is, and no other port beside it; or "".
        network: the way out.
    """

    def __init__(
        self,
        transport: HttpTransport,
        *,
        redact: Callable[[str], str],
        resolve: Resolver | None = None,
        permits: Judge | None = None,
        home: str = "",
        network: Network | None = None,
    ) -> None:
        self._transport = transport
        self._redact = redact
        self._resolve = resolve or look_up
        self._permits = permits or is_public
        self._home = _origin(httpx.URL(home)) if home else None
        self._network = network or Network()

    async def fetch(self, url: str) -> bytes:
        """Return the bytes of an image; see ``PictureFetcher.fetch``."""
        errors = self._reader(url)
        try:
            async with asyncio.timeout(TOTAL_SECONDS):
                return await self._follow(url)
        except TimeoutError:
            raise errors.error(ErrorKind.TIMEOUT, "idle", seconds=f"{TOTAL_SECONDS:g}") from None

    async def _follow(self, url: str) -> bytes:
        for _turn in range(MAX_REDIRECTS + 1):
            errors = self._reader(url)
            async with self._open(url, errors) as reply:
                if not 300 <= reply.status < 400:
                    return await _image(reply, errors)
                url = _target(url, reply, errors)
        raise errors.error(ErrorKind.REDIRECT, "too_many")

    def _reader(self, url: str) -> ErrorReader:
        try:
            host = urlsplit(url).hostname or ""
        except ValueError:
            host = ""
        return ErrorReader(host, self._redact)

    @contextlib.asynccontextmanager
    async def _open(self, url: str, errors: ErrorReader) -> AsyncGenerator[Reply, None]:
        """Ask at the first address of the host that answers."""
        addresses = await self._addresses(url, errors)
        async with contextlib.AsyncExitStack() as stack:
            for number, address in enumerate(addresses, 1):
                request = HttpRequest(
                    "GET",
                    url,
                    _HEADERS,
                    connect_timeout=CONNECT_SECONDS,
                    first_byte_timeout=FIRST_BYTE_SECONDS,
                    address=address,
                    redirects=True,
                    network=self._network,
                )
                try:
                    reply = await stack.enter_async_context(self._transport.open(request, errors))
                    break
                except ProviderError as error:
                    unreached = error.info.code in ("connect", "refused", "")
                    if number == len(addresses) or not unreached:
                        raise
            yield reply

    async def _addresses(self, url: str, errors: ErrorReader) -> list[str]:
        """Return where a request may go; "" lets a proxy find out.

        Raises:
            ProviderError: BAD_REQUEST, NETWORK with ``dns``, PERMISSION with ``private_address``.
        """
        try:
            parts = httpx.URL(url)
            host = parts.raw_host.decode("ascii")
        except (httpx.InvalidURL, ValueError):
            raise errors.error(ErrorKind.BAD_REQUEST, "url") from None
        if parts.scheme not in ("http", "https") or not host or parts.userinfo:
            raise errors.error(ErrorKind.BAD_REQUEST, "url")
        proxied = bool(self._transport.proxy_for(url, self._network))
        try:
            found = await self._resolve(
                host, parts.port or (443 if parts.scheme == "https" else 80)
            )
        except (OSError, UnicodeError):
            found = []
        if not found and not proxied:
            raise errors.error(ErrorKind.NETWORK, "dns")
        at_home = self._home is not None and _origin(parts) == self._home
        if not at_home and not all(self._permits(host, address) for address in found):
            raise errors.error(ErrorKind.PERMISSION, "private_address")
        return [""] if proxied else found[:_ADDRESSES]


def _origin(url: httpx.URL) -> tuple[str, bytes, int]:
    return url.scheme, url.raw_host, url.port or (443 if url.scheme == "https" else 80)


async def _image(reply: Reply, errors: ErrorReader) -> bytes:
    if reply.status >= 400:
        raise errors.error(classify(reply.status), status=reply.status)
    named = reply.headers.get("content-type", "").partition(";")[0].strip().lower()
    if not named.startswith("image/") and named not in _BYTES_OF_ANY_KIND:
        raise errors.error(ErrorKind.PROTOCOL, "not_image", raw=named)
    length = reply.headers.get("content-length", "")
    if length.isdecimal() and int(length) > MAX_BYTES:
        raise errors.error(ErrorKind.PROTOCOL, "too_large")
    data = await reply.read_all(IDLE_SECONDS, MAX_BYTES)
    if picture_head(data) is None:
        raise errors.error(ErrorKind.PROTOCOL, "not_image", raw=named)
    return data


def _target(url: str, reply: Reply, errors: ErrorReader) -> str:
    """Return where a reply sends us."""
    location = reply.headers.get("location", "")
    if not location:
        raise errors.error(ErrorKind.PROTOCOL, "http", status=reply.status)
    try:
        return urljoin(url, location)
    except ValueError:
        raise errors.error(ErrorKind.BAD_REQUEST, "url") from None


async def look_up(host: str, port: int) -> list[str]:
    """Return the IP addresses of a host, in the order in which the system would try them."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def is_public(host: str, address: str) -> bool:
    """Tell whether an IP address is one of the open internet.

    Args:
        host: that it is of.
        address: IPv4 or IPv6, perhaps with a zone.
    """
    del host
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(found, ipaddress.IPv6Address):
        inner = found.ipv4_mapped or found.sixtofour
        if found in _NAT64:
            inner = ipaddress.IPv4Address(int(found) & 0xFFFFFFFF)
        if inner is not None:
            found = inner
        elif found not in _GLOBAL_UNICAST or found.teredo is not None:
            return False
    elif found in _FAKE:
        return True
    if isinstance(found, ipaddress.IPv4Address) and any(found in net for net in _INNER):
        return False
    return found.is_global and not found.is_multicast
