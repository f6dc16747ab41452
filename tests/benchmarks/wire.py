"""What the wire costs: decoding, waiting, many streams at once, stopping, and a thousand bad turns.

Run it as ``python -m tests.benchmarks.wire``. Each line of output is JSON:

- ``decode``: CPU of each protocol's decoder for one stream of 20,000 tokens in reads of 16 KB,
  against ``json.loads`` alone on the same payloads (``ratio``).
- ``latency``: from the moment before a server's write of an event to the moment the event is in
  the reader's hands, at 1,000 events a second; another process on the same clock writes.
- ``streams``: many streams at once through one ``HttpProviders``: none may lose a character.
- ``cancel``: from closing a stream to the end of its connection at the server.
- ``turns``: turns of real conversations into a real database, with connections that are cut, that
  fall silent, refuse, and are stopped by the user, at random. What arrived must be in the store,
  and no task, socket or file may be left.
"""

import argparse
import asyncio
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import aclosing, asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, Final

from tests.benchmarks.corpus import tokens

DECODE_TOKENS: Final = 20_000
READ_BYTES: Final = 16_384
RATE: Final = 1_000
RATE_SECONDS: Final = 10
STREAMS: Final = 200
STREAM_TOKENS: Final = 300
TURNS: Final = 1_000


def tell(case: str, **figures: Any) -> None:
    """Print a line."""
    print(json.dumps({"bench": "wire", "case": case, **figures}), flush=True)


def percentile(values: list[float], part: float) -> float:
    """Return a percentile in the unit of the values, rounded to a hundredth."""
    ordered = sorted(values)
    return round(ordered[min(len(ordered) - 1, int(len(ordered) * part))], 2)


# Decoding


def chat_payload(text: str) -> dict[str, Any]:
    """Return a chunk of a chat completion."""
    return {
        "id": "chatcmpl-9f3a",
        "object": "chat.completion.chunk",
        "created": 1795245398,
        "model": "deepseek-flash",
        "choices": [{"index": 0, "delta": {"content": text}, "finish_reason": None}],
    }


def responses_payload(text: str) -> dict[str, Any]:
    """Return an event of the Responses API."""
    return {
        "type": "response.output_text.delta",
        "item_id": "msg_9f3a",
        "output_index": 0,
        "content_index": 0,
        "delta": text,
    }


def anthropic_payload(text: str) -> dict[str, Any]:
    """Return an event of Anthropic's Messages."""
    delta = {"type": "text_delta", "text": text}
    return {"type": "content_block_delta", "index": 0, "delta": delta}


def ollama_payload(text: str) -> dict[str, Any]:
    """Return a line of Ollama's chat."""
    return {
        "model": "qwen3",
        "created_at": "2026-11-21T07:16:38.127Z",
        "message": {"role": "assistant", "content": text},
        "done": False,
    }


def gemini_payload(text: str) -> dict[str, Any]:
    """Return an event of Gemini, which counts in every one."""
    return {
        "candidates": [{"content": {"parts": [{"text": text}], "role": "model"}, "index": 0}],
        "usageMetadata": {"promptTokenCount": 11, "candidatesTokenCount": 7, "totalTokenCount": 18},
        "modelVersion": "gemini-3-flash",
        "responseId": "9f3a",
    }


def gateway_payload(text: str) -> dict[str, Any]:
    """Return an event of the signed gateway."""
    return {"id": "9f3a", "choices": [{"index": 0, "text": text}]}


def sse(payload: bytes, name: bytes = b"") -> bytes:
    """Return a server-sent event."""
    return (b"event: " + name + b"\n" if name else b"") + b"data: " + payload + b"\n\n"


def decoders() -> dict[str, tuple[Callable[[str], dict[str, Any]], str, Callable[[], Any]]]:
    """Return for each protocol its payload, how it is framed, and a fresh decoder."""
    from desktop_chat.providers.anthropic_decoder import AnthropicDecoder
    from desktop_chat.providers.chat_decoder import ChatDecoder
    from desktop_chat.providers.echoes import EchoMaker
    from desktop_chat.providers.errors import ErrorReader
    from desktop_chat.providers.gateway_decoder import GatewayDecoder
    from desktop_chat.providers.gemini_decoder import GeminiDecoder
    from desktop_chat.providers.ollama_decoder import OllamaDecoder
    from desktop_chat.providers.openai_responses_decoder import ResponsesDecoder

    errors = ErrorReader("bench", str)
    echoes = EchoMaker("bench", "bench", "m")
    return {
        "openai-chat": (chat_payload, "sse", lambda: ChatDecoder(errors, {})),
        "openai-responses": (
            responses_payload,
            "named",
            lambda: ResponsesDecoder(errors, {}, echoes),
        ),
        "anthropic": (anthropic_payload, "named", lambda: AnthropicDecoder(errors, {}, echoes)),
        "gemini": (gemini_payload, "sse", lambda: GeminiDecoder(errors, {}, echoes)),
        "ollama": (ollama_payload, "lines", lambda: OllamaDecoder(errors, {})),
        "gateway": (gateway_payload, "sse", lambda: GatewayDecoder(errors, {})),
    }


