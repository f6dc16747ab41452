"""The way to a service: its proxy, whom its certificate may come from, and the clients that keep
connections open.

A client of httpx holds the connections of one way. A few are kept, for there are few ways; those
that nobody uses are closed. After a sleep, or in another network, what stood idle is dead without
knowing it, so nothing is asked over it again.
"""

import asyncio
import re
import socket
import ssl
import stat
import threading
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from http.cookiejar import CookieJar, DefaultCookiePolicy
from pathlib import Path
from typing import Any, Final, TypeAlias
from urllib.parse import unquote, urlsplit
from urllib.request import getproxies, proxy_bypass

import httpx

from desktop_chat.core.secret import Secret

ProxyLookup: TypeAlias = Callable[[str, str], str]
"""Takes a scheme and a host; returns the proxy's address, or ""."""
Hook: TypeAlias = Callable[[Any], Coroutine[Any, Any, None]]

MAX_CLIENTS: Final = 16
IDLE_SECONDS: Final = 300.0
"""A client that nobody has used for so long is closed with its connections."""
MAX_AUTHORITIES: Final = 4 * 1024 * 1024
"""Bytes of a file of authorities: all that there are in the world need a quarter of a megabyte."""

_KEEPALIVE_SECONDS: Final = 120.0
_DEAD_PEER_MILLISECONDS: Final = 60_000
_SLEPT: Final = 10.0
"""Seconds by which the clock on the wall must have run ahead of the steady one."""
_SCHEMES: Final = {"http": "http", "https": "https", "socks5": "socks5", "socks5h": "socks5h",
                   "socks": "socks5h"}  # fmt: skip
"""What a proxy's address may begin with, and what is made of it: GNOME writes ``socks``."""
_ELSEWHERE: Final = ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1"))
"""Addresses that no host has (RFC 5737, RFC 3849)."""


class ProxySettingError(ValueError):
    """A proxy's address that cannot be used. It quotes nothing: parts may be a password.

    Args:
        shown: the address without name and password.
    """

    def __init__(self, shown: str) -> None:
        self.shown = shown
        super().__init__("the proxy's address cannot be used")


class AuthoritiesError(Exception):
    """A file of authorities that cannot be used.

    Args:
        reason: ``unreadable`` or ``not_pem``.
        detail: what the system says.
    """

    def __init__(self, reason: str, detail: str = "") -> None:
        self.reason = reason
        self.detail = detail
        super().__init__(reason)


class ClosedError(Exception):
    """Everything was closed."""


@dataclass(frozen=True, slots=True)
class Route:
    """What connections have in common that one client can hold.

    Attributes:
        proxy: its address without name and password, or "".
        login: its user and password, a pair, or None.
        authorities: further ones, in PEM, or "".
        http2: whether HTTP/2 is used where it is offered.
        secure: whether TLS is spoken at all.
    """

    proxy: str = ""
    login: Secret | None = None
    authorities: str = field(default="", repr=False)
    http2: bool = False
    secure: bool = True


def system_proxy(scheme: str, host: str) -> str:
    """Return the proxy that environment or system name for a host, or ""."""
    proxies = getproxies()
    proxy = (proxies.get(scheme) or proxies.get("all") or "").strip()
    if not proxy or proxy_bypass(host):
        return ""
    return proxy if "://" in proxy else f"http://{proxy}"


def parse_proxy(text: str) -> tuple[str, Secret | None]:
    """Return a proxy's address without user and password, and these as a pair, or None.

    A SOCKS proxy looks names up itself, whichever of its names is used, as in browsers.

    Raises:
        ProxySettingError: it is no address of a proxy.
    """
    text = text.strip()
    if "://" not in text:
        text = f"http://{text}"
    try:
        parts = urlsplit(text)
        scheme = _SCHEMES[parts.scheme]
        host, port = parts.hostname or "", parts.port
        # A "/" in a password that was not encoded ends the host too early, and leaves an "@".
        if not re.fullmatch(r"[\w.:%-]+", host) or port == 0 or "@" in parts.path:
            raise ValueError
    except (ValueError, KeyError):
        raise ProxySettingError(bare(text)) from None
    login = None
    if parts.username is not None:
        login = Secret.pair(unquote(parts.username), unquote(parts.password or ""))
    at = f"[{host}]" if ":" in host else host
    return f"{scheme}://{at}" + ("" if port is None else f":{port}"), login


