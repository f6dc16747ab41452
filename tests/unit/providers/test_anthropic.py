import base64
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from desktop_chat.core.attachments import Attached, Attachment, AttachmentKind, blob_key
from desktop_chat.core.errors import ErrorKind, ProviderError
from desktop_chat.core.messages import Role, Sampling, ToolCall
from desktop_chat.core.requests import ChatMessage, ChatRequest, ToolSpec
from desktop_chat.core.services import Model, Thinking, ThinkingDialect
from desktop_chat.providers.address import parse_address
from desktop_chat.providers.anthropic import Anthropic, messages_body
from desktop_chat.providers.http import HttpTransport
from tests.helpers.byte_server import ByteServer, json_reply, raw_stream, reply
from tests.unit.providers.contract.recordings_anthropic import THOUGHT, TOOLS
from tests.unit.providers.support import hear, reader, request, service

USER, ASSISTANT, TOOL = Role.USER, Role.ASSISTANT, Role.TOOL
EFFORTS = ("low", "medium", "high")
BUDGET = Thinking(ThinkingDialect.BUDGET, EFFORTS)
ADAPTIVE = Thinking(ThinkingDialect.ADAPTIVE, EFFORTS)
TYPE = Thinking(ThinkingDialect.TYPE, EFFORTS, default_on=True)


@pytest.fixture
async def transport(_no_leaked_tasks: None) -> AsyncIterator[HttpTransport]:
    made = HttpTransport(lambda _scheme, _host: "")
    yield made
    await made.aclose()


def provider(transport: HttpTransport, base_url: str, **changes: Any) -> Anthropic:
    asked = service(base_url, **changes)
    address = parse_address(asked.base_url)
    return Anthropic(asked, address, None, transport, reader(address.host))


def body(*messages: ChatMessage, model: Model | None = None, **changes: Any) -> Any:
    asked = service(models=(model or Model("m"),))
    return messages_body(asked, ChatRequest("m", messages or (ChatMessage(USER, "Hi"),), **changes))


def said(*messages: ChatMessage, **changes: Any) -> Any:
    return body(*messages, **changes)["messages"]


def attached(name: str, media_type: str, kind: AttachmentKind, data: bytes) -> Attached:
    return Attached(Attachment(blob_key(data), name, media_type, len(data), kind), data)


async def test_what_is_sent(transport: HttpTransport) -> None:
    question = ChatRequest(
        "m",
        (ChatMessage(Role.SYSTEM, "be brief"), ChatMessage(USER, "a\u2028b \ud800")),
        temperature=0.5,
        top_p=0.9,
        max_tokens=100,
        sampling=Sampling(stop=("END", " "), top_k=5, seed=1, min_p=0.1, n=2),
        extra={"metadata": {"user_id": "1"}, "top_p": 0.8},
        extra_headers={"Anthropic-Beta": "x-1"},
    )
    async with ByteServer([raw_stream(THOUGHT)]) as server:
        await hear(provider(transport, server.url, body={"service_tier": "auto"}), question)
    sent = server.requests[0]
    assert (sent.method, sent.path) == ("POST", "/v1/messages")
    assert sent.headers["anthropic-version"] == "2023-06-01"
    assert sent.headers["anthropic-beta"] == "x-1"
    assert sent.headers["accept"] == "text/event-stream"
    assert sent.json() == {
        "model": "m",
        "system": "be brief",
        "messages": [{"role": "user", "content": "a\u2028b ?"}],
        "stream": True,
        "max_tokens": 100,
        "temperature": 0.5,
        "top_p": 0.8,
        "top_k": 5,
        "stop_sequences": ["END"],
        "service_tier": "auto",
        "metadata": {"user_id": "1"},
    }


async def test_the_service_may_name_its_own_version(transport: HttpTransport) -> None:
    async with ByteServer([raw_stream(THOUGHT)]) as server:
        asked = provider(transport, server.url, headers={"Anthropic-Version": "2030-01-01"})
        await hear(asked)
        assert server.requests[0].headers["anthropic-version"] == "2030-01-01"


