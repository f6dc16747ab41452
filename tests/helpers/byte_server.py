"""A local HTTP server that says exactly the bytes it is told to, when it is told to.

    async with ByteServer([sse('{"choices": ...}')]) as server:
        ...ask server.url...
        assert server.requests[0].json()["model"] == "m"

One script is played for each request, in order; after the last one it is played again. A script
is bytes, or a list of steps:

- ``bytes``: sent at once;
- ``(seconds, bytes)``: sent after a wait;
- ``CLOSE``: the connection is closed in the ordinary way (FIN);
- ``ABORT``: the connection is reset (RST);
- ``HANG``: nothing more is sent; the step ends when the client closes;
- an ``asyncio.Event``: goes on when the event is set.

After a script that does not close, the connection waits for the next request on it.
"""

import asyncio
import json
import socket
import ssl
import struct
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from types import TracebackType
from typing import Any, Final, Self, TypeAlias


class Act(Enum):
    """What a step may do besides sending."""

    CLOSE = auto()
    ABORT = auto()
    HANG = auto()


CLOSE: Final = Act.CLOSE
ABORT: Final = Act.ABORT
HANG: Final = Act.HANG

Step: TypeAlias = bytes | tuple[float, bytes] | Act | asyncio.Event
Script: TypeAlias = bytes | Sequence[Step]

SSE_HEAD: Final = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
)
"""Beginning of a stream of chunks; its pieces are made by ``chunk`` and ended by ``END``."""
END: Final = b"0\r\n\r\n"


@dataclass(frozen=True)
class Request:
    """A request that came.

    Attributes:
        method: ``POST``.
        path: with its query.
        headers: names in lower case.
        body: whole.
        connection: number of the connection it came over, from 0.
    """

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    connection: int

    def json(self) -> Any:
        """Return the body, parsed."""
        return json.loads(self.body)


@dataclass
class ByteServer:
    """The server; use it with ``async with``.

    Attributes:
        scripts: one for each request; the last is used again and again.
        requests: what came, in order.
        connections: how many connections were made.
        asked: set when a request has come.
        disconnected: set each time a client closes its side.
        tls: with which it speaks TLS, or None.
    """

    scripts: Sequence[Script]
    requests: list[Request] = field(default_factory=list)
    connections: int = 0
    asked: asyncio.Event = field(default_factory=asyncio.Event)
    disconnected: asyncio.Event = field(default_factory=asyncio.Event)
    tls: ssl.SSLContext | None = None
    _server: asyncio.Server | None = None
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    @property
    def port(self) -> int:
        """The port that it listens on."""
        assert self._server is not None
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    @property
    def origin(self) -> str:
        """``http://127.0.0.1:PORT``."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        """A base URL for a service: the origin with ``/v1``."""
        return f"{self.origin}/v1"

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0, ssl=self.tls)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._server is not None
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._server.wait_closed()
        # A transport that was aborted closes its socket in the next turn of the loop.
        await asyncio.sleep(0)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        number = self.connections
        self.connections += 1
        task = asyncio.get_running_loop().create_task(self._talk(number, reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _talk(
        self, number: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        try:
            while (request := await _read(reader, number)) is not None:
                script = self.scripts[min(len(self.requests), len(self.scripts) - 1)]
                self.requests.append(request)
                self.asked.set()
                if not await self._play(script, reader, writer):
                    return
            self.disconnected.set()
        except (ConnectionError, asyncio.IncompleteReadError):
            self.disconnected.set()
        except asyncio.CancelledError:
            writer.transport.abort()
            raise
        finally:
            await _close(writer)

    async def _play(
        self, script: Script, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> bool:
        for step in [script] if isinstance(script, bytes) else script:
            if isinstance(step, asyncio.Event):
                await step.wait()
            elif step is Act.CLOSE:
                return False
            elif step is Act.ABORT:
                _reset(writer)
                return False
            elif step is Act.HANG:
                await reader.read(1)
                self.disconnected.set()
                return False
            else:
                delay, data = step if isinstance(step, tuple) else (0.0, step)
                await asyncio.sleep(delay)
                writer.write(data)
                await writer.drain()
        return True


async def _close(writer: asyncio.StreamWriter) -> None:
    writer.close()
    try:
        await writer.wait_closed()
    except ConnectionError:
        return
    except asyncio.CancelledError:
        writer.transport.abort()
        raise


def reply(status: int, body: bytes | str, *headers: str, content_type: str = "") -> bytes:
    """Return a whole reply with its length.

    Args:
        status: of the reply.
        body: of the reply.
        headers: further ones, as ``Name: value``.
        content_type: or "" for JSON.
    """
    content = body.encode() if isinstance(body, str) else body
    lines = [
        f"HTTP/1.1 {status} Said",
        f"Content-Type: {content_type or 'application/json'}",
        f"Content-Length: {len(content)}",
        *headers,
    ]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + content


def json_reply(status: int, value: object, *headers: str) -> bytes:
    """Return a whole reply with a JSON body."""
    return reply(status, json.dumps(value, ensure_ascii=False), *headers)


def chunk(data: bytes) -> bytes:
    """Return one piece of a body that is sent in chunks."""
    return b"%x\r\n%b\r\n" % (len(data), data)


def event(value: object) -> bytes:
    """Return one event: a string as it is, anything else as JSON."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return f"data: {text}\n\n".encode()


def delta(content: object = "", *, finish: str | None = None, **fields: object) -> dict[str, Any]:
    """Return the JSON of a chat chunk.

    Args:
        content: more of the answer, usually text; "" leaves it out.
        finish: the finish reason.
        fields: further fields of the delta.
    """
    said: dict[str, object] = {"content": content} if content != "" else {}
    return {"choices": [{"index": 0, "delta": said | fields, "finish_reason": finish}]}


def sse(*events: object, done: bool = True) -> bytes:
    """Return a whole stream, each event a chunk: strings as they are, anything else as JSON."""
    pieces = [chunk(event(value)) for value in events]
    if done:
        pieces.append(chunk(event("[DONE]")))
    return SSE_HEAD + b"".join(pieces) + END


def raw_stream(body: bytes, *, cut: int = 0) -> bytes:
    """Return a stream with exactly this body, in chunks of ``cut`` bytes (0: in one)."""
    size = cut or len(body) or 1
    pieces = [chunk(body[at : at + size]) for at in range(0, len(body), size)]
    return SSE_HEAD + b"".join(pieces) + END


async def _read(reader: asyncio.StreamReader, number: int) -> Request | None:
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError as error:
        if error.partial:
            raise
        return None
    first, *lines = head.decode("latin-1").rstrip("\r\n").split("\r\n")
    method, path, _ = first.split(" ", 2)
    headers = {}
    for line in lines:
        name, _, value = line.partition(":")
        headers[name.lower()] = value.strip()
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Request(method, path, headers, body, number)


def _reset(writer: asyncio.StreamWriter) -> None:
    """Make the close a reset."""
    sock: socket.socket = writer.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
