import asyncio
import base64
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from desktop_chat.core.attachments import Attached, Attachment, AttachmentKind
from desktop_chat.core.errors import ErrorKind, ProviderError
from desktop_chat.core.messages import Role, Sampling, ToolCall
from desktop_chat.core.requests import ChatMessage, ChatRequest, ToolSpec
from desktop_chat.core.services import Model, Thinking, ThinkingDialect
from desktop_chat.providers import ollama
from desktop_chat.providers.address import parse_address
from desktop_chat.providers.http import HttpTransport
from desktop_chat.providers.ollama import Ollama, ollama_body
from tests.helpers.byte_server import HANG, ByteServer, Script, json_reply, raw_stream
from tests.unit.providers.contract.recordings_ollama import THOUGHT
from tests.unit.providers.support import hear, reader, request, service

THINK = Thinking(ThinkingDialect.THINK, default_on=True)
LEVELS = Thinking(ThinkingDialect.THINK, ("low", "medium", "high"), True, "medium", False)


@pytest.fixture
async def transport(_no_leaked_tasks: None) -> AsyncIterator[HttpTransport]:
    made = HttpTransport(lambda _scheme, _host: "")
    yield made
    await made.aclose()


def provider(transport: HttpTransport, base_url: str, **changes: Any) -> Ollama:
    asked = service(base_url, **changes)
    address = parse_address(asked.base_url)
    return Ollama(asked, address, None, transport, reader(address.host))


def body(
    *messages: ChatMessage,
    model: Model | None = None,
    asked: dict[str, Any] | None = None,
    **changes: Any,
) -> Any:
    question = ChatRequest("m", messages or (ChatMessage(Role.USER, "Hi"),), **changes)
    return ollama_body(service(models=(model or Model("m"),), **(asked or {})), question)


async def test_what_is_sent(transport: HttpTransport) -> None:
    question = ChatRequest(
        "m",
        (ChatMessage(Role.SYSTEM, "be brief"), ChatMessage(Role.USER, "你好")),
        temperature=0.5,
        top_p=0.9,
        max_tokens=100,
        sampling=Sampling(None, ("END",), 5, 0.1, 0.2, 0.3, 7),
        extra={"options": {"temperature": 1, "mirostat": 2}},
    )
    options = {"keep_alive": "30m"}
    asked_body = {"options": {"num_thread": 4, "mirostat": 1}, "raw": False}
    async with ByteServer([raw_stream(THOUGHT)]) as server:
        await hear(provider(transport, server.origin, options=options, body=asked_body), question)
    sent = server.requests[0]
    assert (sent.method, sent.path) == ("POST", "/api/chat")
    assert sent.headers["accept"] == "application/x-ndjson"
    assert sent.json() == {
        "model": "m",
        "messages": [
            {"role": "system", "content": "be brief"},
            {"role": "user", "content": "你好"},
        ],
        "stream": True,
        "truncate": False,
        "shift": False,
        "keep_alive": "30m",
        "raw": False,
        "options": {
            "num_ctx": 4096,
            "temperature": 1,
            "top_p": 0.9,
            "num_predict": 100,
            "top_k": 5,
            "min_p": 0.1,
            "frequency_penalty": 0.2,
            "presence_penalty": 0.3,
            "seed": 7,
            "stop": ["END"],
            "num_thread": 4,
            "mirostat": 2,
        },
    }


@pytest.mark.parametrize(
    ("base", "url"),
    [
        ("http://localhost:11434", "http://localhost:11434/api/chat"),
        ("http://localhost:11434/", "http://localhost:11434/api/chat"),
        ("http://localhost:11434/v1", "http://localhost:11434/api/chat"),
        ("http://localhost:11434/v1/chat/completions", "http://localhost:11434/api/chat"),
        ("http://localhost:11434/api", "http://localhost:11434/api/chat"),
        ("http://localhost:11434/api/chat/", "http://localhost:11434/api/chat"),
        ("https://ollama.com/api", "https://ollama.com/api/chat"),
        ("https://h.cn/ollama", "https://h.cn/ollama/api/chat"),
        ("https://h.cn/ollama/v1", "https://h.cn/ollama/api/chat"),
    ],
)
async def test_addresses(transport: HttpTransport, base: str, url: str) -> None:
    assert provider(transport, base).url(request()) == url


