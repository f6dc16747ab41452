import asyncio
from collections.abc import AsyncGenerator
from dataclasses import replace
from typing import Any

import pytest

from desktop_chat.core.errors import ErrorInfo, ErrorKind, ProviderError
from desktop_chat.core.events import (
    Done,
    FinishReason,
    Notice,
    NoticeKind,
    StreamControl,
    StreamEvent,
    TextDelta,
    Usage,
)
from desktop_chat.core.requests import ChatRequest
from desktop_chat.core.services import Limits, Model
from desktop_chat.providers.limits import Limited, Limiter, Ticket, estimated_tokens
from desktop_chat.providers.queueing import FairQueue
from tests.unit.providers.manual_clock import Listening, ManualClock, settle
from tests.unit.providers.support import request

LIMITED = ErrorInfo(ErrorKind.RATE_LIMIT, status=429)


def limiter(clock: ManualClock | None = None, **limits: Any) -> tuple[Limiter, ManualClock]:
    clock = clock or ManualClock()
    return Limiter(Limits(**limits), clock, wall=lambda: 0.0), clock


def granted(tickets: list[Ticket]) -> list[bool]:
    return [ticket.granted for ticket in tickets]


async def test_without_limits_nothing_waits_and_no_timer_runs() -> None:
    limits, clock = limiter()
    tickets = [limits.enter(number) for number in range(1000)]
    assert all(granted(tickets))
    assert (limits.waiting, clock.pending) == (0, [])


async def test_requests_per_minute() -> None:
    limits, clock = limiter(per_minute=2)
    tickets = [limits.enter(number) for number in range(4)]
    assert granted(tickets) == [True, True, False, False]
    assert [limits.place(ticket) for ticket in tickets[2:]] == [(0, 30.0), (1, 60.0)]
    clock.advance(29)
    assert not tickets[2].granted
    clock.advance(1)
    assert granted(tickets) == [True, True, True, False]
    clock.advance(30)
    assert tickets[3].granted
    assert clock.pending == [], "nobody waits"


async def test_requests_per_second() -> None:
    limits, clock = limiter(per_second=0.5)
    tickets = [limits.enter(number) for number in range(2)]
    assert granted(tickets) == [True, False]
    clock.advance(2)
    assert tickets[1].granted


async def test_tokens_per_minute_are_estimated_and_corrected() -> None:
    limits, clock = limiter(tokens_per_minute=600)
    first = limits.enter(1, 600)
    second = limits.enter(2, 100)
    assert granted([first, second]) == [True, False]
    # It used far less than was thought.
    limits.leave(first, used=300)
    assert second.granted
    limits.leave(second, used=500)
    third = limits.enter(3, 100)
    assert limits.place(third) == (0, 30.0), "more than was there is a debt"
    clock.advance(30)
    assert third.granted
    limits.leave(third)
    # What is larger than the limit goes when everything is there.
    huge = limits.enter(4, 5000)
    assert not huge.granted
    clock.advance(60)
    assert huge.granted


async def test_streams_at_the_same_time() -> None:
    limits, clock = limiter(concurrent=2)
    tickets = [limits.enter(number) for number in range(7)]
    assert granted(tickets) == [True, True, *[False] * 5]
    assert limits.place(tickets[6]) == (4, 0.0), "nobody knows"
    clock.advance(10)
    limits.leave(tickets[0])
    clock.advance(1)
    limits.leave(tickets[1])
    assert granted(tickets) == [True] * 4 + [False] * 3
    mean = 0.8 * 10 + 0.2 * 11
    told = [limits.place(ticket) for ticket in tickets[4:]]
    assert [place for place, _ in told] == [0, 1, 2]
    assert [wait for _, wait in told] == pytest.approx([mean - 1, mean, 2 * mean - 1])
    clock.advance(3)
    assert limits.place(tickets[4])[1] == pytest.approx(mean - 4), "it comes nearer"
    clock.advance(20)
    assert limits.place(tickets[4]) == (0, 0.0), "it takes longer than was thought"
    for ticket in tickets[4:]:
        limits.leave(ticket)
    assert (limits.waiting, limits.running, clock.pending) == (0, 2, [])
    limits.configure(Limits())
    assert limits.enter(9).granted


async def test_other_limits_let_the_queue_go_on() -> None:
    limits, _clock = limiter(concurrent=1)
    tickets = [limits.enter(number) for number in range(3)]
    limits.configure(Limits(concurrent=3))
    assert all(granted(tickets))


