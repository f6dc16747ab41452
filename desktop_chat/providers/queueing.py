"""Who waits, in the order in which they are let through: one of each conversation in turn."""

from collections import deque
from collections.abc import Hashable, Iterator
from typing import Generic, TypeVar

T = TypeVar("T")


class FairQueue(Generic[T]):
    """Lines of those who wait, served round robin."""

    def __init__(self) -> None:
        self._lines: dict[Hashable, deque[T]] = {}

    def __len__(self) -> int:
        return sum(len(line) for line in self._lines.values())

    def __iter__(self) -> Iterator[T]:
        """Go through all in the order in which they would be served."""
        lines = [list(line) for line in self._lines.values()]
        for number in range(max((len(line) for line in lines), default=0)):
            for line in lines:
                if number < len(line):
                    yield line[number]

    def put(self, line: Hashable, item: T) -> None:
        """Stand at the end of a line; a new line is the last one."""
        self._lines.setdefault(line, deque()).append(item)

    def remove(self, line: Hashable, item: T) -> None:
        """Leave without having been served; nothing happens when it is not there."""
        waiting = self._lines.get(line)
        if waiting is not None and item in waiting:
            waiting.remove(item)
            if not waiting:
                del self._lines[line]

    def served(self, line: Hashable, item: T) -> None:
        """Take out who is served; its line is the last one now."""
        waiting = self._lines.pop(line)
        waiting.remove(item)
        if waiting:
            self._lines[line] = waiting
