"""The Responses protocol under the contract: as OpenAI streams it, as others do, and whole."""

import base64
import json
from typing import Any

from desktop_chat.core.errors import ErrorKind
from desktop_chat.core.events import FinishReason, Usage
from desktop_chat.core.requests import ToolSpec
from desktop_chat.providers.echoes import EchoMaker
from desktop_chat.providers.openai_responses import OpenAiResponses
from desktop_chat.providers.openai_responses_decoder import ResponsesDecoder
from tests.helpers.byte_server import event
from tests.unit.providers.contract.recording import Recording, Refusal, over_http
from tests.unit.providers.support import reader, request

PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01"
COUNTS = {
    "input_tokens": 30,
    "input_tokens_details": {"cached_tokens": 10},
    "output_tokens": 20,
    "output_tokens_details": {"reasoning_tokens": 5},
    "total_tokens": 50,
}
REASONING: dict[str, Any] = {
    "id": "rs_1",
    "type": "reasoning",
    "summary": [{"type": "summary_text", "text": "why"}],
    "encrypted_content": "gAAA",
}
CALL = {
    "id": "fc_1",
    "type": "function_call",
    "call_id": "call_1",
    "name": "f",
    "arguments": '{"x":1}',
    "status": "completed",
}


def named(type_: str, **fields: Any) -> bytes:
    """An event as OpenAI sends it, with its name."""
    return f"event: {type_}\n".encode() + event({"type": type_, **fields})


def response(**fields: Any) -> dict[str, Any]:
    return {"id": "resp_1", "object": "response", "status": "completed", "error": None} | fields


def message(text: str) -> dict[str, Any]:
    content = [{"type": "output_text", "text": text, "annotations": []}]
    return {"id": "msg_1", "type": "message", "role": "assistant", "content": content}


def text_delta(text: str, index: int = 0) -> bytes:
    return named(
        "response.output_text.delta",
        item_id=f"msg_{index}",
        output_index=index,
        content_index=0,
        delta=text,
    )


def thought(text: str, part: int = 0) -> bytes:
    return named(
        "response.reasoning_summary_text.delta",
        item_id="rs_1",
        output_index=0,
        summary_index=part,
        delta=text,
    )


CREATED = named("response.created", response=response(status="in_progress", output=[]))
THOUGHT = (
    CREATED
    + named("response.in_progress", response=response(status="in_progress", output=[]))
    + named("response.output_item.added", output_index=0, item={"id": "rs_1", "type": "reasoning"})
    + thought("wh")
    + thought("y")
    + named("response.output_item.done", output_index=0, item=REASONING)
    + named("response.output_item.added", output_index=1, item={"id": "msg_1", "type": "message"})
    + text_delta("Hel", 1)
    + text_delta("lo 你好\u2028", 1)
    + named(
        "response.output_text.done",
        item_id="msg_1",
        output_index=1,
        content_index=0,
        text="Hello 你好\u2028",
    )
    + named("response.output_item.done", output_index=1, item=message("Hello 你好\u2028"))
    + named(
        "response.completed",
        response=response(output=[REASONING, message("Hello 你好\u2028")], usage=COUNTS),
    )
)
TOOLS = (
    CREATED
    + named("response.output_item.added", output_index=0, item={"id": "rs_1", "type": "reasoning"})
    + named("response.output_item.done", output_index=0, item=REASONING)
    + named("response.output_item.added", output_index=1, item=CALL | {"arguments": ""})
    + named("response.function_call_arguments.delta", item_id="fc_1", output_index=1, delta='{"x"')
    + named("response.function_call_arguments.delta", item_id="fc_1", output_index=1, delta=":1}")
    + named(
        "response.function_call_arguments.done",
        item_id="fc_1",
        output_index=1,
        arguments='{"x":1}',
    )
    + named("response.output_item.done", output_index=1, item=CALL)
    + named("response.completed", response=response(output=[REASONING, CALL]))
)
PLAIN = (
    b": keep-alive\n\n"
    + event({"type": "response.output_text.delta", "delta": "Hel"})
    + event({"type": "response.output_text.delta", "delta": "lo"})
    + event(
        {
            "type": "response.incomplete",
            "response": response(
                status="incomplete", incomplete_details={"reason": "max_output_tokens"}
            ),
        }
    )
    + event("[DONE]")
)
PICTURE = {
    "id": "ig_1",
    "type": "image_generation_call",
    "status": "completed",
    "revised_prompt": "a dot",
    "result": base64.b64encode(PNG).decode(),
}
WHOLE = json.dumps(
    response(
        output=[REASONING, PICTURE, message("Hello")],
        usage=COUNTS,
        status="incomplete",
        incomplete_details={"reason": "content_filter"},
    )
).encode()

WITH_TOOLS = request(tools=(ToolSpec("f"),))


def decoder() -> ResponsesDecoder:
    echoes = EchoMaker("openai-responses", "here", "m")
    return ResponsesDecoder(reader(), {}, echoes)


RECORDINGS = (
    Recording(
        "openai-responses",
        make=over_http(OpenAiResponses),
        decoder=decoder,
        body=THOUGHT,
        text="Hello 你好\u2028",
        reasoning="why",
        usage=Usage(30, 20, 10, 5),
        cut=THOUGHT[: THOUGHT.index(b"lo ")],
        cut_text="Hel",
        refusals=(
            Refusal(
                400,
                b'{"error": {"message": "Unknown parameter: n", "code": "unknown_parameter"}}',
                ErrorKind.BAD_REQUEST,
                "Unknown",
            ),
        ),
    ),
    Recording(
        "openai-responses: tool call",
        make=over_http(OpenAiResponses),
        decoder=decoder,
        body=TOOLS,
        reasoning="why",
        tools=(("call_1", "f", '{"x":1}'),),
        reason=FinishReason.TOOL_CALLS,
        echo={
            "protocol": "openai-responses",
            "service": "here",
            "model": "m",
            "items": [REASONING, {"type": "function_call", "call_id": "call_1"}],
        },
        request=WITH_TOOLS,
    ),
    Recording(
        "openai-responses: no event lines",
        make=over_http(OpenAiResponses),
        decoder=decoder,
        body=PLAIN,
        text="Hello",
        reason=FinishReason.LENGTH,
    ),
    Recording(
        "openai-responses: whole reply",
        make=over_http(OpenAiResponses),
        decoder=decoder,
        body=WHOLE,
        text="Hello",
        reasoning="why",
        images=(PNG,),
        usage=Usage(30, 20, 10, 5),
        reason=FinishReason.CONTENT_FILTER,
        request=request(stream=False),
        content_type="application/json",
    ),
)
