"""The card in the place of an answer, or below it: why it failed, ended, or waits."""

import math
import time
from dataclasses import dataclass, replace
from typing import Final

from PySide6.QtCore import QRect, QRectF, QSize
from PySide6.QtGui import QFontMetricsF

from desktop_chat.chat.explain import (
    Action,
    Explanation,
    Tone,
    action_label,
    explain_end,
    explain_notice,
    retry_count,
)
from desktop_chat.core.events import Notice, NoticeKind
from desktop_chat.core.i18n import tr
from desktop_chat.core.messages import Message
from desktop_chat.markdown.blocks import Span
from desktop_chat.ui import icons
from desktop_chat.ui.theme import RADIUS_CARD, RADIUS_CODE
from desktop_chat.ui.transcript.controls import Command, Control, Kind, action_icon
from desktop_chat.ui.transcript.ink import Ink, put_text
from desktop_chat.ui.transcript.look import Face, Page
from desktop_chat.ui.transcript.text.layout_text import TextFlow
from desktop_chat.ui.transcript.text.runs import make_run

_PAD: Final = 13
_TILE: Final = 32
_TEXT_LEFT: Final = _PAD + _TILE + 12
_LINE: Final = 22
_REQUEST: Final = 26
"""The room of the button that shows the request."""
_BAR_ROW: Final = 24
_BAR: Final = QRect(0, 10, 120, 4)
_BUTTON: Final = 28
_BUTTON_PAD: Final = 11
_BUTTON_GAP: Final = 8
_LEAST_TEXT: Final = 260
_DETAIL_LIMIT: Final = 4000
_LINE_ICON: Final = 16
_LINE_LEFT: Final = _LINE_ICON + 8
_LINE_PAD: Final = 2


@dataclass(frozen=True, slots=True)
class _Place:
    """Where the parts of a card stand at one width."""

    width: int
    height: int
    title: TextFlow
    cause: TextFlow | None
    detail_row: int
    detail: TextFlow | None
    bar: int
    buttons: tuple[tuple[Action, str, QRect], ...]


