"""The signed gateway, against a real server that checks what a gateway checks."""

import base64
import hashlib
import hmac
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from desktop_chat.core.attachments import Attached, Attachment, AttachmentKind, blob_key
from desktop_chat.core.errors import ErrorInfo, ErrorKind
from desktop_chat.core.events import FinishReason, RemoteId, Usage
from desktop_chat.core.messages import Role, Sampling
from desktop_chat.core.requests import ChatMessage, ChatRequest
from desktop_chat.core.secret import Secret
from desktop_chat.providers.address import parse_address
from desktop_chat.providers.auth import make_auth
from desktop_chat.providers.clock import clock_skew, with_clock
from desktop_chat.providers.endpoint import joined
from desktop_chat.providers.gateway import Gateway, gateway_body, request_prompt
from desktop_chat.providers.gateway_decoder import GatewayDecoder
from desktop_chat.providers.http import HttpTransport
from tests.helpers.byte_server import ByteServer, Request, json_reply, reply, sse
from tests.unit.providers.support import hear, reader, request, service

SECRET = "a-secret-0123456789"
ANSWER = json_reply(200, {"choices": [{"text": "Hello", "finish_reason": "stop"}]})
BRANCH = (
    ChatMessage(Role.SYSTEM, "Be brief."),
    ChatMessage(Role.USER, "你好"),
    ChatMessage(Role.ASSISTANT, "Hi."),
    ChatMessage(Role.USER, "And now?"),
)


@pytest.fixture
async def transport(_no_leaked_tasks: None) -> AsyncIterator[HttpTransport]:
    made = HttpTransport(lambda _scheme, _host: "")
    yield made
    await made.aclose()


def gateway(transport: HttpTransport, base_url: str, **changes: Any) -> Gateway:
    asked = service(base_url, auth="hmac", **changes)
    address = parse_address(base_url)
    errors = reader(address.host)
    auth = make_auth(asked, Secret.pair("key-id", SECRET), errors)
    return Gateway(asked, address, auth, transport, errors)


def is_signed(sent: Request) -> bool:
    """Check a signature as the gateway does, from the bytes that came."""
    stamp, nonce = sent.headers["x-api-timestamp"], sent.headers["x-api-nonce"]
    parts = (sent.method.encode(), sent.path.encode(), sent.body, stamp.encode(), nonce.encode())
    digest = hmac.new(SECRET.encode(), b"\n".join(parts), hashlib.sha256).digest()
    return sent.headers["x-api-signature"] == base64.b64encode(digest).decode()


async def test_a_question_is_signed_and_answered(transport: HttpTransport) -> None:
    async with ByteServer([ANSWER]) as server:
        question = ChatRequest(
            "default",
            BRANCH[1:2],
            temperature=0.3,
            top_p=0.9,
            max_tokens=64,
            sampling=Sampling(stop=("。",)),
            stream=False,
        )
        heard = await hear(gateway(transport, server.origin), question)
    assert (heard.text, heard.reason) == ("Hello", FinishReason.STOP)
    (sent,) = server.requests
    assert (sent.method, sent.path) == ("POST", "/v1/text/generate")
    assert sent.headers["x-api-key"] == "key-id"
    assert is_signed(sent)
    assert sent.json() == {
        "prompt": "你好",
        "stream": False,
        "max_tokens": 64,
        "temperature": 0.3,
        "top_p": 0.9,
        "stop": ["。"],
    }
    assert SECRET.encode() not in sent.body + repr(sent.headers).encode()


async def test_history_is_sent_once(transport: HttpTransport) -> None:
    piece = {"conversation_id": "c-1", "choices": [{"text": "Hel"}]}
    again = {"conversation_id": "c-1", "choices": [{"text": "lo", "finish_reason": "stop"}]}
    async with ByteServer([sse(piece, again)]) as server:
        asked = gateway(transport, server.origin)
        heard = await hear(asked, request(messages=BRANCH[:2]))
        ids = [event for event in heard.events if isinstance(event, RemoteId)]
        assert ids == [RemoteId("c-1")]
        await hear(asked, request(messages=BRANCH, remote_id=ids[0].id))
    whole, rest = (sent.json() for sent in server.requests)
    assert whole["prompt"] == "Be brief.\n\nUser: 你好\n\nAssistant:"
    assert "conversation_id" not in whole
    assert (rest["prompt"], rest["conversation_id"]) == ("And now?", "c-1")
    assert all(map(is_signed, server.requests))


def test_prompts() -> None:
    assert request_prompt(request("Hello")) == "Hello"
    assert request_prompt(request(messages=BRANCH)) == (
        "Be brief.\n\nUser: 你好\n\nAssistant: Hi.\n\nUser: And now?\n\nAssistant:"
    )
    begun = (*BRANCH, ChatMessage(Role.ASSISTANT, "Now it", partial=True))
    assert request_prompt(request(messages=begun)).endswith("User: And now?\n\nAssistant: Now it")
    assert request_prompt(request(messages=begun, remote_id="c")) == (
        "User: And now?\n\nAssistant: Now it"
    )
    data = b"print(1)\n"
    file = Attachment(blob_key(data), "a.py", "text/x-python", 9, AttachmentKind.TEXT)
    question = ChatMessage(Role.USER, "What is it?", attached=(Attached(file, data),))
    told = request_prompt(request(messages=(question,)))
    assert told.startswith("a.py:\n```py\nprint(1)\n```")
    assert told.endswith("\n\nWhat is it?")


