"""What stands below the text of an answer: pictures that it made, tools that it asked for."""

from collections.abc import Set
from typing import Final

from PySide6.QtCore import QRect

from desktop_chat.core.attachments import AttachmentKind
from desktop_chat.core.messages import Message
from desktop_chat.ui.transcript.controls import Control
from desktop_chat.ui.transcript.files.stored_piece import FileKeys, StoredPiece
from desktop_chat.ui.transcript.files.tool_cards import ToolCard
from desktop_chat.ui.transcript.ink import Ink
from desktop_chat.ui.transcript.look import Page
from desktop_chat.ui.transcript.pieces import Piece

_GAP: Final = 10
_UNKNOWN: Final = (0, 0)


class AnswerTail:
    """Pictures, then cards of tools, one below the other.

    Attributes:
        pictures: those of the answer.
        calls: the cards of its calls.
    """

    def __init__(self) -> None:
        self.pictures: list[StoredPiece] = []
        self.calls: list[ToolCard] = []
        self._of: tuple[object, object] = _UNKNOWN

    def sync(self, message: Message, page: Page) -> None:
        """Show what a message has now; costs nothing when that is what is shown."""
        now = (message.attachments, message.tool_calls)
        if self._of[0] is now[0] and self._of[1] is now[1]:
            return
        self._of = now
        known = {piece.file.blob: piece for piece in self.pictures}
        files = [item for item in message.attachments if item.kind is AttachmentKind.IMAGE]
        self.pictures = [
            known.pop(file.blob) if file.blob in known else StoredPiece(file, page)
            for file in files
        ]
        for piece in known.values():
            piece.drop()
        cards = {card.call: card for card in self.calls}
        self.calls = [
            cards.get(call) or ToolCard(message.id, number, call)
            for number, call in enumerate(message.tool_calls)
        ]

    def __bool__(self) -> bool:
        return bool(self.pictures or self.calls)

    def _places(self, page: Page) -> tuple[list[tuple[StoredPiece, int]], list[int], int]:
        """Return the pictures and their tops, the tops of the cards, and the height of it all."""
        y = 0
        pictures: list[tuple[StoredPiece, int]] = []
        for piece in self.pictures:
            y += _GAP
            pictures.append((piece, y))
            y += piece.height
        calls = []
        for card in self.calls:
            y += _GAP
            calls.append(y)
            y += card.height(page)
        return pictures, calls, y

    def height(self, page: Page) -> int:
        """Return the height, with the gap above the first."""
        return self._places(page)[2]

    def measure(self, top: int, bottom: int, page: Page) -> int:
        """Measure what touches a range of heights, which asks for its pictures.

        Returns:
            How much it has grown.
        """
        grown = 0
        for piece, y in self._places(page)[0]:
            if not piece.measured and y + piece.height >= top and y < bottom:
                before = piece.height
                piece.measure(page)
                grown += piece.height - before
        return grown

    def arrived(self, pieces: Set[Piece], page: Page) -> int | None:
        """Measure pictures anew that have come; return the top of the first, or None."""
        first = None
        for piece, y in self._places(page)[0]:
            if piece in pieces:
                piece.measure(page)
                first = y if first is None else first
        return first

    def paint(self, ink: Ink, page: Page, x: int, y: int) -> None:
        """Paint what has to be painted."""
        pictures, calls, _height = self._places(page)
        for piece, top in pictures:
            if ink.wanted(QRect(x, y + top, page.width, piece.height)):
                piece.paint(ink, page, x, y + top)
        for card, top in zip(self.calls, calls, strict=True):
            if ink.wanted(QRect(x, y + top, page.width, card.height(page))):
                card.paint(ink, page, x, y + top)

    def controls(
        self, message_id: str, page: Page, x: int, y: int, view: tuple[int, int], *, near: bool
    ) -> list[Control]:
        """Return what can be pressed between two heights."""
        found: list[Control] = []
        pictures, calls, _height = self._places(page)
        for number, (piece, top) in enumerate(pictures):
            if y + top + piece.height >= view[0] and y + top < view[1]:
                keys = FileKeys(message_id, number, x, y + top, view, near)
                found += piece.controls(keys, page)
        for card, top in zip(self.calls, calls, strict=True):
            found += card.controls(page, x, y + top)
        return found

    # Memory

    def keep(self, top: int, bottom: int, page: Page) -> None:
        """Let the pictures outside a range of heights go."""
        for piece, y in self._places(page)[0]:
            if y + piece.height < top or y >= bottom:
                piece.drop()
                piece.measured = False

    def drop(self) -> None:
        """Let all pictures and layouts go."""
        for piece in self.pictures:
            piece.drop()
            piece.measured = False
        self.forget()

    def forget(self) -> None:
        """Forget the layouts of the cards."""
        for card in self.calls:
            card.forget()

    def resize(self, page: Page) -> None:
        """Take the heights for another width."""
        self.drop()
        for piece in self.pictures:
            piece.estimate(page)

    def retell(self) -> None:
        """Say it in another language."""
        for card in self.calls:
            card.say_again()
