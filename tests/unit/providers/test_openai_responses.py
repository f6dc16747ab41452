from typing import Any

import pytest

from desktop_chat.core.errors import ErrorKind
from desktop_chat.core.events import FinishReason, TextDelta, ToolCallDelta, Usage
from desktop_chat.core.messages import Role, Sampling, ToolCall
from desktop_chat.core.requests import ChatMessage, ChatRequest, ToolSpec
from desktop_chat.core.services import Model, Service, Thinking, ThinkingDialect
from desktop_chat.providers.address import parse_address
from desktop_chat.providers.echoes import MAX_ECHO, EchoMaker
from desktop_chat.providers.http import HttpTransport
from desktop_chat.providers.openai_responses import OpenAiResponses, responses_body
from desktop_chat.providers.openai_responses_decoder import MAX_ITEMS, ResponsesDecoder
from desktop_chat.providers.tool_calls import MAX_CALLS
from tests.helpers.byte_server import event
from tests.unit.providers.contract.recordings_openai_responses import (
    CALL,
    PICTURE,
    PNG,
    REASONING,
    message,
    named,
    response,
    text_delta,
    thought,
)
from tests.unit.providers.support import Heard, reader, request, service
from tests.unit.providers.test_chat_messages import CODE, FENCED, PDF, data
from tests.unit.providers.test_chat_messages import PNG as PICTURE_FILE

MAKER = EchoMaker("openai-responses", "here", "m")
COMPLETED = named("response.completed", response=response(output=[]))
DELTA = "response.output_text.delta"


def decode(body: bytes, *, keeps_thinking: bool = False) -> Heard:
    decoder = ResponsesDecoder(reader(), {}, MAKER, keeps_thinking=keeps_thinking)
    heard = Heard()
    heard.add(decoder.feed(body))
    heard.add(decoder.close())
    heard.error = decoder.failure
    return heard


def items(*messages: ChatMessage, asked: Service | None = None) -> Any:
    return responses_body(asked or service(), ChatRequest("m", messages))["input"]


# What is asked


def test_a_plain_question() -> None:
    assert responses_body(service(), request()) == {
        "model": "m",
        "input": [{"role": "user", "content": "Hello"}],
        "stream": True,
    }


def test_every_parameter() -> None:
    question = ChatRequest(
        "m",
        (
            ChatMessage(Role.SYSTEM, "be brief"),
            ChatMessage(Role.SYSTEM, "be kind"),
            ChatMessage(Role.USER, "Hello"),
            ChatMessage(Role.SYSTEM, "later"),
        ),
        temperature=0.5,
        top_p=0.9,
        max_tokens=100,
        sampling=Sampling(n=2, stop=("x",), top_k=1, seed=1, response_format="json_object"),
        extra={"temperature": 1},
        stream=False,
    )
    asked = service(
        options={"store": False, "include": ["reasoning.encrypted_content"]}, body={"user": "me"}
    )
    assert responses_body(asked, question) == {
        "model": "m",
        "instructions": "be brief\n\nbe kind",
        "input": [{"role": "user", "content": "Hello"}, {"role": "system", "content": "later"}],
        "stream": False,
        "temperature": 1,
        "top_p": 0.9,
        "max_output_tokens": 100,
        "text": {"format": {"type": "json_object"}},
        "store": False,
        "include": ["reasoning.encrypted_content"],
        "user": "me",
    }


def test_a_schema() -> None:
    sampling = Sampling(response_format="json_schema", json_schema={"type": "object"})
    body = responses_body(service(), request(sampling=sampling))
    assert body["text"] == {
        "format": {"type": "json_schema", "name": "answer", "schema": {"type": "object"}}
    }


