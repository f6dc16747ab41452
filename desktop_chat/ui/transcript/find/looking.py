"""Looking through the messages of a branch, those around the reader first."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from itertools import zip_longest
from typing import Final

from desktop_chat.core.messages import Message
from desktop_chat.ui.transcript.answer import AnswerBody
from desktop_chat.ui.transcript.find.lookup import Growing, Reading, Whole
from desktop_chat.ui.transcript.find.needle import Needle
from desktop_chat.ui.transcript.find.results import Results
from desktop_chat.ui.transcript.model import Column

MOST: Final = 100_000
"""So many hits are looked for; more when the reader goes on from the last of them."""
_BATCH: Final = 100
"""So many texts are asked for at once, and twice as many are on their way at most."""


class Looking:
    """Reads messages, a slice of time after the other, and puts down what it finds.

    Args:
        column: the messages.
        ask: called with the ids of messages whose texts ``supply`` is to bring.
        told: called with the number of each message in which hits came or went, and whether all
            of it has been read.

    Attributes:
        needle: what is looked for, or None.
        results: what was found.
    """

    def __init__(
        self,
        column: Column,
        ask: Callable[[list[str]], None],
        told: Callable[[int, bool], None],
    ) -> None:
        self.needle: Needle | None = None
        self.results = Results()
        self._column = column
        self._ask = ask
        self._told = told
        self._most = MOST
        self._order: Iterator[int] = iter(())
        self._reading: tuple[str, Reading] | None = None
        self._growing: dict[str, Growing] = {}
        self._grown: dict[str, None] = {}
        self._again: deque[str] = deque()
        self._brought: deque[Message] = deque()
        self._asked: set[str] = set()

    def look_for(self, needle: Needle | None) -> None:
        """Look for something else, or for nothing; ``begin`` must follow."""
        before, self.needle = self.needle, needle
        self._most = MOST
        self._growing.clear()
        self._grown.clear()
        self._again.clear()
        if needle is None:
            self.results.show(())
            self._stop()
        elif before is None:
            self.results.show(self._column.items)
        else:
            self.results.clear(self.results.with_hits() if needle.within(before) else None)

    def begin(self, start: int) -> None:
        """Read what is not read, from a message on in both directions."""
        self._stop()
        self._order = _outwards(start, self.results.messages)

    def _stop(self) -> None:
        self._order = iter(())
        self._reading = None
        self._brought.clear()
        self._asked.clear()

    def raise_limit(self) -> bool:
        """Look for more hits, if the looking ended with so many; tell whether it had."""
        ended = self.results.total >= self._most
        if ended:
            self._most = self.results.total + MOST
        return ended

    # What changes

    def added(self) -> None:
        """Take note of a message at the end."""
        item = self._column.items[-1]
        self.results.add(item)
        self._again.append(item.id)

    def text_changed(self, message_id: str) -> bool:
        """Take note that a message grows, or that its text has come; tell whether to read on."""
        index = self._index(message_id)
        if index is None or self.needle is None:
            return False
        body = self._column.items[index].body
        if isinstance(body, AnswerBody) and body.live:
            if message_id not in self._growing:
                self._growing[message_id] = Growing(self.needle, body.text)
            self._grown[message_id] = None
            return True
        grew = self._growing.pop(message_id, None) is not None
        self._grown.pop(message_id, None)
        if grew or self.results.is_unread(index):
            self._again.append(message_id)
            return True
        return False

    def supply(self, ids: Sequence[str], messages: Sequence[Message]) -> None:
        """Take texts that were asked for.

        Args:
            ids: what was asked for.
            messages: what there is of it; the others count as empty.
        """
        there = {message.id for message in messages}
        for message_id in ids:
            if message_id in self._asked and message_id not in there:
                self._asked.discard(message_id)
                index = self._index(message_id)
                if index is not None:
                    self.results.skip(index)
        self._brought.extend(message for message in messages if message.id in self._asked)

    def _index(self, message_id: str) -> int | None:
        index = self._column.index_of(message_id)
        return index if index is not None and index < self.results.messages else None

    # Reading

    def read_on(self, deadline: float) -> bool:
        """Read on in one message.

        Args:
            deadline: on the clock of ``time.perf_counter``.

        Returns:
            Whether there is more to read now.
        """
        if self.needle is None:
            return False
        if self._grown:
            message_id = next(iter(self._grown))
            del self._grown[message_id]
            growing = self._growing.get(message_id)
            if growing is not None and not self._read(message_id, growing, deadline):
                self._grown[message_id] = None
            return True
        if self._reading is None:
            self._reading = self._next(self.needle, deadline)
        if self._reading is None:
            return False
        if self._read(*self._reading, deadline):
            self._reading = None
        return True

    def _read(self, message_id: str, reading: Reading, deadline: float) -> bool:
        done = reading.run(deadline)
        index = self._index(message_id)
        if index is None:
            return True
        if done or isinstance(reading, Growing):
            before = self.results.between(index, index + 1)
            self.results.put(index, reading.found, done=done)
            if before or reading.found.count:
                self._told(index, done)
        return done

    def _next(self, needle: Needle, deadline: float) -> tuple[str, Reading] | None:
        """Return a message that is to be read now, with what reads it, or None."""
        while self._again:
            found = self._reader(needle, self._again.popleft())
            if found is not None:
                return found
        if self._brought:
            message = self._brought.popleft()
            self._asked.discard(message.id)
            return message.id, Whole(needle, message)
        if self.results.total >= self._most or len(self._asked) > _BATCH:
            return None
        return self._next_unread(needle, deadline)

    def _next_unread(self, needle: Needle, deadline: float) -> tuple[str, Reading] | None:
        missing: list[str] = []
        found = None
        for index in self._order:
            if not self.results.is_unread(index):
                continue
            message_id = self._column.items[index].id
            found = self._reader(needle, message_id)
            if found is not None:
                break
            missing.append(message_id)
            if len(missing) == _BATCH or time.perf_counter() > deadline:
                break
        if missing:
            self._asked.update(missing)
            self._ask(missing)
        return found

    def _reader(self, needle: Needle, message_id: str) -> tuple[str, Reading] | None:
        """Return what reads a message, or None while its text is not there."""
        index = self._index(message_id)
        if index is None:
            return None
        item = self._column.items[index]
        if isinstance(item.body, AnswerBody) and item.body.live:
            growing = self._growing[message_id] = Growing(needle, item.body.text)
            return message_id, growing
        return None if item.message is None else (message_id, Whole(needle, item.message))


def _outwards(start: int, count: int) -> Iterator[int]:
    """Return all numbers below ``count``: ``start``, then its neighbours on both sides."""
    for below, above in zip_longest(range(start, count), range(start - 1, -1, -1)):
        if below is not None:
            yield below
        if above is not None:
            yield above