def framed(payloads: Iterable[dict[str, Any]], how: str) -> tuple[bytes, list[bytes]]:
    """Return a stream and the JSON in it."""
    texts = [json.dumps(item, ensure_ascii=False).encode() for item in payloads]
    if how == "lines":
        return b"".join(text + b"\n" for text in texts), texts
    names = [b"" if how == "sse" else json.loads(text)["type"].encode() for text in texts]
    return b"".join(map(sse, texts, names)), texts


def cheapest(work: Callable[[], object], times: int = 5) -> float:
    """Return the least CPU that some work took, in milliseconds."""
    spent = []
    for _ in range(times):
        began = time.process_time()
        work()
        spent.append((time.process_time() - began) * 1000)
    return min(spent)


def measure_decoding() -> None:
    """Compare every decoder with reading the same JSON."""
    pieces = tokens("answer", DECODE_TOKENS)
    for name, (payload, how, make) in decoders().items():
        stream, texts = framed(map(payload, pieces), how)
        blocks = [stream[at : at + READ_BYTES] for at in range(0, len(stream), READ_BYTES)]

        def decode(make: Callable[[], Any] = make, blocks: list[bytes] = blocks) -> int:
            decoder = make()
            return sum(len(decoder.feed(block)) for block in blocks)

        def read(texts: list[bytes] = texts) -> int:
            return sum(len(json.loads(text)) for text in texts)

        assert decode() > 0
        ours, theirs = cheapest(decode), cheapest(read)
        tell(
            "decode",
            protocol=name,
            megabytes=round(len(stream) / 1e6, 2),
            cpu_ms=round(ours, 1),
            json_ms=round(theirs, 1),
            ratio=round(ours / theirs, 2),
            mb_per_s=round(len(stream) / 1e3 / ours, 1),
        )


# A server of chat completions


class Service:
    """Answers questions; the model's name says how.

    ``clock:N:RATE`` writes the time before each of N events at a rate; ``text:N:RATE`` writes N
    numbered words; ``wild:SEED`` does something bad that the seed chooses; ``hang`` writes one
    word and waits for the end.
    """

    def __init__(self) -> None:
        self.closed: dict[str, float] = {}

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection, one request after the other."""
        try:
            while await self._serve(reader, writer):
                pass
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        if head.startswith("GET /v1/closed"):
            found = json.dumps(self.closed).encode()
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(found) + found)
            await writer.drain()
            return True
        length = next(
            int(line.split(":")[1])
            for line in head.splitlines()
            if line.lower().startswith("content-length:")
        )
        request = json.loads(await reader.readexactly(length))
        what, *rest = str(request["model"]).split(":")
        return bool(await getattr(self, f"_{what}")(reader, writer, *rest))

    @staticmethod
    def _begin(writer: asyncio.StreamWriter) -> None:
        writer.write(
            b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
            b"Transfer-Encoding: chunked\r\n\r\n"
        )

    @staticmethod
    def _event(writer: asyncio.StreamWriter, text: str) -> None:
        data = sse(json.dumps(chat_payload(text)).encode())
        writer.write(b"%x\r\n" % len(data) + data + b"\r\n")

    @staticmethod
    def _end(writer: asyncio.StreamWriter) -> None:
        data = sse(b'{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}') + sse(b"[DONE]")
        writer.write(b"%x\r\n" % len(data) + data + b"\r\n0\r\n\r\n")

    async def _timed(
        self, writer: asyncio.StreamWriter, count: str, rate: str, text: Callable[[int], str]
    ) -> bool:
        self._begin(writer)
        began = time.monotonic()
        for number in range(int(count)):
            delay = began + number / float(rate) - time.monotonic()
            if delay > 0:
                await asyncio.sleep(delay)
            self._event(writer, text(number))
        self._end(writer)
        await writer.drain()
        return True

    async def _clock(
        self, _reader: object, writer: asyncio.StreamWriter, count: str, rate: str
    ) -> bool:
        return await self._timed(writer, count, rate, lambda _: f"{time.monotonic():.6f} ")

    async def _text(
        self, _reader: object, writer: asyncio.StreamWriter, count: str, rate: str
    ) -> bool:
        return await self._timed(writer, count, rate, lambda number: f"{number} ")

    async def _hang(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, name: str
    ) -> bool:
        self._begin(writer)
        self._event(writer, "word")
        await writer.drain()
        await reader.read()
        self.closed[name] = time.monotonic()
        return False

    async def _wild(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, seed: str
    ) -> bool:
        chance = random.Random(seed)
        kind = chance.choice(("good", "good", "cut", "cut", "stall", "refuse", "error", "hang up"))
        if kind == "hang up":
            return False
        if kind == "refuse":
            status = chance.choice((400, 401, 403, 404, 422))
            body = b'{"error":{"message":"no"}}'
            head = f"HTTP/1.1 {status} No\r\nContent-Length: {len(body)}\r\n\r\n"
            writer.write(head.encode() + body)
            await writer.drain()
            return True
        self._begin(writer)
        for number in range(chance.randrange(1, 40)):
            self._event(writer, f"{seed}.{number} ")
            if chance.random() < 0.2:
                await writer.drain()
                await asyncio.sleep(0)
        if kind == "stall":
            await writer.drain()
            await reader.read()
            return False
        if kind == "error":
            data = sse(b'{"error":{"message":"broken","code":"server_error"}}')
            writer.write(b"%x\r\n" % len(data) + data + b"\r\n0\r\n\r\n")
        if kind == "good":
            self._end(writer)
        await writer.drain()
        return kind != "cut"


async def serve() -> None:
    """Serve in a process of its own until it is ended."""
    server = await asyncio.start_server(Service().handle, "127.0.0.1", 0, backlog=1000)
    print(server.sockets[0].getsockname()[1], flush=True)
    async with server:
        await server.serve_forever()


@contextmanager
def a_server() -> Iterator[str]:
    """Run the server in another process and yield its address."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.benchmarks.wire", "--serve"],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        yield f"http://127.0.0.1:{int(process.stdout.readline())}/v1"
    finally:
        process.terminate()
        process.communicate()


