"""Real widgets over the painted view, for what is pressed: pooled, and moved by scrolling."""

from collections.abc import Iterable
from dataclasses import replace
from itertools import pairwise
from typing import Final

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QFocusEvent
from PySide6.QtWidgets import QAbstractButton, QWidget

from desktop_chat.ui.controls.buttons import Button
from desktop_chat.ui.controls.buttons import Kind as ButtonKind
from desktop_chat.ui.theme import Theme
from desktop_chat.ui.transcript.controls import Command, Control, Kind
from desktop_chat.ui.transcript.images.picture_area import AreaButton
from desktop_chat.ui.transcript.overlay_widgets import FoldRow, OverlayIcon, ToolButton

_CODE_RIGHT: Final = 2
_AWAY: Final = -10_000
_CONFIRM_MS: Final = 1200
_BUTTON_KINDS: Final[dict[Kind, ButtonKind]] = {
    Kind.PRIMARY: "primary",
    Kind.SECONDARY: "secondary",
}
_ICON_SIZES: Final = {Kind.ICON: 28, Kind.SMALL_ICON: 24}


class _Laid:
    """A widget, what it stands for, and how far the view had scrolled when it was placed."""

    __slots__ = ("away", "control", "shift", "widget")

    def __init__(self, widget: QAbstractButton, control: Control, shift: int) -> None:
        self.widget = widget
        self.control = control
        self.shift = shift
        self.away = False

    def is_at(self, control: Control, shift: int) -> bool:
        """Tell whether it shows a control where that is to be, and take note of it."""
        own = self.control
        if own is control and self.shift == shift:
            return True
        rect, before = control.rect, own.rect
        same = (
            rect.y() == before.y() + shift - self.shift
            and rect.x() == before.x()
            and rect.size() == before.size()
            and _looks(control) == _looks(own)
        )
        if same:
            self.control, self.shift = control, shift
        return same


def _looks(control: Control) -> tuple[object, ...]:
    return (
        control.kind,
        control.text,
        control.icon,
        control.name,
        control.checked,
        control.switches,
        control.command,
    )


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
        self._used: dict[tuple[str, str], _Laid] = {}
        self._free: dict[str, list[QAbstractButton]] = {}
        self._placed: list[Control] = []
        self._placed_at: int | None = None
        self._ordered: list[tuple[str, str]] = []
        self._shift = 0
        """How far scrolling has moved all widgets, in all."""
        self._confirmed: set[tuple[str, str]] = set()
        self._confirming = QTimer(self)
        self._confirming.setSingleShot(True)
        self._confirming.setInterval(_CONFIRM_MS)
        self._confirming.timeout.connect(self._end_confirming)

    def place(self, controls: Iterable[Control]) -> None:
        """Show exactly these, which come in reading order.

        A widget that has the focus stays, out of sight, until the focus leaves it.
        """
        controls = list(controls)
        if self._placed_at == self._shift and controls == self._placed:
            return
        self._placed, self._placed_at = controls, self._shift
        wanted = {control.key: control for control in controls}
        for key in [key for key in self._used if key not in wanted]:
            self._put_away(key)
        for key, control in wanted.items():
            laid = self._used.get(key)
            if laid is None:
                self._show(control)
            elif _shape(laid.control.kind) != _shape(control.kind):
                self._exchange(laid, control)
            elif laid.away or not laid.is_at(control, self._shift):
                self._change(laid.widget, control)
        order = list(wanted)
        if order != self._ordered:
            self._order(order)

    def _put_away(self, key: tuple[str, str]) -> None:
        laid = self._used[key]
        if laid.widget.hasFocus():
            laid.widget.move(0, _AWAY)
            laid.away = True
            # It has to be looked at again when nothing else changes.
            self._placed_at = None
            return
        del self._used[key]
        self._let_go(laid)

    def _let_go(self, laid: _Laid) -> None:
        laid.widget.hide()
        self._free.setdefault(_shape(laid.control.kind), []).append(laid.widget)

    def _exchange(self, laid: _Laid, control: Control) -> None:
        """Show a control by a widget of another shape than before."""
        focused = laid.widget.hasFocus()
        self._show(control)
        if focused:
            self._used[control.key].widget.setFocus(Qt.FocusReason.OtherFocusReason)
        self._let_go(laid)
        self._ordered = []

    def widgets(self) -> list[QAbstractButton]:
        """Return what is shown, for tests and for moving the focus."""
        return [laid.widget for laid in self._used.values()]

    def shown(self) -> list[tuple[str, str]]:
        """Return the keys of what is shown."""
        return list(self._used)

    def widget(self, key: tuple[str, str]) -> QAbstractButton | None:
        """Return the widget of one control, or None when it is out of sight."""
        found = self._used.get(key)
        return None if found is None else found.widget

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
            rect = found.control.rect.translated(0, self._shift - found.shift)
            self._change(found.widget, replace(found.control, rect=rect))

    def moved(self, dy: int) -> None:
        """Take note that scrolling has moved all widgets."""
        self._shift += dy

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
        elif kind in _ICON_SIZES:
            widget = OverlayIcon(self._theme, self._host, size=_ICON_SIZES[kind])
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
        if isinstance(widget, OverlayIcon):
            widget.dress(icon, control.name, switches=control.switches, checked=control.checked)
            widget.move(rect.x(), rect.y() + (rect.height() - widget.height()) // 2)
        else:
            self._change_words(widget, control, icon)
        self._used[control.key] = _Laid(widget, control, self._shift)

    def _change_words(self, widget: QAbstractButton, control: Control, icon: str) -> None:
        rect = control.rect
        if widget.text() != control.text:
            widget.setText(control.text)
        if widget.accessibleName() != control.name:
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

    @staticmethod
    def _dress(widget: Button, kind: Kind, icon: str) -> None:
        shape = f"{kind.name} {icon}"
        if widget.property("shape") != shape:
            widget.setProperty("shape", shape)
            widget.set_kind(_BUTTON_KINDS.get(kind, "quiet"))
            widget.set_icon(icon)

    def _order(self, keys: list[tuple[str, str]]) -> None:
        """Make Tab go through them in reading order."""
        self._ordered = keys
        widgets: list[QWidget] = [self._used[key].widget for key in keys]
        view = self._host.parentWidget()
        if view is not None:
            widgets.insert(0, view)
        for before, after in pairwise(widgets):
            QWidget.setTabOrder(before, after)

    def _clicked(self) -> None:
        sender = self.sender()
        for laid in self._used.values():
            if laid.widget is sender:
                command: Command = laid.control.command
                self.pressed.emit(command)
                return


def _shape(kind: Kind) -> str:
    if kind in (Kind.FOLD, Kind.FOLD_MONO, Kind.ICON, Kind.SMALL_ICON, Kind.TOOL, Kind.AREA):
        return kind.name
    return "button"
