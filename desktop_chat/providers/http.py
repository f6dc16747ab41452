"""The one transport seam: connections, time-outs, proxies; httpx's exceptions end here.

Redirects are never followed, so a key cannot travel to another host. Loopback is never asked
through a proxy. The proxy of the environment or the system is looked up for every request, so
that one that is switched on or off while the program runs is noticed. A connection that stood idle
and died without a word is found out by the next request, which is then sent again over a new one.
"""

import asyncio
import contextlib
import copy
import re
import ssl
import zlib
from collections.abc import AsyncGenerator, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias
from urllib.parse import urljoin, urlsplit

import httpx

from desktop_chat.core.errors import ErrorKind, ProviderError
from desktop_chat.core.secret import Secret
from desktop_chat.core.services import Network
from desktop_chat.core.trace import Trace
from desktop_chat.providers.address import is_loopback
from desktop_chat.providers.errors import ErrorReader
from desktop_chat.providers.faults import failure, is_lost, says
from desktop_chat.providers.http2 import Stream, sent_stream
from desktop_chat.providers.idle import IdleWatch
from desktop_chat.providers.inflate import Inflater
from desktop_chat.providers.network import (
    AuthoritiesError,
    Client,
    Clients,
    ClosedError,
    Moves,
    ProxyLookup,
    ProxySettingError,
    Route,
    parse_proxy,
    read_authorities,
    system_proxy,
)
from desktop_chat.providers.surplus import close_if_surplus
from desktop_chat.providers.tracing import Recorder, on_reply, on_request

__all__ = ["HttpRequest", "HttpTransport", "ProxyLookup", "Reply", "system_proxy"]

MAX_BODY_BYTES: Final = 16 * 1024 * 1024
MAX_ERROR_BYTES: Final = 64 * 1024
ERROR_BODY_TIMEOUT: Final = 10.0
"""Seconds that the body of an error reply may stall before it is taken as it is."""
_HEADER_NAME: Final = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
"""RFC 9110, 5.1."""
DRAIN_TIMEOUT: Final = 0.25
"""Seconds granted to the end of a finished stream, so that its connection can be used again."""


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
        total_timeout: seconds from now until the end of the reply, or None.
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
    total_timeout: float | None = None


class Reply:
    """A reply whose body is read as it arrives.

    Args:
        response: with its body unread.
        errors: makes the errors of this host.
        deadline: what of the time for the whole reply is left, or None.
        recorder: takes down what is read, or None.
        stream: of HTTP/2, or None.
        client: that sent the request, or None.
    """

    def __init__(
        self,
        response: httpx.Response,
        errors: ErrorReader,
        deadline: "_Deadline | None" = None,
        recorder: Recorder | None = None,
        stream: Stream | None = None,
        client: httpx.AsyncClient | None = None,
    ) -> None:
        self._stream = stream
        self._client = client
        self._deadline = deadline
        self._recorder = recorder
        self._whole = False
        self._response = response
        self._chunks = response.aiter_raw()
        self._inflate = _inflater(response.headers.get("content-encoding", ""))
        self._packed: bytes | None = None
        self._errors = errors
        self._watch = IdleWatch()
        self.status = response.status_code
        self.headers: Mapping[str, str] = response.headers

    async def read(self, timeout: float, code: str = "idle") -> bytes:
        """Return the bytes that came next; empty at the end.

        Args:
            timeout: seconds to wait for them.
            code: of the TIMEOUT error: ``first_token`` or ``idle``. It is ``total`` when the time
                for the whole reply is over.

        Raises:
            ProviderError: TIMEOUT, DROPPED or PROTOCOL.
        """
        while True:
            self._watch.limit, timeout, code = self._limit(timeout, code)
            try:
                with self._watch:
                    chunk = await self._next()
            except StopAsyncIteration:
                if self._client is not None and not self._whole:
                    await close_if_surplus(self._client, self._response)
                self._whole = True
                return b""
            except TimeoutError:
                raise self._late(timeout, code) from None
            except httpx.ProtocolError as error:
                # Without the error itself: it quotes what came in place of HTTP.
                raise self._errors.error(ErrorKind.DROPPED, raw=says(error)) from None
            except (httpx.HTTPError, OSError) as error:
                raise self._errors.error(ErrorKind.DROPPED, raw=says(error)) from error
            if self._inflate is not None:
                chunk = self._inflated(chunk, self._inflate)
            if chunk:
                if self._recorder is not None:
                    self._recorder.add_bytes(chunk)
                return chunk

    def _limit(self, timeout: float, code: str) -> tuple[float, float, str]:
        """Return the seconds to wait, and seconds and code of the error if that is too long.

        Raises:
            ProviderError: TIMEOUT with ``total``; a service that never stops sending never keeps
                anyone waiting.
        """
        if self._deadline is None or (left := self._deadline.left()) >= timeout:
            return timeout, timeout, code
        if left <= 0:
            raise self._late(self._deadline.seconds, "total")
        return left, self._deadline.seconds, "total"

    def _late(self, seconds: float, code: str) -> ProviderError:
        return self._errors.error(ErrorKind.TIMEOUT, code, seconds=f"{seconds:g}")

    async def _next(self) -> bytes:
        if self._packed is None:
            return await anext(self._chunks)
        await asyncio.sleep(0)  # others have a turn, too
        return self._packed

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
        if self._recorder is not None:
            self._recorder.close()
        if self._stream is not None and not self._whole:
            # Those who read find its end, as long as it is not closed.
            await self._stream.give_up(self._response)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(DRAIN_TIMEOUT):
                    await self._run_out()
            await self._response.aclose()
            return
        await self._response.aclose()
        # The body is a chain of generators, and closing the outermost leaves the others to the
        # garbage collector, which closes them in tasks of its own at some later time. Reading on
        # from what is closed fails in the innermost and so ends them all, here and now.
        await self._run_out()

    async def _run_out(self) -> None:
        with contextlib.suppress(StopAsyncIteration, httpx.HTTPError, httpx.StreamError, OSError):
            while True:
                await anext(self._chunks)

    def _inflated(self, data: bytes, inflate: "_Inflate") -> bytes:
        """Unpack a piece of moderate size; the rest is kept for the next one."""
        try:
            unpacked, self._packed = inflate(data)
            return unpacked
        except (zlib.error, ValueError) as error:
            raise self._errors.error(ErrorKind.PROTOCOL, "encoding", raw=says(error)) from error


