"""A message of the user: its files, and plain text in a bubble, folded where it is long."""

from collections.abc import Set
from typing import Final

from PySide6.QtCore import QRect, QRectF

from desktop_chat.core.i18n import ntr, tr
from desktop_chat.core.messages import Message
from desktop_chat.ui.theme import RADIUS_POPUP
from desktop_chat.ui.transcript.answer_paint import paint_version
from desktop_chat.ui.transcript.body import MessageBody, Placed, State
from desktop_chat.ui.transcript.code.highlight import Lexers
from desktop_chat.ui.transcript.controls import (
    SWITCH_WIDTH,
    Command,
    Control,
    Kind,
    action_icon,
    switch_controls,
)
from desktop_chat.ui.transcript.files.file_row import FileRow
from desktop_chat.ui.transcript.files.mentions import shown_files
from desktop_chat.ui.transcript.ink import Ink
from desktop_chat.ui.transcript.look import Face, Page
from desktop_chat.ui.transcript.pieces import Piece
from desktop_chat.ui.transcript.places import Part
from desktop_chat.ui.transcript.section import Section
from desktop_chat.ui.transcript.text.plain import PlainStream

FOLD_LINES: Final = 40
FOLD_CHARS: Final = 4000
_WIDEST: Final = 600
_BESIDE: Final = 160
"""Room that stays free at the left of the bubble, for its actions."""
_PAD_X: Final = 16
_PAD_Y: Final = 10
_GAP: Final = 20
_FOLD_ROW: Final = 32
_FOLD_WIDTH: Final = 200
_FIT_LINES: Final = 60
_BELOW_FILES: Final = 8


def folded(text: str) -> str:
    """Return the part of a text that a folded bubble shows; the whole text if it is short."""
    part = text[:FOLD_CHARS]
    lines = part.split("\n", FOLD_LINES)
    return "\n".join(lines[:FOLD_LINES])


