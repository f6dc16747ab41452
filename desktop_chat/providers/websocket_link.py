"""One WebSocket: opened, read and closed, with the exceptions of the package ended here.

Redirects are not followed, so a key cannot travel to another host. Nothing is compressed, for small
pieces gain nothing. What the package would log holds keys, so it logs nothing.
"""

import asyncio
import logging
import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final
from urllib.parse import quote

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.datastructures import Headers
from websockets.exceptions import (
    ConnectionClosed,
    InvalidStatus,
    WebSocketException,
)
from websockets.frames import CloseCode, Frame, Opcode

from desktop_chat.core.errors import ErrorKind, ProviderError
from desktop_chat.providers.auth import ServiceAuth
from desktop_chat.providers.errors import ErrorReader
from desktop_chat.providers.faults import says
from desktop_chat.providers.http import MAX_BODY_BYTES, HttpRequest, HttpTransport
from desktop_chat.providers.idle import IdleWatch
from desktop_chat.providers.network import Route
from desktop_chat.providers.tracing import Recorder
from desktop_chat.providers.websocket_faults import Refused, opening_failure

PING_SECONDS: Final = 20.0
PONG_SECONDS: Final = 60.0
"""So long a peer may be too busy to answer a ping."""
CLOSE_SECONDS: Final = 0.1
"""Seconds granted to the peer for its own close frame; then the connection is dropped."""

_SILENT: Final = logging.Logger("websocket", logging.CRITICAL + 1)
_OF_HTTP: Final = frozenset(
    ("host", "connection", "upgrade", "content-length", "content-type", "transfer-encoding")
)
"""Headers that the opening has of its own, or has no use for."""
_STATUS_OF_CLOSE: Final[Mapping[int, int]] = {
    CloseCode.POLICY_VIOLATION: 403,
    CloseCode.MESSAGE_TOO_BIG: 413,
    CloseCode.INTERNAL_ERROR: 500,
    CloseCode.TRY_AGAIN_LATER: 503,
    CloseCode.BAD_GATEWAY: 502,
    4001: 401,
    4003: 403,
    4029: 429,
}
"""What close codes mean as statuses; those from 4400 on carry one."""
_DROPS: Final = frozenset((CloseCode.GOING_AWAY, CloseCode.SERVICE_RESTART))
_GOOD: Final = frozenset((CloseCode.NORMAL_CLOSURE, CloseCode.NO_STATUS_RCVD))


class RefusedError(Exception):
    """The opening was answered with something else.

    Args:
        reply: the answer.
    """

    def __init__(self, reply: Refused) -> None:
        self.reply = reply
        super().__init__(f"HTTP {reply.status}")


class _Connect(connect):
    """Opens a connection, and never another one in its place."""

    def process_redirect(self, exc: Exception) -> Exception | str:
        """Take a redirect as the refusal that it is."""
        return exc


class _Connection(ClientConnection):
    """A connection that knows when its peer last told that it is there."""

    pinged = 0.0

    def process_event(self, event: Any) -> None:
        """Take note of pings."""
        if isinstance(event, Frame) and event.opcode is Opcode.PING:
            self.pinged = self.loop.time()
        super().process_event(event)


