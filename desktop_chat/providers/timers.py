"""The clock of limits and time-outs, so that a test need not wait."""

import asyncio
import time
from collections.abc import Callable
from typing import Protocol


class Timer(Protocol):
    """Something that is to be done later."""

    def cancel(self) -> object:
        """Do it no more."""
        ...


class Clock(Protocol):
    """Tells the time and calls later."""

    def time(self) -> float:
        """Return seconds on a clock that never goes back."""
        ...

    def call_later(self, delay: float, callback: Callable[[], object]) -> Timer:
        """Call ``callback`` in ``delay`` seconds."""
        ...


class LoopClock:
    """The clock of the running loop."""

    def time(self) -> float:
        """Return the seconds of ``time.monotonic``."""
        return time.monotonic()

    def call_later(self, delay: float, callback: Callable[[], object]) -> Timer:
        """Call on the running loop."""
        return asyncio.get_running_loop().call_later(delay, callback)
