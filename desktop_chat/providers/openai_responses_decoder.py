"""Decodes the reply of the Responses protocol, streamed or whole, into events.

The events are those of OpenAI's reference ("Streaming events"); the type is read from the JSON,
and from the ``event:`` line where the JSON has none. Services that imitate it leave out deltas,
items or indices, so what an item says when it is done, and what the whole response says at the
end, counts where nothing had been told of it before.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from desktop_chat.core.errors import ErrorKind
from desktop_chat.core.events import Echo, FinishReason, ToolCallDelta, Usage
from desktop_chat.core.json import JsonValue
from desktop_chat.providers.choices import texts_of
from desktop_chat.providers.echoes import MAX_ECHO, EchoMaker, size_of
from desktop_chat.providers.errors import ErrorReader
from desktop_chat.providers.image_parts import MAX_IMAGES, image_from_base64
from desktop_chat.providers.reply_decoder import ReplyDecoder, loads, text_of
from desktop_chat.providers.sse import SseDecoder
from desktop_chat.providers.texts import whole
from desktop_chat.providers.tool_calls import MAX_CALLS
from desktop_chat.providers.usage import read_usage

MAX_ITEMS: Final = 4096
"""Items of one answer; what comes of further ones is passed over."""
MAX_PARTS: Final = 4096
"""Parts of one item that are remembered as told."""

_Payload: TypeAlias = Mapping[str, Any]

_Part: TypeAlias = tuple[str, int]
"""``text``, ``image``, or one of the two kinds of thinking, ``content`` and ``summary``; and its
number."""

_TEXT_DELTA: Final = "response.output_text.delta"
_SAID: Final[Mapping[str, tuple[str, str]]] = {
    _TEXT_DELTA: ("delta", "text"),
    "response.output_text.done": ("text", "text"),
    "response.refusal.delta": ("delta", "text"),
    "response.refusal.done": ("refusal", "text"),
    "response.reasoning_text.delta": ("delta", "content"),
    "response.reasoning_text.done": ("text", "content"),
    "response.reasoning.delta": ("delta", "content"),
    "response.reasoning_summary_text.delta": ("delta", "summary"),
    "response.reasoning_summary_text.done": ("text", "summary"),
    "response.reasoning_summary.delta": ("delta", "summary"),
}
"""Where an event has its text, and what that is."""
_ENDS: Final = frozenset(
    ("response.completed", "response.incomplete", "response.failed", "response.cancelled")
)
_INCOMPLETE: Final[Mapping[str, FinishReason]] = {
    "max_output_tokens": FinishReason.LENGTH,
    "max_tokens": FinishReason.LENGTH,
    "length": FinishReason.LENGTH,
    "content_filter": FinishReason.CONTENT_FILTER,
}


@dataclass(slots=True, eq=False)
class _Item:
    """An item of the output, as far as it has come.

    Attributes:
        call: of a call, its number among the calls; -1 for none.
        arguments: whether any of a call's arguments came.
        began_with: arguments that a call began with; they count only if no others come.
        thinks: which of its two kinds of thinking is told: ``content`` or ``summary``.
        told: the parts of which anything came: their kind and number.
        done: whether it is whole.
    """

    call: int = -1
    arguments: bool = False
    began_with: object = None
    thinks: str = ""
    told: set[_Part] = field(default_factory=set)
    done: bool = False


class _Items:
    """Finds the item that an event tells of: by its id, else by its number in the output, else it
    is the one that began last.
    """

    def __init__(self) -> None:
        self._known: dict[str | int, _Item] = {}
        self._last = _Item()
        self._nameless = False
        """Whether the last item has told something without a name to find it by."""

    def find(self, id_: object, index: object) -> _Item:
        """Return the item; an unknown one begins."""
        keys = _keys(id_, index)
        for key in keys:
            if key in self._known:
                return self._known[key]
        if not keys:
            self._nameless = True
            return self._last
        if self._nameless and not self._last.done:
            self._nameless = False
            return self._name(keys, self._last)
        return self.begin(id_, index)

    def begin(self, id_: object, index: object) -> _Item:
        """Return a new item, or the known one of this id."""
        keys = _keys(id_, index)
        if isinstance(id_, str) and id_ in self._known:
            return self._known[id_]
        if len(self._known) >= MAX_ITEMS:
            return self._last
        self._last = _Item()
        self._nameless = False
        return self._name(keys, self._last)

    def _name(self, keys: list[str | int], item: _Item) -> _Item:
        for key in keys:
            self._known[key] = item
        return item


class ResponsesDecoder(ReplyDecoder):
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
        self._echoes = echoes
        self._keeps_thinking = keeps_thinking
        self._items = _Items()
        self._last_told: dict[bool, tuple[_Item, _Part]] = {}
        self._calls: list[_Item] = []
        self._images = 0
        self._goes_on: tuple[object, ...] | None = None
        """Where the text of the last event belongs: what follows there needs no looking up."""
        self._counted: Usage | None = None
        self._kept: list[JsonValue] = []
        self._kept_size = 0
        self._steps: Final[Mapping[str, Callable[[_Payload], None]]] = {
            "response.output_item.added": self._item_added,
            "response.output_item.done": self._item_done,
            "response.content_part.done": self._part_done,
            "response.function_call_arguments.delta": self._arguments,
            "response.function_call_arguments.done": self._arguments,
            "response.image_generation_call.completed": self._picture_done,
        }

    def _frame(self, name: bytes, data: bytes) -> None:
        """Take a frame: the same as the base does, with fewer steps for more of the same text."""
        try:
            payload = loads(data.decode())
        except (ValueError, RecursionError):
            self._odd_frame(name, data)
            return
        if isinstance(payload, dict) and payload.get("type") == _TEXT_DELTA:
            text = payload.get("delta")
            if not self._thinking and _place(payload) == self._goes_on and isinstance(text, str):
                self._parts.append(text)
                return
        self._payload(payload, name.decode("utf-8", "replace"))

    def _take(self, payload: _Payload, name: str) -> bool:
        type_ = payload.get("type")
        if not isinstance(type_, str):
            if payload.get("object") == "response" or isinstance(payload.get("output"), list):
                self._end(payload, "")
                return True
            type_ = name
        if said := _SAID.get(type_):
            self._say(payload, *said)
        elif step := self._steps.get(type_):
            step(payload)
        elif type_ in _ENDS:
            response = payload.get("response")
            self._end(response if isinstance(response, dict) else payload, type_)
        else:
            return type_.startswith("response.")
        return True

    def _usage(self) -> Usage | None:
        return self._counted

    def _item(self, payload: _Payload) -> _Item:
        return self._items.find(payload.get("item_id"), payload.get("output_index"))

    def _say(self, payload: _Payload, field_: str, kind: str) -> None:
        """Take more of a text or a thought; what a part says when it is done counts where nothing
        came of it before.
        """
        item = self._item(payload)
        number = payload.get("summary_index" if kind == "summary" else "content_index")
        part = (kind, number if isinstance(number, int) else 0)
        if field_ == "delta" or part not in item.told:
            self._tell(item, part, payload.get(field_))
            self._goes_on = _place(payload) if part in item.told and kind == "text" else None

    def _tell(self, item: _Item, part: _Part, said: object) -> None:
        """Tell of a text or a thought, with a blank line between two parts of thinking and between
        two messages.
        """
        text = said if isinstance(said, str) else "".join(texts_of(said))
        if not text:
            return
        kind, _ = part
        thinking = kind != "text"
        if thinking and item.thinks != kind:
            if item.thinks:
                return  # the same again, in other words
            item.thinks = kind
        last = self._last_told.get(thinking)
        if last is not None and (last[0] is not item or (thinking and last[1] != part)):
            self._add("\n\n", thinking=thinking)
        self._last_told[thinking] = (item, part)
        self._goes_on = None
        if len(item.told) < MAX_PARTS:
            item.told.add(part)
        self._add(text, thinking=thinking)

    def _part_done(self, payload: _Payload) -> None:
        part = payload.get("part")
        if isinstance(part, dict):
            number = payload.get("content_index")
            self._content(self._item(payload), number if isinstance(number, int) else 0, part)

    def _content(self, item: _Item, number: int, part: _Payload) -> None:
        """Take a part of a message that is whole."""
        kind = "content" if part.get("type") == "reasoning_text" else "text"
        if (kind, number) not in item.told:
            self._tell(item, (kind, number), part.get("text") or part.get("refusal"))

    def _item_added(self, payload: _Payload) -> None:
        told = payload.get("item")
        if isinstance(told, dict):
            self._goes_on = None
            item = self._items.begin(told.get("id"), payload.get("output_index"))
            if told.get("type") == "function_call":
                self._call(item, told)

    def _item_done(self, payload: _Payload) -> None:
        told = payload.get("item")
        if isinstance(told, dict):
            self._whole_item(self._items.find(told.get("id"), payload.get("output_index")), told)

    def _whole_item(self, item: _Item, told: _Payload) -> None:
        """Take an item that is whole: what had not been told of it, and what goes back."""
        if item.done:
            return
        item.done = True
        match told.get("type"):
            case "message":
                for number, part in enumerate(_objects(told.get("content"))):
                    self._content(item, number, part)
            case "reasoning":
                self._whole_thought(item, told)
            case "function_call":
                self._call(item, told)
                if not item.arguments:
                    self._add_arguments(item, told.get("arguments"))
            case "image_generation_call":
                self._picture(item, told)
        self._keep(told)

    def _whole_thought(self, item: _Item, told: _Payload) -> None:
        for kind in ("summary", "content"):
            for number, part in enumerate(_objects(told.get(kind))):
                if (kind, number) not in item.told:
                    self._tell(item, (kind, number), part.get("text"))

    def _call(self, item: _Item, told: _Payload) -> None:
        """Begin a call, if it has not begun."""
        if item.call >= 0 or len(self._calls) >= MAX_CALLS:
            return
        item.call = len(self._calls)
        item.began_with = told.get("arguments")
        self._calls.append(item)
        id_ = text_of(told.get("call_id")) or text_of(told.get("id"))
        self._put(ToolCallDelta(item.call, whole(id_), whole(text_of(told.get("name"))), ""))

    def _arguments(self, payload: _Payload) -> None:
        item = self._item(payload)
        self._call(item, {"call_id": payload.get("call_id"), "name": payload.get("name")})
        if "delta" in payload:
            self._add_arguments(item, payload["delta"])
        elif not item.arguments:
            self._add_arguments(item, payload.get("arguments"))

    def _add_arguments(self, item: _Item, more: object) -> None:
        if isinstance(more, dict | list):
            more = json.dumps(more, ensure_ascii=False)
        if isinstance(more, str) and more and item.call >= 0:
            item.arguments = True
            self._put(ToolCallDelta(item.call, "", "", whole(more)))

    def _finish_deltas(self) -> None:
        for item in self._calls:
            if not item.arguments:
                self._add_arguments(item, item.began_with)

    def _picture_done(self, payload: _Payload) -> None:
        self._picture(self._item(payload), payload)

    def _picture(self, item: _Item, told: _Payload) -> None:
        if self._images < MAX_IMAGES and ("image", 0) not in item.told:
            prompt = whole(text_of(told.get("revised_prompt")))
            if part := image_from_base64(told.get("result"), prompt):
                self._images += 1
                item.told.add(("image", 0))
                self._put(part)
                self.started = True

    def _keep(self, told: _Payload) -> None:
        """Keep what goes back: thinking that can be read again, and its place among the rest."""
        kind = told.get("type")
        kept: dict[str, JsonValue] = {"type": str(kind)}
        if kind == "reasoning":
            if not told.get("encrypted_content") and not told.get("content"):
                return
            kept["summary"] = _objects(told.get("summary"))
            for name in ("id", "content", "encrypted_content"):
                if value := told.get(name):
                    kept[name] = value
        elif kind == "function_call":
            kept["call_id"] = text_of(told.get("call_id")) or text_of(told.get("id"))
        elif kind != "message":
            return
        self._kept_size += size_of(kept)
        if self._kept_size <= MAX_ECHO:
            self._kept.append(kept)

    def _end(self, response: _Payload, type_: str) -> None:
        """Take the response as it stands at the end.

        Args:
            response: the whole of it, though its output may be missing.
            type_: of the event that brought it; "" for a whole reply.
        """
        self._counted = read_usage(response.get("usage")) or self._counted
        self._rest(response)
        status = response.get("status")
        if response.get("error") or status == "failed" or type_ == "response.failed":
            self._refused(response)
            return
        self.ended = True
        if status == "incomplete" or type_ == "response.incomplete":
            details = response.get("incomplete_details")
            reason = details.get("reason") if isinstance(details, dict) else None
            self._reason = _INCOMPLETE.get(text_of(reason), FinishReason.UNKNOWN)
        elif status in (None, "completed") and type_ in ("", "response.completed"):
            self._reason = FinishReason.TOOL_CALLS if self._calls else FinishReason.STOP
        else:
            self._reason = FinishReason.UNKNOWN

    def _rest(self, response: _Payload) -> None:
        """Take from the whole output what nothing had been told of."""
        new = {
            "message": False not in self._last_told,
            "reasoning": True not in self._last_told,
            "function_call": not self._calls,
            "image_generation_call": not self._images,
        }
        keeps = not self._kept
        for told in _objects(response.get("output")):
            if new.get(text_of(told.get("type"))):
                self._whole_item(_Item(), told)
            elif keeps:
                self._keep(told)
        if False not in self._last_told:
            self._tell(_Item(), ("text", 0), response.get("output_text"))

    def _refused(self, response: _Payload) -> None:
        if response.get("error"):
            self._fail(self._errors.from_payload(response, self._headers))
        else:
            self._fail(self._errors.error(ErrorKind.SERVER, "failed").info)

    def _finish_events(self) -> None:
        """Tell what is wanted back, once the answer is whole."""
        thought = any(isinstance(item, dict) and item["type"] == "reasoning" for item in self._kept)
        wanted = thought and (self._keeps_thinking or bool(self._calls))
        if self._echoes and wanted and self.failure is None and self._kept_size <= MAX_ECHO:
            self._out.append(Echo(self._echoes.make({"items": self._kept})))


def _place(payload: _Payload) -> tuple[object, ...]:
    return payload.get("item_id"), payload.get("output_index"), payload.get("content_index")


def _keys(id_: object, index: object) -> list[str | int]:
    keys: list[str | int] = [id_] if isinstance(id_, str) and id_ else []
    if isinstance(index, int) and not isinstance(index, bool):
        keys.append(index)
    return keys


def _objects(value: object) -> list[_Payload]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
