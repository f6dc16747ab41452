"""Images that stand alone in a message."""

from typing import Final

from PySide6.QtCore import QMimeData, QRect, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QImage, QPainter, QTransform

from desktop_chat.chat.words import fill
from desktop_chat.core.i18n import language, tr
from desktop_chat.core.pictures import SUFFIXES
from desktop_chat.markdown.blocks import Block, ImageBlock, Span
from desktop_chat.markdown.to_html import image_html
from desktop_chat.ui import icons
from desktop_chat.ui.theme import RADIUS_CODE
from desktop_chat.ui.transcript.controls import Control, Kind
from desktop_chat.ui.transcript.deeds import Deeds
from desktop_chat.ui.transcript.images.images import Images, Picture
from desktop_chat.ui.transcript.images.picture_card import PictureCard, title_run
from desktop_chat.ui.transcript.images.picture_decode import Decoded, Trouble, is_data
from desktop_chat.ui.transcript.images.picture_viewer import PictureViewer
from desktop_chat.ui.transcript.images.picture_words import amount, file_name
from desktop_chat.ui.transcript.ink import Ink, put_text
from desktop_chat.ui.transcript.look import Face, Page
from desktop_chat.ui.transcript.pieces import Piece, PieceKeys
from desktop_chat.ui.transcript.places import PLAIN, Shade
from desktop_chat.ui.transcript.text.layout_text import TextFlow
from desktop_chat.ui.transcript.text.runs import Run, make_run

TALLEST: Final = 480
"""An image is shown at most so high, in logical pixels at 100 %."""
_RECEIVING: Final = 56
_PAD: Final = 13
_CAPTION_GAP: Final = 4
_LEAST: Final = 16
"""A smaller image has a frame of this size."""
_TOOL: Final = 24
_TOOL_INSET: Final = 8
_TOOL_ROOM: Final = 28
"""A picture with tools on it is so much wider than they are."""
_BASE_EM: Final = 14
_VEIL: Final = 96
_HTML_BYTES: Final = 4 * 1024 * 1024
"""A larger image is copied without HTML around it."""
_BASE64: Final = 3 / 4