class Link:
    """A WebSocket that is open.

    Args:
        connection: to the service.
        errors: makes the errors of this host.
        headers: of the reply to its opening; names in lower case.
        request: what it was opened with.
        recorder: takes down what comes, or None.
    """

    def __init__(
        self,
        connection: _Connection,
        errors: ErrorReader,
        headers: Mapping[str, str],
        request: HttpRequest,
        recorder: Recorder | None,
    ) -> None:
        self.headers = headers
        self._connection = connection
        self._errors = errors
        self._request = request
        self._recorder = recorder
        self._watch = IdleWatch()
        self._loop = asyncio.get_running_loop()
        self._end = self._loop.time() + (request.total_timeout or math.inf)

    async def send(self, text: str) -> None:
        """Send one message.

        Raises:
            ProviderError: DROPPED; TIMEOUT with ``first_token`` where no one takes it.
        """
        data = text.encode("utf-8", "replace")
        if self._recorder is not None:
            await self._recorder.add_sent(data)
        seconds = self._request.first_byte_timeout
        try:
            async with asyncio.timeout(seconds):
                await self._connection.send(data, text=True)
        except TimeoutError:
            raise self._late("first_token", seconds) from None
        except ConnectionClosed as error:
            raise self._closed(error) or self._dropped(error) from None

    async def read(self, timeout: float, code: str = "idle") -> str | None:
        """Return the next message; None once the service has closed in the ordinary way.

        Args:
            timeout: seconds to wait for it; a ping of the service starts them anew.
            code: of the TIMEOUT error: ``first_token`` or ``idle``.

        Raises:
            ProviderError: TIMEOUT (also with ``total``), DROPPED, or what a close code tells.
        """
        began = self._loop.time()
        while True:
            if self._loop.time() >= self._end:
                raise self._late("total", self._request.total_timeout or 0)
            due = max(began, self._connection.pinged) + timeout
            self._watch.limit = max(0.0, min(due, self._end) - self._loop.time())
            try:
                with self._watch:
                    data = await self._connection.recv(decode=False)
            except TimeoutError:
                if self._loop.time() >= self._end:
                    raise self._late("total", self._request.total_timeout or 0) from None
                if max(began, self._connection.pinged) + timeout <= self._loop.time():
                    raise self._late(code, timeout) from None
                continue
            except ConnectionClosed as error:
                if (failure := self._closed(error)) is not None:
                    raise failure from None
                return None
            if self._recorder is not None:
                self._recorder.add_bytes(data, whole=True)
            return data.decode("utf-8", "replace")

    async def aclose(self) -> None:
        """Send a close frame and let the connection go, at once whatever the service does."""
        self._watch.stop()
        keepalive = self._connection.keepalive_task
        try:
            await self._connection.close()
        finally:
            self._connection.transport.abort()
            if keepalive is not None:
                keepalive.cancel()
            # What was aborted or cancelled ends in the next turns of the loop.
            await asyncio.sleep(0)
            await asyncio.sleep(0)

    def _late(self, code: str, seconds: float) -> ProviderError:
        return self._errors.error(ErrorKind.TIMEOUT, code, seconds=f"{seconds:g}")

    def _dropped(self, error: ConnectionClosed) -> ProviderError:
        return self._errors.error(ErrorKind.DROPPED, raw=says(error))

    def _closed(self, error: ConnectionClosed) -> ProviderError | None:
        """Return what the end of a connection means; None for a good one."""
        if error.rcvd is None:
            ours = error.sent.code if error.sent is not None else 0
            if ours == CloseCode.MESSAGE_TOO_BIG:
                return self._errors.error(ErrorKind.PROTOCOL, "too_large")
            if ours in (CloseCode.PROTOCOL_ERROR, CloseCode.INVALID_DATA):
                return self._errors.error(ErrorKind.PROTOCOL, "websocket", raw=says(error))
            return self._dropped(error)
        code, reason = error.rcvd.code, error.rcvd.reason
        if code in _GOOD:
            return None
        status = code - 4000 if 4400 <= code < 4600 else _STATUS_OF_CLOSE.get(code)
        if code in _DROPS or (status is None and not reason):
            return self._dropped(error)
        payload = {"error": {"message": reason, "code": code}}
        info = self._errors.from_payload(payload, self.headers, status=status or 200)
        # It is the status of no reply.
        return ProviderError(replace(info, status=None))


async def open_link(transport: HttpTransport, request: HttpRequest, errors: ErrorReader) -> Link:
    """Open a WebSocket.

    Args:
        transport: knows the way.
        request: its ``url`` (``ws`` or ``wss``), headers, time-outs and proof; the content is not
            sent.
        errors: makes the errors of this host.

    Raises:
        RefusedError: the service answered with something else.
        ProviderError: as for ``HttpTransport.open``.
    """
    # A proxy is chosen as for the request of HTTP that opens it.
    web = "http" + request.url.removeprefix("ws")
    route = await transport.route(web, request.network, errors)
    auth = request.auth if isinstance(request.auth, ServiceAuth) else None
    recorder = None
    if request.trace is not None:
        recorder = Recorder(
            request.trace, request.service_id, request.headers, request.url, errors.redacted
        )
    while True:
        signed = await _signed(request, auth, errors)
        if recorder is not None:
            await recorder.request(_shown(signed))
        try:
            connection = await _opened(transport, route, signed, request, errors)
        except InvalidStatus as error:
            refused = _refused(error)
            if recorder is not None:
                recorder.reply(_as_reply(refused, signed))
                recorder.add_bytes(refused.content)
                recorder.close()
            if auth is not None and await auth.refused(_as_reply(refused, signed)):
                auth = _Once(auth)
                continue
            raise RefusedError(refused) from None
        response = connection.response
        headers = _lowered(response.headers) if response is not None else {}
        if recorder is not None:
            recorder.reply(httpx.Response(101, headers=headers))
        return Link(connection, errors, headers, request, recorder)


