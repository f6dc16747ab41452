"""What a trace takes down: everything in order, and no secret of any kind."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from desktop_chat.core.errors import ProviderError
from desktop_chat.core.events import (
    Done,
    FinishReason,
    Notice,
    NoticeKind,
    StreamControl,
    TextDelta,
)
from desktop_chat.core.trace import (
    Trace,
    TraceBytes,
    TraceEvent,
    TraceNote,
    TraceReply,
    TraceRequest,
)
from desktop_chat.providers.auth_base import ServiceAuth
from desktop_chat.providers.errors import ErrorReader
from desktop_chat.providers.http import HttpRequest, HttpTransport
from desktop_chat.providers.tracing import Traced, mask_url, preview
from tests.helpers.byte_server import (
    ABORT,
    END,
    SSE_HEAD,
    ByteServer,
    Script,
    chunk,
    json_reply,
    reply,
)

KEY = "wire-4f6c9d02e7"


def unknowing(text: str) -> str:
    """Redact nothing: what is masked is masked by where it stands."""
    return text


class Signer(ServiceAuth):
    """Puts the key wherever it is told to, and signs once more after a 401."""

    def __init__(self, place: str) -> None:
        self.place = place

    async def sign(self, request: httpx.Request) -> None:
        if self.place == "query":
            request.url = request.url.copy_add_param("k", KEY)
        elif self.place == "bearer":
            request.headers["authorization"] = f"Bearer {KEY}"
        else:
            request.headers[self.place] = KEY

    async def refused(self, response: httpx.Response) -> bool:
        return response.status_code == 401


class Exchanged(ServiceAuth):
    """Gets a token first, as OAuth does."""

    def __init__(self, url: str, form: bool) -> None:
        self.url = url
        self.form = form

    async def sign(self, request: httpx.Request) -> None:
        request.headers["authorization"] = f"Bearer token-{KEY}"

    async def async_auth_flow(self, request: httpx.Request) -> Any:
        fields = {"grant_type": "client_credentials", "client_id": "me", "client_secret": KEY}
        body: dict[str, Any] = {"data": fields} if self.form else {"json": fields}
        yield httpx.Request("POST", self.url, **body)
        await self.sign(request)
        yield request


@pytest.fixture
async def transport(_no_leaked_tasks: None) -> AsyncIterator[HttpTransport]:
    made = HttpTransport(lambda _scheme, _host: "")
    yield made
    await made.aclose()


async def traced(
    transport: HttpTransport,
    server: ByteServer,
    auth: httpx.Auth | None,
    redact: Any = unknowing,
    path: str = "/v1?a=1",
    body: bytes = b'{"q":"hello"}',
) -> Trace:
    trace = Trace()
    request = HttpRequest(
        "POST",
        server.origin + path,
        {"content-type": "application/json", "x-title": "t"},
        body,
        auth=auth,
        service_id="s",
        trace=trace,
    )
    async with transport.open(request, ErrorReader("here", redact)) as answer:
        if answer.status >= 400:
            await answer.read_error()
        else:
            await answer.read_all(10)
    return trace


def kinds(trace: Trace) -> list[str]:
    return [type(record).__name__ for record in trace.records]


def everything(trace: Trace) -> str:
    parts = [repr(record) for record in trace.records]
    for record in trace.records:
        if isinstance(record, TraceRequest):
            parts.append(record.body.decode("utf-8", "replace"))
        elif isinstance(record, TraceBytes):
            parts.append(record.data.decode("utf-8", "replace"))
    return "\n".join(parts)


@pytest.mark.parametrize("place", ["bearer", "x-api-key", "api-key", "x-company-door", "query"])
@pytest.mark.parametrize("redact", [unknowing, lambda text: text.replace(KEY, "***")])
async def test_everything_is_taken_down_but_the_key(
    transport: HttpTransport, place: str, redact: Any
) -> None:
    echo = json.dumps({"you": KEY})
    async with ByteServer([reply(200, echo, f"X-Echo: {KEY}", "Set-Cookie: id=word")]) as server:
        trace = await traced(transport, server, Signer(place), redact)
        sent, origin = server.requests[0], server.origin
    assert KEY in str(sent)
    assert kinds(trace) == ["TraceRequest", "TraceReply", "TraceBytes"]
    asked, answer, data = trace.records
    assert isinstance(asked, TraceRequest)
    assert isinstance(answer, TraceReply)
    assert isinstance(data, TraceBytes)
    assert (asked.method, asked.service_id, asked.body) == ("POST", "s", b'{"q":"hello"}')
    assert asked.url.startswith(f"{origin}/v1?a=1")
    assert set(sent.headers) == {name.lower() for name, _ in asked.headers}
    assert dict(asked.headers)["x-title"] == "t"
    assert (answer.status, answer.http_version) == (200, "HTTP/1.1")
    assert data.data == b'{"you": "***"}'
    assert dict(answer.headers)["X-Echo"] == "***"
    for secret in (KEY, "id=word"):
        assert secret not in everything(trace)


@pytest.mark.parametrize("form", [True, False])
async def test_the_request_for_a_token_is_masked_and_its_reply_is_not_kept(
    transport: HttpTransport, form: bool
) -> None:
    token = json_reply(200, {"access_token": f"token-{KEY}"})
    async with ByteServer([token, reply(200, "ok")]) as server:
        trace = await traced(transport, server, Exchanged(f"{server.origin}/token", form))
        assert KEY in server.requests[0].body.decode()
    assert kinds(trace) == [
        "TraceRequest", "TraceReply", "TraceRequest", "TraceReply", "TraceBytes",
    ]  # fmt: skip
    assert KEY not in everything(trace)
    first = trace.records[0]
    assert isinstance(first, TraceRequest)
    assert b"client_id" in first.body
    assert b"***" in first.body


async def test_an_id_that_is_as_good_as_a_secret_is_masked(transport: HttpTransport) -> None:
    class Longer(Exchanged):
        async def async_auth_flow(self, request: httpx.Request) -> Any:
            yield httpx.Request("POST", self.url, data={"client_id": "client/of/the/company"})
            yield request

    def redact(text: str) -> str:
        return text.replace("client%2Fof%2Fthe%2Fcompany", "***")

    async with ByteServer([reply(200, "{}"), reply(200, "ok")]) as server:
        auth = Longer(f"{server.origin}/token", form=True)
        trace = await traced(transport, server, auth, redact)
    assert isinstance(trace.records[0], TraceRequest)
    assert trace.records[0].body == b"client_id=***"


async def test_asking_again_after_a_401_is_told(transport: HttpTransport) -> None:
    async with ByteServer([reply(401, f"bad {KEY}"), reply(200, "ok")]) as server:
        trace = await traced(transport, server, Signer("x-company-door"))
    assert kinds(trace) == [
        "TraceRequest", "TraceReply", "TraceNote", "TraceRequest", "TraceReply", "TraceBytes",
    ]  # fmt: skip
    note = trace.records[2]
    assert isinstance(note, TraceNote)
    assert note.what == "refresh"
    assert KEY not in everything(trace)


async def test_a_refusal_that_quotes_the_key_over_two_reads(transport: HttpTransport) -> None:
    head = SSE_HEAD.replace(b"200 OK", b"403 No")
    half = len(KEY) // 2
    script: Script = [
        head + chunk(f"no key {KEY[:half]}".encode()),
        (0.05, chunk(KEY[half:].encode()) + END),
    ]
    async with ByteServer([script]) as server:
        trace = await traced(transport, server, Signer("bearer"))
    data = trace.records[-1]
    assert isinstance(data, TraceBytes)
    assert data.data == b"no key ***"


async def test_an_answer_that_quotes_the_key_over_several_reads(transport: HttpTransport) -> None:
    trace = Trace()
    gates = [asyncio.Event() for _ in range(3)]
    said = [f"the key {KEY[:3]}".encode(), KEY[3:9].encode(), f"{KEY[9:]} and {KEY[:8]}".encode()]
    script: list[Any] = [SSE_HEAD, chunk(said[0]), gates[0], chunk(said[1]), gates[1]]
    script += [chunk(said[2]), gates[2], END]
    async with ByteServer([script]) as server:
        asked = HttpRequest("POST", server.url, auth=Signer("bearer"), trace=trace)
        async with transport.open(asked, ErrorReader("here", unknowing)) as answer:
            for gate in gates:
                await answer.read(10)
                gate.set()
            assert await answer.read(10) == b""
    came = [record.data for record in trace.records if isinstance(record, TraceBytes)]
    assert b"".join(came) == b"the key *** and ***"


async def test_a_connection_that_died_is_told(transport: HttpTransport) -> None:
    async with ByteServer([reply(200, "a"), [ABORT], reply(200, "b")]) as server:
        await traced(transport, server, None)
        trace = await traced(transport, server, None)
    assert kinds(trace) == [
        "TraceRequest", "TraceNote", "TraceRequest", "TraceReply", "TraceBytes",
    ]  # fmt: skip
    note = trace.records[1]
    assert isinstance(note, TraceNote)
    assert (note.what, note.detail) == ("retry", "connection")


async def test_each_read_is_a_record_with_its_time(transport: HttpTransport) -> None:
    go = asyncio.Event()
    trace = Trace()
    async with ByteServer([[SSE_HEAD + chunk(b"one"), go, chunk(b"two") + END]]) as server:
        request = HttpRequest("POST", server.url, trace=trace)
        async with transport.open(request, ErrorReader("here", unknowing)) as answer:
            assert await answer.read(10) == b"one"
            go.set()
            assert await answer.read(10) == b"two"
    data = [record for record in trace.records if isinstance(record, TraceBytes)]
    assert [record.data for record in data] == [b"one", b"two"]
    assert 0 < data[0].at <= data[1].at


async def test_a_large_body_is_kept_byte_for_byte(transport: HttpTransport) -> None:
    body = ('{"api_key":"' + KEY + '","q":"' + "图\\u2028" * 20_000 + '"}').encode()
    async with ByteServer([reply(200, "ok")]) as server:
        trace = await traced(transport, server, None, body=body)
    first = trace.records[0]
    assert isinstance(first, TraceRequest)
    assert first.body == body.replace(KEY.encode(), b"***")


def test_what_is_said_about_secrets_in_a_message_stays() -> None:
    body = json.dumps({"q": 'set "client_secret": "abcdefgh" and password=hunter2'}).encode()
    shown = preview(
        "s", "POST", "https://h/v1?key=abc&a=b%20c", {"x-api-key": KEY}, body, unknowing
    )
    assert shown.body == body
    assert shown.url == "https://h/v1?key=***&a=b%20c"
    assert shown.headers == (("x-api-key", "***"),)


def test_known_keys_are_taken_out_of_addresses_in_any_encoding() -> None:
    def redact(text: str) -> str:
        return text.replace("a/b c", "***")

    assert mask_url("https://h/?q=a%2Fb%20c&r=a%2Fb+c&s=1", redact) == "https://h/?q=***&r=***&s=1"


class Told:
    """A provider that says what it is told to."""

    def __init__(self, *events: Any) -> None:
        self.events = events

    async def stream(self, _request: Any, _control: StreamControl) -> AsyncIterator[Any]:
        for event in self.events:
            if isinstance(event, Exception):
                raise event
            yield event

    async def list_models(self) -> list[Any]:
        return []


async def run(trace: Trace | None, *events: Any) -> list[Any]:
    inner: Any = Told(*events)
    request: Any = None
    return [event async for event in Traced(inner).stream(request, StreamControl(trace))]


async def test_events_decisions_and_the_end_are_added() -> None:
    trace = Trace()
    error = ErrorReader("here", unknowing).error("server")  # type: ignore[arg-type]
    retry = Notice(NoticeKind.RETRY, 1, 5, 0.5, error.info)
    said = [retry, TextDelta("a"), Done(FinishReason.STOP)]
    assert await run(trace, *said) == said
    told = [
        (record.what, record.detail) if isinstance(record, TraceNote) else record.event
        for record in trace.records
        if isinstance(record, TraceNote | TraceEvent)
    ]
    assert told == [TextDelta("a"), Done(FinishReason.STOP), ("end", "stop")]
    assert await run(None, *said) == said


async def test_a_failure_and_a_stop_are_ends_too() -> None:
    trace = Trace()
    error = ErrorReader("here", unknowing).error("server")  # type: ignore[arg-type]
    with pytest.raises(ProviderError):
        await run(trace, TextDelta("a"), error)
    last = trace.records[-1]
    assert isinstance(last, TraceNote)
    assert (last.what, last.error) == ("error", error.info)
    trace = Trace()
    inner: Any = Told(TextDelta("a"), TextDelta("b"))
    request: Any = None
    stream = Traced(inner).stream(request, StreamControl(trace))
    await anext(stream)
    await stream.aclose()
    last = trace.records[-1]
    assert isinstance(last, TraceNote)
    assert (last.what, last.detail) == ("end", "stopped")
