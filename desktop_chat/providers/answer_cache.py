"""Answers that were given before, for questions that are the same in every respect.

It is off until the user turns it on for a service (``Service.cache``), and serves only what is
asked at temperature 0, said so, and without tools: elsewhere another answer is what is wanted.

What is stored, in the folder of what can be made anew: one file for each answer, whose name is a
hash of the question. It holds the answer's text and thinking, what the protocol wants back with it
(see ``events.Echo``) and the time. The question is not in it, nor the service, a key or a header.
Files are for their owner alone, and the oldest unused ones go when there are too many.
"""

import asyncio
import contextlib
import hashlib
import json
import os
import tempfile
import time
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping
from contextlib import aclosing
from dataclasses import dataclass, fields, is_dataclass, replace
from pathlib import Path
from typing import Any, Final

from desktop_chat.core.events import (
    Answered,
    ChoiceDelta,
    Done,
    Echo,
    FinishReason,
    Notice,
    ReasoningDelta,
    StreamControl,
    StreamEvent,
    TextDelta,
    Usage,
)
from desktop_chat.core.i18n import language
from desktop_chat.core.json import JsonValue
from desktop_chat.core.ports import Provider
from desktop_chat.core.requests import ChatMessage, ChatRequest
from desktop_chat.core.services import Model, Service
from desktop_chat.core.trace import TraceNote

MAX_BYTES: Final = 64 * 1024 * 1024
MAX_ENTRIES: Final = 512
_SHARE: Final = 8
"""One answer may take this part of all the room."""
_PIECE: Final = 2_000
"""Characters of a delta that is given again."""
_FORM: Final = 1
"""Of the files; others are not read."""
_SUFFIX: Final = ".answer"


@dataclass(frozen=True, slots=True)
class Kept:
    """An answer as it was kept.

    Attributes:
        when: it was given, in seconds since the epoch.
        events: its deltas and echoes, joined.
    """

    when: float
    events: tuple[StreamEvent, ...]


