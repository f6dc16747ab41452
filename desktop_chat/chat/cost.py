"""What an answer costs by the price list: tokens times rates, and pictures."""

from collections.abc import Iterable
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from desktop_chat.core.events import Usage
from desktop_chat.core.messages import Cost
from desktop_chat.core.services import Price, PricePeriod

_MILLION: Final = 1_000_000


def cost_of(price: Price | None, usage: Usage | None, when: float) -> Cost | None:
    """Return what an answer costs, or None where that is not known.

    Cached tokens and those written to the cache are parts of the input; each is counted once. A
    period of the day has its own rates for input, output and cached tokens. What a service
    charges beyond tokens and pictures (searches, tools) is not in it.

    Args:
        price: of the model that answered, or None.
        usage: what it counted, or None.
        when: the end of the answer, in seconds since the epoch: DeepSeek takes the rate of the
            moment at which a request is completed.
    """
    if price is None or usage is None:
        return None
    if usage.images and price.image is None:
        return None
    rates = _rates(price, when)
    if rates is None:
        return None
    cached = min(usage.cached_tokens, usage.input_tokens)
    written = min(usage.cache_write_tokens, usage.input_tokens - cached)
    plain = usage.input_tokens - cached - written
    write_rate = rates.input if price.cache_write is None else price.cache_write
    tokens = (
        plain * rates.input
        + cached * (rates.input if rates.cached is None else rates.cached)
        + written * write_rate
        + usage.output_tokens * rates.output
    )
    return Cost(tokens / _MILLION + usage.images * (price.image or 0.0), price.currency)


def together(costs: Iterable[Cost | None]) -> Cost | None:
    """Return the sum of what parts of one answer cost; None where one is not known, or where they
    are in different currencies.
    """
    total: Cost | None = None
    for cost in costs:
        if cost is None or (total is not None and cost.currency != total.currency):
            return None
        total = Cost((total.amount if total else 0.0) + cost.amount, cost.currency)
    return total


def _rates(price: Price, when: float) -> Price | PricePeriod | None:
    """Return the rates of a moment; None where its time of day cannot be told."""
    if not price.periods:
        return price
    try:
        now = datetime.fromtimestamp(when, ZoneInfo(price.time_zone))
    except (ValueError, OSError, OverflowError, ZoneInfoNotFoundError):
        return None
    minute = now.hour * 60 + now.minute
    for period in price.periods:
        start, end = _minutes(period.start), _minutes(period.end)
        if start is None or end is None:
            return None
        if (began := _day_of(minute, start, end, now.isoweekday())) is None:
            continue
        if not period.days or began in period.days:
            return period
    return price


def _day_of(minute: int, start: int, end: int, today: int) -> int | None:
    """Return the day of the week on which a period began that a minute lies in; None outside. One
    that goes on after midnight belongs to the day before.
    """
    if start < end:
        return today if start <= minute < end else None
    if minute >= start:
        return today
    return (today + 5) % 7 + 1 if minute < end else None


def _minutes(clock: str) -> int | None:
    """Return the minutes since midnight; ``24:00`` is the end of the day."""
    hours, _, minutes = clock.partition(":")
    if not (hours.isdecimal() and minutes.isdecimal()):
        return None
    return int(hours) * 60 + int(minutes)
