import asyncio
import json
import threading
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any

import pytest

from desktop_chat.core.attachments import Attached, Attachment, AttachmentKind
from desktop_chat.core.errors import ErrorInfo, ErrorKind, ProviderError
from desktop_chat.core.events import FinishReason, StreamControl, TextDelta
from desktop_chat.core.messages import Role
from desktop_chat.core.requests import ChatMessage, ChatRequest
from desktop_chat.core.secret import Secret
from desktop_chat.core.services import Model, Service, Thinking, ThinkingDialect
from desktop_chat.providers import exchange
from desktop_chat.providers.address import parse_address
from desktop_chat.providers.auth import also_redacting, make_auth
from desktop_chat.providers.errors import ErrorReader
from desktop_chat.providers.http import HttpTransport
from desktop_chat.providers.openai_chat import OpenAiChat, chat_body
from tests.helpers.byte_server import (
    ABORT,
    CLOSE,
    END,
    HANG,
    SSE_HEAD,
    ByteServer,
    Script,
    chunk,
    delta,
    event,
    json_reply,
    raw_stream,
    reply,
    sse,
)
from tests.unit.providers.streams import CASES
from tests.unit.providers.support import collect, first, hear, request, service

ANSWER = sse(delta("Hello"), delta(finish="stop"))


@pytest.fixture
async def transport(_no_leaked_tasks: None) -> AsyncIterator[HttpTransport]:
    made = HttpTransport(lambda _scheme, _host: "")
    yield made
    await made.aclose()


def provider(
    transport: HttpTransport, server: ByteServer, key: str = "", **changes: Any
) -> OpenAiChat:
    asked = service(**({"base_url": server.url} | changes))
    secret = Secret(key) if key else None
    address = parse_address(asked.base_url)
    errors = ErrorReader(address.host, also_redacting(secret, lambda text: text))
    return OpenAiChat(asked, address, make_auth(asked, secret, errors), transport, errors)


@pytest.mark.parametrize("name", CASES)
async def test_streams_over_the_wire(transport: HttpTransport, name: str) -> None:
    """Each body in one piece, byte by byte, and ended by the close of the connection."""
    case = CASES[name]
    plain = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n" + case.body
    # Byte by byte for what is short.
    cut = 1 if len(case.body) < 4096 else 509
    scripts: list[Script] = [raw_stream(case.body), raw_stream(case.body, cut=cut), [plain, CLOSE]]
    async with ByteServer(scripts) as server:
        for _ in scripts:
            heard = await hear(provider(transport, server))
            assert heard.text == case.text
            assert heard.reasoning == case.reasoning
            assert heard.kind is case.error
            assert heard.reason is (None if case.error else case.reason)
            assert heard.usage == case.usage
            assert [(call.id, call.name, call.arguments) for call in heard.tools] == case.tools


