"""The oddities of real streams in the words of every protocol but chat completions."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field

from desktop_chat.core.errors import ErrorKind
from desktop_chat.core.events import FinishReason, Usage
from desktop_chat.providers.anthropic import Anthropic
from desktop_chat.providers.anthropic_decoder import AnthropicDecoder
from desktop_chat.providers.exchange import Decoder
from desktop_chat.providers.gateway import Gateway
from desktop_chat.providers.gateway_decoder import GatewayDecoder
from desktop_chat.providers.gemini import Gemini
from desktop_chat.providers.gemini_decoder import GeminiDecoder
from desktop_chat.providers.ollama import Ollama
from desktop_chat.providers.ollama_decoder import OllamaDecoder
from desktop_chat.providers.openai_responses import OpenAiResponses
from desktop_chat.providers.openai_responses_decoder import ResponsesDecoder
from desktop_chat.providers.websocket import WebSocketChat
from tests.helpers.byte_server import delta, event
from tests.unit.providers.contract import recordings_anthropic as claude
from tests.unit.providers.contract import recordings_gateway as gate
from tests.unit.providers.contract import recordings_gemini as google
from tests.unit.providers.contract import recordings_ollama as llama
from tests.unit.providers.contract import recordings_openai_responses as responses
from tests.unit.providers.contract.recording import Make, over_http
from tests.unit.providers.contract.recordings_websocket import WebSocketWire, lines
from tests.unit.providers.contract.wire import HttpWire, Wire
from tests.unit.providers.stream_case import Case
from tests.unit.providers.support import reader

_UNKNOWN = FinishReason.UNKNOWN
_CALLS = FinishReason.TOOL_CALLS
_GONE = {"error": {"message": "gone", "code": "server_error"}}
_PAGE = b"<!DOCTYPE html>\n<html><head><title>Sign in</title></head><body>10.0.0.1</body></html>\n"


@dataclass(frozen=True)
class Spoken:
    """How one protocol says the same.

    Attributes:
        make: a provider.
        decoder: a fresh decoder; None where messages come whole.
        text: says a piece of the answer.
        stop: what ends an answer, with its reason.
        frame: puts JSON into a frame.
        usage: that ``stop`` tells.
        own: cases that only this protocol has.
        framing: whether it comes in server-sent events.
        wire: how it is served.
        content_type: of the reply.
    """

    make: Make
    decoder: Callable[[], Decoder] | None
    text: Callable[[str], bytes]
    stop: bytes
    frame: Callable[[object], bytes] = event
    usage: Usage | None = None
    own: dict[str, Case] = field(default_factory=dict)
    framing: bool = True
    wire: Wire = field(default_factory=HttpWire)
    content_type: str = "text/event-stream"

    @property
    def cases(self) -> dict[str, Case]:
        """All cases: those that every protocol has, and its own."""
        hello, stop = self.text("Hel") + self.text("lo"), self.stop
        found = {**self._ends(hello), **self._errors(hello), **self.own}
        if self.framing:
            found |= self._framing(hello)
        else:
            found["blank lines"] = self.good(b"\n\n" + hello + b"\n" + stop)
        found["u+2028"] = self.good(self.text("a\u2028b\u0085c") + stop, "a\u2028b\u0085c")
        found["characters of many bytes"] = self.good(self.text("你好 👋🏽") + stop, "你好 👋🏽")
        found["heartbeats as json"] = self.good(self.frame({"type": "ping"}) + hello + stop)
        found["chatter that is json"] = self.good(self.frame(5) + self.frame(None) + hello + stop)
        return found

    def good(self, body: bytes, text: str = "Hello") -> Case:
        """Return a case that ends well."""
        return Case(body, text, usage=self.usage)

    def _framing(self, hello: bytes) -> dict[str, Case]:
        whole = hello + self.stop
        unnamed = b"".join(
            line + b"\n" for line in whole[:-1].split(b"\n") if not line.startswith(b"event:")
        )
        return {
            "comments": self.good(b": keep-alive\n\n" + hello + b":\n\n" + self.stop),
            "no space": self.good(whole.replace(b"data: ", b"data:")),
            "crlf": self.good(whole.replace(b"\n", b"\r\n")),
            "lone cr": self.good(whole.replace(b"\n", b"\r")),
            "bom": self.good(b"\xef\xbb\xbf" + whole),
            "bom in the middle": self.good(hello + b"\xef\xbb\xbf" + self.stop),
            "no event lines": self.good(unnamed),
            "empty events": self.good(
                b"\n\ndata:\n\nevent: x\n\n" + hello + b"data: \n\n" + self.stop
            ),
            "retry and ids": self.good(b"retry: 9\n\nid: 7\n\n" + whole),
            "no blank line at the end": self.good(whole.rstrip()),
            "several data lines": self.good(hello + self.stop.replace(b', "', b',\ndata: "')),
        }

    def _ends(self, hello: bytes) -> dict[str, Case]:
        return {
            "plain": self.good(hello + self.stop),
            "no end": Case(hello, reason=_UNKNOWN),
            "nothing at all": Case(b"", "", error=ErrorKind.DROPPED),
            "[DONE] after the end": self.good(hello + self.stop + self.frame("[DONE]")),
        }

    def _errors(self, hello: bytes) -> dict[str, Case]:
        gone = ErrorKind.SERVER
        found = {
            "error after text": Case(hello + self.frame(_GONE), error=gone, says="gone"),
            "error first": Case(
                self.frame({"error": {"message": "slow down", "code": 429}}), "",
                error=ErrorKind.RATE_LIMIT, says="slow down",
            ),
            "error with an empty message": Case(
                hello + self.frame({"error": {"message": "", "code": 500}}), error=gone
            ),
            "error object": Case(
                hello + self.frame({"object": "error", "message": "gone", "code": 500}),
                error=gone, says="gone",
            ),
            "detail": Case(hello + self.frame({"detail": "gone"}), error=gone, says="gone"),
            "errors in an array": Case(
                hello + self.frame([{"error": {"message": "gone", "code": 404}}]),
                error=ErrorKind.NOT_FOUND, says="gone",
            ),
            "nested without end": Case(
                hello + self.frame({}).replace(b"{}", b"[" * 5000),
                error=ErrorKind.PROTOCOL if self.framing else None, says="json",
            ),
        }  # fmt: skip
        if not self.framing:
            del found["nested without end"]
        if self.decoder is not None:
            found |= {
                "a page": Case(_PAGE, "", error=ErrorKind.PROTOCOL, says="Sign in"),
                "plain text appended": Case(
                    hello + b"upstream error: gone\n", error=gone, says="upstream error: gone"
                ),
                "cut within an event": Case(
                    hello + self.text("more")[:-9], error=ErrorKind.DROPPED
                ),
            }
        return found


def _claude(text: str) -> bytes:
    return claude.delta(0, "text_delta", text=text)


def _google(text: str) -> bytes:
    return google.stream(google.said(google.text(text)))


def _line(value: object) -> bytes:
    return value.encode() + b"\n" if isinstance(value, str) else llama.line(value)


_RESPONSE = responses.response(output=[], usage=responses.COUNTS)
_CLAUDE = Usage(0, 20, 0, 5)

OTHERS = {
    "anthropic": Spoken(
        over_http(Anthropic),
        lambda: AnthropicDecoder(reader(), {}),
        _claude,
        claude.end("end_turn"),
        usage=_CLAUDE,
        own={
            "ping anywhere": Case(
                claude.BEGIN + claude.PING + _claude("Hello") + claude.PING
                + claude.end("end_turn"),
                usage=claude.COUNTED,
            ),
            "overloaded in mid-stream": Case(
                _claude("Hello") + claude.said(
                    "error", error={"type": "overloaded_error", "message": "Overloaded"}),
                error=ErrorKind.OVERLOADED, says="Overloaded",
            ),
            "no last event": Case(
                _claude("Hello") + claude.end("max_tokens").replace(
                    claude.said("message_stop"), b""),
                reason=FinishReason.LENGTH, usage=_CLAUDE,
            ),
            "an unknown reason": Case(
                _claude("Hello") + claude.end("pause_turn"), reason=_UNKNOWN, usage=_CLAUDE
            ),
            "usage below zero and as text": Case(
                _claude("Hello") + claude.said(
                    "message_delta", delta={"stop_reason": "end_turn"},
                    usage={"output_tokens": -3, "input_tokens": "9"}) + claude.said("message_stop"),
            ),
            "think tags are text": Case(
                _claude("<think>x</think>") + claude.end("end_turn"), "<think>x</think>",
                usage=_CLAUDE,
            ),
            "arguments cut off": Case(
                claude.start(0, type="tool_use", id="a", name="f", input={})
                + claude.delta(0, "input_json_delta", partial_json='{"x'),
                "", reason=_UNKNOWN, tools=[("a", "f", '{"x')],
            ),
            "pieces without a beginning": Case(
                claude.delta(3, "input_json_delta", partial_json="{}") + claude.end("tool_use"),
                "", reason=_CALLS, tools=[("", "", "{}")], usage=_CLAUDE,
            ),
            "delta null": Case(
                claude.said("content_block_delta", index=0, delta=None) + _claude("Hello")
                + claude.end("end_turn"), usage=_CLAUDE,
            ),
        },
    ),
    "openai-responses": Spoken(
        over_http(OpenAiResponses),
        lambda: ResponsesDecoder(reader(), {}),
        responses.text_delta,
        responses.named("response.completed", response=_RESPONSE),
        usage=Usage(30, 20, 10, 5),
        own={
            "failed": Case(
                responses.text_delta("Hello") + responses.named(
                    "response.failed", response=responses.response(
                        status="failed", error={"code": "server_error", "message": "gone"})),
                error=ErrorKind.SERVER, says="gone",
            ),
            "incomplete": Case(
                responses.text_delta("Hello") + responses.named(
                    "response.incomplete", response=responses.response(
                        status="incomplete", incomplete_details={"reason": "max_output_tokens"})),
                reason=FinishReason.LENGTH,
            ),
            "the last event alone": Case(
                responses.named("response.completed", response=responses.response(
                    output=[responses.message("Hello")]))
            ),
            "an error event": Case(
                responses.text_delta("Hello")
                + responses.named("error", message="gone", code="rate_limit_exceeded"),
                error=ErrorKind.RATE_LIMIT, says="gone",
            ),
            "delta null": Case(
                responses.named("response.output_text.delta", delta=None)
                + responses.text_delta("Hello")
                + responses.named("response.completed", response=responses.response(output=[])),
            ),
            "arguments cut off": Case(
                responses.named("response.output_item.added", output_index=0, item={
                    "id": "fc", "type": "function_call", "call_id": "a", "name": "f"})
                + responses.named("response.function_call_arguments.delta", item_id="fc",
                                  output_index=0, delta='{"x'),
                "", reason=_UNKNOWN, tools=[("a", "f", '{"x')],
            ),
        },
    ),
    "ollama": Spoken(
        over_http(Ollama),
        lambda: OllamaDecoder(reader(), {}),
        lambda text: llama.said(content=text),
        llama.done(),
        frame=_line,
        usage=Usage(11, 7),
        framing=False,
        content_type="application/x-ndjson",
        own={
            "lines as events": Case(
                b"data: " + llama.said(content="Hello") + b"\ndata: " + llama.done(),
                usage=Usage(11, 7),
            ),
            "crlf": Case(
                (llama.said(content="Hello") + llama.done()).replace(b"\n", b"\r\n"),
                usage=Usage(11, 7),
            ),
            "think tags": Case(
                llama.said(content="<th") + llama.said(content="ink>why</think>\n\nHello")
                + llama.done(), reasoning="why", usage=Usage(11, 7),
            ),
            "think tags in text": Case(
                llama.said(content="a <think>b") + llama.done(), "a <think>b", usage=Usage(11, 7)
            ),
            "an error as text": Case(
                llama.said(content="Hello") + llama.line({"error": "model runner has stopped"}),
                error=ErrorKind.SERVER, says="model runner has stopped",
            ),
            "a call without an index": Case(
                llama.said(tool_calls=[{"function": {"name": "f", "arguments": {"x": 1}}}])
                + llama.done(), "", reason=_CALLS, tools=[("", "f", '{"x": 1}')],
                usage=Usage(11, 7),
            ),
            "counts below zero": Case(
                llama.said(content="Hello") + llama.done(eval_count=-1, prompt_eval_count=None)
            ),
            "no last line end": Case(
                (llama.said(content="Hello") + llama.done())[:-1], usage=Usage(11, 7)
            ),
        },
    ),
    "gateway": Spoken(
        over_http(Gateway),
        lambda: GatewayDecoder(reader(), {}),
        lambda text: event(gate.piece(text)),
        event({**gate.piece("", "stop"), "usage": {"prompt_tokens": 3, "completion_tokens": 4}})
        + event("[DONE]"),
        usage=Usage(3, 4),
        own={
            "think tags": Case(
                event(gate.piece("<think>why</th")) + event(gate.piece("ink>Hello"))
                + event(gate.piece("", "stop")), reasoning="why",
            ),
            "a code in a whole reply": Case(
                json.dumps({"code": 402, "message": "Insufficient Balance"}).encode(), "",
                error=ErrorKind.BALANCE,
            ),
        },
    ),
    "gemini": Spoken(
        over_http(Gemini),
        lambda: GeminiDecoder(reader(), {}),
        _google,
        google.stream(google.said(google.text(""), finishReason="STOP")),
        own={
            "an array in place of events": Case(
                json.dumps([
                    google.said(google.text("Hel")),
                    google.said(google.text("lo"), finishReason="STOP"),
                ], indent=1).encode()
            ),
        },
    ),
    "websocket": Spoken(
        over_http(WebSocketChat),
        None,
        lambda text: lines(delta(text)),
        lines(delta(finish="stop"), "[DONE]"),
        frame=lambda value: lines(value),
        framing=False,
        wire=WebSocketWire(),
        own={
            "events as messages": Case(
                lines("data: " + json.dumps(delta("Hello", finish="stop")), "data: [DONE]")
            ),
            "think tags": Case(
                lines(delta("<think>why</th"), delta("ink>Hello"), delta(finish="stop")),
                reasoning="why",
            ),
            "arguments cut off": Case(
                lines(delta(tool_calls=[{"id": "a", "function": {"name": "f", "arguments": "{"}}])),
                "", reason=_UNKNOWN, tools=[("a", "f", "{")],
            ),
        },
    ),
}  # fmt: skip