def bare(address: str) -> str:
    """Return a proxy's address without name and password, whatever else is wrong with it."""
    scheme, _, rest = address.partition("://")
    return f"{scheme}://{rest.rpartition('@')[2].split('/')[0]}"


def read_authorities(path: str) -> str:
    """Return the certificates in a file; it may take long, where the file is far away.

    Raises:
        AuthoritiesError: there are none.
    """
    try:
        place = Path(path).expanduser()
        # Opening a pipe waits for whoever writes into it, perhaps for ever.
        if not stat.S_ISREG(place.stat().st_mode):
            raise AuthoritiesError("not_pem")
        with place.open("rb") as file:
            data = file.read(MAX_AUTHORITIES)
    except (OSError, ValueError, RuntimeError) as error:
        says = error.strerror if isinstance(error, OSError) else ""
        raise AuthoritiesError("unreadable", says or type(error).__name__) from None
    found = re.findall(
        rb"-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----[\sA-Za-z0-9+/=]+?"
        rb"-----END (?:TRUSTED |X509 )?CERTIFICATE-----",
        data,
    )
    text = b"\n".join(found).decode("ascii")
    if not text:
        raise AuthoritiesError("not_pem")
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cadata=text)
    except (ssl.SSLError, ValueError) as error:
        raise AuthoritiesError("not_pem", type(error).__name__) from None
    return text


def tls_context(authorities: str = "") -> ssl.SSLContext:
    """Return a context that trusts the bundled authorities, those of the system (companies put
    their own there), and those given. It takes up to a tenth of a second.
    """
    context = httpx.create_ssl_context()
    context.load_default_certs()
    if authorities:
        context.load_verify_locations(cadata=authorities)
        # Python 3.13 refuses certificates that lack what few companies know to put into theirs;
        # and what the user names is trusted as it is, a root or not.
        context.verify_flags &= ~ssl.VERIFY_X509_STRICT
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    return context