class AnswerCache:
    """The files. Every method works in a thread and raises nothing: a cache that cannot be read
    or written has nothing.

    Args:
        folder: of the files; it is made when it is needed.
        max_bytes: of all files together.
        max_entries: how many files.
        now: returns the seconds since the epoch.
    """

    def __init__(
        self,
        folder: Path,
        *,
        max_bytes: int = MAX_BYTES,
        max_entries: int = MAX_ENTRIES,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._folder = folder
        self._max_bytes = max_bytes
        self._max_entries = max_entries
        self._now = now

    async def get(self, key: str) -> Kept | None:
        """Return an answer, which counts as used now; None when there is none."""
        return await asyncio.to_thread(self._read, key)

    async def put(self, key: str, events: list[StreamEvent]) -> None:
        """Keep an answer, in place of an older one, and remove what there is no room for."""
        await asyncio.to_thread(self._write, key, events)

    async def clear(self) -> None:
        """Remove every answer."""
        await asyncio.to_thread(self._clear)

    def _read(self, key: str) -> Kept | None:
        path = self._path(key)
        try:
            if path.stat().st_size > self._max_bytes:
                return None
            found = _unpacked(json.loads(path.read_bytes()))
        except (OSError, ValueError, TypeError, KeyError, RecursionError):
            return None
        with contextlib.suppress(OSError):
            os.utime(path)
        return found

    def _write(self, key: str, events: list[StreamEvent]) -> None:
        packed = {
            "form": _FORM,
            "when": self._now(),
            "events": [_packed(event) for event in _joined(events)],
        }
        # Half a surrogate pair, which no file may hold, is written as an escape.
        content = json.dumps(packed, separators=(",", ":")).encode("ascii")
        if len(content) > self._max_bytes // _SHARE:
            return
        with contextlib.suppress(OSError):
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(dir=self._folder, suffix=".tmp")
            try:
                with os.fdopen(handle, "wb") as file:
                    file.write(content)
                os.replace(name, self._path(key))
            except BaseException:
                with contextlib.suppress(OSError):
                    os.unlink(name)
                raise
            self._make_room()

    def _make_room(self) -> None:
        files = []
        with os.scandir(self._folder) as entries:
            for entry in entries:
                with contextlib.suppress(OSError):
                    found = entry.stat(follow_symlinks=False)
                    files.append((found.st_mtime_ns, found.st_size, entry.path))
        files.sort(reverse=True)
        size = 0
        for number, (_used, length, path) in enumerate(files):
            size += length
            if number >= self._max_entries or size > self._max_bytes:
                with contextlib.suppress(OSError):
                    os.unlink(path)

    def _clear(self) -> None:
        with contextlib.suppress(OSError):
            for path in list(self._folder.iterdir()):
                if path.suffix in (_SUFFIX, ".tmp"):
                    with contextlib.suppress(OSError):
                        path.unlink()

    def _path(self, key: str) -> Path:
        return self._folder / f"{key}{_SUFFIX}"


class Cached:
    """A ``Provider`` that gives an answer again where it is known.

    Args:
        inner: what is asked.
        cache: the answers.
        service: what is meant.
        origin: where it is.
    """

    def __init__(self, inner: Provider, cache: AnswerCache, service: Service, origin: str) -> None:
        self._inner = inner
        self._cache = cache
        self._service = service
        self._origin = origin

    async def stream(
        self, request: ChatRequest, control: StreamControl
    ) -> AsyncGenerator[StreamEvent, None]:
        """Give the answer again, or ask; see ``Provider.stream``.

        ``Answered`` with the time is the first event of an answer that is given again. No tokens
        are told of it, for none were used. ``control.fresh`` asks in any case, and keeps the new
        answer in place of the old one.
        """
        key = ""
        if is_repeatable(self._service, request):
            # A long conversation takes milliseconds to hash.
            key = await asyncio.to_thread(request_key, self._service, self._origin, request)
        kept = await self._cache.get(key) if key and not control.fresh else None
        if kept is not None:
            for event in self._again(kept, request, control):
                yield event
            return
        answer: list[StreamEvent] | None = [] if key else None
        async with aclosing(self._inner.stream(request, control)) as events:
            async for event in events:
                answer = _collected(answer, event)
                if answer is not None and isinstance(event, Done):
                    await self._cache.put(key, answer)
                yield event

    async def list_models(self) -> list[Model]:
        """Return the service's own list; it is not kept here."""
        return await self._inner.list_models()

    def _again(
        self, kept: Kept, request: ChatRequest, control: StreamControl
    ) -> Iterator[StreamEvent]:
        if control.trace is not None:
            control.trace.add(TraceNote(control.trace.now(), "cache", detail=f"{kept.when:.0f}"))
        service = self._service
        yield Answered(service.id, service.title(language()), request.model, kept.when)
        for event in kept.events:
            yield from _pieces(event)
        yield Done(FinishReason.STOP)


def is_repeatable(service: Service, request: ChatRequest) -> bool:
    """Tell whether the same question may be given the same answer.

    Not where the service keeps the conversation itself: then the question is not all of it.
    """
    fixed: JsonValue = request.temperature
    for body in (service.body, request.extra):
        fixed = body.get("temperature", fixed)
    is_zero = isinstance(fixed, int | float) and not isinstance(fixed, bool) and fixed == 0
    has_tools = bool(request.tools) or "tools" in request.extra or "tools" in service.body
    return is_zero and not has_tools and not request.remote_id


def request_key(service: Service, origin: str, request: ChatRequest) -> str:
    """Return a hash of everything that an answer depends on, in hexadecimal."""
    parameters = replace(request, messages=(), conversation_id="", stream=True)
    asked = {
        "service": [service.id, origin, service.protocol, service.base_url],
        # What a model can do decides how it is asked.
        "model": replace(service.model(request.model), price=None, name="", enabled=True),
        "options": dict(service.options),
        "headers": dict(service.headers),
        "body": dict(service.body),
        "messages": [_message(message) for message in request.messages],
        "parameters": parameters,
    }
    text = json.dumps(asked, sort_keys=True, separators=(",", ":"), default=_plain)
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def _plain(value: object) -> object:
    """Return what JSON has no word for in words that it has."""
    if is_dataclass(value):
        return {part.name: getattr(value, part.name) for part in fields(value)}
    return dict(value) if isinstance(value, Mapping) else str(value)


def _message(message: ChatMessage) -> list[Any]:
    files = [[item.file.blob, item.file.name, item.file.media_type] for item in message.attached]
    calls = [[call.id, call.name, call.arguments] for call in message.tool_calls]
    return [
        message.role.value,
        message.text,
        message.reasoning,
        files,
        calls,
        message.tool_call_id,
        message.echo,
        message.partial,
    ]


def _collected(answer: list[StreamEvent] | None, event: StreamEvent) -> list[StreamEvent] | None:
    """Return the answer with one more event, or None once it is none that may be kept: not whole,
    not from this service, or with more in it than words.
    """
    if answer is None or isinstance(event, Notice | Usage):
        return answer
    if isinstance(event, TextDelta | ReasoningDelta | ChoiceDelta | Echo):
        answer.append(event)
        return answer
    if isinstance(event, Done) and event.reason is FinishReason.STOP and answer:
        return answer
    return None


def _joined(events: list[StreamEvent]) -> Iterator[StreamEvent]:
    """Join deltas of one kind that follow each other."""
    texts: list[str] = []
    kind: type[TextDelta] | type[ReasoningDelta] | None = None
    for event in events:
        if kind is not None and not isinstance(event, kind):
            yield kind("".join(texts))
            kind, texts = None, []
        if isinstance(event, TextDelta | ReasoningDelta):
            kind = type(event)
            texts.append(event.text)
        else:
            yield event
    if kind is not None:
        yield kind("".join(texts))


def _pieces(event: StreamEvent) -> Iterator[StreamEvent]:
    """Cut a long delta, so that a view need not take it at once."""
    if isinstance(event, TextDelta | ReasoningDelta):
        for at in range(0, len(event.text), _PIECE):
            yield type(event)(event.text[at : at + _PIECE])
    else:
        yield event


def _packed(event: StreamEvent) -> list[Any]:
    if isinstance(event, TextDelta):
        return ["text", event.text]
    if isinstance(event, ReasoningDelta):
        return ["reasoning", event.text]
    if isinstance(event, ChoiceDelta):
        return ["choice", event.index, event.text, event.reasoning]
    if isinstance(event, Echo):
        return ["echo", event.data]
    raise TypeError(type(event).__name__)


def _unpacked(content: Any) -> Kept:
    """Return what a file holds.

    Raises:
        ValueError: it is none of ours, or damaged.
        TypeError: likewise.
        KeyError: likewise.
    """
    if content["form"] != _FORM or not isinstance(content["when"], float):
        raise ValueError(content["form"])
    return Kept(content["when"], tuple(_event(item) for item in content["events"]))


def _event(item: Any) -> StreamEvent:
    match item:
        case ["text", str(text)]:
            return TextDelta(text)
        case ["reasoning", str(text)]:
            return ReasoningDelta(text)
        case ["choice", int(index), str(text), str(reasoning)]:
            return ChoiceDelta(index, text, reasoning)
        case ["echo", data]:
            return Echo(data)
    raise ValueError(item)
