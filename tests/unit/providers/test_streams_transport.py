"""What proxies, servers and the network do to a stream, over real sockets."""

import asyncio
import gzip
import zlib
from collections.abc import AsyncIterator
from typing import Any

import pytest

from desktop_chat.core.errors import ErrorKind, ProviderError
from desktop_chat.core.events import FinishReason, StreamControl, TextDelta
from desktop_chat.providers.address import parse_address
from desktop_chat.providers.http import HttpRequest, HttpTransport
from desktop_chat.providers.inflate import PIECE_BYTES, Inflater
from desktop_chat.providers.openai_chat import OpenAiChat
from desktop_chat.providers.websocket import WebSocketChat
from tests.helpers.byte_server import (
    CLOSE,
    END,
    HANG,
    SSE_HEAD,
    ByteServer,
    Script,
    chunk,
    delta,
    event,
    raw_stream,
    reply,
    sse,
)
from tests.helpers.websocket_server import WebSocketServer
from tests.unit.providers.support import Heard, first, hear, reader, request, service

BODY = event(delta("Hel")) + event(delta("lo")) + event(delta(finish="stop")) + event("[DONE]")
ANSWER = sse(delta("Hello"), delta(finish="stop"))


@pytest.fixture
async def transport(_no_leaked_tasks: None) -> AsyncIterator[HttpTransport]:
    made = HttpTransport(lambda _scheme, _host: "")
    yield made
    await made.aclose()


def provider(transport: HttpTransport, server: ByteServer, **changes: Any) -> OpenAiChat:
    asked = service(**({"base_url": server.url} | changes))
    address = parse_address(asked.base_url)
    return OpenAiChat(asked, address, None, transport, reader(address.host))


def head(*lines: str) -> bytes:
    return "\r\n".join(["HTTP/1.1 200 OK", *lines]).encode() + b"\r\n\r\n"


async def ask(transport: HttpTransport, script: Script, **changes: Any) -> Heard:
    async with ByteServer([script]) as server:
        return await hear(provider(transport, server, **changes))


def packed(body: bytes, wbits: int) -> bytes:
    packer = zlib.compressobj(wbits=wbits)
    return packer.compress(body) + packer.flush()


_PIECES = zlib.compressobj(wbits=31)
FLUSHED = [
    _PIECES.compress(piece + b"\n\n") + _PIECES.flush(zlib.Z_SYNC_FLUSH)
    for piece in BODY.split(b"\n\n")
]
GOOD: dict[str, Script] = {
    "a proxy that buffers everything": [(0.05, reply(200, BODY))],
    "gzip, though none was asked for": reply(200, gzip.compress(BODY), "Content-Encoding: gzip"),
    "gzip in pieces and without its end": [
        head("Content-Encoding: gzip", "Transfer-Encoding: chunked"),
        *map(chunk, FLUSHED),
        END,
    ],
    "several gzips": reply(
        200, gzip.compress(BODY[:30]) + gzip.compress(BODY[30:]), "Content-Encoding: gzip"
    ),
    "gzip and then zeros": reply(200, gzip.compress(BODY) + bytes(99), "Content-Encoding: x-gzip"),
    "deflate": reply(200, zlib.compress(BODY), "Content-Encoding: deflate"),
    "bare deflate": reply(200, packed(BODY, -15), "Content-Encoding: deflate"),
    "events as application/json": reply(200, BODY, content_type="application/json"),
    "json as text/event-stream": reply(
        200,
        '{"choices":[{"message":{"content":"Hello"},"finish_reason":"stop"}]}',
        content_type="text/event-stream",
    ),
    "no content type": head(f"Content-Length: {len(BODY)}") + BODY,
    "a part of a body (206)": raw_stream(BODY).replace(b"200 OK", b"206 Partial Content"),
    "created (201)": raw_stream(BODY).replace(b"200 OK", b"201 Created"),
    "interim replies": b"HTTP/1.1 100 Continue\r\n\r\n"
    b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" + raw_stream(BODY),
    "trailers": raw_stream(BODY).removesuffix(END) + b"0\r\nX-Checksum: 1\r\n\r\n",
    "extensions of chunks": SSE_HEAD + b"%x;a=b\r\n%b\r\n" % (len(BODY), BODY) + END,
    "http/1.0 until it closes": [b"HTTP/1.0 200 OK\r\n\r\n" + BODY, CLOSE],
}


