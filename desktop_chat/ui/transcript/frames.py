"""What stands around a block: quote rules, list markers, and how far the block stands in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPen

from desktop_chat.core.i18n import tr
from desktop_chat.markdown.blocks import Block, Container, ListItem, Quote
from desktop_chat.ui import icons
from desktop_chat.ui.transcript.ink import Ink, put_text
from desktop_chat.ui.transcript.look import Face, Page

if TYPE_CHECKING:
    from desktop_chat.ui.transcript.pieces import Piece

_QUOTE_INDENT: Final = 16
_QUOTE_RULE: Final = 2
_LIST_INDENT: Final = 24
_DIGIT: Final = 10
_ALERT_LABEL: Final = 24


def list_indent(item: ListItem) -> int:
    """Return how far an item's text stands in: further where its number is long."""
    digits = len(str(item.number)) if item.ordered else 1
    return _LIST_INDENT + max(0, digits - 2) * _DIGIT


def indent_of(containers: tuple[Container, ...]) -> int:
    """Return how far a block in these containers stands in, in logical pixels."""
    return sum(_width(container) for container in containers)


def _width(container: Container) -> int:
    if isinstance(container, Quote):
        return _QUOTE_INDENT
    return list_indent(container) if isinstance(container, ListItem) else _LIST_INDENT


def alert_title(alert: str) -> str:
    """Return the name of a kind of alert."""
    return {
        "note": tr("Note"),
        "tip": tr("Tip"),
        "important": tr("Important"),
        "warning": tr("Warning"),
        "caution": tr("Caution"),
    }.get(alert, "")


def _same_quote(quote: Quote, other: Block | None, depth: int) -> bool:
    """Tell whether another block stands in the same quote, to draw its rule through the gap."""
    return other is not None and other.containers[depth : depth + 1] == (quote,)


def alert_label(block: Block, before: Block | None) -> int:
    """Return the height of an alert's name, for the alert's first block."""
    for depth, container in enumerate(block.containers):
        if isinstance(container, Quote) and container.alert:
            return 0 if _same_quote(container, before, depth) else _ALERT_LABEL
    return 0


def paint_containers(ink: Ink, page: Page, piece: Piece, x: int, y: int) -> None:
    """Paint quote rules and list markers.

    Args:
        ink: where to.
        page: fonts and colours.
        piece: whose containers.
        x: the column's left edge.
        y: the piece's upper edge, above its gap.
    """
    containers = piece.block.containers
    for depth, container in enumerate(containers):
        if isinstance(container, Quote):
            joined = _same_quote(container, piece.before, depth)
            top = y if joined else y + piece.gap
            _paint_quote(ink, page, container, x, top, y + piece.total, not joined)
            x += _QUOTE_INDENT
        else:
            if isinstance(container, ListItem) and container.first:
                level = sum(isinstance(outer, ListItem) for outer in containers[:depth])
                _paint_marker(ink, page, container, x, y + piece.top, level)
            x += _width(container)


def _paint_quote(
    ink: Ink, page: Page, quote: Quote, x: int, top: int, bottom: int, first: bool
) -> None:
    t = ink.tokens
    colour = {
        "note": t.accent,
        "tip": t.ok,
        "important": t.c5,
        "warning": t.warn,
        "caution": t.danger,
    }.get(quote.alert, t.line2)
    ink.fill(QRectF(x, top, _QUOTE_RULE, bottom - top), colour)
    if quote.alert and first:
        ink.painter.setFont(page.look.ui_bold)
        ink.painter.setPen(colour)
        row = QRect(x + _QUOTE_INDENT, top, page.width, _ALERT_LABEL)
        put_text(ink.painter, row, alert_title(quote.alert))


def _paint_marker(ink: Ink, page: Page, item: ListItem, x: int, y: int, level: int) -> None:
    painter = ink.painter
    style = page.look.styles[Face.BODY]
    # Whole pixels: a half one would round to other sides as the view scrolls.
    middle = y + style.leading // 2
    t = ink.tokens
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    if item.task is not None:
        rect = QRectF(x + 2, middle - 7, 14, 14)
        if item.task:
            ink.box(rect, 4, t.accent, t.accent)
            icons.paint(painter, "check", rect, t.onaccent, 11)
        else:
            ink.box(rect, 4, None, t.ctl)
    elif item.ordered:
        text = f"{item.number}."
        painter.setFont(style.font)
        painter.setPen(t.text2)
        width = QFontMetricsF(style.font).horizontalAdvance(text)
        painter.drawText(QPointF(x + list_indent(item) - 6 - width, y + style.baseline), text)
    else:
        centre = QPointF(x + 8.5, middle + 0.5)
        if level % 3 == 1:
            painter.setPen(QPen(t.text2, 1))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawEllipse(centre, 2.0, 2.0)
        else:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(t.text2)
            if level % 3 == 2:
                painter.drawRect(QRectF(centre.x() - 2, centre.y() - 2, 4, 4))
            else:
                painter.drawEllipse(centre, 2.5, 2.5)
    painter.restore()
