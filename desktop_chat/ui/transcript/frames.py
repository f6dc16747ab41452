"""What stands around a block: quote rules, markers, labels, notices, and how far it stands in.

All sizes follow the size of the text.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen

from desktop_chat.core.i18n import tr
from desktop_chat.markdown.blocks import (
    Block,
    Bound,
    Container,
    Footnote,
    ListItem,
    Quote,
    TextBlock,
)
from desktop_chat.ui import icons
from desktop_chat.ui.theme import Tokens
from desktop_chat.ui.transcript.ink import Ink, put_text
from desktop_chat.ui.transcript.look import Face, Look, Page

if TYPE_CHECKING:
    from desktop_chat.ui.transcript.pieces import Piece

_QUOTE_INDENT: Final = 16
_QUOTE_RULE: Final = 2
_LIST_INDENT: Final = 24
_DIGIT: Final = 10
_MARKER_GAP: Final = 6
_LABEL_GAP: Final = 10
_LONGEST_LABEL: Final = 96
_TEXT_ROOM: Final = 240
"""Containers leave this much of the column, or half of it, to the text."""
_ALERT_ICON: Final = 16
_ALERT_TITLE: Final = 26
_NOTICE: Final = 20

_ALERT_ICONS: Final = {
    "note": "info",
    "tip": "lightbulb",
    "important": "megaphone-simple",
    "warning": "warning",
    "caution": "warning-octagon",
}


def _scaled(look: Look, pixels: float) -> int:
    """Return a length at the size of the text."""
    return round(pixels * look.scale)


def list_indent(item: ListItem, look: Look) -> int:
    """Return how far an item's text stands in: further where its number is long."""
    digits = len(str(item.number)) if item.ordered else 1
    return _scaled(look, _LIST_INDENT + max(0, digits - 2) * _DIGIT)


def _label_width(note: Footnote, look: Look) -> float:
    return QFontMetricsF(look.styles[Face.CAPTION].font).horizontalAdvance(note.label)


def _note_indent(note: Footnote, look: Look) -> int:
    wanted = min(_label_width(note, look), _scaled(look, _LONGEST_LABEL))
    return max(_scaled(look, _LIST_INDENT), round(wanted) + _scaled(look, _LABEL_GAP))


def indent_of(containers: tuple[Container, ...], page: Page) -> int:
    """Return how far a block in these containers stands in, in logical pixels."""
    return sum(_widths(containers, page))


