import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Any

import pytest

from desktop_chat.core.errors import ErrorInfo, ErrorKind, ProviderError
from desktop_chat.core.events import (
    ChoiceDelta,
    FinishReason,
    ImagePart,
    Notice,
    NoticeKind,
    ReasoningDelta,
    RemoteId,
    StreamControl,
    StreamEvent,
    TextDelta,
    ToolCallDelta,
    Usage,
)
from desktop_chat.core.requests import ChatRequest
from desktop_chat.core.services import Model
from desktop_chat.core.trace import Trace, TraceNote
from desktop_chat.providers.address import parse_address
from desktop_chat.providers.errors import ErrorReader
from desktop_chat.providers.http import HttpTransport
from desktop_chat.providers.openai_chat import OpenAiChat
from desktop_chat.providers.retry import Retrying, RetryPolicy, may_help
from tests.helpers.byte_server import (
    ABORT,
    CLOSE,
    HANG,
    SSE_HEAD,
    ByteServer,
    chunk,
    delta,
    event,
    json_reply,
    sse,
)
from tests.unit.providers.support import first, hear, request, service

ANSWER = sse(delta("Hello"), delta(finish="stop"))
QUICK = RetryPolicy(base=0.001, ceiling=0.001)


def busy(status: int = 503, *headers: str) -> bytes:
    return json_reply(status, {"error": {"message": "busy"}}, *headers)


@pytest.fixture
async def transport(_no_leaked_tasks: None) -> AsyncIterator[HttpTransport]:
    made = HttpTransport(lambda _scheme, _host: "")
    yield made
    await made.aclose()


def protocol(transport: HttpTransport, server: ByteServer, **changes: Any) -> OpenAiChat:
    asked = service(server.url, **changes)
    address = parse_address(asked.base_url)
    return OpenAiChat(asked, address, None, transport, ErrorReader(address.host, str))


def retrying(
    transport: HttpTransport, server: ByteServer, policy: RetryPolicy = QUICK, **changes: Any
) -> Retrying:
    return Retrying(protocol(transport, server, **changes), policy)


@pytest.mark.parametrize(
    "script",
    [
        pytest.param(busy(429), id="429"),
        pytest.param(busy(429, "Retry-After: 0"), id="429, no wait"),
        pytest.param(busy(500), id="500"),
        pytest.param(busy(502), id="502"),
        pytest.param(busy(503), id="503"),
        pytest.param([CLOSE], id="closed before the headers"),
        pytest.param([ABORT], id="reset before the headers"),
        pytest.param([SSE_HEAD, CLOSE], id="dropped before the first delta"),
        pytest.param(sse(done=False), id="an empty stream"),
        pytest.param(sse({"error": {"message": "busy", "code": 503}}), id="an error in a 200"),
        pytest.param(sse(delta(role="assistant"), {"error": "busy"}), id="an error after a role"),
        pytest.param(sse(delta(finish="insufficient_system_resource")), id="no capacity"),
    ],
)
async def test_it_tries_again(transport: HttpTransport, script: Any) -> None:
    async with ByteServer([script, script, ANSWER]) as server:
        heard = await hear(retrying(transport, server))
        assert len(server.requests) == 3
        assert len({sent.body for sent in server.requests}) == 1
    assert (heard.text, heard.reason, heard.error) == ("Hello", FinishReason.STOP, None)
    retries = [notice for notice in heard.notices if notice.kind is NoticeKind.RETRY]
    assert [(n.attempt, n.attempts) for n in retries] == [(1, 5), (2, 5)]
    assert all(notice.error is not None for notice in retries)
    kinds = [notice.kind for notice in heard.notices]
    assert kinds == [NoticeKind.RETRY, NoticeKind.CONNECTING] * 2