@pytest.mark.parametrize(
    ("text", "model", "changes", "asked", "tokens"),
    [
        ("Hi", Model("m"), {}, {}, 4096),
        ("天" * 1_000, Model("m"), {}, {}, 4096),
        ("天" * 2_500, Model("m"), {}, {}, 8192),
        ("a" * 6_000, Model("m"), {}, {}, 8192),
        ("天" * 10_000, Model("m"), {}, {}, 16_384),
        ("天" * 1_000, Model("m"), {"max_tokens": 4_000}, {}, 8192),
        ("天" * 1_000, Model("m", thinking=THINK), {}, {}, 8192),
        ("天" * 1_000, Model("m", thinking=THINK), {"thinking": False}, {}, 4096),
        ("天" * 10_000, Model("m", 12_000), {}, {}, 12_000),
        ("Hi", Model("m", 2048), {}, {}, 2048),
        ("Hi", Model("m"), {}, {"num_ctx": 10_000}, 10_000),
        ("天" * 2_000_000, Model("m"), {}, {}, 1 << 20),
    ],
)
def test_the_context_is_always_said(
    text: str, model: Model, changes: Any, asked: Any, tokens: int
) -> None:
    sent = body(ChatMessage(Role.USER, text), model=model, asked={"options": asked}, **changes)
    assert sent["options"]["num_ctx"] == tokens


@pytest.mark.parametrize(
    ("thinking", "changes", "think"),
    [
        (Thinking(), {"thinking": True}, None),
        (THINK, {}, None),
        (THINK, {"thinking": True}, True),
        (THINK, {"thinking": False}, False),
        (THINK, {"thinking": True, "effort": "high"}, True),
        (LEVELS, {"effort": "low"}, "low"),
        (LEVELS, {"thinking": True, "effort": "high"}, "high"),
        (LEVELS, {"thinking": False, "effort": "high"}, None),
        (Thinking(ThinkingDialect.EFFORT, ("low",)), {"thinking": True, "effort": "low"}, "low"),
    ],
)
def test_thinking(thinking: Thinking, changes: Any, think: Any) -> None:
    assert body(model=Model("m", thinking=thinking), **changes).get("think") is think


def test_shapes_of_the_answer() -> None:
    def shape(kind: str, **schema: Any) -> Any:
        asked = Sampling(response_format=kind, json_schema=schema)
        return body(sampling=asked).get("format")

    assert shape("") is None
    assert shape("text") is None
    assert shape("json_object") == "json"
    assert shape("json_schema", type="object") == {"type": "object"}


def attached(name: str, media_type: str, kind: AttachmentKind, data: bytes) -> Attached:
    return Attached(Attachment("b", name, media_type, len(data), kind), data)


def test_files() -> None:
    files = (
        attached("p.png", "image/png", AttachmentKind.IMAGE, b"\x89PNG"),
        attached("t.py", "text/x-python", AttachmentKind.TEXT, b"print(1)"),
        attached("d.pdf", "application/pdf", AttachmentKind.PDF, b"%PDF"),
    )
    question = ChatMessage(Role.USER, "look", attached=files)
    sent = body(question, model=Model("m", files=False))["messages"][0]
    assert sent["images"] == [base64.b64encode(b"\x89PNG").decode()]
    assert "print(1)" in sent["content"]
    assert "[d.pdf]" in sent["content"]
    assert sent["content"].endswith("\n\nlook")
    blind = body(question, model=Model("m", images=False))["messages"][0]
    assert "images" not in blind
    assert "[p.png]" in blind["content"]


def test_tools() -> None:
    tool = ToolSpec("f", "does f", {"type": "object"})
    assert body(tools=(tool,))["tools"] == [
        {
            "type": "function",
            "function": {"name": "f", "description": "does f", "parameters": {"type": "object"}},
        }
    ]
    assert "tools" not in body(tools=(tool,), tool_choice="none")
    calls = (ToolCall("c1", "f", '{"x": 1}'), ToolCall("c2", "g", '{"x'), ToolCall("c3", "h", "[]"))
    sent = body(
        ChatMessage(Role.USER, "a"),
        ChatMessage(Role.ASSISTANT, "", "why", tool_calls=calls),
        ChatMessage(Role.TOOL, "7", tool_call_id="c1"),
        ChatMessage(Role.TOOL, "8", tool_call_id="c9"),
        ChatMessage(Role.ASSISTANT, "done", "because"),
    )["messages"]
    assert sent[1:] == [
        {
            "role": "assistant",
            "content": "",
            "thinking": "why",
            "tool_calls": [
                {"id": "c1", "function": {"name": "f", "arguments": {"x": 1}}},
                {"id": "c2", "function": {"name": "g", "arguments": {}}},
                {"id": "c3", "function": {"name": "h", "arguments": {}}},
            ],
        },
        {"role": "tool", "content": "7", "tool_call_id": "c1", "tool_name": "f"},
        {"role": "tool", "content": "8", "tool_call_id": "c9"},
        {"role": "assistant", "content": "done"},
    ]


