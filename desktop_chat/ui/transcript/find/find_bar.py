"""The bar in which one types what is to be found in the chat."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QEvent, QObject, QPoint, QRect, QRectF, Qt, Signal
from PySide6.QtGui import (
    QFontMetrics,
    QHideEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QShowEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QApplication, QHBoxLayout, QWidget
from shiboken6 import isValid

from desktop_chat.core.i18n import tr
from desktop_chat.ui.controls.buttons import IconButton
from desktop_chat.ui.controls.fields import Field
from desktop_chat.ui.controls.paint import blend, clear, paint_box
from desktop_chat.ui.theme import RADIUS_POPUP, Theme
from desktop_chat.ui.transcript.find.needle import Needle
from desktop_chat.ui.transcript.ink import put_text

if TYPE_CHECKING:
    from desktop_chat.ui.transcript.canvas import TranscriptCanvas

_TOP: Final = 8
_RIGHT: Final = 12
_WIDTH: Final = 468
_PAD: Final = 8
_NOTE_PAD: Final = 10
_FIELD_PAD: Final = 9
_LONGEST: Final = 200
"""A longer selection is not what one looks for."""


class _QueryField(Field):
    """The line to write in, with a quiet note at its right end: how much was found."""

    stepped = Signal(int)
    """The next hit (1) or the one before (-1) is wanted."""
    left = Signal()
    """Esc was pressed."""

    def __init__(self, theme: Theme) -> None:
        super().__init__(theme, "")
        self._note = ""

    @property
    def note(self) -> str:
        """What is said at the right end."""
        return self._note

    def set_note(self, note: str) -> None:
        """Change what is said at the right end."""
        if note != self._note:
            self._note = note
            room = QFontMetrics(self.theme.number_font(12)).horizontalAdvance(note)
            self.setTextMargins(_FIELD_PAD, 0, room + 2 * _NOTE_PAD if note else _FIELD_PAD, 0)
            self.update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Go from hit to hit on Enter, and leave on Esc."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and not self.composing:
            back = event.modifiers() & Qt.KeyboardModifier.ShiftModifier
            self.stepped.emit(-1 if back else 1)
        elif event.key() == Qt.Key.Key_Escape and not event.modifiers():
            self.left.emit()
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the box, the text and the note."""
        super().paintEvent(event)
        if self._note:
            painter = QPainter(self)
            painter.setFont(self.theme.number_font(12))
            painter.setPen(self.theme.tokens.text3)
            put_text(painter, self.rect().adjusted(0, 0, -_NOTE_PAD, 0), self._note, "right")
            painter.end()


