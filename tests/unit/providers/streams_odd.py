"""What the notes on real streams do not tell of, and what libraries and services show."""

import json

from desktop_chat.core.errors import ErrorKind
from desktop_chat.core.events import FinishReason, Usage
from tests.helpers.byte_server import delta, event
from tests.unit.providers.stream_case import DONE, HELLO, STOP, Case, events, raw

_UNKNOWN = FinishReason.UNKNOWN
_MESSAGE = {"role": "assistant", "content": "Hello"}
_DEEP = b'{"choices":[{"delta":{"content":' + b"[" * 600 + b'"x"' + b"]" * 600 + b"}}]}"


def _json(text: str) -> bytes:
    """Return an event of JSON as it is written."""
    return f"data: {text}\n\n".encode()


def _counted(text: str) -> bytes:
    return HELLO + STOP + _json('{"choices":[],"usage":' + text + "}") + DONE


_PYTHON = "Traceback (most recent call last):\n  File 'x.py', line 3\nRuntimeError: engine is dead"

ODD = {
    # Framing
    "[DONE] without a space": Case(HELLO + STOP + b"data:[DONE]\n\n"),
    "[DONE] as a text of JSON": Case(HELLO + b'data: "[DONE]"\n\n'),
    "[DONE] with a name": Case(HELLO + b"event: done\ndata: [DONE]\n\n"),
    "[DONE] twice": Case(HELLO + STOP + DONE + DONE),
    "mixed line ends": Case(HELLO.replace(b"\n\n", b"\r\n\n") + STOP.replace(b"\n", b"\r") + DONE),
    "marks of byte order in the middle": Case(HELLO + b"\xef\xbb\xbf" + STOP + DONE),
    "nul bytes between events": Case(b"\0\0" + HELLO + b"\0" + STOP + DONE),
    "nul in a string": Case(b'data: {"choices":[{"delta":{"content":"a\0b"}}]}\n\n' + STOP, "a\0b"),
    "spaces before a field": Case(HELLO.replace(b"data", b"  data") + STOP + DONE),
    "retry alone, and ids": Case(b"retry: 3000\n\nid: 7\n\n" + HELLO + b"id\n\n" + STOP + DONE),
    "fields that nobody knows": Case(b"meta: x\n\n" + HELLO + STOP + DONE),
    "data lines without anything within json": Case(
        b'data: {"choices":\ndata:\ndata: \ndata: [{"delta":{"content":"Hello"}}]}\n\n' + STOP
    ),
    "json after two spaces": Case(HELLO.replace(b": ", b":  ", 1) + STOP + DONE),
    "a tab after the colon": Case(HELLO.replace(b": ", b":\t", 1) + STOP + DONE),
    "chunks as an array without events": Case(
        json.dumps([delta("Hel"), delta("lo"), delta(finish="stop")], indent=1).encode()
    ),
    "a whole reply after comments": Case(
        b": wait\n\n" + json.dumps({"choices": [{"message": _MESSAGE, "finish_reason": "stop"}]})
        .encode()
    ),
    # Ends
    "the reason before the last text": Case(
        event(delta("Hel")) + STOP + event(delta("lo")) + DONE
    ),
    "the reason twice": Case(HELLO + STOP + STOP + DONE),
    "the reason without a delta": Case(HELLO + raw(finish_reason="stop")),
    "the reason as a number": Case(HELLO + raw(delta={}, finish_reason=1), reason=_UNKNOWN),
    "the reason in capitals": Case(HELLO + event(delta(finish="STOP"))),
    "[DONE] in the middle": Case(
        event(delta("Hel")) + DONE + event(delta("lo")) + STOP + DONE, "Hel"
    ),
    "roles for ever": Case(event(delta(role="assistant")) * 200 + HELLO + STOP + DONE),
    # Chunks
    "the whole message again at the end": Case(
        HELLO + raw(message=_MESSAGE, delta=None, finish_reason="stop") + DONE
    ),
    "the whole message beside an empty delta": Case(
        HELLO + raw(delta={}, message=_MESSAGE, finish_reason="stop") + DONE
    ),
    "a message after the deltas of another answer": Case(
        event({"choices": [{"index": 1, "delta": {"content": "other"}}]})
        + raw(message=_MESSAGE, finish_reason="stop") + DONE
    ),
    "a call again in a whole message": Case(
        event(delta("Hello", tool_calls=[
            {"id": "a", "function": {"name": "f", "arguments": "{}"}}]))
        + raw(message={"content": "Hello", "tool_calls": [
            {"id": "a", "function": {"name": "f", "arguments": "{}"}}]},
            finish_reason="tool_calls") + DONE,
        reason=FinishReason.TOOL_CALLS, tools=[("a", "f", "{}")],
    ),
    "messages in place of deltas": Case(
        raw(message={"content": "Hel"}) + raw(message={"content": "lo"}) + STOP + DONE
    ),
    "a delta that is text": Case(raw(delta="Hel") + raw(delta="lo") + STOP + DONE),
    "content as an object": Case(event(delta({"type": "text", "text": "Hello"})) + STOP),
    "choices as one object": Case(
        event({"choices": {"delta": {"content": "Hello"}, "finish_reason": "stop"}})
    ),
    "content false, a number, an empty list": Case(
        events(delta(False), delta(0), delta([]), delta({})) + HELLO + STOP
    ),
    "the same key twice": Case(
        _json('{"choices":[],"choices":[{"delta":{"content":"x","content":"Hello"}}]}') + STOP
    ),
    "not a number, and beyond all": Case(
        _json('{"choices":[{"delta":{"content":"Hello","logprobs":[NaN,-Infinity,1e999]}}]}') + STOP
    ),
    "nested without end": Case(
        HELLO + b"data: " + _DEEP + b"\n\n" + STOP, order=("text", "done")
    ),
    "nested deeper than json is read": Case(
        HELLO + b"data: " + b'{"choices":' * 5000 + b"\n\n" + STOP,
        error=ErrorKind.PROTOCOL, says="json",
    ),
    "a number of 5,000 digits": Case(
        HELLO + _json('{"choices":[],"created":' + "9" * 5000 + "}"),
        error=ErrorKind.PROTOCOL, says="json",
    ),
    "thinking and text by turns": Case(
        events(
            delta(reasoning_content="a"), delta("b"), delta(reasoning_content="c"), delta("d")
        ) + STOP,
        "bd", "ac", order=("thinking", "text", "thinking", "text", "done"),
    ),
    "a refusal in pieces": Case(events(delta(refusal="I ca"), delta(refusal="n't.")) + STOP,
                                "I can't."),
    "white space alone": Case(event(delta("\n")) * 50 + STOP, "\n" * 50),
    "think tags that hold nothing": Case(events(delta("<think>\n\n</think>\n\n"), delta("Hello"))
                                         + STOP),
    "think tags twice": Case(
        event(delta("<think>a</think>b<think>c</think>")) + STOP, "b<think>c</think>", "a"
    ),
    # Usage
    "usage as text": Case(_counted('{"prompt_tokens":"3","completion_tokens":"4"}'),
                          usage=Usage(3, 4)),
    "usage below zero": Case(_counted('{"prompt_tokens":3,"completion_tokens":-4}'),
                             usage=Usage(3, 0)),
    "usage that is no number": Case(_counted('{"prompt_tokens":NaN,"completion_tokens":Infinity}')),
    "usage beyond all": Case(_counted('{"prompt_tokens":3,"completion_tokens":' + "9" * 400 + "}"),
                             usage=Usage(3, 0)),
    "usage in fractions": Case(_counted('{"prompt_tokens":3.0,"completion_tokens":4.5}'),
                               usage=Usage(3, 4)),
    "usage that counts, and then nothing": Case(
        _counted('{"prompt_tokens":3}').removesuffix(DONE)
        + event({"choices": [], "usage": {"x": 1}})
        + DONE, usage=Usage(3, 0),
    ),
    "usage as a list": Case(_counted("[3,4]")),
    # Tool calls
    "a tool call in 10,000 pieces": Case(
        event(delta(tool_calls=[{"index": 0, "id": "a", "function": {"name": "f"}}]))
        + event(delta(tool_calls=[{"index": 0, "function": {"arguments": "x"}}] * 10_000))
        + event(delta(finish="tool_calls")),
        "", reason=FinishReason.TOOL_CALLS, tools=[("a", "f", "x" * 10_000)],
    ),
    "arguments as an object": Case(
        event(delta(tool_calls=[{"id": "a", "function": {"name": "f", "arguments": {"x": 1}}}]))
        + event(delta(finish="tool_calls")),
        "", reason=FinishReason.TOOL_CALLS, tools=[("a", "f", '{"x": 1}')],
    ),
    "a tool call that is null": Case(
        event(delta("Hello", tool_calls=None)) + event(delta(tool_calls=[None, {}])) + STOP
    ),
    "all tool calls under index 0": Case(
        event(delta(tool_calls=[{"index": 0, "id": "a", "function": {"name": "f"}}]))
        + event(delta(tool_calls=[{"index": 0, "id": "b", "function": {"name": "g"}}]))
        + event(delta(finish="tool_calls")),
        "", reason=FinishReason.TOOL_CALLS, tools=[("a", "f", ""), ("b", "g", "")],
    ),
    # Errors
    "an error with an empty message": Case(
        HELLO + event({"error": {"message": "", "code": None}}), error=ErrorKind.SERVER
    ),
    "an error that is null or empty": Case(
        event(delta("Hello") | {"error": None}) + event({"error": {}}) + STOP + DONE
    ),
    "an error code of 5,000 digits": Case(
        HELLO + event({"error": {"message": "gone", "code": "9" * 5000}}),
        error=ErrorKind.SERVER, says="gone",
    ),
    "an error with half a character": Case(
        HELLO + _json('{"error":{"message":"gone \\ud83d"}}'),
        error=ErrorKind.SERVER, says="gone \ufffd",
    ),
    "an error that holds a page": Case(
        event({"error": {"message": "<html><title>502 Bad gateway</title></html>", "code": 502}}),
        "", error=ErrorKind.SERVER, says="502 Bad gateway",
    ),
    "an error that holds a stack trace": Case(
        event({"error": {"message": _PYTHON, "code": 500}}),
        "", error=ErrorKind.SERVER, says="RuntimeError: engine is dead",
    ),
    "an error nested in arrays": Case(
        event([[[{"error": {"message": "gone", "code": 500}}]]]),
        "", error=ErrorKind.SERVER, says="gone",
    ),
    "text after a page": Case(HELLO + STOP + DONE + b"<html><title>x</title></html>"),
}  # fmt: skip