@pytest.mark.parametrize(
    ("base", "url"),
    [
        ("https://api.anthropic.com", "https://api.anthropic.com/v1/messages"),
        ("https://api.anthropic.com/", "https://api.anthropic.com/v1/messages"),
        ("https://api.anthropic.com/v1", "https://api.anthropic.com/v1/messages"),
        ("https://api.anthropic.com/v1/", "https://api.anthropic.com/v1/messages"),
        ("https://api.anthropic.com/v1/messages", "https://api.anthropic.com/v1/messages"),
        ("https://api.deepseek.com/anthropic", "https://api.deepseek.com/anthropic/v1/messages"),
        ("https://api.deepseek.com/anthropic/", "https://api.deepseek.com/anthropic/v1/messages"),
        ("https://h.cn/a/v1/messages/", "https://h.cn/a/v1/messages"),
        ("https://h.cn/messages", "https://h.cn/messages"),
    ],
)
async def test_addresses(transport: HttpTransport, base: str, url: str) -> None:
    asked = provider(transport, base)
    assert asked.url(request()) == url
    assert asked._path("models") == url.removesuffix("messages") + "models"


def test_turns_of_one_side_are_one() -> None:
    assert said(
        ChatMessage(USER, "a"),
        ChatMessage(USER, "b"),
        ChatMessage(ASSISTANT, " "),
        ChatMessage(USER, "c"),
        ChatMessage(ASSISTANT, "d "),
        ChatMessage(Role.SYSTEM, "late"),
        ChatMessage(USER, "e"),
    ) == [
        {"role": "user", "content": [{"type": "text", "text": text} for text in "abc"]},
        {"role": "assistant", "content": "d "},
        {"role": "user", "content": "e"},
    ]
    system = [ChatMessage(Role.SYSTEM, text) for text in ("one", "", "two")]
    assert body(*system, ChatMessage(USER, "e"))["system"] == "one\n\ntwo"


def test_files() -> None:
    files = (
        attached("p.png", "image/png", AttachmentKind.IMAGE, b"\x89PNG"),
        attached("t.py", "text/x-python", AttachmentKind.TEXT, b"print(1)"),
        attached("d.pdf", "application/pdf", AttachmentKind.PDF, b"%PDF"),
        attached("b.bmp", "image/bmp", AttachmentKind.IMAGE, b"BM"),
    )
    message = ChatMessage(USER, "look", attached=files)
    image, text, document, other, words = said(message)[0]["content"]
    png = base64.b64encode(b"\x89PNG").decode()
    source = {"type": "base64", "media_type": "image/png", "data": png}
    assert image == {"type": "image", "source": source}
    assert text["type"] == "text"
    assert "t.py" in text["text"]
    assert "print(1)" in text["text"]
    assert document["type"] == "document"
    assert document["title"] == "d.pdf"
    assert document["source"]["media_type"] == "application/pdf"
    assert base64.b64decode(document["source"]["data"]) == b"%PDF"
    assert other == {"type": "text", "text": "[b.bmp]"}
    assert words == {"type": "text", "text": "look"}
    blind = Model("m", images=False, files=False)
    texts = [block.get("text") for block in said(message, model=blind)[0]["content"]]
    assert texts[0] == "[p.png]"
    assert texts[2] == "[d.pdf]"


def test_an_answer_that_is_written_on() -> None:
    partial = ChatMessage(ASSISTANT, "It is ", partial=True)
    sent = body(ChatMessage(USER, "a"), partial, model=Model("m", thinking=ADAPTIVE), thinking=True)
    assert sent["messages"][-1] == {"role": "assistant", "content": "It is"}
    assert sent["thinking"] == {"type": "disabled"}


CALL = ToolCall("call:1", "f", '{"x": 1}')


def test_tools() -> None:
    schema = {"properties": {"x": {"type": "integer"}}}
    tools = (ToolSpec("f", "does f", schema), ToolSpec("g"))
    sent = body(tools=tools, tool_choice="required")
    assert sent["tools"] == [
        {
            "name": "f",
            "description": "does f",
            "input_schema": {"type": "object", "properties": {"x": {"type": "integer"}}},
        },
        {"name": "g", "input_schema": {"type": "object"}},
    ]
    assert sent["tool_choice"] == {"type": "any"}
    for choice, shape in (
        ("auto", {"type": "auto"}),
        ("none", {"type": "none"}),
        ("f", {"type": "tool", "name": "f"}),
    ):
        assert body(tools=tools, tool_choice=choice)["tool_choice"] == shape
    assert "tool_choice" not in body(tools=tools)
    assert "tool_choice" not in body(tool_choice="auto")