class Library:
    """A server that lists models and shows them.

    Args:
        shown: the reply for each name: JSON, or a status.
    """

    def __init__(self, shown: dict[str, Any]) -> None:
        self.shown = shown
        self.asked: list[str] = []
        self.four = asyncio.Event()
        self.at_once = 0
        self.most = 0

    async def __aenter__(self) -> "Library":
        self.server = await asyncio.start_server(self._talk, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self.server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        self.server.close()
        await self.server.wait_closed()

    async def _talk(self, inward: asyncio.StreamReader, outward: asyncio.StreamWriter) -> None:
        head = (await inward.readuntil(b"\r\n\r\n")).decode()
        _, _, rest = head.lower().partition("content-length:")
        content = await inward.readexactly(int(rest.split()[0]) if rest else 0)
        outward.write(await self._reply(head, content))
        await outward.drain()
        outward.close()
        await outward.wait_closed()

    async def _reply(self, head: str, content: bytes) -> bytes:
        closing = "Connection: close"
        if head.startswith("GET /api/tags "):
            return json_reply(200, {"models": [{"name": name} for name in self.shown]}, closing)
        name = json.loads(content)["model"]
        self.asked.append(name)
        self.at_once += 1
        self.most = max(self.most, self.at_once)
        if len(self.asked) == 4:
            for _ in range(1000):  # turns of the loop in which a fifth would come
                await asyncio.sleep(0)
            self.four.set()
        await self.four.wait()
        self.at_once -= 1
        value = self.shown[name]
        return json_reply(*((value, {"error": "no"}) if isinstance(value, int) else (200, value)),
                          closing)  # fmt: skip


def facts(*capabilities: str, context: Any = 8192, **more: Any) -> dict[str, Any]:
    info = {"general.architecture": "x", "x.context_length": context}
    return {"capabilities": list(capabilities), "model_info": info, **more}


async def test_what_is_shown_of_models(transport: HttpTransport) -> None:
    levels = {"values": ["low", "medium", "high"], "default": "medium"}
    switch = {"values": [False, True], "default": True}
    shown: dict[str, Any] = {
        "seer": facts("completion", "vision", "tools", "thinking"),
        "plain": facts("completion", context="many"),
        "levels": facts("completion", "thinking", thinking=levels),
        "switch": facts("completion", "thinking", thinking=switch),
        "oss": facts("completion", "thinking", details={"family": "gptoss"}),
        "embedder": facts("embedding"),
        "broken": 500,
        "old": {"license": "…"},
        "odd": [],
        "known": facts("completion", "vision"),
    }
    mine = Model("known", 5, thinking=LEVELS, images=False)
    async with Library(shown) as library:
        asked = provider(transport, library.url, models=(mine,), thinking=THINK)
        models = {model.id: model for model in await asked.list_models()}
    assert sorted(library.asked) == sorted(shown)
    assert library.most == 4
    assert list(models) == [name for name in shown if name != "embedder"]
    assert models["seer"] == Model(
        "seer", 8192, thinking=THINK, images=True, files=False, tools=True
    )
    assert models["plain"] == Model("plain", images=False, files=False, tools=False)
    assert models["levels"].thinking == LEVELS
    assert models["switch"].thinking == THINK
    assert models["oss"].thinking == LEVELS
    for name in ("broken", "old", "odd"):
        assert models[name] == Model(name, thinking=THINK)
    assert models["known"] == Model(
        "known", 5, thinking=LEVELS, images=False, files=False, tools=False
    )


async def test_a_list_comes_without_details_that_do_not(
    transport: HttpTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ollama, "SHOW_TIMEOUT", 0.05)
    tags = json_reply(200, {"models": [{"name": "a"}, {"model": "b"}]})
    scripts: list[Script] = [tags, [HANG]]
    async with ByteServer(scripts) as server:
        models = await provider(transport, server.origin).list_models()
    assert models == [Model("a"), Model("b")]


async def test_lists_that_are_none(transport: HttpTransport) -> None:
    async with ByteServer([json_reply(500, {"error": "no"}), json_reply(200, {"x": 1})]) as server:
        asked = provider(transport, server.origin)
        for kind in (ErrorKind.SERVER, ErrorKind.SERVER):
            with pytest.raises(ProviderError) as caught:
                await asked.list_models()
            assert caught.value.info.kind is kind
        with pytest.raises(ProviderError) as caught:
            await provider(transport, server.origin, models_path="").list_models()
    assert caught.value.info.code == "no_list"
    async with ByteServer([json_reply(200, {"models": []})]) as server:
        assert await provider(transport, server.origin).list_models() == []
