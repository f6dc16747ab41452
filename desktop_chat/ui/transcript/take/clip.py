"""Copying: what is selected, or a message, as Markdown, HTML and a form of our own at once.

What is short is on the clipboard at once. The rest is converted on a thread; where texts are not
loaded yet they are asked for, and the copy waits for them.
"""

from __future__ import annotations

import copy
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QByteArray, QMimeData, QTimer
from PySide6.QtGui import QClipboard, QCursor, QGuiApplication
from PySide6.QtWidgets import QToolTip

from desktop_chat.core.i18n import tr
from desktop_chat.core.messages import Message, Role
from desktop_chat.markdown.blocks import Block, CodeBlock, MathBlock, Style
from desktop_chat.markdown.mathml import mathml
from desktop_chat.ui.transcript.answer import AnswerBody
from desktop_chat.ui.transcript.body import MessageBody, Placed
from desktop_chat.ui.transcript.files.mentions import with_mentions
from desktop_chat.ui.transcript.frames import alert_title
from desktop_chat.ui.transcript.pieces import Piece
from desktop_chat.ui.transcript.places import Part, Selected
from desktop_chat.ui.transcript.take.clip_code import ClipColours
from desktop_chat.ui.transcript.take.clip_forms import (
    PRIVATE_TYPE,
    TEXT_LIMIT,
    Form,
    Forms,
    Passage,
    Words,
    convert,
    page,
)
from desktop_chat.ui.transcript.take.selection import FINISH, START
from desktop_chat.ui.transcript.worker import Worker

if TYPE_CHECKING:
    from desktop_chat.ui.transcript.canvas import TranscriptCanvas

_AT_ONCE: Final = 4000
"""So many characters are converted on the UI thread."""
_QUIET: Final = 0.4
"""A copy that took more seconds says so when it is done."""
_ASKED: Final = 200
"""So many texts are asked for at a time."""
_PRIMARY: Final = 200_000
"""So many characters are given to the middle button."""
_PRIMARY_MS: Final = 100
"""After the last change of the selection."""
_ALERTS: Final = ("note", "tip", "important", "warning", "caution")


@dataclass(slots=True)
class _Wish:
    """A copy that is under way.

    Attributes:
        message_ids: of what is copied, in order.
        parts: what of the first and the last message, by id; everything of the others.
        form: as what.
        selected: whether it is a selection, which takes unfolded thinking with it.
        key: of the control that shows a check when it is done, or None.
        since: when it was wished, on the monotonic clock.
        asked: messages whose texts are on their way.
        late: whether any had to be asked for.
        at: so many messages have been looked at.
        sources: texts that are there; the column may let them go meanwhile.
    """

    message_ids: list[str]
    parts: dict[str, Selected]
    form: Form
    selected: bool = False
    key: tuple[str, str] | None = None
    since: float = field(default_factory=time.monotonic)
    asked: set[str] = field(default_factory=set)
    late: bool = False
    at: int = 0
    sources: dict[str, Message] = field(default_factory=dict)

    def alike(self, other: _Wish) -> bool:
        """Tell whether another one gives the same."""
        return (self.message_ids, self.parts, self.form, self.selected) == (
            other.message_ids,
            other.parts,
            other.form,
            other.selected,
        )


