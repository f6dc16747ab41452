"""Decodes the reply of a chat completion, streamed or whole, into events.

It takes bytes and never loses a delta: what arrived before an error, a drop or a defect in the
stream is returned first, and ``failure`` is set beside it. Deltas of one kind that arrive in one
read are joined to one event, which is what keeps a fast stream cheap.
"""

import json
from collections.abc import Mapping
from typing import Any, Final

from desktop_chat.core.errors import ErrorInfo, ErrorKind
from desktop_chat.core.events import (
    Done,
    FinishReason,
    ReasoningDelta,
    StreamEvent,
    TextDelta,
    Usage,
)
from desktop_chat.providers.errors import ErrorReader, is_error_payload, is_html
from desktop_chat.providers.sse import FrameTooLargeError, ServerEvent, SseDecoder
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
}
_FAILURES: Final[Mapping[str, ErrorKind]] = {
    "insufficient_system_resource": ErrorKind.OVERLOADED,
    "error": ErrorKind.SERVER,
}
"""Finish reasons that are failures of the service."""

_loads: Final = json.JSONDecoder(strict=False).decode
"""Not strict: some services leave control characters in their strings."""


class ChatDecoder:
    """Turns the bytes of one reply into events.

    Args:
        errors: makes the errors of this host.
        headers: of the reply; names in lower case.
    """

    def __init__(self, errors: ErrorReader, headers: Mapping[str, str]) -> None:
        self._errors = errors
        self._headers = headers
        self._sse = SseDecoder()
        self._tags = ThinkTags()
        self._tools = ToolCalls()
        self._out: list[StreamEvent] = []
        self._parts: list[str] = []
        self._thinking = False
        self._surrogate = ""
        self._usage: object = None
        self._told_usage: Usage | None = None
        self._reason: FinishReason | None = None
        self._stray: list[str] = []
        self._closing = False
        self.failure: ErrorInfo | None = None
        """Set when the reply turned out to be, or to end in, an error."""
        self.ended = False
        """True after ``[DONE]``: nothing more is to come."""
        self.started = False
        """True once there was a delta of any kind."""

    @property
    def finished(self) -> bool:
        """True once a reason was given: what is still to come is figures."""
        return self._reason is not None

    def feed(self, data: bytes) -> list[StreamEvent]:
        """Take bytes and return the events they complete; look at ``failure``, ``ended`` next."""
        try:
            events = self._sse.feed(data)
        except FrameTooLargeError:
            self._fail(self._errors.error(ErrorKind.PROTOCOL, "too_large").info)
            events = []
        return self._take(events)

    def feed_text(self, text: str) -> list[StreamEvent]:
        """Take one whole message, as a WebSocket gives it: what would be the data of one event."""
        return self._take([(b"", text.encode("utf-8", "replace"))])

    def close(self, broken: ErrorInfo | None = None) -> list[StreamEvent]:
        """Take the end of the body and return the last events; look at ``failure`` next.

        Without a failure the last event is ``Done``.

        Args:
            broken: why the body broke off, if it did. It becomes the failure unless the answer
                was complete by then or the service's own words tell more.
        """
        self._closing = True
        if self.failure is None and not self.ended:
            self._take_rest()
        for thinking, text in zip((True, False), self._tags.close(), strict=True):
            if text:
                self._add(text, thinking=thinking)
        self._flush(last=True)
        self._judge_end(broken)
        self._tell_usage()
        if self.failure is None:
            self._out.append(Done(self._reason or FinishReason.UNKNOWN))
        return self._give()

    def _take(self, events: list[ServerEvent]) -> list[StreamEvent]:
        self._take_each(events)
        self._flush()
        self._tell_usage()
        return self._give()

    def _take_each(self, events: list[ServerEvent]) -> None:
        for name, data in events:
            if self.ended or self.failure is not None:
                return
            self._event(name, data)

    def _give(self) -> list[StreamEvent]:
        out, self._out = self._out, []
        return out

    def _take_rest(self) -> None:
        """Take an event without its blank line, and what was no event at all: a whole JSON reply,
        an error in plain text, a page.
        """
        try:
            events = self._sse.close()
        except FrameTooLargeError:
            events = []
        self._take_each(events)
        stray = "\n".join([*self._stray, self._sse.stray.decode("utf-8", "replace")]).strip()
        if not stray or self.ended or self.failure is not None:
            return
        if any(field.startswith(stray) for field in ("data", "event", "id", "retry")):
            return  # the beginning of a line that broke off
        try:
            payload = _loads(stray)
        except (ValueError, RecursionError):
            self._stray_text(stray)
        else:
            self._payload(payload)

    def _stray_text(self, text: str) -> None:
        if self._reason is not None and not is_html(text):
            return
        if text.startswith(("{", "[")):
            self._fail(self._errors.error(ErrorKind.DROPPED, raw=text).info)
            return
        info = self._errors.from_text(text, self._headers)
        nothing_said = info.kind is ErrorKind.SERVER and "error" not in text.lower()
        if nothing_said and not self.started:
            info = self._errors.error(ErrorKind.PROTOCOL, "not_a_stream", raw=text).info
        self._fail(info)

    def _judge_end(self, broken: ErrorInfo | None) -> None:
        """Say what the end means where nothing in the body said it."""
        if self.failure is not None:
            if broken is not None and self.failure.kind in (ErrorKind.DROPPED, ErrorKind.PROTOCOL):
                self.failure = broken
        elif self._reason is None and self.ended:
            self._reason = FinishReason.STOP
        elif self._reason is None and broken is not None:
            self.failure = broken
        elif self._reason is None and not self.started:
            self._fail(self._errors.error(ErrorKind.DROPPED, "empty").info)

    def _event(self, name: bytes, data: bytes) -> None:
        try:
            payload = _loads(data.decode())
        except (ValueError, RecursionError):
            self._odd_event(name, data)
            return
        if name == b"error" and not (isinstance(payload, dict) and payload.get("error")):
            self._fail(self._errors.from_payload(payload, self._headers))
            return
        self._payload(payload)

    def _odd_event(self, name: bytes, data: bytes) -> None:
        """Take data that is no JSON as it stands."""
        text = data.decode("utf-8", "replace").strip()
        if not text:
            return
        if text == "[DONE]":
            self.ended = True
        elif name == b"error" or text.lower().startswith("error") or is_html(text):
            self._fail(self._errors.from_text(text, self._headers))
        elif "\n" in text:
            # No JSON over several lines: each line is meant as an event of its own.
            self._take_each([(name, line.encode()) for line in text.split("\n")])
        elif not text.startswith(("{", "[")):
            self._stray.append(text)
        elif (payload := _with_broken_utf8(text)) is not None:
            self._payload(payload)
        else:
            kind = ErrorKind.DROPPED if self._closing else ErrorKind.PROTOCOL
            self._fail(self._errors.error(kind, "json", raw=text).info)

    def _payload(self, payload: Any) -> None:
        if isinstance(payload, dict):
            choices = payload.get("choices")
            if choices:
                self._choice(choices[0] if isinstance(choices, list) else choices)
            usage = payload.get("usage")
            if usage:
                self._usage = usage
            if ("error" in payload or not choices) and is_error_payload(payload):
                self._fail(self._errors.from_payload(payload, self._headers))
        elif isinstance(payload, list) and not is_error_payload(payload):
            for item in payload:
                self._payload(item)
        elif isinstance(payload, list | str):
            self._fail(self._errors.from_payload(payload, self._headers))

    def _choice(self, choice: Any) -> None:
        if not isinstance(choice, dict) or choice.get("index"):
            return
        delta = choice.get("delta") or choice.get("message")
        if isinstance(delta, dict):
            self._delta(delta)
        elif text := choice.get("text"):
            self._content(text)
        if usage := choice.get("usage"):
            self._usage = usage
        reason = choice.get("finish_reason")
        if reason and reason != "null":
            self._finish(str(reason))

    def _delta(self, delta: dict[str, Any]) -> None:
        reasoning = delta.get("reasoning_content") or delta.get("reasoning")
        if reasoning or "reasoning_details" in delta:
            for text in _texts(reasoning or delta["reasoning_details"]):
                self._tags.stop_looking()
                self._add(text, thinking=True)
        content = delta.get("content")
        if content:
            if isinstance(content, str) and self._tags.in_answer:
                self._add(content, thinking=False)
            else:
                self._content(content)
        if refusal := delta.get("refusal"):
            self._content(refusal)
        calls = delta.get("tool_calls") or delta.get("function_call")
        if calls:
            self._flush()
            for call in self._tools.read(calls):
                self.started = True
                self._out.append(call)

    def _content(self, content: Any) -> None:
        """Take content that may be a list of blocks, or hold a tag."""
        for block in content if isinstance(content, list) else [content]:
            thinking = isinstance(block, dict) and block.get("type") in ("thinking", "reasoning")
            for text in _texts(block):
                if thinking:
                    self._tags.stop_looking()
                    self._add(text, thinking=True)
                    continue
                thought, answer = self._tags.feed(text) if not self._tags.in_answer else ("", text)
                if thought:
                    self._add(thought, thinking=True)
                if answer:
                    self._add(answer, thinking=False)

    def _finish(self, reason: str) -> None:
        if kind := _FAILURES.get(reason):
            if self.failure is None:
                self._fail(self._errors.error(kind, reason).info)
            return
        self._reason = _REASONS.get(reason.lower(), FinishReason.UNKNOWN)

    def _fail(self, info: ErrorInfo) -> None:
        self.failure = info

    def _add(self, text: str, *, thinking: bool) -> None:
        if thinking is not self._thinking:
            self._flush(last=True)
            self._thinking = thinking
        self._parts.append(text)

    def _flush(self, *, last: bool = False) -> None:
        """Make one event of the deltas of one kind.

        Half a surrogate pair at the end waits for its other half, which some services send in the
        next delta; one that stays alone cannot be stored and becomes U+FFFD.
        """
        if not self._parts and not (last and self._surrogate):
            return
        text = self._surrogate + "".join(self._parts)
        self._parts.clear()
        self._surrogate = ""
        if not text.isascii():
            if not last and "\ud800" <= text[-1] <= "\udbff":
                text, self._surrogate = text[:-1], text[-1]
            text = _repaired(text)
        if text:
            self.started = True
            self._out.append(ReasoningDelta(text) if self._thinking else TextDelta(text))

    def _tell_usage(self) -> None:
        """Tell of usage when it changed, once per read however many chunks repeat it."""
        if self._usage is None:
            return
        usage = read_usage(self._usage)
        self._usage = None
        if usage is not None and usage != self._told_usage:
            self._told_usage = usage
            self._out.append(usage)


def _repaired(text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


def _texts(value: object) -> list[str]:
    """Return the texts in a field that should be text but may be blocks of it."""
    if isinstance(value, str):
        return [value] if value else []
    if isinstance(value, list):
        return [text for item in value for text in _texts(item)]
    if isinstance(value, dict):
        for name in ("text", "thinking", "summary", "reasoning", "content"):
            if texts := _texts(value.get(name)):
                return texts
    return []


def _with_broken_utf8(text: str) -> Any:
    """Read JSON whose broken bytes were replaced; None when it is still none."""
    try:
        return _loads(text)
    except (ValueError, RecursionError):
        return None
