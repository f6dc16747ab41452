"""The card that stands for an image: one that is elsewhere, on its way, or cannot be shown."""

from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import QRect, QRectF
from PySide6.QtGui import QFontMetricsF

from desktop_chat.core.i18n import language, tr
from desktop_chat.markdown.blocks import ImageBlock, Span
from desktop_chat.ui import icons
from desktop_chat.ui.theme import RADIUS_CARD, RADIUS_CODE
from desktop_chat.ui.transcript.controls import Control, Kind
from desktop_chat.ui.transcript.images.images import Picture
from desktop_chat.ui.transcript.images.picture_words import (
    address_spans,
    failure_words,
    trouble_words,
)
from desktop_chat.ui.transcript.ink import Ink
from desktop_chat.ui.transcript.look import Face, Page
from desktop_chat.ui.transcript.pieces import PieceKeys
from desktop_chat.ui.transcript.places import Shade
from desktop_chat.ui.transcript.text.layout_text import TextFlow
from desktop_chat.ui.transcript.text.runs import Run, make_run

_PAD: Final = 13
_TILE: Final = 32
_TEXT_LEFT: Final = _PAD + _TILE + 12
_BUTTON: Final = 28
_BUTTON_PAD: Final = 12
_BUTTON_GAP: Final = 8
_LEAST_TEXT: Final = 260


@dataclass(frozen=True, slots=True)
class _Button:
    verb: str
    text: str
    kind: Kind
    rect: QRect


class PictureCard:
    """Says what there is about an image that is not shown.

    Args:
        block: the image.
        picture: how far it is.
        width: of the card, in logical pixels.
        page: fonts.

    Attributes:
        height: of the card.
        title: its first lines, whose text can be selected.
        language: that it speaks.
    """

    def __init__(self, block: ImageBlock, picture: Picture, width: int, page: Page) -> None:
        self.language = language()
        self._width = width
        self._icon = "warning-circle" if picture.trouble else "image"
        buttons = _buttons(block, picture)
        metrics = QFontMetricsF(page.look.ui)
        sizes = [
            int(metrics.horizontalAdvance(text)) + 2 * _BUTTON_PAD for _verb, text, _kind in buttons
        ]
        row = sum(sizes) + _BUTTON_GAP * max(0, len(sizes) - 1)
        beside = width - _TEXT_LEFT - _PAD
        below = bool(row) and beside - row - 16 < _LEAST_TEXT
        room = beside if below or not row else beside - row - 16
        self.title = TextFlow(Face.CARD_TITLE, title_run(block), room, page.look)
        self._lines = [
            TextFlow(face, make_run(spans), room, page.look)
            for face, spans in _lines(block, picture)
        ]
        text = self.title.height + sum(flow.height for flow in self._lines)
        self.height = max(_TILE, text) + 2 * _PAD
        top = (self.height - _BUTTON) // 2
        x = width - _PAD - row
        if below:
            top = self.height - _PAD + 8
            x = _TEXT_LEFT
            self.height = top + _BUTTON + _PAD
        self._buttons: list[_Button] = []
        for (verb, words, kind), size in zip(buttons, sizes, strict=True):
            self._buttons.append(_Button(verb, words, kind, QRect(x, top, size, _BUTTON)))
            x += size + _BUTTON_GAP

    @property
    def title_top(self) -> int:
        """From the card's top to its first line."""
        if self._lines:
            return _PAD
        return _PAD + max(0, (_TILE - self.title.height) // 2)

    title_left: Final = _TEXT_LEFT

    def paint(self, ink: Ink, page: Page, x: int, y: int, shade: Shade) -> None:
        """Paint everything but the buttons."""
        t = ink.tokens
        ink.box(QRectF(x, y, self._width, self.height), RADIUS_CARD, t.raised, t.line2)
        tile = QRectF(x + _PAD, y + _PAD, _TILE, _TILE)
        ink.box(tile, RADIUS_CODE, t.sunken, t.line)
        icons.paint(ink.painter, self._icon, tile, t.text2, 18)
        top = y + self.title_top
        self.title.paint(ink, x + _TEXT_LEFT, top, page.look, shade)
        top += self.title.height
        for flow in self._lines:
            flow.paint(ink, x + _TEXT_LEFT, top, page.look)
            top += flow.height

    def controls(self, keys: PieceKeys) -> list[Control]:
        """Return its buttons."""
        return [
            Control(
                keys.key(button.verb),
                button.kind,
                button.rect.translated(keys.x, keys.y),
                keys.command(button.verb),
                text=button.text,
                name=button.text,
            )
            for button in self._buttons
        ]


def title_run(block: ImageBlock) -> Run:
    """Return what an image is called, as a text to lay out."""
    return make_run((Span(block.alt.strip() or tr("Image")),))


def _lines(block: ImageBlock, picture: Picture) -> list[tuple[Face, tuple[Span, ...]]]:
    lines: list[tuple[Face, tuple[Span, ...]]] = []
    if not picture.is_data and not picture.stored:
        lines.append((Face.RAW, address_spans(block.href)))
    words = ""
    if block.open:
        pass
    elif picture.loading:
        words = tr("Loading…")
    elif picture.error is not None:
        words = failure_words(picture.error)
    elif picture.trouble:
        words = trouble_words(picture.trouble)
    elif not picture.here:
        words = tr("Nothing is fetched before you load it.")
    if words:
        lines.append((Face.CARD, (Span(words),)))
    return lines


def _buttons(block: ImageBlock, picture: Picture) -> list[tuple[str, str, Kind]]:
    """Return verb, words and shape of each button, the main one last."""
    if block.open or picture.loading:
        return []
    if picture.stored and not picture.here:
        return []
    if not picture.here:
        again = picture.error is not None
        return [
            ("copy-address", tr("Copy address"), Kind.QUIET),
            ("load", tr("Try again") if again else tr("Load"), Kind.SECONDARY),
        ]
    buttons = []
    if not picture.is_data and not picture.stored:
        buttons.append(("copy-address", tr("Copy address"), Kind.QUIET))
    if picture.savable:
        buttons.append(("save", tr("Save as"), Kind.SECONDARY))
    return buttons
