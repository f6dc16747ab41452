"""The column of messages: what is where, what is measured, what stays in memory."""

from collections.abc import Callable, Iterable, Sequence, Set
from dataclasses import dataclass
from typing import Final, NamedTuple

from desktop_chat.core.messages import Message, MessageHead, MessageState, Role
from desktop_chat.ui.transcript.answer import AnswerBody
from desktop_chat.ui.transcript.answer_paint import Tiles
from desktop_chat.ui.transcript.bar_scale import BarScale, ColumnBar
from desktop_chat.ui.transcript.body import MessageBody, Spot
from desktop_chat.ui.transcript.code.highlight import Lexers
from desktop_chat.ui.transcript.heights import HeightIndex
from desktop_chat.ui.transcript.look import Face, Page
from desktop_chat.ui.transcript.pieces import Piece
from desktop_chat.ui.transcript.places import Part
from desktop_chat.ui.transcript.question import FOLD_CHARS, QuestionBody

TOP: Final = 0
BOTTOM: Final = 20
"""Free space below the last message, in logical pixels."""
_PARSE_SECONDS: Final = 0.008
_QUESTION_FRAME: Final = 40
_ANSWER_FRAME: Final = 80
_NEAR_MESSAGES: Final = 12
"""So many messages around the viewport keep what was parsed."""
_TEXT_MESSAGES: Final = 200
"""So many messages around the viewport, and at the end, keep their text."""


class Anchor(NamedTuple):
    """The place that stays at the viewport's top while heights above it change."""

    item: int
    spot: Spot


@dataclass(slots=True, eq=False)
class Item:
    """One message of the visible branch.

    Attributes:
        id: the message's.
        role: who speaks.
        chars: about how long it is.
        message: None while its text is not there.
        body: its drawn form, while it is near the viewport.
        fetched: whether its text came later than the message, and may go again.
    """

    id: str
    role: Role
    chars: int
    message: Message | None
    body: MessageBody | None = None
    fetched: bool = False


