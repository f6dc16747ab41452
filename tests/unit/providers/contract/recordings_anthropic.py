"""Anthropic's messages under the contract."""

import json
from typing import Any

from desktop_chat.core.errors import ErrorKind
from desktop_chat.core.events import FinishReason, Usage
from desktop_chat.providers.anthropic import Anthropic
from desktop_chat.providers.anthropic_decoder import AnthropicDecoder
from desktop_chat.providers.echoes import EchoMaker
from tests.unit.providers.contract.recording import Recording, Refusal, over_http
from tests.unit.providers.support import reader


def said(kind: str, **fields: Any) -> bytes:
    """Return one event with its name."""
    data = json.dumps({"type": kind, **fields}, ensure_ascii=False)
    return f"event: {kind}\ndata: {data}\n\n".encode()


def start(index: int, **block: Any) -> bytes:
    return said("content_block_start", index=index, content_block=block)


def delta(index: int, kind: str, **fields: Any) -> bytes:
    return said("content_block_delta", index=index, delta={"type": kind, **fields})


def stop(index: int) -> bytes:
    return said("content_block_stop", index=index)


def end(reason: str, tokens: int = 20) -> bytes:
    return said(
        "message_delta",
        delta={"stop_reason": reason, "stop_sequence": None},
        usage={"output_tokens": tokens, "output_tokens_details": {"thinking_tokens": 5}},
    ) + said("message_stop")


COUNTS = {
    "input_tokens": 10,
    "cache_read_input_tokens": 6,
    "cache_creation_input_tokens": 4,
    "output_tokens": 1,
}
BEGIN = said("message_start", message={"id": "msg", "content": [], "usage": COUNTS})
PING = said("ping")
ECHOES = EchoMaker("anthropic", "here", "m")
COUNTED = Usage(20, 20, 6, 5, 4)

THOUGHT = (
    BEGIN
    + start(0, type="thinking", thinking="", signature="")
    + PING
    + delta(0, "thinking_delta", thinking="w")
    + delta(0, "thinking_delta", thinking="hy\u2028")
    + delta(0, "signature_delta", signature="c2ln")
    + stop(0)
    + start(1, type="redacted_thinking", data="aGlkZGVu")
    + stop(1)
    + start(2, type="text", text="")
    + delta(2, "text_delta", text="Hel")
    + PING
    + delta(2, "text_delta", text="lo 你好")
    + stop(2)
    + end("end_turn")
)
TOOLS = (
    BEGIN
    + start(0, type="text", text="")
    + delta(0, "text_delta", text="I look.")
    + stop(0)
    + start(1, type="tool_use", id="toolu_1", name="f", input={})
    + delta(1, "input_json_delta", partial_json="")
    + delta(1, "input_json_delta", partial_json='{"x')
    + delta(1, "input_json_delta", partial_json='": 1}')
    + stop(1)
    + start(2, type="tool_use", id="toolu_2", name="g", input={})
    + stop(2)
    + end("tool_use")
)
WHOLE = json.dumps(
    {
        "type": "message",
        "role": "assistant",
        "content": [
            {"type": "thinking", "thinking": "why", "signature": "c2ln"},
            {"type": "text", "text": "Hello"},
            {"type": "tool_use", "id": "toolu_1", "name": "f", "input": {"x": 1}},
        ],
        "stop_reason": "max_tokens",
        "usage": COUNTS,
    }
).encode()
REFUSALS = (
    Refusal(
        401,
        b'{"type":"error","error":{"type":"authentication_error","message":"bad key"},'
        b'"request_id":"req_1"}',
        ErrorKind.AUTHENTICATION,
        "bad key",
    ),
    Refusal(
        529,
        b'{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}',
        ErrorKind.OVERLOADED,
    ),
    Refusal(
        400,
        b'{"type":"error","error":{"type":"invalid_request_error",'
        b'"message":"prompt is too long: 212000 tokens > 200000 maximum"}}',
        ErrorKind.CONTEXT_LENGTH,
    ),
    Refusal(
        400,
        b'{"type":"error","error":{"type":"invalid_request_error",'
        b'"message":"Your credit balance is too low to access the API."}}',
        ErrorKind.BALANCE,
    ),
)

RECORDINGS = (
    Recording(
        "anthropic",
        make=over_http(Anthropic),
        decoder=lambda: AnthropicDecoder(reader(), {}, ECHOES),
        body=THOUGHT,
        text="Hello 你好",
        reasoning="why\u2028",
        usage=COUNTED,
        echo={
            "protocol": "anthropic",
            "service": "here",
            "model": "m",
            "blocks": [
                {"type": "thinking", "thinking": "why\u2028", "signature": "c2ln"},
                {"type": "redacted_thinking", "data": "aGlkZGVu"},
                {"type": "text", "length": 8},
            ],
        },
        cut=THOUGHT[: THOUGHT.index(b"lo ")],
        cut_text="Hel",
        refusals=REFUSALS,
    ),
    Recording(
        "anthropic: tool calls",
        make=over_http(Anthropic),
        decoder=lambda: AnthropicDecoder(reader(), {}, ECHOES),
        body=TOOLS,
        text="I look.",
        tools=(("toolu_1", "f", '{"x": 1}'), ("toolu_2", "g", "{}")),
        usage=COUNTED,
        reason=FinishReason.TOOL_CALLS,
    ),
    Recording(
        "anthropic: whole reply",
        make=over_http(Anthropic),
        decoder=lambda: AnthropicDecoder(reader(), {}, ECHOES),
        body=WHOLE,
        text="Hello",
        reasoning="why",
        tools=(("toolu_1", "f", '{"x": 1}'),),
        usage=Usage(20, 1, 6, 0, 4),
        reason=FinishReason.LENGTH,
        echo={
            "protocol": "anthropic",
            "service": "here",
            "model": "m",
            "blocks": [
                {"type": "thinking", "thinking": "why", "signature": "c2ln"},
                {"type": "text", "length": 5},
                {"type": "tool_use", "id": "toolu_1"},
            ],
        },
        content_type="application/json",
    ),
)
