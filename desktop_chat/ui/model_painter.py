"""Drawing a row of the model picker."""

from typing import Final

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from desktop_chat.core.i18n import language, tr
from desktop_chat.core.services import Model
from desktop_chat.ui import icons
from desktop_chat.ui.controls.paint import paint_box
from desktop_chat.ui.controls.popup import row_fill
from desktop_chat.ui.controls.tile import paint_tile
from desktop_chat.ui.model_rows import Index, ModelRows, Row, context_label, is_local
from desktop_chat.ui.settings.model_words import abilities
from desktop_chat.ui.theme import RADIUS_CONTROL, Theme

ROW: Final = 32
GROUP: Final = 28
STAR: Final = 30
"""Width of the place at the right that a press stars a model in, in pixels."""
_ICONS: Final = ("brain", "wrench", "eye", "image")
"""What a row tells of a model; the tooltip tells all."""
_LEAST_NAME: Final = 150
"""Width that an id keeps before the icons make room, in pixels."""


class RowPainter(QStyledItemDelegate):
    """Draws a row: tile, id, size of the context, what it can, and a check on the one in use."""

    def __init__(self, theme: Theme, models: ModelRows) -> None:
        super().__init__()
        self._theme = theme
        self._models = models

    def sizeHint(self, _option: QStyleOptionViewItem, index: Index) -> QSize:
        """Return the height of a row; it is as wide as the list."""
        heading = self._models.rows[index.row()].heading
        return QSize(0, GROUP if heading else ROW)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Draw one."""
        row = self._models.rows[index.row()]
        rect: QRect = option.rect
        state: QStyle.StateFlag = option.state
        painter.save()
        if state & QStyle.StateFlag.State_Selected:
            paint_box(painter, rect, RADIUS_CONTROL, row_fill(self._theme))
        if row.model is None:
            self._paint_words(painter, rect, row)
        else:
            chosen = bool(state & QStyle.StateFlag.State_Selected)
            self._paint_model(painter, rect, row, row.model, chosen=chosen)
        painter.restore()

    def _paint_words(self, painter: QPainter, rect: QRect, row: Row) -> None:
        t = self._theme.tokens
        painter.setFont(self._theme.font(12))
        metrics = QFontMetrics(painter.font())
        words = rect.adjusted(8, 0, -8, 0)
        ink = t.text3
        if row.mend:
            ink = t.danger
            place = QRect(words.left(), rect.top() + 8, 16, 16)
            icons.paint(painter, "warning-circle", place, ink, 16)
            width = metrics.horizontalAdvance(row.mend)
            painter.setPen(t.accent)
            self._text(painter, words.adjusted(words.width() - width, 0, 1, 0), row.mend)
            words.adjust(24, 0, -width - 12, 0)
        painter.setPen(ink)
        cut = metrics.elidedText(row.words, Qt.TextElideMode.ElideRight, words.width())
        self._text(painter, words, cut)

    def _paint_star(self, painter: QPainter, rect: QRect, row: Row, *, chosen: bool) -> None:
        """Draw the star of a favourite, and where one can be set on the row that is chosen."""
        t = self._theme.tokens
        place = QRect(rect.right() + 1 - 8 - 16, rect.top() + 8, 16, 16)
        if row.favourite:
            icons.paint(painter, "star-fill", place, t.accent, 14)
        elif chosen and not row.typed:
            icons.paint(painter, "star", place, t.text3, 14)

    def _paint_model(
        self, painter: QPainter, rect: QRect, row: Row, model: Model, *, chosen: bool
    ) -> None:
        service = row.service
        t = self._theme.tokens
        painter.setFont(self._theme.font(13))
        tile = QRect(rect.left() + 8, rect.top() + 6, 20, 20)
        paint_tile(painter, tile, service.monogram, service.colour)
        right = rect.right() + 1 - 8
        if self._models.has_stars:
            self._paint_star(painter, rect, row, chosen=chosen)
            right = rect.right() + 1 - STAR
        if (service.id, model.id) == self._models.current:
            icons.paint(painter, "check", QRect(right - 16, rect.top() + 8, 16, 16), t.accent, 16)
        right -= 23
        metrics = QFontMetrics(painter.font())
        least = min(metrics.horizontalAdvance(row.words), _LEAST_NAME)
        for icon in reversed(() if row.typed else _shown(model)):
            if right - 20 - rect.left() - 36 < least:
                break
            icons.paint(painter, icon, QRect(right - 16, rect.top() + 8, 16, 16), t.text3, 14)
            right -= 20
        size = tr("local") if is_local(service) else context_label(model.context_tokens)
        if row.typed or row.apart:
            size = service.title(language())
        small = QFontMetrics(self._theme.font(12))
        room = right - rect.left() - 36 - (small.horizontalAdvance(size) + 16 if size else 0)
        name = metrics.elidedText(row.words, Qt.TextElideMode.ElideMiddle, room)
        painter.setPen(t.text)
        place = QRect(rect.left() + 36, rect.top(), room, rect.height())
        self._text(painter, place, name)
        used = metrics.horizontalAdvance(name)
        painter.setFont(self._theme.font(12))
        painter.setPen(t.text3)
        place.setLeft(place.left() + used + 8)
        place.setRight(right)
        self._text(painter, place, size)

    @staticmethod
    def _text(painter: QPainter, rect: QRect, text: str) -> None:
        painter.drawText(rect, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, text)


def _shown(model: Model) -> tuple[str, ...]:
    """Return the icons of what a model can do; one that makes pictures has its own alone."""
    if model.makes == "image":
        return ("image",)
    return tuple(icon for icon, _name in abilities(model) if icon in _ICONS)
