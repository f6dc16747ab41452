"""Answers over a WebSocket, against a real server of it and against bytes that are none."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
from websockets.utils import accept_key

from desktop_chat.core.errors import ErrorInfo, ErrorKind, ProviderError
from desktop_chat.core.events import FinishReason, RemoteId, StreamControl, TextDelta
from desktop_chat.core.messages import Role
from desktop_chat.core.requests import ChatMessage
from desktop_chat.core.secret import Secret
from desktop_chat.core.services import Network
from desktop_chat.core.trace import Trace, TraceBytes, TraceReply, TraceRequest
from desktop_chat.providers import websocket_link
from desktop_chat.providers.address import parse_address
from desktop_chat.providers.auth import ServiceAuth, make_auth
from desktop_chat.providers.http import HttpTransport
from desktop_chat.providers.websocket import WebSocketChat
from tests.helpers.byte_server import CLOSE as FIN
from tests.helpers.byte_server import HANG as STALL
from tests.helpers.byte_server import ByteServer, delta, json_reply
from tests.helpers.proxy import Proxy
from tests.helpers.websocket_server import (
    ABORT,
    CLOSE,
    HANG,
    PING,
    Bye,
    Refusal,
    Script,
    Step,
    WebSocketServer,
)
from tests.unit.providers.support import collect, first, hear, reader, request, service
from tests.unit.providers.test_network import WORD, ca_file, served, through

__all__ = ["ca_file"]

DONE = "[DONE]"


def said(text: str, finish: str | None = None) -> str:
    return json.dumps(delta(text, finish=finish))


HELLO: Script = [said("Hel"), said("lo", "stop"), DONE]


@pytest.fixture
async def transport(_no_leaked_tasks: None) -> AsyncIterator[HttpTransport]:
    made = HttpTransport(lambda _scheme, _host: "")
    yield made
    await made.aclose()


def asking(
    transport: HttpTransport, base_url: str, key: Secret | None = None, **changes: Any
) -> WebSocketChat:
    asked = service(base_url, **({"models_path": "/models"} | changes))
    address = parse_address(asked.base_url)
    errors = reader(address.host)
    return WebSocketChat(asked, address, make_auth(asked, key, errors), transport, errors)


def opened_by(head: bytes) -> bytes:
    """Return the reply that opens a WebSocket, for a server that does nothing more."""
    name = b"Sec-WebSocket-Key: "
    key = next(line for line in head.split(b"\r\n") if line.startswith(name))
    accepts = accept_key(key.removeprefix(name).decode())
    return (
        "HTTP/1.1 101 Switching\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Accept: {accepts}\r\n\r\n"
    ).encode()


async def test_a_question_is_one_message(transport: HttpTransport) -> None:
    async with WebSocketServer([HELLO]) as server:
        asked = asking(
            transport,
            server.url,
            Secret("sk-secret"),
            auth="bearer",
            headers={"X-Title": "聊天"},
            usage_in_stream=False,
        )
        heard = await hear(asked, request("你好", temperature=0.5, extra_headers={"X-More": "1"}))
    assert (heard.text, heard.reason, heard.error) == ("Hello", FinishReason.STOP, None)
    (sent,) = server.asked_with
    assert sent.path == "/v1/chat/stream"
    assert sent.headers["authorization"] == "Bearer sk-secret"
    assert sent.headers["x-title"].encode("latin-1").decode() == "聊天"
    assert sent.headers["x-more"] == "1"
    assert sent.headers["user-agent"] == "desktop-chat"
    assert "sec-websocket-extensions" not in sent.headers
    assert "content-type" not in sent.headers
    assert sent.json() == {
        "model": "m",
        "messages": [{"role": "user", "content": "你好"}],
        "stream": True,
        "temperature": 0.5,
    }
    assert server.goodbyes == [1000]


async def test_a_bare_prompt(transport: HttpTransport) -> None:
    async with WebSocketServer([['{"text": "Hi", "conversation_id": "c-1"}', Bye()]]) as server:
        asked = asking(transport, server.url, options={"request": "prompt"})
        heard = await hear(asked, request(model="default"))
        branch = (ChatMessage(Role.ASSISTANT, "Hi"), ChatMessage(Role.USER, "And?"))
        await hear(asked, request(model="default", messages=branch, remote_id="c-1"))
    assert (heard.text, heard.reason) == ("Hi", FinishReason.STOP)
    assert RemoteId("c-1") in heard.events
    one, two = server.asked_with
    assert one.json() == {"prompt": "Hello", "stream": True}
    assert two.json() == {"prompt": "And?", "stream": True, "conversation_id": "c-1"}


async def test_only_the_last_messages_where_the_service_knows_the_rest(
    transport: HttpTransport,
) -> None:
    branch = (ChatMessage(Role.ASSISTANT, "Hi"), ChatMessage(Role.USER, "And?"))
    async with WebSocketServer([HELLO]) as server:
        await hear(asking(transport, server.url), request(messages=branch, remote_id="c-1"))
    body = server.asked_with[0].json()
    assert body["conversation_id"] == "c-1"
    assert body["messages"] == [{"role": "user", "content": "And?"}]


@pytest.mark.parametrize(
    ("base", "options", "path"),
    [
        ("ws://{at}", {}, "/v1/chat/stream"),
        ("ws://{at}/v1", {}, "/v1/chat/stream"),
        ("ws://{at}/v1/chat/stream", {}, "/v1/chat/stream"),
        ("ws://{at}/llm/talk/", {}, "/llm/talk"),
        ("ws://{at}/llm", {"stream_path": "/talk"}, "/llm/talk"),
        ("ws://{at}", {"stream_path": "/talk"}, "/talk"),
        ("http://{at}", {}, "/v1/chat/stream"),
        ("http://{at}/llm/v1", {}, "/llm/v1/chat/stream"),
    ],
)
async def test_where_it_asks(
    transport: HttpTransport, base: str, options: dict[str, Any], path: str
) -> None:
    async with WebSocketServer([HELLO]) as server:
        url = base.format(at=f"127.0.0.1:{server.port}")
        heard = await hear(asking(transport, url, options=options))
    assert heard.text == "Hello"
    assert server.asked_with[0].path == path


@pytest.mark.parametrize(
    ("messages", "text", "reason"),
    [
        ([said("a"), b'{"choices": [{"delta": {"content": "b"}}]}', DONE], "ab", "stop"),
        (['data: {"text": "a"}\n\n', 'data: {"text": "b"}', "data: [DONE]"], "ab", "stop"),
        ([said("a") + "\n" + said("b"), DONE], "ab", "stop"),
        ([said("a"), Bye()], "a", "unknown"),
        ([said("a"), Bye(1001)], "a", None),
        (['{"text": "a"}', Bye()], "a", "stop"),
        (['{"delta": "a"}', '{"type": "end"}', HANG], "a", "stop"),
        (['{"answer": "a", "finish_reason": "length"}', Bye()], "a", "length"),
        (['{"message": {"content": "a"}, "done": true}', Bye()], "a", "stop"),
        ([said("a\u2028\x85"), DONE], "a\u2028\x85", "stop"),
        (
            ['{"choices": [{"message": {"content": "a"}, "finish_reason": "stop"}]}', Bye()],
            "a",
            "stop",
        ),
        (["", "{}", "null", said("a"), DONE], "a", "stop"),
    ],
    ids=range(12),
)
async def test_shapes(
    transport: HttpTransport,
    monkeypatch: pytest.MonkeyPatch,
    messages: Script,
    text: str,
    reason: str | None,
) -> None:
    monkeypatch.setattr("desktop_chat.providers.websocket.AFTER_FINISH_TIMEOUT", 0.05)
    async with WebSocketServer([messages]) as server:
        heard = await hear(asking(transport, server.url))
    assert heard.text == text
    assert heard.reason == reason
    assert (heard.kind is ErrorKind.DROPPED) is (reason is None)


@pytest.mark.parametrize(
    ("last", "kind", "says"),
    [
        ('{"error": {"message": "overloaded", "code": 503}}', ErrorKind.OVERLOADED, "overloaded"),
        ('{"error": "no such model"}', ErrorKind.NOT_FOUND, "no such model"),
        ("error: upstream", ErrorKind.SERVER, "error: upstream"),
        ('{"code": 30001, "message": "x"}', ErrorKind.BALANCE, "x"),
        ("{", ErrorKind.PROTOCOL, ""),
        (Bye(1008, "invalid api key"), ErrorKind.AUTHENTICATION, "invalid api key"),
        (Bye(1008, "no"), ErrorKind.PERMISSION, "no"),
        (Bye(1011, "boom"), ErrorKind.SERVER, "boom"),
        (Bye(1013, ""), ErrorKind.OVERLOADED, ""),
        (Bye(4429, "slow down"), ErrorKind.RATE_LIMIT, "slow down"),
        (Bye(4001, ""), ErrorKind.AUTHENTICATION, ""),
        (Bye(4999, "余额不足"), ErrorKind.BALANCE, "余额不足"),
        (Bye(4999, ""), ErrorKind.DROPPED, ""),
        (CLOSE, ErrorKind.DROPPED, ""),
        (ABORT, ErrorKind.DROPPED, ""),
    ],
    ids=range(15),
)
async def test_what_came_before_an_error_stays(
    transport: HttpTransport, last: Any, kind: ErrorKind, says: str
) -> None:
    go = asyncio.Event()
    async with WebSocketServer([[said("Hel"), go, last]]) as server:
        stream = asking(transport, server.url).stream(request(), StreamControl())
        part = await first(stream, TextDelta)
        go.set()
        heard = await collect(stream)
    assert part == TextDelta("Hel")
    assert heard.error is not None
    assert (heard.kind, heard.error.message) == (kind, says)
    assert heard.error.status != 200, "no reply said so"
    assert len(server.asked_with) == 1


async def test_one_more_try_before_the_first_token(transport: HttpTransport) -> None:
    async with WebSocketServer([[CLOSE], HELLO]) as server:
        heard = await hear(asking(transport, server.url))
        assert (heard.text, heard.error) == ("Hello", None)
        server.scripts = [[ABORT]]
        heard = await hear(asking(transport, server.url))
    assert heard.kind is ErrorKind.DROPPED
    assert len(server.asked_with) == 4


@pytest.mark.parametrize("begun", [[], [said("Hel")]])
async def test_stopping_says_good_bye(transport: HttpTransport, begun: list[str]) -> None:
    async with WebSocketServer([[*begun, HANG]]) as server:
        task = asyncio.create_task(hear(asking(transport, server.url)))
        await server.asked.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.wait_for(server.disconnected.wait(), 10)
    assert server.goodbyes == [1000]


@pytest.mark.parametrize("impatient", [False, True])
async def test_stopping_needs_nobody_else(transport: HttpTransport, *, impatient: bool) -> None:
    """The service does not answer the good-bye: the connection goes all the same; also where it
    is stopped once more while that is said.
    """
    go = asyncio.Event()

    async def deaf(stream: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await stream.readuntil(b"\r\n\r\n")
        writer.write(opened_by(head))
        await stream.read(1)
        opened.set()
        while await stream.read(1024):
            pass
        go.set()
        writer.close()

    opened = asyncio.Event()
    server = await asyncio.start_server(deaf, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        task = asyncio.create_task(hear(asking(transport, f"ws://127.0.0.1:{port}")))
        await opened.wait()
        task.cancel()
        if impatient:
            await asyncio.sleep(0)
            task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.wait_for(go.wait(), 10)
    await asyncio.sleep(0)


async def test_stopping_while_it_opens(transport: HttpTransport) -> None:
    async with ByteServer([[STALL]]) as server:
        task = asyncio.create_task(hear(asking(transport, server.origin)))
        await server.asked.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.wait_for(server.disconnected.wait(), 10)


@pytest.mark.parametrize(
    ("begun", "changes", "code", "seconds"),
    [
        ([], {"first_token_timeout": 0.1}, "first_token", "0.1"),
        ([said("Hel")], {"idle_timeout": 0.1}, "idle", "0.1"),
        ([said("Hel")], {"total_timeout": 0.3}, "total", "0.3"),
        ([], {"total_timeout": 0.2}, "total", "0.2"),
    ],
)
async def test_time_outs(
    transport: HttpTransport, begun: list[str], changes: dict[str, Any], code: str, seconds: str
) -> None:
    async with WebSocketServer([[*begun, HANG]]) as server:
        heard = await hear(asking(transport, server.url, **changes))
    assert heard.text == ("Hel" if begun else "")
    assert heard.error is not None
    assert (heard.kind, heard.error.code) == (ErrorKind.TIMEOUT, code)
    assert heard.error.values == {"seconds": seconds}


async def test_a_slow_opening(transport: HttpTransport) -> None:
    async with ByteServer([[STALL]]) as server:
        heard = await hear(asking(transport, server.origin, connect_timeout=0.1))
    assert heard.error is not None
    assert (heard.kind, heard.error.code) == (ErrorKind.TIMEOUT, "connect")


async def test_pings_keep_a_silent_stream_alive(transport: HttpTransport) -> None:
    """Each ping comes within the time-out, and the answer after more than it."""
    waits: list[Step] = [(0.2, PING)] * 5
    script: Script = [*waits, said("Hel"), said("lo", "stop"), DONE]
    async with WebSocketServer([script]) as server:
        heard = await hear(asking(transport, server.url, first_token_timeout=0.6))
    assert (heard.text, heard.error) == ("Hello", None)


async def test_nothing_is_logged(
    transport: HttpTransport, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        async with WebSocketServer([Refusal(401), HELLO]) as server:
            asked = asking(transport, server.url, Secret("sk-secret-9"), auth="query")
            await hear(asked)
            await hear(asked)
    assert "sk-secret-9" in server.asked_with[0].path
    ours = [record for record in caplog.records if record.name != "websockets.server"]
    assert not any("sk-secret-9" in record.getMessage() for record in ours)


async def test_we_ping_too(transport: HttpTransport, monkeypatch: pytest.MonkeyPatch) -> None:
    """A peer that is gone without a word is found out."""
    monkeypatch.setattr(websocket_link, "PING_SECONDS", 0.05)
    monkeypatch.setattr(websocket_link, "PONG_SECONDS", 0.1)

    async def gone(stream: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await stream.readuntil(b"\r\n\r\n")
        writer.write(opened_by(head) + b'\x81\x0d{"text": "a"}')
        while await stream.read(1024):
            pass
        writer.close()

    server = await asyncio.start_server(gone, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        heard = await hear(asking(transport, f"ws://127.0.0.1:{port}"))
    await asyncio.sleep(0)
    assert (heard.text, heard.kind) == ("a", ErrorKind.DROPPED)


@pytest.mark.parametrize(
    ("status", "body", "headers", "kind", "code"),
    [
        (401, b'{"error":{"message":"x","code":"k"}}', (), ErrorKind.AUTHENTICATION, "k"),
        (402, b"", (), ErrorKind.BALANCE, ""),
        (404, b"nothing here", (), ErrorKind.NOT_FOUND, ""),
        (429, b"", (("Retry-After", "7"),), ErrorKind.RATE_LIMIT, ""),
        (502, b"<html><title>Bad</title>", (), ErrorKind.SERVER, "html_page"),
        (200, b"Hello", (), ErrorKind.PROTOCOL, "no_websocket"),
        (426, b"use wss", (), ErrorKind.PROTOCOL, "no_websocket"),
        (302, b"", (("Location", "wss://other.test/x?key=1"),), ErrorKind.REDIRECT, ""),
    ],
)
async def test_openings_that_are_refused(
    transport: HttpTransport,
    status: int,
    body: bytes,
    headers: tuple[tuple[str, str], ...],
    kind: ErrorKind,
    code: str,
) -> None:
    seen: list[int] = []
    async with WebSocketServer([Refusal(status, body, headers)]) as server:
        asked = asking(transport, server.url)
        asked.on_headers = lambda status, _headers: seen.append(status)
        heard = await hear(asked)
    assert heard.error is not None
    assert (heard.kind, heard.error.code, heard.error.status) == (kind, code, status)
    assert heard.error.retry_after == (7 if status == 429 else None)
    assert heard.error.values == ({"target": "other.test"} if status == 302 else {}) or code
    assert seen == [status]
    assert len(server.asked_with) == 1


@pytest.mark.parametrize(
    ("script", "kind", "code"),
    [
        ([FIN], ErrorKind.NETWORK, "closed"),
        ([b"no http\r\n\r\n", FIN], ErrorKind.PROTOCOL, "websocket"),
        (
            [b"HTTP/1.1 101 Switching\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
             b"Sec-WebSocket-Accept: wrong\r\n\r\n", FIN],
            ErrorKind.PROTOCOL,
            "websocket",
        ),
    ],
    ids=range(3),
)  # fmt: skip
async def test_what_is_no_websocket(
    transport: HttpTransport, script: Any, kind: ErrorKind, code: str
) -> None:
    async with ByteServer([script]) as server:
        heard = await hear(asking(transport, server.origin))
    assert heard.error is not None
    assert (heard.kind, heard.error.code) == (kind, code)


async def test_nobody_there(transport: HttpTransport) -> None:
    refused = await hear(asking(transport, "ws://127.0.0.1:9"))
    assert refused.error is not None
    assert (refused.kind, refused.error.code) == (ErrorKind.NETWORK, "refused")
    unknown = await hear(asking(transport, "wss://nobody.invalid/v1"))
    assert unknown.error is not None
    assert (unknown.kind, unknown.error.code) == (ErrorKind.NETWORK, "dns")


async def test_too_much_in_one_message(
    transport: HttpTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(websocket_link, "MAX_BODY_BYTES", 1000)
    async with WebSocketServer([[said("Hel"), said("x" * 2000), HANG]]) as server:
        heard = await hear(asking(transport, server.url))
    assert heard.text == "Hel"
    assert heard.error is not None
    assert (heard.kind, heard.error.code) == (ErrorKind.PROTOCOL, "too_large")


async def test_keys_go_where_others_do(transport: HttpTransport) -> None:
    pair = Secret.pair("key-id", "a-secret-0123456789")
    async with WebSocketServer([HELLO]) as server:
        await hear(asking(transport, server.url, pair, auth="hmac"))
        await hear(asking(transport, server.url, Secret("sk-secret"), auth="query"))
        wrong = asking(transport, server.url, headers={"X-A": "a\r\nX-B: b"})
        heard = await hear(wrong)
    signed, asked = server.asked_with
    assert signed.headers["x-api-key"] == "key-id"
    assert len(signed.headers["x-api-signature"]) == 44
    assert asked.path.startswith("/v1/chat/stream?")
    assert asked.path.endswith("=sk-secret")
    assert (heard.kind, heard.error and heard.error.code) == (ErrorKind.BAD_REQUEST, "request")


class _Renewing(ServiceAuth):
    """A token that is old at first."""

    token = "old"

    async def sign(self, request: Any) -> None:
        request.headers["x-token"] = self.token

    async def refused(self, response: Any) -> bool:
        self.token = "new"
        return bool(response.status_code == 401)


async def test_a_token_is_renewed_once(transport: HttpTransport) -> None:
    async with WebSocketServer([Refusal(401, b"old"), HELLO, Refusal(401, b"no")]) as server:
        asked = asking(transport, server.url)
        asked.auth = _Renewing()
        assert (await hear(asked)).text == "Hello"
        assert (await hear(asked)).kind is ErrorKind.AUTHENTICATION
    assert [sent.headers["x-token"] for sent in server.asked_with] == ["old", "new", "new", "new"]


async def test_a_wrong_clock_is_named(transport: HttpTransport) -> None:
    pair = Secret.pair("key-id", "a-secret-0123456789")
    late = Refusal(401, b"no", (("Date", "Mon, 01 Jan 2024 00:00:00 GMT"),))
    async with WebSocketServer([late]) as server:
        # The package adds a date of its own after ours.
        heard = await hear(asking(transport, server.url, pair, auth="hmac"))
    assert heard.error is not None
    assert heard.error.code == "clock"


async def test_the_trace_holds_all_but_the_key(transport: HttpTransport) -> None:
    trace = Trace()
    async with WebSocketServer([[said("Hi sk-secret-1"), said("", "stop"), DONE]]) as server:
        asked = asking(transport, server.url, Secret("sk-secret-1"), auth="bearer")
        heard = await hear(asked, control=StreamControl(trace))
        url = f"{server.url}/v1/chat/stream"
    assert heard.text == "Hi sk-secret-1"
    opening, answer, *frames = trace.records
    assert isinstance(opening, TraceRequest)
    assert (opening.method, opening.url) == ("WEBSOCKET", url)
    assert ("authorization", "Bearer ***") in [(n.lower(), v) for n, v in opening.headers]
    assert isinstance(answer, TraceReply)
    assert answer.status == 101
    assert all(isinstance(frame, TraceBytes) for frame in frames)
    ours, *theirs = [frame for frame in frames if isinstance(frame, TraceBytes)]
    assert ours.sent
    assert json.loads(ours.data)["messages"] == [{"role": "user", "content": "Hello"}]
    assert [frame.data.decode() for frame in theirs] == [
        said("Hi ***"),
        said("", "stop"),
        DONE,
    ]
    assert "sk-secret-1" not in repr(trace.records)


async def test_the_trace_holds_no_secret_of_ones_own_fields(transport: HttpTransport) -> None:
    trace = Trace()
    async with WebSocketServer([[said("Hi"), said("", "stop"), DONE]]) as server:
        asked = asking(transport, server.url, None, auth="none")
        await hear(asked, request(extra={"api_key": "in-the-body-1"}), StreamControl(trace))
        assert server.asked_with[0].json()["api_key"] == "in-the-body-1"
    sent = [frame.data for frame in trace.records if isinstance(frame, TraceBytes) and frame.sent]
    assert [json.loads(data)["api_key"] for data in sent] == ["***"]


@pytest.mark.parametrize(("kind", "word"), [("http", WORD), ("socks5h", "password-9")])
async def test_tls_through_a_proxy(
    transport: HttpTransport, ca_file: str, kind: str, word: str
) -> None:
    login = ("me", word)
    async with (
        WebSocketServer([HELLO], tls=served("service.test")) as server,
        Proxy(server.port, login) as proxy,
    ):
        way = replace(through(kind, proxy), ca_file=ca_file)
        url = f"wss://service.test:{server.port}/v1"
        sender = transport.with_login(Secret.pair(*login))
        heard = await hear(asking(sender, url, network=way))
        assert (heard.text, heard.error) == ("Hello", None)
        assert proxy.asked == [f"service.test:{server.port}"]
        wrong = await hear(asking(transport.with_login(Secret.pair("me", "no")), url, network=way))
    assert wrong.error is not None
    assert (wrong.kind, wrong.error.code) == (ErrorKind.NETWORK, "proxy_auth")
    gone = await hear(asking(sender, url, network=way))
    assert gone.error is not None
    assert (gone.kind, gone.error.code) == (ErrorKind.NETWORK, "proxy_unreachable")
    assert word not in repr((wrong.error, gone.error))


async def test_a_password_that_a_proxy_cannot_be_told(transport: HttpTransport) -> None:
    async with Proxy(9, ("me", WORD)) as proxy:
        sender = transport.with_login(Secret.pair("me", WORD))
        way = through("socks5", proxy)
        heard = await hear(asking(sender, "ws://service.test/v1", network=way))
    assert heard.error is not None
    assert (heard.kind, heard.error.code) == (ErrorKind.NETWORK, "proxy_auth")
    assert "\\xe4" not in repr(heard.error)


async def test_tls_of_nobody_we_know(transport: HttpTransport, ca_file: str) -> None:
    async with WebSocketServer([HELLO], tls=served("localhost")) as server:
        url = f"wss://localhost:{server.port}"
        known = asking(transport, url, network=Network(ca_file=ca_file))
        assert (await hear(known)).text == "Hello"
        heard = await hear(asking(transport, url))
        plain = await hear(asking(transport, f"ws://localhost:{server.port}"))
    assert heard.error is not None
    assert (heard.kind, heard.error.code) == (ErrorKind.NETWORK, "tls")
    assert heard.error.values == {"reason": "unknown_issuer"}
    assert plain.kind is ErrorKind.NETWORK


async def test_models_are_listed_over_http(transport: HttpTransport) -> None:
    listed = json_reply(200, {"data": [{"id": "a"}]})
    async with ByteServer([listed]) as server:
        found = await asking(transport, f"ws://127.0.0.1:{server.port}/v1").list_models()
    assert [model.id for model in found] == ["a"]
    assert server.requests[0].path == "/v1/models"
    nothing = await hear_list(asking(transport, "ws://127.0.0.1:9", models_path=""))
    assert (nothing.kind, nothing.code) == (ErrorKind.NOT_FOUND, "no_list")


async def hear_list(asked: WebSocketChat) -> ErrorInfo:
    with pytest.raises(ProviderError) as caught:
        await asked.list_models()
    return caught.value.info


async def test_what_is_shown_before_it_is_sent() -> None:
    shown = asking(HttpTransport(), "wss://h.test/v1").preview(request())
    assert (shown.method, shown.url) == ("WEBSOCKET", "wss://h.test/v1/chat/stream")
    assert json.loads(shown.body)["stream"] is True
