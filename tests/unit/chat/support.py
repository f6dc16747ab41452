"""The real house on the home of the test, and a service that is a local scripted server."""

import asyncio
import os
import struct
import zlib
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import apsw

from desktop_chat.chat.session import ChatSession
from desktop_chat.chat.session_events import (
    MessageDelta,
    MessageFinished,
    SessionEvent,
)
from desktop_chat.core.messages import ChatOptions, Message, MessageHead
from desktop_chat.core.services import Model, Service
from desktop_chat.store import SqliteStore
from desktop_chat.wiring import House, build
from tests.helpers.byte_server import SSE_HEAD, ByteServer, chunk, delta, event, sse

E = TypeVar("E", bound=SessionEvent)

SERVICE_ID = "local"
OPTIONS = ChatOptions(service_id=SERVICE_ID, model="m")


def local_service(url: str, **fields: Any) -> Service:
    """Return a service at the address of a scripted server."""
    values: dict[str, Any] = {"auth": "none", "models": (Model("m"),), "default_model": "m"}
    return Service(SERVICE_ID, {"": "Local"}, base_url=url, **(values | fields))


@asynccontextmanager
async def open_house(
    server: ByteServer | None = None,
    *,
    environ: Mapping[str, str] | None = None,
    terminal: bool = False,
    **service: Any,
) -> AsyncIterator[House]:
    """Open the real house; with a server its service is set up and the default."""
    house = build(dict(os.environ) | dict(environ or {}), terminal=terminal)
    try:
        assert await house.open() is None
        if server is not None:
            house.catalogue.save(local_service(server.url, **service))
        yield house
    finally:
        await house.aclose()


def answer(*texts: str, finish: str = "stop", **usage: int) -> bytes:
    """Return a whole streamed answer."""
    events: list[object] = [delta(text) for text in texts]
    events.append(delta(finish=finish))
    if usage:
        events.append({"choices": [], "usage": usage})
    return sse(*events)


def part(*texts: str) -> bytes:
    """Return the beginning of an answer that goes on."""
    return SSE_HEAD + b"".join(chunk(event(delta(text))) for text in texts)


def rest(*texts: str, finish: str = "stop") -> bytes:
    """Return the end of an answer begun by ``part``."""
    pieces = [chunk(event(delta(text))) for text in texts]
    pieces += [chunk(event(delta(finish=finish))), chunk(event("[DONE]")), b"0\r\n\r\n"]
    return b"".join(pieces)


def png(width: int = 1, height: int = 1) -> bytes:
    """Return a picture of one colour."""

    def part(kind: bytes, data: bytes) -> bytes:
        check = zlib.crc32(kind + data)
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", check)

    rows = (b"\0" + b"\x80" * width) * height
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    signature = b"\x89PNG\r\n\x1a\n"
    return (
        signature + part(b"IHDR", head) + part(b"IDAT", zlib.compress(rows, 1)) + part(b"IEND", b"")
    )


class Watch:
    """Keeps the events of a session, and lets a test wait for the next one of a kind."""

    def __init__(self, session: ChatSession) -> None:
        self.events: list[SessionEvent] = []
        self._waiting: list[tuple[Callable[[SessionEvent], bool], asyncio.Future[Any]]] = []
        session.subscribe(self._hear)

    def _hear(self, event: SessionEvent) -> None:
        self.events.append(event)
        for wanted, future in list(self._waiting):
            if not future.done() and wanted(event):
                future.set_result(event)

    async def until(self, wanted: Callable[[SessionEvent], bool]) -> SessionEvent:
        """Return the first event, past or to come, that is wanted."""
        for past in self.events:
            if wanted(past):
                return past
        future: asyncio.Future[SessionEvent] = asyncio.get_running_loop().create_future()
        self._waiting.append((wanted, future))
        return await asyncio.wait_for(future, 20)

    async def kind(self, kind: type[E]) -> E:
        """Return the first event of a kind, past or to come."""
        found = await self.until(lambda event: isinstance(event, kind))
        assert isinstance(found, kind)
        return found

    async def text(self, text: str) -> None:
        """Wait until this much of an answer has come."""
        await self.until(lambda _event: text in self.heard())

    def heard(self) -> str:
        """Return the text of all deltas."""
        return "".join(event.delta.text for event in self.events if isinstance(event, MessageDelta))

    def of(self, kind: type[E]) -> list[E]:
        """Return the events of a kind so far."""
        return [event for event in self.events if isinstance(event, kind)]

    def finished(self) -> Message:
        """Return the answer that ended last."""
        return self.of(MessageFinished)[-1].message


async def ask(session: ChatSession, text: str) -> Message:
    """Ask, wait for the end, and return the answer."""
    row = await session.send(text)
    await session.wait()
    return loaded(session, row.id)


def loaded(session: ChatSession, message_id: str) -> Message:
    """Return a message of the visible branch, which must be loaded."""
    (message,) = [item for item in session.branch() if item.id == message_id]
    assert isinstance(message, Message)
    return message


def texts(branch: tuple[Message | MessageHead, ...]) -> list[str]:
    """Return the texts of a branch; ``...`` for one that is not loaded."""
    return [item.text if isinstance(item, Message) else "..." for item in branch]


async def fill_disk(store: SqliteStore) -> None:
    """Let SQLite refuse every further page, as on a full disk."""
    await store._write(lambda db: _limit(db, db.pragma("page_count")))


async def empty_disk(store: SqliteStore) -> None:
    """Undo ``fill_disk``."""
    await store._write(lambda db: _limit(db, 1_000_000))


def _limit(db: apsw.Connection, pages: Any) -> None:
    db.pragma("max_page_count", pages)
