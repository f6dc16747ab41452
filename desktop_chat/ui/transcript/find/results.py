"""What was found in all messages of a branch: counts, and the way from hit to hit."""

from collections.abc import Sequence

from desktop_chat.ui.transcript.find.found import Found, Hit
from desktop_chat.ui.transcript.heights import HeightIndex
from desktop_chat.ui.transcript.model import Item


class Results:
    """The hits by message, with sums that stay cheap while they grow.

    Numbers of messages count from the top of the branch.
    """

    def __init__(self) -> None:
        self._items: list[Item] = []
        self._found: dict[str, Found] = {}
        self._counts = HeightIndex()
        self._unread = HeightIndex()

    def show(self, items: Sequence[Item]) -> None:
        """Take the messages of a branch; what is known of those that stay is kept."""
        before = {item.id: item for item in self._items}
        done = {item.id for index, item in enumerate(self._items) if not self._unread[index]}
        self._items = list(items)
        kept = {item.id for item in items if before.get(item.id) is item and item.id in done}
        self._found = {name: found for name, found in self._found.items() if name in kept}
        self._unread = HeightIndex(0 if item.id in kept else 1 for item in items)
        self._counts = HeightIndex(
            found.count if (found := self._found.get(item.id)) else 0 for item in items
        )

    def add(self, item: Item) -> None:
        """Take a message that was added at the end."""
        self._items.append(item)
        self._unread.append(1)
        self._counts.append(0)

    def clear(self, unread: set[str] | None = None) -> None:
        """Forget what was found.

        Args:
            unread: the messages that are to be read; None means all.
        """
        self._found.clear()
        self._counts = HeightIndex(0 for _item in self._items)
        self._unread = HeightIndex(
            1 if unread is None or item.id in unread else 0 for item in self._items
        )

    def put(self, index: int, found: Found, *, done: bool) -> None:
        """Take what was found in a message, all of it or the first of it."""
        if found.count:
            self._found[self._items[index].id] = found
        else:
            self._found.pop(self._items[index].id, None)
        self._counts.set(index, found.count)
        if done:
            self._unread.set(index, 0)

    def skip(self, index: int) -> None:
        """Count a message as read: its text cannot be had."""
        self._unread.set(index, 0)

    def of(self, message_id: str) -> Found | None:
        """Return what was found in a message, or None."""
        return self._found.get(message_id)

    def with_hits(self) -> set[str]:
        """Return the messages in which anything was found, or that are not read yet."""
        unread = {item.id for index, item in enumerate(self._items) if self._unread[index]}
        return unread | set(self._found)

    def is_unread(self, index: int) -> bool:
        """Tell whether a message is not read yet."""
        return bool(self._unread[index])

    @property
    def messages(self) -> int:
        """How many messages there are."""
        return len(self._items)

    @property
    def total(self) -> int:
        """How many hits there are."""
        return self._counts.total

    @property
    def complete(self) -> bool:
        """Whether every message has been read."""
        return not self._unread.total

    def between(self, first: int, last: int) -> int:
        """Return how many hits the messages from one to before another have."""
        return self._counts.offset(last) - self._counts.offset(first)

    def ordinal(self, index: int, number: int) -> int:
        """Return the place of a hit among all, from 1."""
        return self._counts.offset(index) + number + 1

    def after(self, index: int) -> int | None:
        """Return the first message with hits behind one; -1 if messages before it are unread."""
        return self._found_in(index + 1, self._counts.offset(index + 1))

    def _found_in(self, start: int, before: int) -> int | None:
        end = self.messages
        if before < self._counts.total:
            end = self._counts.find(before)
        if self._unread.offset(end) > self._unread.offset(start):
            return -1
        return end if before < self._counts.total else None

    def before(self, index: int) -> int | None:
        """Return the last message with hits above one; -1 if messages behind it are unread."""
        hits = self._counts.offset(index)
        at = self._counts.find(hits - 1) if hits else -1
        if self._unread.offset(index) > self._unread.offset(at + 1):
            return -1
        return at if hits else None

    def hit(self, index: int, number: int) -> Hit | None:
        """Return a hit of a message by its number, or None."""
        found = self._found.get(self._items[index].id)
        return found.at(number) if found is not None and 0 <= number < found.count else None
