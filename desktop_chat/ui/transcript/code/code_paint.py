"""Painting a code card: ground, header, line numbers, lines."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF

from desktop_chat.ui.theme import RADIUS_CODE
from desktop_chat.ui.transcript.code.code_sizes import (
    BAR,
    BORDER,
    FOLD_ROW,
    HEADER,
    NUMBERS_RIGHT,
    PAD_X,
    PAD_Y,
)
from desktop_chat.ui.transcript.code.code_tools import header_room
from desktop_chat.ui.transcript.ink import Ink, put_text
from desktop_chat.ui.transcript.look import Face, Page
from desktop_chat.ui.transcript.places import Shade
from desktop_chat.ui.transcript.text.marks import inert

if TYPE_CHECKING:
    from desktop_chat.ui.transcript.code.layout_code import CodePiece

_OVER: Final = 4
"""So far a selection that goes on in the next line reaches beyond this one."""


class CodePainter:
    """Paints one card once.

    Args:
        piece: the card.
        ink: where to.
        page: fonts, colours, width.
        x: left edge of the card.
        y: its top.
    """

    def __init__(self, piece: CodePiece, ink: Ink, page: Page, x: int, y: int) -> None:
        self._piece = piece
        self._ink = ink
        self._page = page
        self._x = x
        self._y = y
        self._width = page.width - piece.indent
        self._leading = page.look.styles[Face.CODE].leading
        self._top = y + HEADER + PAD_Y
        """Of the first row."""
        self._left = x + piece.left(page) - piece.scroll
        """Of the lines."""

    def paint(self, shade: Shade) -> None:
        """Paint what has to be painted."""
        ink, piece, x, y = self._ink, self._piece, self._x, self._y
        t = ink.tokens
        ink.box(QRectF(x, y, self._width, piece.height), RADIUS_CODE, t.sunken, t.line)
        if ink.top < y + HEADER:
            ink.hline(x, x + self._width, y + HEADER - 1, t.line)
            self._paint_header()
        if piece.has_row:
            ink.hline(x, x + self._width, y + piece.height - BORDER - FOLD_ROW, t.line)
        rows = piece.lines.rows
        last = rows.before(piece.shown) if piece.block.lines else 0
        first = max(0, (ink.top - self._top) // self._leading)
        end = min(last, (ink.bottom - self._top - 1) // self._leading + 1)
        if first >= end:
            return
        high = self._leading
        whole = range(-((self._top - ink.top) // high), (ink.bottom - self._top) // high)
        lowest = max(ink.bottom, ink.painter.viewport().height())
        sight = range(max(0, -self._top // high), min(last, (lowest - self._top - 1) // high + 1))
        piece.seen(sight, whole, self._page)
        painter = ink.painter
        painter.save()
        bottom = piece.rows_bottom(self._page) + PAD_Y
        inside = QRectF(x + 1, y + HEADER, self._width - 2, bottom - HEADER)
        painter.setClipRect(inside, Qt.ClipOperation.IntersectClip)
        self._paint_rows(range(first, end), shade)
        bar = piece.bar(self._page)
        if bar is not None:
            ink.box(QRectF(bar.translated(x, y)), BAR / 2, t.line2, None)
        painter.restore()

    def _paint_header(self) -> None:
        painter = self._ink.painter
        painter.setFont(self._page.look.meta)
        painter.setPen(self._ink.tokens.text2)
        room = header_room(self._piece, self._page)
        title = inert(self._piece.title)
        title = painter.fontMetrics().elidedText(title, Qt.TextElideMode.ElideRight, room)
        put_text(painter, QRect(self._x + PAD_X, self._y + 1, room, HEADER - 2), title)

    def _paint_rows(self, rows: range, shade: Shade) -> None:
        """Paint grounds and line numbers of all rows, then the text beside the numbers."""
        piece = self._piece
        index, part = piece.lines.rows.at(rows.start)
        lines: list[tuple[int, int, range]] = []
        row = rows.start
        while row < rows.stop:
            count = piece.lines.rows.before(index + 1) - row + part
            parts = range(part, min(count, part + rows.stop - row))
            lines.append((index, row - part, parts))
            row += len(parts)
            index, part = index + 1, 0
        if piece.is_diff:
            for index, row, parts in lines:
                self._paint_change(index, row, parts)
        gutter = piece.left(self._page) - PAD_X
        if gutter:
            self._paint_numbers(lines)
            painter = self._ink.painter
            left = self._x + gutter
            beside = QRectF(left, self._y, self._width - gutter - 1, piece.height)
            painter.setClipRect(beside, Qt.ClipOperation.IntersectClip)
        if shade.selected is not None or shade.hits or shade.current is not None:
            self._paint_grounds(lines, shade)
        self._paint_text(lines)

    def _paint_change(self, index: int, row: int, parts: range) -> None:
        text = self._piece.block.lines[index]
        t = self._ink.tokens
        if text.startswith(("+++ ", "--- ")) or not text:
            return
        colour = {"+": t.oksoft, ">": t.oksoft, "-": t.dangersoft, "<": t.dangersoft}.get(text[0])
        if colour is not None:
            top = self._top + (row + parts.start) * self._leading
            high = len(parts) * self._leading
            self._ink.fill(QRectF(self._x + 1, top, self._width - 2, high), colour)

    def _paint_numbers(self, lines: list[tuple[int, int, range]]) -> None:
        look, painter = self._page.look, self._ink.painter
        painter.setFont(look.styles[Face.RAW].font)
        painter.setPen(self._ink.tokens.text3)
        metrics = QFontMetricsF(painter.font())
        right = self._x + self._piece.left(self._page) - NUMBERS_RIGHT
        baseline = self._top + look.styles[Face.CODE].baseline
        for index, row, parts in lines:
            if parts.start == 0:
                text = str(index + 1)
                at = QPointF(
                    right - metrics.horizontalAdvance(text), baseline + row * self._leading
                )
                painter.drawText(at, text)

    def _paint_text(self, lines: list[tuple[int, int, range]]) -> None:
        piece, painter, look = self._piece, self._ink.painter, self._page.look
        painter.setPen(self._ink.tokens.text)
        view = (float(piece.scroll - PAD_X), float(piece.scroll + piece.room(self._page) + PAD_X))
        for index, row, parts in lines:
            top = self._top + row * self._leading
            for laid in piece.lines.parts(index, piece.tokens(index), look, view, parts):
                at = QPointF(self._left + laid.left, top + laid.row * self._leading)
                laid.layout.lineAt(0).draw(painter, at)
        piece.lines.prune(range(lines[0][0], lines[-1][0] + 1))

    def _paint_grounds(self, lines: list[tuple[int, int, range]], shade: Shade) -> None:
        starts = self._piece.lines.starts
        low, high = starts[lines[0][0]], starts[lines[-1][0] + 1]
        first = bisect_left(shade.hits, low, key=lambda hit: hit[1])
        last = bisect_left(shade.hits, high, key=lambda hit: hit[0])
        near = Shade(shade.selected, shade.hits[first:last], shade.current)
        grounds = [
            (span, colour)
            for span, colour in near.grounds(self._ink.tokens)
            if span[0] < high and span[1] > low
        ]
        for index, row, parts in lines:
            for span, colour in grounds:
                self._paint_ground(index, row, parts, span, colour)

    def _paint_ground(
        self, index: int, row: int, parts: range, span: tuple[int, int], colour: QColor
    ) -> None:
        piece, look = self._piece, self._page.look
        start = piece.lines.starts[index]
        end = start + len(piece.block.lines[index])
        if span[0] > end or span[1] <= start:
            return
        first, last = max(span[0], start) - start, min(span[1], end) - start
        beyond = span[1] > end
        count = piece.lines.rows.before(index + 1) - piece.lines.rows.before(index)
        tokens = piece.tokens(index)
        for part, left, right in piece.lines.spans(index, first, last, tokens, look, parts):
            if beyond and part == count - 1:
                right += _OVER
            top = self._top + (row + part) * self._leading
            self._ink.ground(QRectF(self._left + left, top, right - left, self._leading), colour)