def _widths(containers: tuple[Container, ...], page: Page) -> list[int]:
    """Return how far each container stands in; those for which there is no room do not."""
    room = max(page.width // 2, page.width - _scaled(page.look, _TEXT_ROOM))
    widths = []
    for container in containers:
        width = _width(container, page.look)
        widths.append(width if width <= room else 0)
        room -= widths[-1]
    return widths


def _width(container: Container, look: Look) -> int:
    if isinstance(container, Quote):
        return _scaled(look, _QUOTE_INDENT)
    if isinstance(container, ListItem):
        return list_indent(container, look)
    if isinstance(container, Footnote):
        return _note_indent(container, look)
    return _scaled(look, _LIST_INDENT)


def alert_title(alert: str) -> str:
    """Return the name of a kind of alert."""
    return {
        "note": tr("Note"),
        "tip": tr("Tip"),
        "important": tr("Important"),
        "warning": tr("Warning"),
        "caution": tr("Caution"),
    }.get(alert, "")


def bound_notice(bound: Bound) -> str:
    """Return why a block is shown as it is written, or ""."""
    return {
        Bound.DEPTH: tr("Shown as written: nested too deeply."),
        Bound.MARKS: tr("Shown as written: too many marks in one piece of text."),
        Bound.COLUMNS: tr("Shown as written: the table has too many columns."),
        Bound.LENGTH: tr("Shown as written: too long to be drawn."),
    }.get(bound, "")


def _same_quote(quote: Quote, other: Block | None, depth: int) -> bool:
    """Tell whether another block stands in the same quote, to draw its rule through the gap."""
    return other is not None and other.containers[depth : depth + 1] == (quote,)


def _new_bound(block: Block, before: Block | None) -> Bound:
    """Return the bound that the first of several blocks tells of."""
    if not isinstance(block, TextBlock):
        return Bound.NONE
    told = before.bound if isinstance(before, TextBlock) else Bound.NONE
    return block.bound if block.bound != told else Bound.NONE


def _new_alert(block: Block, before: Block | None) -> Quote | None:
    """Return the alert that a block is the first of."""
    for depth, container in enumerate(block.containers):
        if isinstance(container, Quote) and container.alert:
            return None if _same_quote(container, before, depth) else container
    return None


def label_height(block: Block, before: Block | None, look: Look) -> int:
    """Return the height of what stands above a block's content: an alert's title, a notice."""
    height = 0
    if _new_alert(block, before) is not None:
        height += _scaled(look, _ALERT_TITLE)
    if _new_bound(block, before):
        height += _scaled(look, _NOTICE)
    return height


def paint_frame(ink: Ink, page: Page, piece: Piece, x: int, y: int) -> None:
    """Paint quote rules, markers, titles and notices.

    Args:
        ink: where to.
        page: fonts and colours.
        piece: whose.
        x: the column's left edge.
        y: the piece's upper edge, above its gap.
    """
    containers = piece.block.containers
    left = x
    for depth, (container, width) in enumerate(
        zip(containers, _widths(containers, page), strict=True)
    ):
        if not width:
            continue
        if isinstance(container, Quote):
            joined = _same_quote(container, piece.before, depth)
            top = y if joined else y + piece.gap
            colour = _alert_colour(ink.tokens, container.alert)
            ink.fill(QRectF(left, top, _QUOTE_RULE, y + piece.total - top), colour)
            if container.alert and not joined:
                _paint_title(ink, page, container.alert, left + width, top)
        elif isinstance(container, ListItem) and container.first:
            level = sum(isinstance(outer, ListItem) for outer in containers[:depth])
            top = y + piece.top + piece.rise(page)
            _paint_marker(ink, page, container, left, top, level)
        elif isinstance(container, Footnote) and container.first:
            top = y + piece.top + piece.rise(page)
            _paint_label(ink, page, container, QRect(left, top, width, 0))
        left += width
    if bound := _new_bound(piece.block, piece.before):
        height = _scaled(page.look, _NOTICE)
        row = QRect(x + piece.indent, y + piece.top - height, page.width, height)
        _paint_notice(ink, page, bound_notice(bound), row)


def _alert_colour(tokens: Tokens, alert: str) -> QColor:
    return {
        "note": tokens.accent,
        "tip": tokens.ok,
        "important": tokens.c5,
        "warning": tokens.warn,
        "caution": tokens.danger,
    }.get(alert, tokens.line2)


def _paint_title(ink: Ink, page: Page, alert: str, x: int, top: int) -> None:
    look = page.look
    colour = _alert_colour(ink.tokens, alert)
    size = _scaled(look, _ALERT_ICON)
    row = QRect(x, top, page.width, _scaled(look, _ALERT_TITLE) - _scaled(look, 2))
    box = QRectF(x, row.top() + (row.height() - size) // 2, size, size)
    icons.paint(ink.painter, _ALERT_ICONS[alert], box, colour, size)
    ink.painter.setFont(look.styles[Face.HEAD_CELL].font)
    ink.painter.setPen(colour)
    put_text(ink.painter, row.adjusted(size + _scaled(look, 6), 0, 0, 0), alert_title(alert))


def _paint_notice(ink: Ink, page: Page, text: str, row: QRect) -> None:
    ink.painter.setFont(page.look.styles[Face.CAPTION].font)
    ink.painter.setPen(ink.tokens.text3)
    put_text(ink.painter, row, text)


def _paint_label(ink: Ink, page: Page, note: Footnote, rect: QRect) -> None:
    """Paint a footnote's label on the baseline of its text; one that is too long is cut."""
    look = page.look
    painter = ink.painter
    font = look.styles[Face.CAPTION].font
    room = rect.width() - _scaled(look, _LABEL_GAP)
    metrics = QFontMetricsF(font)
    label = metrics.elidedText(note.label, Qt.TextElideMode.ElideRight, room + 1)
    painter.setFont(font)
    painter.setPen(ink.tokens.text3)
    left = rect.left() + max(0.0, room - metrics.horizontalAdvance(label))
    painter.drawText(QPointF(left, rect.top() + look.styles[Face.BODY].baseline), label)


def _paint_marker(ink: Ink, page: Page, item: ListItem, x: int, y: int, level: int) -> None:
    painter = ink.painter
    look = page.look
    style = look.styles[Face.BODY]
    # Whole pixels: a half one would round to other sides as the view scrolls.
    middle = y + style.leading // 2
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    if item.task is not None:
        _paint_task(ink, look, done=item.task, x=x, middle=middle)
    elif item.ordered:
        text = f"{item.number}."
        painter.setFont(style.font)
        painter.setPen(ink.tokens.text2)
        width = QFontMetricsF(style.font).horizontalAdvance(text)
        right = x + list_indent(item, look) - _scaled(look, _MARKER_GAP)
        painter.drawText(QPointF(right - width, y + style.baseline), text)
    else:
        _paint_bullet(ink, look, level, QPointF(x + _scaled(look, 8) + 0.5, middle + 0.5))
    painter.restore()


def _paint_task(ink: Ink, look: Look, *, done: bool, x: int, middle: int) -> None:
    t = ink.tokens
    half = _scaled(look, 7)
    rect = QRectF(x + 2, middle - half, 2 * half, 2 * half)
    if done:
        ink.box(rect, 4, t.accent, t.accent)
        icons.paint(ink.painter, "check", rect, t.onaccent, _scaled(look, 11))
    else:
        ink.box(rect, 4, None, t.ctl)


def _paint_bullet(ink: Ink, look: Look, level: int, centre: QPointF) -> None:
    """Paint a disc, a ring or a square, by level."""
    painter, colour = ink.painter, ink.tokens.text2
    size = look.scale
    if level % 3 == 1:
        painter.setPen(QPen(colour, size))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawEllipse(centre, 2 * size, 2 * size)
        return
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour)
    if level % 3 == 2:
        painter.drawRect(QRectF(centre.x() - 2 * size, centre.y() - 2 * size, 4 * size, 4 * size))
    else:
        painter.drawEllipse(centre, 2.5 * size, 2.5 * size)
