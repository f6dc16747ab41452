"""What chat completions are asked with, beyond plain texts."""

import base64
from collections.abc import AsyncIterator
from typing import Any

import pytest

from desktop_chat.core.attachments import Attached, Attachment, AttachmentKind, blob_key
from desktop_chat.core.messages import Role, Sampling, ToolCall
from desktop_chat.core.requests import ChatMessage, ChatRequest, ToolSpec
from desktop_chat.core.services import Model, Service, Thinking, ThinkingDialect
from desktop_chat.providers.address import parse_address
from desktop_chat.providers.chat_messages import chat_messages
from desktop_chat.providers.echoes import EchoMaker
from desktop_chat.providers.http import HttpTransport
from desktop_chat.providers.openai_chat import OpenAiChat, chat_body
from tests.helpers.byte_server import ByteServer, delta, sse
from tests.unit.providers.support import hear, reader, request, service

PNG = Attached(Attachment(blob_key(b"png"), "p.png", "image/png", 3, AttachmentKind.IMAGE), b"png")
PDF = Attached(
    Attachment(blob_key(b"pdf"), "a.pdf", "application/pdf", 3, AttachmentKind.PDF), b"pdf"
)
CODE = Attached(
    Attachment(blob_key(b"x = 1"), "a.py", "text/x-python", 5, AttachmentKind.TEXT), b"x = 1"
)
FENCED = "a.py:\n```py\nx = 1\n```"
CALL = ToolCall("c1", "f", '{"x":1}')
DEEPSEEK = service(thinking=Thinking(ThinkingDialect.TYPE))
TOOL_TURN = (
    ChatMessage(Role.USER, "first"),
    ChatMessage(Role.ASSISTANT, "plain", reasoning="old"),
    ChatMessage(Role.USER, "go"),
    ChatMessage(Role.ASSISTANT, "", reasoning="think", tool_calls=(CALL,)),
    ChatMessage(Role.TOOL, "result", tool_call_id="c1"),
    ChatMessage(Role.ASSISTANT, "so", reasoning="again"),
    ChatMessage(Role.USER, "next"),
)


def sent(*messages: ChatMessage, asked: Service | None = None, **changes: Any) -> list[Any]:
    return chat_messages(asked or service(), ChatRequest("m", messages, **changes))


def data(mime: str, content: bytes) -> str:
    return f"data:{mime};base64,{base64.b64encode(content).decode()}"


def test_every_parameter() -> None:
    schema: dict[str, Any] = {"type": "object"}
    sampling = Sampling(2, ("a", "b"), 5, 0.1, -1.0, 1.5, 7, "json_schema", schema)
    body = chat_body(service(usage_in_stream=False), "h", request(sampling=sampling))
    assert {name: body[name] for name in body if name not in ("model", "messages", "stream")} == {
        "n": 2,
        "stop": ["a", "b"],
        "top_k": 5,
        "min_p": 0.1,
        "frequency_penalty": -1.0,
        "presence_penalty": 1.5,
        "seed": 7,
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": "answer", "schema": schema},
        },
    }


@pytest.mark.parametrize("form", ["text", "json_object"])
def test_other_formats(form: str) -> None:
    body = chat_body(service(), "h", request(sampling=Sampling(response_format=form, seed=0)))
    assert body["response_format"] == {"type": form}
    assert body["seed"] == 0


def test_a_schema_that_has_its_name() -> None:
    given: dict[str, Any] = {"name": "mine", "strict": True, "schema": {"type": "object"}}
    sampling = Sampling(response_format="json_schema", json_schema=given)
    body = chat_body(service(), "h", request(sampling=sampling))
    assert body["response_format"] == {"type": "json_schema", "json_schema": given}


def test_pictures_and_files() -> None:
    question = ChatMessage(Role.USER, "what?", attached=(CODE, PNG, PDF))
    assert sent(question) == [
        {
            "role": "user",
            "content": [
                {"type": "image_url", "image_url": {"url": data("image/png", b"png")}},
                {
                    "type": "file",
                    "file": {
                        "filename": "a.pdf",
                        "file_data": data("application/pdf", b"pdf"),
                    },
                },
                {"type": "text", "text": f"{FENCED}\n\nwhat?"},
            ],
        }
    ]
    alone = sent(ChatMessage(Role.USER, "", attached=(PNG,)))[0]["content"]
    assert [part["type"] for part in alone] == ["image_url"]


