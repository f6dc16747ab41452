"""Answers to stream in benchmarks: made, not recorded, so that any length can be had."""

import itertools
import random
from collections.abc import Callable, Iterator
from typing import Final

CHARS_PER_TOKEN: Final = 4

_EN = (
    "A token bucket adds permits at a steady rate and lets a burst through until it is empty. "
    "Each request takes **one permit**, and when none is left it waits or is refused. "
    "The `refill()` call must use a monotonic clock, because the wall clock may jump back. "
)
_ZH = (
    "令牌桶以固定速率补充令牌，允许短时突发，直到桶空为止。**重点：**每个请求取走一个令牌，"
    "没有令牌时等待或拒绝。计算间隔时使用 `time.monotonic()`，避免系统校时让间隔变成负数。"
)
_CODE = '''def allow(self, rate: float, burst: float) -> bool:
    """Take one permit if there is one."""
    now = time.monotonic()  # never goes back
    self.tokens = min(burst, self.tokens + rate * (now - self.last))
    self.last = now
    if self.tokens < 1:
        return False
    self.tokens -= 1
    return True
'''


def _prose(number: int) -> str:
    return f"## {number}. 限流 and bursts\n\n{_EN}\n\n{_ZH}\n\n"


def _list(number: int) -> str:
    return "".join(
        f"{item}. 第 {item} 步 of part {number}: keep the bucket in one place, 令牌只减不增。\n"
        for item in range(1, 9)
    )


def _table(number: int) -> str:
    rows = "".join(
        f"| 方案 {row} | {row * 40} | {row / 10:.1f} ms | none |\n" for row in range(1, 7)
    )
    return f"\n| 方案 {number} | calls/s | p99 | 说明 |\n|---|---:|---:|---|\n{rows}\n"


def _code(number: int) -> str:
    return f"\n```python\n# part {number}\n{_CODE}```\n\n"


def _math(number: int) -> str:
    return f"速率 $r = {number}$ 时，任意时长 $t$ 内不超过 $b + rt$：\n\n$$N(t) \\le b + r t$$\n\n"


def _answer() -> Iterator[str]:
    for number in itertools.count(1):
        for part in (_prose, _list, _table, _code, _math):
            yield part(number)


def _lines(line: Callable[[int], str], head: str = "") -> Iterator[str]:
    yield head
    for number in itertools.count(1):
        yield line(number)


def _source(case: str) -> Iterator[str]:
    if case == "answer":
        return _answer()
    if case == "list":
        return _lines(lambda n: f"- item {n}: 令牌桶 keeps **one** number, `last`, and a rate\n")
    if case == "table":
        return _lines(
            lambda n: f"| row {n} | 方案 {n % 7} | {n * 37 % 1000} | steady |\n",
            "| name | 方案 | calls/s | note |\n|---|---|---:|---|\n",
        )
    if case == "quote":
        return _lines(lambda n: f"> line {n}: 他说「令牌桶」 allows a *short* burst of calls\n")
    if case == "code":
        return _lines(
            lambda n: f"    value_{n} = compute({n}, 'text')  # 第 {n} 行\n", "```python\n"
        )
    if case == "paragraph":
        return _lines(lambda n: f"{_EN}{_ZH}And so on, {n} times, 第 {n} 次。 ")
    raise ValueError(f"no such case: {case}")


def tokens(case: str, count: int) -> list[str]:
    """Return ``count`` pieces of about four characters of one kind of answer.

    Args:
        case: ``answer`` (prose in two languages, lists, tables, code, math), or one block of
            ``list``, ``table``, ``quote``, ``code`` or ``paragraph`` (a single line).
        count: how many pieces.

    Raises:
        ValueError: an unknown case.
    """
    rng = random.Random(7)
    source = _source(case)
    pieces: list[str] = []
    rest = ""
    while len(pieces) < count:
        size = rng.choice((2, 3, 4, 4, 5, 6))
        while len(rest) < size:
            rest += next(source)
        pieces.append(rest[:size])
        rest = rest[size:]
    return pieces
