"""Pieces of tool calls, put to the call they belong to, whatever the service leaves out."""

import json
from typing import Any, Final

from desktop_chat.core.events import ToolCallDelta
from desktop_chat.core.json import JsonValue
from desktop_chat.providers.echoes import MAX_ECHO, size_of
from desktop_chat.providers.texts import whole

MAX_CALLS: Final = 1024
"""Calls of one answer; the pieces of further ones are passed over."""


class ToolCalls:
    """Gives every piece of a call the same index, and its id and name once.

    Attributes:
        extras: what else came with a call, by its index: Gemini's signature of the thinking,
            which must come back with it ("Thought signatures" of its API).
    """

    def __init__(self) -> None:
        self._ids: list[str] = []
        self._names: list[str] = []
        self._by_index: dict[int, int] = {}
        self.extras: dict[int, dict[str, Any]] = {}
        self._extras_size = 0

    @property
    def count(self) -> int:
        """How many calls there are."""
        return len(self._ids)

    def extras_in_order(self) -> list[JsonValue]:
        """Return what came with each call, or None."""
        return [self.extras.get(place) for place in range(self.count)]

    def read(self, value: Any) -> list[ToolCallDelta]:
        """Read ``tool_calls``, or the older ``function_call``."""
        if isinstance(value, dict):
            value = [value if "function" in value else {"index": 0, "function": value}]
        if not isinstance(value, list):
            return []
        pieces = [self._piece(call) for call in value if isinstance(call, dict)]
        return [piece for piece in pieces if piece and (piece.id or piece.name or piece.arguments)]

    def _piece(self, call: dict[str, Any]) -> ToolCallDelta | None:
        function = call.get("function")
        if not isinstance(function, dict):
            function = call
        id_ = _text(call.get("id"))
        name = _text(function.get("name"))
        arguments = function.get("arguments")
        if isinstance(arguments, dict | list):
            arguments = json.dumps(arguments, ensure_ascii=False)
        place = self._place(call.get("index"), id_, name)
        if place >= MAX_CALLS:
            del self._ids[MAX_CALLS:], self._names[MAX_CALLS:]
            if isinstance(index := call.get("index"), int):
                del self._by_index[index]
            return None
        if isinstance(extra := call.get("extra_content"), dict):
            self._keep(place, extra)
        new_id = id_ if not self._ids[place] else ""
        new_name = name if not self._names[place] else ""
        self._ids[place] = self._ids[place] or id_
        self._names[place] = self._names[place] or name
        return ToolCallDelta(place, new_id, new_name, _text(arguments))

    def _keep(self, place: int, extra: dict[str, Any]) -> None:
        """Keep what came with a call; once it is too much to be sent back, nothing is kept."""
        self._extras_size += size_of(extra)
        if self._extras_size <= MAX_ECHO:
            self.extras[place] = extra
        else:
            self.extras.clear()

    def _place(self, index: Any, id_: str, name: str) -> int:
        """Find the call of a piece, or begin a new one.

        A new id is a new call even under a known index: some services number every call 0.
        """
        if isinstance(index, int):
            place = self._by_index.get(index)
            if place is not None and (not id_ or self._ids[place] in ("", id_)):
                return place
            if id_ in self._ids and id_:
                return self._ids.index(id_)
            self._by_index[index] = len(self._ids)
        elif id_ and id_ in self._ids:
            return self._ids.index(id_)
        elif not id_ and not name and self._ids:
            return len(self._ids) - 1
        self._ids.append("")
        self._names.append("")
        return len(self._ids) - 1


def _text(value: object) -> str:
    return whole(value) if isinstance(value, str) else ""
