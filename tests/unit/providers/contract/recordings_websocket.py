"""The WebSocket under the contract. Each line of a body is one message."""

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from desktop_chat.core.errors import ErrorKind
from desktop_chat.core.events import FinishReason, Usage
from desktop_chat.providers.websocket import WebSocketChat
from tests.helpers.byte_server import delta
from tests.helpers.websocket_server import Refusal as Refused
from tests.helpers.websocket_server import Script, Step, WebSocketServer
from tests.unit.providers.contract.recording import Recording, Refusal, over_http
from tests.unit.providers.contract.wire import Said, Served


class WebSocketWire:
    """Serves each line as a message."""

    def serve(self, replies: Sequence[Said]) -> AbstractAsyncContextManager[Served]:
        """Serve while the context lasts."""
        return _serving([_script(said) for said in replies])


@asynccontextmanager
async def _serving(scripts: Sequence[Script]) -> AsyncIterator[Served]:
    async with WebSocketServer(scripts) as server:
        yield Served(server.url, server.asked, server.disconnected)


def _script(said: Said) -> Script:
    body = b"".join(said.pieces)
    if said.status >= 400:
        return Refused(said.status, body, (("Content-Type", said.content_type),))
    steps: list[Step] = [_message(line) for line in body.split(b"\n") if line]
    if said.wait is not None:
        steps.append(said.wait)
    if said.end is not None:
        steps.append(said.end)
    return steps


def _message(line: bytes) -> str | bytes:
    try:
        return line.decode()
    except UnicodeDecodeError:
        return line


def lines(*values: object) -> bytes:
    """Return values as lines of JSON; a string as it is."""
    texts = [value if isinstance(value, str) else json.dumps(value) for value in values]
    return "\n".join(texts).encode() + b"\n"


CHUNKS = lines(
    {"conversation_id": "c-1", **delta(role="assistant", content=None)},
    delta(reasoning_content="why"),
    delta("Hel"),
    delta("lo 你好"),
    delta(finish="length"),
    {"choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 4}},
    "[DONE]",
)
PLAIN = lines({"text": "Hel"}, {"content": "lo"}, {"delta": {"content": "!"}}, {"done": True})
NO_END = lines({"text": "Hel"}, {"text": "lo"})

RECORDINGS = (
    Recording(
        "websocket",
        make=over_http(WebSocketChat),
        decoder=None,
        body=CHUNKS,
        text="Hello 你好",
        reasoning="why",
        reason=FinishReason.LENGTH,
        usage=Usage(3, 4),
        remote_id="c-1",
        cut=lines(delta("Hel")),
        cut_text="Hel",
        refusals=(
            Refusal(
                401,
                b'{"error": {"message": "bad key", "code": "invalid_api_key"}}',
                ErrorKind.AUTHENTICATION,
                "bad key",
            ),
            Refusal(503, b"", ErrorKind.OVERLOADED),
        ),
        wire=WebSocketWire(),
    ),
    Recording(
        "websocket, plain",
        make=over_http(WebSocketChat),
        decoder=None,
        body=PLAIN,
        text="Hello!",
        cut=lines({"text": "Hel"}),
        cut_text="Hel",
        service={"options": {"request": "prompt"}},
        wire=WebSocketWire(),
    ),
    Recording(
        "websocket, plain and ended by its close",
        make=over_http(WebSocketChat),
        decoder=None,
        body=NO_END,
        text="Hello",
        wire=WebSocketWire(),
    ),
)