def test_calls_and_results() -> None:
    assert said(
        ChatMessage(USER, "a"),
        ChatMessage(ASSISTANT, "I look.", tool_calls=(CALL, ToolCall("call:2", "g", '{"x'))),
        ChatMessage(USER, "and?"),
        ChatMessage(TOOL, "7", tool_call_id="call:1"),
        ChatMessage(TOOL, "", tool_call_id="call:2"),
        ChatMessage(TOOL, "of nobody", tool_call_id="call:3"),
    )[1:] == [
        {
            "role": "assistant",
            "content": [
                {"type": "text", "text": "I look."},
                {"type": "tool_use", "id": "call_1", "name": "f", "input": {"x": 1}},
                {"type": "tool_use", "id": "call_2", "name": "g", "input": {}},
            ],
        },
        {
            "role": "user",
            "content": [
                {"type": "tool_result", "tool_use_id": "call_1", "content": "7"},
                {"type": "tool_result", "tool_use_id": "call_2"},
                {"type": "text", "text": "and?"},
            ],
        },
    ]


def test_a_call_that_was_never_answered_is_left_out() -> None:
    assert said(
        ChatMessage(USER, "a"),
        ChatMessage(ASSISTANT, "", tool_calls=(CALL,)),
        ChatMessage(USER, "b"),
    ) == [{"role": "user", "content": [{"type": "text", "text": text} for text in "ab"]}]


THOUGHTS = [
    {"type": "thinking", "thinking": "x", "signature": "c2x"},
    {"type": "text", "length": 7},
    {"type": "redacted_thinking", "data": "aGlkZGVu"},
    {"type": "tool_use", "id": "call:1"},
]


def echoed(text: str, **changes: Any) -> Any:
    echo = {"protocol": "anthropic", "service": "here", "model": "m", "blocks": THOUGHTS} | changes
    answer = ChatMessage(ASSISTANT, text, tool_calls=(CALL,), echo=echo)
    result = ChatMessage(TOOL, "7", tool_call_id="call:1")
    content = said(ChatMessage(USER, "a"), answer, result)[1]["content"]
    return [block["type"] for block in content]


def test_what_was_echoed_goes_back_in_its_order() -> None:
    kinds = ["thinking", "text", "redacted_thinking", "tool_use"]
    assert echoed("I look.") == kinds
    assert echoed("I look. And more.") == ["thinking", "redacted_thinking", "text", "tool_use"]
    for changes in (
        {"model": "other"},
        {"service": "other"},
        {"protocol": "openai-chat"},
        {"blocks": None},
        {"blocks": [{"type": []}, 3, {"type": "server_tool_use"}]},
    ):
        assert echoed("I look.", **changes) == ["text", "tool_use"]


async def test_an_answer_goes_back_as_it_came(transport: HttpTransport) -> None:
    async with ByteServer([raw_stream(THOUGHT)]) as server:
        asked = provider(transport, server.url)
        heard = await hear(asked)
        answer = ChatMessage(ASSISTANT, heard.text, heard.reasoning, echo=heard.echo)
        messages = (ChatMessage(USER, "Hello"), answer, ChatMessage(USER, "More"))
        await hear(asked, ChatRequest("m", messages))
    assert server.requests[1].json()["messages"][1]["content"] == [
        {"type": "thinking", "thinking": "why\u2028", "signature": "c2ln"},
        {"type": "redacted_thinking", "data": "aGlkZGVu"},
        {"type": "text", "text": "Hello 你好"},
    ]


