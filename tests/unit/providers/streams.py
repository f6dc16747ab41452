"""Bodies as real services send them, each with what must come out of it."""

from desktop_chat.core.errors import ErrorKind
from desktop_chat.core.events import FinishReason, Usage
from tests.helpers.byte_server import delta, event
from tests.unit.providers.stream_case import DONE, HELLO, STOP, Case, events, raw
from tests.unit.providers.streams_odd import ODD

_WHOLE = (
    b'{"id":"x","object":"chat.completion","choices":[{"index":0,"message":{"role":"assistant",'
    b'"content":"Hello","reasoning_content":"why"},"finish_reason":"stop"}],'
    b'"usage":{"prompt_tokens":3,"completion_tokens":4}}'
)
_COUNTS = {
    "prompt_tokens": 10,
    "completion_tokens": 20,
    "prompt_tokens_details": {"cached_tokens": 6},
    "completion_tokens_details": {"reasoning_tokens": 5},
}
_COUNTED = Usage(10, 20, 6, 5)
_PAGE = b"<!DOCTYPE html>\n<html><head><title>Sign in</title></head><body>10.0.0.1</body></html>\n"
_UNKNOWN = FinishReason.UNKNOWN
_KEY = {"city": "Bei"}

_BIG = "长" * 24_000

FRAMING = {
    "plain": Case(HELLO + STOP + DONE),
    "comments first": Case(b": keep-alive\n\n: OPENROUTER PROCESSING\n\n" + HELLO + STOP + DONE),
    "no space": Case((HELLO + STOP + DONE).replace(b"data: ", b"data:")),
    "crlf": Case((HELLO + STOP + DONE).replace(b"\n", b"\r\n")),
    "lone cr": Case((HELLO + STOP + DONE).replace(b"\n", b"\r")),
    "bom": Case(b"\xef\xbb\xbf" + HELLO + STOP + DONE),
    "u+2028": Case(event(delta("a\u2028b\u0085c")) + STOP + DONE, "a\u2028b\u0085c"),
    "characters of many bytes": Case(event(delta("你好 👋🏽")) + STOP + DONE, "你好 👋🏽"),
    "several data lines": Case(
        b'data: {"choices":[{"delta":\ndata: {"content":"Hello"}}]}\n\n' + STOP + DONE
    ),
    "empty events": Case(b"\n\ndata:\n\ndata: \n\nevent: x\n\n" + HELLO + b"\n\n" + STOP + DONE),
    "no blank line at the end": Case(HELLO + STOP + DONE.rstrip()),
    "events with names": Case(b"event: message\nid: 1\n" + HELLO + STOP + DONE),
    "one json per line without blank lines": Case(HELLO[:-1] + STOP[:-1] + DONE),
    "broken utf-8 in a string": Case(
        b'data: {"choices":[{"delta":{"content":"a\xffb"}}]}\n\n' + STOP, "a\ufffdb"
    ),
    "a control character in a string": Case(
        b'data: {"choices":[{"delta":{"content":"a\tb"}}]}\n\n' + STOP, "a\tb"
    ),
    "halves of a character in two deltas": Case(
        b'data: {"choices":[{"delta":{"content":"a\\ud83d"}}]}\n\n'
        b'data: {"choices":[{"delta":{"content":"\\udc4bb"}}]}\n\n' + STOP,
        "a👋b",
    ),
    "half a character": Case(
        b'data: {"choices":[{"delta":{"content":"a\\ud83d"}}]}\n\n' + STOP, "a\ufffd"
    ),
    "a frame over 64 KB": Case(event(delta(_BIG, finish="stop")) + DONE, _BIG),
    "chatter that is no json": Case(HELLO + b"data: ping\n\n" + STOP + DONE),
}

