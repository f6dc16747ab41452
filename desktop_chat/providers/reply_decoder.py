"""What decoders of replies do alike, whatever the frames hold: join deltas, keep what arrived
before an error, tell usage once, and say what the end means.

A protocol adds how it reads one JSON value. Deltas of one kind that arrive in one read become one
event, which is what keeps a fast stream cheap.
"""

import json
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, Final, Protocol

from desktop_chat.core.errors import ErrorInfo, ErrorKind
from desktop_chat.core.events import (
    Done,
    FinishReason,
    ReasoningDelta,
    StreamEvent,
    TextDelta,
    ToolCallDelta,
    Usage,
)
from desktop_chat.providers.errors import MAX_RAW, ErrorReader, is_error_payload
from desktop_chat.providers.sse import FrameTooLargeError, ServerEvent
from desktop_chat.providers.texts import is_html
from desktop_chat.providers.texts import whole as whole

loads: Final = json.JSONDecoder(strict=False).decode
"""Not strict: some services leave control characters in their strings."""

_MAX_STRAY_LINES: Final = 1000
_MAX_DEPTH: Final = 8
"""How deep arrays of payloads are opened."""


class Framing(Protocol):
    """Cuts bytes into frames, each a name (often empty) and its data."""

    @property
    def stray(self) -> bytes:
        """What belongs to no frame."""
        ...

    def feed(self, data: bytes) -> list[ServerEvent]:
        """Take bytes and return the frames they complete.

        Raises:
            FrameTooLargeError: what is pending grew over the bound.
        """
        ...

    def close(self) -> list[ServerEvent]:
        """Return the last frame, if the stream ended without its end; raises as ``feed``."""
        ...