@pytest.mark.parametrize(
    ("thinking", "options", "told"),
    [
        (Thinking(ThinkingDialect.EFFORT, ("low", "high")), {}, {"reasoning": {"effort": "high"}}),
        (
            Thinking(ThinkingDialect.TYPE, ("low", "high")),
            {},
            {"thinking": {"type": "enabled"}, "reasoning": {"effort": "high"}},
        ),
        (Thinking(ThinkingDialect.ENABLE), {}, {"enable_thinking": True}),
        (
            Thinking(ThinkingDialect.REASONING, ("high",)),
            {"reasoning_summary": "auto"},
            {"reasoning": {"enabled": True, "effort": "high", "summary": "auto"}},
        ),
        (Thinking(), {"reasoning_summary": "auto"}, {"reasoning": {"summary": "auto"}}),
        (Thinking(), {}, {}),
    ],
)
def test_thinking(thinking: Thinking, options: dict[str, str], told: dict[str, Any]) -> None:
    asked = service(thinking=thinking, options=options)
    body = responses_body(asked, request(thinking=True, effort="high"))
    assert {name: body[name] for name in body if name not in ("model", "input", "stream")} == told


@pytest.mark.parametrize(
    ("choice", "told"),
    [("", None), ("required", "required"), ("f", {"type": "function", "name": "f"})],
)
def test_tools(choice: str, told: Any) -> None:
    tools = (ToolSpec("f", "does it", {"type": "object"}),)
    body = responses_body(service(), request(tools=tools, tool_choice=choice))
    assert body["tools"] == [
        {
            "type": "function",
            "name": "f",
            "description": "does it",
            "parameters": {"type": "object"},
            "strict": False,
        }
    ]
    assert body.get("tool_choice") == told


def test_pictures_and_files() -> None:
    question = ChatMessage(Role.USER, "what?", attached=(CODE, PICTURE_FILE, PDF))
    assert items(question)[0]["content"] == [
        {"type": "input_image", "image_url": data("image/png", b"png")},
        {
            "type": "input_file",
            "filename": "a.pdf",
            "file_data": data("application/pdf", b"pdf"),
        },
        {"type": "input_text", "text": f"{FENCED}\n\nwhat?"},
    ]
    blind = service(models=(Model("m", images=False, files=False),))
    told = items(question, asked=blind)
    assert told[0]["content"] == f"[p.png]\n\n[a.pdf]\n\n{FENCED}\n\nwhat?"


ONE, TWO = ToolCall("c1", "f", '{"x":1}'), ToolCall("c2", "g", "")
RESULTS = (
    ChatMessage(Role.TOOL, "one", tool_call_id="c1"),
    ChatMessage(Role.TOOL, "two", tool_call_id="c2"),
)
TOLD_ONE = {"type": "function_call", "call_id": "c1", "name": "f", "arguments": '{"x":1}'}
TOLD_TWO = {"type": "function_call", "call_id": "c2", "name": "g", "arguments": "{}"}
TOLD_RESULTS = [
    {"type": "function_call_output", "call_id": "c1", "output": "one"},
    {"type": "function_call_output", "call_id": "c2", "output": "two"},
]


def test_calls_and_results() -> None:
    turn = (ChatMessage(Role.ASSISTANT, "ok", tool_calls=(ONE, TWO)), *RESULTS)
    assert items(*turn) == [
        {"role": "assistant", "content": "ok"}, TOLD_ONE, TOLD_TWO, *TOLD_RESULTS,
    ]  # fmt: skip


def test_a_call_without_a_result_is_not_sent() -> None:
    assert items(
        ChatMessage(Role.ASSISTANT, "ok", tool_calls=(ONE,)),
        ChatMessage(Role.TOOL, "of nothing", tool_call_id="c9"),
    ) == [{"role": "assistant", "content": "ok"}]


