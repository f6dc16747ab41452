"""Real widgets over the painted view, for what is pressed: pooled, and moved by scrolling."""

from collections.abc import Iterable
from itertools import pairwise
from typing import Final

from PySide6.QtCore import QEvent, QObject, QRect, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QFocusEvent, QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractButton, QWidget

from desktop_chat.ui import icons
from desktop_chat.ui.controls.buttons import Button, IconButton, PaintedButton
from desktop_chat.ui.controls.buttons import Kind as ButtonKind
from desktop_chat.ui.controls.paint import paint_box
from desktop_chat.ui.theme import Theme
from desktop_chat.ui.transcript.controls import Command, Control, Kind
from desktop_chat.ui.transcript.ink import put_text
from desktop_chat.ui.transcript.picture_area import AreaButton

_TEXT_LEFT: Final = 24
_CODE_RIGHT: Final = 2
_TOOL: Final = 24
_TOOL_ICON: Final = 14
_CONFIRM_MS: Final = 1200
_BUTTON_KINDS: Final[dict[Kind, ButtonKind]] = {
    Kind.PRIMARY: "primary",
    Kind.SECONDARY: "secondary",
}


class FoldRow(PaintedButton):
    """A row with a caret that shows and hides what is below it.

    Args:
        theme: colours and fonts.
        mono: in the code font.
        parent: the painted view.
    """

    def __init__(self, theme: Theme, parent: QWidget, *, mono: bool) -> None:
        super().__init__(theme, parent)
        self._mono = mono
        self.setCheckable(True)

    def nextCheckState(self) -> None:
        """Leave the state to the message."""

    def sizeHint(self) -> QSize:
        """Return the size of the caret and the words."""
        font = self.theme.font(12 if self._mono else 13, mono=self._mono)
        width = QFontMetrics(font).horizontalAdvance(self.text())
        return QSize(_TEXT_LEFT + width + 8, 22 if self._mono else 28)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw it."""
        t = self.theme.tokens
        painter = QPainter(self)
        ink = t.text if self.hover or self.isDown() else t.text2
        name = "caret-down" if self.isChecked() else "caret-right"
        left = 2 if self._mono else 6
        icons.paint(painter, name, QRect(left, 0, 12, self.height()), ink, 12)
        painter.setFont(self.theme.font(12 if self._mono else 13, mono=self._mono))
        painter.setPen(ink)
        text_left = _TEXT_LEFT - (6 if self._mono else 0)
        words = QRect(text_left, 0, self.width() - text_left, self.height())
        text = painter.fontMetrics().elidedText(
            self.text(), Qt.TextElideMode.ElideRight, words.width()
        )
        put_text(painter, words, text)
        painter.end()


class ToolButton(IconButton):
    """An icon of 24 px on a raised ground, which can be told from whatever lies below it.

    Args:
        theme: colours.
        parent: the painted view.
    """

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(theme, "copy", "", size=_TOOL, pixels=_TOOL_ICON, parent=parent)

    def nextCheckState(self) -> None:
        """Leave the state to the message."""

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw it."""
        t = self.theme.tokens
        painter = QPainter(self)
        paint_box(painter, self.rect(), self.radius, t.raised, t.line2)
        painter.end()
        super().paintEvent(event)


