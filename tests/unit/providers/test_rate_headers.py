import pytest

from desktop_chat.providers.rate_headers import Room, requests_left, seconds_until, tokens_left

NOW = 1_790_000_000.0


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("1s", 1.0),
        ("6m0s", 360.0),
        ("12ms", 0.012),
        ("1h2m3.5s", 3723.5),
        ("1d", 86400.0),
        ("250us", 0.00025),
        ("20", 20.0),
        ("0", 0.0),
        ("0.5", 0.5),
        ("1790000030", 30.0),
        ("1790000030000", 30.0),
        ("1789999990", 0.0),
        ("2026-09-21T14:13:50Z", 30.0),
        ("2026-09-21T22:13:50+08:00", 30.0),
        ("2026-09-21T14:13:50", 30.0),
        ("", None),
        ("soon", None),
        ("-3", None),
        ("1x", None),
        ("s", None),
        ("1s nonsense", None),
        ("nan", None),
        ("inf", None),
        ("9" * 100, None),
        ("9999-99-99", None),
    ],
)
def test_resets(value: str, seconds: float | None) -> None:
    found = seconds_until(value, NOW)
    assert found == (None if seconds is None else pytest.approx(seconds))


@pytest.mark.parametrize(
    ("headers", "requests", "tokens"),
    [
        ({}, None, None),
        (
            {
                "x-ratelimit-remaining-requests": "59",
                "x-ratelimit-reset-requests": "1s",
                "x-ratelimit-remaining-tokens": "149984",
                "x-ratelimit-reset-tokens": "6m0s",
            },
            Room(59, 1.0),
            Room(149984, 360.0),
        ),
        (
            {
                "anthropic-ratelimit-requests-remaining": "0",
                "anthropic-ratelimit-requests-reset": "2026-09-21T14:13:50Z",
                "anthropic-ratelimit-input-tokens-remaining": "1000",
                "anthropic-ratelimit-input-tokens-reset": "2026-09-21T14:13:50Z",
            },
            Room(0, 30.0),
            Room(1000, 30.0),
        ),
        (
            {"x-ratelimit-remaining": "3", "x-ratelimit-reset": "1790000030000"},
            Room(3, 30.0),
            None,
        ),
        ({"ratelimit-remaining": "3", "ratelimit-reset": "5"}, Room(3, 5.0), None),
        ({"ratelimit-remaining": "-1", "ratelimit-reset": "5"}, Room(0, 5.0), None),
        ({"ratelimit-remaining": "many", "ratelimit-reset": "5"}, None, None),
        ({"x-ratelimit-remaining-requests": "0"}, None, None),
    ],
)
def test_rooms(headers: dict[str, str], requests: Room | None, tokens: Room | None) -> None:
    assert requests_left(headers, NOW) == requests
    assert tokens_left(headers, NOW) == tokens
