"""Decodes the reply of Google's Gemini API, streamed or whole, into events.

Each event is a ``GenerateContentResponse`` of its reference: candidates with parts, which are text,
thoughts, calls, pictures or code that was run. A call comes whole. There is no last event: the
reason comes with the last part, and then the body ends.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from desktop_chat.core.errors import ErrorKind
from desktop_chat.core.events import ChoiceDelta, Echo, FinishReason, ToolCallDelta, Usage
from desktop_chat.core.json import JsonValue
from desktop_chat.providers.choices import MAX_CHOICES
from desktop_chat.providers.echoes import MAX_ECHO, EchoMaker
from desktop_chat.providers.errors import ErrorReader
from desktop_chat.providers.image_parts import MAX_IMAGES, image_from_base64
from desktop_chat.providers.reply_decoder import ReplyDecoder, count_of, text_of, whole
from desktop_chat.providers.sse import SseDecoder
from desktop_chat.providers.tool_calls import MAX_CALLS

PROTOCOL: Final = "gemini"
"""What an echo of this protocol names itself by."""
MAX_PARTS: Final = 4096
"""Parts of one answer that an echo tells of; one with more is none."""

_REASONS: Final[Mapping[str, FinishReason]] = {
    "STOP": FinishReason.STOP,
    "FUNCTION_CALL": FinishReason.TOOL_CALLS,
    "MAX_TOKENS": FinishReason.LENGTH,
    **dict.fromkeys(
        (
            "SAFETY",
            "RECITATION",
            "BLOCKLIST",
            "PROHIBITED_CONTENT",
            "SPII",
            "IMAGE_SAFETY",
            "IMAGE_PROHIBITED_CONTENT",
            "IMAGE_RECITATION",
        ),
        FinishReason.CONTENT_FILTER,
    ),
}
"""Others tell of an answer that did not come to its end: MALFORMED_FUNCTION_CALL, NO_IMAGE, ..."""
_REPLY: Final = ("candidates", "usageMetadata", "promptFeedback", "responseId", "modelVersion")


class GeminiDecoder(ReplyDecoder):
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
        self._calls = 0
        self._images = 0
        self._said: list[dict[str, JsonValue]] = []
        self._said_size = 0
        self._open: set[int] = set()
        self._unsigned = 0
        self._told_counts: list[object] = []

    @property
    def finished(self) -> bool:
        """True once a reason was given for every answer."""
        return self._reason is not None and not self._open

    def _take(self, payload: Mapping[str, Any], name: str) -> bool:
        del name
        candidates = payload.get("candidates")
        for candidate in candidates if isinstance(candidates, list) else ():
            if isinstance(candidate, dict):
                self._candidate(candidate)
        if told := payload.get("usageMetadata"):
            self._told_counts.append(told)
        if feedback := payload.get("promptFeedback"):
            self._judge_question(feedback)
        known = candidates or any(field in payload for field in _REPLY)
        return bool(known) and not payload.get("error")

    def _candidate(self, candidate: dict[str, Any]) -> None:
        content = candidate.get("content")
        parts = content.get("parts") if isinstance(content, dict) else None
        if not isinstance(parts, list):
            parts = []
        if index := candidate.get("index"):
            self._further(index, parts, ended=bool(candidate.get("finishReason")))
            return
        for part in parts:
            if isinstance(part, dict):
                self._part(part)
        if reason := text_of(candidate.get("finishReason")):
            self._finish(reason, candidate)

    def _part(self, part: dict[str, Any]) -> None:
        text = part.get("text")
        if len(part) == 1 and text and isinstance(text, str):
            # What comes by thousands.
            self._add(text, thinking=False)
            self._unsigned += len(text)
            return
        signature = text_of(part.get("thoughtSignature"))
        thought = part.get("thought") is True
        if isinstance(call := part.get("functionCall"), dict):
            self._call(call, signature)
        elif isinstance(data := part.get("inlineData") or part.get("inline_data"), dict):
            # A draft of a picture is part of the thinking, which is text here.
            if not thought:
                self._image(data)
        else:
            self._text(text_of(text) or _ran(part), signature, thought=thought)

    def _text(self, text: str, signature: str, *, thought: bool) -> None:
        if text:
            self._add(text, thinking=thought)
        length = 0 if thought else len(text)
        if signature:
            self._keep("thought" if thought else "text", signature, length)
        else:
            self._unsigned += length

    def _call(self, call: dict[str, Any], signature: str) -> None:
        """Take a call. Older versions put its signature inside."""
        name = whole(text_of(call.get("name")))
        if not name or self._calls >= MAX_CALLS:
            return
        given = call.get("args")
        arguments = json.dumps(given if isinstance(given, dict) else {}, ensure_ascii=False)
        id_ = whole(text_of(call.get("id")))
        self._put(ToolCallDelta(self._calls, id_, name, whole(arguments)))
        self._calls += 1
        self._keep("call", signature or text_of(call.get("thoughtSignature")))

    def _image(self, data: dict[str, Any]) -> None:
        if self._images >= MAX_IMAGES:
            return
        if (picture := image_from_base64(data.get("data"))) is not None:
            self._images += 1
            self._put(picture)
            self.started = True

    def _further(self, index: object, parts: list[Any], *, ended: bool) -> None:
        """Take a piece of a further answer."""
        if not isinstance(index, int) or not 0 < index < MAX_CHOICES:
            return
        texts = {True: "", False: ""}
        for part in filter(_is_object, parts):
            texts[part.get("thought") is True] += text_of(part.get("text")) or _ran(part)
        if any(texts.values()):
            self._put(ChoiceDelta(index, whole(texts[False]), whole(texts[True])))
            self.started = True
        (self._open.discard if ended else self._open.add)(index)

    def _finish(self, reason: str, candidate: Mapping[str, Any]) -> None:
        found = _REASONS.get(reason.upper())
        if found is None and not self.started and not self._parts:
            # Nothing was said, and the reason is all there is to tell.
            said = {"message": candidate.get("finishMessage"), "status": reason}
            self._fail(self._errors.from_payload({"error": said}, self._headers))
            return
        self._reason = found or FinishReason.UNKNOWN
        if self._calls and self._reason is FinishReason.STOP:
            self._reason = FinishReason.TOOL_CALLS

    def _judge_question(self, feedback: Any) -> None:
        """Take note that the question was refused: there is no answer then."""
        reason = text_of(feedback.get("blockReason")) if isinstance(feedback, dict) else ""
        if reason and not self.started and not self._parts:
            said = {"message": feedback.get("blockReasonMessage"), "status": reason}
            info = self._errors.from_payload({"error": said}, self._headers)
            self._fail(replace(info, kind=ErrorKind.CONTENT_FILTER))

    def _keep(self, kind: str, signature: str = "", length: int = 0) -> None:
        """Remember a part for the echo: a signed one must go back as it came, by itself. Text
        without a signature may have come in any pieces.
        """
        self._keep_unsigned()
        entry: dict[str, JsonValue] = {"type": kind}
        if kind == "text":
            entry["length"] = length
        if signature:
            entry["signature"] = whole(signature)
        self._said_size += len(signature)
        if self._said_size <= MAX_ECHO and len(self._said) <= MAX_PARTS:
            self._said.append(entry)

    def _keep_unsigned(self) -> None:
        if self._unsigned and len(self._said) <= MAX_PARTS:
            self._said.append({"type": "text", "length": self._unsigned})
        self._unsigned = 0

    def _finish_events(self) -> None:
        """Tell which parts were signed, and where text and calls stand between them."""
        self._keep_unsigned()
        if self._said_size > MAX_ECHO or len(self._said) > MAX_PARTS:
            return
        if any("signature" in part for part in self._said):
            parts: list[JsonValue] = list(self._said)
            self._put(Echo(self._echoes.make({"parts": parts})))

    def _usage(self) -> Usage | None:
        """Return the counts, which grow from event to event: the last ones of this read."""
        told, self._told_counts = self._told_counts, []
        return next((usage for counts in reversed(told) if (usage := _counted(counts))), None)


def _counted(told: object) -> Usage | None:
    """Read counts. Thoughts are not among the candidates' tokens, and what tools read is not among
    the prompt's.
    """
    if not isinstance(told, dict):
        return None
    thought = count_of(told.get("thoughtsTokenCount"))
    usage = Usage(
        count_of(told.get("promptTokenCount")) + count_of(told.get("toolUsePromptTokenCount")),
        count_of(told.get("candidatesTokenCount")) + thought,
        count_of(told.get("cachedContentTokenCount")),
        thought,
    )
    return usage if usage != Usage() else None


def _is_object(value: object) -> bool:
    return isinstance(value, dict)


def _ran(part: Mapping[str, Any]) -> str:
    """Return code that the service ran, or what came of it, as Markdown; "" for other parts."""
    if isinstance(code := part.get("executableCode"), dict):
        return _fenced(text_of(code.get("code")), text_of(code.get("language")).lower())
    if isinstance(result := part.get("codeExecutionResult"), dict):
        return _fenced(text_of(result.get("output")), "text")
    return ""


def _fenced(text: str, language: str) -> str:
    if not text:
        return ""
    fence = "`" * max([3, *(len(run) + 1 for run in re.findall("`+", text))])
    named = language if language.isalnum() else ""
    return f"\n\n{fence}{named}\n{text.rstrip()}\n{fence}\n\n"
