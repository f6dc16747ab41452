"""A chat service in a process of its own that streams made-up answers at a chosen rate.

``python -m tests.benchmarks.server`` prints its port. The model's name says what to stream:
``answer:2000:200`` is 2,000 tokens at 200 a second, one event for each write; ``answer:2000:max``
is as fast as the reader reads, 64 events for each write. ``GET /v1/timing`` tells how long the
last stream took on this side.
"""

import asyncio
import json
import socket
import time

from tests.benchmarks.corpus import tokens

EVENTS_PER_WRITE = 64


def _event(text: str) -> bytes:
    chunk = {
        "id": "bench",
        "object": "chat.completion.chunk",
        "created": 1,
        "model": "bench",
        "choices": [{"index": 0, "delta": {"content": text}, "finish_reason": None}],
    }
    return b"data: " + json.dumps(chunk, ensure_ascii=False).encode() + b"\n\n"


_END = (
    b'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n'
    b'data: {"choices":[],"usage":{"prompt_tokens":10,"completion_tokens":10}}\n\n'
    b"data: [DONE]\n\n"
)


class Service:
    """Answers one request for each connection."""

    def __init__(self) -> None:
        self.seconds = 0.0

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        if head.startswith("GET"):
            body = json.dumps({"seconds": self.seconds}).encode()
            writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: ")
            writer.write(str(len(body)).encode() + b"\r\n\r\n" + body)
        else:
            await self._stream(head, reader, writer)
        await writer.drain()
        writer.close()

    async def _stream(
        self, head: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        length = next(
            int(line.split(":")[1])
            for line in head.splitlines()
            if line.lower().startswith("content-length:")
        )
        request = json.loads(await reader.readexactly(length))
        case, count, rate = str(request["model"]).split(":")
        events = [_event(piece) for piece in tokens(case, int(count))]
        writer.write(
            b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"
        )
        # Small buffers: else the server is done before the reader has begun.
        writer.transport.set_write_buffer_limits(high=16_384)
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 16_384)
        started = time.perf_counter()
        if rate == "max":
            for first in range(0, len(events), EVENTS_PER_WRITE):
                writer.write(b"".join(events[first : first + EVENTS_PER_WRITE]))
                await writer.drain()
        else:
            for number, event in enumerate(events):
                delay = started + number / float(rate) - time.perf_counter()
                if delay > 0:
                    await asyncio.sleep(delay)
                writer.write(event)
        self.seconds = time.perf_counter() - started
        writer.write(_END)


async def serve() -> None:
    """Serve until the process is ended."""
    server = await asyncio.start_server(Service().handle, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve())
