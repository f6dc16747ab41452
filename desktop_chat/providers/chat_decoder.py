"""Decodes the reply of a chat completion, streamed or whole, into events.

It takes bytes and never loses a delta: what arrived before an error, a drop or a defect in the
stream is returned first, and ``failure`` is set beside it. Deltas of one kind that arrive in one
read are joined to one event, which is what keeps a fast stream cheap.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

from desktop_chat.core.errors import ErrorKind
from desktop_chat.core.events import Echo, FinishReason, ImagePart, StreamEvent, Usage
from desktop_chat.core.json import JsonValue
from desktop_chat.providers.choices import FurtherChoices, texts_of
from desktop_chat.providers.echoes import MAX_ECHO, EchoMaker, ReasoningDetails, size_of
from desktop_chat.providers.errors import ErrorReader, is_error_payload
from desktop_chat.providers.image_parts import MAX_IMAGES, image_from_base64
from desktop_chat.providers.reply_decoder import ReplyDecoder, loads
from desktop_chat.providers.sse import SseDecoder
from desktop_chat.providers.think_tags import ThinkTags
from desktop_chat.providers.tool_calls import ToolCalls
from desktop_chat.providers.usage import read_usage

_REASONS: Final[Mapping[str, FinishReason]] = {
    "stop": FinishReason.STOP,
    "stop_sequence": FinishReason.STOP,
    "eos": FinishReason.STOP,
    "eos_token": FinishReason.STOP,
    "end_turn": FinishReason.STOP,
    "length": FinishReason.LENGTH,
    "max_tokens": FinishReason.LENGTH,
    "tool_calls": FinishReason.TOOL_CALLS,
    "tool_use": FinishReason.TOOL_CALLS,
    "function_call": FinishReason.TOOL_CALLS,
    "content_filter": FinishReason.CONTENT_FILTER,
    "sensitive": FinishReason.CONTENT_FILTER,
    "safety": FinishReason.CONTENT_FILTER,
    "prohibited_content": FinishReason.CONTENT_FILTER,
    "recitation": FinishReason.CONTENT_FILTER,
    "model_length": FinishReason.LENGTH,
}
_FAILURES: Final[Mapping[str, ErrorKind]] = {
    "insufficient_system_resource": ErrorKind.OVERLOADED,
    "error": ErrorKind.SERVER,
}
"""Finish reasons that are failures of the service."""

_RARE: Final = frozenset(
    ("refusal", "tool_calls", "function_call", "reasoning_details", "images", "extra_content")
)
"""What most deltas have not; whether one has any of these is asked at once."""
_MAX_URL: Final = 4096
_PLAIN_URL: Final = re.compile(r"https://[!#-&+-;=?-Z_a-z~]+")
"""An address that means nothing else in Markdown."""


class ChatDecoder(ReplyDecoder):
    """Turns the bytes of one reply into events.

    Args:
        errors: makes the errors of this host.
        headers: of the reply; names in lower case.
        echoes: marks what the service wants back; None keeps nothing of that.
        keeps_thinking: whether the thinking is wanted back even if this answer calls no tool,
            because it belongs to a turn with tools.
    """

    def __init__(
        self,
        errors: ErrorReader,
        headers: Mapping[str, str],
        echoes: EchoMaker | None = None,
        *,
        keeps_thinking: bool = False,
    ) -> None:
        super().__init__(errors, headers, SseDecoder())
        self._tags = ThinkTags()
        self._in_answer = False
        self._by_delta = False
        self._by_message = False
        self._tools = ToolCalls()
        self._further: FurtherChoices | None = None
        self._read_usages: list[object] = []
        self._images = 0
        self._echoes = echoes
        self._keeps_thinking = keeps_thinking
        self._reasoning_name = ""
        self._details = ReasoningDetails()
        self._extra: JsonValue = None

    @property
    def finished(self) -> bool:
        """True once a reason was given for every answer: what is still to come is figures."""
        return self._reason is not None and (self._further is None or not self._further.open)

    def _frame(self, name: bytes, data: bytes) -> None:
        """Take a frame: the same as the base does, with fewer steps for what comes by thousands."""
        if name:
            super()._frame(name, data)
            return
        try:
            payload = loads(data.decode())
        except (ValueError, RecursionError):
            self._odd_frame(name, data)
            return
        if not isinstance(payload, dict):
            self._payload(payload, "")
        elif not self._take(payload, "") and is_error_payload(payload):
            self._fail(self._errors.from_payload(payload, self._headers))

    def _odd_frame(self, name: bytes, data: bytes) -> None:
        if data.strip() == b"[DONE]":
            self.ended = True
        else:
            super()._odd_frame(name, data)

    def _take(self, payload: Mapping[str, Any], name: str) -> bool:
        """Take a chunk; False where it may be an error."""
        del name
        choices = payload.get("choices")
        if choices:
            for choice in choices if isinstance(choices, list) else (choices,):
                if isinstance(choice, dict):
                    self._choice(choice)
        if usage := payload.get("usage"):
            self._read_usages.append(usage)
        return bool(choices) and "error" not in payload

    def _choice(self, choice: dict[str, Any]) -> None:
        if index := choice.get("index"):
            self._further = self._further or FurtherChoices()
            self._further.take(index, choice)
            return
        delta = choice.get("delta")
        if delta and isinstance(delta, dict):
            self._delta(delta)
        else:
            self._undivided(choice)
        if usage := choice.get("usage"):
            self._read_usages.append(usage)
        reason = choice.get("finish_reason")
        if reason and reason != "null":
            self._finish(str(reason), choice)

    def _undivided(self, choice: dict[str, Any]) -> None:
        """Take a choice without a usual delta: a message, or text. Some services send the whole
        message once more after its deltas; that one is no news.
        """
        message = choice.get("message")
        if message and isinstance(message, dict):
            if self._by_message or not self._by_delta:
                self._by_message = True
                self._delta(message)
        elif text := choice.get("delta") or choice.get("text"):
            self._content(text)

    def _delta(self, delta: dict[str, Any]) -> None:
        rare = not _RARE.isdisjoint(delta)
        if reasoning := delta.get("reasoning_content"):
            self._reasoning_name = "reasoning_content"
        elif reasoning := delta.get("reasoning"):
            self._reasoning_name = "reasoning"
        if rare and (details := delta.get("reasoning_details")):
            self._details.add(details)
            reasoning = reasoning or details
        if reasoning:
            self._by_delta = True
            self._thought(reasoning)
        content = delta.get("content")
        if content:
            self._by_delta = True
            if self._in_answer and isinstance(content, str) and not self._thinking:
                self._parts.append(content)
            else:
                self._content(content)
        if rare:
            self._rare(delta)

    def _rare(self, delta: dict[str, Any]) -> None:
        if refusal := delta.get("refusal"):
            self._by_delta = True
            self._content(refusal)
        for image in _list(delta.get("images")):
            self._image(image)
        extra = delta.get("extra_content")
        if isinstance(extra, dict) and size_of(extra) <= MAX_ECHO:
            self._extra = extra
        if calls := delta.get("tool_calls") or delta.get("function_call"):
            self._by_delta = True
            for call in self._tools.read(calls):
                self._put(call)

    def _thought(self, reasoning: object) -> None:
        for text in texts_of(reasoning):
            self._tags.stop_looking()
            self._add(text, thinking=True)

    def _content(self, content: Any) -> None:
        """Take content that may be a list of blocks, or hold a tag."""
        for block in content if isinstance(content, list) else [content]:
            if isinstance(block, dict):
                if block.get("type") in ("thinking", "reasoning"):
                    self._thought(block)
                    continue
                if block.get("type") in ("image_url", "image"):
                    self._image(block)
                    continue
            for text in texts_of(block):
                thought, answer = self._tags.feed(text) if not self._tags.in_answer else ("", text)
                if thought:
                    self._add(thought, thinking=True)
                if answer:
                    self._add(answer, thinking=False)
            self._in_answer = self._tags.in_answer

    def _image(self, image: object) -> None:
        """Take a picture that came as a ``data:`` address: ``{"image_url": {"url": "data:…"}}``.

        One that came as an address of the web is told as Markdown: whoever reads the answer is
        asked before it is fetched.
        """
        place = image.get("image_url") if isinstance(image, dict) else image
        url = place.get("url") if isinstance(place, dict) else place
        if not isinstance(url, str) or self._images >= MAX_IMAGES:
            return
        if part := image_from_base64(url):
            self._images += 1
            self._put_image(part)
        elif url.startswith("https://") and len(url) < _MAX_URL and _PLAIN_URL.fullmatch(url):
            self._images += 1
            self._add(f"\n\n![]({url})\n\n", thinking=False)

    def _put_image(self, part: ImagePart) -> None:
        self._put(part)
        self.started = True

    def _finish(self, reason: str, choice: dict[str, Any]) -> None:
        if kind := _FAILURES.get(reason):
            if choice.get("error"):
                self._fail(self._errors.from_payload(choice, self._headers))
            elif self.failure is None:
                self._fail(self._errors.error(kind, reason).info)
            return
        self._reason = _REASONS.get(reason.lower(), FinishReason.UNKNOWN)

    def _usage(self) -> Usage | None:
        found = None
        while self._read_usages and found is None:
            # The last one that counts anything.
            found = read_usage(self._read_usages.pop())
        self._read_usages.clear()
        return found

    def _give(self) -> list[StreamEvent]:
        if self._further is not None:
            self._tell_choices(self._further)
        return super()._give()

    def _tell_choices(self, further: FurtherChoices, *, last: bool = False) -> None:
        for delta in further.give(last=last):
            self.started = True
            self._out.append(delta)

    def _finish_deltas(self) -> None:
        for thinking, text in zip((True, False), self._tags.close(), strict=True):
            if text:
                self._add(text, thinking=thinking)
        if self._further is not None:
            self._tell_choices(self._further, last=True)

    def _finish_events(self) -> None:
        """Tell what is wanted back, once the answer is whole."""
        if self._echoes is None or self.failure is not None:
            return
        fields: dict[str, JsonValue] = {}
        if self._extra:
            fields["extra"] = self._extra
        if self._tools.extras:
            fields["calls"] = self._tools.extras_in_order()
        if self._keeps_thinking or self._tools.count:
            if self._reasoning_name:
                fields["reasoning"] = self._reasoning_name
            if details := self._details.items():
                fields["details"] = details
        if fields and size_of(fields) <= MAX_ECHO:
            self._out.append(Echo(self._echoes.make(fields)))


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
