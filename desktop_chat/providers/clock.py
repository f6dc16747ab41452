"""Names a wrong clock as the cause where a service refuses what was signed at the wrong time."""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

from desktop_chat.core.errors import ErrorInfo, ErrorKind
from desktop_chat.core.services import Service

MAX_SKEW: Final = 300.0
"""Seconds that gateways let a signature's time be off."""
CLOCK: Final = "clock"
"""The code of an error whose cause is the clock of this computer, not the key."""
_SIGNED: Final = frozenset(("hmac",))
_WORDS: Final = re.compile(
    r"time ?-?_?stamp|expired|clock|skew|request time|时间戳|过期|时钟", re.IGNORECASE
)


def with_clock(info: ErrorInfo, service: Service, headers: Mapping[str, str]) -> ErrorInfo:
    """Return the error of a refused request; where this computer's clock is the cause, it says so.

    Args:
        info: what the reply says.
        service: who refused.
        headers: of the reply; its ``date`` is the service's clock.

    Returns:
        AUTHENTICATION with the code ``clock`` and the ``minutes`` that the clock is off, or
        ``info`` as it is.
    """
    if service.auth not in _SIGNED or not _may_be_time(info):
        return info
    skew = clock_skew(headers.get("date", ""))
    if skew is None or abs(skew) <= MAX_SKEW:
        return info
    minutes = str(round(abs(skew) / 60))
    return replace(info, kind=ErrorKind.AUTHENTICATION, code=CLOCK, values={"minutes": minutes})


def clock_skew(date: str, now: datetime | None = None) -> float | None:
    """Return by how many seconds our clock is ahead of a date of HTTP; None for what is none.

    Args:
        date: the value of a ``Date`` header.
        now: our time, or None for the present.
    """
    try:
        theirs = parsedate_to_datetime(date)
    except ValueError:
        return None
    if theirs.tzinfo is None:
        theirs = theirs.replace(tzinfo=UTC)
    return ((now or datetime.now(UTC)) - theirs).total_seconds()


def _may_be_time(info: ErrorInfo) -> bool:
    if info.status in (401, 403):
        return True
    return (
        info.status == 400 and _WORDS.search(f"{info.message} {info.code} {info.raw}") is not None
    )
