"""A real proxy on this machine: HTTP (plain and by CONNECT) and SOCKS5, with or without a password.

    async with Proxy(server.port, login=("me", "word")) as proxy:
        ...ask http://service.test through proxy.http, or proxy.socks...

Whatever host is asked for, ``target`` on this machine answers: names need not exist. ``tls`` makes
the proxy itself speak TLS.
"""

import asyncio
import base64
import contextlib
from dataclasses import dataclass, field
from ssl import SSLContext
from types import TracebackType
from typing import Self


@dataclass
class Proxy:
    """The proxy; use it with ``async with``.

    Attributes:
        target: the port that every connection is led to.
        login: user and password that it wants, or None.
        tls: with which it speaks TLS, or None.
        asked: hosts and ports that were asked for, in order: ``service.test:443``.
        connections: how many were made.
    """

    target: int
    login: tuple[str, str] | None = None
    tls: SSLContext | None = None
    asked: list[str] = field(default_factory=list)
    connections: int = 0
    _server: asyncio.Server | None = None
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    @property
    def address(self) -> str:
        """``127.0.0.1:PORT``."""
        assert self._server is not None
        return f"127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

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
        await asyncio.sleep(0)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        task = asyncio.get_running_loop().create_task(self._serve(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            first = await reader.readexactly(1)
            await (self._socks if first == b"\5" else self._http)(first, reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()
            writer.transport.abort()

    async def _http(
        self, first: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        head = first + await reader.readuntil(b"\r\n\r\n")
        line, *lines = head.decode("latin-1").split("\r\n")
        headers = {
            name.lower(): value.strip() for name, _, value in (x.partition(":") for x in lines)
        }
        if self.login is not None:
            wanted = base64.b64encode(":".join(self.login).encode()).decode()
            if headers.get("proxy-authorization") != f"Basic {wanted}":
                writer.write(
                    b"HTTP/1.1 407 Proxy Authentication Required\r\n"
                    b"Proxy-Authenticate: Basic\r\nContent-Length: 0\r\n\r\n"
                )
                await writer.drain()
                return
        method, address, _ = line.split(" ", 2)
        inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", self.target)
        if method == "CONNECT":
            self.asked.append(address)
            writer.write(b"HTTP/1.1 200 Connected\r\n\r\n")
        else:
            host, _, path = address.removeprefix("http://").partition("/")
            self.asked.append(host)
            kept = [text for text in lines if not text.lower().startswith("proxy-")]
            inner_writer.write("\r\n".join((f"{method} /{path} HTTP/1.1", *kept)).encode("latin-1"))
        await _join(reader, writer, inner_reader, inner_writer)

    async def _socks(
        self, _first: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """RFC 1928, RFC 1929."""
        methods = await reader.readexactly((await reader.readexactly(1))[0])
        wanted = 0 if self.login is None else 2
        if wanted not in methods:
            writer.write(b"\5\xff")
            await writer.drain()
            return
        writer.write(bytes((5, wanted)))
        if self.login is not None:
            await reader.readexactly(1)
            user = await reader.readexactly((await reader.readexactly(1))[0])
            word = await reader.readexactly((await reader.readexactly(1))[0])
            good = (user.decode(), word.decode()) == self.login
            writer.write(b"\1\0" if good else b"\1\1")
            await writer.drain()
            if not good:
                return
        _version, _command, _zero, kind = await reader.readexactly(4)
        size = {1: 4, 4: 16}.get(kind) or (await reader.readexactly(1))[0]
        host = (await reader.readexactly(size)).decode("latin-1")
        port = int.from_bytes(await reader.readexactly(2), "big")
        self.asked.append(f"{host}:{port}")
        inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", self.target)
        writer.write(b"\5\0\0\1\0\0\0\0\0\0")
        await _join(reader, writer, inner_reader, inner_writer)


async def _join(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    inner_reader: asyncio.StreamReader,
    inner_writer: asyncio.StreamWriter,
) -> None:
    """Carry bytes both ways until one side ends."""

    async def carry(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            while data := await source.read(65536):
                target.write(data)
                await target.drain()

    ways = [
        asyncio.create_task(carry(reader, inner_writer)),
        asyncio.create_task(carry(inner_reader, writer)),
    ]
    try:
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for way in ways:
            way.cancel()
        await asyncio.gather(*ways, return_exceptions=True)
        inner_writer.close()
        inner_writer.transport.abort()