class QuestionBody(MessageBody):
    """A bubble.

    Args:
        message: whose text is shown.
        page: of the column.
        lexers: not used by plain text; sections want it.
    """

    def __init__(self, message: Message, page: Page, lexers: Lexers) -> None:
        self.message = message
        self._lexers = lexers
        self._text = message.text.strip("\n")
        self._short = folded(self._text)
        self.open = False
        self._section = Section(lexers, Face.BUBBLE)
        self._width = 0
        self.files = FileRow(message.id, shown_files(message), page)
        self._fill(page)

    @property
    def foldable(self) -> bool:
        """Whether the text is longer than a folded bubble."""
        return len(self._short) < len(self._text)

    def toggle(self, page: Page) -> None:
        """Show everything, or the beginning alone."""
        self.open = not self.open
        self._fill(page)

    def _room(self, page: Page) -> int:
        return max(40, min(_WIDEST, page.width - _BESIDE) - 2 * _PAD_X)

    def _fill(self, page: Page) -> None:
        stream = PlainStream(blank_lines=True)
        text = self._text if self.open else self._short
        stream.feed(text)
        self._section = Section(self._lexers, Face.BUBBLE)
        self._section.update(stream.blocks, 0, page.narrowed(self._room(page)))
        self._fit(page)

    def _fit(self, page: Page) -> None:
        """Make the bubble as wide as its text."""
        room = self._room(page)
        self.files.fit(min(room + 2 * _PAD_X, page.width), page)
        self._width = room
        if len(self._section.pieces) <= _FIT_LINES:
            inner = page.narrowed(room)
            self._section.measure_between(0, 1 << 30, inner)
            widths = [piece.natural_width(inner) for piece in self._section.pieces]
            line = page.look.styles[Face.BUBBLE].leading
            wrapped = any(piece.height > line for piece in self._section.pieces)
            self._width = room if wrapped else min(room, int(max(widths, default=0)) + 1)
        if self.foldable:
            self._width = max(self._width, min(room, _FOLD_WIDTH))

    def placed(self, page: Page) -> tuple[Placed, ...]:
        """Return the sections that are shown."""
        x = page.width - self._width - _PAD_X
        inner = page.narrowed(self._room(page))
        y = self._bubble(page).top() + _PAD_Y
        return (Placed(Part.BODY, self._section, x, y, inner),)

    @property
    def _wordless(self) -> bool:
        """Whether there are files alone, and no bubble."""
        return bool(self.files.files) and not self._text.strip()

    def _files_x(self, page: Page) -> int:
        return page.width - min(self._room(page) + 2 * _PAD_X, page.width)

    def _bubble(self, page: Page) -> QRect:
        """Return where the bubble is; without one, where the files are."""
        files = self.files
        if self._wordless:
            return QRect(page.width - files.width, _GAP, files.width, files.height)
        top = _GAP + (files.height + _BELOW_FILES if files.files else 0)
        height = self._section.height + 2 * _PAD_Y
        if self.foldable:
            height += _FOLD_ROW
        width = self._width + 2 * _PAD_X
        return QRect(page.width - width, top, width, height)

    def height(self, page: Page) -> int:
        """Return the height, measured or estimated."""
        return self._bubble(page).bottom() + 1

    def measure(self, page: Page, top: int, bottom: int) -> None:
        """Measure downwards what touches a range of heights."""
        super().measure(page, top, bottom)
        self.files.measure(top - _GAP, bottom - _GAP, page)

    def measure_up(self, page: Page, y: int, amount: int) -> int:
        """Measure upwards from a height; return how much it has grown above that height."""
        self.files.measure(y - amount - _GAP, y - _GAP, page)
        return super().measure_up(page, y, amount)

    def arrived(self, pieces: Set[Piece], page: Page) -> int | None:
        """Take note of pictures that have come; they are as large as their places."""
        if self.files.holds(pieces):
            return _GAP
        return super().arrived(pieces, page)

    def keep(self, page: Page, top: int, bottom: int) -> None:
        """Let the layouts and pictures outside a range of heights go."""
        super().keep(page, top, bottom)
        self.files.keep(top - _GAP, bottom - _GAP)

    def drop(self, page: Page) -> None:
        """Let all layouts and pictures go."""
        super().drop(page)
        self.files.drop()

    def resize(self, page: Page) -> None:
        """Forget what depends on the width."""
        super().resize(page)
        self._fit(page)

    def forget(self) -> None:
        """Nothing is kept around the text."""

    def paint(self, ink: Ink, page: Page, x: int, y: int, state: State) -> None:
        """Paint what has to be painted."""
        t = ink.tokens
        bubble = self._bubble(page).translated(x, y)
        self.files.paint(ink, page, x + self._files_x(page), y + _GAP)
        if ink.wanted(bubble) and not self._wordless:
            ink.box(QRectF(bubble), RADIUS_POPUP, t.bubble, t.edge)
            place = self.placed(page)[0]
            place.section.paint(ink, place.page, x + place.x, y + place.y, Part.BODY, state.marked)
        if state.siblings[1] > 1:
            paint_version(ink, page, self._switch(page).translated(x, y), state.siblings)

    def _switch(self, page: Page) -> QRect:
        """Return the place of ``2 / 3`` and its arrows."""
        bubble = self._bubble(page)
        return QRect(
            bubble.left() - 8 - 56 - SWITCH_WIDTH, bubble.bottom() + 1 - 36, SWITCH_WIDTH, 28
        )

    def controls(
        self, page: Page, x: int, y: int, view: tuple[int, int], state: State
    ) -> list[Control]:
        """Return what can be pressed between two heights."""
        message_id = self.message.id
        bubble = self._bubble(page)
        result = self.files.controls(page, x + self._files_x(page), y + _GAP, view)
        if self.foldable:
            lines = self._text.count("\n") + 1
            text = tr("Show less") if self.open else tr("Show all")
            if not self.open and lines > FOLD_LINES:
                text = ntr("Show all {count} line", "Show all {count} lines", lines)
                text = text.format(count=f"{lines:,}")
            rect = QRect(bubble.left() + _PAD_X - 6, bubble.bottom() + 1 - _FOLD_ROW - 4, 200, 28)
            result.append(
                Control(
                    (message_id, "unfold"),
                    Kind.FOLD,
                    rect.translated(x, y),
                    Command("unfold", message_id),
                    text=text,
                    name=text,
                    checked=self.open,
                )
            )
        row = QRect(bubble.left() - 8 - 56, bubble.bottom() + 1 - 36, 28, 28).translated(x, y)
        if state.siblings[1] > 1:
            result.extend(switch_controls(message_id, self._switch(page).translated(x, y)))
        if state.active:
            result.append(action_icon(message_id, "copy", "copy", tr("Copy message"), row))
            edit = row.translated(28, 0)
            result.append(action_icon(message_id, "edit", "pencil-simple", tr("Edit"), edit))
        return [
            control
            for control in result
            if control.rect.bottom() >= view[0] and control.rect.top() < view[1]
        ]