class Overlay(QObject):
    """Keeps one widget for each control in sight.

    Args:
        theme: of the widgets.
        host: the viewport, over which they lie.
    """

    pressed = Signal(object)
    """The ``Command`` of what was pressed."""
    focused = Signal(Qt.FocusReason)
    """Why the focus came to one of the widgets; ``NoFocusReason`` when it went."""

    def __init__(self, theme: Theme, host: QWidget) -> None:
        super().__init__(host)
        self._theme = theme
        self._host = host
        self._used: dict[tuple[str, str], tuple[QAbstractButton, Control]] = {}
        self._free: dict[str, list[QAbstractButton]] = {}
        self._confirmed: set[tuple[str, str]] = set()
        self._confirming = QTimer(self)
        self._confirming.setSingleShot(True)
        self._confirming.setInterval(_CONFIRM_MS)
        self._confirming.timeout.connect(self._end_confirming)

    def place(self, controls: Iterable[Control]) -> None:
        """Show exactly these.

        A widget that has the focus stays, out of sight, until the focus leaves it.
        """
        wanted = {control.key: control for control in controls}
        for key in [key for key in self._used if key not in wanted]:
            widget, control = self._used[key]
            if widget.hasFocus():
                widget.move(0, -10_000)
                continue
            del self._used[key]
            widget.hide()
            self._free.setdefault(_shape(control.kind), []).append(widget)
        fresh = False
        for key, control in wanted.items():
            found = self._used.get(key)
            if found is None:
                self._show(control)
                fresh = True
            elif found[1] != control or found[0].y() < -5_000:
                self._change(found[0], control)
        if fresh:
            self._order(list(wanted))

    def widgets(self) -> list[QAbstractButton]:
        """Return what is shown, for tests and for moving the focus."""
        return [widget for widget, _control in self._used.values()]

    def shown(self) -> list[tuple[str, str]]:
        """Return the keys of what is shown."""
        return list(self._used)

    def widget(self, key: tuple[str, str]) -> QAbstractButton | None:
        """Return the widget of one control, or None when it is out of sight."""
        found = self._used.get(key)
        return None if found is None else found[0]

    def confirm(self, key: tuple[str, str]) -> None:
        """Show a check on a control for a moment: what it does is done."""
        self._confirmed.add(key)
        self._confirming.start()
        self._dress_again(key)

    def _end_confirming(self) -> None:
        keys, self._confirmed = self._confirmed, set()
        for key in keys:
            self._dress_again(key)

    def _dress_again(self, key: tuple[str, str]) -> None:
        found = self._used.get(key)
        if found is not None:
            self._change(*found)

    def moved(self, dy: int) -> None:
        """Take note that scrolling has moved all widgets."""
        self._used = {
            key: (widget, _shifted(control, dy)) for key, (widget, control) in self._used.items()
        }

    def clear(self) -> None:
        """Hide everything."""
        self.place(())

    def _show(self, control: Control) -> None:
        pool = self._free.get(_shape(control.kind))
        widget = pool.pop() if pool else self._make(control.kind)
        self._change(widget, control)
        widget.show()

    def _make(self, kind: Kind) -> QAbstractButton:
        widget: QAbstractButton
        if kind in (Kind.FOLD, Kind.FOLD_MONO):
            widget = FoldRow(self._theme, self._host, mono=kind is Kind.FOLD_MONO)
        elif kind is Kind.TOOL:
            widget = ToolButton(self._theme, self._host)
        elif kind is Kind.AREA:
            widget = AreaButton(self._theme, self._host)
        elif kind in (Kind.ICON, Kind.SMALL_ICON):
            size = 28 if kind is Kind.ICON else 24
            widget = IconButton(self._theme, "copy", "", size=size, parent=self._host)
        else:
            widget = Button(self._theme, small=True, parent=self._host)
        widget.clicked.connect(self._clicked)
        widget.installEventFilter(self)
        return widget

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        """Watch the focus of the widgets."""
        if isinstance(event, QFocusEvent):
            came = event.type() == QEvent.Type.FocusIn
            self.focused.emit(event.reason() if came else Qt.FocusReason.NoFocusReason)
        return False

    def _change(self, widget: QAbstractButton, control: Control) -> None:
        rect = control.rect
        icon = "check" if control.key in self._confirmed else control.icon
        if isinstance(widget, IconButton):
            widget.set_icon(icon)
            widget.set_name(control.name)
            if isinstance(widget, ToolButton):
                widget.setCheckable(control.checked)
                widget.setChecked(control.checked)
            widget.move(rect.x(), rect.y() + (rect.height() - widget.height()) // 2)
        else:
            if widget.text() != control.text:
                widget.setText(control.text)
            widget.setAccessibleName(control.name)
            if isinstance(widget, Button):
                self._dress(widget, control.kind, icon)
            elif isinstance(widget, FoldRow):
                widget.setChecked(control.checked)
            hint = widget.sizeHint()
            width = rect.width() or hint.width()
            if isinstance(widget, FoldRow):
                width = min(width, hint.width())
            left = rect.x()
            if control.kind is Kind.COPY_CODE:
                left = rect.x() - _CODE_RIGHT - hint.width()
                width = hint.width()
            widget.setGeometry(left, rect.y(), width, rect.height())
        self._used[control.key] = (widget, control)

    @staticmethod
    def _dress(widget: Button, kind: Kind, icon: str) -> None:
        shape = f"{kind.name} {icon}"
        if widget.property("shape") != shape:
            widget.setProperty("shape", shape)
            widget.set_kind(_BUTTON_KINDS.get(kind, "quiet"))
            widget.set_icon(icon)

    def _order(self, keys: list[tuple[str, str]]) -> None:
        """Make Tab go through them in reading order."""
        widgets: list[QWidget] = [self._used[key][0] for key in keys]
        view = self._host.parentWidget()
        if view is not None:
            widgets.insert(0, view)
        for before, after in pairwise(widgets):
            QWidget.setTabOrder(before, after)

    def _clicked(self) -> None:
        sender = self.sender()
        for widget, control in self._used.values():
            if widget is sender:
                command: Command = control.command
                self.pressed.emit(command)
                return


def _shape(kind: Kind) -> str:
    if kind in (Kind.FOLD, Kind.FOLD_MONO, Kind.ICON, Kind.SMALL_ICON, Kind.TOOL, Kind.AREA):
        return kind.name
    return "button"


def _shifted(control: Control, dy: int) -> Control:
    return Control(
        control.key,
        control.kind,
        control.rect.translated(0, dy),
        control.command,
        control.text,
        control.icon,
        control.name,
        control.checked,
    )
