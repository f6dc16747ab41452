"""Costs against figures worked out by hand."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from desktop_chat.chat.cost import cost_of, together
from desktop_chat.core.events import Usage
from desktop_chat.core.messages import Cost
from desktop_chat.core.services import Price, PricePeriod

ZONE = ZoneInfo("Asia/Shanghai")
PLAIN = Price("CNY", input=2.0, output=3.0, cached=0.2)
PEAKS = Price(
    "CNY",
    input=2.0,
    output=3.0,
    cached=0.2,
    periods=(
        PricePeriod("00:30", "08:30", 1.0, 1.5, 0.1),
        PricePeriod("22:00", "00:15", 4.0, 6.0),
        PricePeriod("12:00", "24:00", 8.0, 12.0, 0.8),
    ),
)


def at(clock: str, zone: str = "Asia/Shanghai") -> float:
    return datetime.fromisoformat(f"2026-11-02T{clock}").replace(tzinfo=ZoneInfo(zone)).timestamp()


def amount(price: Price, usage: Usage, when: float = 0.0) -> float:
    cost = cost_of(price, usage, when)
    assert cost is not None
    assert cost.currency == price.currency
    return cost.amount


def test_tokens_times_rates() -> None:
    # 1,000 x 2 + 500 x 3 = 3,500 millionths
    assert amount(PLAIN, Usage(1000, 500)) == pytest.approx(0.0035)
    # thinking is a part of the output and costs nothing beside it
    assert amount(PLAIN, Usage(1000, 500, 0, 400)) == pytest.approx(0.0035)


def test_cached_tokens_are_a_part_of_the_input() -> None:
    # 400 x 2 + 600 x 0.2 + 500 x 3 = 800 + 120 + 1,500
    assert amount(PLAIN, Usage(1000, 500, 600)) == pytest.approx(0.00242)
    no_rate = Price("USD", 2.0, 3.0)
    assert amount(no_rate, Usage(1000, 500, 600)) == pytest.approx(0.0035)
    # a service that counts more cached tokens than it read gets no credit for them
    assert amount(PLAIN, Usage(1000, 0, 5000)) == pytest.approx(0.0002)


def test_what_is_written_to_the_cache_has_its_own_rate() -> None:
    price = Price("USD", input=3.0, output=15.0, cached=0.3, cache_write=3.75)
    usage = Usage(10_000, 200, 6_000, 0, 3_000)
    # 1,000 x 3 + 6,000 x 0.3 + 3,000 x 3.75 + 200 x 15 = 3,000 + 1,800 + 11,250 + 3,000
    assert amount(price, usage) == pytest.approx(0.01905)
    likewise = Price("USD", 3.0, 15.0, 0.3)
    # 4,000 x 3 + 6,000 x 0.3 + 200 x 15
    assert amount(likewise, usage) == pytest.approx(0.0168)


@pytest.mark.parametrize(
    ("clock", "expected"),
    [
        ("10:00", 1000 * 2 + 500 * 3),
        ("00:30", 1000 * 1 + 500 * 1.5),
        ("08:29", 1000 * 1 + 500 * 1.5),
        ("08:30", 1000 * 2 + 500 * 3),
        ("23:59", 1000 * 4 + 500 * 6),
        ("00:14", 1000 * 4 + 500 * 6),
        ("00:15", 1000 * 2 + 500 * 3),
        ("12:00", 1000 * 8 + 500 * 12),
        ("21:59", 1000 * 8 + 500 * 12),
    ],
)
def test_hours_of_the_day(clock: str, expected: float) -> None:
    assert amount(PEAKS, Usage(1000, 500), at(clock)) == pytest.approx(expected / 1e6)


def test_hours_are_those_of_the_price_list() -> None:
    # 02:00 in Shanghai is 18:00 of the day before in London
    assert amount(PEAKS, Usage(1000, 0), at("18:00", "Europe/London")) == pytest.approx(0.001)
    # 500 cached ones of 1,000 at night: 500 x 1 + 500 x 0.1
    assert amount(PEAKS, Usage(1000, 0, 500), at("02:00")) == pytest.approx(0.00055)
    # no cached rate late in the evening: all cost like others
    assert amount(PEAKS, Usage(1000, 0, 500), at("22:30")) == pytest.approx(0.004)


def test_pictures() -> None:
    price = Price("CNY", 0.0, 0.0, image=0.25)
    assert amount(price, Usage(images=3)) == pytest.approx(0.75)
    assert cost_of(PLAIN, Usage(10, 0, images=1), 0.0) is None, "no price for a picture"


def test_what_is_not_known_is_not_guessed() -> None:
    assert cost_of(None, Usage(1), 0.0) is None
    assert cost_of(PLAIN, None, 0.0) is None
    for zone, start in (("Mars/Olympus", "00:00"), ("../etc", "00:00"), ("UTC", "soon")):
        price = Price("CNY", 1.0, 1.0, periods=(PricePeriod(start, "08:00", 2, 2),), time_zone=zone)
        assert cost_of(price, Usage(1), 0.0) is None


def test_parts_of_one_answer() -> None:
    assert together([Cost(1.0, "CNY"), Cost(0.5, "CNY")]) == Cost(1.5, "CNY")
    assert together([Cost(1.0, "CNY"), None]) is None
    assert together([Cost(1.0, "CNY"), Cost(1.0, "USD")]) is None
    assert together([]) is None


@pytest.mark.parametrize(
    ("when", "paid"),
    [
        (datetime(2026, 11, 20, 10, tzinfo=ZONE), 2.0),  # a Friday
        (datetime(2026, 11, 21, 10, tzinfo=ZONE), 1.0),  # a Saturday
        (datetime(2026, 11, 20, 23, tzinfo=ZONE), 3.0),
        (datetime(2026, 11, 21, 1, tzinfo=ZONE), 3.0),  # still Friday's night
        (datetime(2026, 11, 21, 23, tzinfo=ZONE), 1.0),
        (datetime(2026, 11, 23, 1, tzinfo=ZONE), 1.0),  # Sunday's night
    ],
)
def test_hours_of_working_days(when: datetime, paid: float) -> None:
    days = (1, 2, 3, 4, 5)
    periods = (
        PricePeriod("09:00", "12:00", 2.0, 2.0, days=days),
        PricePeriod("22:00", "02:00", 3.0, 3.0, days=days),
    )
    price = Price("CNY", 1.0, 1.0, periods=periods)
    assert cost_of(price, Usage(1_000_000, 0), when.timestamp()) == Cost(paid, "CNY")
