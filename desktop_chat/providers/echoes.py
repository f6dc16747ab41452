"""What a service wants back with an answer when the conversation goes on.

Services that think between calls of tools refuse the next request unless the thinking, or a
signature of it, comes back with the calls. A decoder keeps that as an ``Echo``; it is bound to the
service and the model that made it, because another one answers a foreign signature with an error.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from desktop_chat.core.json import JsonValue
from desktop_chat.core.messages import Role
from desktop_chat.core.requests import ChatMessage
from desktop_chat.providers.texts import whole

MAX_ECHO: Final = 4 * 1024 * 1024
"""Characters of an echo; a larger one is none, for a part of a signature is of no use."""
_MAX_DEPTH: Final = 64
"""How deep an echo may be; what lies deeper is left out."""


@dataclass(frozen=True, slots=True)
class EchoMaker:
    """Marks echoes with who made them, and knows its own again.

    Attributes:
        protocol: the registry name of the protocol.
        service_id: of the service that is asked.
        model: the model's id.
    """

    protocol: str
    service_id: str = ""
    model: str = ""

    def make(self, fields: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
        """Return the data of an ``Echo``."""
        return {
            "protocol": self.protocol,
            "service": self.service_id,
            "model": self.model,
            **{name: _storable(value) for name, value in fields.items()},
        }

    def fields(self, message: ChatMessage) -> Mapping[str, Any]:
        """Return the data that this very maker gave an answer; nothing for any other's."""
        echo = message.echo
        if not isinstance(echo, Mapping) or any(
            echo.get(name) != value
            for name, value in (
                ("protocol", self.protocol),
                ("service", self.service_id),
                ("model", self.model),
            )
        ):
            return {}
        return echo


def answered_calls(messages: Sequence[ChatMessage]) -> set[str]:
    """Return the ids of calls that were asked for and have a result; services refuse a call
    without a result, and a result without a call.
    """
    asked: set[str] = set()
    answered: set[str] = set()
    for message in messages:
        asked.update(call.id for call in message.tool_calls)
        if message.role is Role.TOOL and message.tool_call_id in asked:
            answered.add(message.tool_call_id)
    return answered


def tool_turns(messages: Sequence[ChatMessage]) -> set[int]:
    """Return the places of all answers in turns in which a tool was asked for.

    A turn goes from one question to the next. DeepSeek wants the thinking back with every answer
    of such a turn ("Thinking Mode", tool calls), and with no other.
    """
    answered = answered_calls(messages)
    found: set[int] = set()
    turn: list[int] = []
    called = False
    for place, message in enumerate(messages):
        if message.role is Role.USER:
            turn, called = [], False
        elif message.role is Role.ASSISTANT:
            turn.append(place)
            called = called or any(call.id in answered for call in message.tool_calls)
            if called:
                found.update(turn)
    return found


def size_of(value: object, depth: int = 0) -> int:
    """Return about how many characters a value has as JSON, as deep as an echo may be."""
    if isinstance(value, str):
        return len(value) + 2
    if depth > _MAX_DEPTH:
        return 8
    if isinstance(value, Mapping):
        below = (len(str(key)) + 4 + size_of(item, depth + 1) for key, item in value.items())
        return sum(below) + 2
    if isinstance(value, list | tuple):
        return sum(size_of(item, depth + 1) + 1 for item in value) + 2
    return 8


def _storable(value: JsonValue, depth: int = 0) -> JsonValue:
    """Return JSON that can be stored and sent: whole characters, numbers that JSON knows."""
    if isinstance(value, str):
        return whole(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if not isinstance(value, Mapping | list | tuple):
        return value
    if depth > _MAX_DEPTH:
        return None
    if isinstance(value, Mapping):
        return {whole(name): _storable(item, depth + 1) for name, item in value.items()}
    return [_storable(item, depth + 1) for item in value]


class ReasoningDetails:
    """Joins the pieces of OpenRouter's ``reasoning_details``, as its guide on reasoning tokens
    tells: what is streamed in pieces goes back as it would have come in one.
    """

    def __init__(self) -> None:
        self._items: list[dict[str, Any]] = []
        self._texts: list[dict[str, list[str]]] = []
        self._size = 0

    def add(self, pieces: object) -> None:
        """Take the details of one delta."""
        if not isinstance(pieces, list) or self._size > MAX_ECHO:
            return
        for piece in pieces:
            if not isinstance(piece, dict):
                continue
            self._size += size_of(piece)
            if self._size > MAX_ECHO:
                self._items.clear()
                self._texts.clear()
                return
            self._add(piece)

    def items(self) -> list[JsonValue]:
        """Return them joined."""
        return [
            item | {name: "".join(parts) for name, parts in texts.items()}
            for item, texts in zip(self._items, self._texts, strict=True)
        ]

    def _add(self, piece: dict[str, Any]) -> None:
        if not self._items or not _belongs(self._items[-1], piece):
            self._items.append({})
            self._texts.append({})
        item, texts = self._items[-1], self._texts[-1]
        for name, value in piece.items():
            if name in ("text", "summary", "data") and isinstance(value, str):
                texts.setdefault(name, []).append(value)
            elif value is not None or name not in item:
                item[name] = value


def _belongs(last: dict[str, Any], piece: dict[str, Any]) -> bool:
    """Tell whether a piece goes on with the last item: two encrypted ones are never one."""
    same = all(last.get(name) == piece.get(name) for name in ("type", "index"))
    ids = (last.get("id"), piece.get("id"))
    return same and piece.get("type") != "reasoning.encrypted" and (None in ids or ids[0] == ids[1])