@pytest.mark.parametrize(
    ("kind", "code"), [(AttachmentKind.IMAGE, "no_images"), (AttachmentKind.PDF, "no_files")]
)
async def test_no_file_is_left_out_in_silence(
    transport: HttpTransport, kind: AttachmentKind, code: str
) -> None:
    file = Attached(Attachment(blob_key(b"x"), "a", "a/b", 1, kind), b"x")
    question = (ChatMessage(Role.USER, "Look", attached=(file,)), ChatMessage(Role.USER, "Well?"))
    heard = await hear(gateway(transport, "http://127.0.0.1:9"), request(messages=question))
    assert heard.error is not None
    assert (heard.kind, heard.error.code) == (ErrorKind.BAD_REQUEST, code)


def test_fields() -> None:
    plain = service()
    assert gateway_body(plain, request(model="g-1"))["model"] == "g-1"
    further = service(body={"tenant": "a", "top_p": 0.1})
    body = gateway_body(further, request(top_p=0.5, extra={"tenant": "b"}))
    assert (body["tenant"], body["top_p"]) == ("b", 0.1)


@pytest.mark.parametrize(
    ("base", "options", "path"),
    [
        ("", {}, "/v1/text/generate"),
        ("/", {}, "/v1/text/generate"),
        ("/v1", {}, "/v1/text/generate"),
        ("/v1/text/generate", {}, "/v1/text/generate"),
        ("/llm", {}, "/llm/v1/text/generate"),
        ("/llm/v1", {}, "/llm/v1/text/generate"),
        ("", {"text_path": "/generate"}, "/generate"),
        ("/v1", {"text_path": "generate"}, "/v1/generate"),
        ("/api", {"text_path": "/api/generate"}, "/api/generate"),
        ("", {"text_path": 7}, "/v1/text/generate"),
    ],
)
async def test_where_it_asks(
    transport: HttpTransport, base: str, options: dict[str, Any], path: str
) -> None:
    async with ByteServer([ANSWER]) as server:
        await hear(gateway(transport, server.origin + base, options=options))
    assert server.requests[0].path == path
    assert is_signed(server.requests[0])


def test_joining() -> None:
    assert joined("https://h", "a") == "https://h/a"
    assert joined("https://h/a/b", "/b/c") == "https://h/a/b/c"
    assert joined("https://h/a/b/a", "/a/b") == "https://h/a/b/a/b"


def moved(minutes: float) -> str:
    return format_datetime(datetime.now(UTC) + timedelta(minutes=minutes), usegmt=True)


@pytest.mark.parametrize("status", [401, 403])
@pytest.mark.parametrize("minutes", [12, -12])
async def test_a_wrong_clock_is_the_cause(
    transport: HttpTransport, status: int, minutes: float
) -> None:
    refused = reply(status, '{"message": "no"}', f"Date: {moved(minutes)}")
    async with ByteServer([refused]) as server:
        heard = await hear(gateway(transport, server.origin))
    assert heard.error is not None
    assert (heard.kind, heard.error.code) == (ErrorKind.AUTHENTICATION, "clock")
    assert heard.error.values == {"minutes": "12"}
    assert (heard.error.status, heard.error.message) == (status, "no")


@pytest.mark.parametrize(
    ("status", "says", "minutes", "auth", "named"),
    [
        (400, "timestamp expired", 12, "hmac", True),
        (400, "请求时间戳无效", 12, "hmac", True),
        (400, "no prompt", 12, "hmac", False),
        (401, "no", 4, "hmac", False),
        (401, "no", 12, "bearer", False),
        (429, "timestamp", 12, "hmac", False),
    ],
)
def test_when_the_clock_is_named(
    status: int, says: str, minutes: float, auth: str, *, named: bool
) -> None:
    info = ErrorInfo(ErrorKind.BAD_REQUEST, status, says)
    told = with_clock(info, service(auth=auth), {"date": moved(minutes)})
    assert (told.code == "clock") is named
    assert named or told is info


@pytest.mark.parametrize("date", ["", "soon", "Mon, 99 Foo 2026 00:00:00 GMT", "\x00"])
def test_a_date_that_is_none(date: str) -> None:
    assert clock_skew(date) is None
    info = ErrorInfo(ErrorKind.AUTHENTICATION, 401)
    assert with_clock(info, service(auth="hmac"), {"date": date}) is info


@pytest.mark.parametrize(
    "odd",
    [
        {"conversation_id": "x" * 600, "text": "a"},
        {"conversation_id": "a\nb", "text": "a"},
        {"conversation_id": ["a"], "text": "a"},
        {"conversation_id": True, "choices": "no", "text": "a"},
        {"conversation_id": 10**4000, "text": "a"},
    ],
    ids=range(5),
)
def test_what_is_no_id(odd: dict[str, Any]) -> None:
    decoder = GatewayDecoder(reader(), {})
    decoder._take(odd, "")
    assert not any(isinstance(event, RemoteId) for event in decoder.close())


def test_usage_beside_wrapped_data() -> None:
    decoder = GatewayDecoder(reader(), {})
    decoder.feed_message(
        '{"code":0,"data":{"text":"a","finish_reason":"stop"},"usage":{"prompt_tokens":1}}'
    )
    assert decoder.finished
    decoder = GatewayDecoder(reader(), {})
    events = decoder.feed_message('{"code":0,"data":{"text":"a"},"usage":{"prompt_tokens":1}}')
    assert Usage(1) in events


def test_a_failure_in_a_good_reply() -> None:
    decoder = GatewayDecoder(reader(), {})
    decoder.feed_message('{"code": 1001, "message": "余额不足", "data": {"text": ""}}')
    assert decoder.failure is not None
    assert decoder.failure.kind is ErrorKind.BALANCE