ENDS = {
    "no [DONE]": Case(HELLO + STOP),
    "[DONE] without a reason": Case(HELLO + DONE),
    "nothing at the end": Case(HELLO, reason=_UNKNOWN),
    "reason empty, null and absent": Case(
        raw(delta={"content": "Hel"}, finish_reason="")
        + raw(delta={"content": "lo"}, finish_reason=None)
        + raw(delta={}),
        reason=_UNKNOWN,
    ),
    "reason as the word null": Case(raw(delta={"content": "Hello"}, finish_reason="null") + DONE),
    "length": Case(HELLO + event(delta(finish="length")) + DONE, reason=FinishReason.LENGTH),
    "content filter": Case(
        HELLO + event(delta(finish="content_filter")) + DONE, reason=FinishReason.CONTENT_FILTER
    ),
    "an unknown reason": Case(HELLO + event(delta(finish="pondering")) + DONE, reason=_UNKNOWN),
    "reason with the last text": Case(event(delta("Hello", finish="stop")) + DONE),
    "text after the reason": Case(event(delta("Hel", finish="stop")) + event(delta("lo")) + DONE),
    "thinking only": Case(event(delta(reasoning_content="why")) + STOP + DONE, "", "why"),
    "no capacity": Case(
        HELLO + event(delta(finish="insufficient_system_resource")) + DONE,
        error=ErrorKind.OVERLOADED,
        says="insufficient_system_resource",
    ),
    "reason error": Case(HELLO + event(delta(finish="error")) + DONE, error=ErrorKind.SERVER),
    "nothing at all": Case(b"", "", error=ErrorKind.DROPPED),
    "comments only": Case(b": ping\n\n: ping\n\n", "", error=ErrorKind.DROPPED),
    "a role only": Case(event(delta(role="assistant")), "", error=ErrorKind.DROPPED),
    "[DONE] only": Case(DONE, ""),
    "after [DONE] nothing counts": Case(HELLO + DONE + event(delta(" again"))),
    "cut within an event": Case(HELLO + HELLO[:30], error=ErrorKind.DROPPED, says='{"choices"'),
}