class Clips:
    """Puts what is selected on the clipboard.

    Args:
        canvas: whose messages they are.
    """

    def __init__(self, canvas: TranscriptCanvas) -> None:
        self._canvas = canvas
        self._worker = Worker(canvas)
        self._wish: _Wish | None = None
        self._primary = QTimer(canvas)
        self._primary.setSingleShot(True)
        self._primary.setInterval(_PRIMARY_MS)
        self._primary.timeout.connect(self._give_primary)

    @property
    def busy(self) -> bool:
        """Whether a copy is under way."""
        return self._wish is not None

    # What is wished

    def copy(self, form: Form = Form.ALL) -> bool:
        """Copy what is selected; tell whether anything is."""
        wish = self._selected(form)
        if wish is not None:
            self._begin(wish)
        return wish is not None

    def copy_message(
        self, message_id: str, form: Form = Form.ALL, key: tuple[str, str] | None = None
    ) -> bool:
        """Copy a message as it is written; tell whether it is there.

        Args:
            message_id: which.
            form: as what.
            key: of the control that shows a check when it is done.
        """
        if self._canvas.column.index_of(message_id) is None:
            return False
        wish = _Wish([message_id], {}, form, key=key)
        if self._wish is None or self._wish.asked or not wish.alike(self._wish):
            self._begin(wish)
        return True

    def copy_formula(self, latex: str, *, as_mathml: bool = False) -> None:
        """Copy a formula as LaTeX, or as the MathML that Word makes an equation of."""
        written = mathml(latex, block=False)
        if as_mathml:
            if written is not None:
                self._put(Forms(text=written.encode()))
            return
        html = b"" if written is None else page([written.encode()])
        self._put(Forms(text=latex.encode("utf-8", "replace"), html=html))

    def text(self) -> str:
        """Return what is selected as Markdown, as far as its texts are there."""
        wish = self._selected(Form.MARKDOWN)
        if wish is None:
            return ""
        return convert(self._passages(wish), Form.MARKDOWN, _words(), None).text.decode()

    def give_primary(self) -> None:
        """Give what is selected to the middle button soon, where there is such a thing."""
        if QGuiApplication.clipboard().supportsSelection():
            self._primary.start()

    def _give_primary(self) -> None:
        wish = self._selected(Form.MARKDOWN)
        if wish is None:
            return
        column = self._canvas.column
        chars = 0
        for name in wish.message_ids:
            index = column.index_of(name)
            chars += 0 if index is None else column.items[index].chars
            if chars > _PRIMARY:
                return
        passages, words = self._passages(wish), _words()
        self._worker.start(lambda: convert(passages, Form.MARKDOWN, words, None), _set_primary)

    def _passages(self, wish: _Wish) -> list[Passage]:
        return [found for name in wish.message_ids if (found := self._passage(wish, name))]

    def _selected(self, form: Form) -> _Wish | None:
        canvas = self._canvas
        found = canvas.pointer.selection.range()
        if found is None:
            return None
        first = canvas.column.index_of(found.first.message_id)
        last = canvas.column.index_of(found.last.message_id)
        if first is None or last is None:
            return None
        ids = [canvas.column.items[index].id for index in range(first, last + 1)]
        parts = {}
        for name in {ids[0], ids[-1]}:
            selected = canvas.pointer.selection.of(name)
            if selected is not None and (selected.first, selected.last) != (START, FINISH):
                parts[name] = selected
        return _Wish(ids, parts, form, selected=True)

    # Texts that are not there yet

    def texts_came(self, messages: Sequence[Message]) -> None:
        """Take texts that a copy waits for."""
        wish = self._wish
        if wish is None or not wish.asked:
            return
        for message in messages:
            if message.id in wish.asked:
                wish.asked.discard(message.id)
                wish.sources[message.id] = message
        if not wish.asked:
            self._begin(wish)

    def texts_missed(self, message_ids: Iterable[str]) -> None:
        """Give a copy up whose texts cannot be read."""
        if self._wish is not None and not self._wish.asked.isdisjoint(message_ids):
            self._wish = None
            self._say(tr("Some of the messages could not be read, so nothing was copied."))

    def branch_changed(self) -> None:
        """Give a copy up whose messages are gone."""
        wish = self._wish
        column = self._canvas.column
        if wish is not None and any(column.index_of(name) is None for name in wish.message_ids):
            self._wish = None

    def _missing(self, wish: _Wish) -> list[str]:
        """Return some of the messages whose text is not there; hold the texts of others."""
        found: list[str] = []
        column = self._canvas.column
        while wish.at < len(wish.message_ids) and len(found) < _ASKED:
            name = wish.message_ids[wish.at]
            wish.at += 1
            index = column.index_of(name)
            message = None if index is None else column.items[index].message
            if message is not None:
                wish.sources[name] = message
            elif index is not None:
                found.append(name)
        return found

    def _begin(self, wish: _Wish) -> None:
        """Convert what is wished, or ask for what is missing first."""
        self._wish = wish
        missing = self._missing(wish)
        wish.asked = set(missing)
        if missing:
            wish.late = True
            self._canvas.texts_needed.emit(missing)
            return
        self._convert(wish)

    # Converting

    def _convert(self, wish: _Wish) -> None:
        passages = self._passages(wish)
        words = _words()
        size = sum(passage.size for passage in passages)
        if size > TEXT_LIMIT:
            self._wish = None
            self._say(tr("This is too much to copy at once. Select less."))
            return
        if size <= _AT_ONCE and all(map(_light, passages)):
            self._done(wish, convert(passages, wish.form, words, None))
            return
        paper = self._canvas.theme.paper
        colours = ClipColours(
            {
                "kw": paper.syn_kw.name(),
                "str": paper.syn_str.name(),
                "num": paper.syn_num.name(),
                "fn": paper.syn_fn.name(),
                "com": paper.syn_com.name(),
                "add": paper.ok.name(),
                "del": paper.danger.name(),
            }
        )
        form = wish.form
        self._worker.start(
            lambda: convert(passages, form, words, colours), lambda forms: self._done(wish, forms)
        )

    def _done(self, wish: _Wish, forms: Forms | None) -> None:
        if wish is not self._wish:
            return
        self._wish = None
        if wish.late:
            scroller = self._canvas.scroller
            self._canvas.column.trim(scroller.top, scroller.top + scroller.height)
        if forms is None or not (forms.text or forms.html):
            if forms is not None and wish.form is Form.RICH:
                self._say(tr("This is too much for rich text. Copy it as Markdown instead."))
            return
        self._put(forms)
        if wish.key is not None:
            self._canvas.overlay.confirm(wish.key)
        if time.monotonic() - wish.since > _QUIET:
            self._say(tr("Copied"))

    @staticmethod
    def _put(forms: Forms) -> None:
        data = QMimeData()
        for kind, content in (
            ("text/plain", forms.text),
            ("text/html", forms.html),
            (PRIVATE_TYPE, forms.private),
        ):
            if content:
                data.setData(kind, QByteArray(content))
        QGuiApplication.clipboard().setMimeData(data)

    def _say(self, words: str) -> None:
        QToolTip.showText(QCursor.pos(), words, self._canvas.viewport())

    # What of a message

    def _passage(self, wish: _Wish, message_id: str) -> Passage | None:
        """Return what is copied of a message; None when that is nothing."""
        column = self._canvas.column
        index = column.index_of(message_id)
        if index is None:
            return None
        item = column.items[index]
        message = item.message or wish.sources.get(message_id)
        if message is None:
            return None
        body = item.body
        selected = wish.parts.get(message_id)
        if selected is not None:
            if item.message is None:
                column.replace(index, message)
            body = column.body(index)
        if selected is None or body is None:
            passage = self._whole(message, body, thinking=wish.selected)
        elif isinstance(body, AnswerBody):
            passage = self._answer(body, selected)
        else:
            text = message.text.strip("\n")
            passage = Passage(item.role, self._slice(body, Part.BODY, selected, text), plain=True)
        return passage if passage.source or passage.thinking or passage.blocks else None

    @staticmethod
    def _whole(message: Message, body: MessageBody | None, *, thinking: bool) -> Passage:
        text, thoughts = message.text, ""
        if isinstance(body, AnswerBody):
            # A streaming answer has more than the message it began as.
            text = body.text.source.text
            if body.thinking.shown and thinking:
                thoughts = body.text.reasons.text
        text = with_mentions(message, text)
        return Passage(message.role, text, message.role is Role.USER, thoughts)

    def _answer(self, body: AnswerBody, selected: Selected) -> Passage:
        thinking = ""
        if body.thinking.shown and selected.first.part < Part.BODY:
            text = body.text.reasons.text
            thinking = self._slice(body, Part.THINKING, selected, text)
        passage = Passage(Role.ASSISTANT, thinking=thinking)
        if selected.last.part < Part.BODY:
            return replace(passage, source=thinking, plain=True, thinking="")
        pieces = body.text.body.pieces
        chosen = []
        for number in range(len(pieces)):
            found = selected.range(Part.BODY, number)
            if found is not None:
                chosen.append((number, found))
        if not chosen:
            return passage
        if body.waiting and selected.last.piece >= len(pieces):
            # The rest is parsed beside the UI thread.
            first, positions = chosen[0]
            start = _cropped(pieces[first], positions)
            cut: tuple[tuple[int, Block | None], tuple[int, Block | None]]
            cut = ((first, start), (1 << 60, None))
            return replace(passage, source=body.text.source.text, cut=cut)
        first_start = chosen[0][1][0]
        whole = chosen[0][0] == 0 and not first_start and len(chosen) == len(pieces)
        if whole and chosen[-1][1][1] >= pieces[-1].length() and len(pieces) > 1:
            return replace(passage, source=body.text.source.text)
        blocks = tuple(_cropped(pieces[number], found) for number, found in chosen)
        return replace(passage, blocks=blocks)

    def _slice(self, body: MessageBody, part: Part, selected: Selected, text: str) -> str:
        """Return what is selected of plain text, what is folded away in it included."""
        place = next((p for p in body.placed(self._canvas.page) if p.part == part), None)
        if place is None:
            return ""
        text = text.replace("\r\n", "\n").replace("\r", "\n")
        start, end = 0, len(text)
        if selected.first.part == part:
            start = _offset(place, selected.first.piece, selected.first.position)
        if selected.last.part == part and selected.last.piece < len(place.section.pieces):
            end = _offset(place, selected.last.piece, selected.last.position)
        return text[start:end]


