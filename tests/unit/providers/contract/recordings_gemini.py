"""Google's Gemini API under the contract."""

import base64
import json
from typing import Any

from desktop_chat.core.errors import ErrorKind
from desktop_chat.core.events import FinishReason, Usage
from desktop_chat.providers.echoes import EchoMaker
from desktop_chat.providers.gemini import Gemini
from desktop_chat.providers.gemini_decoder import GeminiDecoder
from tests.unit.providers.contract.recording import Recording, Refusal, over_http
from tests.unit.providers.support import reader

PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154"
    "789c63f8cfc0f01f0005000180a5fd8d5a0000000049454e44ae426082"
)


def said(*parts: dict[str, Any], **candidate: Any) -> dict[str, Any]:
    """Return one response; its counts are those of the whole answer so far."""
    content = {"role": "model", "parts": list(parts)}
    return {"candidates": [{"content": content, "index": 0, **candidate}], "responseId": "r"}


def counted(response: dict[str, Any], written: int) -> dict[str, Any]:
    counts = {
        "promptTokenCount": 20,
        "cachedContentTokenCount": 6,
        "candidatesTokenCount": written,
        "thoughtsTokenCount": 5,
        "totalTokenCount": 25 + written,
    }
    return response | {"usageMetadata": counts}


def stream(*responses: Any) -> bytes:
    lines = (json.dumps(response, ensure_ascii=False) for response in responses)
    return "".join(f"data: {line}\n\n" for line in lines).encode()


def text(text: str, **fields: Any) -> dict[str, Any]:
    return {"text": text, **fields}


def call(name: str, *, signature: str = "", **fields: Any) -> dict[str, Any]:
    signed = {"thoughtSignature": signature} if signature else {}
    return {"functionCall": {"name": name, **fields}, **signed}


def echo(*parts: dict[str, Any]) -> dict[str, Any]:
    return {"protocol": "gemini", "service": "here", "model": "m", "parts": list(parts)}


PICTURE = {"inlineData": {"mimeType": "image/png", "data": base64.b64encode(PIXEL).decode()}}
THOUGHT = stream(
    counted(said(text("w", thought=True)), 1),
    said(text("hy\u2028", thought=True)),
    counted(said(text("Hel")), 2),
    said(text("lo 你好")),
    counted(said(text("", thoughtSignature="c2ln"), finishReason="STOP"), 15),
)
TOOLS = stream(
    said(text("I look.")),
    said(
        call("f", signature="c2ln", id="call_1", args={"x": 1}),
        call("g"),
    ),
    counted(said(text(""), finishReason="STOP"), 15),
)
DRAWN = stream(
    said(text("Here", thought=True), PICTURE | {"thought": True}),
    said(text("Here it is."), PICTURE),
    said(finishReason="MAX_TOKENS"),
)
WHOLE = json.dumps(
    counted(
        said(text("why", thought=True), text("Hello"), call("f", args={"x": 1})),
        15,
    )
    | {"modelVersion": "m-001"},
    indent=2,
).replace('"index": 0', '"finishReason": "STOP", "index": 0')
BOTH = stream(
    {"candidates": [{"content": {"parts": [text("One")]}}]},
    {"candidates": [{"content": {"parts": [text("Two")]}, "index": 1}]},
    {"candidates": [{"content": {"parts": [text(" more")]}, "index": 1, "finishReason": "STOP"}]},
    {"candidates": [{"finishReason": "STOP"}]},
)
ARRAY = json.dumps([said(text("Hel")), said(text("lo"), finishReason="STOP")], indent=1).encode()


def refused(status: int, name: str, message: str, *details: dict[str, Any]) -> bytes:
    error = {"code": status, "message": message, "status": name, "details": list(details)}
    return json.dumps([{"error": error}], indent=2).encode()


REFUSALS = (
    Refusal(
        400,
        refused(
            400,
            "INVALID_ARGUMENT",
            "API key not valid. Please pass a valid API key.",
            {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID"},
        ),
        ErrorKind.AUTHENTICATION,
        "API key not valid",
    ),
    Refusal(
        429,
        refused(
            429,
            "RESOURCE_EXHAUSTED",
            "You exceeded your current quota, please check your plan and billing details.",
            {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "36s"},
        ),
        ErrorKind.RATE_LIMIT,
    ),
    Refusal(
        400,
        refused(
            400,
            "INVALID_ARGUMENT",
            "The input token count (1200000) exceeds the maximum number of tokens allowed "
            "(1048576).",
        ),
        ErrorKind.CONTEXT_LENGTH,
    ),
    Refusal(
        400,
        refused(400, "FAILED_PRECONDITION", "User location is not supported for the API use."),
        ErrorKind.PERMISSION,
    ),
    Refusal(503, refused(503, "UNAVAILABLE", "The model is overloaded."), ErrorKind.OVERLOADED),
    Refusal(
        404,
        refused(404, "NOT_FOUND", "models/m is not found for API version v1beta."),
        ErrorKind.NOT_FOUND,
    ),
)


def decoder() -> GeminiDecoder:
    return GeminiDecoder(reader(), {}, EchoMaker("gemini", "here", "m"))


COUNTED = Usage(20, 20, 6, 5)

RECORDINGS = (
    Recording(
        "gemini",
        make=over_http(Gemini),
        decoder=decoder,
        body=THOUGHT,
        text="Hello 你好",
        reasoning="why\u2028",
        usage=COUNTED,
        echo=echo(
            {"type": "text", "length": 8}, {"type": "text", "length": 0, "signature": "c2ln"}
        ),
        cut=THOUGHT[: THOUGHT.index(b"lo ")],
        cut_text="Hel",
        refusals=REFUSALS,
    ),
    Recording(
        "gemini: tool calls",
        make=over_http(Gemini),
        decoder=decoder,
        body=TOOLS,
        text="I look.",
        tools=(("call_1", "f", '{"x": 1}'), ("", "g", "{}")),
        usage=COUNTED,
        reason=FinishReason.TOOL_CALLS,
        echo=echo(
            {"type": "text", "length": 7},
            {"type": "call", "signature": "c2ln"},
            {"type": "call"},
        ),
    ),
    Recording(
        "gemini: a picture",
        make=over_http(Gemini),
        decoder=decoder,
        body=DRAWN,
        text="Here it is.",
        reasoning="Here",
        images=(PIXEL,),
        reason=FinishReason.LENGTH,
    ),
    Recording(
        "gemini: whole reply",
        make=over_http(Gemini),
        decoder=decoder,
        body=WHOLE.encode(),
        text="Hello",
        reasoning="why",
        tools=(("", "f", '{"x": 1}'),),
        usage=COUNTED,
        reason=FinishReason.TOOL_CALLS,
        content_type="application/json",
    ),
    Recording(
        "gemini: two answers",
        make=over_http(Gemini),
        decoder=decoder,
        body=BOTH,
        text="One",
        choices={1: "Two more"},
    ),
    # Without "alt=sse" a stream is an array; some gateways leave the field out on the way.
    Recording(
        "gemini: an array",
        make=over_http(Gemini),
        decoder=decoder,
        body=ARRAY,
        text="Hello",
        content_type="application/json",
    ),
)
