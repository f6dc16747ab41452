"""A local WebSocket server that says what it is told to, when it is told to.

    async with WebSocketServer([["{...}", CLOSE]]) as server:
        ...ask server.url...
        assert server.asked_with[0].json()["stream"] is True

One script is played for each connection, in order; after the last one it is played again. A script
is a ``Refusal``, or a list of steps, played after the first message has come:

- ``str`` or ``bytes``: sent as one message;
- ``(seconds, message)``: sent after a wait; the message may be ``PING``;
- ``Bye(code, reason)``: the connection is closed with a close frame;
- ``CLOSE``: it is closed without one (FIN);
- ``ABORT``: it is reset;
- ``HANG``: nothing more is sent; the step ends when the client closes;
- ``PING``: a ping, and its pong is waited for;
- an ``asyncio.Event``: goes on when the event is set.

A script that does not close ends with ``Bye(1000)``.
"""

import asyncio
import json
import ssl
from collections.abc import Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from types import TracebackType
from typing import Any, Final, Self, TypeAlias

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from tests.helpers.byte_server import ABORT, CLOSE, HANG, Act

__all__ = ["ABORT", "CLOSE", "HANG", "PING", "Asked", "Bye", "Refusal", "WebSocketServer"]


@dataclass(frozen=True)
class Bye:
    """A close frame."""

    code: int = 1000
    reason: str = ""


@dataclass(frozen=True)
class Refusal:
    """A reply of HTTP in place of a WebSocket."""

    status: int
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class _Ping:
    pass


PING: Final = _Ping()

Message: TypeAlias = str | bytes
Step: TypeAlias = Message | tuple[float, "Message | _Ping"] | Bye | _Ping | Act | asyncio.Event
Script: TypeAlias = Refusal | Sequence[Step]


@dataclass(frozen=True)
class Asked:
    """An opening that came, and the message after it.

    Attributes:
        path: with its query.
        headers: names in lower case.
        message: the first one; "" for what was refused.
    """

    path: str
    headers: dict[str, str]
    message: str = ""

    def json(self) -> Any:
        """Return the message, parsed."""
        return json.loads(self.message)


@dataclass
class WebSocketServer:
    """The server; use it with ``async with``.

    Attributes:
        scripts: one for each connection; the last is used again and again.
        tls: its certificate, or None for plain ``ws``.
        asked_with: what came, in order.
        asked: set when a first message has come, or an opening that is refused.
        disconnected: set each time a client closes its side.
        goodbyes: the codes of the close frames that clients sent; None for one who sent none.
    """

    scripts: Sequence[Script]
    tls: ssl.SSLContext | None = None
    asked_with: list[Asked] = field(default_factory=list)
    asked: asyncio.Event = field(default_factory=asyncio.Event)
    disconnected: asyncio.Event = field(default_factory=asyncio.Event)
    goodbyes: list[int | None] = field(default_factory=list)
    _server: Server | None = None
    _opened: int = 0
    _playing: dict[ServerConnection, Script] = field(default_factory=dict)

    @property
    def port(self) -> int:
        """The port that it listens on."""
        assert self._server is not None
        port: int = next(iter(self._server.sockets)).getsockname()[1]
        return port

    @property
    def url(self) -> str:
        """Its address, without a path."""
        return f"{'wss' if self.tls else 'ws'}://127.0.0.1:{self.port}"

    async def __aenter__(self) -> Self:
        self._server = await serve(
            self._talk,
            "127.0.0.1",
            0,
            ssl=self.tls,
            process_request=self._open,
            ping_interval=None,
            close_timeout=1,
        )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._server is not None
        self._server.close()
        await self._server.wait_closed()
        await asyncio.sleep(0)

    def _open(self, connection: ServerConnection, request: Request) -> Response | None:
        script = self.scripts[min(self._opened, len(self.scripts) - 1)]
        self._opened += 1
        if not isinstance(script, Refusal):
            self._playing[connection] = script
            return None
        self.asked_with.append(Asked(request.path, _lowered(request.headers)))
        self.asked.set()
        headers = Headers([*script.headers, ("Content-Length", str(len(script.body)))])
        try:
            reason = HTTPStatus(script.status).phrase
        except ValueError:
            reason = "Said"
        return Response(script.status, reason, headers, script.body)

    async def _talk(self, connection: ServerConnection) -> None:
        script = self._playing.pop(connection)
        assert not isinstance(script, Refusal)
        request = connection.request
        assert request is not None
        try:
            said = await connection.recv()
            text = said if isinstance(said, str) else said.decode()
            self.asked_with.append(Asked(request.path, _lowered(request.headers), text))
            self.asked.set()
            for step in script:
                if not await self._play(step, connection):
                    return
            await connection.close()
        except ConnectionClosed:
            pass
        finally:
            self.disconnected.set()
            told = connection.protocol.close_rcvd
            self.goodbyes.append(told.code if told else None)

    async def _play(self, step: Step, connection: ServerConnection) -> bool:
        if isinstance(step, asyncio.Event):
            await step.wait()
        elif isinstance(step, Bye):
            await connection.close(step.code, step.reason)
            return False
        elif step is CLOSE:
            connection.transport.close()
            return False
        elif step is ABORT:
            connection.transport.abort()
            return False
        elif step is HANG:
            await connection.wait_closed()
        else:
            delay, message = step if isinstance(step, tuple) else (0.0, step)
            await asyncio.sleep(delay)
            if isinstance(message, _Ping):
                await (await connection.ping())
            else:
                assert isinstance(message, str | bytes)
                await connection.send(message)
        return True


def _lowered(headers: Headers) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.raw_items()}