@pytest.mark.parametrize("name", GOOD)
async def test_what_is_read_all_the_same(transport: HttpTransport, name: str) -> None:
    heard = await ask(transport, GOOD[name])
    assert (heard.text, heard.reason) == ("Hello", FinishReason.STOP), heard.error


HELLO = event(delta("Hello"))
BAD: dict[str, tuple[Script, str, ErrorKind]] = {
    "nothing (204)": (b"HTTP/1.1 204 No Content\r\n\r\n", "", ErrorKind.DROPPED),
    "nothing (205)": (
        b"HTTP/1.1 205 Reset Content\r\nContent-Length: 0\r\n\r\n", "", ErrorKind.DROPPED),
    "an empty body": (reply(200, b""), "", ErrorKind.DROPPED),
    "not modified": (b"HTTP/1.1 304 Not Modified\r\n\r\n", "", ErrorKind.REDIRECT),
    "a length longer than the body": (
        [head(f"Content-Length: {len(HELLO) + 9}") + HELLO, CLOSE], "Hello", ErrorKind.DROPPED),
    "a chunk that is cut off": ([SSE_HEAD + chunk(HELLO) + b"ff\r\nda", CLOSE], "Hello",
                                ErrorKind.DROPPED),
    "a chunk without a length": ([SSE_HEAD + chunk(HELLO) + b"zz\r\n", CLOSE], "Hello",
                                 ErrorKind.DROPPED),
    "gzip that is none": (reply(200, HELLO, "Content-Encoding: gzip"), "", ErrorKind.PROTOCOL),
    "a compression that nobody knows": (
        reply(200, HELLO, "Content-Encoding: br"), "", ErrorKind.PROTOCOL),
    "headers of a megabyte": (
        [b"HTTP/1.1 200 OK\r\nX: " + b"x" * 1_000_000, HANG], "", ErrorKind.PROTOCOL),
    "no http at all": ([b"SSH-2.0-OpenSSH_9.2\r\n\r\n", CLOSE], "", ErrorKind.PROTOCOL),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
async def test_what_is_told_as_what_it_is(transport: HttpTransport, name: str) -> None:
    script, text, kind = BAD[name]
    heard = await ask(transport, script)
    assert (heard.text, heard.kind) == (text, kind)


async def test_a_length_shorter_than_the_body_is_no_next_reply(transport: HttpTransport) -> None:
    """What stands behind a reply must not be taken for the next one."""
    whole = event(delta("Hello", finish="stop"))
    script = head(f"Content-Length: {len(whole)}") + whole + raw_stream(event(delta("forged")))
    async with ByteServer([script, ANSWER]) as server:
        asked = provider(transport, server)
        for _ in range(2):
            heard = await hear(asked)
            assert "forged" not in heard.text
            assert heard.text == "Hello"
        assert server.connections == 2


@pytest.mark.parametrize("base", ["", "/", "/v1", "/v1/", "/v1/chat/completions"])
async def test_a_base_url_as_people_give_it(transport: HttpTransport, base: str) -> None:
    async with ByteServer([ANSWER]) as server:
        asked = provider(transport, server, base_url=server.origin + base)
        assert (await hear(asked)).text == "Hello"
        assert server.requests[0].path == "/v1/chat/completions"
        assert server.requests[0].headers["accept-encoding"] == "identity"


async def test_a_slow_first_token_with_signs_of_life(transport: HttpTransport) -> None:
    """Ten times as long as the limit; each sign of life begins it anew."""
    ping = (0.02, chunk(b": waiting\n\n"))
    script: Script = [SSE_HEAD, *[ping] * 50, chunk(BODY), END]
    heard = await ask(transport, script, first_token_timeout=0.1)
    assert (heard.text, heard.reason) == ("Hello", FinishReason.STOP)


@pytest.mark.parametrize("begin", [b"", b"HTTP/1.1 200 OK\r\nContent-Ty"])
async def test_it_closes_before_the_headers(transport: HttpTransport, begin: bytes) -> None:
    heard = await ask(transport, [begin, CLOSE])
    assert (heard.events, heard.kind) == ([], ErrorKind.NETWORK)


async def test_slow_headers_are_a_time_out(transport: HttpTransport) -> None:
    drops: Script = [(0.01, bytes([byte])) for byte in SSE_HEAD * 4]
    heard = await ask(transport, drops, first_token_timeout=0.2)
    assert heard.error is not None
    assert (heard.error.kind, heard.error.code) == (ErrorKind.TIMEOUT, "first_token")


@pytest.mark.parametrize("packing", ["identity", "gzip"])
async def test_signs_of_life_for_ever_end_at_the_total_time_out(
    transport: HttpTransport, packing: str
) -> None:
    """Whether they are comments, or pieces of gzip that hold nothing."""
    packer = zlib.compressobj(wbits=31)
    begin = HELLO if packing == "identity" else packer.compress(HELLO)
    ping = b": ping\n\n" if packing == "identity" else b""
    begin += b"" if packing == "identity" else packer.flush(zlib.Z_SYNC_FLUSH)
    nothing = ping or b"\0\0\0\xff\xff"
    script: Script = [
        head(f"Content-Encoding: {packing}", "Transfer-Encoding: chunked") + chunk(begin),
        *[(0.01, chunk(nothing))] * 2000,
    ]
    heard = await ask(transport, script, total_timeout=0.3)
    assert heard.text == "Hello"
    assert heard.error is not None
    assert (heard.error.kind, heard.error.code) == (ErrorKind.TIMEOUT, "total")


async def test_a_flood_ends_at_the_total_time_out(transport: HttpTransport) -> None:
    """The service sends faster than anyone reads, so that no read ever waits."""
    script: Script = [SSE_HEAD, *[chunk(b": ping\n\n" * 8000)] * 4000]
    heard = await ask(transport, script, total_timeout=0.2)
    assert heard.error is not None
    assert (heard.error.kind, heard.error.code) == (ErrorKind.TIMEOUT, "total")


async def test_a_flood_of_messages_ends_at_the_total_time_out(transport: HttpTransport) -> None:
    async with WebSocketServer([['{"type":"ping"}'] * 200_000]) as server:
        asked = service(server.url, total_timeout=0.2)
        address = parse_address(asked.base_url)
        heard = await hear(WebSocketChat(asked, address, None, transport, reader()))
    assert heard.error is not None
    assert (heard.error.kind, heard.error.code) == (ErrorKind.TIMEOUT, "total")


async def test_a_flood_can_be_stopped(transport: HttpTransport) -> None:
    script: Script = [SSE_HEAD + chunk(HELLO), *[chunk(b": ping\n\n" * 8000)] * 4000]
    async with ByteServer([script]) as server:
        stream = provider(transport, server).stream(request(), StreamControl())
        assert (await first(stream, TextDelta)).text == "Hello"
        rest = asyncio.create_task(anext(stream))
        await asyncio.sleep(0)
        rest.cancel()
        with pytest.raises(asyncio.CancelledError):
            await rest
        await asyncio.wait_for(server.disconnected.wait(), 10)


async def test_a_bomb_is_unpacked_in_pieces(transport: HttpTransport) -> None:
    """64 MB of nothing in 64 KB: a frame without end is refused, and little of it is held."""
    bomb = gzip.compress(b"data: " + b"x" * (64 << 20))
    heard = await ask(transport, reply(200, bomb, "Content-Encoding: gzip"))
    assert heard.error is not None
    assert (heard.error.kind, heard.error.code) == (ErrorKind.PROTOCOL, "too_large")
    async with ByteServer([reply(200, bomb, "Content-Encoding: gzip")]) as server:
        with pytest.raises(ProviderError) as caught:
            async with transport.open(HttpRequest("GET", server.url), reader()) as answer:
                await answer.read_all(10, 1 << 20)
    assert caught.value.info.code == "too_large"


def test_no_piece_is_larger_than_its_bound() -> None:
    inflate = Inflater("gzip")
    rest: bytes | None = gzip.compress(bytes(5_000_000))
    size = 0
    while rest is not None:
        piece, rest = inflate(rest)
        assert len(piece) <= PIECE_BYTES
        size += len(piece)
    assert size == 5_000_000


def test_what_is_packed_may_come_in_any_pieces() -> None:
    body = bytes(range(256)) * 40
    two = gzip.compress(body) + gzip.compress(b"more") + b"\0\0"
    for data, encoding, whole in (
        (two, "gzip", body + b"more"),
        (packed(body, -15), "deflate", body),
        (packed(body, 15), "deflate", body),
    ):
        inflate = Inflater(encoding)
        found = b""
        for at in range(len(data)):
            rest: bytes | None = data[at : at + 1]
            while rest is not None:
                piece, rest = inflate(rest)
                found += piece
        assert found == whole
