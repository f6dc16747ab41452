"""The one transport seam: connections, time-outs, proxies; httpx's exceptions end here.

Redirects are never followed, so a key cannot travel to another host. Loopback is never asked
through a proxy. The proxy of the environment or the system is looked up for every request, so
that one that is switched on or off while the program runs is noticed.
"""

import asyncio
import contextlib
import socket
import ssl
import zlib
from collections.abc import AsyncGenerator, Callable, Mapping
from dataclasses import dataclass, field
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Final, TypeAlias
from urllib.parse import urljoin, urlsplit
from urllib.request import getproxies, proxy_bypass

import httpx

from desktop_chat.core.errors import ErrorKind, ProviderError
from desktop_chat.core.services import Network
from desktop_chat.core.trace import Trace
from desktop_chat.providers.address import is_loopback
from desktop_chat.providers.errors import ErrorReader
from desktop_chat.providers.idle import IdleWatch

ProxyLookup: TypeAlias = Callable[[str, str], str]
"""Takes a scheme and a host; returns the proxy's address, or ""."""

MAX_BODY_BYTES: Final = 16 * 1024 * 1024
MAX_ERROR_BYTES: Final = 64 * 1024
ERROR_BODY_TIMEOUT: Final = 10.0
"""Seconds that the body of an error reply may stall before it is taken as it is."""
DRAIN_TIMEOUT: Final = 0.25
"""Seconds granted to the end of a finished stream, so that its connection can be used again."""

_KEEPALIVE_SECONDS: Final = 120.0
_DEAD_PEER_MILLISECONDS: Final = 60_000

_UNSENDABLE: Final = (
    httpx.LocalProtocolError,
    httpx.UnsupportedProtocol,
    httpx.InvalidURL,
    UnicodeError,
)


def system_proxy(scheme: str, host: str) -> str:
    """Return the proxy that environment or system name for a host, or ""."""
    proxies = getproxies()
    proxy = proxies.get(scheme) or proxies.get("all") or ""
    if not proxy or proxy_bypass(host):
        return ""
    return proxy if "://" in proxy else f"http://{proxy}"


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """One request.

    Attributes:
        method: ``GET`` or ``POST``.
        url: whole.
        headers: those of the service and its protocol, the key among them; never printed.
        content: the body, or None; never printed.
        connect_timeout: seconds until there is a connection.
        first_byte_timeout: seconds until the reply begins.
        address: the IP address to connect to, for a host that was looked up already; "" lets the
            system look it up. A proxy looks up for itself.
        redirects: whether a reply that sends us elsewhere is given, in place of an error.
        auth: proves who we are, or None.
        network: the way to the service.
        service_id: the service, for the trace.
        trace: takes down what goes over the wire, or None.
    """

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    content: bytes | None = field(default=None, repr=False)
    connect_timeout: float = 15.0
    first_byte_timeout: float = 300.0
    address: str = ""
    redirects: bool = False
    auth: httpx.Auth | None = None
    network: Network = field(default_factory=Network)
    service_id: str = ""
    trace: Trace | None = None


class Reply:
    """A reply whose body is read as it arrives.

    Args:
        response: with its body unread.
        errors: makes the errors of this host.
    """

    def __init__(self, response: httpx.Response, errors: ErrorReader) -> None:
        self._response = response
        self._chunks = response.aiter_raw()
        self._inflate = _inflater(response.headers.get("content-encoding", ""))
        self._errors = errors
        self._watch = IdleWatch()
        self.status = response.status_code
        self.headers: Mapping[str, str] = response.headers

    async def read(self, timeout: float, code: str = "idle") -> bytes:
        """Return the bytes that came next; empty at the end.

        Args:
            timeout: seconds to wait for them.
            code: of the TIMEOUT error: ``first_token`` or ``idle``.

        Raises:
            ProviderError: TIMEOUT, DROPPED or PROTOCOL.
        """
        self._watch.limit = timeout
        while True:
            try:
                with self._watch:
                    chunk = await anext(self._chunks)
            except StopAsyncIteration:
                return b""
            except TimeoutError:
                raise self._errors.error(ErrorKind.TIMEOUT, code, seconds=f"{timeout:g}") from None
            except (httpx.HTTPError, OSError) as error:
                raise self._errors.error(ErrorKind.DROPPED, raw=_says(error)) from error
            if self._inflate is not None:
                chunk = self._inflated(chunk, self._inflate)
            if chunk:
                return chunk

    async def read_all(self, timeout: float, limit: int = MAX_BODY_BYTES) -> bytes:
        """Return the rest of the body.

        Raises:
            ProviderError: as for ``read``; PROTOCOL when there is more than ``limit`` bytes.
        """
        pieces: list[bytes] = []
        size = 0
        while piece := await self.read(timeout):
            pieces.append(piece)
            size += len(piece)
            if size > limit:
                raise self._errors.error(ErrorKind.PROTOCOL, "too_large")
        return b"".join(pieces)

    async def read_error(self) -> bytes:
        """Return what can be had of an error's body, bounded in size and time; never raises."""
        pieces: list[bytes] = []
        size = 0
        with contextlib.suppress(ProviderError, TimeoutError):
            async with asyncio.timeout(ERROR_BODY_TIMEOUT):
                while size < MAX_ERROR_BYTES and (piece := await self.read(ERROR_BODY_TIMEOUT)):
                    pieces.append(piece)
                    size += len(piece)
        return b"".join(pieces)

    async def drain(self) -> None:
        """Read the end of a body that has nothing more to say, if it comes at once."""
        with contextlib.suppress(ProviderError, TimeoutError):
            async with asyncio.timeout(DRAIN_TIMEOUT):
                while await self.read(DRAIN_TIMEOUT):
                    pass

    async def aclose(self) -> None:
        """Give the connection back, or close it if the body was not read to its end."""
        self._watch.stop()
        await self._response.aclose()
        # The body is a chain of generators, and closing the outermost leaves the others to the
        # garbage collector, which closes them in tasks of its own at some later time. Reading on
        # from what is closed fails in the innermost and so ends them all, here and now.
        with contextlib.suppress(StopAsyncIteration, httpx.HTTPError, httpx.StreamError, OSError):
            while True:
                await anext(self._chunks)

    def _inflated(self, data: bytes, inflate: Callable[[bytes], bytes]) -> bytes:
        try:
            return inflate(data)
        except (zlib.error, ValueError) as error:
            raise self._errors.error(ErrorKind.PROTOCOL, "encoding", raw=_says(error)) from error


