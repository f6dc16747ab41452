"""Ollama's own protocol under the contract."""

import json
from typing import Any

from desktop_chat.core.errors import ErrorKind
from desktop_chat.core.events import FinishReason, Usage
from desktop_chat.providers.ollama import Ollama
from desktop_chat.providers.ollama_decoder import OllamaDecoder
from tests.unit.providers.contract.recording import Recording, Refusal, over_http
from tests.unit.providers.support import reader


def line(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode() + b"\n"


def said(**message: Any) -> bytes:
    """Return one line of an answer."""
    message = {"role": "assistant", "content": "", **message}
    return line({"model": "m", "created_at": "2026-11-01", "message": message, "done": False})


def done(reason: str = "stop", **fields: Any) -> bytes:
    counts = {"load_duration": 90_000_000_000, "prompt_eval_count": 11, "eval_count": 7}
    message = {"role": "assistant", "content": ""}
    return line({"message": message, "done": True, "done_reason": reason, **counts, **fields})


THOUGHT = said(thinking="w") + said(thinking="hy\u2028") + said(content="Hel")
THOUGHT += said(content="lo 你好") + done()
CALL = {"function": {"index": 0, "name": "f", "arguments": {"x": 1}}}
TOOLS = said(content="I look.") + said(tool_calls=[CALL])
TOOLS += said(tool_calls=[{"id": "call_2", "function": {"name": "g", "arguments": {}}}]) + done()
WHOLE = done("length", message={"role": "assistant", "content": "Hello", "thinking": "why"})

RECORDINGS = (
    Recording(
        "ollama",
        make=over_http(Ollama),
        decoder=lambda: OllamaDecoder(reader(), {}),
        body=THOUGHT,
        text="Hello 你好",
        reasoning="why\u2028",
        usage=Usage(11, 7),
        cut=said(thinking="why") + said(content="Hel"),
        cut_text="Hel",
        refusals=(
            Refusal(
                404,
                b'{"error":"model \'m\' not found, try pulling it first"}',
                ErrorKind.NOT_FOUND,
                "try pulling it first",
            ),
            Refusal(
                400,
                b'{"error":"prompt too long; exceeded max context length by 100 tokens"}',
                ErrorKind.CONTEXT_LENGTH,
            ),
            Refusal(503, b'{"error":"server busy, please try again."}', ErrorKind.OVERLOADED),
        ),
        content_type="application/x-ndjson",
        line_ends=(b"\r\n",),
    ),
    Recording(
        "ollama: tool calls",
        make=over_http(Ollama),
        decoder=lambda: OllamaDecoder(reader(), {}),
        body=TOOLS,
        text="I look.",
        tools=(("", "f", '{"x": 1}'), ("call_2", "g", "{}")),
        usage=Usage(11, 7),
        reason=FinishReason.TOOL_CALLS,
        content_type="application/x-ndjson",
        line_ends=(b"\r\n",),
    ),
    Recording(
        "ollama: whole reply",
        make=over_http(Ollama),
        decoder=lambda: OllamaDecoder(reader(), {}),
        body=WHOLE,
        text="Hello",
        reasoning="why",
        usage=Usage(11, 7),
        reason=FinishReason.LENGTH,
        content_type="application/json",
        line_ends=(b"\r\n",),
    ),
)
