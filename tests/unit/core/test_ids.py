import time

import pytest

from desktop_chat.core.ids import new_id


def test_shape() -> None:
    assert len(new_id()) == 28
    int(new_id(), 16)


def test_no_two_are_equal() -> None:
    assert len({new_id() for _ in range(10_000)}) == 10_000


def test_they_sort_by_age(monkeypatch: pytest.MonkeyPatch) -> None:
    ids = []
    for now in (999_999, 1_000_000, 15_000_000, 1_800_000_000_000_000_000):
        monkeypatch.setattr(time, "time_ns", lambda now=now: now)
        ids.append(new_id())
    assert ids[1:] == sorted(ids[1:])
    assert ids[0][:12] < ids[1][:12]
