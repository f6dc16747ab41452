"""Decodes the reply of Anthropic's Messages API, streamed or whole, into events.

The events are those of its documentation ("Streaming messages"); services that imitate it leave
out names of events, beginnings of blocks or the last event, and all of that is understood.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from desktop_chat.core.events import Echo, FinishReason, ToolCallDelta, Usage
from desktop_chat.core.json import JsonValue
from desktop_chat.providers.echoes import MAX_ECHO, EchoMaker
from desktop_chat.providers.errors import ErrorReader
from desktop_chat.providers.reply_decoder import ReplyDecoder, count_of, text_of
from desktop_chat.providers.sse import SseDecoder
from desktop_chat.providers.texts import whole

PROTOCOL: Final = "anthropic"
"""What an echo of this protocol names itself by."""
THOUGHTS: Final = ("thinking", "redacted_thinking")
"""Blocks that are sent back as they came."""
MAX_BLOCKS: Final = 4096
"""Blocks of one answer; the pieces of further ones are told and not remembered."""

_REASONS: Final[Mapping[str, FinishReason]] = {
    "end_turn": FinishReason.STOP,
    "stop_sequence": FinishReason.STOP,
    "stop": FinishReason.STOP,
    "max_tokens": FinishReason.LENGTH,
    "model_context_window_exceeded": FinishReason.LENGTH,
    "length": FinishReason.LENGTH,
    "tool_use": FinishReason.TOOL_CALLS,
    "tool_calls": FinishReason.TOOL_CALLS,
    "refusal": FinishReason.CONTENT_FILTER,
    "content_filter": FinishReason.CONTENT_FILTER,
}
"""``pause_turn`` is not among them: the answer is not whole, and it may be continued."""

_COUNTS: Final = (
    "input_tokens",
    "output_tokens",
    "cache_read_input_tokens",
    "cache_creation_input_tokens",
)
_BLOCK_OF_DELTA: Final[Mapping[str, str]] = {
    "text_delta": "text",
    "thinking_delta": "thinking",
    "signature_delta": "thinking",
    "input_json_delta": "tool_use",
}
_EARLY_ECHOES: Final = 32
"""Blocks up to which each thought is told as soon as it is whole."""


@dataclass(slots=True)
class _Block:
    """A block of the answer, as far as it has come.

    Attributes:
        type: ``text``, ``thinking``, ``redacted_thinking``, ``tool_use`` or one we do not know.
        place: of a tool call, its number among the calls.
        id: of a tool call.
        length: characters of a text.
        thinking: the pieces of a thought.
        signature: the pieces of its signature.
        data: of a redacted thought.
        input: what a tool call began with; it counts only if no pieces follow.
        pieces: whether pieces of a tool call's input came.
        closed: whether it is whole.
    """

    type: str
    place: int = 0
    id: str = ""
    length: int = 0
    thinking: list[str] = field(default_factory=list)
    signature: list[str] = field(default_factory=list)
    data: str = ""
    input: object = None
    pieces: bool = False
    closed: bool = False


class AnthropicDecoder(ReplyDecoder):
    """Turns the bytes of one reply into events.

    Args:
        errors: makes the errors of this host.
        headers: of the reply; names in lower case.
        echoes: marks what is to be sent back.
    """

    def __init__(
        self, errors: ErrorReader, headers: Mapping[str, str], echoes: EchoMaker | None = None
    ) -> None:
        super().__init__(errors, headers, SseDecoder())
        self._echoes = echoes or EchoMaker(PROTOCOL)
        self._blocks: list[_Block] = []
        self._by_index: dict[int, _Block] = {}
        self._calls = 0
        self._counts: dict[str, int] = {}
        self._thought_tokens = 0
        self._echo_size = 0
        self._told_echo: Echo | None = None

    def _take(self, payload: Mapping[str, Any], name: str) -> bool:
        kind = text_of(payload.get("type")) or name
        if kind == "content_block_delta":
            self._delta(payload.get("index"), payload.get("delta"))
        elif kind == "content_block_start":
            self._start(payload.get("index"), payload.get("content_block"))
        elif kind == "content_block_stop":
            self._stop(payload.get("index"))
        elif kind == "message_start":
            self._message(payload.get("message"))
        elif kind == "message_delta":
            self._count(payload.get("usage"))
            self._finish(payload.get("delta"))
        elif kind == "message_stop":
            self._close_blocks()
            self.ended = True
        elif isinstance(payload.get("content"), list):
            self._message(payload)
        else:
            return kind == "ping"
        return True

    def _message(self, message: Any) -> None:
        """Take a message: the empty one that begins a stream, or a whole reply."""
        if not isinstance(message, dict):
            return
        self._count(message.get("usage"))
        content = message.get("content")
        if isinstance(content, str):
            content = [{"type": "text", "text": content}]
        if isinstance(content, list) and content:
            for index, block in enumerate(content):
                self._start(index, block)
                self._stop(index)
        self._finish(message)

    def _finish(self, delta: Any) -> None:
        reason = delta.get("stop_reason") if isinstance(delta, dict) else None
        if isinstance(reason, str) and reason and reason != "null":
            self._close_blocks()
            self._reason = _REASONS.get(reason.lower(), FinishReason.UNKNOWN)

    def _start(self, index: Any, value: Any) -> None:
        if not isinstance(value, dict):
            return
        block = self._begin(index, text_of(value.get("type")) or "text")
        if block.type == "tool_use":
            block.id = whole(text_of(value.get("id")))
            block.input = value.get("input")
            name = whole(text_of(value.get("name")))
            self._put(ToolCallDelta(block.place, block.id, name, ""))
        elif block.type == "redacted_thinking":
            data = text_of(value.get("data"))
            block.data = data if self._keeps(data) else ""
        else:
            self._text(block, text_of(value.get("text")))
            self._thought(block, text_of(value.get("thinking")))
            self._signature(block, text_of(value.get("signature")))

    def _begin(self, index: Any, kind: str) -> _Block:
        block = _Block(kind, place=self._calls)
        if kind == "tool_use":
            self._calls += 1
        if len(self._blocks) < MAX_BLOCKS:
            self._blocks.append(block)
            if isinstance(index, int):
                # Some services number all blocks 0; the newest is meant.
                self._by_index[index] = block
        return block

    def _delta(self, index: Any, delta: Any) -> None:
        if not isinstance(delta, dict):
            return
        kind = delta.get("type")
        wanted = _BLOCK_OF_DELTA.get(kind) if isinstance(kind, str) else None
        if wanted is None:
            return
        block = self._by_index.get(index) if isinstance(index, int) else None
        if block is None or block.closed:
            block = self._begin(index, wanted)
        if kind == "text_delta":
            self._text(block, text_of(delta.get("text")))
        elif kind == "thinking_delta":
            self._thought(block, text_of(delta.get("thinking")))
        elif kind == "signature_delta":
            self._signature(block, text_of(delta.get("signature")))
        elif block.type == "tool_use" and (piece := text_of(delta.get("partial_json"))):
            block.pieces = True
            self._put(ToolCallDelta(block.place, "", "", whole(piece)))

    def _text(self, block: _Block, text: str) -> None:
        if text:
            block.length += len(text)
            self._add(text, thinking=False)

    def _thought(self, block: _Block, text: str) -> None:
        if text:
            if self._keeps(text):
                block.thinking.append(text)
            self._add(text, thinking=True)

    def _signature(self, block: _Block, text: str) -> None:
        if text and self._keeps(text):
            block.signature.append(text)

    def _keeps(self, text: str) -> bool:
        """Tell whether there is room for more of the echo; half of a thought is never sent."""
        self._echo_size += len(text)
        return self._echo_size <= MAX_ECHO

    def _stop(self, index: Any) -> None:
        block = self._by_index.get(index) if isinstance(index, int) else None
        if block is not None and not block.closed:
            self._end(block)
            if block.type in THOUGHTS and len(self._blocks) <= _EARLY_ECHOES:
                # Told at once: the reader may stop the answer before its end.
                self._tell_echo()

    def _close_blocks(self) -> None:
        for block in self._blocks:
            self._end(block)

    def _end(self, block: _Block) -> None:
        if block.closed:
            return
        block.closed = True
        if block.type == "tool_use" and not block.pieces:
            given = block.input if isinstance(block.input, dict) else {}
            arguments = json.dumps(given, ensure_ascii=False)
            self._put(ToolCallDelta(block.place, "", "", whole(arguments)))

    def _finish_events(self) -> None:
        self._tell_echo()

    def _tell_echo(self) -> None:
        """Tell what is to be sent back: thoughts as they came, and where text and calls stand
        between them. An unsigned thought that was cut off is not among it.
        """
        if self._echo_size > MAX_ECHO:
            return
        blocks = [kept for block in self._blocks if (kept := _kept(block)) is not None]
        if not any(block["type"] in THOUGHTS for block in blocks):
            return
        listed: list[JsonValue] = list(blocks)
        echo = Echo(self._echoes.make({"blocks": listed}))
        if echo != self._told_echo:
            self._told_echo = echo
            self._put(echo)

    def _count(self, usage: Any) -> None:
        """Take counts; each event tells some of them, all cumulative."""
        if not isinstance(usage, dict):
            return
        for name in _COUNTS:
            if count := count_of(usage.get(name)):
                self._counts[name] = count
        details = usage.get("output_tokens_details")
        if isinstance(details, dict):
            thought = count_of(details.get("thinking_tokens"))
            self._thought_tokens = thought or count_of(details.get("reasoning_tokens"))

    def _usage(self) -> Usage | None:
        if not self._counts:
            return None
        fresh, output, read, written = (self._counts.get(name, 0) for name in _COUNTS)
        return Usage(
            input_tokens=fresh + read + written,
            output_tokens=output,
            cached_tokens=read,
            reasoning_tokens=self._thought_tokens,
            cache_write_tokens=written,
        )


def _kept(block: _Block) -> dict[str, JsonValue] | None:
    """Return what an echo says of a block, or None."""
    if block.type == "text" and block.length:
        return {"type": "text", "length": block.length}
    if block.type == "tool_use" and block.id:
        return {"type": "tool_use", "id": block.id}
    if not block.closed:
        return None
    if block.type == "redacted_thinking" and block.data:
        return {"type": "redacted_thinking", "data": whole(block.data)}
    if block.type == "thinking" and (block.thinking or block.signature):
        thinking, signature = whole("".join(block.thinking)), whole("".join(block.signature))
        return {"type": "thinking", "thinking": thinking, "signature": signature}
    return None
