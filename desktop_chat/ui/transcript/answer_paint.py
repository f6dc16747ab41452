"""What is painted around the text of an answer: rows, rules, figures."""

from collections.abc import Callable
from typing import Final, TypeAlias

from PySide6.QtCore import QRect

from desktop_chat.core.i18n import ntr
from desktop_chat.core.messages import Message
from desktop_chat.ui.transcript.ink import Ink, put_text
from desktop_chat.ui.transcript.look import Page
from desktop_chat.ui.transcript.words import cost_words, stats

NOTE: Final = 32
"""The row that tells of messages that were not sent, with the gap below it."""
HEADER: Final = 24
FOOTER: Final = 28
_NOTE_GAP: Final = 8
_STATS_GAP: Final = 12
_RULE_LEFT: Final = 5
_RULE_BEYOND: Final = 2

Tiles: TypeAlias = Callable[[str], tuple[str, str]]
"""Service id -> monogram and colour (``#rrggbb``)."""


def paint_omitted(ink: Ink, page: Page, x: int, y: int, count: int) -> None:
    """Paint the row that tells how many earlier messages were not sent."""
    painter = ink.painter
    painter.setFont(page.look.meta)
    painter.setPen(ink.tokens.text3)
    note = ntr(
        "{count} earlier message was not sent", "{count} earlier messages were not sent", count
    ).format(count=count)
    height = NOTE - _NOTE_GAP
    half = put_text(painter, QRect(x, y, page.width, height), note, "centre") / 2 + _STATS_GAP
    centre = x + page.width / 2
    for left, right in ((x, centre - half), (centre + half, x + page.width)):
        ink.hline(left, right, y + height // 2, ink.tokens.line)


def paint_thinking_rule(ink: Ink, x: int, y: int, height: int) -> None:
    """Paint the hairline at the left of open thinking, as far as it has to be painted."""
    top = max(y - _RULE_BEYOND, ink.top)
    bottom = min(y + height + _RULE_BEYOND, ink.bottom)
    if bottom > top:
        ink.vline(x + _RULE_LEFT, top, bottom, ink.tokens.line2)


def paint_version(ink: Ink, page: Page, rect: QRect, versions: tuple[int, int]) -> None:
    """Paint ``2 / 3`` between the arrows of a sibling switch."""
    ink.painter.setFont(page.look.numbers)
    ink.painter.setPen(ink.tokens.text2)
    put_text(ink.painter, rect, f"{versions[0]} / {versions[1]}", "centre")


def paint_stats(ink: Ink, page: Page, row: QRect, message: Message) -> None:
    """Paint the figures at the right of a footer, as many as there is room for; the cost stays
    longest.
    """
    painter = ink.painter
    painter.setFont(page.look.numbers)
    painter.setPen(ink.tokens.text3)
    metrics = painter.fontMetrics()
    parts = stats(message)
    widths = [metrics.horizontalAdvance(part) for part in parts]
    while parts and sum(widths) + _STATS_GAP * (len(parts) - 1) > row.width():
        last = -2 if cost_words(message) and len(parts) > 1 else -1
        del parts[last], widths[last]
    right = row.right() + 1
    for part, width in zip(reversed(parts), reversed(widths), strict=True):
        put_text(painter, QRect(right - width, row.top(), width, row.height()), part)
        right -= width + _STATS_GAP