async def test_calls_go_back_as_they_came(transport: HttpTransport) -> None:
    async with ByteServer([raw_stream(TOOLS)]) as server:
        asked = provider(transport, server.url)
        heard = await hear(asked)
        calls = tuple(ToolCall(call.id, call.name, call.arguments) for call in heard.tools)
        answer = ChatMessage(ASSISTANT, heard.text, tool_calls=calls, echo=heard.echo)
        results = [ChatMessage(TOOL, "7", tool_call_id=call.id) for call in calls]
        await hear(asked, ChatRequest("m", (ChatMessage(USER, "a"), answer, *results)))
    assert [b["type"] for b in server.requests[1].json()["messages"][1]["content"]] == [
        "text", "tool_use", "tool_use"
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("thinking", "changes", "fields"),
    [
        (BUDGET, {}, {}),
        (BUDGET, {"thinking": False}, {"thinking": {"type": "disabled"}}),
        (BUDGET, {"thinking": True},
         {"thinking": {"type": "enabled", "budget_tokens": 12_288}}),
        (BUDGET, {"effort": "low"}, {"thinking": {"type": "enabled", "budget_tokens": 4096}}),
        (BUDGET, {"thinking": True, "effort": "high"},
         {"thinking": {"type": "enabled", "budget_tokens": 24_576}}),
        (BUDGET, {"thinking": True, "effort": "odd"},
         {"thinking": {"type": "enabled", "budget_tokens": 12_288}}),
        (ADAPTIVE, {}, {}),
        (ADAPTIVE, {"thinking": True},
         {"thinking": {"type": "adaptive", "display": "summarized"}}),
        (ADAPTIVE, {"thinking": True, "effort": "low"},
         {"thinking": {"type": "adaptive", "display": "summarized"},
          "output_config": {"effort": "low"}}),
        (ADAPTIVE, {"thinking": False, "effort": "low"}, {"thinking": {"type": "disabled"}}),
        (TYPE, {}, {}),
        (TYPE, {"thinking": True, "effort": "high"},
         {"thinking": {"type": "enabled"}, "output_config": {"effort": "high"}}),
        (TYPE, {"thinking": False}, {"thinking": {"type": "disabled"}}),
        (Thinking(), {"thinking": True, "effort": "low"}, {}),
        (Thinking(ThinkingDialect.ADAPTIVE, can_disable=False), {"thinking": False},
         {"thinking": {"type": "adaptive", "display": "summarized"}}),
    ],
)  # fmt: skip
def test_thinking(thinking: Thinking, changes: Any, fields: Any) -> None:
    sent = body(model=Model("m", thinking=thinking), **changes)
    assert {name: sent[name] for name in ("thinking", "output_config") if name in sent} == fields


def test_who_thinks_keeps_its_own_sampling() -> None:
    changes: dict[str, Any] = {"temperature": 0.3, "top_p": 0.5, "sampling": Sampling(top_k=3)}
    changed = {"temperature", "top_p", "top_k"}
    for thinking, on, sent in (
        (ADAPTIVE, True, set()),
        (ADAPTIVE, None, changed),
        (ADAPTIVE, False, changed),
        (BUDGET, True, set()),
        (TYPE, None, set()),
        (TYPE, False, changed),
        (Thinking(), True, changed),
    ):
        asked = body(model=Model("m", thinking=thinking), thinking=on, **changes)
        assert changed & set(asked) == sent


@pytest.mark.parametrize(
    ("model", "changes", "limit"),
    [
        (Model("m"), {}, 8192),
        (Model("m"), {"max_tokens": 7}, 7),
        (Model("m", output_tokens=4096), {}, 4096),
        (Model("m", output_tokens=128_000), {}, 32_000),
        (Model("m", output_tokens=128_000, thinking=ADAPTIVE), {"thinking": True}, 64_000),
        (Model("m", 20_000, 16_000), {}, 16_000),
        (Model("m", 20_000, 16_000), {"messages": (ChatMessage(USER, "长" * 9_000),)}, 10_983),
        (Model("m", thinking=BUDGET), {"thinking": True, "effort": "high"}, 32_768),
        (Model("m", thinking=BUDGET), {"thinking": True, "max_tokens": 100}, 1025),
        (Model("m", thinking=BUDGET), {"thinking": True, "max_tokens": 5000}, 5000),
    ],
)
def test_limits(model: Model, changes: dict[str, Any], limit: int) -> None:
    messages = changes.pop("messages", ())
    sent = body(*messages, model=model, **changes)
    assert sent["max_tokens"] == limit
    budget = sent.get("thinking", {}).get("budget_tokens")
    assert budget is None or 1024 <= budget < limit


def test_a_schema() -> None:
    shape = Sampling(response_format="json_schema", json_schema={"type": "object"})
    sent = body(sampling=shape, effort="low", thinking=True, model=Model("m", thinking=ADAPTIVE))
    schema = {"type": "json_schema", "schema": {"type": "object"}}
    assert sent["output_config"] == {"effort": "low", "format": schema}


