"""A small server that speaks HTTP/2 over TLS, and tells what its clients did.

    async with H2Server(context, [b"one", b"two"]) as server:
        ...ask https://localhost:{server.port}/...

Each request is answered with the pieces, in DATA frames of their own; ``open_ended`` leaves the
stream open after them.
"""

import asyncio
import ssl
from collections.abc import Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

import h2.config
import h2.connection
import h2.events
import h2.exceptions


def offering_h2(context: ssl.SSLContext) -> ssl.SSLContext:
    """Return a server's context that offers HTTP/2."""
    context.set_alpn_protocols(["h2", "http/1.1"])
    return context


@dataclass
class H2Server:
    """The server; use it with ``async with``.

    Attributes:
        context: of TLS.
        pieces: of each answer.
        open_ended: whether answers are left open.
        silent: whether nothing is answered at all.
        asked: set when a request has come.
        connections: how many were made.
        requests: the path of each request.
        resets: the codes with which clients gave streams up.
        reset: set when one did.
    """

    context: ssl.SSLContext
    pieces: Sequence[bytes] = (b"ok",)
    open_ended: bool = False
    silent: bool = False
    asked: asyncio.Event = field(default_factory=asyncio.Event)
    connections: int = 0
    requests: list[str] = field(default_factory=list)
    resets: list[int] = field(default_factory=list)
    reset: asyncio.Event = field(default_factory=asyncio.Event)
    _server: asyncio.Server | None = None
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)
    _writers: list[asyncio.StreamWriter] = field(default_factory=list)

    @property
    def port(self) -> int:
        """The port that it listens on."""
        assert self._server is not None
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    def drop(self) -> None:
        """Close every connection without a word."""
        for writer in self._writers:
            writer.transport.abort()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(
            self._accept, "127.0.0.1", 0, ssl=offering_h2(self.context)
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
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._server.wait_closed()
        await asyncio.sleep(0)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._writers.append(writer)
        task = asyncio.get_running_loop().create_task(self._talk(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        state = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False))
        state.initiate_connection()
        writer.write(state.data_to_send())
        try:
            while data := await reader.read(65536):
                for event in state.receive_data(data):
                    self._take(state, event)
                writer.write(state.data_to_send())
                await writer.drain()
        except (ConnectionError, h2.exceptions.ProtocolError):
            pass
        finally:
            writer.close()
            writer.transport.abort()

    def _take(self, state: h2.connection.H2Connection, event: h2.events.Event) -> None:
        if isinstance(event, h2.events.RequestReceived):
            self.requests.append(dict(event.headers or [])[b":path"].decode())
        elif isinstance(event, h2.events.StreamReset):
            self.resets.append(int(event.error_code or 0))
            self.reset.set()
        elif isinstance(event, h2.events.StreamEnded):
            number = event.stream_id
            assert number is not None
            self.asked.set()
            if self.silent:
                return
            state.send_headers(number, [(":status", "200"), ("content-type", "text/plain")])
            for piece in self.pieces:
                state.send_data(number, piece)
            if not self.open_ended:
                state.end_stream(number)