class _Once(ServiceAuth):
    """Proves us as another one does, and takes the next refusal as it is."""

    def __init__(self, inner: ServiceAuth) -> None:
        self._inner = inner

    async def sign(self, request: httpx.Request) -> None:
        """Sign as the other one."""
        await self._inner.sign(request)


async def _signed(
    request: HttpRequest, auth: ServiceAuth | None, errors: ErrorReader
) -> httpx.Request:
    """Return the opening as a request, with its proof."""
    try:
        url = httpx.URL(request.url)
        plain = url.copy_with(scheme="https" if url.scheme == "wss" else "http")
        headers = [
            (name.encode("ascii"), value.encode("utf-8"))
            for name, value in request.headers.items()
            if name not in _OF_HTTP
        ]
        opening = httpx.Request("GET", plain, headers=headers)
    except (httpx.InvalidURL, UnicodeError, ValueError, TypeError) as error:
        raise errors.error(ErrorKind.BAD_REQUEST, "request", raw=type(error).__name__) from None
    if auth is not None:
        await auth.sign(opening)
    for _name, value in opening.headers.raw:
        if any(sign in value for sign in (b"\r", b"\n", b"\0")):
            raise errors.error(ErrorKind.BAD_REQUEST, "request", raw="header")
    return opening


def _address(opening: httpx.Request) -> str:
    """Return where a WebSocket is opened."""
    scheme = "wss" if opening.url.scheme == "https" else "ws"
    return str(opening.url.copy_with(scheme=scheme))


def _shown(opening: httpx.Request) -> httpx.Request:
    """Return the opening as a trace shows it."""
    headers = [(name, value) for name, value in opening.headers.raw if name.lower() != b"host"]
    return httpx.Request("WEBSOCKET", _address(opening), headers=headers)


async def _opened(
    transport: HttpTransport,
    route: Route,
    opening: httpx.Request,
    request: HttpRequest,
    errors: ErrorReader,
) -> _Connection:
    url = _address(opening)
    options: dict[str, Any] = {}
    if url.startswith("wss:") or route.proxy.startswith("https:"):
        context = await transport.tls(route, errors)
        if url.startswith("wss:"):
            options["ssl"] = context
        if route.proxy.startswith("https:"):
            options["proxy_ssl"] = context
    try:
        connecting = _Connect(
            url,
            additional_headers=[
                # The package writes Latin-1, and services read UTF-8.
                (name.decode("ascii"), value.decode("latin-1"))
                for name, value in opening.headers.raw
                if name.lower().decode("ascii") not in _OF_HTTP
            ],
            user_agent_header="desktop-chat",
            compression=None,
            proxy=_proxy(route),
            open_timeout=None,
            ping_interval=PING_SECONDS,
            ping_timeout=PONG_SECONDS,
            close_timeout=CLOSE_SECONDS,
            max_size=MAX_BODY_BYTES,
            logger=_SILENT,
            create_connection=_Connection,
            **options,
        )
        async with asyncio.timeout(request.connect_timeout):
            connection = await connecting
    except InvalidStatus:
        raise
    except TimeoutError:
        seconds = f"{request.connect_timeout:g}"
        raise errors.error(ErrorKind.TIMEOUT, "connect", seconds=seconds) from None
    except (WebSocketException, OSError, EOFError, ImportError, ValueError) as error:
        # Without the error itself: it may quote a key, or a proxy's password.
        raise opening_failure(error, route, errors) from None
    assert isinstance(connection, _Connection)
    return connection


def _proxy(route: Route) -> str | None:
    if not route.proxy:
        return None
    if route.login is None:
        return route.proxy
    user, password = (quote(part, safe="") for part in route.login.parts())
    scheme, _, rest = route.proxy.partition("://")
    return f"{scheme}://{user}:{password}@{rest}"


def _refused(error: InvalidStatus) -> Refused:
    response = error.response
    return Refused(response.status_code, _lowered(response.headers), bytes(response.body or b""))


def _lowered(headers: Headers) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.raw_items()}


def _as_reply(refused: Refused, request: httpx.Request) -> httpx.Response:
    """Return a refusal as httpx knows it, its body unread and unpacked."""
    headers = {
        name: value
        for name, value in refused.headers.items()
        if name not in ("content-encoding", "transfer-encoding", "content-length")
    }
    return httpx.Response(refused.status, headers=headers, content=refused.content, request=request)
