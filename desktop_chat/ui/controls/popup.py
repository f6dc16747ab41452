"""What opens over the window: a panel with a shadow, and the menu made of it."""

import sys
from collections.abc import Callable
from typing import Final

from PySide6.QtCore import (
    QMargins,
    QPoint,
    QPropertyAnimation,
    QRect,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import (
    QColor,
    QEnterEvent,
    QFocusEvent,
    QFontMetrics,
    QGuiApplication,
    QHideEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
)
from PySide6.QtWidgets import QSizePolicy, QVBoxLayout, QWidget

from desktop_chat.ui import icons
from desktop_chat.ui.controls.buttons import PaintedButton
from desktop_chat.ui.controls.compositor import composited
from desktop_chat.ui.controls.labels import Line
from desktop_chat.ui.controls.paint import blend, paint_box
from desktop_chat.ui.controls.shadow import MARGINS, paint_shadow
from desktop_chat.ui.theme import RADIUS_CONTROL, RADIUS_POPUP, Theme

_FADE_MS: Final = 120
_MENU_WIDTH: Final = 224


def row_fill(theme: Theme) -> QColor:
    """Return the ground of a popup's current row: in the dark ``hover`` would sink below the
    popup.
    """
    t = theme.tokens
    return blend(t.raised, t.line2, 0.48) if theme.dark and not t.strong else t.hover


class Popup(QWidget):
    """A frameless panel over everything: round with a shadow, or square with a border where no
    compositor makes windows translucent. It closes on Esc and on a press outside, and the focus
    goes back to where it came from.

    Put widgets into ``body``; they are inside the border.

    Args:
        theme: colours.
        parent: the widget it belongs to.
    """

    closed = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        flags = (
            Qt.WindowType.Popup
            | Qt.WindowType.FramelessWindowHint
            | Qt.WindowType.NoDropShadowWindowHint
        )
        super().__init__(parent, flags)
        self.theme = theme
        self._translucent = composited()
        self._margins = MARGINS if self._translucent else QMargins(0, 0, 0, 0)
        self.setAttribute(Qt.WidgetAttribute.WA_TranslucentBackground, self._translucent)
        self._anchor: QWidget | None = None
        self._above = False
        self._gap = 0
        self._fade = QPropertyAnimation(self, b"windowOpacity", self)
        self._fade.setDuration(_FADE_MS)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(self._margins)
        self._panel = QWidget(self)
        outer.addWidget(self._panel)
        self.body = QVBoxLayout(self._panel)
        self.body.setContentsMargins(1, 1, 1, 1)
        self.body.setSpacing(0)
        theme.changed.connect(self.update)

    @property
    def panel(self) -> QRect:
        """The panel without the room for the shadow, in this window's coordinates."""
        return self.rect().marginsRemoved(self._margins)

    def panel_size(self) -> QSize:
        """Return the size that the panel asks for."""
        self.ensurePolished()
        return self.sizeHint().shrunkBy(self._margins)

    def open_at(self, position: QPoint) -> None:
        """Open with the panel's top left corner at a point of the screen, or as near to it as
        the screen allows.
        """
        self._open(QRect(position, QSize(0, 0)), above=False, gap=0)

    def open_for(self, anchor: QWidget, *, above: bool = False, gap: int = 4) -> None:
        """Open below (or above) a widget, on the other side where there is no room.

        Args:
            anchor: what opens it; pressing it again closes the popup and does no more.
            above: prefer the upper side.
            gap: between the two, in pixels.
        """
        self._anchor, self._above, self._gap = anchor, above, gap
        self._open(QRect(anchor.mapToGlobal(QPoint(0, 0)), anchor.size()), above=above, gap=gap)

    def refit(self) -> None:
        """Take the size that the content asks for now, beside the widget that it opened for."""
        anchor = self._anchor
        if anchor is not None:
            self._panel.updateGeometry()
            around = QRect(anchor.mapToGlobal(QPoint(0, 0)), anchor.size())
            self._place(around, above=self._above, gap=self._gap)

    def _place(self, around: QRect, *, above: bool, gap: int) -> None:
        screen = QGuiApplication.screenAt(around.center()) or self.screen()
        room = screen.availableGeometry()
        size = self.panel_size()
        below_y = around.bottom() + 1 + gap if around.height() else around.top()
        above_y = around.top() - gap - size.height()
        fits_below = below_y + size.height() <= room.bottom() + 1
        fits_above = above_y >= room.top()
        y = above_y if (above and fits_above) or (not fits_below and fits_above) else below_y
        x = min(around.left(), room.right() + 1 - size.width())
        y = min(y, room.bottom() + 1 - size.height())
        corner = QPoint(max(x, room.left()), max(y, room.top()))
        self.setGeometry(
            QRect(
                corner - QPoint(self._margins.left(), self._margins.top()),
                size.grownBy(self._margins),
            )
        )

    def _open(self, around: QRect, *, above: bool, gap: int) -> None:
        self._place(around, above=above, gap=gap)
        fading = self._translucent and (
            sys.platform in ("win32", "darwin") or QGuiApplication.platformName() == "xcb"
        )
        if fading and not self.theme.reduced_motion:
            self.setWindowOpacity(0.0)
            self._fade.setStartValue(0.0)
            self._fade.setEndValue(1.0)
            self._fade.start()
        self.show()
        self.raise_()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Close on Esc."""
        if event.key() == Qt.Key.Key_Escape:
            self.close()
            return
        super().keyPressEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Close on a press outside; the room for the shadow is outside too."""
        if self.panel.contains(event.position().toPoint()):
            super().mousePressEvent(event)
            return
        anchor = self._anchor
        if anchor is not None and anchor.isVisible():
            place = QRect(anchor.mapToGlobal(QPoint(0, 0)), anchor.size())
            on_anchor = place.contains(event.globalPosition().toPoint())
            self.setAttribute(Qt.WidgetAttribute.WA_NoMouseReplay, on_anchor)
        self.close()

    def hideEvent(self, event: QHideEvent) -> None:
        """Tell that it closed."""
        super().hideEvent(event)
        self._fade.stop()
        self.closed.emit()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw the shadow and the panel."""
        t = self.theme.tokens
        painter = QPainter(self)
        panel = QRectF(self.panel)
        if self._translucent:
            paint_shadow(painter, panel, self.theme.dark)
            paint_box(painter, panel, RADIUS_POPUP, t.raised, t.line2)
        else:
            paint_box(painter, panel, 0, t.raised, t.line2)
        painter.end()


class MenuRow(PaintedButton):
    """A row of a menu, 32 px high. The row with the focus is the current one.

    Args:
        theme: colours and fonts.
        text: what it does.
        icon: a Phosphor name, or "".
        shortcut: the key that does the same, or "".
        danger: what it does destroys something.
        indent: keeps the place of the icon where other rows have one.
        parent: or None.
    """

    def __init__(
        self,
        theme: Theme,
        text: str,
        icon: str = "",
        shortcut: str = "",
        *,
        danger: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(theme, parent)
        self._icon_name = icon
        self._shortcut = shortcut
        self._danger = danger
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setText(text)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Become the current row; the highlight says so, there is no ring."""
        QWidget.focusInEvent(self, event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Stop being the current row."""
        QWidget.focusOutEvent(self, event)
        self.update()

    def enterEvent(self, event: QEnterEvent) -> None:
        """Become the current row under the pointer."""
        super().enterEvent(event)
        if self.isEnabled():
            self.setFocus(Qt.FocusReason.MouseFocusReason)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Leave the arrow keys to the menu; Enter and Space press."""
        if event.key() in (Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_Left, Qt.Key.Key_Right):
            event.ignore()
            return
        super().keyPressEvent(event)

    def sizeHint(self) -> QSize:
        """Return the size of icon, words, shortcut and check."""
        width = 16 + QFontMetrics(self.theme.font(13)).horizontalAdvance(self.text())
        width += 24 if self._icon_name else 0
        if self._shortcut:
            width += 24 + QFontMetrics(self.theme.font(12)).horizontalAdvance(self._shortcut)
        if self.isCheckable():
            width += 28
        return QSize(width, 32)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw it."""
        t = self.theme.tokens
        painter = QPainter(self)
        if (self.hasFocus() or self.isDown()) and self.isEnabled():
            fill = t.selected if self.isDown() and not self.theme.dark else row_fill(self.theme)
            paint_box(painter, self.rect(), RADIUS_CONTROL, fill, t.edge)
        ink = t.danger if self._danger else t.text
        soft = t.danger if self._danger else t.text2
        if not self.isEnabled():
            ink = soft = t.disabled
        x = 8
        if self._icon_name:
            icons.paint(painter, self._icon_name, QRect(x, 8, 16, 16), soft, 16)
            x += 24
        middle = Qt.AlignmentFlag.AlignVCenter
        painter.setFont(self.theme.font(13))
        painter.setPen(ink)
        words = QRect(x, 0, self.width() - x - 8, self.height())
        painter.drawText(words, middle | Qt.AlignmentFlag.AlignLeft, self.text())
        right = QRect(0, 0, self.width() - 8, self.height())
        if self._shortcut:
            painter.setFont(self.theme.font(12))
            painter.setPen(t.text3)
            painter.drawText(right, middle | Qt.AlignmentFlag.AlignRight, self._shortcut)
        if self.isCheckable() and self.isChecked():
            place = QRect(self.width() - 24, 8, 16, 16)
            icons.paint(painter, "check", place, t.accent, 16)
        painter.end()


class Menu(Popup):
    """A menu of rows: arrows, Home, End and first letters move, Enter presses, Esc closes.

    Args:
        theme: colours and fonts.
        parent: the widget it belongs to.
    """

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, parent)
        self._rows: list[MenuRow] = []
        self.body.setContentsMargins(5, 5, 5, 5)
        self._panel.setMinimumWidth(_MENU_WIDTH)

    @property
    def rows(self) -> list[MenuRow]:
        """Its rows, from the top."""
        return list(self._rows)

    def add(
        self,
        text: str,
        icon: str = "",
        shortcut: str = "",
        danger: bool = False,
        slot: Callable[[], object] | None = None,
    ) -> MenuRow:
        """Add a row.

        Args:
            text: what it does.
            icon: a Phosphor name, or "".
            shortcut: the key that does the same, or "".
            danger: what it does destroys something.
            slot: called after the menu has closed.
        """
        row = MenuRow(self.theme, text, icon, shortcut, danger=danger)
        row.clicked.connect(lambda: self._press(slot))
        self._rows.append(row)
        self.body.addWidget(row)
        return row

    def add_choice(self, text: str, checked: bool, slot: Callable[[], object]) -> MenuRow:
        """Add a row that carries a check when it is the choice that holds."""
        row = self.add(text, slot=slot)
        row.setCheckable(True)
        row.setChecked(checked)
        return row

    def add_separator(self) -> None:
        """Add a hairline."""
        line = Line(self.theme, 4)
        line.setContentsMargins(8, 0, 8, 0)
        self.body.addWidget(line)

    def clear(self) -> None:
        """Take every row away."""
        self._rows.clear()
        while (item := self.body.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()

    def _press(self, slot: Callable[[], object] | None) -> None:
        self.close()
        if slot is not None:
            slot()

    def _open(self, around: QRect, *, above: bool, gap: int) -> None:
        super()._open(around, above=above, gap=gap)
        first = next((row for row in self._rows if row.isCheckable() and row.isChecked()), None)
        if first is None:
            first = next((row for row in self._rows if row.isEnabled()), None)
        if first is not None:
            first.setFocus(Qt.FocusReason.PopupFocusReason)

    def _move(self, step: int, start: int | None = None) -> None:
        usable = [row for row in self._rows if row.isEnabled()]
        if not usable:
            return
        if start is None:
            focused = [i for i, row in enumerate(usable) if row.hasFocus()]
            start = focused[0] + step if focused else (0 if step > 0 else -1)
        usable[start % len(usable)].setFocus(Qt.FocusReason.TabFocusReason)

    def _move_to_letter(self, letter: str) -> None:
        usable = [row for row in self._rows if row.isEnabled()]
        at = next((i for i, row in enumerate(usable) if row.hasFocus()), -1)
        for row in usable[at + 1 :] + usable[: at + 1]:
            if row.text().casefold().startswith(letter.casefold()):
                row.setFocus(Qt.FocusReason.TabFocusReason)
                return

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Move between rows."""
        key = event.key()
        if key in (Qt.Key.Key_Down, Qt.Key.Key_Tab):
            self._move(1)
        elif key in (Qt.Key.Key_Up, Qt.Key.Key_Backtab):
            self._move(-1)
        elif key == Qt.Key.Key_Home:
            self._move(1, 0)
        elif key == Qt.Key.Key_End:
            self._move(-1, -1)
        elif event.text().strip() and event.text().isprintable():
            self._move_to_letter(event.text())
        else:
            super().keyPressEvent(event)

    def focusNextPrevChild(self, forward: bool) -> bool:
        """Move by Tab as by the arrows, and stay inside."""
        self._move(1 if forward else -1)
        return True