def test_thinking_goes_back_where_it_was() -> None:
    first = {"type": "reasoning", "summary": [], "encrypted_content": "A"}
    second = {"type": "reasoning", "summary": [], "encrypted_content": "B"}
    lost = {"type": "reasoning", "summary": [], "encrypted_content": "C"}
    echo = MAKER.make(
        {
            "items": [
                first,
                {"type": "function_call", "call_id": "c1"},
                {"type": "message"},
                second,
                {"type": "function_call", "call_id": "c2"},
                lost,
                {"type": "function_call", "call_id": "of another time"},
            ]
        }
    )
    answer = ChatMessage(Role.ASSISTANT, "ok", tool_calls=(ONE, TWO), echo=echo)
    told = items(answer, *RESULTS)
    assert told == [
        first, TOLD_ONE, {"role": "assistant", "content": "ok"}, second, TOLD_TWO, *TOLD_RESULTS,
    ]  # fmt: skip
    assert items(answer, *RESULTS, asked=service(id="other"))[0]["content"] == "ok"
    plain = ChatMessage(
        Role.ASSISTANT, "ok", echo=MAKER.make({"items": [first, {"type": "message"}]})
    )
    assert items(plain) == [{"role": "assistant", "content": "ok"}], "no tool, no thinking"


@pytest.mark.parametrize("prefix", [True, False])
def test_writing_on(prefix: bool) -> None:
    asked = service(models=(Model("m", prefix=prefix),))
    begun = ChatMessage(Role.ASSISTANT, "Hel", partial=True)
    told = {"role": "assistant", "content": "Hel"} | ({"partial": True} if prefix else {})
    assert items(begun, asked=asked) == [told]


@pytest.mark.parametrize("base", ["/v1", "/v1/", "/v1/responses", "/v1/chat/completions", ""])
def test_addresses(base: str) -> None:
    asked = service(f"https://here.test{base}")
    address = parse_address(asked.base_url)
    provider = OpenAiResponses(asked, address, None, HttpTransport(), reader())
    assert provider.url(request()) == "https://here.test/v1/responses"


# What is answered


def test_a_stream_that_ends_without_its_end() -> None:
    for body in (text_delta("Hello"), text_delta("Hello") + event("[DONE]")):
        heard = decode(body)
        assert (heard.text, heard.reason) == ("Hello", FinishReason.UNKNOWN)


def test_nothing_at_all() -> None:
    assert decode(named("response.created", response=response())).kind is ErrorKind.DROPPED


def test_what_is_only_told_when_done_is_not_lost() -> None:
    for body in (
        named("response.output_text.done", output_index=0, content_index=0, text="Hello"),
        named("response.content_part.done", part={"type": "output_text", "text": "Hello"}),
        named("response.output_item.done", output_index=0, item=message("Hello")),
        named("response.completed", response=response(output=[message("Hello")])),
        named("response.completed", response=response(output_text="Hello")),
        named("response.refusal.done", output_index=0, refusal="Hello"),
    ):
        heard = decode(body + COMPLETED)
        assert (heard.text, heard.reason) == ("Hello", FinishReason.STOP)


def test_what_was_told_is_not_told_again() -> None:
    again = (
        named("response.output_text.done", text="Hello")
        + named("response.output_item.done", item=message("Hello"), output_index=7)
        + named("response.completed", response=response(output=[message("Hello")]))
    )
    assert decode(event({"type": DELTA, "delta": "Hello"}) + again).text == "Hello"


def test_a_name_in_place_of_a_type() -> None:
    body = f"event: {DELTA}\n".encode() + event({"delta": "Hello"}) + COMPLETED
    assert decode(body).text == "Hello"


def test_messages_and_parts_of_thinking_are_kept_apart() -> None:
    body = thought("a") + thought("b") + thought("c", 1) + text_delta("x", 1) + text_delta("y", 2)
    heard = decode(body + COMPLETED)
    assert (heard.reasoning, heard.text) == ("ab\n\nc", "x\n\ny")
    begun = added({"id": "msg_2", "type": "message"}, 1)
    nameless = event({"type": DELTA, "delta": "x"})
    assert decode(nameless + nameless + begun + nameless + COMPLETED).text == "xx\n\nx"
    assert decode(text_delta("x") + thought("why") + text_delta("y") + COMPLETED).text == "xy"


def test_thinking_is_told_once() -> None:
    full = named("response.reasoning_text.delta", item_id="rs_1", output_index=0, delta="in full")
    heard = decode(thought("in short") + full + COMPLETED)
    assert heard.reasoning == "in short"