def test_text_files_alone_stay_text() -> None:
    question = ChatMessage(Role.USER, "what?", attached=(CODE,))
    assert sent(question) == [{"role": "user", "content": f"{FENCED}\n\nwhat?"}]


def test_what_a_model_cannot_read_is_named() -> None:
    blind = service(models=(Model("m", images=False, files=False),))
    question = ChatMessage(Role.USER, "what?", attached=(PNG, PDF))
    told = sent(question, asked=blind)
    assert told == [{"role": "user", "content": "[p.png]\n\n[a.pdf]\n\nwhat?"}]


@pytest.mark.parametrize(
    ("choice", "told"),
    [
        ("", None),
        ("auto", "auto"),
        ("none", "none"),
        ("required", "required"),
        ("f", {"type": "function", "function": {"name": "f"}}),
    ],
)
def test_tools(choice: str, told: Any) -> None:
    tools = (ToolSpec("f", "does it", {"type": "object"}), ToolSpec("g"))
    body = chat_body(service(), "h", request(tools=tools, tool_choice=choice))
    assert body["tools"] == [
        {
            "type": "function",
            "function": {"name": "f", "description": "does it", "parameters": {"type": "object"}},
        },
        {
            "type": "function",
            "function": {"name": "g", "parameters": {"type": "object", "properties": {}}},
        },
    ]
    assert body.get("tool_choice") == told


def test_no_tools_no_fields() -> None:
    body = chat_body(service(), "h", request(tool_choice="auto"))
    assert not {"tools", "tool_choice", "functions"} & set(body)


@pytest.mark.parametrize(
    ("choice", "told"),
    [("", None), ("auto", "auto"), ("f", {"name": "f"}), ("required", {"name": "f"})],
)
def test_the_old_functions(choice: str, told: Any) -> None:
    old = service(options={"tools": "functions"})
    body = chat_body(old, "h", request(tools=(ToolSpec("f"),), tool_choice=choice))
    assert body["functions"] == [{"name": "f", "parameters": {"type": "object", "properties": {}}}]
    assert body.get("function_call") == told
    assert "tools" not in body


def test_calls_and_results() -> None:
    told = sent(*TOOL_TURN)
    assert told[3:5] == [
        {
            "role": "assistant",
            "content": None,
            "tool_calls": [
                {"id": "c1", "type": "function", "function": {"name": "f", "arguments": '{"x":1}'}}
            ],
        },
        {"role": "tool", "tool_call_id": "c1", "content": "result"},
    ]


def test_a_call_without_a_result_is_not_sent() -> None:
    told = sent(
        ChatMessage(Role.USER, "go"),
        ChatMessage(Role.ASSISTANT, "", tool_calls=(CALL,)),
        ChatMessage(Role.TOOL, "of nothing", tool_call_id="c9"),
        ChatMessage(Role.ASSISTANT, "said", reasoning="r", tool_calls=(CALL,)),
        ChatMessage(Role.USER, "well?"),
        asked=DEEPSEEK,
    )
    assert told == [
        {"role": "user", "content": "go"},
        {"role": "assistant", "content": "said"},
        {"role": "user", "content": "well?"},
    ]


def test_calls_and_results_of_the_old_functions() -> None:
    two = (CALL, ToolCall("c2", "g", ""))
    told = sent(
        ChatMessage(Role.ASSISTANT, "ok", tool_calls=two),
        ChatMessage(Role.TOOL, "one", tool_call_id="c1"),
        ChatMessage(Role.TOOL, "two", tool_call_id="c2"),
        asked=service(options={"tools": "functions"}),
    )
    assert told == [
        {
            "role": "assistant",
            "content": "ok",
            "function_call": {"name": "f", "arguments": '{"x":1}'},
        },
        {"role": "function", "name": "f", "content": "one"},
        {
            "role": "assistant",
            "content": None,
            "function_call": {"name": "g", "arguments": "{}"},
        },
        {"role": "function", "name": "g", "content": "two"},
    ]


