"""Buttons of every shape, painted from the tokens of the theme."""

import html
from collections.abc import Sequence
from typing import Final, Literal

from PySide6.QtCore import (
    QEvent,
    QPoint,
    QRect,
    QRectF,
    QSize,
    Qt,
    QTimer,
    QVariantAnimation,
    Signal,
)
from PySide6.QtGui import (
    QColor,
    QEnterEvent,
    QFocusEvent,
    QFontMetrics,
    QHideEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
)
from PySide6.QtWidgets import QAbstractButton, QButtonGroup, QHBoxLayout, QSizePolicy, QWidget

from desktop_chat.ui import icons
from desktop_chat.ui.controls.focus import FocusRing
from desktop_chat.ui.controls.paint import blend, clear, paint_box
from desktop_chat.ui.controls.ring import paint_ring, turn_of
from desktop_chat.ui.theme import RADIUS_CONTROL, RADIUS_TAG, Theme, Tokens

Kind = Literal["primary", "secondary", "quiet", "danger"]
_HOVER_MS: Final = 80
_FRAME_MS: Final = 33


def plain_tip(text: str) -> str:
    """Return the text of a tooltip so that Qt shows it as it is.

    A tooltip with tags is rich text, whose images Qt opens, from other machines' shares too; titles
    and the names of models are other people's words.
    """
    return html.escape(text, quote=False) if "<" in text else text


