"""Pictures: what is asked of each service, and every shape in which they come back."""

import base64
import json
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any
from urllib.parse import unquote

import pytest

from desktop_chat.core.attachments import Attached, Attachment, AttachmentKind, blob_key
from desktop_chat.core.errors import ErrorKind, ProviderError
from desktop_chat.core.events import FinishReason, ImagePart, StreamControl, Usage
from desktop_chat.core.messages import ImageOptions, Role
from desktop_chat.core.requests import ChatMessage
from desktop_chat.core.services import Model
from desktop_chat.providers import image_reply, images
from desktop_chat.providers.address import parse_address
from desktop_chat.providers.by_model import ByModel
from desktop_chat.providers.exchange import ProtocolFactory
from desktop_chat.providers.gateway_images import GatewayImages
from desktop_chat.providers.http import HttpTransport
from desktop_chat.providers.image_reply import read_images
from desktop_chat.providers.images_api import ImagesApi
from desktop_chat.providers.openai_chat import OpenAiChat
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
    json_reply,
    reply,
    sse,
)
from tests.unit.providers.support import first, hear, reader, request, service
from tests.unit.providers.test_pictures import PNG

CODED = base64.b64encode(PNG).decode()
GIF = b"GIF89a\x01\x00\x01\x00\x00\x00\x00;"
JPEG = b"\xff\xd8\xff\xe0" + bytes(60)
ONE = json_reply(200, {"data": [{"b64_json": CODED}]})
PNG_REPLY = reply(200, PNG, content_type="image/png")


@pytest.fixture
async def transport(_no_leaked_tasks: None) -> AsyncIterator[HttpTransport]:
    made = HttpTransport(lambda _scheme, _host: "")
    yield made
    await made.aclose()


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(images, "FETCH_PAUSE", 0.001)


def painter(
    transport: HttpTransport, base_url: str, protocol: ProtocolFactory = ImagesApi, **changes: Any
) -> Any:
    asked = service(base_url, **changes)
    address = parse_address(asked.base_url)
    return protocol(asked, address, None, transport, reader(address.host))


def attached(data: bytes = PNG, name: str = "a.png") -> Attached:
    file = Attachment(blob_key(data), name, "image/png", len(data), AttachmentKind.IMAGE)
    return Attached(file, data)