class _LetterButton(IconButton):
    """A switch whose sign is letters.

    Args:
        theme: colours and fonts.
        letters: two of them.
        framed: whether a bracket stands below them: a word with its ends.
    """

    def __init__(self, theme: Theme, letters: str, *, framed: bool = False) -> None:
        super().__init__(theme, "", "")
        self._letters = letters
        self._framed = framed
        self.setCheckable(True)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw it."""
        t = self.theme.tokens
        painter = QPainter(self)
        on = self.isChecked()
        base = t.soft if on else clear(t.hover)
        fill = t.selected if self.isDown() else blend(base, t.hover, 0.0 if on else self.hover)
        paint_box(painter, self.rect(), self.radius, fill, t.softline if on else None)
        ink = t.accent if on else blend(t.text2, t.text, self.hover)
        painter.setPen(ink)
        painter.setFont(self.theme.font(12, bold=True))
        row = self.rect().adjusted(0, 0, 0, -4 if self._framed else 0)
        put_text(painter, row, self._letters, "centre")
        if self._framed:
            width = QFontMetrics(painter.font()).horizontalAdvance(self._letters) + 4
            left, bottom = (self.width() - width) / 2, self.height() - 6.0
            painter.fillRect(QRectF(left, bottom, width, 1), ink)
            for x in (left, left + width - 1):
                painter.fillRect(QRectF(x, bottom - 3, 1, 3), ink)
        painter.end()


class FindBar(QWidget):
    """Lies over the upper right corner of a conversation while something is looked for.

    Args:
        canvas: the conversation.
    """

    def __init__(self, canvas: TranscriptCanvas) -> None:
        super().__init__(canvas)
        self._canvas = canvas
        self._search = canvas.search
        self._theme = canvas.theme
        theme = self._theme
        self._focus_before: QWidget | None = None
        self.field = _QueryField(theme)
        self.case = _LetterButton(theme, "Aa")
        self.whole = _LetterButton(theme, "ab", framed=True)
        self.previous = IconButton(theme, "caret-up", "")
        self.next = IconButton(theme, "caret-down", "")
        self.shut = IconButton(theme, "x", "")
        row = QHBoxLayout(self)
        row.setContentsMargins(_PAD, _PAD, _PAD, _PAD)
        row.setSpacing(4)
        row.addWidget(self.field, 1)
        row.addSpacing(4)
        for button in (self.case, self.whole, self.previous, self.next, self.shut):
            row.addWidget(button)
        self.setAttribute(Qt.WidgetAttribute.WA_NoMousePropagation)
        self.field.textChanged.connect(self._look)
        self.field.stepped.connect(self.step)
        self.field.left.connect(self.shut_down)
        self.case.toggled.connect(self._look)
        self.whole.toggled.connect(self._look)
        self.previous.clicked.connect(partial(self.step, -1))
        self.next.clicked.connect(partial(self.step, 1))
        self.shut.clicked.connect(self.shut_down)
        self._search.changed.connect(self._tell)
        theme.changed.connect(self.update)
        canvas.viewport().installEventFilter(self)
        self.hide()
        self.retranslate()

    def retranslate(self) -> None:
        """Set the words."""
        name = tr("Find in chat")
        self.setAccessibleName(name)
        self.field.setAccessibleName(name)
        self.field.setPlaceholderText(name)
        self.case.set_name(tr("Match case"))
        self.whole.set_name(tr("Whole words"))
        self.previous.set_name(tr("Previous match"))
        self.next.set_name(tr("Next match"))
        self.shut.set_name(tr("Close"))
        self._tell()

    def changeEvent(self, event: QEvent) -> None:
        """Speak the language that was chosen."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslate()

    # Opening and closing

    def open(self) -> None:
        """Show it and let one type; what is selected in the text is looked for to begin with."""
        focus = QApplication.focusWidget()
        if focus is not None and not self.isAncestorOf(focus):
            self._focus_before = focus
        self._place()
        self.show()
        self.raise_()
        query = self._selected()
        if query and "\n" not in query:
            self.field.setText(query)
        self.field.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.field.selectAll()
        self._look()

    def _selected(self) -> str:
        """Return the selected text if it is short and in one piece, or ""."""
        canvas = self._canvas
        selected = canvas.pointer.selection.range()
        if selected is None or selected.first.message_id != selected.last.message_id:
            return ""
        first, last = selected.first.place, selected.last.place
        index = canvas.column.index_of(selected.first.message_id)
        body = None if index is None else canvas.column.items[index].body
        at = None if body is None else body.piece(canvas.page, first.part, first.piece)
        if at is None or first[:2] != last[:2] or last.position - first.position > _LONGEST:
            return ""
        return at.piece.plain(first.position, last.position)

    def shut_down(self) -> None:
        """Hide it and forget what was found; the reader's place stays, the focus goes back."""
        inside = self.isAncestorOf(QApplication.focusWidget() or self._canvas)
        self.hide()
        self._search.look_for(None)
        self._canvas.scroller.resume()
        before, self._focus_before = self._focus_before, None
        there = before is not None and isValid(before) and before.isVisible()
        if inside and before is not None and there:
            before.setFocus(Qt.FocusReason.OtherFocusReason)
        elif inside:
            self._canvas.setFocus(Qt.FocusReason.OtherFocusReason)

    def step(self, direction: int) -> None:
        """Go to the next match (1) or the one before (-1); open first if it is closed."""
        if self.isHidden():
            self.open()
        else:
            self._search.step(direction)

    # Looking

    def _look(self) -> None:
        """Look for what is typed."""
        if self.isHidden():
            return
        query = self.field.text()
        needle = None
        if query.strip():
            needle = Needle(query, case=self.case.isChecked(), whole=self.whole.isChecked())
        self._search.look_for(needle)
        self._tell()

    def _tell(self) -> None:
        """Say how much was found."""
        search = self._search
        total, looking = search.total, search.looking
        note = said = ""
        if search.needle is None:
            pass
        elif total:
            more = "+" if looking else ""
            note = f"{search.ordinal:,} / {total:,}{more}"
            said = tr("Match {number} of {total}").format(
                number=f"{search.ordinal:,}", total=f"{total:,}{more}"
            )
        elif looking:
            note = "…"
        else:
            note = said = tr("No matches")
        self.field.set_note(note)
        if said != self.field.accessibleDescription():
            self.field.setAccessibleDescription(said)
        for button in (self.previous, self.next):
            button.setEnabled(bool(total))
        if not self.isHidden():
            self._place()

    # Where it lies

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        """Stay in the corner when the view changes its size."""
        if event.type() == QEvent.Type.Resize and not self.isHidden():
            self._place()
        return False

    def _place(self) -> None:
        """Lie in the upper corner; in the lower one where the reader's hit cannot be scrolled
        out from under it, because nothing stands above.
        """
        room = self._canvas.viewport().geometry()
        width = min(_WIDTH, room.width() - 2 * _RIGHT)
        height = self.sizeHint().height()
        corner = QPoint(room.right() + 1 - _RIGHT - width, room.top() + _TOP)
        place = QRect(corner, corner + QPoint(width - 1, height - 1))
        hit = self._search.place_of_current().translated(room.topLeft())
        if self._canvas.scroller.top <= 0 and place.intersects(hit):
            place.moveBottom(room.bottom() - _TOP)
        self.setGeometry(place)
        self._search.visit.top = _TOP + height

    def showEvent(self, event: QShowEvent) -> None:
        """Look on after having been out of sight."""
        super().showEvent(event)
        self._search.go_on()

    def hideEvent(self, event: QHideEvent) -> None:
        """Give back the room that hits are kept clear of."""
        super().hideEvent(event)
        self._search.visit.top = 0

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw the panel."""
        t = self._theme.tokens
        painter = QPainter(self)
        paint_box(painter, self.rect(), RADIUS_POPUP, t.raised, t.line2)
        painter.end()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Leave on Esc from every button, too."""
        if event.key() == Qt.Key.Key_Escape and not event.modifiers():
            self.shut_down()
        else:
            super().keyPressEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Keep presses beside the controls from the text below."""
        event.accept()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Scroll as over the text."""
        self._canvas.wheelEvent(event)
