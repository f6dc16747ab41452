import json
from typing import Any

import pytest

from desktop_chat.core.errors import ErrorKind
from desktop_chat.core.events import Done, Echo, FinishReason, ReasoningDelta, TextDelta, Usage
from desktop_chat.providers import anthropic_decoder
from desktop_chat.providers.anthropic_decoder import AnthropicDecoder
from tests.unit.providers.contract.recordings_anthropic import (
    BEGIN,
    COUNTED,
    PING,
    delta,
    end,
    said,
    start,
    stop,
)
from tests.unit.providers.support import Heard, reader


def decode(*pieces: bytes) -> Heard:
    decoder = AnthropicDecoder(reader(), {})
    heard = Heard()
    for piece in pieces:
        heard.add(decoder.feed(piece))
        if decoder.failure or decoder.ended:
            break
    heard.add(decoder.close())
    heard.error = decoder.failure
    return heard


def hello(index: int = 0) -> bytes:
    text = delta(index, "text_delta", text="Hello")
    return start(index, type="text", text="") + text + stop(index)


@pytest.mark.parametrize(
    ("said_reason", "reason"),
    [
        ("end_turn", FinishReason.STOP),
        ("stop_sequence", FinishReason.STOP),
        ("max_tokens", FinishReason.LENGTH),
        ("model_context_window_exceeded", FinishReason.LENGTH),
        ("tool_use", FinishReason.TOOL_CALLS),
        ("refusal", FinishReason.CONTENT_FILTER),
        ("pause_turn", FinishReason.UNKNOWN),
        ("something_new", FinishReason.UNKNOWN),
    ],
)
def test_reasons(said_reason: str, reason: FinishReason) -> None:
    heard = decode(BEGIN + hello() + end(said_reason))
    assert (heard.text, heard.reason, heard.error) == ("Hello", reason, None)


ODD: dict[str, bytes] = {
    "no names of events": (BEGIN + hello() + end("end_turn")).replace(b"event: ", b": "),
    "types in the names alone": (BEGIN + hello() + end("end_turn"))
    .replace(b'{"type": "content_block_delta", ', b"{")
    .replace(b'{"type": "message_delta", ', b"{")
    .replace(b'{"type": "message_stop"}', b"{}"),
    "pings anywhere": PING + BEGIN + PING + hello().replace(b"\n\n", b"\n\n" + PING)
    + PING + end("end_turn"),
    "events that we do not know": BEGIN
    + said("content_block_heartbeat", index=0)
    + start(5, type="server_tool_use", id="srv", name="web_search", input={})
    + delta(5, "input_json_delta", partial_json='{"q"')
    + delta(5, "new_delta", text="no")
    + stop(5)
    + hello()
    + delta(0, "citations_delta", citation={"cited_text": "no"})
    + end("end_turn"),
    "no beginnings and ends of blocks": BEGIN
    + delta(0, "text_delta", text="Hel")
    + delta(0, "text_delta", text="lo")
    + end("end_turn"),
    "every block numbered 0": BEGIN
    + start(0, type="thinking", thinking="")
    + start(0, type="text", text="")
    + delta(0, "text_delta", text="Hello")
    + end("end_turn"),
    "text in the beginning of a block": BEGIN
    + start(0, type="text", text="Hel")
    + delta(0, "text_delta", text="lo")
    + stop(0)
    + end("end_turn"),
    "no last event": BEGIN + hello() + end("end_turn").replace(b"message_stop", b"message_nothing"),
    "no reason": BEGIN + hello() + said("message_stop"),
    "a null reason first": BEGIN
    + hello()
    + said("message_delta", delta={"stop_reason": None}, usage=None)
    + end("end_turn"),
    "the openai end after it": BEGIN + hello() + end("end_turn") + b"data: [DONE]\n\n",
    "no blank line at the end": (BEGIN + hello() + end("end_turn")).rstrip(),
}  # fmt: skip


@pytest.mark.parametrize("name", ODD)
def test_oddities(name: str) -> None:
    body = ODD[name]
    for pieces in ([body], [body[at : at + 1] for at in range(len(body))]):
        heard = decode(*pieces)
        assert (heard.text, heard.reason, heard.error) == ("Hello", FinishReason.STOP, None)
        assert heard.tools == []


def test_usage_is_cumulative_and_told_when_it_changes() -> None:
    decoder = AnthropicDecoder(reader(), {})
    assert decoder.feed(BEGIN) == [Usage(20, 1, 6, 0, 4)]
    assert decoder.feed(hello()) == [TextDelta("Hello")]
    assert decoder.feed(end("end_turn")) == [COUNTED]
    assert decoder.close() == [Done(FinishReason.STOP)]


def test_counts_that_come_late() -> None:
    late = said("message_delta", delta={}, usage={"input_tokens": 9, "output_tokens": 3})
    zero = said("message_start", message={"usage": {"input_tokens": 0, "output_tokens": 0}})
    after = said("message_delta", delta={"stop_reason": "end_turn"}, usage={"input_tokens": 0})
    assert decode(zero + hello() + late + after).usage == Usage(9, 3)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        ({"type": "overloaded_error", "message": "Overloaded"}, ErrorKind.OVERLOADED),
        ({"type": "api_error", "message": "no"}, ErrorKind.SERVER),
        ({"type": "rate_limit_error", "message": "no"}, ErrorKind.RATE_LIMIT),
    ],
)
def test_an_error_in_the_stream(error: dict[str, str], kind: ErrorKind) -> None:
    heard = decode(BEGIN + hello() + said("error", error=error, request_id="req_9") + end("stop"))
    assert (heard.text, heard.kind, heard.reason) == ("Hello", kind, None)
    assert heard.error is not None
    assert (heard.error.message, heard.error.request_id) == (error["message"], "req_9")