@pytest.mark.parametrize(
    "script",
    [
        pytest.param(busy(400), id="400"),
        pytest.param(busy(401), id="401"),
        pytest.param(busy(402), id="402"),
        pytest.param(busy(403), id="403"),
        pytest.param(busy(404), id="404"),
        pytest.param(
            json_reply(429, {"error": {"code": "insufficient_quota", "message": ""}}),
            id="429 for no balance",
        ),
        pytest.param(sse(delta("a"), {"error": {"code": 503}}), id="after text"),
        pytest.param(sse(delta(reasoning="a"), {"error": {"code": 503}}), id="after thinking"),
        pytest.param(
            sse(delta(tool_calls=[{"id": "a", "function": {"name": "f"}}]), {"error": "x"}),
            id="after a tool call",
        ),
        pytest.param([SSE_HEAD + chunk(event(delta("a"))), CLOSE], id="dropped after text"),
        pytest.param([HANG], id="no first token"),
    ],
)
async def test_it_does_not_try_again(transport: HttpTransport, script: Any) -> None:
    async with ByteServer([script, ANSWER]) as server:
        heard = await hear(retrying(transport, server, first_token_timeout=0.05))
        assert len(server.requests) == 1
    assert heard.error is not None
    assert heard.notices == []


async def test_it_gives_up(transport: HttpTransport) -> None:
    async with ByteServer([busy()]) as server:
        heard = await hear(retrying(transport, server))
        assert len(server.requests) == 6
    assert heard.kind is ErrorKind.OVERLOADED
    assert [n.attempt for n in heard.notices if n.kind is NoticeKind.RETRY] == [1, 2, 3, 4, 5]


async def test_retry_after_is_obeyed(transport: HttpTransport) -> None:
    async with ByteServer([busy(429, "Retry-After-Ms: 30"), ANSWER]) as server:
        heard = await hear(retrying(transport, server))
    notice = heard.notices[0]
    assert notice.delay == 0.03
    assert notice.error is not None
    assert notice.error.kind is ErrorKind.RATE_LIMIT
    assert heard.text == "Hello"


async def test_a_wait_over_the_ceiling_is_left_to_the_user(transport: HttpTransport) -> None:
    async with ByteServer([busy(429, "Retry-After: 61"), ANSWER]) as server:
        heard = await hear(retrying(transport, server))
        assert len(server.requests) == 1
    assert heard.error is not None
    assert heard.error.retry_after == 61
    assert heard.notices == []


async def test_retry_now(transport: HttpTransport) -> None:
    async with ByteServer([busy(429, "Retry-After: 50"), ANSWER]) as server:
        control = StreamControl()
        stream = retrying(transport, server).stream(request(), control)
        assert (await first(stream, Notice)).delay == 50
        following = asyncio.ensure_future(anext(stream))
        await asyncio.sleep(0)
        control.retry_now()
        assert await following == Notice(NoticeKind.CONNECTING, 1, 5)
        assert (await first(stream, TextDelta)).text == "Hello"
        await stream.aclose()


@pytest.mark.parametrize("close", [True, False], ids=["close", "cancel"])
async def test_cancelling_a_wait(transport: HttpTransport, close: bool) -> None:
    async with ByteServer([busy(429, "Retry-After: 50"), ANSWER]) as server:
        stream = retrying(transport, server).stream(request(), StreamControl())
        await first(stream, Notice)
        if not close:
            task = asyncio.ensure_future(anext(stream))
            await asyncio.sleep(0)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
        await stream.aclose()
        assert len(server.requests) == 1


async def test_closing_closes_what_is_inside(transport: HttpTransport) -> None:
    async with ByteServer([[SSE_HEAD + chunk(event(delta("Hello"))), HANG]]) as server:
        stream = retrying(transport, server).stream(request(), StreamControl())
        await first(stream, TextDelta)
        await stream.aclose()
        await asyncio.wait_for(server.disconnected.wait(), 10)


class Endless:
    """A provider that notes when its stream is closed."""

    closed = False

    async def stream(
        self, request: ChatRequest, control: StreamControl
    ) -> AsyncGenerator[StreamEvent, None]:
        try:
            while True:
                yield TextDelta(request.model)
        finally:
            self.closed = True

    async def list_models(self) -> list[Model]:
        return []


