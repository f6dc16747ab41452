"""A token bucket: so much at once, and so much more with time."""


class Bucket:
    """Holds what may still be taken.

    Args:
        size: what it holds at most, and at first.
        rate: what flows in, per second.
        now: seconds, on the clock of all further calls.
    """

    def __init__(self, size: float, rate: float, now: float) -> None:
        self._size = size
        self._rate = rate
        self._level = size
        self._at = now

    def seconds_until(self, amount: float, now: float, *, ahead: float = 0.0) -> float:
        """Return the seconds until an amount may be taken; 0 for now.

        More than it ever holds may be taken when it is full.

        Args:
            amount: what is wanted.
            now: the time.
            ahead: what others take before.
        """
        self._fill(now)
        missing = min(amount, self._size) + ahead - self._level
        # What a fraction of a thousandth would bring is not waited for: sums of floats miss it.
        return max(0.0, missing / self._rate) if missing > 1e-6 else 0.0

    def take(self, amount: float, now: float) -> None:
        """Take an amount; a negative one is given back. It may leave a debt, of as much as the
        bucket holds at most: services forget what is older than the time in which it fills.
        """
        self._fill(now)
        self._level = max(-self._size, min(self._size, self._level - amount))

    def _fill(self, now: float) -> None:
        self._level = min(self._size, self._level + max(0.0, now - self._at) * self._rate)
        self._at = now
