"""What assistive technology is told while messages come.

It is told nothing while none is running, and nothing of a chat behind another one.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QTimer
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent

from desktop_chat.chat.explain import explain_end
from desktop_chat.core.i18n import tr
from desktop_chat.core.messages import Message, MessageState, Role
from desktop_chat.markdown.blocks import Block, CodeBlock, TextBlock
from desktop_chat.markdown.stream import parse
from desktop_chat.ui.transcript.access.accessible_words import (
    code_name,
    continues,
    joint,
    mark_of,
    plain_lines,
    said,
)

if TYPE_CHECKING:
    from desktop_chat.ui.transcript.view import TranscriptView

OFF: Final = "off"
SENTENCE: Final = "sentence"
DONE: Final = "done"
_PAUSE: Final = 1.0
"""Seconds from one announcement to the next, at least."""
_WHOLE: Final = 600
"""So many characters of a finished answer are announced with its end."""
_LONGEST: Final = 4000
"""So many characters are announced at a time."""
_ENDS: Final = re.compile(
    r"^\s*\d+\. |([。！？；…]+[」』”’）)\]]*|[.!?]+[\"'”’)\]]*(?=\s))", re.MULTILINE
)
"""Ends of sentences, Chinese and Western; the number of a list's item is none."""
_MARKDOWN: Final = 4 * _WHOLE
"""So many characters of a finished answer are read to announce its beginning."""