# Asking


@asynccontextmanager
async def providers() -> AsyncIterator[Any]:
    """Yield an ``HttpProviders`` that does not try again."""
    from desktop_chat.providers.registry import HttpProviders
    from desktop_chat.providers.retry import RetryPolicy

    made = HttpProviders(
        redact=str, demo_texts=Path(), retry=RetryPolicy(retries=0), demo_speed=1.0
    )
    try:
        yield made
    finally:
        await made.aclose()


def asking(made: Any, url: str, model: str) -> Any:
    """Return the stream of a question."""
    from desktop_chat.core.access import Access
    from desktop_chat.core.events import StreamControl
    from desktop_chat.core.messages import Role
    from desktop_chat.core.requests import ChatMessage, ChatRequest
    from desktop_chat.core.services import Service as Asked

    service = Asked("bench", {"": "Bench"}, base_url=url, auth="none")
    request = ChatRequest(model, (ChatMessage(Role.USER, "go"),))
    return made.provider(Access(service)).stream(request, StreamControl())


async def measure_latency(url: str) -> None:
    """Read events that carry the time at which they were written."""
    from desktop_chat.core.events import TextDelta

    late: list[float] = []
    async with providers() as made:
        before = time.process_time()
        async with aclosing(asking(made, url, f"clock:{RATE * RATE_SECONDS}:{RATE}")) as events:
            async for event in events:
                if isinstance(event, TextDelta):
                    now = time.monotonic()
                    late += [(now - float(said)) * 1000 for said in event.text.split()]
        spent = time.process_time() - before
    tell(
        "latency",
        events=len(late),
        rate=RATE,
        p50_ms=percentile(late, 0.5),
        p99_ms=percentile(late, 0.99),
        max_ms=round(max(late), 1),
        cpu_percent=round(100 * spent / RATE_SECONDS, 1),
    )


async def measure_streams(url: str) -> None:
    """Read many streams at once."""
    import psutil

    from desktop_chat.core.events import TextDelta

    process = psutil.Process()
    expected = "".join(f"{number} " for number in range(STREAM_TOKENS))

    async def one(made: Any, model: str) -> bool:
        parts = []
        async with aclosing(asking(made, url, model)) as events:
            async for event in events:
                if isinstance(event, TextDelta):
                    parts.append(event.text)
        return "".join(parts) == expected

    async with providers() as made:
        await one(made, f"text:{STREAM_TOKENS}:100000")
        rss, began, before = process.memory_info().rss, time.monotonic(), time.process_time()
        most = rss

        async def watch() -> None:
            nonlocal most
            while True:
                most = max(most, process.memory_info().rss)
                await asyncio.sleep(0.1)

        watching = asyncio.ensure_future(watch())
        whole = await asyncio.gather(
            *(one(made, f"text:{STREAM_TOKENS}:50") for _ in range(STREAMS))
        )
        watching.cancel()
        wall = time.monotonic() - began
        tell(
            "streams",
            streams=STREAMS,
            whole=sum(whole),
            tokens_per_s=round(STREAMS * STREAM_TOKENS / wall),
            cpu_percent=round(100 * (time.process_time() - before) / wall, 1),
            wall_ratio=round(wall / (STREAM_TOKENS / 50), 2),
            kb_per_stream=round((most - rss) / 1024 / STREAMS, 1),
        )