class HttpTransport:
    """Sends requests over connections that are shared and kept alive.

    Args:
        proxy_lookup: tells which proxy to use.
    """

    def __init__(self, proxy_lookup: ProxyLookup = system_proxy) -> None:
        self._proxy_lookup = proxy_lookup
        self._clients: dict[tuple[str, bool], httpx.AsyncClient] = {}
        self._lock = asyncio.Lock()
        self._context: ssl.SSLContext | None = None
        self._closed = False

    @contextlib.asynccontextmanager
    async def open(self, request: HttpRequest, errors: ErrorReader) -> AsyncGenerator[Reply, None]:
        """Send a request and give its reply; leaving the block releases the connection.

        Raises:
            ProviderError: NETWORK with the codes ``proxy`` (a setting that cannot be used),
                ``proxy_refused``, ``tls``, ``dns``, ``refused``, ``closed`` (before a reply
                began) or none; TIMEOUT with ``connect`` or ``first_token``; REDIRECT for any
                reply that sends us elsewhere; BAD_REQUEST for what cannot be sent; PROTOCOL.
        """
        client = await self._client(request.url, errors)
        reply = Reply(await self._send(client, request, errors), errors)
        try:
            if 300 <= reply.status < 400 and not request.redirects:
                raise _redirect(reply, request, errors)
            yield reply
        finally:
            await reply.aclose()

    def proxy_for(self, url: str) -> str:
        """Return the proxy that an address is asked through, or "" for none."""
        parts = urlsplit(url)
        host = parts.hostname or ""
        return "" if is_loopback(host) else self._proxy_lookup(parts.scheme, host)

    async def aclose(self) -> None:
        """Close every connection; nothing can be sent afterwards."""
        self._closed = True
        async with self._lock:
            clients = list(self._clients.values())
            self._clients.clear()
        for client in clients:
            await client.aclose()

    async def _send(
        self, client: httpx.AsyncClient, request: HttpRequest, errors: ErrorReader
    ) -> httpx.Response:
        timeout = httpx.Timeout(None, connect=request.connect_timeout)
        try:
            message = client.build_request(
                request.method,
                request.url,
                headers=_headers(request.headers),
                content=request.content,
                timeout=timeout,
            )
            if request.address and not self.proxy_for(request.url):
                # The names in the request and in the certificate stay those of the host.
                message.extensions["sni_hostname"] = message.url.raw_host.decode("ascii")
                message.url = message.url.copy_with(host=request.address)
            async with asyncio.timeout(request.first_byte_timeout):
                return await client.send(message, stream=True, auth=request.auth)
        except TimeoutError:
            seconds = f"{request.first_byte_timeout:g}"
            raise errors.error(ErrorKind.TIMEOUT, "first_token", seconds=seconds) from None
        except (httpx.HTTPError, httpx.InvalidURL, OSError, UnicodeError) as error:
            raise _failure(error, request, errors) from error

    async def _client(self, url: str, errors: ErrorReader) -> httpx.AsyncClient:
        proxy = self.proxy_for(url)
        key = (proxy, urlsplit(url).scheme == "https" or bool(proxy))
        async with self._lock:
            if self._closed:
                raise errors.error(ErrorKind.CANCELLED, "closed")
            if key not in self._clients:
                try:
                    # Reading the certificates takes up to a tenth of a second.
                    self._clients[key] = await asyncio.to_thread(self._make_client, *key)
                except ImportError as error:
                    raise errors.error(
                        ErrorKind.NETWORK, "proxy", raw=_says(error), proxy=_bare(proxy)
                    ) from error
                except (ValueError, httpx.InvalidURL) as error:
                    # Neither its words nor the error itself: they quote parts of the address, and
                    # a "/" in a password makes what stands before it look like a port.
                    raise errors.error(
                        ErrorKind.NETWORK, "proxy", raw=type(error).__name__, proxy=_bare(proxy)
                    ) from None
                except OSError as error:
                    raise errors.error(ErrorKind.NETWORK, "tls", raw=_says(error)) from error
            return self._clients[key]

    def _make_client(self, proxy: str, secure: bool) -> httpx.AsyncClient:
        if secure and self._context is None:
            self._context = _tls_context()
        transport = httpx.AsyncHTTPTransport(
            verify=self._context if secure and self._context else False,
            proxy=_proxy(proxy, self._context) if proxy else None,
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
        )