CHUNKS = {
    "first chunk without choices": Case(event({"choices": []}) + HELLO + STOP + DONE),
    "choices null": Case(event({"choices": None, "error": None}) + HELLO + STOP + DONE),
    "usage chunk": Case(
        HELLO + STOP + event({"choices": [], "usage": _COUNTS}) + DONE, usage=_COUNTED
    ),
    "usage after the reason without [DONE]": Case(
        HELLO + STOP + event({"choices": [], "usage": _COUNTS}), usage=_COUNTED
    ),
    "usage null until the last": Case(
        event(delta("Hello") | {"usage": None}) + event(delta(finish="stop") | {"usage": _COUNTS}),
        usage=_COUNTED,
    ),
    "usage in the choice": Case(
        HELLO + raw(delta={}, finish_reason="stop", usage=_COUNTS), usage=_COUNTED
    ),
    "usage as deepseek counts": Case(
        HELLO + event(delta(finish="stop") | {"usage": {
            "prompt_tokens": 9, "completion_tokens": 2, "prompt_cache_hit_tokens": 8,
            "prompt_tokens_details": None, "completion_tokens_details": None}}),
        usage=Usage(9, 2, 8, 0),
    ),
    "usage that counts nothing": Case(
        HELLO + event(delta(finish="stop") | {"usage": {"prompt_tokens": None, "cost": "x"}})
    ),
    "role empty and null": Case(
        event(delta(role="", refusal=None)) + event(delta(None, role=None)) + HELLO + STOP
    ),
    "many empty deltas": Case(raw(delta={"content": ""}) * 5 + HELLO + event(delta()) * 5 + STOP),
    "delta null": Case(raw(delta=None) + HELLO + STOP),
    "content as blocks": Case(
        event(delta(content=[{"type": "text", "text": "Hel"}, {"type": "text", "text": "lo"}]))
        + STOP
    ),
    "thinking as blocks": Case(
        event(delta(content=[
            {"type": "thinking", "thinking": [{"type": "text", "text": "why"}]},
            {"type": "text", "text": "Hello"}]))
        + STOP,
        reasoning="why",
    ),
    "reasoning_content": Case(event(delta(reasoning_content="why")) + HELLO + STOP, "Hello", "why"),
    "reasoning": Case(event(delta(reasoning="why", content="")) + HELLO + STOP, "Hello", "why"),
    "both names for thinking": Case(
        event(delta(reasoning="why", reasoning_content="why")) + HELLO + STOP, "Hello", "why"
    ),
    "reasoning_details": Case(
        event(delta(reasoning=None, reasoning_details=[
            {"type": "reasoning.text", "text": "wh"}, {"type": "reasoning.summary", "summary": "y"},
        ])) + HELLO + STOP,
        "Hello", "why",
    ),
    "thinking and text in one delta": Case(
        event(delta("Hello", reasoning_content="why")) + STOP, "Hello", "why"
    ),
    "think tags": Case(
        events(*map(delta, ["<th", "ink>\nwh", "y\n</thi", "nk>\n\nHel", "lo"])) + STOP,
        reasoning="why",
    ),
    "think tags in text": Case(
        events(delta("Write `<think>`"), delta("<think>x</think>")) + STOP,
        "Write `<think>`<think>x</think>",
    ),
    "think tags after real thinking": Case(
        events(delta(reasoning_content="why"), delta("<think>")) + STOP, "<think>", "why"
    ),
    "a thought that is cut off": Case(
        event(delta("<think>why</")) + event(delta(finish="length")),
        "", "why</", FinishReason.LENGTH,
    ),
    "refusal": Case(event(delta(refusal="No.")) + STOP, "No."),
    "message in place of delta": Case(raw(message={"content": "Hello"}, finish_reason="stop")),
    "text in place of delta": Case(raw(text="Hello", finish_reason="stop")),
    "a second choice": Case(
        HELLO + event({"choices": [{"index": 1, "delta": {"content": "other"}}]}) + STOP
    ),
    "heartbeats as json": Case(event({"type": "ping"}) + event({}) + HELLO + STOP),
    "chunks in an array": Case(
        event([delta("Hel"), delta("lo")]) + event([delta(finish="stop")])
    ),
    "whole reply": Case(_WHOLE, reasoning="why", usage=Usage(3, 4)),
    "whole reply after blank lines": Case(
        b"\n\r\n\n" + _WHOLE + b"\n", reasoning="why", usage=Usage(3, 4)
    ),
    "whole reply over many lines": Case(
        _WHOLE.replace(b",", b",\n\n  "), reasoning="why", usage=Usage(3, 4)
    ),
    "whole reply as one event": Case(
        b"data: " + _WHOLE + b"\n\n" + DONE, reasoning="why", usage=Usage(3, 4)
    ),
    "tool calls": Case(
        event(delta(tool_calls=[{"index": 0, "id": "a", "function": {"name": "f"}}]))
        + event(delta(tool_calls=[{"index": 0, "function": {"arguments": '{"x'}}]))
        + event(delta(tool_calls=[{"index": 0, "id": "", "function": {"arguments": '":1}'}}]))
        + event(delta(finish="tool_calls")) + DONE,
        "", reason=FinishReason.TOOL_CALLS, tools=[("a", "f", '{"x":1}')],
    ),
    "tool calls without an index": Case(
        event(delta(tool_calls=[{"id": "a", "function": {"name": "f", "arguments": "{}"}}]))
        + event(delta(tool_calls=[{"id": "b", "function": {"name": "g", "arguments": ""}}]))
        + event(delta(tool_calls=[{"function": {"arguments": "{}"}}]))
        + event(delta(finish="tool_calls")) + DONE,
        "", reason=FinishReason.TOOL_CALLS, tools=[("a", "f", "{}"), ("b", "g", "{}")],
    ),
    "tool call with an index and no id": Case(
        event(delta(tool_calls=[{"index": 0, "function": {"name": "f", "arguments": '{"x'}}]))
        + event(delta(tool_calls=[{"index": 0, "function": {"arguments": '":1}'}}]))
        + event(delta(finish="tool_calls")) + DONE,
        "", reason=FinishReason.TOOL_CALLS, tools=[("", "f", '{"x":1}')],
    ),
    "tool call with empty id and name on continuations": Case(
        event(delta(tool_calls=[{"index": 0, "id": "a", "function": {"name": "f"}}]))
        + event(delta(tool_calls=[
            {"index": 0, "id": "", "function": {"name": "", "arguments": "{}"}}]))
        + event(delta(finish="tool_calls")),
        "", reason=FinishReason.TOOL_CALLS, tools=[("a", "f", "{}")],
    ),
    "tool call with its id on every chunk": Case(
        event(delta(tool_calls=[{"index": 0, "id": "a", "function": {"name": "f"}}]))
        + event(delta(tool_calls=[{"index": 0, "id": "a", "function": {"arguments": "{"}}]))
        + event(delta(tool_calls=[{"index": 0, "id": "a", "function": {"arguments": "}"}}]))
        + event(delta(finish="tool_calls")),
        "", reason=FinishReason.TOOL_CALLS, tools=[("a", "f", "{}")],
    ),
    "usage on every chunk, cumulative": Case(
        event(delta("Hel") | {"usage": {"prompt_tokens": 3, "completion_tokens": 1}})
        + event(delta("lo") | {"usage": {"prompt_tokens": 3, "completion_tokens": 2}})
        + event(delta(finish="stop") | {"usage": {"prompt_tokens": 3, "completion_tokens": 2}}),
        usage=Usage(3, 2),
    ),
    "tool call after text, cut off": Case(
        HELLO + event(delta(tool_calls=[{"function": {"name": "f", "arguments": '{"x'}}])),
        reason=_UNKNOWN, tools=[("", "f", '{"x')],
    ),
}  # fmt: skip

