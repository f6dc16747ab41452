"""Chat completions under the contract."""

import json
from typing import Any

from desktop_chat.core.errors import ErrorKind
from desktop_chat.core.events import FinishReason, Usage
from desktop_chat.providers.chat_decoder import ChatDecoder
from desktop_chat.providers.openai_chat import OpenAiChat
from tests.helpers.byte_server import delta, event
from tests.unit.providers.contract.recording import Recording, Refusal, over_http
from tests.unit.providers.support import reader, request

DONE = event("[DONE]")
USAGE: dict[str, Any] = {"choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 4}}

THOUGHT = (
    event(delta(role="assistant", content=None))
    + event(delta(reasoning_content="w"))
    + event(delta(reasoning_content="hy\u2028"))
    + event(delta("Hel"))
    + event(delta("lo 你好"))
    + event(delta(finish="stop"))
    + event(USAGE)
    + DONE
)
TOOLS = (
    event(delta("I look."))
    + event(delta(tool_calls=[{"index": 0, "id": "a", "function": {"name": "f"}}]))
    + event(delta(tool_calls=[{"index": 0, "function": {"arguments": '{"x'}}]))
    + event(delta(tool_calls=[{"index": 0, "function": {"arguments": '":1}'}}]))
    + event(delta(finish="tool_calls"))
    + DONE
)
WHOLE = json.dumps(
    {
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": "Hello", "reasoning_content": "why"},
                "finish_reason": "length",
            }
        ],
        "usage": {"prompt_tokens": 3, "completion_tokens": 4},
    }
).encode()

RECORDINGS = (
    Recording(
        "openai-chat",
        make=over_http(OpenAiChat),
        decoder=lambda: ChatDecoder(reader(), {}),
        body=THOUGHT,
        text="Hello 你好",
        reasoning="why\u2028",
        usage=Usage(3, 4),
        cut=THOUGHT[: THOUGHT.index(b"lo ")],
        cut_text="Hel",
        refusals=(
            Refusal(
                401,
                b'{"error": {"message": "bad key", "code": "invalid_api_key"}}',
                ErrorKind.AUTHENTICATION,
                "bad key",
            ),
            Refusal(429, b'{"error": {"message": "slow down"}}', ErrorKind.RATE_LIMIT),
        ),
    ),
    Recording(
        "openai-chat: tool call",
        make=over_http(OpenAiChat),
        decoder=lambda: ChatDecoder(reader(), {}),
        body=TOOLS,
        text="I look.",
        tools=(("a", "f", '{"x":1}'),),
        reason=FinishReason.TOOL_CALLS,
    ),
    Recording(
        "openai-chat: whole reply",
        make=over_http(OpenAiChat),
        decoder=lambda: ChatDecoder(reader(), {}),
        body=WHOLE,
        text="Hello",
        reasoning="why",
        reason=FinishReason.LENGTH,
        usage=Usage(3, 4),
        request=request(stream=False),
        content_type="application/json",
    ),
)
