"""Decodes the reply of Ollama's own chat endpoint, streamed or whole, into events."""

import json
from collections.abc import Mapping
from typing import Any, Final

from desktop_chat.core.events import FinishReason, ToolCallDelta, Usage
from desktop_chat.providers.errors import ErrorReader
from desktop_chat.providers.ndjson import NdjsonDecoder
from desktop_chat.providers.reply_decoder import ReplyDecoder, count_of, text_of
from desktop_chat.providers.texts import whole
from desktop_chat.providers.think_tags import ThinkTags

_REASONS: Final[Mapping[str, FinishReason]] = {
    "": FinishReason.STOP,
    "stop": FinishReason.STOP,
    "length": FinishReason.LENGTH,
    "tool_calls": FinishReason.TOOL_CALLS,
}
"""Older versions say ``done`` without a reason."""
_THOUGHTS: Final = ("thinking", "reasoning_content", "reasoning")
"""Ollama's own name, and those that imitations give."""
_NO_ANSWER: Final = frozenset(("load", "unload"))
"""Reasons that tell of the model in memory: there is no answer."""


class OllamaDecoder(ReplyDecoder):
    """Turns the bytes of one reply into events.

    Args:
        errors: makes the errors of this host.
        headers: of the reply; names in lower case.
    """

    def __init__(self, errors: ErrorReader, headers: Mapping[str, str]) -> None:
        super().__init__(errors, headers, NdjsonDecoder())
        self._tags = ThinkTags()
        self._calls = 0
        self._input = 0
        self._output = 0

    def _take(self, payload: Mapping[str, Any], name: str) -> bool:
        del name
        message = payload.get("message")
        if isinstance(message, dict):
            self._message(message)
        if payload.get("error"):
            return False
        if payload.get("done") is True:
            self._done(payload)
            return True
        return isinstance(message, dict)

    def _message(self, message: Mapping[str, Any]) -> None:
        for name in _THOUGHTS:
            if thinking := text_of(message.get(name)):
                self._tags.stop_looking()
                self._add(thinking, thinking=True)
                break
        if content := text_of(message.get("content")):
            self._content(content)
        calls = message.get("tool_calls")
        for call in calls if isinstance(calls, list) else []:
            self._call(call)

    def _content(self, content: str) -> None:
        """Take content; a model whose thinking Ollama does not know puts it between tags."""
        if self._tags.in_answer:
            self._add(content, thinking=False)
            return
        thought, answer = self._tags.feed(content)
        if thought:
            self._add(thought, thinking=True)
        if answer:
            self._add(answer, thinking=False)

    def _call(self, call: Any) -> None:
        """Take a call, which always comes whole."""
        function = call.get("function") if isinstance(call, dict) else None
        if not isinstance(function, dict):
            return
        arguments = function.get("arguments")
        if not isinstance(arguments, str):
            given = arguments if isinstance(arguments, dict | list) else {}
            arguments = json.dumps(given, ensure_ascii=False)
        id_, name = whole(text_of(call.get("id"))), whole(text_of(function.get("name")))
        self._put(ToolCallDelta(self._calls, id_, name, whole(arguments)))
        self._calls += 1

    def _done(self, payload: Mapping[str, Any]) -> None:
        self._input = count_of(payload.get("prompt_eval_count")) or self._input
        self._output = count_of(payload.get("eval_count")) or self._output
        reason = text_of(payload.get("done_reason")).lower()
        if reason in _NO_ANSWER and not self.started:
            return
        self.ended = True
        self._reason = _REASONS.get(reason, FinishReason.UNKNOWN)
        if self._calls and self._reason is FinishReason.STOP:
            self._reason = FinishReason.TOOL_CALLS

    def _finish_deltas(self) -> None:
        for thinking, text in zip((True, False), self._tags.close(), strict=True):
            if text:
                self._add(text, thinking=thinking)

    def _usage(self) -> Usage | None:
        if not self._input and not self._output:
            return None
        return Usage(input_tokens=self._input, output_tokens=self._output)