class HttpTransport:
    """Sends requests over connections that are shared and kept alive.

    Args:
        proxy_lookup: tells which proxy the system wants.
        moves: notices a sleep or another network; None for the usual.
    """

    def __init__(
        self, proxy_lookup: ProxyLookup = system_proxy, *, moves: Moves | None = None
    ) -> None:
        self._proxy_lookup = proxy_lookup
        self._login: Secret | None = None
        self._clients = Clients({"request": [on_request], "response": [on_reply]}, moves)

    def with_login(self, login: Secret | None) -> "HttpTransport":
        """Return this transport for one service: with user and password of its own proxy, a pair.
        The connections stay the same.
        """
        other = copy.copy(self)
        other._login = login  # noqa: SLF001 (its own kind)
        return other

    @contextlib.asynccontextmanager
    async def open(self, request: HttpRequest, errors: ErrorReader) -> AsyncGenerator[Reply, None]:
        """Send a request and give its reply; leaving the block releases the connection.

        Raises:
            ProviderError: NETWORK with the codes ``proxy`` (a setting that cannot be used),
                ``proxy_refused``, ``proxy_auth`` (it wants another password),
                ``proxy_unreachable``, ``ca_file`` (``values`` has ``reason``: ``unreadable`` or
                ``not_pem``, and ``path``), ``tls`` (``reason``: see ``faults.tls_reason``),
                ``dns``, ``refused``, ``closed`` (before a reply began) or none; TIMEOUT with
                ``connect``, ``first_token`` or ``total``; REDIRECT for any reply that sends us
                elsewhere; BAD_REQUEST for what cannot be sent; PROTOCOL.
        """
        recorder = _recorder_of(request, errors)
        deadline = None if request.total_timeout is None else _Deadline(request.total_timeout)
        client, response, stream = await self._ask(request, errors, deadline, recorder)
        try:
            reply = Reply(response, errors, deadline, recorder, stream, client.http)
            try:
                if 300 <= reply.status < 400 and not request.redirects:
                    raise _redirect(reply, request, errors)
                if reply.status == 407:
                    # Of a proxy that passes plain http on; through a tunnel it would have no say.
                    proxy = client.route.proxy
                    raise errors.error(
                        ErrorKind.NETWORK, "proxy_auth", status=407, raw="HTTP 407", proxy=proxy
                    )
                yield reply
            finally:
                await reply.aclose()
        finally:
            await self._clients.give_back(client)

    def proxy_for(self, url: str, network: Network | None = None) -> str:
        """Return the proxy that an address is asked through, or "" for none.

        Args:
            url: whole.
            network: the way to it, or None for the system's.
        """
        parts = urlsplit(url)
        host = parts.hostname or ""
        kind = network.proxy if network is not None else "system"
        if kind == "none" or is_loopback(host):
            return ""
        if network is not None and kind == "custom":
            # One that lacks its address must not be passed by.
            return network.proxy_url or "http://"
        return self._proxy_lookup(parts.scheme, host)

    async def aclose(self) -> None:
        """Close every connection; nothing can be sent afterwards."""
        await self._clients.aclose()

    async def _ask(
        self,
        request: HttpRequest,
        errors: ErrorReader,
        deadline: "_Deadline | None",
        recorder: Recorder | None,
    ) -> tuple[Client, httpx.Response, Stream | None]:
        """Send it, and once more where a connection that was kept turns out to be dead."""
        route = await self.route(request.url, request.network, errors)
        seconds, code = request.first_byte_timeout, "first_token"
        if deadline is not None and deadline.left() < seconds:
            seconds, code = deadline.seconds, "total"
        try:
            limit = seconds if deadline is None else min(seconds, deadline.left())
            async with asyncio.timeout(limit):
                while True:
                    client = await self._take(route, errors)
                    way = _Way(client.http)
                    try:
                        with recorder or contextlib.nullcontext():
                            response = await self._send(client, request, route, way)
                        return client, response, way.stream
                    except BaseException as error:
                        await way.give_up()
                        dead = way.is_dead(error)
                        if dead:
                            await self._clients.retire(client)
                        await self._clients.give_back(client)
                        if not dead:
                            raise
                    if recorder is not None:
                        recorder.note("retry", "connection")
        except TimeoutError:
            raise errors.error(ErrorKind.TIMEOUT, code, seconds=f"{seconds:g}") from None
        except (httpx.ProtocolError, httpx.InvalidURL, UnicodeError) as error:
            # Without the error itself: it quotes the header that cannot be sent, the address, or
            # what a peer sends in place of HTTP.
            raise failure(
                error, errors, connect_timeout=request.connect_timeout, proxy=route.proxy
            ) from None
        except (httpx.HTTPError, OSError) as error:
            raise failure(
                error, errors, connect_timeout=request.connect_timeout, proxy=route.proxy
            ) from error

    async def _send(
        self, client: Client, request: HttpRequest, route: Route, way: "_Way"
    ) -> httpx.Response:
        message = client.http.build_request(
            request.method,
            request.url,
            headers=_headers(request.headers),
            content=request.content,
            timeout=httpx.Timeout(None, connect=request.connect_timeout),
            extensions={"trace": way.watch},
        )
        if request.address and not route.proxy:
            # The names in the request and in the certificate stay those of the host.
            message.extensions["sni_hostname"] = message.url.raw_host.decode("ascii")
            message.url = message.url.copy_with(host=request.address)
        return await client.http.send(message, stream=True, auth=request.auth)

    async def route(self, url: str, network: Network, errors: ErrorReader) -> Route:
        """Return the way to an address.

        Raises:
            ProviderError: NETWORK with ``proxy`` or ``ca_file``; see ``open``.
        """
        proxy = self.proxy_for(url, network)
        login = None
        if proxy:
            try:
                proxy, login = parse_proxy(proxy)
            except ProxySettingError as error:
                raise errors.error(ErrorKind.NETWORK, "proxy", proxy=error.shown) from None
            if network.proxy == "custom":
                login = self._login or login
        secure = urlsplit(url).scheme in ("https", "wss")
        authorities = ""
        if network.ca_file and (secure or proxy.startswith("https:")):
            try:
                authorities = await asyncio.to_thread(read_authorities, network.ca_file)
            except AuthoritiesError as error:
                raise errors.error(
                    ErrorKind.NETWORK,
                    "ca_file",
                    raw=error.detail,
                    reason=error.reason,
                    path=network.ca_file,
                ) from None
        return Route(
            proxy,
            login or None,
            authorities,
            http2=secure and network.http2,
            secure=secure or proxy.startswith("https:"),
        )

    async def tls(self, route: Route, errors: ErrorReader) -> ssl.SSLContext:
        """Return the context of a way for connections of other kinds (WebSocket).

        Raises:
            ProviderError: NETWORK with ``tls``: the system's authorities cannot be read.
        """
        try:
            return await self._clients.tls(route)
        except OSError as error:
            raise errors.error(ErrorKind.NETWORK, "tls", raw=says(error)) from error

    async def _take(self, route: Route, errors: ErrorReader) -> Client:
        try:
            return await self._clients.take(route)
        except ClosedError:
            raise errors.error(ErrorKind.CANCELLED, "closed") from None
        except ImportError as error:
            raise errors.error(
                ErrorKind.NETWORK, "proxy", raw=says(error), proxy=route.proxy
            ) from error
        except (ValueError, httpx.InvalidURL) as error:
            # Neither its words nor the error itself: they quote parts of the address.
            raise errors.error(
                ErrorKind.NETWORK, "proxy", raw=type(error).__name__, proxy=route.proxy
            ) from None
        except OSError as error:
            raise errors.error(ErrorKind.NETWORK, "tls", raw=says(error)) from error