def _inflater(encoding: str) -> Callable[[bytes], bytes] | None:
    """Return what decodes a reply that is compressed although none was asked for."""
    encoding = encoding.strip().lower()
    if encoding in ("", "identity"):
        return None
    if encoding in ("gzip", "x-gzip", "deflate"):
        return zlib.decompressobj(zlib.MAX_WBITS | 32).decompress

    def refuse(_data: bytes) -> bytes:
        raise ValueError(encoding)

    return refuse


def _tls_context() -> ssl.SSLContext:
    """Return a context that trusts the bundled authorities and those of the system: companies
    put their own there.
    """
    context = httpx.create_ssl_context()
    context.load_default_certs()
    return context


def _proxy(address: str, context: ssl.SSLContext | None) -> httpx.Proxy:
    proxy = httpx.Proxy(address)
    if proxy.url.port is not None and not 0 < proxy.url.port < 65536:
        raise ValueError(proxy.url.port)
    if proxy.url.scheme == "https":
        return httpx.Proxy(address, ssl_context=context)
    return proxy


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


def _headers(headers: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    return [(name.encode("ascii"), value.encode("utf-8")) for name, value in headers.items()]


def _failure(error: Exception, request: HttpRequest, errors: ErrorReader) -> ProviderError:
    """Map what went wrong before a reply began."""
    says = _says(error)
    if isinstance(error, httpx.ConnectTimeout | httpx.PoolTimeout):
        seconds = f"{request.connect_timeout:g}"
        return errors.error(ErrorKind.TIMEOUT, "connect", raw=says, seconds=seconds)
    if isinstance(error, httpx.TimeoutException):
        return errors.error(ErrorKind.TIMEOUT, "connect", raw=says)
    if isinstance(error, httpx.ProxyError):
        return errors.error(ErrorKind.NETWORK, "proxy_refused", raw=says)
    if isinstance(error, httpx.ConnectError):
        return errors.error(ErrorKind.NETWORK, _connect_code(error), raw=says)
    if isinstance(error, httpx.RemoteProtocolError):
        if "without sending a response" in str(error):
            return errors.error(ErrorKind.NETWORK, "closed", raw=says)
        return errors.error(ErrorKind.PROTOCOL, "http", raw=says)
    if isinstance(error, httpx.NetworkError | OSError):
        return errors.error(ErrorKind.NETWORK, "closed", raw=says)
    if isinstance(
        error,
        httpx.LocalProtocolError | httpx.UnsupportedProtocol | httpx.InvalidURL | UnicodeError,
    ):
        # Not the words of the error: they quote the header, which may be the key.
        return errors.error(ErrorKind.BAD_REQUEST, "request", raw=type(error).__name__)
    return errors.error(ErrorKind.NETWORK, raw=says)


def _connect_code(error: BaseException) -> str:
    """Look through the chain of causes for the one that says most."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, ssl.SSLError):
            return "tls"
        if isinstance(seen, socket.gaierror):
            return "dns"
        if isinstance(seen, ConnectionRefusedError):
            return "refused"
        if isinstance(seen, ExceptionGroup):
            return _connect_code(seen.exceptions[0])
        seen = seen.__cause__ or seen.__context__
    return ""


def _redirect(reply: Reply, request: HttpRequest, errors: ErrorReader) -> ProviderError:
    """Name the host that we are sent to; its path may carry what is nobody's business."""
    try:
        target = urlsplit(urljoin(request.url, reply.headers.get("location", ""))).hostname or ""
    except ValueError:
        target = ""
    status = reply.status
    return errors.error(ErrorKind.REDIRECT, status=status, raw=f"HTTP {status}", target=target)


def _bare(address: str) -> str:
    """Return a proxy's address without name and password."""
    scheme, _, rest = address.partition("://")
    return f"{scheme}://{rest.rpartition('@')[2].split('/')[0]}"


def _says(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
