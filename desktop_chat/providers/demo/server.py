"""The loopback server of the demo: the same HTTP and event stream as a real service."""

import asyncio
import json
import logging
import secrets
import time
from collections.abc import Iterable
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

from desktop_chat.providers.demo.answers import Answers, Plan, Refusal
from desktop_chat.providers.demo.models import MODELS

_MAX_BODY: Final = 64 * 1024 * 1024
_log: Final = logging.getLogger(__name__)


class DemoServer:
    """Serves 127.0.0.1 under a path that only this process knows.

    Args:
        texts: the folder with the answers.
        speed: 1.0 is a natural pace; ``math.inf`` does not wait at all.
    """

    def __init__(self, texts: Path, *, speed: float = 1.0) -> None:
        self._answers = Answers(texts)
        self._speed = speed
        self._token = secrets.token_urlsafe(24)
        self._server: asyncio.Server | None = None
        self._lock = asyncio.Lock()
        self._connections: set[asyncio.Task[None]] = set()
        self._starts: set[asyncio.Task[asyncio.Server]] = set()

    async def start(self) -> str:
        """Start, if it does not run yet, and return the base URL.

        Raises:
            OSError: there is no loopback to listen on.
        """
        # In a task of its own: asyncio leaves the socket of a start that is cancelled open.
        starting = asyncio.get_running_loop().create_task(self._listen())
        self._starts.add(starting)
        starting.add_done_callback(self._starts.discard)
        server = await asyncio.shield(starting)
        port = server.sockets[0].getsockname()[1]
        return f"http://127.0.0.1:{port}/{self._token}/v1"

    async def _listen(self) -> asyncio.Server:
        async with self._lock:
            if self._server is None:
                self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
            return self._server

    async def aclose(self) -> None:
        """Stop: every connection is closed and its task has ended when this returns."""
        await asyncio.gather(*self._starts, return_exceptions=True)
        async with self._lock:
            server, self._server = self._server, None
        if server is None:
            return
        # Who connected a moment ago is not the server's yet: closed now, asyncio would lose the
        # socket instead of closing it.
        await _turns()
        server.close()
        for task in self._connections:
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)
        await server.wait_closed()
        # A transport that was aborted closes its socket in a later turn of the loop.
        await _turns()

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.get_running_loop().create_task(self._connection(reader, writer))
        self._connections.add(task)
        task.add_done_callback(self._connections.discard)
        # Also when it is cancelled before its first step.
        task.add_done_callback(lambda _task: writer.close())

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while (head := await _read_head(reader)) is not None:
                method, path, length = head
                known, _, rest = path.removeprefix("/").partition("/")
                if not secrets.compare_digest(known.encode(), self._token.encode()):
                    # Whoever it is: nothing more is read from them, and nothing kept.
                    await _send_error(writer, Refusal(404, "not_found", "There is nothing here"))
                    return
                content = await reader.readexactly(length)
                if not await self._serve((method, rest, content), reader, writer):
                    return
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, ValueError):
            _log.debug("a demo connection ended", exc_info=True)
        except asyncio.CancelledError:
            # What the other side has not read yet is not waited for.
            writer.transport.abort()
            raise
        finally:
            await _close(writer)

    async def _serve(
        self,
        request: tuple[str, str, bytes],
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> bool:
        """Answer one request, whose path lacks what is secret; return whether the connection can
        be used again.
        """
        method, rest, content = request
        if (method, rest) == ("GET", "v1/models"):
            data = [{"id": model.id, "object": "model"} for model in MODELS]
            await _send_json(writer, 200, {"object": "list", "data": data})
        elif (method, rest) == ("POST", "v1/chat/completions"):
            return await self._chat(content, reader, writer)
        else:
            await _send_error(writer, Refusal(404, "not_found", f"No {method} here"))
        return True

    async def _chat(
        self, content: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> bool:
        try:
            request = json.loads(content)
        except (ValueError, RecursionError):
            request = None
        if not isinstance(request, dict):
            await _send_error(writer, Refusal(400, "invalid_request_error", "Not a JSON object"))
            return True
        try:
            plan = await asyncio.to_thread(self._answers.plan, request)
        except OSError as error:
            plan = Refusal(500, "missing_text", f"A text of the demo cannot be read: {error}")
        if isinstance(plan, Refusal):
            await _send_error(writer, plan)
            return True
        play = _Play(plan, request, reader, writer, self._speed)
        return await (play.stream() if request.get("stream") else play.whole())


async def _close(writer: asyncio.StreamWriter) -> None:
    writer.close()
    try:
        await writer.wait_closed()
    except OSError:
        _log.debug("a demo connection was gone before it was closed", exc_info=True)
    except asyncio.CancelledError:
        writer.transport.abort()
        raise


async def _turns() -> None:
    """Let what is queued on the loop happen, and what that queues."""
    for _turn in range(3):
        await asyncio.sleep(0)


class _Play:
    """Plays one answer.

    Args:
        plan: what to answer.
        request: the body of the request.
        reader: of the connection, to notice that the client is gone.
        writer: of the connection.
        speed: see ``DemoServer``.
    """

    def __init__(
        self,
        plan: Plan,
        request: dict[str, Any],
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        speed: float,
    ) -> None:
        self._plan = plan
        self._reader = reader
        self._writer = writer
        self._speed = speed
        options = request.get("stream_options")
        self._wants_usage = isinstance(options, dict) and bool(options.get("include_usage"))
        self._usage = _usage(plan, request)
        self._head = {
            "id": f"demo-{secrets.token_hex(8)}",
            "created": int(time.time()),
            "model": str(request.get("model")),
        }

    async def stream(self) -> bool:
        """Send the answer as events; return whether the connection can be used again."""
        self._writer.write(
            b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\n"
            b"Cache-Control: no-cache\r\nTransfer-Encoding: chunked\r\n\r\n"
        )
        await self._writer.drain()
        self._delta({"role": "assistant", "content": ""})
        await asyncio.sleep(self._plan.wait / self._speed)
        if not await self._paced("reasoning_content", self._plan.thinking):
            return False
        answer = self._plan.answer
        if self._plan.drop:
            answer = answer[: len(answer) * 2 // 3]
        if not await self._paced("content", answer) or self._plan.drop:
            return False
        self._delta({}, self._plan.reason)
        if self._wants_usage:
            self._event({"choices": [], "usage": self._usage})
        self._write(b"data: [DONE]\n\n")
        self._writer.write(b"0\r\n\r\n")
        await self._writer.drain()
        return True

    async def whole(self) -> bool:
        """Send the answer at once; return whether the connection can be used again."""
        await asyncio.sleep(self._plan.wait / self._speed)
        if self._plan.drop:
            self._writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{")
            await self._writer.drain()
            return False
        message = {"role": "assistant", "content": "".join(self._plan.answer)}
        if self._plan.thinking:
            message["reasoning_content"] = "".join(self._plan.thinking)
        choice = {"index": 0, "message": message, "finish_reason": self._plan.reason}
        body = self._head | {"object": "chat.completion", "choices": [choice]}
        await _send_json(self._writer, 200, body | {"usage": self._usage})
        return True

    async def _paced(self, name: str, pieces: Iterable[str]) -> bool:
        """Send pieces at the plan's pace; return False when the client is gone."""
        loop = asyncio.get_running_loop()
        begin = loop.time()
        for number, piece in enumerate(pieces):
            wait = begin + number / (self._plan.rate * self._speed) - loop.time()
            if wait > 0 or number % 64 == 0:
                await asyncio.sleep(max(wait, 0))
            if self._reader.at_eof() or self._writer.is_closing():
                return False
            self._delta({name: piece})
            await self._writer.drain()
        return True

    def _delta(self, delta: dict[str, str], reason: str | None = None) -> None:
        self._event({"choices": [{"index": 0, "delta": delta, "finish_reason": reason}]})

    def _event(self, fields: dict[str, Any]) -> None:
        body = self._head | {"object": "chat.completion.chunk"} | fields
        text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
        self._write(b"data: " + text.encode() + b"\n\n")

    def _write(self, data: bytes) -> None:
        self._writer.write(b"%x\r\n%b\r\n" % (len(data), data))


def _usage(plan: Plan, request: dict[str, Any]) -> dict[str, Any]:
    """Count tokens: pieces for what is written, a quarter of the bytes for what was read."""
    sizes = [len(json.dumps(message)) // 4 for message in request["messages"]]
    thinking = len(plan.thinking)
    total = thinking + len(plan.answer)
    return {
        "prompt_tokens": sum(sizes),
        "completion_tokens": total,
        "total_tokens": sum(sizes) + total,
        "prompt_tokens_details": {"cached_tokens": sum(sizes[:-1])},
        "completion_tokens_details": {"reasoning_tokens": thinking},
    }


async def _read_head(reader: asyncio.StreamReader) -> tuple[str, str, int] | None:
    """Return method, path and the length of the body; None when the client is done.

    Raises:
        ValueError: what came is no HTTP.
    """
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError as error:
        if error.partial:
            raise
        return None
    first, *lines = head.decode("latin-1").split("\r\n")
    method, path, _ = first.split(" ", 2)
    length = 0
    for line in lines:
        name, _, value = line.partition(":")
        if name.lower() == "content-length":
            length = int(value)
    if not 0 <= length <= _MAX_BODY:
        raise ValueError(length)
    return method, path, length


async def _send_error(writer: asyncio.StreamWriter, refusal: Refusal) -> None:
    error = {"message": refusal.message, "type": refusal.code, "code": refusal.code, "param": None}
    extra = f"Retry-After: {refusal.retry_after}\r\n" if refusal.retry_after else ""
    await _send_json(writer, refusal.status, {"error": error}, extra)


async def _send_json(
    writer: asyncio.StreamWriter, status: int, body: dict[str, Any], extra: str = ""
) -> None:
    content = json.dumps(body, ensure_ascii=False).encode()
    head = (
        f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\n"
        f"Content-Type: application/json; charset=utf-8\r\n{extra}"
        f"Content-Length: {len(content)}\r\n\r\n"
    )
    writer.write(head.encode("latin-1") + content)
    await writer.drain()