class ImagePiece(Piece):
    """An image: the picture with its caption, or a card while there is none.

    Args:
        block: grows while it streams.
        before: the block before it, or None.
        page: fonts, and the images.
    """

    __slots__ = ("_caption", "_card", "_images", "_picture", "_shown")
    block: ImageBlock

    def __init__(self, block: ImageBlock, before: Block | None, page: Page) -> None:
        super().__init__(block, before, page)
        self._images: Images = page.images
        self._picture: Picture | None = None
        self._card: PictureCard | None = None
        self._caption: TextFlow | None = None
        self._shown = (0, 0)
        self.height = _RECEIVING

    # Measuring

    @property
    def _receiving(self) -> bool:
        """Whether more of the image itself is to come."""
        return self.block.open and is_data(self.block.href)

    def _ready(self, page: Page) -> tuple[Picture, PictureCard | None]:
        """Return the image, laid out, and the card that stands for it, if one does."""
        if self._picture is None or self._picture.href != self.block.href:
            # What is still growing is not remembered by its half address.
            known = not self.block.open
            href = self.block.href
            self._picture = page.images.picture(href) if known else Picture(href)
            self._card = self._caption = None
        picture = self._picture
        picture.pieces.add(self)
        width = page.width - self.indent
        if not picture.shown:
            self._caption = None
            if self._card is None or self._card.language != language():
                self._card = PictureCard(self.block, picture, width, page)
        elif self._caption is None:
            self._card = None
            self._caption = TextFlow(Face.CAPTION, self._run(), width, page.look)
        return picture, self._card

    def measure(self, page: Page) -> None:
        """Set ``height`` to the real one."""
        self.measured = True
        if self._receiving:
            self.height = _RECEIVING
            return
        self._card = None
        picture, card = self._ready(page)
        if card is not None:
            self.height = card.height
            return
        self._shown = self._fit(picture, page)
        self.height = max(self._shown[1], _LEAST) + self._caption_height()

    def _fit(self, picture: Picture, page: Page) -> tuple[int, int]:
        """Return the size in which a picture is shown: never larger than its own."""
        return self._fit_size(picture.size, page)

    def _fit_size(self, size: tuple[int, int], page: Page) -> tuple[int, int]:
        width, height = size
        scale = page.look.styles[Face.CELL].em / _BASE_EM
        room = (page.width - self.indent, TALLEST * scale)
        part = min(1.0, room[0] / width, room[1] / height)
        return max(1, round(width * part)), max(1, round(height * part))

    def _caption_height(self) -> int:
        if self._caption is None or not self._caption.run.text:
            return 0
        return _CAPTION_GAP + self._caption.height

    def renew(self, block: Block, page: Page) -> int | None:
        """Take a later form of the same block."""
        if not isinstance(block, ImageBlock) or block.containers != self.block.containers:
            return None
        self.block = block
        if not (self._receiving and self.measured and self.height == _RECEIVING):
            self.drop()
            self._picture = None
            self.measured = False
        return 0

    def drop(self) -> None:
        """Let the layouts go, and the picture, which is decoded again when it is needed."""
        if self._picture is not None:
            self._images.leave(self._picture, self)
        self._card = self._caption = None

    # Painting

    def paint(self, ink: Ink, page: Page, x: int, y: int, shade: Shade = PLAIN) -> None:
        """Paint what has to be painted."""
        if self._receiving:
            self._paint_receiving(ink, page, x, y)
            return
        picture, card = self._ready(page)
        if card is not None:
            card.paint(ink, page, x, y, shade)
            return
        if self._shown == (0, 0):
            self._shown = self._fit(picture, page)
        width, height = self._shown
        frame = QRectF(x, y, max(width, _LEAST), max(height, _LEAST))
        left, top = ink.snap_x(x + (frame.width() - width) / 2), ink.snap_y(y)
        rect = QRectF(left, top + int((frame.height() - height) / 2), width, height)
        box = (round(width / ink.pixel), round(height / ink.pixel))
        image = page.images.show(picture, self, box)
        if image is None:
            ink.box(frame, RADIUS_CODE, ink.tokens.sunken, ink.tokens.line)
            icons.paint(ink.painter, "image", frame, ink.tokens.text3, 18)
        else:
            _paint_picture(ink, image, rect)
            ink.box(frame, RADIUS_CODE, None, ink.tokens.line)
        if shade.selected is not None:
            veil = QColor(ink.tokens.sel)
            veil.setAlpha(_VEIL)
            ink.box(frame, RADIUS_CODE, veil, None)
        if self._caption is not None:
            below = y + int(frame.height()) + _CAPTION_GAP
            self._caption.paint(ink, x, below, page.look, shade)

    def _paint_receiving(self, ink: Ink, page: Page, x: int, y: int) -> None:
        t = ink.tokens
        width = page.width - self.indent
        ink.box(QRectF(x, y, width, _RECEIVING), RADIUS_CODE, t.sunken, t.line)
        tile = QRectF(x + _PAD, y, 18, _RECEIVING)
        icons.paint(ink.painter, "image", tile, t.text3, 18)
        ink.painter.setFont(page.look.ui)
        ink.painter.setPen(t.text2)
        came = int(len(self.block.href) * _BASE64)
        words = fill(tr("Receiving an image… {amount}"), amount=amount(came))
        put_text(ink.painter, QRect(x + _PAD + 30, y, width, _RECEIVING), words)

    # What is pressed

    def controls(self, keys: PieceKeys, page: Page) -> list[Control]:
        """Return what can be pressed: the picture itself, and copying and saving it."""
        if self._receiving:
            return []
        _picture, card = self._ready(page)
        if card is not None:
            return card.controls(keys)
        width, height = (max(size, _LEAST) for size in self._shown)
        name = self.block.alt.strip() or tr("Image")
        found = [
            Control(
                keys.key("zoom"),
                Kind.AREA,
                QRect(keys.x, keys.y, width, height),
                keys.command("zoom"),
                name=fill(tr("Show larger: {name}"), name=name),
            )
        ]
        if not keys.active:
            return found
        tools = self._tools()
        room = len(tools) * (_TOOL + 4) - 4
        # Beside a small picture, so that they do not hide it.
        inside = width >= room + _TOOL_ROOM and height >= _TOOL + 2 * _TOOL_INSET
        x = keys.x + width + (-room - _TOOL_INSET if inside else _TOOL_INSET)
        place = QRect(x, keys.y + (_TOOL_INSET if inside else 0), _TOOL, _TOOL)
        for verb, icon, words in tools:
            command = keys.command(verb)
            found.append(Control(keys.key(verb), Kind.TOOL, place, command, icon=icon, name=words))
            place = place.translated(_TOOL + 4, 0)
        return found

    def _tools(self) -> list[tuple[str, str, str]]:
        """Return verb, icon and name of what can be done with the picture."""
        return [
            ("copy", "copy", tr("Copy image")),
            ("save", "download-simple", tr("Save image")),
        ]

    def press(self, verb: str, deeds: Deeds, page: Page) -> bool:
        """Load, show larger, copy or save the image."""
        picture, _card = self._ready(page)
        images = page.images
        if verb == "load":
            images.load(picture)
            return True
        if verb == "copy-address":
            deeds.copy(self.block.href)
        elif verb == "zoom":
            viewer = PictureViewer(deeds.theme, deeds.window.window(), self.block.alt)
            viewer.copy_wanted.connect(lambda: _copy(self.block, picture, images, deeds))
            viewer.save_wanted.connect(lambda: _save(self.block, picture, images, deeds))
            images.whole(picture, viewer.show_picture)
            viewer.open()
        elif verb == "copy":
            _copy(self.block, picture, images, deeds)
        elif verb == "save":
            _save(self.block, picture, images, deeds)
        return False

    # Positions

    def _run(self) -> Run:
        """Return the caption; of a card, its title."""
        if self._card is not None:
            return title_run(self.block)
        return make_run((Span(self.block.alt.strip()),))

    def length(self) -> int:
        """Return the last position."""
        return len(self._run().text)

    def plain(self, start: int, end: int) -> str:
        """Return the text between two positions."""
        return self._run().plain(start, end)

    def raw(self) -> str:
        """Return the text that positions count in."""
        return self._run().text

    def _text(self, page: Page) -> tuple[TextFlow, int, int] | None:
        """Return the text that can be selected, and where it stands."""
        if self._receiving:
            return None
        _picture, card = self._ready(page)
        if card is not None:
            return card.title, card.title_left, card.title_top
        if self._caption is None or not self._caption_height():
            return None
        return self._caption, 0, self.height - self._caption.height

    def hit(self, page: Page, x: float, y: float) -> int:
        """Return the position nearest to a point."""
        found = self._text(page)
        return 0 if found is None else found[0].hit(x - found[1], y - found[2], page.look)

    def over_text(self, page: Page, x: float, y: float) -> bool:
        """Tell whether a point lies on text that can be selected."""
        found = self._text(page)
        return found is not None and 0 <= y - found[2] < found[0].height

    def caret_at(self, page: Page, position: int) -> QRectF:
        """Return where a position is, relative to the content."""
        found = self._text(page)
        if found is None:
            return QRectF(0, 0, 0, self.height)
        return found[0].place_of(position, page.look).translated(found[1], found[2])

    def natural_width(self, page: Page) -> float:
        """Return how wide it is."""
        _picture, card = self._ready(page)
        return float(self._shown[0] if card is None else page.width - self.indent)


