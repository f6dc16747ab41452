"""Decodes what gateways send: chat completions, and the plainer shapes that they make of them."""

from collections.abc import Mapping
from typing import Any, Final

from desktop_chat.core.events import RemoteId, StreamEvent
from desktop_chat.providers.chat_decoder import ChatDecoder
from desktop_chat.providers.errors import ErrorReader, is_error_payload

MAX_REMOTE_ID: Final = 512
"""Characters; what is longer is no id."""

_TEXTS: Final = ("text", "content", "delta", "answer")
_ENDS: Final = frozenset(("done", "end", "finish", "finished", "complete", "completed"))


class GatewayDecoder(ChatDecoder):
    """Turns the bytes of one reply into events, the service's id of the conversation among them.

    Args:
        errors: makes the errors of this host.
        headers: of the reply; names in lower case.
    """

    def __init__(self, errors: ErrorReader, headers: Mapping[str, str]) -> None:
        super().__init__(errors, headers)
        self._remote_id = ""
        self.plain = False
        """True once a payload came that was no chat completion: such a stream may have no reason
        for its end."""

    def feed_message(self, text: str) -> list[StreamEvent]:
        """Take one whole message of a WebSocket: JSON, ``[DONE]``, or an event as HTTP has it."""
        if text.lstrip().startswith(("data:", "event:", ":")):
            return self.feed(text.strip().encode("utf-8", "replace") + b"\n\n")
        self._take_each([(b"", text.encode("utf-8", "replace"))])
        self._flush()
        self._tell_usage()
        return self._give()

    def closed_well(self) -> None:
        """Take note that the peer said good-bye, which in plain shapes may be all that ends an
        answer.
        """
        if self.plain and self.started and not self._stray:
            self.ended = True

    def _take(self, payload: Mapping[str, Any], name: str) -> bool:
        inner = payload.get("data")
        if isinstance(inner, dict) and not payload.get("choices") and not is_error_payload(payload):
            payload = {"usage": payload.get("usage"), **inner}
        self._remember(payload)
        if "choices" not in payload and (choice := plain_choice(payload)) is not None:
            self.plain = True
            payload = {**payload, "choices": [choice]}
        return super()._take(payload, name)

    def _remember(self, payload: Mapping[str, Any]) -> None:
        """Tell of the id of the conversation once, and anew when it changes."""
        choices = payload.get("choices")
        choice = choices[0] if isinstance(choices, list) and choices else None
        for place in (payload, choice):
            found = place.get("conversation_id") if isinstance(place, dict) else None
            if isinstance(found, int) and not isinstance(found, bool):
                found = str(found) if abs(found) < 10**30 else ""
            if isinstance(found, str) and found and self._is_new(found):
                self._remote_id = found
                told: StreamEvent = RemoteId(found)
                self._out.append(told)

    def _is_new(self, found: str) -> bool:
        return found != self._remote_id and len(found) <= MAX_REMOTE_ID and found.isprintable()


def plain_choice(payload: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return a payload that is no chat completion as a choice of one; None when it says nothing.

    Args:
        payload: ``{"text": "…"}``, ``{"content": …}``, ``{"delta": …}`` or ``{"answer": …}``,
            perhaps with ``finish_reason`` or ``done``.
    """
    if is_error_payload(payload) and not payload.get("error"):
        return None
    choice: dict[str, Any] = {}
    for name in _TEXTS:
        said = payload.get(name)
        if isinstance(said, dict) and said:
            choice["delta"] = said
            break
        if isinstance(said, str | list) and said:
            choice["delta"] = {"content": said}
            break
    else:
        message = payload.get("message")
        if isinstance(message, dict):
            choice["delta"] = message
    reason = payload.get("finish_reason")
    if isinstance(reason, str) and reason:
        choice["finish_reason"] = reason
    elif payload.get("done") is True or _is_end(payload.get("type") or payload.get("event")):
        choice["finish_reason"] = "stop"
    return choice or None


def _is_end(value: object) -> bool:
    return isinstance(value, str) and value.lower() in _ENDS