class _Deadline:
    """The moment at which a reply has taken too long.

    Args:
        seconds: from now.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._loop = asyncio.get_running_loop()
        self._at = self._loop.time() + seconds

    def left(self) -> float:
        """Return the seconds that are left, 0 or more."""
        return max(0.0, self._at - self._loop.time())


class _Way:
    """Watches a request on its way: whether its connection is a new one, and a reply began.

    Args:
        client: that sends it.

    Attributes:
        stream: of HTTP/2, once there is one.
    """

    def __init__(self, client: httpx.AsyncClient) -> None:
        self.stream: Stream | None = None
        self._client = client
        self._new = False
        self._opened: Any = None
        self._sent = False
        self._answered = False

    async def watch(self, name: str, info: Mapping[str, Any]) -> None:
        """Take an event of httpcore (its ``trace`` extension)."""
        if "connect_" in name:
            self._new = True
            self._opened = info.get("return_value") or self._opened
        elif name.endswith("send_request_headers.started"):
            self._sent = True
            self.stream = sent_stream(self._client, info)
        elif name.endswith("receive_response_headers.complete"):
            self._answered = True

    def is_dead(self, error: BaseException) -> bool:
        """Tell whether a request failed for nothing but a connection that had died before."""
        return self._sent and not self._new and not self._answered and is_lost(error)

    async def give_up(self) -> None:
        """Leave nothing behind of a request that got no reply."""
        if self.stream is not None and not self._answered:
            await self.stream.give_up()
        if self._opened is not None and not self._sent:
            # httpcore forgets a connection on which a SOCKS proxy refused.
            with contextlib.suppress(Exception):
                await self._opened.aclose()


def _recorder_of(request: HttpRequest, errors: ErrorReader) -> Recorder | None:
    if request.trace is None:
        return None
    return Recorder(
        request.trace, request.service_id, request.headers, request.url, errors.redacted
    )


_Inflate: TypeAlias = Callable[[bytes], tuple[bytes, bytes | None]]
"""Takes packed bytes; returns some of what they hold, and those that are left; None for all."""


def _inflater(encoding: str) -> _Inflate | None:
    """Return what decodes a reply that is compressed although none was asked for."""
    encoding = encoding.strip().lower()
    if encoding in ("", "identity"):
        return None
    if encoding in ("gzip", "x-gzip", "deflate"):
        return Inflater(encoding)

    def refuse(_data: bytes) -> tuple[bytes, bytes | None]:
        raise ValueError(encoding)

    return refuse


def _headers(headers: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    """Return headers as they are sent. HTTP/2 would carry a line break along, for some server
    behind to take what follows for a header of its own.
    """
    for name, value in headers.items():
        if not _HEADER_NAME.fullmatch(name) or re.search("[\0\r\n]", value):
            raise httpx.LocalProtocolError("header")
    return [(name.encode("ascii"), value.encode("utf-8")) for name, value in headers.items()]


def _redirect(reply: Reply, request: HttpRequest, errors: ErrorReader) -> ProviderError:
    """Name the host that we are sent to; its path may carry what is nobody's business."""
    try:
        place = reply.headers.get("location", "")
        target = (urlsplit(urljoin(request.url, place)).hostname or "") if place else ""
    except ValueError:
        target = ""
    status = reply.status
    return errors.error(ErrorKind.REDIRECT, status=status, raw=f"HTTP {status}", target=target)