def entry(name: str, **changes: Any) -> dict[str, Any]:
    return {"type": "model", "id": name, "display_name": name.title(), **changes}


def able(*names: str) -> dict[str, Any]:
    known = ("image_input", "pdf_input", "enabled", "adaptive", "disabled", "low", "high", "max")
    return {name: {"supported": name in names} for name in known}


async def test_the_list_has_pages(transport: HttpTransport) -> None:
    pages = [
        {"data": [entry("a"), entry("b")], "has_more": True, "last_id": "b/&"},
        {"data": [entry("b"), entry("c")], "has_more": True, "last_id": "c"},
        {"data": [entry("d")], "has_more": False, "last_id": "d"},
    ]
    async with ByteServer([json_reply(200, page) for page in pages]) as server:
        models = await provider(transport, server.url).list_models()
        paths = [sent.path for sent in server.requests]
    assert [(model.id, model.name) for model in models] == [
        ("a", "A"), ("b", "B"), ("c", "C"), ("d", "D")
    ]  # fmt: skip
    assert paths == [
        "/v1/models?limit=1000",
        "/v1/models?limit=1000&after_id=b%2F%26",
        "/v1/models?limit=1000&after_id=c",
    ]
    assert server.requests[0].headers["anthropic-version"] == "2023-06-01"


@pytest.mark.parametrize("last", ["x", "", None, 7])
async def test_a_list_without_end_has_one(transport: HttpTransport, last: Any) -> None:
    page = {"data": [entry("a")], "has_more": True, "last_id": last}
    async with ByteServer([json_reply(200, page)]) as server:
        assert len(await provider(transport, server.url).list_models()) == 1
        assert len(server.requests) <= 2


async def test_what_the_list_tells_of_models(transport: HttpTransport) -> None:
    new = able("image_input") | {
        "thinking": {"supported": True, "types": able("adaptive")},
        "effort": able("low", "high", "max"),
    }
    old = able("image_input", "pdf_input") | {
        "thinking": {"supported": True, "types": able("enabled", "disabled")}
    }
    page = {
        "data": [
            entry("new", capabilities=new, max_input_tokens=1_000_000, max_tokens=128_000),
            entry("old", capabilities=old),
            entry("known", capabilities=new, max_tokens=9),
            entry("plain", capabilities={"thinking": {"supported": False}}),
            entry("bare", capabilities=[1], max_tokens="many"),
        ]
    }
    mine = Model("known", 5, 6, BUDGET, images=False, name="Mine")
    async with ByteServer([json_reply(200, page)]) as server:
        asked = provider(transport, server.url, models=(mine,), thinking=ADAPTIVE)
        new_one, old_one, known, plain, bare = await asked.list_models()
    always = Thinking(ThinkingDialect.ADAPTIVE, ("low", "high", "max"), True, "", False)
    assert new_one == Model("new", 1_000_000, 128_000, always, images=True, files=False, name="New")
    budget = Thinking(ThinkingDialect.BUDGET, EFFORTS, False, "medium")
    assert (old_one.thinking, old_one.files) == (budget, True)
    assert known == Model("known", 5, 6, BUDGET, images=False, files=False, name="Mine")
    assert plain.thinking == Thinking()
    assert bare == Model("bare", thinking=ADAPTIVE, name="Bare")


async def test_lists_that_are_none(transport: HttpTransport) -> None:
    error = {"type": "error", "error": {"type": "authentication_error", "message": "bad key"}}
    replies = [json_reply(401, error), json_reply(200, error), reply(200, b"<html></html>")]
    async with ByteServer(replies) as server:
        asked = provider(transport, server.url)
        kinds = []
        for _ in replies:
            with pytest.raises(ProviderError) as caught:
                await asked.list_models()
            kinds.append(caught.value.info.kind)
        with pytest.raises(ProviderError) as caught:
            await provider(transport, server.url, models_path="").list_models()
    assert kinds == [ErrorKind.AUTHENTICATION, ErrorKind.AUTHENTICATION, ErrorKind.PROTOCOL]
    assert caught.value.info.code == "no_list"


def test_the_body_is_json() -> None:
    assert json.loads(json.dumps(body(tools=(ToolSpec("f"),), thinking=True)))["model"] == "m"
