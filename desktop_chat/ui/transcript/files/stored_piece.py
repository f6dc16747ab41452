"""A picture that the store has: it comes when it is near the viewport, and goes again."""

from typing import Final

from PySide6.QtCore import QRect, QRectF

from desktop_chat.chat.words import fill
from desktop_chat.core.attachments import Attachment
from desktop_chat.core.i18n import tr
from desktop_chat.markdown.blocks import ImageBlock, Span
from desktop_chat.ui import icons
from desktop_chat.ui.file_marks import paint_thumb
from desktop_chat.ui.theme import RADIUS_CODE
from desktop_chat.ui.transcript.controls import Command, Control, Kind
from desktop_chat.ui.transcript.deeds import Deeds
from desktop_chat.ui.transcript.images.images import SCHEME, Picture
from desktop_chat.ui.transcript.images.layout_image import ImagePiece
from desktop_chat.ui.transcript.images.picture_card import PictureCard
from desktop_chat.ui.transcript.ink import Ink
from desktop_chat.ui.transcript.look import Page
from desktop_chat.ui.transcript.pieces import PieceKeys, Verb
from desktop_chat.ui.transcript.places import PLAIN, Shade
from desktop_chat.ui.transcript.text.runs import Run, make_run

USE: Final = "use"
"""The verb that makes a picture a file of the next question."""
_THUMB: Final = 96
_NARROWEST: Final = 64
_WIDEST: Final = 200


def address_of(blob: str) -> str:
    """Return the address under which the picture of a blob is known."""
    return SCHEME + blob


class FileKeys(PieceKeys):
    """Where the picture of a message's file stands, for the controls over it."""

    def command(self, verb: Verb) -> Command:
        """Return the command that makes ``press`` do something."""
        return Command("file", self.message_id, f"{self.index} {verb}")

    def key(self, verb: Verb) -> tuple[str, str]:
        """Return the key of the control for a verb."""
        return self.message_id, f"file:{self.index}:{verb}"


class StoredPiece(ImagePiece):
    """A picture of an answer. Its place is known before its bytes are there.

    Args:
        file: which.
        page: fonts, and the images.
    """

    __slots__ = ("file",)
    selectable = False

    def __init__(self, file: Attachment, page: Page) -> None:
        stem = file.name.rpartition(".")[0] or file.name
        super().__init__(ImageBlock(stem, address_of(file.blob)), None, page)
        self.file = file
        self.estimate(page)

    def estimate(self, page: Page) -> None:
        """Take the height that it will have by the size that the file has."""
        if self.file.width and self.file.height:
            self.height = self._fit_size((self.file.width, self.file.height), page)[1]

    def _ready(self, page: Page) -> tuple[Picture, PictureCard | None]:
        """Return the picture, which is asked for now if it is not here."""
        picture = page.images.picture(self.block.href)
        if self._picture is not picture:
            self._picture = self._card = self._caption = None
        if picture.here or picture.error is not None:
            return super()._ready(page)
        page.images.fetch(picture)
        if not self.file.width or not self.file.height:
            return super()._ready(page)
        picture.size = (self.file.width, self.file.height)
        self._picture = picture
        self._card = self._caption = None
        picture.pieces.add(self)
        return picture, None

    def _run(self) -> Run:
        """Return nothing but for a card: the name of a file says nothing of the picture."""
        return make_run((Span("" if self._card is None else self.file.name),))

    def drop(self) -> None:
        """Let the picture go; its bytes may be let go, too."""
        super().drop()
        self._picture = None

    def controls(self, keys: PieceKeys, page: Page) -> list[Control]:
        """Return what can be pressed: the picture, copying, saving, using it as input."""
        picture, card = self._ready(page)
        if card is None and not picture.here:
            return []
        return super().controls(keys, page)

    def _tools(self) -> list[tuple[str, str, str]]:
        return [*super()._tools(), (USE, "paperclip", tr("Use as input"))]

    def press(self, verb: str, deeds: Deeds, page: Page) -> bool:
        """Show larger, copy or save the picture."""
        picture, _card = self._ready(page)
        return picture.here and super().press(verb, deeds, page)


class ThumbPiece(StoredPiece):
    """A picture of a question: small, and larger when it is pressed."""

    __slots__ = ()

    @property
    def width(self) -> int:
        """How wide it is, in logical pixels."""
        if not self.file.width or not self.file.height:
            return _THUMB
        return max(_NARROWEST, min(_WIDEST, self.file.width * _THUMB // self.file.height))

    def estimate(self, page: Page) -> None:
        """Take its one height."""
        del page
        self.height = _THUMB
        self.measured = True

    def measure(self, page: Page) -> None:
        """Ask for the picture."""
        self._ready(page)
        self.measured = True

    def resize(self) -> None:
        """Keep the size."""
        self.drop()

    def paint(self, ink: Ink, page: Page, x: int, y: int, shade: Shade = PLAIN) -> None:
        """Paint the picture, or its place."""
        del shade
        frame = QRectF(x, y, self.width, _THUMB)
        picture, card = self._ready(page)
        image = None
        if card is None:
            part = max(self.width / picture.size[0], _THUMB / picture.size[1]) / ink.pixel
            box = (round(picture.size[0] * part), round(picture.size[1] * part))
            image = page.images.show(picture, self, box)
        if image is not None:
            paint_thumb(ink.painter, image, frame, RADIUS_CODE)
            ink.box(frame, RADIUS_CODE, None, ink.tokens.line)
            return
        ink.box(frame, RADIUS_CODE, ink.tokens.sunken, ink.tokens.line)
        name = "image" if card is None else "warning-circle"
        icons.paint(ink.painter, name, frame, ink.tokens.text3, 18)

    def controls(self, keys: PieceKeys, page: Page) -> list[Control]:
        """Return the picture itself."""
        picture, card = self._ready(page)
        if card is not None or not picture.here:
            return []
        name = fill(tr("Show larger: {name}"), name=self.file.name)
        rect = QRect(keys.x, keys.y, self.width, _THUMB)
        return [Control(keys.key("zoom"), Kind.AREA, rect, keys.command("zoom"), name=name)]