async def test_it_is_closed_before_closing_returns() -> None:
    inner = Endless()
    stream = Retrying(inner, QUICK).stream(request(), StreamControl())
    await first(stream, TextDelta)
    await stream.aclose()
    assert inner.closed


async def test_a_finished_stream_ends(transport: HttpTransport) -> None:
    calls = delta(tool_calls=[{"id": "a", "function": {"name": "f", "arguments": "{}"}}])
    async with ByteServer([sse(calls, delta(finish="tool_calls"))]) as server:
        heard = await hear(retrying(transport, server))
        assert len(server.requests) == 1
    assert heard.events[0] == ToolCallDelta(0, "a", "f", "{}")
    assert heard.reason is FinishReason.TOOL_CALLS


async def test_lists_are_asked_once(transport: HttpTransport) -> None:
    async with ByteServer([json_reply(200, {"data": [{"id": "a"}]})]) as server:
        assert [m.id for m in await retrying(transport, server).list_models()] == ["a"]


def test_delays() -> None:
    policy = RetryPolicy()
    error = ErrorInfo(ErrorKind.SERVER)
    assert [policy.delay(n, error, 1.0) for n in range(1, 8)] == [0.5, 1, 2, 4, 8, None, None]
    assert policy.delay(3, error, 0.0) == 0.0
    assert policy.delay(3, error, 0.25) == 0.5
    assert RetryPolicy(retries=9).delay(9, error, 1.0) == 8.0
    asks = ErrorInfo(ErrorKind.RATE_LIMIT, retry_after=60.0)
    assert policy.delay(1, asks, 0.1) == 60.0
    assert policy.delay(6, asks, 0.1) is None


@pytest.mark.parametrize(
    ("error", "helps"),
    [
        (ErrorInfo(ErrorKind.TIMEOUT, code="connect"), True),
        (ErrorInfo(ErrorKind.TIMEOUT, status=408), True),
        (ErrorInfo(ErrorKind.TIMEOUT, code="first_token"), False),
        (ErrorInfo(ErrorKind.TIMEOUT, code="idle"), False),
        (ErrorInfo(ErrorKind.NETWORK, code="dns"), True),
        (ErrorInfo(ErrorKind.NETWORK, code="proxy"), False),
        (ErrorInfo(ErrorKind.NETWORK, code="tls"), False),
        (ErrorInfo(ErrorKind.CANCELLED), False),
        (ErrorInfo(ErrorKind.PROTOCOL), False),
    ],
)
def test_what_a_retry_may_help(error: ErrorInfo, helps: bool) -> None:
    assert may_help(error) is helps


class Failing:
    """A provider that fails after one event."""

    def __init__(self, event: StreamEvent) -> None:
        self._event = event
        self.asked = 0

    async def stream(
        self, request: ChatRequest, control: StreamControl
    ) -> AsyncGenerator[StreamEvent, None]:
        self.asked += 1
        yield self._event
        raise ProviderError(ErrorInfo(ErrorKind.SERVER))

    async def list_models(self) -> list[Model]:
        return []


@pytest.mark.parametrize(
    ("said", "asked"),
    [
        (TextDelta("a"), 1),
        (ReasoningDelta("a"), 1),
        (ToolCallDelta(0, "a", "f", ""), 1),
        (ChoiceDelta(1, "a"), 1),
        (ImagePart(b"", "image/png"), 1),
        (Usage(1, 1), 6),
        (RemoteId("a"), 6),
    ],
)
async def test_nothing_is_asked_again_after_a_delta_of_any_kind(
    said: StreamEvent, asked: int
) -> None:
    inner = Failing(said)
    heard = await hear(Retrying(inner, QUICK))
    assert (inner.asked, heard.kind) == (asked, ErrorKind.SERVER)


async def test_a_trace_tells_of_retries(transport: HttpTransport) -> None:
    trace = Trace()
    async with ByteServer([busy(), ANSWER]) as server:
        await hear(retrying(transport, server), control=StreamControl(trace))
    notes = [record for record in trace.records if isinstance(record, TraceNote)]
    assert [note.what for note in notes] == ["retry"]
    assert notes[0].error is not None
