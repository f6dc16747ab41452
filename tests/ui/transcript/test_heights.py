import random

import pytest

from desktop_chat.ui.transcript.heights import HeightIndex


def expect(index: HeightIndex, values: list[int]) -> None:
    assert len(index) == len(values)
    assert index.total == sum(values)
    for count in range(len(values) + 1):
        assert index.offset(count) == sum(values[:count])


@pytest.mark.parametrize("seed", range(8))
def test_any_sequence_of_changes_agrees_with_a_plain_list(seed: int) -> None:
    rng = random.Random(seed)
    values = [rng.randrange(0, 90) for _ in range(rng.randrange(0, 40))]
    index = HeightIndex(values)
    for _ in range(300):
        what = rng.random()
        if what < 0.45 or not values:
            values.append(rng.randrange(0, 90))
            index.append(values[-1])
        elif what < 0.85:
            at = rng.randrange(len(values))
            new = rng.randrange(0, 90)
            assert index.set(at, new) == new - values[at]
            values[at] = new
        else:
            count = rng.randrange(len(values) + 1)
            del values[count:]
            index.truncate(count)
    expect(index, values)


@pytest.mark.parametrize("seed", range(8))
def test_find_gives_the_one_that_covers_a_position(seed: int) -> None:
    rng = random.Random(seed)
    values = [rng.randrange(1, 50) for _ in range(rng.randrange(1, 80))]
    index = HeightIndex(values)
    for y in range(sum(values)):
        at = index.find(y)
        assert sum(values[:at]) <= y < sum(values[: at + 1])


def test_find_outside_gives_the_ends() -> None:
    index = HeightIndex([10, 0, 20])
    assert index.find(-5) == 0
    assert index.find(10) == 2
    assert index.find(99) == 2
    with pytest.raises(IndexError):
        HeightIndex().find(0)
