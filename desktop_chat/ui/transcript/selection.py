"""What is selected: an anchor and a caret, each a message, a part, a piece and a position."""

from dataclasses import dataclass
from typing import Final

from desktop_chat.ui.transcript.body import MessageBody
from desktop_chat.ui.transcript.look import Page
from desktop_chat.ui.transcript.pieces import Piece
from desktop_chat.ui.transcript.places import Part, Place, Selected

_START = Place(Part.BODY, 0, 0)
_IDEOGRAPHS: Final = frozenset(map(chr, range(0xD840, 0xD8C0)))
"""What the pairs of rare CJK characters begin with."""


@dataclass(slots=True)
class Selection:
    """The selected text. For now it stays inside one message.

    Attributes:
        message_id: the message, or "" when nothing is selected.
        anchor: where it was begun.
        caret: where it ends.
    """

    message_id: str = ""
    anchor: Place = _START
    caret: Place = _START

    @property
    def empty(self) -> bool:
        """Whether no text is selected."""
        return not self.message_id or self.anchor == self.caret

    def clear(self) -> None:
        """Select nothing."""
        self.message_id = ""

    def begin(self, message_id: str, anchor: Place, caret: Place) -> None:
        """Select between two places of a message."""
        self.message_id, self.anchor, self.caret = message_id, anchor, caret

    def of(self, message_id: str) -> Selected | None:
        """Return what is selected in a message, or None."""
        if self.empty or message_id != self.message_id:
            return None
        return Selected(min(self.anchor, self.caret), max(self.anchor, self.caret))


def selected_text(body: MessageBody, page: Page, selected: Selected) -> str:
    """Return the visible text of a selection, list markers included."""
    parts: list[str] = []
    for place in body.placed(page):
        before: Piece | None = None
        for index, piece in enumerate(place.section.pieces):
            chosen = selected.range(place.part, index)
            if chosen is None:
                continue
            start, end = chosen[0], min(chosen[1], piece.length())
            if parts:
                parts.append(_joint(before, piece))
            if start == 0:
                parts.append(piece.lead())
            parts.append(piece.plain(start, end))
            before = piece
    return "".join(parts)


def _joint(before: Piece | None, piece: Piece) -> str:
    if before is not None and piece.continues(before):
        return ""
    return "\n\n" if before is None or piece.gap else "\n"


def whole(body: MessageBody, page: Page) -> tuple[Place, Place] | None:
    """Return the first and the last place of a message's text, or None without text."""
    placed = [place for place in body.placed(page) if place.section.pieces]
    body_parts = [place for place in placed if place.part == Part.BODY] or placed
    if not body_parts:
        return None
    first, last = body_parts[0], body_parts[-1]
    index = len(last.section.pieces) - 1
    end = Place(last.part, index, last.section.pieces[index].length())
    return Place(first.part, 0, 0), end


def _second_half(text: str, at: int) -> bool:
    """Tell whether a unit is the second of a pair."""
    return 0 < at < len(text) and "\udc00" <= text[at] <= "\udfff"


def word_at(text: str, position: int) -> tuple[int, int]:
    """Return the word around a position: letters and digits, or a run of CJK up to punctuation.

    Args:
        text: characters beyond U+FFFF are whole, or pairs of units.
        position: in it.
    """
    if not text:
        return 0, 0
    position = min(position, len(text) - 1)
    if _second_half(text, position):
        position -= 1

    def inside(at: int) -> bool:
        unit = text[at - 1] if _second_half(text, at) else text[at]
        return unit.isalnum() or unit == "_" or unit in _IDEOGRAPHS

    if not inside(position):
        return position, position + (2 if _second_half(text, position + 1) else 1)
    start = end = position
    wide = ord(text[position]) > 0x2E7F
    while start > 0 and inside(start - 1) and (ord(text[start - 1]) > 0x2E7F) == wide:
        start -= 1
    while end < len(text) and inside(end) and (ord(text[end]) > 0x2E7F) == wide:
        end += 1
    return start, end