class Contexts:
    """Contexts of TLS, made once. They are asked for in threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._made: dict[tuple[str, str], ssl.SSLContext] = {}

    def get(self, authorities: str, use: str) -> ssl.SSLContext:
        """Return one. httpcore writes into a context what it offers (HTTP/2 or not) before each
        connection, so each ``use`` has one of its own.
        """
        with self._lock:
            key = (authorities, use)
            if key not in self._made:
                if len(self._made) >= MAX_CLIENTS:
                    del self._made[next(iter(self._made))]
                self._made[key] = tls_context(authorities)
            return self._made[key]


def make_client(
    route: Route, contexts: Contexts, hooks: dict[str, list[Hook]]
) -> httpx.AsyncClient:
    """Return a client for a way. It takes up to a tenth of a second.

    Raises:
        ValueError, httpx.InvalidURL, ImportError: the proxy cannot be used.
        OSError: the system's authorities cannot be read.
    """
    verify: ssl.SSLContext | bool = False
    if route.secure:
        verify = contexts.get(route.authorities, "h2" if route.http2 else "h1")
    transport = httpx.AsyncHTTPTransport(
        verify=verify,
        http2=route.http2,
        proxy=_proxy(route, contexts) if route.proxy else None,
        limits=httpx.Limits(
            max_connections=None,
            max_keepalive_connections=20,
            keepalive_expiry=_KEEPALIVE_SECONDS,
        ),
        socket_options=_socket_options(),
    )
    return httpx.AsyncClient(
        transport=transport,
        trust_env=False,
        follow_redirects=False,
        headers={"User-Agent": "desktop-chat"},
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),
        event_hooks=hooks,
    )


def _proxy(route: Route, contexts: Contexts) -> httpx.Proxy:
    context = None
    if route.proxy.startswith("https:"):
        context = contexts.get(route.authorities, "proxy")
    login = route.login.parts() if route.login else None
    return httpx.Proxy(route.proxy, ssl_context=context, auth=login)


def _socket_options() -> list[tuple[int, int, int]]:
    """Return the options that let the system find a peer that is gone, as after a sleep."""
    options = [(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)]
    for name, value in (
        ("TCP_KEEPIDLE", 30),
        ("TCP_KEEPINTVL", 10),
        ("TCP_KEEPCNT", 3),
        ("TCP_USER_TIMEOUT", _DEAD_PEER_MILLISECONDS),
    ):
        if hasattr(socket, name):
            options.append((socket.IPPROTO_TCP, getattr(socket, name), value))
    return options


def local_addresses() -> tuple[str, ...]:
    """Return the addresses that this computer would send from; nothing is sent to find out."""
    found = []
    for family, elsewhere in _ELSEWHERE:
        try:
            with socket.socket(family, socket.SOCK_DGRAM) as probe:
                probe.connect((elsewhere, 9))
                found.append(str(probe.getsockname()[0]))
        except OSError:
            found.append("")
    return tuple(found)


class Moves:
    """Notices that this computer slept or came into another network.

    Args:
        wall: the clock that goes on during a sleep.
        steady: the clock that does not, on most systems.
        place: where this computer is.
    """

    def __init__(
        self,
        wall: Callable[[], float] = time.time,
        steady: Callable[[], float] = time.monotonic,
        place: Callable[[], tuple[str, ...]] = local_addresses,
    ) -> None:
        self._wall = wall
        self._steady = steady
        self._place = place
        self._seen = self._look()

    def moved(self) -> bool:
        """Tell whether it did since it was asked last."""
        (gap, place), self._seen = self._seen, self._look()
        now, here = self._seen
        return now - gap > _SLEPT or here != place

    def _look(self) -> tuple[float, tuple[str, ...]]:
        return self._wall() - self._steady(), self._place()


class Client:
    """A client of httpx and how many use it.

    Args:
        route: its way.
        http: the client itself.
    """

    def __init__(self, route: Route, http: httpx.AsyncClient) -> None:
        self.route = route
        self.http = http
        self.uses = 0
        self.used_at = time.monotonic()
        self.retired = False


class Clients:
    """The clients of all ways.

    Args:
        hooks: called with each request and reply; see httpx's event hooks.
        moves: notices a sleep.
    """

    def __init__(self, hooks: dict[str, list[Hook]], moves: Moves | None = None) -> None:
        self._hooks = hooks
        self._moves = moves or Moves()
        self._contexts = Contexts()
        self._kept: dict[Route, Client] = {}
        self._leaving: set[Client] = set()
        self._lock = asyncio.Lock()
        self._closed = False

    async def take(self, route: Route) -> Client:
        """Return the client of a way, until ``give_back``.

        Raises:
            ClosedError: everything was closed.
            ValueError, httpx.InvalidURL, ImportError, OSError: as for ``make_client``.
        """
        if self._moves.moved():
            await self._drop(list(self._kept.values()))
        async with self._lock:
            if self._closed:
                raise ClosedError
            client = self._kept.pop(route, None)
            if client is None:
                # Reading the certificates takes up to a tenth of a second.
                http = await asyncio.to_thread(make_client, route, self._contexts, self._hooks)
                client = Client(route, http)
            self._kept[route] = client  # the last used comes last
            client.uses += 1
        try:
            await self._drop(self._stale())
        except BaseException:
            await self.give_back(client)
            raise
        return client

    async def give_back(self, client: Client) -> None:
        """Tell that a client is not used any more by one who took it."""
        client.uses -= 1
        client.used_at = time.monotonic()
        if client.retired and not client.uses:
            await client.http.aclose()
            self._leaving.discard(client)

    async def tls(self, route: Route) -> ssl.SSLContext:
        """Return a context for connections other than those of clients.

        Raises:
            OSError: the system's authorities cannot be read.
        """
        return await asyncio.to_thread(self._contexts.get, route.authorities, "other")

    async def retire(self, client: Client) -> None:
        """Have nothing more asked over a client's connections. What is under way goes on."""
        await self._drop([client])

    async def aclose(self) -> None:
        """Close every connection, used or not."""
        self._closed = True
        async with self._lock:
            clients = [*self._kept.values(), *self._leaving]
            self._kept.clear()
            self._leaving.clear()
        for client in clients:
            await client.http.aclose()

    def _stale(self) -> list[Client]:
        idle = [client for client in self._kept.values() if not client.uses]
        long_ago = time.monotonic() - IDLE_SECONDS
        surplus = idle[: max(0, len(self._kept) - MAX_CLIENTS)]
        return surplus + [
            client for client in idle if client.used_at < long_ago and client not in surplus
        ]

    async def _drop(self, clients: list[Client]) -> None:
        """Forget clients at once, and close those that are not in use."""
        idle: list[Client] = []
        for client in clients:
            if self._kept.get(client.route) is client:
                del self._kept[client.route]
            if not client.retired:
                client.retired = True
                # Those that a cancelled caller leaves open are closed in the end.
                self._leaving.add(client)
                if not client.uses:
                    idle.append(client)
        for client in idle:
            await client.http.aclose()
            self._leaving.discard(client)
