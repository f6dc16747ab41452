"""The line at the lower edge of the view that tells where the link under the pointer goes."""

from typing import Final

from PySide6.QtCore import QPoint, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractScrollArea, QWidget

from desktop_chat.core.i18n import tr
from desktop_chat.ui.controls.paint import paint_box
from desktop_chat.ui.theme import RADIUS_CONTROL, Theme
from desktop_chat.ui.transcript.links.links import Target

_HEIGHT: Final = 26
_PAD: Final = 10
_SHARE: Final = 0.8
"""So much of the view's width it takes at most."""
_MOST: Final = 2000
"""More characters are not measured."""


class StatusLine(QWidget):
    """The whole address, its host in strong letters; the host is whole whatever else is cut.

    It lies over the view at its lower left edge, or at the right one while the pointer is there.

    Args:
        theme: colours and fonts.
        view: what it lies over.
    """

    def __init__(self, theme: Theme, view: QAbstractScrollArea) -> None:
        super().__init__(view)
        self._theme = theme
        self._view = view
        self._target: Target | None = None
        self._parts = ("", "", "")
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.hide()
        theme.changed.connect(self.update)

    @property
    def text(self) -> str:
        """What is shown, as far as there is room."""
        return "".join(self._parts)

    def tell(self, target: Target, pointer: QPoint) -> None:
        """Show where a link goes.

        Args:
            target: the address.
            pointer: where the pointer is in the view's viewport.
        """
        viewport = self._view.viewport()
        if target != self._target or self.isHidden():
            self._target = target
            self._parts = self._cut(target, int(viewport.width() * _SHARE) - 2 * _PAD)
            self.setAccessibleName(
                tr("Goes to {address}").format(address=target.before + target.shown + target.after)
            )
            self.update()
        width = int(sum(self._widths(self._parts))) + 2 * _PAD + 1
        top = viewport.height() - _HEIGHT
        right = pointer.y() >= top - _HEIGHT and pointer.x() < width + _PAD
        x = viewport.width() - width if right else 0
        self.setGeometry(viewport.x() + x, viewport.y() + top, width, _HEIGHT)
        if self.isHidden():
            self.show()
            self.raise_()

    def _widths(self, parts: tuple[str, str, str]) -> list[float]:
        plain = QFontMetricsF(self._theme.font(12))
        strong = QFontMetricsF(self._theme.font(12, bold=True))
        metrics = (plain, strong, plain)
        return [one.horizontalAdvance(part) for one, part in zip(metrics, parts, strict=True)]

    def _cut(self, target: Target, room: int) -> tuple[str, str, str]:
        """Return what there is room for; of the host the end counts."""
        plain = QFontMetricsF(self._theme.font(12))
        strong = QFontMetricsF(self._theme.font(12, bold=True))
        before = plain.elidedText(target.before[:_MOST], Qt.TextElideMode.ElideRight, room / 3)
        room -= int(plain.horizontalAdvance(before))
        host = strong.elidedText(target.shown[-_MOST:], Qt.TextElideMode.ElideLeft, room)
        room -= int(strong.horizontalAdvance(host))
        after = plain.elidedText(target.after[:_MOST], Qt.TextElideMode.ElideRight, max(0, room))
        return before, host, after

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw it."""
        t = self._theme.tokens
        painter = QPainter(self)
        # It grows out of the corner: two of its edges lie outside.
        left, right = (0, RADIUS_CONTROL) if self.x() > 0 else (-RADIUS_CONTROL, 0)
        box = QRectF(self.rect()).adjusted(left, 0, right, RADIUS_CONTROL)
        paint_box(painter, box, RADIUS_CONTROL, t.raised, t.line2)
        x = float(_PAD)
        for number, (part, width) in enumerate(
            zip(self._parts, self._widths(self._parts), strict=True)
        ):
            font = self._theme.font(12, bold=number == 1)
            painter.setFont(font)
            painter.setPen(t.text if number == 1 else t.text2)
            metrics = QFontMetricsF(self._theme.font(12))
            middle = (_HEIGHT - metrics.ascent() - metrics.descent()) / 2
            painter.drawText(QPoint(round(x), round(middle + metrics.ascent())), part)
            x += width
        painter.end()