def test_thinking_goes_back_in_turns_with_tools_only() -> None:
    told = sent(*TOOL_TURN, asked=DEEPSEEK)
    assert [message.get("reasoning_content") for message in told] == [
        None, None, None, "think", None, "again", None,
    ]  # fmt: skip
    plain = sent(*TOOL_TURN)
    assert all("reasoning_content" not in message for message in plain)


def test_echoes_go_to_who_made_them_only() -> None:
    maker = EchoMaker("openai-chat", "here", "m")
    details = [{"type": "reasoning.text", "text": "think", "signature": "s"}]
    signed = {"google": {"thought_signature": "sig"}}
    echo = maker.make({"details": details, "calls": [signed], "extra": signed})
    turn = (
        ChatMessage(Role.ASSISTANT, "ok", reasoning="think", tool_calls=(CALL, CALL), echo=echo),
        ChatMessage(Role.TOOL, "one", tool_call_id="c1"),
    )
    told = sent(*turn)[0]
    assert told["reasoning_details"] == details
    assert "reasoning_content" not in told
    assert told["extra_content"] == signed
    assert [call.get("extra_content") for call in told["tool_calls"]] == [signed, None]
    for asked, model in ((service(id="other"), "m"), (service(), "n")):
        strange = chat_messages(asked, ChatRequest(model, turn))[0]
        assert "reasoning_details" not in str(strange)
        assert "extra_content" not in str(strange)


@pytest.mark.parametrize("echo", [None, "x", [], {}, {"protocol": "anthropic"}, {"calls": 3}])
def test_an_echo_of_another_protocol(echo: Any) -> None:
    assert sent(ChatMessage(Role.ASSISTANT, "ok", echo=echo)) == [
        {"role": "assistant", "content": "ok"}
    ]


def test_thinking_goes_back_by_the_name_it_came_by() -> None:
    echo = EchoMaker("openai-chat", "here", "m").make({"reasoning": "reasoning"})
    turn = (
        ChatMessage(Role.ASSISTANT, "", reasoning="think", tool_calls=(CALL,), echo=echo),
        ChatMessage(Role.TOOL, "one", tool_call_id="c1"),
    )
    assert sent(*turn)[0]["reasoning"] == "think"


@pytest.fixture
async def transport(_no_leaked_tasks: None) -> AsyncIterator[HttpTransport]:
    made = HttpTransport(lambda _scheme, _host: "")
    yield made
    await made.aclose()


@pytest.mark.parametrize(
    ("prefix", "options", "path"),
    [
        (True, {"prefix_path": "/beta"}, "/beta/chat/completions"),
        (True, {}, "/v1/chat/completions"),
        (False, {"prefix_path": "/beta"}, "/v1/chat/completions"),
    ],
)
async def test_writing_on(
    transport: HttpTransport, prefix: bool, options: dict[str, str], path: str
) -> None:
    question = request(
        messages=(
            ChatMessage(Role.USER, "go"),
            ChatMessage(Role.ASSISTANT, "Hel", reasoning="think", partial=True),
        )
    )
    answer = sse(delta("lo"), delta(finish="stop"))
    async with ByteServer([answer]) as server:
        asked = service(
            server.url,
            models=(Model("m", prefix=prefix, thinking=DEEPSEEK.thinking),),
            options=options,
        )
        address = parse_address(asked.base_url)
        provider = OpenAiChat(asked, address, None, transport, reader())
        assert (await hear(provider, question)).text == "lo"
    assert server.requests[0].path == path
    last = server.requests[0].json()["messages"][-1]
    plain = {"role": "assistant", "content": "Hel"}
    wanted = plain | {"prefix": True, "reasoning_content": "think"} if prefix else plain
    assert last == wanted


def test_deepseek_writes_on_elsewhere() -> None:
    asked = service("https://api.deepseek.com/v1", models=(Model("m", prefix=True),))
    provider = OpenAiChat(asked, parse_address(asked.base_url), None, HttpTransport(), reader())
    begun = request(messages=(ChatMessage(Role.ASSISTANT, "Hel", partial=True),))
    assert provider.url(begun) == "https://api.deepseek.com/beta/chat/completions"
    assert provider.url(request()) == "https://api.deepseek.com/v1/chat/completions"
