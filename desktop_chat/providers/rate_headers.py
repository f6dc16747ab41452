"""What the headers of a reply tell of the room that is left, in the forms that services write.

OpenAI and those like it: ``x-ratelimit-remaining-requests: 59``, ``x-ratelimit-reset-requests: 1s``
(also ``6m0s`` and ``12ms``). Anthropic: ``anthropic-ratelimit-requests-remaining``, with a reset as
an RFC 3339 date. OpenRouter and others: ``x-ratelimit-remaining`` with a reset as an epoch.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

_UNITS: Final = {
    "ns": 1e-9,
    "us": 1e-6,
    "µs": 1e-6,
    "ms": 1e-3,
    "s": 1.0,
    "m": 60.0,
    "h": 3600.0,
    "d": 86400.0,
}
_PIECE: Final = re.compile(r"(\d{1,12}(?:\.\d{1,12})?)(ns|us|µs|ms|s|m|h|d)")
_NUMBER: Final = re.compile(r"\d{1,16}(?:\.\d{1,12})?")
_EPOCH: Final = 1e9
"""A number from here on is a moment; from a thousand times as much on it is in milliseconds."""
_LONGEST: Final = 64
"""Characters of a value that are looked at."""

_REQUESTS: Final = (
    ("x-ratelimit-remaining-requests", "x-ratelimit-reset-requests"),
    ("anthropic-ratelimit-requests-remaining", "anthropic-ratelimit-requests-reset"),
    ("x-ratelimit-remaining", "x-ratelimit-reset"),
    ("ratelimit-remaining", "ratelimit-reset"),
)
_TOKENS: Final = (
    ("x-ratelimit-remaining-tokens", "x-ratelimit-reset-tokens"),
    ("anthropic-ratelimit-tokens-remaining", "anthropic-ratelimit-tokens-reset"),
    ("anthropic-ratelimit-input-tokens-remaining", "anthropic-ratelimit-input-tokens-reset"),
)


@dataclass(frozen=True, slots=True)
class Room:
    """How much is left until when.

    Attributes:
        left: requests or tokens.
        seconds: until there is more.
    """

    left: int
    seconds: float


def requests_left(headers: Mapping[str, str], now: float) -> Room | None:
    """Return how many requests are left, or None where a reply does not tell.

    Args:
        headers: of the reply; names in lower case.
        now: seconds since the epoch.
    """
    return _room(headers, _REQUESTS, now)


def tokens_left(headers: Mapping[str, str], now: float) -> Room | None:
    """Return how many tokens are left; see ``requests_left``."""
    return _room(headers, _TOKENS, now)


def _room(
    headers: Mapping[str, str], names: tuple[tuple[str, str], ...], now: float
) -> Room | None:
    for remaining, reset in names:
        left = headers.get(remaining, "").strip()
        seconds = seconds_until(headers.get(reset, ""), now)
        if seconds is not None and re.fullmatch(r"-?\d{1,15}(\.\d*)?", left):
            return Room(max(0, int(float(left))), seconds)
    return None


def seconds_until(value: str, now: float) -> float | None:
    """Return the seconds until a reset, at least 0; None for what is none.

    Args:
        value: seconds, a duration, an epoch in seconds or milliseconds, or an RFC 3339 date.
        now: seconds since the epoch.
    """
    value = value.strip()
    if not value or len(value) > _LONGEST:
        return None
    if _NUMBER.fullmatch(value):
        number = float(value)
        if number < _EPOCH:
            return number
        return max(0.0, (number / 1000 if number >= _EPOCH * 1000 else number) - now)
    pieces = _PIECE.findall(value)
    if pieces and "".join(number + unit for number, unit in pieces) == value:
        return sum(float(number) * _UNITS[unit] for number, unit in pieces)
    try:
        moment = datetime.fromisoformat(value)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        return max(0.0, moment.timestamp() - now)
    except (ValueError, OverflowError):
        return None
