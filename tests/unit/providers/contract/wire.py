"""How the contract test serves bytes: over HTTP, and over whatever else a protocol brings."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Protocol

from tests.helpers.byte_server import ABORT, CLOSE, END, HANG, Act, ByteServer, Script, chunk, reply


@dataclass(frozen=True)
class Said:
    """One reply.

    Attributes:
        pieces: of the body, each sent by itself.
        end: None is a good end; ``CLOSE`` and ``ABORT`` break off in the middle; ``HANG`` keeps
            silent until the client goes.
        status: of the reply.
        content_type: of the reply.
        until_close: whether the close of the connection is the good end of the body.
        wait: awaited before the end.
    """

    pieces: tuple[bytes, ...]
    end: Act | None = None
    status: int = 200
    content_type: str = "text/event-stream"
    until_close: bool = False
    wait: asyncio.Event | None = None


@dataclass(frozen=True)
class Served:
    """A server that runs.

    Attributes:
        url: the base address of the service.
        asked: set when a request has come.
        disconnected: set when a client closes its side.
    """

    url: str
    asked: asyncio.Event
    disconnected: asyncio.Event


class Wire(Protocol):
    """Serves replies, one for each request, in order."""

    def serve(self, replies: Sequence[Said]) -> AbstractAsyncContextManager[Served]:
        """Serve while the context lasts."""
        ...


class HttpWire:
    """Serves over HTTP/1.1, in chunks."""

    def serve(self, replies: Sequence[Said]) -> AbstractAsyncContextManager[Served]:
        """Serve while the context lasts."""
        return _serve([_script(said) for said in replies])


@asynccontextmanager
async def _serve(scripts: list[Script]) -> AsyncIterator[Served]:
    async with ByteServer(scripts) as server:
        yield Served(server.url, server.asked, server.disconnected)


def _script(said: Said) -> Script:
    if said.status != 200:
        return reply(said.status, b"".join(said.pieces), content_type=said.content_type)
    head = f"HTTP/1.1 200 OK\r\nContent-Type: {said.content_type}\r\n".encode()
    if said.until_close:
        return [head + b"\r\n", *said.pieces, CLOSE]
    head += b"Transfer-Encoding: chunked\r\n\r\n"
    pieces = [chunk(piece) for piece in said.pieces if piece]
    waits = [said.wait] if said.wait else []
    return [head, *pieces, *waits, END if said.end is None else said.end]


__all__ = ["ABORT", "CLOSE", "HANG", "HttpWire", "Said", "Served", "Wire"]