class ReplyDecoder(ABC):
    """A ``Decoder`` of JSON in frames.

    Args:
        errors: makes the errors of this host.
        headers: of the reply; names in lower case.
        framing: cuts the bytes.

    Attributes:
        failure: set when the reply turned out to be, or to end in, an error.
        ended: True when the service said that nothing more is to come.
        started: True once there was a delta of any kind.
    """

    def __init__(self, errors: ErrorReader, headers: Mapping[str, str], framing: Framing) -> None:
        self._errors = errors
        self._headers = headers
        self._framing = framing
        self._out: list[StreamEvent] = []
        self._parts: list[str] = []
        self._thinking = False
        self._surrogate = ""
        self._told_usage: Usage | None = None
        self._reason: FinishReason | None = None
        self._stray: list[str] = []
        self._closing = False
        self.failure: ErrorInfo | None = None
        self.ended = False
        self.started = False

    @property
    def finished(self) -> bool:
        """True once a reason was given: what is still to come is figures."""
        return self._reason is not None

    def feed(self, data: bytes) -> list[StreamEvent]:
        """Take bytes and return the events they complete; look at ``failure``, ``ended`` next."""
        try:
            frames = self._framing.feed(data)
        except FrameTooLargeError:
            self._fail(self._errors.error(ErrorKind.PROTOCOL, "too_large").info)
            frames = []
        self._take_each(frames)
        self._flush()
        self._tell_usage()
        return self._give()

    def close(self, broken: ErrorInfo | None = None) -> list[StreamEvent]:
        """Take the end of the body and return the last events; see ``exchange.Decoder``."""
        self._closing = True
        if self.failure is None and not self.ended:
            self._take_rest()
        self._finish_deltas()
        self._flush(last=True)
        self._judge_end(broken)
        self._tell_usage()
        self._finish_events()
        if self.failure is None:
            self._out.append(Done(self._reason or FinishReason.UNKNOWN))
        return self._give()

    @abstractmethod
    def _take(self, payload: Mapping[str, Any], name: str) -> bool:
        """Take one JSON object; return False where it is none of the protocol's.

        Args:
            payload: the object.
            name: of its frame, or "".
        """

    @abstractmethod
    def _usage(self) -> Usage | None:
        """Return the tokens as far as they were told, or None."""

    def _finish_deltas(self) -> None:  # noqa: B027 - most protocols hold nothing back
        """Add what was held back."""

    def _finish_events(self) -> None:  # noqa: B027 - likewise
        """Put out what comes after all deltas."""

    def _fail(self, info: ErrorInfo) -> None:
        self.failure = info

    def _add(self, text: str, *, thinking: bool) -> None:
        """Add a delta."""
        if thinking is not self._thinking:
            self._flush(last=True)
            self._thinking = thinking
        self._parts.append(text)

    def _put(self, event: StreamEvent) -> None:
        """Put out an event that is no text, after the text before it."""
        self._flush()
        if isinstance(event, ToolCallDelta):
            self.started = True
        self._out.append(event)

    def _take_each(self, frames: list[ServerEvent]) -> None:
        for name, data in frames:
            if self.ended or self.failure is not None:
                return
            try:
                self._frame(name, data)
            except RecursionError:
                self._fail(self._errors.error(ErrorKind.PROTOCOL, "json").info)

    def _give(self) -> list[StreamEvent]:
        out, self._out = self._out, []
        return out

    def _frame(self, name: bytes, data: bytes) -> None:
        try:
            payload = loads(data.decode())
        except (ValueError, RecursionError):
            self._odd_frame(name, data)
            return
        self._payload(payload, name.decode("utf-8", "replace"))

    def _payload(self, payload: Any, name: str, depth: int = 0) -> None:
        if isinstance(payload, dict):
            bare = name == "error" and "error" not in payload
            if bare or (not self._take(payload, name) and is_error_payload(payload)):
                self._fail(self._errors.from_payload(payload, self._headers))
        elif isinstance(payload, list) and depth < _MAX_DEPTH and not is_error_payload(payload):
            for item in payload:
                self._payload(item, name, depth + 1)
        elif isinstance(payload, str) and payload.strip() == "[DONE]":
            self._odd_frame(name.encode("utf-8", "replace"), b"[DONE]")
        elif isinstance(payload, list | str):
            self._fail(self._errors.from_payload(payload, self._headers))

    def _odd_frame(self, name: bytes, data: bytes) -> None:
        """Take data that is no JSON as it stands."""
        text = data.decode("utf-8", "replace").strip()
        if not text or text == "[DONE]":
            return
        if name == b"error" or text.lower().startswith("error") or is_html(text):
            self._fail(self._errors.from_text(text, self._headers))
        elif "\n" in text:
            # No JSON over several lines: each line is meant as a frame of its own.
            self._take_each([(name, line.encode()) for line in text.split("\n")])
        elif not text.startswith(("{", "[")):
            self._add_stray(text)
        else:
            try:
                # Bytes that are no UTF-8 have been replaced by now.
                payload = loads(text)
            except (ValueError, RecursionError):
                kind = ErrorKind.DROPPED if self._closing else ErrorKind.PROTOCOL
                self._fail(self._errors.error(kind, "json", raw=text).info)
            else:
                self._payload(payload, name.decode("utf-8", "replace"))

    def _add_stray(self, text: str) -> None:
        if len(self._stray) < _MAX_STRAY_LINES:
            self._stray.append(text[:MAX_RAW])

    def _take_rest(self) -> None:
        """Take a frame without its end, and what was no frame at all: a whole JSON reply, an
        error in plain text, a page.
        """
        try:
            frames = self._framing.close()
        except FrameTooLargeError:
            frames = []
        self._take_each(frames)
        stray = self._framing.stray.decode("utf-8", "replace")
        stray = "\n".join([*self._stray, stray]).strip()
        if not stray or self.ended or self.failure is not None:
            return
        if any(field.startswith(stray) for field in ("data", "event", "id", "retry")):
            return  # the beginning of a line that broke off
        try:
            payload = loads(stray)
        except (ValueError, RecursionError):
            self._stray_text(stray)
            return
        try:
            self._payload(payload, "")
        except RecursionError:
            self._fail(self._errors.error(ErrorKind.PROTOCOL, "json").info)

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
            text = whole(text)
        if text:
            self.started = True
            self._out.append(ReasoningDelta(text) if self._thinking else TextDelta(text))

    def _tell_usage(self) -> None:
        """Tell of usage when it changed, once per read however many frames repeat it."""
        usage = self._usage()
        if usage is not None and usage != self._told_usage:
            self._told_usage = usage
            self._out.append(usage)


def text_of(value: object) -> str:
    """Return a field that should be text, or ""."""
    return value if isinstance(value, str) else ""


def count_of(value: object) -> int:
    """Return a field that should be a count, or 0."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return 0
    return int(value) if 0 < value < 2**53 else 0
