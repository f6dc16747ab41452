"""The questions of a branch as turns, for the rail and for going from one to the next."""

from bisect import bisect_right
from collections.abc import Callable

from desktop_chat.core.messages import Role
from desktop_chat.ui.transcript.furniture import TurnRail
from desktop_chat.ui.transcript.model import Column


class Turns:
    """Keeps the rail in line with the messages.

    Args:
        column: the messages.
        rail: what shows the turns.
        go: goes to the message at an index: a turn that is chosen on the rail.
    """

    def __init__(self, column: Column, rail: TurnRail, go: Callable[[int], None]) -> None:
        self._column = column
        self._rail = rail
        self._go = go
        self._questions: list[int] = []
        rail.chosen.connect(self._choose)

    def _choose(self, turn: int) -> None:
        index = self.question(turn)
        if index is not None:
            self._go(index)

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self._questions)

    def refresh(self) -> None:
        """Find the questions anew; costs O(messages)."""
        self._questions = []
        lengths: list[int] = []
        user = Role.USER
        for index, item in enumerate(self._column.items):
            if item.role is user:
                self._questions.append(index)
                lengths.append(0)
            elif lengths:
                lengths[-1] += item.chars
        self._rail.set_turns(lengths)

    def follow(self, y: int) -> None:
        """Mark the turn at a height of the column."""
        if self._questions:
            self._rail.set_current(bisect_right(self._questions, self._column.at(y)) - 1)

    def question(self, turn: int) -> int | None:
        """Return the index of a turn's question among the messages, or None without such a turn."""
        return self._questions[turn] if 0 <= turn < len(self._questions) else None

    def top_of(self, turn: int) -> int | None:
        """Return the height where a turn begins, or None when there is no such turn."""
        if not 0 <= turn < len(self._questions):
            return None
        return self._column.top_of(self._questions[turn])