ERRORS = {
    "error after text": Case(
        HELLO + event({"error": {"message": "gone", "code": "x"}}),
        error=ErrorKind.SERVER, says="gone",
    ),
    "error first": Case(
        event({"error": {"message": "slow down", "code": 429}}), "", error=ErrorKind.RATE_LIMIT,
    ),
    "error with null code": Case(
        event({"error": {"message": "Invalid API key", "code": None}}), "",
        error=ErrorKind.AUTHENTICATION,
    ),
    "error beside text": Case(
        event(delta("Hello") | {"error": {"message": "gone", "code": "server_error"}}),
        error=ErrorKind.SERVER, says="gone",
    ),
    "error beside a reason": Case(
        HELLO + event(delta(finish="error") | {"error": {"message": "gone", "code": 502}}),
        error=ErrorKind.SERVER, says="gone",
    ),
    "error object of vllm": Case(
        HELLO + event({"object": "error", "message": "gone", "code": 400}),
        error=ErrorKind.BAD_REQUEST, says="gone",
    ),
    "errors in an array": Case(
        event([{"error": {"message": "no such model", "code": 404}}]), "",
        error=ErrorKind.NOT_FOUND,
    ),
    "detail": Case(event({"detail": "gone"}), "", error=ErrorKind.SERVER, says="gone"),
    "a code in a whole reply": Case(
        b'{"code":20012,"message":"Model does not exist","data":null}', "",
        error=ErrorKind.NOT_FOUND,
    ),
    "an error as a whole reply": Case(
        b'{"error": {"message": "Insufficient Balance", "code": "x"}}', "",
        error=ErrorKind.BALANCE,
    ),
    "a bare string as a whole reply": Case(
        b'"Invalid token"', "", error=ErrorKind.AUTHENTICATION, says="Invalid token"
    ),
    "a bare string as an event": Case(
        b'data: "rate limit"\n\n', "", error=ErrorKind.RATE_LIMIT, says="rate limit"
    ),
    "an event named error": Case(
        HELLO + b'event: error\ndata: {"message": "gone"}\n\n', error=ErrorKind.SERVER, says="gone"
    ),
    "an event named error with text": Case(
        HELLO + b"event: error\ndata: gone\n\n", error=ErrorKind.SERVER, says="gone"
    ),
    "data: error: message": Case(
        HELLO + b"data: error: upstream gone\n\n", error=ErrorKind.SERVER, says="upstream gone"
    ),
    "plain text appended": Case(
        HELLO + b"upstream error: gone\n", error=ErrorKind.SERVER, says="upstream error: gone"
    ),
    "plain text appended without a line end": Case(
        HELLO + b"upstream error: gone", error=ErrorKind.SERVER, says="gone"
    ),
    "plain text after a good end": Case(HELLO + STOP + b"goodbye\n"),
    "json appended": Case(
        HELLO + b'{"error":{"message":"too many requests","code":429}}\n',
        error=ErrorKind.RATE_LIMIT,
    ),
    "plain text only": Case(b"nothing to see", "", error=ErrorKind.PROTOCOL, says="nothing to see"),
    "plain text with an error": Case(
        b"internal error", "", error=ErrorKind.SERVER, says="internal error"
    ),
    "a page": Case(_PAGE, "", error=ErrorKind.PROTOCOL, says="Sign in"),
    "a page after text": Case(HELLO + _PAGE, error=ErrorKind.PROTOCOL, says="html_page"),
    "a page in an event": Case(
        HELLO + b"data: <html><title>Sign in</title></html>\n\n",
        error=ErrorKind.PROTOCOL, says="Sign in",
    ),
    "broken json in mid-stream": Case(
        HELLO + b'data: {"choices":[{"delta":\n\n' + HELLO, error=ErrorKind.PROTOCOL, says="json"
    ),
    "a whole reply cut off": Case(_WHOLE[:60], "", error=ErrorKind.DROPPED),
}  # fmt: skip

CASES = {**FRAMING, **ENDS, **CHUNKS, **ERRORS, **ODD}
