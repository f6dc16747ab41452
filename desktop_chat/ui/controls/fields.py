"""Fields to write in and to choose from, 32 px high, with a 1 px border: accent when focused."""

from collections.abc import Sequence
from functools import partial
from typing import Final

from PySide6.QtCore import QRect, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QFont,
    QFontMetrics,
    QInputMethodEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPalette,
    QResizeEvent,
    QShowEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QAbstractSpinBox, QLineEdit, QSizePolicy, QSpinBox, QWidget

from desktop_chat.ui import icons
from desktop_chat.ui.controls.buttons import PaintedButton
from desktop_chat.ui.controls.paint import blend, paint_box
from desktop_chat.ui.controls.popup import Menu
from desktop_chat.ui.theme import RADIUS_CONTROL, Theme

HEIGHT: Final = 32
_PAD: Final = 9


def field_fill(theme: Theme) -> QColor:
    """Return the ground of fields: a step below the surface in the dark, the surface by day."""
    return theme.tokens.sunken if theme.dark else theme.tokens.canvas


def paint_field(
    painter: QPainter,
    theme: Theme,
    rect: QRect,
    *,
    focused: bool,
    wrong: bool = False,
    enabled: bool = True,
) -> None:
    """Draw the box of a field."""
    t = theme.tokens
    edge = t.danger if wrong else t.accent if focused else t.line2 if enabled else t.line
    width = 2.0 if focused and t.strong else 0.0
    paint_box(painter, rect, RADIUS_CONTROL, field_fill(theme), edge, width)


def _strip_ground(widget: QWidget) -> None:
    """Leave the ground to our own painting."""
    palette = widget.palette()
    palette.setColor(QPalette.ColorRole.Base, QColor(0, 0, 0, 0))
    widget.setPalette(palette)