async def test_conversations_take_turns() -> None:
    limits, _clock = limiter(concurrent=1)
    running = limits.enter("z")
    waiting = {name: limits.enter(name[0]) for name in ("a1", "a2", "a3", "b1", "c1", "b2")}
    assert [limits.place(waiting[name])[0] for name in ("a1", "b1", "c1", "a2", "b2", "a3")] == [
        0, 1, 2, 3, 4, 5,
    ]  # fmt: skip
    order = []
    for _ in range(6):
        limits.leave(running)
        name, running = next(item for item in waiting.items() if item[1].granted)
        del waiting[name]
        order.append(name)
    assert order == ["a1", "b1", "c1", "a2", "b2", "a3"]


def test_a_line_that_is_empty_is_gone() -> None:
    queue: FairQueue[int] = FairQueue()
    queue.put("a", 1)
    queue.put("b", 2)
    queue.remove("a", 1)
    queue.remove("a", 1)
    queue.served("b", 2)
    assert (list(queue), len(queue), queue._lines) == ([], 0, {})


async def test_retry_after_holds_everyone() -> None:
    limits, clock = limiter()
    first = limits.enter(1)
    limits.refused(first, replace(LIMITED, retry_after=20.0))
    limits.leave(first)
    second = limits.enter(2)
    assert limits.place(second) == (0, 20.0)
    limits.hurry(second)
    clock.advance(19)
    assert granted([second]) == [False], "what the service says is not skipped"
    clock.advance(1)
    assert granted([second]) == [True]


async def test_after_a_hold_one_goes_first() -> None:
    limits, clock = limiter()
    first = limits.enter(1)
    limits.refused(first, replace(LIMITED, retry_after=5.0))
    limits.leave(first)
    tickets = [limits.enter(number) for number in range(4)]
    clock.advance(5)
    assert granted(tickets) == [True, False, False, False]
    limits.accepted()
    assert granted(tickets) == [True, True, False, False]
    limits.accepted()
    limits.leave(tickets[0])
    assert all(granted(tickets))


async def test_a_wait_that_is_too_long_is_told_to_those_in_the_queue() -> None:
    limits, clock = limiter(concurrent=2)
    tickets = [limits.enter(number) for number in range(4)]
    long = replace(LIMITED, retry_after=3600.0)
    limits.refused(tickets[0], long)
    limits.leave(tickets[0])
    assert [ticket.error for ticket in tickets] == [None, None, long, long]
    assert (limits.waiting, limits.running, clock.pending) == (0, 1, [])
    assert limits.enter(9).granted, "who asks by hand is sent"


async def test_how_many_streams_are_too_many_is_learned() -> None:
    limits, clock = limiter()
    tickets = [limits.enter(number) for number in range(20)]
    for ticket in tickets[3:]:
        limits.refused(ticket, LIMITED)
        limits.leave(ticket)
    again = [limits.enter(number) for number in range(17)]
    assert not any(granted(again))
    limits.leave(tickets[0])
    assert granted(again)[:2] == [True, False]
    limits.hurry(again[5])
    assert again[5].granted, "it was only a guess"
    # After a while more is tried.
    clock.advance(60)
    limits.leave(tickets[1])
    limits.accepted()
    assert sum(granted(again)) > 2