def _words() -> Words:
    names = {Role.USER: tr("You"), Role.ASSISTANT: tr("Assistant")}
    return Words(names, {alert: alert_title(alert) for alert in _ALERTS})


def _set_primary(forms: Forms | None) -> None:
    if forms is not None and forms.text:
        QGuiApplication.clipboard().setText(forms.text.decode(), QClipboard.Mode.Selection)


def _offset(place: Placed, number: int, position: int) -> int:
    """Return where a position is in the text that a section of plain lines was made of."""
    pieces = place.section.pieces
    if number >= len(pieces):
        return 1 << 60
    piece = pieces[number]
    # Visible marks of hidden characters and the like are no part of the text.
    return piece.block.start + len(piece.plain(0, min(position, piece.length())))


def _cropped(piece: Piece, positions: tuple[int, int]) -> Block:
    start, end = positions[0], min(positions[1], piece.length())
    whole = start == 0 and end >= piece.length()
    return _still(piece.block if whole else piece.crop(start, end))


def _still(block: Block) -> Block:
    """Return a block that does not grow any more."""
    if isinstance(block, CodeBlock) and block.open:
        return replace(block, lines=list(block.lines))
    if isinstance(block, MathBlock) and block.open:
        return copy.copy(block)
    return block


def _light(passage: Passage) -> bool:
    """Tell whether a short passage is converted in a moment: it loads nothing."""
    if passage.plain:
        return True
    if passage.blocks is None:
        return not any(mark in passage.source for mark in ("```", "~~~", "$", "\\"))
    return not any(
        isinstance(block, MathBlock)
        or (isinstance(block, CodeBlock) and len(block.lines) > 1)
        or any(span.style & Style.MATH for span in getattr(block, "spans", ()))
        for block in passage.blocks
    )
