"""The signed gateway's text under the contract."""

import json
from typing import Any

from desktop_chat.core.errors import ErrorKind
from desktop_chat.core.events import FinishReason, Usage
from desktop_chat.providers.gateway import Gateway
from desktop_chat.providers.gateway_decoder import GatewayDecoder
from tests.helpers.byte_server import event
from tests.unit.providers.contract.recording import Recording, Refusal, over_http
from tests.unit.providers.support import reader, request


def piece(text: str, finish: str | None = None) -> dict[str, Any]:
    return {"choices": [{"index": 0, "text": text, "finish_reason": finish}]}


STREAM = (
    event({"conversation_id": "c-7", **piece("Hel")})
    + event(piece("lo 你好"))
    + event({**piece("", "stop"), "usage": {"prompt_tokens": 3, "completion_tokens": 4}})
    + event("[DONE]")
)
WHOLE = json.dumps(
    {
        "choices": [{"text": "Hello", "finish_reason": "length", "conversation_id": "c-8"}],
        "usage": {"prompt_tokens": 3, "completion_tokens": 4},
    }
).encode()
WRAPPED = json.dumps(
    {"code": 0, "message": "ok", "data": {"conversation_id": 9, **piece("Hello", "stop")}}
).encode()
PLAIN = event({"text": "Hel"}) + event({"content": "lo"}) + event({"done": True})

RECORDINGS = (
    Recording(
        "gateway",
        make=over_http(Gateway),
        decoder=lambda: GatewayDecoder(reader(), {}),
        body=STREAM,
        text="Hello 你好",
        usage=Usage(3, 4),
        remote_id="c-7",
        cut=STREAM[: STREAM.index(b"lo ")],
        cut_text="Hel",
        refusals=(
            Refusal(
                401,
                b'{"code": 401, "message": "signature mismatch"}',
                ErrorKind.AUTHENTICATION,
                "signature mismatch",
            ),
            Refusal(500, b"<html><title>500</title></html>", ErrorKind.SERVER),
        ),
    ),
    Recording(
        "gateway, whole",
        make=over_http(Gateway),
        decoder=lambda: GatewayDecoder(reader(), {}),
        body=WHOLE,
        text="Hello",
        usage=Usage(3, 4),
        remote_id="c-8",
        reason=FinishReason.LENGTH,
        request=request(stream=False),
        content_type="application/json",
    ),
    Recording(
        "gateway, wrapped",
        make=over_http(Gateway),
        decoder=lambda: GatewayDecoder(reader(), {}),
        body=WRAPPED,
        text="Hello",
        remote_id="9",
        content_type="application/json",
    ),
    Recording(
        "gateway, plain",
        make=over_http(Gateway),
        decoder=lambda: GatewayDecoder(reader(), {}),
        body=PLAIN,
        text="Hello",
        cut=PLAIN[: PLAIN.index(b'{"content')],
        cut_text="Hel",
    ),
)