def test_thinking_in_full() -> None:
    full = named("response.reasoning_text.delta", item_id="rs_1", content_index=0, delta="why")
    assert decode(full + COMPLETED).reasoning == "why"


def test_a_refusal() -> None:
    body = named("response.refusal.delta", item_id="a", delta="No.") + COMPLETED
    assert decode(body).text == "No."


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({}, FinishReason.STOP),
        ({"status": None}, FinishReason.STOP),
        ({"status": "cancelled"}, FinishReason.UNKNOWN),
        ({"status": "incomplete"}, FinishReason.UNKNOWN),
        (
            {"status": "incomplete", "incomplete_details": {"reason": "max_output_tokens"}},
            FinishReason.LENGTH,
        ),
        (
            {"status": "incomplete", "incomplete_details": {"reason": "content_filter"}},
            FinishReason.CONTENT_FILTER,
        ),
    ],
)
def test_ends(fields: dict[str, Any], reason: FinishReason) -> None:
    """Some services call every end ``completed`` and say in its status what it was."""
    end = named("response.completed", response=response(**fields))
    assert decode(text_delta("x") + end).reason is reason


def test_incomplete_without_a_status() -> None:
    end = named(
        "response.incomplete",
        response={"incomplete_details": {"reason": "max_output_tokens"}},
    )
    assert decode(text_delta("x") + end).reason is FinishReason.LENGTH
    assert decode(text_delta("x") + named("response.cancelled")).reason is FinishReason.UNKNOWN


@pytest.mark.parametrize(
    ("body", "kind", "says"),
    [
        (
            named(
                "response.failed",
                response=response(
                    status="failed", error={"code": "rate_limit_exceeded", "message": "slow"}
                ),
            ),
            ErrorKind.RATE_LIMIT,
            "slow",
        ),
        (named("response.failed", response=response(status="failed")), ErrorKind.SERVER, ""),
        (named("response.failed"), ErrorKind.SERVER, ""),
        (
            named("error", code="server_error", message="gone", param=None),
            ErrorKind.SERVER,
            "gone",
        ),
        (
            event({"type": "error", "error": {"message": "gone", "code": "overloaded_error"}}),
            ErrorKind.OVERLOADED,
            "gone",
        ),
        (event({"error": {"message": "gone"}}), ErrorKind.SERVER, "gone"),
        (b"event: error\ndata: gone\n\n", ErrorKind.SERVER, "gone"),
    ],
)
def test_failures(body: bytes, kind: ErrorKind, says: str) -> None:
    heard = decode(text_delta("kept") + body)
    assert heard.error is not None
    assert (heard.text, heard.kind, heard.reason) == ("kept", kind, None)
    assert says in heard.error.message


def test_usage_of_a_failure_is_told() -> None:
    end = named(
        "response.failed",
        response=response(status="failed", usage={"input_tokens": 3, "output_tokens": 0}),
    )
    assert decode(end).usage == Usage(3, 0)


def added(item: dict[str, Any], index: int = 0) -> bytes:
    return named("response.output_item.added", output_index=index, item=item)


def arguments(more: str, **fields: Any) -> bytes:
    return named("response.function_call_arguments.delta", delta=more, **fields)


BEGUN = added(CALL | {"arguments": ""})


@pytest.mark.parametrize(
    "body",
    [
        BEGUN + arguments('{"x"', output_index=0) + arguments(":1}", output_index=0),
        BEGUN + arguments('{"x"', item_id="fc_1") + arguments(":1}", item_id="fc_1"),
        BEGUN + arguments('{"x"', item_id="changed", output_index=0) + arguments(":1}"),
        BEGUN + arguments('{"x"') + arguments(":1}"),
        BEGUN + BEGUN + arguments('{"x":1}', item_id="fc_1"),
        BEGUN + named("response.function_call_arguments.done", item_id="fc_1", arguments='{"x":1}'),
        BEGUN + named("response.output_item.done", output_index=0, item=CALL),
        BEGUN + named("response.output_item.done", item=CALL | {"arguments": {"x": 1}}),
        added(CALL),
        added(CALL) + arguments('{"x":1}', output_index=0),
        named("response.output_item.done", output_index=0, item=CALL),
        named("response.completed", response=response(output=[CALL])),
    ],
)
def test_calls(body: bytes) -> None:
    whole = named("response.completed", response=response(output=[CALL]))
    heard = decode(body + whole)
    assert [(call.id, call.name, call.arguments.replace(" ", "")) for call in heard.tools] == [
        ("call_1", "f", '{"x":1}')
    ]
    assert heard.reason is FinishReason.TOOL_CALLS