async def test_a_large_question_is_made_in_a_thread(
    transport: HttpTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The base64 of some pictures takes longer than a frame of the window."""
    made: list[tuple[bool, int]] = []
    data = b"\x89PNG\r\n\x1a\n" + bytes(exchange.MAX_AT_ONCE)
    file = Attachment("k", "a.png", "image/png", len(data), AttachmentKind.IMAGE)
    large = ChatMessage(Role.USER, "?", attached=(Attached(file, data),))
    async with ByteServer([ANSWER]) as server:
        asked = provider(transport, server)
        body = asked.body

        def watched(question: ChatRequest) -> Any:
            here = threading.current_thread() is threading.main_thread()
            made.append((here, exchange.size_of(question)))
            return body(question)

        monkeypatch.setattr(asked, "body", watched)
        for message in (ChatMessage(Role.USER, "?"), large):
            heard = await collect(asked.stream(ChatRequest("m", (message,)), StreamControl()))
            assert heard.text == "Hello"
    assert made == [(True, 1), (False, len(data) + 1)]


async def test_what_is_sent(transport: HttpTransport) -> None:
    question = ChatRequest(
        "m",
        (
            ChatMessage(Role.SYSTEM, "be brief"),
            ChatMessage(Role.USER, "a\u2028b \ud800"),
            ChatMessage(Role.ASSISTANT, "b", reasoning="why"),
            ChatMessage(Role.USER, "你好"),
        ),
        temperature=0.5,
        top_p=0.9,
        max_tokens=100,
        extra={"top_k": 5, "temperature": 1},
    )
    async with ByteServer([ANSWER]) as server:
        asked = provider(
            transport,
            server,
            "sk-secret",
            auth="bearer",
            headers={"X-Title": "Chat"},
            body={"user": "me", "top_k": 1},
        )
        await hear(asked, question)
    sent = server.requests[0]
    assert (sent.method, sent.path) == ("POST", "/v1/chat/completions")
    assert sent.headers["authorization"] == "Bearer sk-secret"
    assert sent.headers["accept"] == "text/event-stream"
    assert sent.headers["accept-encoding"] == "identity"
    assert sent.headers["content-type"] == "application/json"
    assert sent.headers["x-title"] == "Chat"
    assert sent.json() == {
        "model": "m",
        "messages": [
            {"role": "system", "content": "be brief"},
            {"role": "user", "content": "a\u2028b ?"},
            {"role": "assistant", "content": "b"},
            {"role": "user", "content": "你好"},
        ],
        "stream": True,
        "stream_options": {"include_usage": True},
        "temperature": 1,
        "top_p": 0.9,
        "max_tokens": 100,
        "user": "me",
        "top_k": 5,
    }


def test_bodies() -> None:
    plain = {"model": "m", "messages": [{"role": "user", "content": "Hello"}], "stream": True}
    no_usage = service(usage_in_stream=False)
    assert chat_body(no_usage, "h", request()) == plain
    whole = chat_body(service(), "h", request(stream=False))
    assert whole == plain | {"stream": False}
    openai = chat_body(no_usage, "api.openai.com", request(max_tokens=9))
    assert openai == plain | {"max_completion_tokens": 9}
    thinking = Thinking(ThinkingDialect.TYPE, ("low", "high"))
    thinker = service(usage_in_stream=False, models=(Model("m", thinking=thinking),))
    asked = chat_body(thinker, "h", request(thinking=True, effort="high"))
    assert asked == plain | {"thinking": {"type": "enabled"}, "reasoning_effort": "high"}
    wins = chat_body(thinker, "h", request(thinking=True, extra={"thinking": {"type": "auto"}}))
    assert wins["thinking"] == {"type": "auto"}
    other = request(model="other", thinking=True)
    assert "thinking" not in chat_body(thinker, "h", other)


@pytest.mark.parametrize(
    ("base", "path"),
    [
        ("", "/v1/chat/completions"),
        ("/", "/v1/chat/completions"),
        ("/v1", "/v1/chat/completions"),
        ("/v1/", "/v1/chat/completions"),
        ("/api/v3", "/api/v3/chat/completions"),
        ("/v1/chat/completions", "/v1/chat/completions"),
        ("/chat/completions", "/chat/completions"),
    ],
)
async def test_addresses(transport: HttpTransport, base: str, path: str) -> None:
    async with ByteServer([ANSWER]) as server:
        asked = provider(transport, server, base_url=server.origin + base)
        assert (await hear(asked)).text == "Hello"
        assert server.requests[0].path == path


@pytest.mark.parametrize(("auth", "key"), [("none", "sk-secret"), ("bearer", "")])
async def test_no_key_is_sent(transport: HttpTransport, auth: str, key: str) -> None:
    async with ByteServer([ANSWER]) as server:
        await hear(provider(transport, server, key, auth=auth))
        assert "authorization" not in server.requests[0].headers


@pytest.mark.parametrize("key", ["sk-密钥", "sk-a b", "sk-a\nb", "sk-a\x00"])
async def test_a_key_that_is_none(transport: HttpTransport, key: str) -> None:
    async with ByteServer([ANSWER]) as server:
        heard = await hear(provider(transport, server, key, auth="bearer"))
        assert server.connections == 0
    assert heard.error is not None
    assert (heard.error.kind, heard.error.code) == (ErrorKind.AUTHENTICATION, "malformed_key")
    assert key not in repr(heard.error)


async def test_a_redirect_gets_no_key(transport: HttpTransport) -> None:
    async with ByteServer([ANSWER]) as other:
        moved = reply(307, "", f"Location: {other.url}/chat/completions")
        async with ByteServer([moved]) as server:
            heard = await hear(provider(transport, server, "sk-secret", auth="bearer"))
        assert other.connections == 0
    assert heard.kind is ErrorKind.REDIRECT


async def test_an_error_reply(transport: HttpTransport) -> None:
    body = {"error": {"message": "bad key sk-secret", "code": "invalid_api_key"}}
    refused = json_reply(401, body, "X-Request-Id: r-1", "Retry-After: 7")
    async with ByteServer([refused, ANSWER]) as server:
        asked = provider(transport, server, "sk-secret", auth="bearer")
        heard = await hear(asked)
        assert (await hear(asked)).text == "Hello"
        assert server.connections == 1, "the connection of an error can be used again"
    assert heard.error == ErrorInfo(
        ErrorKind.AUTHENTICATION,
        status=401,
        message="bad key ***",
        code="invalid_api_key",
        request_id="r-1",
        host="127.0.0.1",
        retry_after=7.0,
        raw=json.dumps(body).replace("sk-secret", "***"),
    )


async def test_one_connection_for_two_questions(transport: HttpTransport) -> None:
    async with ByteServer([ANSWER]) as server:
        for _ in range(2):
            assert (await hear(provider(transport, server))).reason is FinishReason.STOP
        assert [sent.connection for sent in server.requests] == [0, 0]


async def test_a_body_that_stays_open_after_its_end(transport: HttpTransport) -> None:
    body = SSE_HEAD + chunk(event(delta("Hello", finish="stop")) + event("[DONE]"))
    async with ByteServer([[body, HANG]]) as server:
        heard = await hear(provider(transport, server))
        await asyncio.wait_for(server.disconnected.wait(), 10)
    assert (heard.text, heard.reason) == ("Hello", FinishReason.STOP)


@pytest.mark.parametrize("end", [HANG, CLOSE, ABORT])
async def test_a_reason_without_an_end(transport: HttpTransport, end: Any) -> None:
    """The answer is complete: what is missing is no reason to call it broken."""
    body = SSE_HEAD + chunk(event(delta("Hello", finish="length")))
    async with ByteServer([[body, end]]) as server:
        heard = await hear(provider(transport, server, idle_timeout=0.05))
    assert (heard.text, heard.reason) == ("Hello", FinishReason.LENGTH)


async def test_silence_after_the_reason_is_not_waited_out(
    transport: HttpTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exchange, "AFTER_FINISH_TIMEOUT", 0.05)
    body = SSE_HEAD + chunk(event(delta("Hello", finish="stop")))
    async with ByteServer([[body, HANG]]) as server, asyncio.timeout(10):
        heard = await hear(provider(transport, server, idle_timeout=60.0))
    assert (heard.text, heard.reason) == ("Hello", FinishReason.STOP)


@pytest.mark.parametrize("end", [CLOSE, ABORT])
async def test_a_drop_keeps_the_text(transport: HttpTransport, end: Any) -> None:
    pieces = chunk(event(delta("Hel"))) + chunk(event(delta("lo"))[:-2])
    go = asyncio.Event()
    async with ByteServer([[SSE_HEAD + pieces, go, end]]) as server:
        stream = provider(transport, server).stream(request(), StreamControl())
        async with aclosing(stream):
            text = (await first(stream, TextDelta)).text
            go.set()
            rest = await collect(stream)
    assert text + rest.text == "Hello"
    assert rest.kind is ErrorKind.DROPPED


async def test_a_stall_is_a_time_out_and_keeps_the_text(transport: HttpTransport) -> None:
    body = SSE_HEAD + chunk(event(delta("Hello")) + b"data: ")
    async with ByteServer([[body, HANG]]) as server:
        heard = await hear(provider(transport, server, idle_timeout=0.05))
        await asyncio.wait_for(server.disconnected.wait(), 10)
    assert heard.text == "Hello"
    assert heard.error is not None
    assert (heard.error.kind, heard.error.code) == (ErrorKind.TIMEOUT, "idle")
    assert heard.error.values == {"seconds": "0.05"}


@pytest.mark.parametrize("begin", [b"", SSE_HEAD, SSE_HEAD + chunk(b": wait\n\n")])
async def test_no_first_token_is_a_time_out(transport: HttpTransport, begin: bytes) -> None:
    async with ByteServer([[begin, HANG]]) as server:
        heard = await hear(provider(transport, server, first_token_timeout=0.05))
    assert heard.error is not None
    assert (heard.error.kind, heard.error.code) == (ErrorKind.TIMEOUT, "first_token")
    assert heard.events == []


async def test_keep_alives_start_the_time_anew(transport: HttpTransport) -> None:
    """Silence of 0.6 s in all, with a limit of 0.2 s and a sign of life every 0.02 s."""
    ping = (0.02, chunk(b": keep-alive\n\n"))
    script: list[Any] = [SSE_HEAD, *[ping] * 30, chunk(event(delta("Hel"))), *[ping] * 30]
    script += [chunk(event(delta("lo", finish="stop"))), END]
    async with ByteServer([script]) as server:
        asked = provider(transport, server, first_token_timeout=0.2, idle_timeout=0.2)
        heard = await hear(asked)
    assert (heard.text, heard.reason) == ("Hello", FinishReason.STOP)


async def test_stopping_closes_the_socket(transport: HttpTransport) -> None:
    async with ByteServer([[SSE_HEAD + chunk(event(delta("Hello"))), HANG]]) as server:
        stream = provider(transport, server).stream(request(), StreamControl())
        assert (await first(stream, TextDelta)).text == "Hello"
        await stream.aclose()
        await asyncio.wait_for(server.disconnected.wait(), 10)


async def test_cancelling_closes_the_socket(transport: HttpTransport) -> None:
    async with ByteServer([[SSE_HEAD + chunk(event(delta("Hello"))), HANG]]) as server:
        task = asyncio.create_task(hear(provider(transport, server)))
        await server.asked.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.wait_for(server.disconnected.wait(), 10)


async def test_a_whole_answer(transport: HttpTransport) -> None:
    message = {"role": "assistant", "content": "Hello", "reasoning_content": "why"}
    body = {"choices": [{"index": 0, "message": message, "finish_reason": "stop"}]}
    async with ByteServer([json_reply(200, body), ANSWER]) as server:
        for reasoning in ("why", ""):
            heard = await hear(provider(transport, server), request(stream=False))
            assert (heard.text, heard.reasoning) == ("Hello", reasoning)
            assert heard.reason is FinishReason.STOP
        assert server.requests[0].json()["stream"] is False
        assert server.requests[0].headers["accept"] == "application/json"


async def models(
    transport: HttpTransport, script: Any, **changes: Any
) -> tuple[list[Model], ByteServer]:
    async with ByteServer([script]) as server:
        return await provider(transport, server, **changes).list_models(), server


@pytest.mark.parametrize(
    "payload",
    [
        {"object": "list", "data": [{"id": "a"}, {"id": "b"}, {"id": "a"}, {}, None]},
        {"models": [{"name": "a"}, {"model": "b"}]},
        ["a", "b"],
    ],
)
async def test_lists_of_models(transport: HttpTransport, payload: Any) -> None:
    found, server = await models(transport, json_reply(200, payload))
    assert [model.id for model in found] == ["a", "b"]
    assert (server.requests[0].method, server.requests[0].path) == ("GET", "/v1/models")


async def test_models_keep_what_is_known_of_them(transport: HttpTransport) -> None:
    known = Model("a", 9, 5, Thinking(ThinkingDialect.ENABLE))
    payload = {"data": [{"id": "a", "context_length": 1}, {"id": "b", "max_model_len": 7}]}
    found, server = await models(
        transport,
        json_reply(200, payload),
        models=(known,),
        models_path="/models?type=chat",
        thinking=Thinking(ThinkingDialect.TYPE),
    )
    assert found == [known, Model("b", 7, None, Thinking(ThinkingDialect.TYPE))]
    assert server.requests[0].path == "/v1/models?type=chat"


@pytest.mark.parametrize(
    ("script", "kind"),
    [
        (json_reply(401, {"error": {"message": "no"}}), ErrorKind.AUTHENTICATION),
        (reply(404, "404 page not found"), ErrorKind.NOT_FOUND),
        (reply(200, "<html><title>Hi</title></html>"), ErrorKind.PROTOCOL),
        (reply(200, ""), ErrorKind.PROTOCOL),
        (json_reply(200, {"error": {"message": "Invalid API key"}}), ErrorKind.AUTHENTICATION),
        (reply(302, "", "Location: https://login.test/"), ErrorKind.REDIRECT),
        ([CLOSE], ErrorKind.NETWORK),
    ],
)
async def test_no_list(transport: HttpTransport, script: Any, kind: ErrorKind) -> None:
    with pytest.raises(ProviderError) as caught:
        await models(transport, script)
    assert caught.value.info.kind is kind
    assert "<html" not in repr(caught.value.info)


async def test_a_service_without_a_list(transport: HttpTransport) -> None:
    with pytest.raises(ProviderError) as caught:
        await models(transport, ANSWER, models_path="")
    assert (caught.value.info.kind, caught.value.info.code) == (ErrorKind.NOT_FOUND, "no_list")


def test_a_service_is_what_the_catalogue_says() -> None:
    assert isinstance(service(), Service)
