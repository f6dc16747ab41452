"""What was found in one message: three numbers for each hit, whatever there is of them."""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple, TypeAlias

from desktop_chat.ui.transcript.places import END, Part

Span: TypeAlias = tuple[int, int]
_MORE: Final = 0xFFFFFFFF
"""The end of a hit that goes on in the next piece."""


class Hit(NamedTuple):
    """One place that was found.

    Attributes:
        part: of the message.
        piece: its number in the part.
        start: position in the piece.
        end: position behind it; beyond the piece's text where the hit goes on in the next piece.
    """

    part: Part
    piece: int
    start: int
    end: int


class PartHits:
    """The hits in one part of a message, in order."""

    __slots__ = ("_cache", "_ends", "_pieces", "_starts", "_tails")

    def __init__(self) -> None:
        self._pieces = array("I")
        self._starts = array("I")
        self._ends = array("I")
        self._tails: dict[int, int] = {}
        self._cache: dict[int, tuple[Span, ...]] = {}

    def __len__(self) -> int:
        return len(self._pieces)

    def add(self, piece: int, start: int, end: int) -> None:
        """Take a hit that lies behind all others."""
        self._pieces.append(piece)
        self._starts.append(start)
        self._ends.append(end)
        self._cache.pop(piece, None)

    def add_joined(self, piece: int, start: int, end: int) -> None:
        """Take a hit that begins in the piece before this one and ends in it."""
        last = len(self._pieces) - 1
        if last >= 0 and self._pieces[last] == piece - 1 and self._ends[last] > start:
            return
        self.add(piece - 1, start, _MORE)
        self._tails[piece] = end
        self._cache.pop(piece, None)

    def cut(self, piece: int, start: int = 0) -> None:
        """Forget what lies behind a position of a piece.

        Without a position, what reaches into the piece from the one before it goes, too.
        """
        pieces, starts = self._pieces, self._starts
        count = len(pieces)
        while count and (pieces[count - 1], starts[count - 1]) >= (piece, start):
            count -= 1
        if count and not start and pieces[count - 1] == piece - 1:
            count -= self._ends[count - 1] == _MORE
        if count < len(pieces):
            for numbers in (pieces, starts, self._ends):
                del numbers[count:]
        if not start:
            self._tails = {at: end for at, end in self._tails.items() if at < piece}
        self._cache = {at: spans for at, spans in self._cache.items() if at < piece - 1}

    def at(self, number: int) -> tuple[int, int, int]:
        """Return piece, start and end of one hit."""
        end = self._ends[number]
        return self._pieces[number], self._starts[number], END if end == _MORE else end

    def in_piece(self, piece: int) -> tuple[Span, ...]:
        """Return what is found in one piece, in order."""
        known = self._cache.get(piece)
        if known is None:
            first = bisect_left(self._pieces, piece)
            last = bisect_right(self._pieces, piece, first)
            ends = [END if end == _MORE else end for end in self._ends[first:last]]
            known = tuple(zip(self._starts[first:last], ends, strict=True))
            tail = self._tails.get(piece)
            if tail is not None:
                known = ((0, tail), *known)
            self._cache[piece] = known
        return known

    def first_from(self, piece: int, start: int = 0) -> int:
        """Return the number of the first hit that begins at a place or behind it."""
        number = bisect_left(self._pieces, piece)
        while (
            number < len(self._pieces)
            and self._pieces[number] == piece
            and self._starts[number] < start
        ):
            number += 1
        return number

    def pieces(self) -> Iterator[int]:
        """Return the pieces in which anything begins, each once."""
        before = -1
        for piece in self._pieces:
            if piece != before:
                yield piece
                before = piece


class Found(Mapping[tuple[Part, int], tuple[Span, ...]]):
    """The hits in one message; as a mapping, from part and piece to positions.

    Attributes:
        thinking: those in the thinking.
        body: those in the text.
        extent: how many pieces the text has.
    """

    __slots__ = ("body", "extent", "thinking")

    def __init__(self) -> None:
        self.thinking = PartHits()
        self.body = PartHits()
        self.extent = 0

    def __getitem__(self, key: tuple[Part, int]) -> tuple[Span, ...]:
        return self._part(key[0]).in_piece(key[1])

    def __iter__(self) -> Iterator[tuple[Part, int]]:
        for part in (Part.THINKING, Part.BODY):
            for piece in self._part(part).pieces():
                yield part, piece

    def __len__(self) -> int:
        return sum(1 for _key in self)

    def _part(self, part: Part) -> PartHits:
        return self.thinking if part == Part.THINKING else self.body

    @property
    def count(self) -> int:
        """How many hits there are."""
        return len(self.thinking) + len(self.body)

    def at(self, number: int) -> Hit:
        """Return one hit by its number in the message."""
        before = len(self.thinking)
        if number < before:
            return Hit(Part.THINKING, *self.thinking.at(number))
        return Hit(Part.BODY, *self.body.at(number - before))

    def first_from(self, part: Part, piece: int, start: int = 0) -> int:
        """Return the number of the first hit at a place or behind it; ``count`` if none is."""
        if part == Part.HEAD:
            return 0
        if part == Part.THINKING:
            return self.thinking.first_from(piece, start)
        return len(self.thinking) + self.body.first_from(piece, start)