def fields(options: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """Return the body of a request to a service with these options."""
    made = painter(HttpTransport(), "https://h.test/v1", options=options)
    body: dict[str, Any] = json.loads(made.question(request("a cat", **changes)).content)
    return body


ALL = ImageOptions("512x512", 3, 0, "dogs", "cyberpunk")


def test_fields_of_openai() -> None:
    assert fields({}) == {"model": "m", "prompt": "a cat"}
    assert fields({}, image=ALL) == {
        "model": "m",
        "prompt": "a cat",
        "n": 3,
        "size": "512x512",
        "style": "cyberpunk",
        "seed": 0,
        "negative_prompt": "dogs",
    }
    given = {"image_body": {"quality": "high", "user": "a"}}
    assert fields(given, extra={"user": "b"}) == {
        "model": "m",
        "prompt": "a cat",
        "quality": "high",
        "user": "b",
    }


def test_fields_of_ark() -> None:
    ark = {"image_fields": "ark"}
    assert fields(ark) == {"model": "m", "prompt": "a cat"}
    assert fields({**ark, "image_stream": True}, image=ALL) == {
        "model": "m",
        "prompt": "a cat\ncyberpunk",
        "size": "512x512",
        "seed": 0,
        "negative_prompt": "dogs",
        "sequential_image_generation": "auto",
        "sequential_image_generation_options": {"max_images": 3},
        "stream": True,
    }
    uri = f"data:image/png;base64,{CODED}"
    one = (ChatMessage(Role.USER, "a cat", attached=(attached(),)),)
    assert fields(ark, messages=one)["image"] == uri
    two = (ChatMessage(Role.USER, "a cat", attached=(attached(), attached())),)
    assert fields(ark, messages=two)["image"] == [uri, uri]


def test_fields_of_siliconflow() -> None:
    flow = {"image_fields": "siliconflow"}
    assert fields(flow) == {"model": "m", "prompt": "a cat", "image_size": "1024x1024"}
    assert fields(flow, image=ALL) == {
        "model": "m",
        "prompt": "a cat\ncyberpunk",
        "image_size": "512x512",
        "batch_size": 3,
        "seed": 0,
        "negative_prompt": "dogs",
    }
    two = (ChatMessage(Role.USER, "a cat", attached=(attached(), attached())),)
    body = fields(flow, messages=two)
    assert set(body) == {"model", "prompt", "image", "image2"}


async def test_openai_changes_a_picture(transport: HttpTransport) -> None:
    question = (ChatMessage(Role.USER, "a hat on 它", attached=(attached(), attached(GIF))),)
    async with ByteServer([ONE]) as server:
        heard = await hear(
            painter(transport, server.url),
            request(messages=question, image=ImageOptions(count=2)),
        )
    assert heard.images == (PNG,)
    (sent,) = server.requests
    assert sent.path == "/v1/images/edits"
    kind, _, boundary = sent.headers["content-type"].partition("; boundary=")
    assert kind == "multipart/form-data"
    parts = sent.body.split(b"--" + boundary.encode())
    assert (parts[0], parts[-1]) == (b"", b"--\r\n")
    assert [part.partition(b"\r\n\r\n")[2] for part in parts[1:-1]] == [
        b"m\r\n",
        "a hat on 它\r\n".encode(),
        b"2\r\n",
        PNG + b"\r\n",
        GIF + b"\r\n",
    ]
    assert b'name="image[]"; filename="1.png"\r\nContent-Type: image/png' in parts[4]


@pytest.mark.parametrize(
    ("messages", "prompt"),
    [
        ((("user", "a"), ("assistant", "b"), ("user", " c \n")), "c"),
        ((("user", "a"), ("assistant", "b"), ("user", " ")), "b"),
        ((("system", "s"), ("user", ""), ("assistant", " long answer ")), "long answer"),
    ],
)
def test_what_is_painted(messages: tuple[tuple[str, str], ...], prompt: str) -> None:
    made = tuple(ChatMessage(Role(role), text) for role, text in messages)
    assert fields({}, messages=made)["prompt"] == prompt


async def test_nothing_to_paint(transport: HttpTransport) -> None:
    heard = await hear(painter(transport, "http://127.0.0.1:9"), request(" "))
    assert heard.error is not None
    assert (heard.kind, heard.error.code) == (ErrorKind.BAD_REQUEST, "no_prompt")


async def test_the_gateway(transport: HttpTransport) -> None:
    options = {"url_encode": True}
    async with ByteServer([PNG_REPLY]) as server:
        plain = painter(transport, server.origin, GatewayImages)
        await hear(plain, request("a cat", model="default"))
        coded = painter(transport, server.origin, GatewayImages, options=options)
        chosen = ImageOptions("512x512", 9, style="赛博朋克")
        heard = await hear(coded, request("一只猫 & a+b/c", image=chosen))
    assert heard.images == (PNG,)
    assert heard.usage == Usage(images=1)
    assert heard.reason is FinishReason.STOP
    one, two = server.requests
    assert (one.path, one.json()) == ("/v1/image/create", {"text": "a cat"})
    text = two.json().pop("text")
    assert text.isascii()
    assert " " not in text
    assert unquote(text) == "一只猫 & a+b/c"
    assert two.json() == {
        "text": text,
        "size": "512x512",
        "num_images": 4,
        "style": "赛博朋克",
        "model": "m",
    }


async def test_the_gateway_takes_no_pictures(transport: HttpTransport) -> None:
    question = (ChatMessage(Role.USER, "a", attached=(attached(),)),)
    asked = painter(transport, "http://127.0.0.1:9", GatewayImages)
    heard = await hear(asked, request(messages=question))
    assert heard.error is not None
    assert (heard.kind, heard.error.code) == (ErrorKind.BAD_REQUEST, "no_images")
    assert heard.error.values == {"model": "m"}


@pytest.mark.parametrize(
    "payload",
    [
        {"data": [{"b64_json": CODED}]},
        {"images": [{"url": f"data:image/png;base64,{CODED}"}]},
        {"images": [CODED]},
        {"image": CODED},
        {"image": f"DATA:image/png;base64,{CODED}"},
        {"data": {"image_base64": CODED}},
        {"code": 0, "message": "ok", "data": {"images": [{"base64": CODED}]}},
        {"output": {"results": [{"b64": CODED}]}},
        {"result": {"data": {"image": {"b64_json": CODED}}}},
        [{"image": CODED}],
        CODED,
        {"data": [{"url": "", "b64_json": CODED}, {"url": None}, None, 3, "no", {}]},
    ],
    ids=range(12),
)
async def test_base64_in_every_place(transport: HttpTransport, payload: object) -> None:
    async with ByteServer([json_reply(200, payload)]) as server:
        heard = await hear(painter(transport, server.url))
    assert heard.error is None
    assert heard.images == (PNG,)
    assert heard.usage == Usage(images=1)


@pytest.mark.parametrize(
    ("data", "kind"), [(PNG, "image/png"), (GIF, "image/gif"), (JPEG, "image/jpeg")]
)
async def test_the_kind_is_what_the_bytes_say(
    transport: HttpTransport, data: bytes, kind: str
) -> None:
    said = reply(200, data, content_type="application/octet-stream")
    coded = {"data": [{"b64_json": base64.b64encode(data).decode(), "revised_prompt": "A"}]}
    async with ByteServer([said, json_reply(200, coded)]) as server:
        asked = painter(transport, server.url)
        for prompt in ("", "A"):
            heard = await hear(asked)
            assert heard.events[0] == ImagePart(data, kind, prompt)


@pytest.mark.parametrize("place", ["{origin}/a.png", "/a.png"])
async def test_an_address_is_fetched_without_a_key(transport: HttpTransport, place: str) -> None:
    """At the service's own origin; what else is private is never asked."""
    async with ByteServer([b""]) as server:
        url = place.format(origin=server.origin)
        server.scripts = [json_reply(200, {"images": [{"url": url}], "seed": 1}), PNG_REPLY]
        asked = painter(transport, server.url, headers={"X-Api-Key": "sk-secret"})
        heard = await hear(asked)
    assert heard.images == (PNG,)
    assert heard.error is None
    ask, fetch = server.requests
    assert ask.headers["x-api-key"] == "sk-secret"
    assert (fetch.method, fetch.path) == ("GET", "/a.png")
    assert "sk-secret" not in repr(fetch)


async def test_a_private_address_is_not_asked(transport: HttpTransport) -> None:
    async with ByteServer([PNG_REPLY]) as other, ByteServer([b""]) as server:
        url = f"{other.origin}/a.png"
        server.scripts = [json_reply(200, {"data": [{"b64_json": CODED}, {"url": url}]})]
        heard = await hear(painter(transport, server.url))
    assert not other.connections
    assert heard.images == (PNG,)
    assert heard.usage == Usage(images=1)
    assert heard.error is not None
    assert (heard.kind, heard.error.code) == (ErrorKind.PROTOCOL, "private_address")
    assert heard.error.values == {"target": "127.0.0.1"}
    assert url in heard.error.raw


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
async def test_nobody_leads_away_to_a_private_address(transport: HttpTransport, host: str) -> None:
    async with ByteServer([PNG_REPLY]) as other, ByteServer([b""]) as server:
        found = json_reply(200, {"data": [{"url": f"{server.origin}/a.png"}]})
        away = reply(302, b"", f"Location: http://{host}:{other.port}/a.png")
        server.scripts = [found, away]
        heard = await hear(painter(transport, server.url))
    assert not other.connections
    assert heard.error is not None
    assert heard.error.code == "private_address"


async def test_what_was_made_is_fetched_again(transport: HttpTransport) -> None:
    """Asking the model anew would cost another picture."""
    async with ByteServer([b""]) as server:
        found = json_reply(200, {"data": [{"url": f"{server.origin}/a.png"}]})
        server.scripts = [found, reply(503, ""), [CLOSE], PNG_REPLY]
        heard = await hear(painter(transport, server.url))
    assert heard.error is None
    assert heard.images == (PNG,)
    assert [sent.method for sent in server.requests] == ["POST", "GET", "GET", "GET"]


@pytest.mark.parametrize(
    ("said", "status"),
    [
        (reply(404, "gone"), 404),
        (reply(200, "<html>", content_type="text/html"), None),
        (reply(200, "no picture", content_type="image/png"), None),
        (reply(200, PNG, "Content-Length: 99999999", content_type="image/png"), None),
    ],
    ids=range(4),
)
async def test_an_address_without_a_picture(
    transport: HttpTransport, said: bytes, status: int | None
) -> None:
    async with ByteServer([b""]) as server:
        url = f"{server.origin}/a"
        server.scripts = [json_reply(200, {"data": [{"url": url}]}), said]
        heard = await hear(painter(transport, server.url))
    assert heard.events == []
    assert heard.error is not None
    assert (heard.kind, heard.error.code) == (ErrorKind.PROTOCOL, "picture")
    assert heard.error.status == status
    assert url in heard.error.raw


FILTERED = {"error": {"code": "OutputImageSensitiveContentDetected", "message": "no"}}


async def test_one_of_several_is_refused(transport: HttpTransport) -> None:
    async with ByteServer([json_reply(200, {"data": [FILTERED, {"b64_json": CODED}]})]) as server:
        heard = await hear(painter(transport, server.url))
    assert heard.images == (PNG,)
    assert heard.error is None
    assert heard.reason is FinishReason.CONTENT_FILTER


async def test_all_are_refused(transport: HttpTransport) -> None:
    async with ByteServer([json_reply(200, {"data": [FILTERED, FILTERED]})]) as server:
        heard = await hear(painter(transport, server.url))
    assert (heard.events, heard.kind) == ([], ErrorKind.CONTENT_FILTER)


async def test_events_come_one_by_one(transport: HttpTransport) -> None:
    made = {"type": "image_generation.partial_succeeded", "b64_json": CODED}
    failed = {"type": "image_generation.partial_failed", "image_index": 1, **FILTERED}
    preview = {"type": "image_generation.partial_image", "b64_json": CODED}
    done = {"type": "image_generation.completed", "usage": {"output_tokens": 9}}
    begun: Script = [SSE_HEAD, chunk(event(made)), HANG]
    async with ByteServer([begun, sse(preview, made, failed, done)]) as server:
        asked = painter(transport, server.url)
        async with aclosing(asked.stream(request(), StreamControl())) as stream:
            part = await first(stream, ImagePart)
        assert part == ImagePart(PNG, "image/png")
        heard = await hear(asked)
    assert heard.images == (PNG,)
    assert heard.usage == Usage(0, 9, images=1)
    assert heard.reason is FinishReason.CONTENT_FILTER


async def test_openai_tells_the_last_picture_with_the_end(transport: HttpTransport) -> None:
    done = {"type": "image_generation.completed", "b64_json": CODED, "usage": {"input_tokens": 2}}
    async with ByteServer([sse(done, done=False)]) as server:
        heard = await hear(painter(transport, server.url))
    assert (heard.images, heard.usage) == ((PNG,), Usage(2, images=1))


async def test_bare_base64(transport: HttpTransport) -> None:
    async with ByteServer([reply(200, CODED, content_type="text/plain")]) as server:
        heard = await hear(painter(transport, server.url, GatewayImages))
    assert heard.images == (PNG,)


async def test_what_broke_off_keeps_its_pictures(transport: HttpTransport) -> None:
    made = {"type": "image_generation.partial_succeeded", "b64_json": CODED}
    async with ByteServer([[SSE_HEAD, chunk(event(made)), CLOSE]]) as server:
        heard = await hear(painter(transport, server.url))
    assert heard.images == (PNG,)
    assert heard.kind is ErrorKind.DROPPED


@pytest.mark.parametrize(
    ("body", "kind", "code"),
    [
        (b"", ErrorKind.PROTOCOL, "no_picture"),
        (b"{}", ErrorKind.PROTOCOL, "no_picture"),
        (b'{"data": []}', ErrorKind.PROTOCOL, "no_picture"),
        (b'{"data": [{"b64_json": "AAAA"}]}', ErrorKind.PROTOCOL, "no_picture"),
        (b'{"created": 1, "data": null}', ErrorKind.PROTOCOL, "no_picture"),
        (b"made it", ErrorKind.PROTOCOL, "not_image"),
        (b"<html><title>Sign in</title></html>", ErrorKind.PROTOCOL, "html_page"),
        (b'{"error": {"message": "overloaded"}}', ErrorKind.OVERLOADED, ""),
        (b'{"code": 30001, "message": "x", "data": null}', ErrorKind.BALANCE, "30001"),
        (b'"Invalid token"', ErrorKind.AUTHENTICATION, ""),
    ],
)
async def test_a_reply_without_a_picture(
    transport: HttpTransport, body: bytes, kind: ErrorKind, code: str
) -> None:
    async with ByteServer([reply(200, body)]) as server:
        heard = await hear(painter(transport, server.url))
    assert heard.events == []
    assert heard.error is not None
    assert (heard.kind, heard.error.code) == (kind, code)


async def test_all_is_bounded(transport: HttpTransport, monkeypatch: pytest.MonkeyPatch) -> None:
    many = json_reply(200, {"data": [CODED] * 40})
    frames = sse(*[{"b64_json": CODED}] * 40)
    async with ByteServer([many, frames, ONE]) as server:
        asked = painter(transport, server.url)
        for _ in range(2):
            heard = await hear(asked)
            assert len(heard.images) == image_reply.MAX_PICTURES
        monkeypatch.setattr(images, "MAX_REPLY_BYTES", 50)
        heard = await hear(asked)
    assert heard.error is not None
    assert heard.error.code == "too_large"
    monkeypatch.setattr(image_reply, "MAX_PICTURE_BYTES", 50)
    assert read_images(PNG).pictures == ()
    assert read_images(json.dumps({"image": CODED}).encode()).pictures == ()


@pytest.mark.parametrize("depth", [10, 900, 100_000])
def test_depth_is_bounded(depth: int) -> None:
    assert read_images(b'{"data":' * depth + b'"AAAA"' + b"}" * depth).pictures == ()


async def test_a_model_is_asked_in_its_own_way(transport: HttpTransport) -> None:
    chat: Script = [SSE_HEAD, chunk(event(delta("Hello", finish="stop"))), END]
    async with ByteServer([chat, ONE]) as server:
        asked = service(server.url, models=(Model("p", makes="image"),))
        address = parse_address(asked.base_url)
        rest = (address, None, transport, reader())
        both = ByModel(asked, OpenAiChat(asked, *rest), ImagesApi(asked, *rest))
        assert (await hear(both, request(model="t"))).text == "Hello"
        assert (await hear(both, request(model="p"))).images == (PNG,)
        with pytest.raises(ProviderError):
            await ByModel(
                service(server.url, models_path=""),
                OpenAiChat(service(models_path=""), *rest),
                ImagesApi(asked, *rest),
            ).list_models()
    assert [sent.path for sent in server.requests] == [
        "/v1/chat/completions",
        "/v1/images/generations",
    ]