def estimates(items: Iterable[Item], page: Page) -> list[int]:
    """Return about how high messages will be, from their lengths and roles alone."""
    style = page.look.styles[Face.BODY]
    per_line = max(10, page.width * 15 // (11 * style.em))
    question, answer, user = style.leading - 1, style.leading + 1, Role.USER
    return [
        _QUESTION_FRAME + question * (-(-min(item.chars, FOLD_CHARS) * 5 // (4 * per_line)) or 1)
        if item.role is user
        else _ANSWER_FRAME + answer * (-(-item.chars // per_line) or 1)
        for item in items
    ]


def estimate(item: Item, page: Page) -> int:
    """Return about how high a message will be."""
    return estimates((item,), page)[0]


class Column:
    """Messages one below the other.

    Args:
        page: fonts and width.
        lexers: where code gets its colours from.
        tiles: the look of services.

    Attributes:
        heights: of the messages, measured or estimated.
        scale: the heights that the scroll bar counts in.
        bar: where places lie on the scroll bar.
    """

    def __init__(self, page: Page, lexers: Lexers, tiles: Tiles) -> None:
        self.page = page
        self.tiles = tiles
        self.items: list[Item] = []
        self.siblings: Callable[[str], tuple[int, int]] = lambda _message_id: (1, 1)
        self._lexers = lexers
        self.heights = HeightIndex()
        self.scale = BarScale()
        self.bar = ColumnBar(self)
        self._index: dict[str, int] = {}
        self._loaded: set[int] = set()
        self._asked: set[str] = set()

    # Messages

    def set_branch(self, branch: Sequence[Message | MessageHead]) -> None:
        """Show other messages; those that stay keep what is known of them."""
        kept = {
            item.id: (item, self.heights[index], self.scale[index])
            for index, item in enumerate(self.items)
        }
        self.items = [_item(entry) for entry in branch]
        heights = estimates(self.items, self.page)
        scale = list(heights) if kept else heights
        self._loaded.clear()
        for index, item in enumerate(self.items) if kept else ():
            before = kept.get(item.id)
            if before is not None and _same(before[0], item):
                self.items[index], heights[index], scale[index] = before
                if before[0].body is not None:
                    self._loaded.add(index)
        self.heights = HeightIndex(heights)
        self.scale = BarScale(scale)
        for index in range(len(heights)) if kept else ():
            if heights[index] != scale[index]:
                self.scale.note(index)
        self._index = {item.id: index for index, item in enumerate(self.items)}
        for index in self._loaded:
            self._update_versions(self.items[index])

    def add(self, message: Message) -> int:
        """Append a message and return its index."""
        item = _item(message)
        self._index[item.id] = len(self.items)
        self.items.append(item)
        height = estimate(item, self.page)
        self.heights.append(height)
        self.scale.append(height)
        return len(self.items) - 1

    def index_of(self, message_id: str) -> int | None:
        """Return where a message is, or None when it is not on this branch."""
        return self._index.get(message_id)

    def replace(self, index: int, message: Message) -> None:
        """Give a message its text, or another state."""
        item = self.items[index]
        item.message = message
        item.chars = len(message.text) + len(message.reasoning)
        if item.body is None:
            self.heights.set(index, estimate(item, self.page))
            self.scale.note(index)

    def body(self, index: int) -> MessageBody | None:
        """Return the drawn form of a message, made now if its text is there."""
        item = self.items[index]
        if item.body is None and item.message is not None:
            if item.role is Role.USER:
                item.body = QuestionBody(item.message, self.page, self._lexers)
            else:
                item.body = AnswerBody(item.message, self._lexers, self._tile)
                self._update_versions(item)
                item.body.work(self.page, _PARSE_SECONDS)
            self._loaded.add(index)
            self.refresh(index)
        return item.body

    def answer(self, index: int) -> AnswerBody | None:
        """Return the drawn form of an answer, or None for other messages."""
        body = self.body(index)
        return body if isinstance(body, AnswerBody) else None

    def _tile(self, service_id: str) -> tuple[str, str]:
        return self.tiles(service_id)

    def _update_versions(self, item: Item) -> None:
        if isinstance(item.body, AnswerBody):
            item.body.versions = self.siblings(item.id)[1]

    def refresh(self, index: int) -> int:
        """Take a message's height anew and return how much it has grown."""
        body = self.items[index].body
        if body is None:
            return 0
        height = body.height(self.page)
        grown = self.heights.set(index, height)
        if grown and isinstance(body, AnswerBody) and body.live:
            self.scale.set(index, height)
        elif grown:
            self.scale.note(index)
        return grown

    # Places

    @property
    def height(self) -> int:
        """Of everything, measured or estimated, in logical pixels."""
        return TOP + self.heights.total + BOTTOM

    def top_of(self, index: int) -> int:
        """Return the upper edge of a message."""
        return TOP + self.heights.offset(index)

    def height_of(self, index: int) -> int:
        """Return the height of a message, measured or estimated."""
        return self.heights[index]

    def at(self, y: int) -> int:
        """Return the index of the message at a height; there must be one."""
        return self.heights.find(y - TOP)

    def between(self, top: int, bottom: int) -> range:
        """Return the messages that touch a range of heights."""
        if not self.items:
            return range(0)
        return range(self.at(top), self.at(bottom - 1) + 1)

    def anchor(self, y: int, bottom: int = 0) -> Anchor:
        """Return the place at a height.

        Where no text is there yet the place is told from the first text below it, so that this
        stays when the other comes.

        Args:
            y: the height.
            bottom: so far down is looked for text.
        """
        if not self.items:
            return Anchor(0, Spot(Part.HEAD, 0, 0))
        index = self.at(y)
        top = self.top_of(index)
        body = self.items[index].body
        if body is not None:
            blank = body.blank_from(self.page)
            if blank is None or y - top < blank:
                return Anchor(index, body.spot(self.page, y - top))
        below, edge = index + 1, top + self.heights[index]
        while below < len(self.items) and edge < bottom:
            if self.items[below].body is not None:
                return Anchor(below, Spot(Part.HEAD, 0, y - edge))
            edge += self.heights[below]
            below += 1
        # Nothing is to be seen: a share of what is guessed.
        return Anchor(index, Spot(Part.HEAD, self.heights[index], y - top))

    def y_of(self, anchor: Anchor) -> int:
        """Return the height of a place."""
        if not self.items:
            return 0
        index = min(anchor.item, len(self.items) - 1)
        body = self.items[index].body
        spot = anchor.spot
        if spot.part == Part.HEAD and spot.number:
            inside = spot.dy * self.heights[index] // spot.number
        else:
            inside = spot.dy if body is None else body.y_of(self.page, spot)
        return self.top_of(index) + inside

    # Measuring

    def measure(self, top: int, bottom: int) -> None:
        """Measure downwards what touches a range of heights.

        What lies above ``top`` keeps its height, so nothing there moves.
        """
        if not self.items:
            return
        index = self.at(top)
        y = self.top_of(index)
        while index < len(self.items) and y < bottom:
            body = self.body(index)
            if body is not None:
                body.measure(self.page, top - y, bottom - y)
                self.refresh(index)
            y += self.heights[index]
            index += 1

    def measure_up(self, y: int, amount: int) -> None:
        """Measure upwards from a height; what is there may be at another height afterwards."""
        if not self.items or y <= TOP:
            return
        index = self.at(y - 1)
        inside = y - self.top_of(index)
        while amount > 0:
            body = self.body(index)
            if body is not None:
                inside += body.measure_up(self.page, inside, amount)
                self.refresh(index)
            amount -= inside
            index -= 1
            if index < 0:
                return
            self.body(index)
            inside = self.heights[index]

    def measure_end(self, amount: int) -> None:
        """Measure upwards from the end."""
        left = amount - BOTTOM
        for index in range(len(self.items) - 1, -1, -1):
            body = self.body(index)
            if body is not None:
                body.measure_up(self.page, self.heights[index], left)
                self.refresh(index)
            left -= self.heights[index]
            if left <= 0:
                return

    def arrived(self, pieces: Set[Piece]) -> list[tuple[int, int, int]]:
        """Measure pieces anew for which something has been drawn beside the UI thread.

        Returns:
            For each message that has any: its index, the height in it below which it may look
            different, and the height in the column where it ended before.
        """
        changed = []
        for index in sorted(self._loaded):
            body = self.items[index].body
            bottom = self.top_of(index) + self.heights[index]
            below = None if body is None else body.arrived(pieces, self.page)
            if below is not None:
                self.refresh(index)
                changed.append((index, below, bottom))
        return changed

    def missing(self, top: int, bottom: int) -> list[str]:
        """Return the ids of messages without text that touch a range of heights.

        Each is returned once while it stays in the range, until its text has come.
        """
        missing = [
            item.id
            for item in (self.items[index] for index in self.between(top, bottom))
            if item.message is None
        ]
        new = [name for name in missing if name not in self._asked]
        # What did not come is asked for again when the reader comes back to it.
        self._asked = set(missing)
        return new

    def not_come(self, ids: Iterable[str]) -> None:
        """Take note that texts could not be read: they are asked for again."""
        self._asked.difference_update(ids)

    def unparsed(self, top: int, bottom: int) -> list[int]:
        """Return the answers in a range of heights whose text is not all parsed."""
        found = []
        for index in self.between(top, bottom):
            body = self.items[index].body
            if isinstance(body, AnswerBody) and body.waiting:
                found.append(index)
        return found

    # Memory, colours, width

    def trim(self, top: int, bottom: int) -> None:
        """Let go what is far from a range of heights."""
        if not self.items:
            return
        near = self.between(top, bottom)
        margin = bottom - top
        for index in list(self._loaded):
            item = self.items[index]
            body = item.body
            if body is None:
                continue
            y = self.top_of(index)
            live = isinstance(body, AnswerBody) and body.live
            if live or near.start - _NEAR_MESSAGES <= index < near.stop + _NEAR_MESSAGES:
                body.keep(self.page, top - margin - y, bottom + margin - y)
                continue
            # Pictures know who shows them.
            body.drop(self.page)
            item.body = None
            self._loaded.discard(index)
        self._trim_texts(near)

    def _trim_texts(self, near: range) -> None:
        with_text = [index for index, item in enumerate(self.items) if item.fetched]
        if len(with_text) <= 2 * _TEXT_MESSAGES:
            return
        for index in with_text:
            item = self.items[index]
            far = not near.start - _TEXT_MESSAGES <= index < near.stop + _TEXT_MESSAGES
            if far and item.body is None and index < len(self.items) - _TEXT_MESSAGES:
                # It is asked for again when the reader comes back.
                item.message = None
                item.fetched = False

    def recolour(self, page: Page) -> None:
        """Take other colours: layouts go, heights stay."""
        self.page = page
        for index in self._loaded:
            body = self.items[index].body
            if body is not None:
                body.drop(page)

    def resize(self, page: Page) -> None:
        """Take another width or other fonts: heights become estimates."""
        before = self.page
        self.page = page
        heights = []
        scale = []
        for index, item in enumerate(self.items):
            old, new = max(1, estimate(item, before)), estimate(item, page)
            if item.body is not None:
                if page.look is not before.look:
                    item.body.refont(page)
                item.body.resize(page)
                heights.append(item.body.height(page))
            else:
                heights.append(self.heights[index] * new // old)
            scale.append(self.scale[index] * new // old)
        self.heights = HeightIndex(heights)
        self.scale = BarScale(scale)
        for index in self._loaded:
            self.scale.note(index)


def _item(entry: Message | MessageHead) -> Item:
    if isinstance(entry, MessageHead):
        return Item(entry.id, entry.role, entry.chars, None)
    return Item(entry.id, entry.role, len(entry.text) + len(entry.reasoning), entry)


def _same(old: Item, new: Item) -> bool:
    """Tell whether an old item still shows what a new one says."""
    if new.message is None:
        return True
    if old.message is None:
        return False
    if isinstance(old.body, AnswerBody) and old.body.live:
        return new.message.state is MessageState.STREAMING
    return old.message == new.message