@pytest.mark.parametrize(
    ("tail", "kind"),
    [
        (b"event: error\ndata: plain words\n\n", ErrorKind.SERVER),
        (b'event: error\ndata: {"message": "no", "code": 429}\n\n', ErrorKind.RATE_LIMIT),
        (b'event: message\ndata: {"error": {"message": "no"}}\n\n', ErrorKind.SERVER),
        (b'data: [{"error": {"message": "no", "code": 401}}]\n\n', ErrorKind.AUTHENTICATION),
        (b"upstream error: gone\n", ErrorKind.SERVER),
        (b'data: {"type": "content_bl', ErrorKind.DROPPED),
    ],
)
def test_other_errors_in_the_stream(tail: bytes, kind: ErrorKind) -> None:
    heard = decode(BEGIN + hello() + tail)
    assert (heard.text, heard.kind) == ("Hello", kind)


def test_why_it_broke_off_wins_over_half_a_frame() -> None:
    decoder = AnthropicDecoder(reader(), {})
    decoder.feed(BEGIN + hello() + b'data: {"type": "content_bl')
    stalled = reader().error(ErrorKind.TIMEOUT, "idle").info
    decoder.close(stalled)
    assert decoder.failure is stalled


def test_a_clean_end_without_a_reason_is_not_a_success() -> None:
    assert decode(BEGIN + hello()).reason is FinishReason.UNKNOWN
    assert decode(BEGIN).kind is ErrorKind.DROPPED


def test_inputs_of_tools() -> None:
    whole = start(0, type="tool_use", id="a", name="f", input={"x": "你"}) + stop(0)
    both = start(1, type="tool_use", id="b", name="g", input={"x": 1})
    both += delta(1, "input_json_delta", partial_json='{"x": 2}') + stop(1)
    none = start(2, type="tool_use", id="c", name="h")
    heard = decode(BEGIN + whole + both + none + end("tool_use"))
    assert [(call.id, call.name, call.arguments) for call in heard.tools] == [
        ("a", "f", '{"x": "你"}'),
        ("b", "g", '{"x": 2}'),
        ("c", "h", "{}"),
    ]


def blocks(heard: Heard) -> Any:
    echo: Any = heard.echo
    return echo["blocks"] if echo else None


def test_thoughts_between_calls_keep_their_order() -> None:
    def thought(index: int, text: str) -> bytes:
        signed = delta(index, "signature_delta", signature="c2" + text)
        begun = start(index, type="thinking", thinking="")
        return begun + delta(index, "thinking_delta", thinking=text) + signed + stop(index)

    tool = start(3, type="tool_use", id="a", name="f", input={}) + stop(3)
    heard = decode(BEGIN + thought(0, "x") + hello(1) + thought(2, "y") + tool + end("tool_use"))
    assert blocks(heard) == [
        {"type": "thinking", "thinking": "x", "signature": "c2x"},
        {"type": "text", "length": 5},
        {"type": "thinking", "thinking": "y", "signature": "c2y"},
        {"type": "tool_use", "id": "a"},
    ]


def test_a_thought_is_told_as_soon_as_it_is_whole_and_never_half() -> None:
    decoder = AnthropicDecoder(reader(), {})
    begun = start(0, type="thinking", thinking="") + delta(0, "thinking_delta", thinking="why")
    assert decoder.feed(begun) == [ReasoningDelta("why")]
    signed = delta(0, "signature_delta", signature="c2ln")
    events = decoder.feed(signed + stop(0))
    assert [type(event) for event in events] == [Echo]
    assert decoder.feed(end("end_turn")) == [Usage(0, 20, 0, 5)]
    assert decoder.close() == [Done(FinishReason.STOP)]
    assert blocks(decode(BEGIN + begun + signed)) is None


def test_a_thought_that_is_not_shown_is_echoed() -> None:
    signed = delta(0, "signature_delta", signature="c2ln")
    heard = decode(BEGIN + start(0, type="thinking", thinking="") + signed + stop(0) + hello(1)
                   + end("end_turn"))  # fmt: skip
    assert heard.reasoning == ""
    assert blocks(heard)[0] == {"type": "thinking", "thinking": "", "signature": "c2ln"}


def test_no_thought_no_echo() -> None:
    assert decode(BEGIN + hello() + end("end_turn")).echo is None


def test_an_echo_has_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(anthropic_decoder, "MAX_ECHO", 100)
    thought = start(0, type="thinking", thinking="x" * 101) + stop(0)
    heard = decode(BEGIN + thought + hello(1) + end("end_turn"))
    assert (heard.reasoning, heard.text, heard.echo) == ("x" * 101, "Hello", None)


def test_blocks_have_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(anthropic_decoder, "MAX_BLOCKS", 4)
    decoder = AnthropicDecoder(reader(), {})
    heard = Heard()
    for index in range(10):
        heard.add(decoder.feed(start(index, type="text", text="x") + stop(index)))
    heard.add(decoder.feed(delta(77, "text_delta", text="y") * 3))
    assert heard.text == "x" * 10 + "yyy"
    assert len(decoder._blocks) == 4


def test_halves_of_a_pair_are_joined() -> None:
    high, low = json.dumps("\ud83d"), json.dumps("\ude00")
    piece = delta(0, "text_delta", text="HERE").decode()
    body = "".join(piece.replace('"HERE"', half) for half in (high, low, high)).encode()
    assert decode(BEGIN, body, end("end_turn")).text == "😀\ufffd"