class Field(QLineEdit):
    """A line to write in.

    Args:
        theme: colours and fonts.
        name: what it holds, for a screen reader.
        mono: the code font, for keys and addresses.
        parent: or None.
    """

    def __init__(
        self, theme: Theme, name: str, *, mono: bool = False, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.theme = theme
        self._wrong = False
        self._composing = False
        self.setFrame(False)
        self.setAccessibleName(name)
        font = theme.font(13, mono=mono)
        if mono:
            # Two slashes must not run into one sign in an address or a key.
            font.setFeature(QFont.Tag("calt"), 0)
        self.setFont(font)
        self.setFixedHeight(HEIGHT)
        self.setTextMargins(_PAD, 0, _PAD, 0)
        _strip_ground(self)
        theme.changed.connect(self.update)

    @property
    def wrong(self) -> bool:
        """Whether its content is marked as wrong."""
        return self._wrong

    @property
    def composing(self) -> bool:
        """Whether an input method composes."""
        return self._composing

    def set_wrong(self, wrong: bool) -> None:
        """Mark its content as wrong; say why in words below it."""
        self._wrong = wrong
        self.update()

    def inputMethodEvent(self, event: QInputMethodEvent) -> None:
        """Remember whether an input method composes."""
        self._composing = bool(event.preeditString())
        super().inputMethodEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Leave Enter to the input method while it composes: it reaches us all the same."""
        if self._composing and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            event.accept()
            return
        super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the box, then the text."""
        painter = QPainter(self)
        paint_field(
            painter,
            self.theme,
            self.rect(),
            focused=self.hasFocus(),
            wrong=self._wrong,
            enabled=self.isEnabled(),
        )
        painter.end()
        super().paintEvent(event)


class SearchField(Field):
    """A field to search or filter in: Esc clears it first.

    Args:
        theme: colours and fonts.
        name: what is searched, for a screen reader; shown while it is empty.
        bare: without a box, as the head of a popup.
        shortcut: the key that brings one here, shown while it is empty; or "".
        parent: or None.
    """

    def __init__(
        self,
        theme: Theme,
        name: str,
        *,
        bare: bool = False,
        shortcut: str = "",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(theme, name, parent=parent)
        self._bare = bare
        self._shortcut = shortcut
        self.setPlaceholderText(name)
        self.setTextMargins(30 if not bare else 34, 0, _PAD, 0)
        if bare:
            self.setFixedHeight(36)

    def set_name(self, name: str) -> None:
        """Change what is searched, in words."""
        self.setAccessibleName(name)
        self.setPlaceholderText(name)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Clear on Esc while there is text."""
        if event.key() == Qt.Key.Key_Escape and self.text():
            self.clear()
            return
        super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the box, the icon and the text."""
        t = self.theme.tokens
        if self._bare:
            QLineEdit.paintEvent(self, event)
        else:
            super().paintEvent(event)
        painter = QPainter(self)
        x = 12 if self._bare else 9
        icons.paint(painter, "magnifying-glass", QRect(x, 0, 16, self.height()), t.text2, 16)
        if self._shortcut and not self.text():
            painter.setFont(self.theme.font(12))
            painter.setPen(t.text3)
            place = self.rect().adjusted(0, 0, -_PAD, 0)
            painter.drawText(
                place, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, self._shortcut
            )
        painter.end()


class SelectField(PaintedButton):
    """Shows one of several and opens a menu of them; the arrow keys step through.

    Args:
        theme: colours and fonts.
        name: what is chosen, for a screen reader.
        choices: value and label of each.
        parent: or None.
    """

    chosen = Signal(str)
    """The value that the user chose."""

    def __init__(
        self,
        theme: Theme,
        name: str,
        choices: Sequence[tuple[str, str]] = (),
        *,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(theme, parent)
        self._name = name
        self._choices: list[tuple[str, str]] = []
        self._value = ""
        self._menu: Menu | None = None
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.clicked.connect(self._open)
        self.set_choices(choices)

    def set_name(self, name: str) -> None:
        """Change what is chosen, in words."""
        self._name = name
        self._show()

    def set_choices(self, choices: Sequence[tuple[str, str]]) -> None:
        """Change what there is to choose from; the value stays where it can."""
        self._choices = list(choices)
        self._show()

    def value(self) -> str:
        """Return the value chosen, or ""."""
        return self._value

    def set_value(self, value: str) -> None:
        """Show a value, without the signal."""
        self._value = value
        self._show()

    def menu(self) -> Menu | None:
        """Return the open menu."""
        return self._menu

    def _show(self) -> None:
        label = dict(self._choices).get(self._value, "")
        self.setText(label)
        self.setAccessibleName(self._name)
        self.setAccessibleDescription(label)
        self.update()

    def _choose(self, value: str) -> None:
        if value != self._value:
            self.set_value(value)
            self.chosen.emit(value)

    def _open(self) -> None:
        menu = Menu(self.theme, self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for value, label in self._choices:
            menu.add_choice(label, value == self._value, partial(self._choose, value))
        menu.closed.connect(self._forget)
        self._menu = menu
        menu.open_for(self)

    def _forget(self) -> None:
        self._menu = None

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Step with the arrow keys."""
        if event.key() in (Qt.Key.Key_Up, Qt.Key.Key_Down) and self._choices:
            values = [value for value, _label in self._choices]
            at = values.index(self._value) if self._value in values else -1
            step = 1 if event.key() == Qt.Key.Key_Down else -1
            self._choose(values[max(0, min(len(values) - 1, at + step))])
            return
        super().keyPressEvent(event)

    def sizeHint(self) -> QSize:
        """Return the size of the longest label."""
        metrics = QFontMetrics(self.theme.font(13))
        widest = max((metrics.horizontalAdvance(label) for _v, label in self._choices), default=0)
        return QSize(max(120, widest + 48), HEIGHT)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw it."""
        t = self.theme.tokens
        painter = QPainter(self)
        fill = blend(field_fill(self.theme), t.hover2, self.hover)
        edge = t.line2 if self.isEnabled() else t.line
        paint_box(painter, self.rect(), self.radius, fill, edge)
        ink = t.text if self.isEnabled() else t.disabled
        painter.setFont(self.theme.font(13))
        painter.setPen(ink)
        middle = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
        room = QRect(11, 0, self.width() - 38, self.height())
        words = painter.fontMetrics().elidedText(
            self.text(), Qt.TextElideMode.ElideRight, room.width()
        )
        painter.drawText(room, middle, words)
        place = QRect(self.width() - 22, 0, 12, self.height())
        soft = t.text2 if self.isEnabled() else t.disabled
        icons.paint(painter, "caret-down", place, soft, 12)
        painter.end()


class SpinField(QSpinBox):
    """A number with a unit; the wheel moves it only while it has the focus.

    Args:
        theme: colours and fonts.
        name: what it counts, for a screen reader.
        parent: or None.
    """

    def __init__(self, theme: Theme, name: str, *, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.theme = theme
        self.setAccessibleName(name)
        self.setFrame(False)
        self.setButtonSymbols(QAbstractSpinBox.ButtonSymbols.NoButtons)
        self.setFont(theme.number_font(13))
        self.setFixedHeight(HEIGHT)
        self.setMinimumWidth(88)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setKeyboardTracking(False)
        edit = self.lineEdit()
        edit.setTextMargins(_PAD - 1, 0, 0, 0)
        edit.setAccessibleName(name)
        for widget in (self, edit):
            _strip_ground(widget)
        theme.changed.connect(self.update)

    def set_name(self, name: str) -> None:
        """Change what it counts, in words."""
        self.setAccessibleName(name)
        self.lineEdit().setAccessibleName(name)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Let the page scroll unless the field has the focus."""
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Repaint the border."""
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Repaint the border."""
        super().focusOutEvent(event)
        self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Step by the carets."""
        if event.position().x() >= self.width() - 26:
            self.stepBy(1 if event.position().y() < self.height() / 2 else -1)
            self.setFocus(Qt.FocusReason.MouseFocusReason)
            return
        super().mousePressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep the carets free of the line to write in."""
        super().resizeEvent(event)
        self._place_line()

    def showEvent(self, event: QShowEvent) -> None:
        """Keep the carets free of the line to write in."""
        super().showEvent(event)
        self._place_line()

    def _place_line(self) -> None:
        self.lineEdit().setGeometry(1, 1, self.width() - 25, self.height() - 2)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw the box and the carets; the line to write in draws itself."""
        t = self.theme.tokens
        painter = QPainter(self)
        paint_field(
            painter, self.theme, self.rect(), focused=self.hasFocus(), enabled=self.isEnabled()
        )
        ink = t.text2 if self.isEnabled() else t.disabled
        x = self.width() - 19
        icons.paint(painter, "caret-up", QRect(x, 4, 12, 12), ink, 10)
        icons.paint(painter, "caret-down", QRect(x, 16, 12, 12), ink, 10)
        painter.end()