def test_two_calls() -> None:
    other = CALL | {"id": "fc_2", "call_id": "call_2", "name": "g", "arguments": ""}
    body = (
        BEGUN
        + added(other, 1)
        + arguments("{1", output_index=0)
        + arguments("{2", output_index=1)
        + arguments("}", item_id="fc_1")
        + arguments("}", item_id="fc_2")
    )
    assert decode(body + COMPLETED).tools == [
        ToolCallDelta(0, "call_1", "f", "{1}"),
        ToolCallDelta(1, "call_2", "g", "{2}"),
    ]


def test_calls_and_items_are_bounded() -> None:
    body = b"".join(
        added(CALL | {"id": f"f{n}", "call_id": f"c{n}"}, n) for n in range(MAX_ITEMS + 9)
    )
    assert len(decode(body + COMPLETED).tools) == MAX_CALLS
    decoder = ResponsesDecoder(reader(), {})
    decoder.feed(body)
    assert len(decoder._items._known) <= MAX_ITEMS + 1


def test_a_picture() -> None:
    done = named("response.output_item.done", output_index=0, item=PICTURE)
    end = named("response.completed", response=response(output=[PICTURE]))
    part = named("response.image_generation_call.partial_image", partial_image_b64="AAAA")
    early = named(
        "response.image_generation_call.completed", item_id="ig_1", result=PICTURE["result"]
    )
    assert decode(early + done + end).images == (PNG,)
    heard = decode(part + done + done + end)
    assert (heard.images, heard.reason) == ((PNG,), FinishReason.STOP)
    assert heard.events[0].prompt == "a dot"  # type: ignore[union-attr]


@pytest.mark.parametrize("result", [None, "", "AAAA", "%", 7, []])
def test_what_is_no_picture(result: Any) -> None:
    done = named("response.output_item.done", output_index=0, item=PICTURE | {"result": result})
    assert decode(text_delta("x") + done + COMPLETED).images == ()


KEPT = named("response.output_item.done", output_index=0, item=REASONING)


def test_thinking_is_kept_where_tools_are() -> None:
    wanted = MAKER.make({"items": [REASONING]})
    assert decode(KEPT + COMPLETED).echo is None
    assert decode(KEPT + COMPLETED, keeps_thinking=True).echo == wanted
    end = named("response.completed", response=response(output=[REASONING]))
    assert decode(end, keeps_thinking=True).echo == wanted
    for twice in (KEPT + KEPT, KEPT + end):
        assert decode(twice + COMPLETED, keeps_thinking=True).echo == wanted


def test_thinking_that_no_one_can_read_again_is_not_kept() -> None:
    bare = {"id": "rs_1", "type": "reasoning", "summary": []}
    done = named("response.output_item.done", output_index=0, item=bare)
    assert decode(done + text_delta("x") + COMPLETED, keeps_thinking=True).echo is None
    large = REASONING | {"encrypted_content": "x" * (MAX_ECHO + 1)}
    done = named("response.output_item.done", output_index=0, item=large)
    assert decode(done + COMPLETED, keeps_thinking=True).echo is None


def test_nothing_counts_after_the_end() -> None:
    decoder = ResponsesDecoder(reader(), {})
    assert decoder.feed(text_delta("x") + COMPLETED + text_delta("y")) == [TextDelta("x")]
    assert decoder.ended
