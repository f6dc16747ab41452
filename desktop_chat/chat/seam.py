"""The seam between an answer that was cut and what the model writes when asked to go on."""

from typing import Final

from desktop_chat.chat.title import columns

_LONGEST: Final = 200
_SHORTEST: Final = 10
"""Columns; a shorter repetition may be meant."""


class Seam:
    """Removes what a continuation repeats of the end that it continues.

    The first pieces are held back while they could still be such a repetition.

    Args:
        before: the text that is continued.
    """

    def __init__(self, before: str) -> None:
        self._tail = before[-_LONGEST:]
        self._held = ""
        self._decided = not self._tail

    def feed(self, text: str) -> str:
        """Take more of the continuation; return what may be added to the answer, or ""."""
        if self._decided:
            return text
        self._held += text
        if any(
            self._tail.startswith(self._held, start)
            for start in range(len(self._tail) - len(self._held))
        ):
            return ""
        return self.finish()

    def finish(self) -> str:
        """No more comes, or nothing more matches: return what was held back, trimmed."""
        self._decided = True
        held, self._held = self._held, ""
        for length in range(min(len(held), len(self._tail)), 0, -1):
            if self._tail.endswith(held[:length]):
                return held[length:] if columns(held[:length]) >= _SHORTEST else held
        return held