async def measure_cancel(url: str) -> None:
    """Close streams in their middle; ask the server when their connections ended."""
    import httpx

    closed: dict[str, float] = {}
    async with providers() as made:
        for number in range(50):
            events = asking(made, url, f"hang:{number}")
            await anext(events)
            closed[str(number)] = time.monotonic()
            await events.aclose()
        async with httpx.AsyncClient(trust_env=False) as client:
            seen: dict[str, float] = {}
            while len(seen) < len(closed):
                seen = (await client.get(f"{url}/closed")).json()
    late = [(seen[number] - at) * 1000 for number, at in closed.items()]
    tell(
        "cancel",
        streams=len(late),
        p50_ms=round(statistics.median(late), 2),
        max_ms=round(max(late), 2),
    )


async def measure_turns(url: str) -> None:
    """Have a thousand turns go wrong at random."""
    import psutil

    from desktop_chat.core.services import Service as Asked
    from desktop_chat.wiring import build

    process = psutil.Process()
    house = build(os.environ)
    await house.open()
    service = Asked(
        "bench", {"": "Bench"}, base_url=url, auth="none", idle_timeout=0.2, first_token_timeout=0.5
    )
    house.catalogue.save(service)
    chance = random.Random(7)
    heard: dict[str, str] = {}
    ends: dict[str, int] = {}
    gate = asyncio.Semaphore(20)

    async def turn(number: int) -> None:
        async with gate:
            message = await bad_turn(house, f"wild:{number}", chance.random())
        heard[message.id] = message.text
        state = message.state.value if message.error is None else message.error.kind.value
        ends[state] = ends.get(state, 0) + 1

    await turn(-1)
    before = (len(asyncio.all_tasks()), process.num_fds())
    began = time.monotonic()
    await asyncio.gather(*(turn(number) for number in range(TURNS)))
    wall = time.monotonic() - began
    await house.providers.aclose()
    left = (len(asyncio.all_tasks()), process.num_fds())
    stored = {item.id: item.text for item in await house.store.messages(list(heard))}
    lost = sum(stored.get(name) != text for name, text in heard.items())
    await house.aclose()
    tell(
        "turns",
        turns=TURNS,
        seconds=round(wall, 1),
        ends=ends,
        tasks_left=max(0, left[0] - before[0]),
        files_left=max(0, left[1] - before[1]),
        texts_lost=lost,
    )


async def bad_turn(house: Any, model: str, stop_at: float) -> Any:
    """Ask in a conversation of its own; return the answer as the session heard it."""
    from dataclasses import replace

    from desktop_chat.chat.session_events import MessageDelta, MessageFinished
    from desktop_chat.core.events import TextDelta
    from desktop_chat.core.messages import ChatOptions

    session = house.sessions.session()
    await session.set_options(ChatOptions(service_id="bench", model=model))
    parts: list[str] = []
    final: list[Any] = []
    stopping: list[asyncio.Task[None]] = []

    def hear(event: object) -> None:
        if isinstance(event, MessageDelta) and isinstance(event.delta, TextDelta):
            parts.append(event.delta.text)
            if stop_at < 0.1 and not stopping:
                stopping.append(asyncio.ensure_future(session.stop()))
        elif isinstance(event, MessageFinished):
            final.append(event.message)

    unsubscribe = session.subscribe(hear)
    await session.send("go")
    await session.wait()
    if stopping:
        await stopping[0]
    await session.retry_saving()
    unsubscribe()
    house.sessions.release(session)
    # What was heard, not what the session says that it has.
    return replace(final[-1], text="".join(parts))


async def measure(cases: list[str], url: str) -> None:
    """Measure what needs a server."""
    measures = {
        "latency": measure_latency,
        "streams": measure_streams,
        "cancel": measure_cancel,
        "turns": measure_turns,
    }
    for name in cases:
        if name in measures:
            await measures[name](url)


def main() -> None:
    """Measure everything and print a line for each case."""
    names = ("decode", "latency", "streams", "cancel", "turns")
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--case", action="append", choices=names)
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.serve:
        asyncio.run(serve())
        return
    cases = arguments.case or list(names)
    if "decode" in cases:
        measure_decoding()
    with tempfile.TemporaryDirectory() as home, a_server() as url:
        os.environ["DESKTOP_CHAT_HOME"] = home
        asyncio.run(measure(cases, url))


if __name__ == "__main__":
    main()