async def test_headers_say_what_is_left() -> None:
    limits, clock = limiter()
    limits.heard(200, {"x-ratelimit-remaining-requests": "1", "x-ratelimit-reset-requests": "20s"})
    tickets = [limits.enter(number) for number in range(2)]
    assert granted(tickets) == [True, False]
    limits.hurry(tickets[1])
    assert granted(tickets) == [True, False]
    clock.advance(20)
    assert granted(tickets) == [True, True]
    # A limit of hours is left to the service's refusal.
    limits.heard(200, {"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "6h"})
    assert limits.enter(3).granted


@pytest.mark.parametrize("used", [None, 190_000, 1_000_000])
async def test_one_large_question_holds_the_next_for_two_minutes_at_most(used: int | None) -> None:
    limits, clock = limiter(tokens_per_minute=10_000)
    large = limits.enter("a", 200_000)
    assert large.granted
    limits.leave(large, used)
    later = limits.enter("a", 200_000)
    clock.advance(120)
    assert later.granted
    limits.leave(later)


async def test_tokens_that_are_left_are_a_guess() -> None:
    assert not limiter()[0].counts_tokens
    limits, clock = limiter()
    limits.heard(200, {"x-ratelimit-remaining-tokens": "100", "x-ratelimit-reset-tokens": "20s"})
    assert limits.counts_tokens
    first, second = limits.enter(1, 60), limits.enter(2, 60)
    assert granted([first, second]) == [True, False]
    limits.hurry(second)
    assert granted([second]) == [True]
    third = limits.enter(3, 60)
    assert granted([third]) == [False]
    clock.advance(20)
    assert granted([third]) == [True]


def test_what_a_request_is_taken_to_cost() -> None:
    assert estimated_tokens(request("a" * 400)) == 600
    assert estimated_tokens(request("字" * 400)) == 800
    assert estimated_tokens(request("a" * 400, max_tokens=16)) == 116


class Talking:
    """A provider whose streams go on until they are told to end."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.gates: dict[str, asyncio.Event] = {}
        self.error: ErrorInfo | None = None

    async def stream(
        self, request: ChatRequest, control: StreamControl
    ) -> AsyncGenerator[StreamEvent, None]:
        name = request.messages[0].text
        self.asked.append(name)
        if self.error is not None:
            raise ProviderError(self.error)
        yield TextDelta(name)
        await self.gates.setdefault(name, asyncio.Event()).wait()
        yield Usage(100, 200)
        yield Done(FinishReason.STOP)

    async def list_models(self) -> list[Model]:
        return [Model("m")]


async def test_who_waits_is_told_at_most_once_a_second_and_when_it_changes() -> None:
    limits, clock = limiter(concurrent=1)
    inner = Talking()
    streams = [Listening(Limited(inner, limits), request(name)) for name in "abc"]
    await settle()
    assert inner.asked == ["a"]
    assert streams[1].events == [Notice(NoticeKind.QUEUED, place=0)]
    assert streams[2].events == [Notice(NoticeKind.QUEUED, place=1)]
    clock.advance(0.5)
    inner.gates["a"].set()
    await settle()
    assert inner.asked == ["a", "b"]
    assert streams[1].events[1:] == [Notice(NoticeKind.CONNECTING), TextDelta("b")]
    assert len(streams[2].events) == 1, "not within the same second"
    clock.advance(0.5)
    await settle()
    assert streams[2].events[1:] == [Notice(NoticeKind.QUEUED, place=0)]
    for _ in range(5):
        clock.advance(1)
        await settle()
    assert len(streams[2].events) == 2, "it has not changed"
    inner.gates["b"].set()
    await settle()
    inner.gates["c"].set()
    await settle()
    assert [stream.task.done() for stream in streams] == [True] * 3
    assert (limits.running, limits.waiting, clock.pending) == (0, 0, [])


async def test_usage_corrects_the_estimate() -> None:
    limits, _clock = limiter(tokens_per_minute=6000)
    inner = Talking()
    stream = Listening(Limited(inner, limits), request("a" * 4000))
    await settle()
    inner.gates["a" * 4000].set()
    await stream.task
    # 300 were used and not 1500.
    assert limits.enter(1, 5700).granted
    assert not limits.enter(2, 100).granted


@pytest.mark.parametrize("running", [False, True])
async def test_cancelling_leaves_at_once(running: bool) -> None:
    limits, clock = limiter(concurrent=1)
    inner = Talking()
    streams = [Listening(Limited(inner, limits), request(name)) for name in "abc"]
    await settle()
    await streams[0 if running else 1].stop()
    await settle()
    assert inner.asked == (["a", "b"] if running else ["a"])
    assert limits.waiting == 1
    for stream in streams:
        await stream.stop()
    assert (limits.running, limits.waiting, clock.pending) == (0, 0, [])


async def test_cancelling_while_held_back_leaves_no_timer() -> None:
    limits, clock = limiter(per_minute=1)
    limits.leave(limits.enter(1))
    stream = Listening(Limited(Talking(), limits), request("a"))
    await settle()
    assert clock.pending != []
    await stream.stop()
    assert (limits.waiting, clock.pending) == (0, [])


async def test_a_refusal_reaches_the_queue() -> None:
    limits, _clock = limiter(concurrent=1)
    inner = Talking()
    inner.error = replace(LIMITED, retry_after=3600.0)
    first = limits.enter(0)
    streams = [Listening(Limited(inner, limits), request(name)) for name in "ab"]
    await settle()
    limits.leave(first)
    for stream in streams:
        with pytest.raises(ProviderError) as caught:
            await stream.task
        assert caught.value.info is inner.error
    assert inner.asked == ["a"]


async def test_retry_now_skips_a_guess() -> None:
    limits, _clock = limiter()
    others = [limits.enter(number) for number in range(2)]
    limits.refused(others[1], LIMITED)
    limits.leave(others[1])
    inner = Talking()
    stream = Listening(Limited(inner, limits), request("a"))
    await settle()
    assert inner.asked == []
    stream.control.retry_now()
    await settle()
    assert inner.asked == ["a"]
    assert stream.control._listeners == []
    await stream.stop()


async def test_a_list_does_not_wait() -> None:
    limits, _clock = limiter(concurrent=1)
    limits.enter(1)
    assert [model.id for model in await Limited(Talking(), limits).list_models()] == ["m"]