class PaintedButton(QAbstractButton):
    """A button that paints itself: hover fades in, the focus ring shows for the keyboard only,
    and Enter presses it as Space does.

    Args:
        theme: colours and fonts.
        parent: or None.
        radius: of its corners.
    """

    def __init__(
        self, theme: Theme, parent: QWidget | None = None, *, radius: float = RADIUS_CONTROL
    ) -> None:
        super().__init__(parent)
        self.theme = theme
        self.radius = radius
        self.setCursor(Qt.CursorShape.ArrowCursor)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.ring = FocusRing(theme, self, radius)
        self._hover = 0.0
        self._fade = QVariantAnimation(self)
        self._fade.valueChanged.connect(self._hover_changed)
        theme.changed.connect(self.update)

    @property
    def hover(self) -> float:
        """How far the pointer's highlight has faded in, 0 to 1."""
        return self._hover if self.isEnabled() else 0.0

    def setToolTip(self, text: str) -> None:
        """Say more when it is pointed at. Names of services and models may be in it, so it is
        never rich text, whose images would be opened, from other machines' shares too.
        """
        super().setToolTip(plain_tip(text))

    def _hover_changed(self, value: float) -> None:
        self._hover = value
        self.update()

    def _fade_to(self, end: float) -> None:
        self._fade.stop()
        if self.theme.reduced_motion or not self.isVisible():
            self._hover_changed(end)
            return
        self._fade.setStartValue(self._hover)
        self._fade.setEndValue(end)
        self._fade.setDuration(_HOVER_MS)
        self._fade.start()

    def enterEvent(self, event: QEnterEvent) -> None:
        """Begin the highlight."""
        super().enterEvent(event)
        self._fade_to(1.0)

    def leaveEvent(self, event: QEvent) -> None:
        """End the highlight."""
        super().leaveEvent(event)
        self._fade_to(0.0)

    def hideEvent(self, event: QHideEvent) -> None:
        """Forget the highlight: no leave event may come while hidden."""
        super().hideEvent(event)
        self._fade.stop()
        self._hover = 0.0

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Show the ring when the keyboard brought the focus."""
        super().focusInEvent(event)
        self.ring.focus_in(event.reason())

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Take the ring away."""
        super().focusOutEvent(event)
        self.ring.focus_out()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Press on Enter too."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and not event.isAutoRepeat():
            self.click()
            return
        super().keyPressEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        """Measure again when what is shown changes."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.EnabledChange:
            self.update()

    def setText(self, text: str) -> None:
        """Change what it says."""
        super().setText(text)
        self.updateGeometry()

    def minimumSizeHint(self) -> QSize:
        """Return the size it asks for: it never shrinks."""
        return self.sizeHint()


class Button(PaintedButton):
    """A button with words, 32 px high (28 small).

    Args:
        theme: colours and fonts.
        text: a verb.
        kind: how much it weighs.
        small: 28 px high.
        icon: a Phosphor name, or "".
        parent: or None.
    """

    def __init__(
        self,
        theme: Theme,
        text: str = "",
        *,
        kind: Kind = "secondary",
        small: bool = False,
        icon: str = "",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(theme, parent)
        self._kind: Kind = kind
        self._small = small
        self._icon_name = icon
        self._hint = ""
        self._busy = False
        self._clock = QTimer(self)
        self._clock.setInterval(_FRAME_MS)
        self._clock.timeout.connect(self.update)
        self.setText(text)

    @property
    def busy(self) -> bool:
        """Whether it shows that its work is under way."""
        return self._busy

    def set_kind(self, kind: Kind) -> None:
        """Change how much it weighs."""
        self._kind = kind
        self.update()

    def set_icon(self, name: str) -> None:
        """Change its icon; "" is none."""
        self._icon_name = name
        self.updateGeometry()
        self.update()

    def set_hint(self, text: str) -> None:
        """Show a key behind the words, such as ``Esc``; "" is none."""
        self._hint = text
        self.updateGeometry()
        self.update()

    def set_busy(self, busy: bool) -> None:
        """Show that its work is under way: a ring in place of the icon, and no clicks."""
        self._busy = busy
        if busy and not self.theme.reduced_motion:
            self._clock.start()
        else:
            self._clock.stop()
        self.updateGeometry()
        self.update()

    def nextCheckState(self) -> None:
        """Keep the state: this is not a check box."""
        if self.isCheckable():
            super().nextCheckState()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Ignore the pointer while busy."""
        if self._busy:
            event.accept()
            return
        super().mousePressEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Ignore the keys that press it while busy."""
        pressing = (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space)
        if self._busy and event.key() in pressing:
            event.accept()
            return
        super().keyPressEvent(event)

    def _mark(self) -> int:
        if not self._icon_name and not self._busy:
            return 0
        return 14 if self._small else 16

    def sizeHint(self) -> QSize:
        """Return the size of the words with their margins."""
        pad = 11 if self._small else 13
        width = QFontMetrics(self.theme.font(13)).horizontalAdvance(self.text()) + 2 * pad
        if mark := self._mark():
            width += mark + (6 if self.text() else 0)
        if self._hint:
            width += 8 + QFontMetrics(self.theme.font(12)).horizontalAdvance(self._hint)
        height = 28 if self._small else 32
        return QSize(max(width, height), height)

    def _colours(self, t: Tokens) -> tuple[QColor | None, QColor | None, QColor]:
        """Return fill, edge and text for the state it is in."""
        down = self.isDown()
        if not self.isEnabled():
            quiet = self._kind == "quiet"
            plain = self._kind == "secondary"
            fill = None if quiet else t.raised if plain else t.hover
            return fill, t.line if plain else None, t.disabled
        if self._kind == "primary":
            fill = t.accentp if down else blend(t.accent, t.accenth, self.hover)
            return fill, None, t.onaccent
        if self._kind == "danger":
            fill = blend(t.danger, t.text, 0.25 if down else 0.12 * self.hover)
            return fill, None, t.onaccent
        if self._kind == "quiet":
            return t.selected if down else blend(clear(t.hover), t.hover, self.hover), None, t.text2
        return t.selected if down else blend(t.raised, t.hover2, self.hover), t.line2, t.text

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw it."""
        t = self.theme.tokens
        fill, edge, ink = self._colours(t)
        painter = QPainter(self)
        paint_box(painter, self.rect(), self.radius, fill, edge)
        font = self.theme.font(13)
        hint_font = self.theme.font(12)
        words = QFontMetrics(font).horizontalAdvance(self.text())
        mark = self._mark()
        gap = 6 if mark and words else 0
        tail = 8 + QFontMetrics(hint_font).horizontalAdvance(self._hint) if self._hint else 0
        x = max(0, (self.width() - mark - gap - words - tail) // 2)
        if mark:
            place = QRect(x, (self.height() - mark) // 2, mark, mark)
            self._paint_mark(painter, place, ink)
            x += mark + gap
        painter.setFont(font)
        painter.setPen(ink)
        middle = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
        painter.drawText(QRect(x, 0, words + 2, self.height()), middle, self.text())
        if self._hint:
            painter.setFont(hint_font)
            painter.setPen(t.text3 if self.isEnabled() and self._kind != "primary" else ink)
            painter.drawText(QRect(x + words + 8, 0, tail, self.height()), middle, self._hint)
        painter.end()

    def _paint_mark(self, painter: QPainter, place: QRect, ink: QColor) -> None:
        if self._busy:
            turn = 0.0 if self.theme.reduced_motion else turn_of()
            paint_ring(painter, QRectF(place).adjusted(1, 1, -1, -1), ink, turn)
        else:
            icons.paint(painter, self._icon_name, place, ink, place.width())


class IconButton(PaintedButton):
    """A button with an icon only; its name is its tool tip and what a screen reader says.

    Args:
        theme: colours.
        icon: a Phosphor name.
        name: what it does.
        size: of the area that is pressed, in pixels.
        pixels: of the icon.
        parent: or None.
    """

    def __init__(
        self,
        theme: Theme,
        icon: str,
        name: str,
        *,
        size: int = 28,
        pixels: int = 16,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(theme, parent)
        self._icon_name = icon
        self._pixels = pixels
        self._side = size
        self.set_name(name)
        self.setFixedSize(size, size)

    def set_name(self, name: str) -> None:
        """Change what it does, in words."""
        self.setAccessibleName(name)
        self.setToolTip(name)

    def set_icon(self, icon: str) -> None:
        """Change the icon."""
        self._icon_name = icon
        self.update()

    def sizeHint(self) -> QSize:
        """Return the area that is pressed."""
        return QSize(self._side, self._side)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw it."""
        t = self.theme.tokens
        painter = QPainter(self)
        on = self.isCheckable() and self.isChecked()
        base = t.soft if on else clear(t.hover)
        fill = t.selected if self.isDown() else blend(base, t.hover, 0.0 if on else self.hover)
        paint_box(painter, self.rect(), self.radius, fill, t.edge if on else None)
        ink = t.accent if on else blend(t.text2, t.text, self.hover)
        icons.paint(
            painter,
            self._icon_name,
            self.rect(),
            ink if self.isEnabled() else t.disabled,
            self._pixels,
        )
        painter.end()


class Chip(PaintedButton):
    """A choice in the composer's bar, 28 px high: soft when on.

    Args:
        theme: colours and fonts.
        text: what it chooses.
        icon: a Phosphor name, or "".
        menu: True draws a caret: it opens something.
        parent: or None.
    """

    def __init__(
        self,
        theme: Theme,
        text: str,
        *,
        icon: str = "",
        menu: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(theme, parent)
        self._icon_name = icon
        self._menu = menu
        self._compact = False
        self.setCheckable(True)
        self.setText(text)

    def set_compact(self, compact: bool) -> None:
        """Show the icon alone, where there is little room."""
        if compact != self._compact:
            self._compact = compact
            self.setToolTip(self.text() if compact else "")
            self.updateGeometry()
            self.update()

    def set_menu(self, menu: bool) -> None:
        """Draw a caret or not: whether it opens something."""
        if menu != self._menu:
            self._menu = menu
            self.updateGeometry()
            self.update()

    def nextCheckState(self) -> None:
        """Leave the state to the owner where a click opens something."""
        if not self._menu:
            super().nextCheckState()

    def sizeHint(self) -> QSize:
        """Return the size of icon, words and caret."""
        if self._compact and self._icon_name:
            return QSize(32, 28)
        width = 16 + QFontMetrics(self.theme.font(13)).horizontalAdvance(self.text())
        width += 22 if self._icon_name else 0
        return QSize(width + (18 if self._menu else 0), 28)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw it."""
        t = self.theme.tokens
        painter = QPainter(self)
        on = self.isChecked()
        fill = t.soft if on else blend(clear(t.hover), t.hover, self.hover)
        if self.isDown():
            fill = t.softline if on and not t.strong else t.selected
        paint_box(painter, self.rect(), self.radius, fill, t.edge if on else None)
        ink = t.accent if on else t.text2
        if not self.isEnabled():
            ink = t.disabled
        if self._compact and self._icon_name:
            icons.paint(painter, self._icon_name, self.rect(), ink, 16)
            painter.end()
            return
        x = 8
        if self._icon_name:
            icons.paint(painter, self._icon_name, QRect(x, 6, 16, 16), ink, 16)
            x += 22
        painter.setFont(self.theme.font(13))
        painter.setPen(ink)
        room = self.width() - x - (26 if self._menu else 8)
        middle = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
        painter.drawText(QRect(x, 0, room + 2, 28), middle, self.text())
        if self._menu:
            icons.paint(painter, "caret-down", QRect(self.width() - 20, 8, 12, 12), ink, 12)
        painter.end()


class Switch(PaintedButton):
    """On or off, at once: 32 by 20 px.

    Args:
        theme: colours.
        name: what it switches, for a screen reader.
        parent: or None.
    """

    def __init__(self, theme: Theme, name: str, *, parent: QWidget | None = None) -> None:
        super().__init__(theme, parent, radius=10)
        self.setCheckable(True)
        self.setFixedSize(32, 20)
        self.set_name(name)

    def set_name(self, name: str) -> None:
        """Change what it switches, in words."""
        self.setAccessibleName(name)

    def sizeHint(self) -> QSize:
        """Return 32 by 20."""
        return QSize(32, 20)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw it."""
        t = self.theme.tokens
        on = self.isChecked()
        painter = QPainter(self)
        if on:
            fill = blend(t.accent, t.accenth, self.hover) if self.isEnabled() else t.disabled
            paint_box(painter, self.rect(), 10, fill)
            knob = t.onaccent if self.isEnabled() else t.raised
        else:
            knob = blend(t.ctl, t.text3, self.hover) if self.isEnabled() else t.line2
            paint_box(painter, self.rect(), 10, t.canvas, knob)
        paint_box(painter, QRect(15 if on else 3, 3, 14, 14), 7, knob)
        painter.end()


class CheckBox(PaintedButton):
    """A box of 16 px to check, with words beside it.

    Args:
        theme: colours and fonts.
        text: what it says; with "" set an accessible name.
        parent: or None.
    """

    def __init__(self, theme: Theme, text: str, *, parent: QWidget | None = None) -> None:
        super().__init__(theme, parent, radius=RADIUS_TAG)
        self.setCheckable(True)
        self.setText(text)

    def sizeHint(self) -> QSize:
        """Return the size of the box and the words."""
        if not self.text():
            return QSize(16, 16)
        words = QFontMetrics(self.theme.font(13)).horizontalAdvance(self.text())
        return QSize(16 + 8 + words + 2, 20)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw it."""
        t = self.theme.tokens
        painter = QPainter(self)
        box = QRect(0, (self.height() - 16) // 2, 16, 16)
        if self.isChecked():
            fill = blend(t.accent, t.accenth, self.hover) if self.isEnabled() else t.disabled
            paint_box(painter, box, RADIUS_TAG, fill)
            icons.paint(painter, "check", box, t.onaccent, 12)
        else:
            edge = blend(t.ctl, t.text3, self.hover) if self.isEnabled() else t.line2
            paint_box(painter, box, RADIUS_TAG, t.canvas, edge)
        if self.text():
            painter.setFont(self.theme.font(13))
            painter.setPen(t.text if self.isEnabled() else t.disabled)
            middle = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
            painter.drawText(QRect(24, 0, self.width() - 24, self.height()), middle, self.text())
        painter.end()


class _Segment(PaintedButton):
    def __init__(self, theme: Theme, text: str, icon: str, height: int) -> None:
        super().__init__(theme, radius=RADIUS_TAG)
        self._icon_name = icon
        self._tall = height
        self.setCheckable(True)
        self.setAutoExclusive(True)
        self.set_label(text)

    def set_label(self, text: str) -> None:
        if self._icon_name:
            self.setAccessibleName(text)
            self.setToolTip(text)
        else:
            self.setText(text)

    def sizeHint(self) -> QSize:
        if self._icon_name:
            return QSize(32, self._tall)
        words = QFontMetrics(self.theme.font(13)).horizontalAdvance(self.text())
        return QSize(words + 26, self._tall)

    def paintEvent(self, _event: QPaintEvent) -> None:
        t = self.theme.tokens
        painter = QPainter(self)
        if self.isChecked():
            paint_box(painter, self.rect(), self.radius, t.raised, t.line2)
        ink = t.text if self.isChecked() else blend(t.text2, t.text, self.hover)
        if not self.isEnabled():
            ink = t.disabled
        if self._icon_name:
            icons.paint(painter, self._icon_name, self.rect(), ink, 16)
        else:
            painter.setFont(self.theme.font(13))
            painter.setPen(ink)
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, self.text())
        painter.end()


class Segmented(QWidget):
    """One of a few, side by side; the arrow keys move between them.

    Args:
        theme: colours and fonts.
        choices: value, label and icon of each; with an icon the label is its name.
        small: 28 px high in place of 32.
        parent: or None.
    """

    chosen = Signal(str)
    """The value that the user chose."""

    def __init__(
        self,
        theme: Theme,
        choices: Sequence[tuple[str, str, str]],
        *,
        small: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._theme = theme
        self._segments: dict[str, _Segment] = {}
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(3, 3, 3, 3)
        layout.setSpacing(0)
        group = QButtonGroup(self)
        for value, label, icon in choices:
            segment = _Segment(theme, label, icon, 22 if small else 26)
            segment.clicked.connect(lambda _on=False, value=value: self.chosen.emit(value))
            self._segments[value] = segment
            group.addButton(segment)
            layout.addWidget(segment)
        self._group = group
        theme.changed.connect(self.update)

    def value(self) -> str:
        """Return the value chosen, or "" before one is."""
        return next((v for v, segment in self._segments.items() if segment.isChecked()), "")

    def set_value(self, value: str) -> None:
        """Show a value as chosen, without the signal."""
        if value in self._segments:
            self._segments[value].setChecked(True)

    def set_labels(self, labels: Sequence[str]) -> None:
        """Change the labels, in the order of the choices."""
        for segment, label in zip(self._segments.values(), labels, strict=True):
            segment.set_label(label)

    def button(self, value: str) -> QAbstractButton:
        """Return the part that stands for a value."""
        return self._segments[value]

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw the trough."""
        t = self._theme.tokens
        painter = QPainter(self)
        paint_box(painter, self.rect(), RADIUS_CONTROL, t.sunken, t.line2)
        painter.end()


def below(widget: QWidget, gap: int = 4) -> QPoint:
    """Return the point of the screen just below a widget's left edge, for what it opens."""
    return widget.mapToGlobal(QPoint(0, widget.height() + gap))
