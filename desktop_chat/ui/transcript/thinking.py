"""The state of an answer's thinking: how long it took, and whether it is unfolded."""

import time

from desktop_chat.ui.transcript.words import thinking_title


class Thinking:
    """How long thinking took or takes, and whether it is shown.

    Args:
        seconds: how long it took, or None when that is not known (yet).
        unfolded: whether it is shown.

    Attributes:
        there: whether there is any thinking.
        unfolded: whether it is shown.
    """

    def __init__(self, seconds: float | None, *, there: bool, unfolded: bool) -> None:
        self.there = there
        self.unfolded = unfolded
        self._seconds = seconds
        self._since: float | None = None
        self._by_hand = False

    @property
    def shown(self) -> bool:
        """Whether there is thinking and it is unfolded."""
        return self.there and self.unfolded

    def begin(self, now: float | None = None) -> None:
        """Take note that thinking arrives.

        Args:
            now: when, on the clock of ``time.monotonic``; None for this moment.
        """
        self.there = True
        if self._since is None:
            self._since = time.monotonic() if now is None else now

    def end(self, seconds: float | None = None, *, now: float | None = None) -> None:
        """Take note that the answer begins, or of the time as it was measured.

        Args:
            seconds: how long it took, if that is known.
            now: when it ended, as for ``begin``.
        """
        if seconds is not None:
            self._seconds = seconds
        elif self._since is not None and self._seconds is None:
            self._seconds = (time.monotonic() if now is None else now) - self._since

    def fold(self) -> bool:
        """Fold it because the answer has begun, unless the reader chose otherwise.

        Returns:
            Whether anything went out of sight.
        """
        if self._by_hand or not self.unfolded:
            return False
        self.unfolded = False
        return self.there

    def toggle(self) -> None:
        """Fold or unfold it by the reader's hand."""
        self._by_hand = True
        self.unfolded = not self.unfolded

    def title(self, *, live: bool) -> str:
        """Return the words of its row.

        Args:
            live: whether it goes on.
        """
        if live and self._since is not None:
            return thinking_title(time.monotonic() - self._since, live=True)
        return thinking_title(self._seconds, live=live)