class Card:
    """A card of one message.

    Args:
        message_id: whose.
        explanation: what it says.
        notice: when it counts down to a retry, waits in a queue, or tells of a backup.
        service_name: for the countdown's words.
    """

    def __init__(
        self,
        message_id: str,
        explanation: Explanation,
        notice: Notice | None = None,
        service_name: str = "",
    ) -> None:
        self._message_id = message_id
        self._explanation = explanation
        self._notice = notice
        self._service_name = service_name
        self._deadline = time.monotonic() + (notice.delay if notice is not None else 0.0)
        self._place: _Place | None = None
        self.detail_open = False

    @classmethod
    def of_end(cls, message: Message) -> "Card | None":
        """Return the card below a finished answer, or None for a good one."""
        explanation = explain_end(message)
        return None if explanation is None else cls(message.id, explanation)

    @classmethod
    def of_notice(cls, message_id: str, notice: Notice, service_name: str) -> "Card | None":
        """Return the card of a wait, or None when there is nothing to tell."""
        explanation = explain_notice(notice, service_name=service_name)
        if explanation is None:
            return None
        return cls(message_id, explanation, notice, service_name)

    @property
    def explanation(self) -> Explanation:
        """What it says."""
        return self._explanation

    @property
    def quiet(self) -> bool:
        """Whether it is a line without a box: it tells, and nothing can be done about it."""
        return self._notice is not None and self._notice.kind is NoticeKind.SWITCHED

    @property
    def counting(self) -> bool:
        """Whether it counts down."""
        return self._notice is not None and self.seconds_left() > 0

    def seconds_left(self) -> int:
        """Return the whole seconds until the retry, or until its turn."""
        return max(0, math.ceil(self._deadline - time.monotonic()))

    def tick(self) -> None:
        """Say anew how many seconds are left."""
        if self._notice is None:
            return
        left = replace(self._notice, delay=float(self.seconds_left()))
        explanation = explain_notice(left, service_name=self._service_name)
        if explanation is not None:
            self._explanation = explanation
            self._place = None

    def retell(self, message: Message) -> None:
        """Say it in another language."""
        fresh = None if self._notice is not None else explain_end(message)
        if fresh is not None:
            self._explanation = fresh
        self.tick()
        self._place = None

    def forget(self) -> None:
        """Forget layouts: colours or the width have changed."""
        self._place = None

    def toggle_detail(self) -> None:
        """Show or fold the raw reply."""
        self.detail_open = not self.detail_open
        self._place = None

    @property
    def text(self) -> str:
        """What it says, as plain text."""
        said = self._explanation
        return "\n".join(part for part in (said.title, said.cause, said.detail) if part)

    def height(self, page: Page) -> int:
        """Return its height, in logical pixels."""
        return self._ready(page).height

    def _ready(self, page: Page) -> _Place:
        if self._place is None or self._place.width != page.width:
            self._place = self._lay(page)
        return self._place

    def _lay(self, page: Page) -> _Place:
        said = self._explanation
        if self.quiet:
            line = _flow(Face.CARD, said.title, page.width - _LINE_LEFT, page)
            height = line.height + 2 * _LINE_PAD
            return _Place(page.width, height, line, None, 0, None, 0, ())
        metrics = QFontMetricsF(page.look.ui)
        labels = [action_label(action) for action in said.actions]
        widths = [
            max(_BUTTON, int(metrics.horizontalAdvance(label)) + 2 * _BUTTON_PAD)
            for label in labels
        ]
        row = sum(widths) + _BUTTON_GAP * max(0, len(widths) - 1)
        beside = page.width - _TEXT_LEFT - _PAD
        below = beside - row - 16 < _LEAST_TEXT and bool(widths)
        room = beside if below or not widths else beside - row - 16
        title = _flow(Face.CARD_TITLE, said.title, room, page)
        cause = _flow(Face.CARD, said.cause, room, page) if said.cause else None
        y = _PAD + title.height + (cause.height if cause else 0)
        detail_row = y if said.detail else 0
        detail = None
        if said.detail:
            y += _LINE
            rest = said.detail.partition("\n")[2] or said.detail
            if self.detail_open:
                detail = _flow(Face.RAW, rest[:_DETAIL_LIMIT], beside - 20, page)
                y += detail.height + 12
        bar = 0
        if self._notice is not None and self._notice.kind is NoticeKind.RETRY:
            bar = y
            y += _BAR_ROW
        height = y + _PAD - 1
        if below:
            height = y + 8 + _BUTTON + _PAD - 1
        x = page.width - _PAD - row
        top = y + 8 if below else (height - _BUTTON) // 2
        if detail is not None and not below:
            top = _PAD + 8
        buttons = []
        for action, label, width in zip(said.actions, labels, widths, strict=True):
            buttons.append((action, label, QRect(x, top, width, _BUTTON)))
            x += width + _BUTTON_GAP
        return _Place(page.width, height, title, cause, detail_row, detail, bar, tuple(buttons))

    def paint(self, ink: Ink, page: Page, x: int, y: int) -> None:
        """Paint everything but the buttons."""
        place = self._ready(page)
        t = ink.tokens
        said = self._explanation
        if self.quiet:
            icon = QRectF(x, y + _LINE_PAD + (_LINE - _LINE_ICON) / 2, _LINE_ICON, _LINE_ICON)
            icons.paint(ink.painter, said.icon, icon, t.text2, _LINE_ICON)
            place.title.paint(ink, x + _LINE_LEFT, y + _LINE_PAD, page.look)
            return
        ink.box(QRectF(x, y, place.width, place.height), RADIUS_CARD, t.raised, t.line2)
        colour, soft = {
            Tone.DANGER: (t.danger, t.dangersoft),
            Tone.WARN: (t.warn, t.warnsoft),
            Tone.NEUTRAL: (t.text2, t.sunken),
        }[said.tone]
        tile = QRectF(x + _PAD, y + _PAD, _TILE, _TILE)
        ink.box(tile, RADIUS_CODE, soft, t.line if said.tone is Tone.NEUTRAL else None)
        icons.paint(ink.painter, said.icon, tile, colour, 18)
        left, top = x + _TEXT_LEFT, y + _PAD
        place.title.paint(ink, left, top, page.look)
        top += place.title.height
        if place.cause is not None:
            place.cause.paint(ink, left, top, page.look)
        if place.detail is not None:
            box_top = y + place.detail_row + _LINE + 2
            box = QRectF(left, box_top, place.width - _TEXT_LEFT - _PAD, place.detail.height + 8)
            ink.box(box, RADIUS_CODE, t.sunken, t.line)
            place.detail.paint(ink, left + 10, int(box_top) + 4, page.look)
        if place.bar:
            self._paint_bar(ink, page, left, y + place.bar)

    def _paint_bar(self, ink: Ink, page: Page, x: int, y: int) -> None:
        notice = self._notice
        if notice is None:
            return
        t = ink.tokens
        whole = QRectF(_BAR.translated(x, y))
        ink.box(whole, 2, t.line, None)
        left = self.seconds_left() / notice.delay if notice.delay > 0 else 0.0
        done = QRectF(whole)
        done.setWidth(whole.width() * min(1.0, max(0.0, 1.0 - left)))
        if done.width() >= 1:
            ink.box(done, 2, t.warn, None)
        ink.painter.setFont(page.look.numbers)
        ink.painter.setPen(t.text2)
        words = QRect(x + _BAR.width() + 8, y, page.width, _BAR_ROW)
        put_text(ink.painter, words, retry_count(notice))

    def controls(self, page: Page, x: int, y: int) -> list[Control]:
        """Return its buttons, in reading order."""
        place = self._ready(page)
        said = self._explanation
        result = []
        if place.detail_row:
            head = said.detail.partition("\n")[0]
            if len(head) > 80:
                head = f"{head[:80]}…"
            width = min(page.width - _TEXT_LEFT - _PAD, 560)
            if place.buttons and not place.detail:
                width = min(width, place.buttons[0][2].left() - _TEXT_LEFT - 12)
            result.append(
                Control(
                    (self._message_id, "detail"),
                    Kind.FOLD_MONO,
                    QRect(x + _TEXT_LEFT - 2, y + place.detail_row, width, _LINE),
                    Command("detail", self._message_id),
                    text=head,
                    name=tr("Details: {detail}").format(detail=head),
                    checked=self.detail_open,
                )
            )
            if self._notice is None:
                place_of = QRect(result[0].rect.right() - _REQUEST + 1, result[0].rect.top(), 0, 0)
                place_of.setSize(QSize(_REQUEST, _LINE))
                result[0] = replace(result[0], rect=result[0].rect.adjusted(0, 0, -_REQUEST, 0))
                name = tr("Show request")
                result.append(
                    action_icon(self._message_id, "request", "brackets-curly", name, place_of)
                )
        for number, (action, label, rect) in enumerate(place.buttons):
            last = number == len(place.buttons) - 1
            kind = Kind.QUIET
            if last:
                kind = Kind.SECONDARY if self._notice is not None else Kind.PRIMARY
            result.append(
                Control(
                    (self._message_id, f"action:{action.value}"),
                    kind,
                    rect.translated(x, y),
                    Command("action", self._message_id, action.value),
                    text=label,
                    name=label,
                )
            )
        return result


def _flow(face: Face, text: str, width: int, page: Page) -> TextFlow:
    return TextFlow(face, make_run((Span(text),)), width, page.look)