def _paint_picture(ink: Ink, image: QImage, rect: QRectF) -> None:
    """Paint a picture with rounded corners; what can be seen through stands on white."""
    painter = ink.painter
    painter.save()
    painter.setRenderHints(
        QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform
    )
    painter.setPen(Qt.PenStyle.NoPen)
    if image.hasAlphaChannel():
        painter.setBrush(QColor("white"))
        painter.drawRoundedRect(rect, RADIUS_CODE, RADIUS_CODE)
    brush = QBrush(image)
    move = QTransform.fromTranslate(rect.left(), rect.top())
    brush.setTransform(move.scale(rect.width() / image.width(), rect.height() / image.height()))
    painter.setBrush(brush)
    painter.drawRoundedRect(rect, RADIUS_CODE, RADIUS_CODE)
    painter.restore()


def _save(block: ImageBlock, picture: Picture, images: Images, deeds: Deeds) -> None:
    suffix = SUFFIXES.get(picture.head.kind, "bin") if picture.head is not None else "bin"
    if picture.trouble is Trouble.SVG:
        suffix = "svg"
    name = file_name(block.alt, block.href, suffix)

    def save(data: bytes | None) -> None:
        if data is not None:
            deeds.save(tr("Save image"), name, data)

    images.original(picture, save)


def _copy(block: ImageBlock, picture: Picture, images: Images, deeds: Deeds) -> None:
    """Put an image on the clipboard: its pixels, its file, and HTML that holds it."""

    def put(found: Decoded | None, raw: bytes | None) -> None:
        if found is None or not found.images or raw is None or picture.head is None:
            return
        data = QMimeData()
        data.setImageData(found.images[0])
        data.setData(picture.head.mime, raw)
        if picture.is_data and len(block.href) <= _HTML_BYTES:
            data.setHtml(image_html(block.alt, block.href))
        deeds.copy_data(data)

    def read(found: Decoded | None) -> None:
        images.original(picture, lambda raw: put(found, raw))

    images.whole(picture, read)