class Announcer:
    """Tells what has come, by the policy that the user chose.

    Args:
        view: whose messages.

    Attributes:
        last: what was told last, or "".
    """

    def __init__(self, view: TranscriptView) -> None:
        self._view = view
        self._mode = DONE
        self._code = False
        self._told: dict[str, _Place] = {}
        self.last = ""
        self._said_at = -_PAUSE
        self._pause = QTimer(view)
        self._pause.setSingleShot(True)
        self._pause.timeout.connect(self._tell_waiting)
        self._waiting: dict[str, None] = {}
        self._was_shown = False

    def set_policy(self, mode: str, *, code: bool) -> None:
        """Choose what is announced.

        Args:
            mode: ``off``; ``sentence`` tells each sentence once it is finished; ``done`` tells
                the end of an answer.
            code: tell the lines of code, too, and not only that there are some.
        """
        if mode != self._mode:
            # What has come before is not told afterwards.
            self._told.clear()
            self._waiting.clear()
        self._mode = mode
        self._code = code

    @property
    def _listening(self) -> bool:
        """Whether anyone hears what is announced now."""
        return self._mode != OFF and QAccessible.isActive() and self._view.shown

    # What happens in the view

    def shown(self) -> None:
        """Take note that the view is shown (again): what came meanwhile is not told."""
        if self._was_shown:
            self._told.clear()
        self._was_shown = True

    def branch_changed(self) -> None:
        """Take note that other messages are shown."""
        index_of = self._view.column.index_of
        for name in [name for name in self._told if index_of(name) is None]:
            del self._told[name]
            self._waiting.pop(name, None)
        items = self._view.column.items
        last = items[-1].message if items else None
        if last is not None and last.state is MessageState.STREAMING and not last.text:
            self._told.setdefault(last.id, _Place())
        self._view.accessible.branch_changed()

    def added(self, message: Message) -> None:
        """Take note that a message was sent or begins."""
        self._view.accessible.added(message)
        if self._mode == SENTENCE and message.role is Role.ASSISTANT:
            self._told[message.id] = _Place()

    def grown(self, message_id: str) -> None:
        """Take note that more of an answer is shown."""
        if self._mode != SENTENCE or not self._listening:
            return
        self._waiting[message_id] = None
        if not self._pause.isActive():
            self._tell_waiting()

    def finished(self, message: Message) -> None:
        """Take note that an answer has ended."""
        self._view.accessible.changed(message.id)
        place = self._told.pop(message.id, None)
        self._waiting.pop(message.id, None)
        if not self._listening:
            return
        if self._mode == DONE:
            self._say(self._summary(message))
            return
        rest = "" if place is None else self._new(message.id, place, ended=True)
        trouble = _trouble(message)
        self._say("\n".join(part for part in (rest, trouble) if part))

    def repeat(self) -> None:
        """Tell again what was told last; before anything was, how the last answer begins."""
        text = self.last
        if not text:
            for item in reversed(self._view.column.items):
                if item.role is Role.ASSISTANT and item.message is not None:
                    text = self._summary(item.message)
                    break
        self._announce(text or tr("Nothing has been announced in this chat."), assertive=True)

    # Words

    def _summary(self, message: Message) -> str:
        """Return that an answer has ended, and how it begins."""
        trouble = _trouble(message)
        lines = [trouble or tr("The answer is finished.")]
        blocks = parse(message.text[:_MARKDOWN])
        text = "\n".join(line for line in self._lines(blocks) if line)
        if len(text) > _WHOLE or len(message.text) > _MARKDOWN:
            text = _cut(text, _WHOLE)
        if text:
            lines.append(text)
        return "\n".join(lines)

    def _lines(self, blocks: list[Block]) -> Iterator[str]:
        return plain_lines(blocks, self._view.accessible.languages, code=self._code)

    def _tell_waiting(self) -> None:
        """Tell the sentences that are finished."""
        if not self._listening:
            # Behind another chat nothing is told, and nothing is made up for afterwards.
            self._told.clear()
            self._waiting.clear()
            return
        left = _PAUSE - (time.monotonic() - self._said_at)
        if left > 0:
            if self._waiting:
                self._pause.start(int(left * 1000) + 1)
            return
        waiting, self._waiting = self._waiting, {}
        parts = []
        for message_id in waiting:
            place = self._told.get(message_id)
            if place is None:
                # It began before anyone listened: what is there now is not told.
                place = self._told[message_id] = _Place()
                self._new(message_id, place, ended=False)
                continue
            parts.append(self._new(message_id, place, ended=False))
        self._say("\n".join(part for part in parts if part))

    def _new(self, message_id: str, place: _Place, *, ended: bool) -> str:
        """Return what is new and finished in an answer, and move its place behind that."""
        index = self._view.column.index_of(message_id)
        body = None if index is None else self._view.column.answer(index)
        if body is None:
            return ""
        pieces = body.text.body.pieces
        found: list[str] = []
        while place.block < len(pieces):
            block = pieces[place.block].block
            last = place.block == len(pieces) - 1 and not ended
            words = self._words(block, place, last=last)
            if words:
                before = pieces[place.block - 1].block if place.block else None
                goes_on = bool(found) and continues(block, before) and before is not None
                found.append(joint(block, before) if goes_on and before is not None else "\n")
                found.append(words)
            if last:
                break
            place.next()
        return "".join(found).strip()

    def _words(self, block: Block, place: _Place, *, last: bool) -> str:
        """Return what is new in one block; of one that grows what is finished in it."""
        if isinstance(block, CodeBlock):
            return self._code_words(block, place, last=last)
        if isinstance(block, TextBlock):
            text = mark_of(block) + said(block.spans)
            end = _finished(text, place.position) if last else len(text)
            words = text[place.position : end].strip()
            place.position = max(place.position, end)
            return words
        return "" if last else "\n".join(self._lines([block]))

    def _code_words(self, block: CodeBlock, place: _Place, *, last: bool) -> str:
        if not self._code:
            return "" if last else code_name(block, self._view.accessible.languages)
        lines = block.lines[: -1 if last and block.open else None]
        fresh = lines[place.position :]
        place.position = max(place.position, len(lines))
        return "\n".join(fresh)

    # Telling

    def _say(self, text: str) -> None:
        if text:
            self._said_at = time.monotonic()
            self.last = _cut(text, _LONGEST)
            self._announce(self.last, assertive=False)

    def _announce(self, text: str, *, assertive: bool) -> None:
        if not QAccessible.isActive():
            return
        event = QAccessibleAnnouncementEvent(self._view, text)
        politeness = QAccessible.AnnouncementPoliteness
        event.setPoliteness(politeness.Assertive if assertive else politeness.Polite)
        QAccessible.updateAccessibility(event)


class _Place:
    """How much of an answer is told.

    Attributes:
        block: the number of the first block that is not told to its end.
        position: characters, or lines of code, of it that are told.
    """

    __slots__ = ("block", "position")

    def __init__(self) -> None:
        self.block = 0
        self.position = 0

    def next(self) -> None:
        """Go on to the next block."""
        self.block += 1
        self.position = 0


def _trouble(message: Message) -> str:
    """Return why an answer is not whole, or ""."""
    what = explain_end(message)
    return "" if what is None else f"{what.title} {what.cause}".strip()


def _finished(text: str, start: int) -> int:
    """Return where the last finished sentence of a text ends, not before ``start``."""
    end = start
    for found in _ENDS.finditer(text, start):
        if found.group(1):
            end = found.end()
    return end


def _cut(text: str, limit: int) -> str:
    """Return at most so many characters, up to the end of a sentence where there is one."""
    if len(text) <= limit:
        return text
    end = _finished(text[:limit], 0)
    return f"{text[: end if end > limit // 2 else limit].rstrip()}…"
