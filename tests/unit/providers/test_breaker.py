import asyncio

import pytest

from desktop_chat.core.errors import ErrorInfo, ErrorKind, ProviderError
from desktop_chat.core.events import Done, FinishReason, NoticeKind, StreamControl
from desktop_chat.providers.breaker import Breaker, Watched
from desktop_chat.providers.http import HttpTransport
from desktop_chat.providers.retry import RetryBudget, Retrying, RetryPolicy
from tests.helpers.byte_server import SSE_HEAD, ByteServer, chunk, delta, event, json_reply, sse
from tests.unit.providers.manual_clock import ManualClock
from tests.unit.providers.scripted import Scripted
from tests.unit.providers.support import first, hear, request
from tests.unit.providers.test_retry import protocol, transport

__all__ = ["transport"]

DOWN = ErrorInfo(ErrorKind.SERVER, status=500, message="down")
ANSWER = sse(delta("Hello"), delta(finish="stop"))
BUSY = json_reply(503, {"error": {"message": "busy"}})
QUICK = RetryPolicy(base=0.001, ceiling=0.001)


def fail(breaker: Breaker, times: int, error: ErrorInfo = DOWN) -> None:
    for _ in range(times):
        breaker.failed(breaker.begin(), error)


def test_it_opens_after_some_failures_in_a_row() -> None:
    breaker = Breaker(failures=3, clock=ManualClock())
    fail(breaker, 2)
    breaker.answered()
    fail(breaker, 2)
    assert (breaker.is_open, breaker.try_pass()) == (False, True)
    fail(breaker, 1)
    assert (breaker.is_open, breaker.try_pass(), breaker.seconds()) == (True, False, 5.0)
    assert breaker.last is DOWN


def test_it_opens_for_longer_each_time_and_lets_one_probe_through() -> None:
    clock = ManualClock()
    breaker = Breaker(failures=1, rest=5, ceiling=18, clock=clock)
    fail(breaker, 1)
    rests = []
    for _ in range(4):
        rests.append(breaker.seconds())
        clock.advance(rests[-1] - 0.5)
        assert not breaker.try_pass()
        clock.advance(0.5)
        assert breaker.try_pass()
        assert not breaker.try_pass(), "the probe is one"
        breaker.failed(breaker.begin(), DOWN)
    assert rests == [5, 10, 18, 18]
    breaker.answered()
    fail(breaker, 1)
    assert breaker.seconds() == 5


def test_failures_side_by_side_are_one() -> None:
    clock = ManualClock()
    breaker = Breaker(failures=2, clock=clock)
    marks = [breaker.begin() for _ in range(20)]
    clock.advance(1)
    for mark in marks:
        breaker.failed(mark, DOWN)
    assert not breaker.is_open
    fail(breaker, 1)
    assert breaker.is_open


@pytest.mark.parametrize(
    ("error", "counts"),
    [
        (ErrorInfo(ErrorKind.NETWORK, code="refused"), True),
        (ErrorInfo(ErrorKind.NETWORK, code="dns"), True),
        (ErrorInfo(ErrorKind.OVERLOADED, status=503), True),
        (ErrorInfo(ErrorKind.TIMEOUT, code="connect"), True),
        (ErrorInfo(ErrorKind.TIMEOUT, code="first_token"), False),
        (ErrorInfo(ErrorKind.NETWORK, code="proxy"), False),
        (ErrorInfo(ErrorKind.NETWORK, code="tls"), False),
        (ErrorInfo(ErrorKind.DROPPED), False),
        (ErrorInfo(ErrorKind.RATE_LIMIT, status=429), False),
    ],
)
def test_what_counts(error: ErrorInfo, counts: bool) -> None:
    breaker = Breaker(failures=1, clock=ManualClock())
    fail(breaker, 1, error)
    assert breaker.is_open is counts


def test_a_refusal_that_was_thought_about_shows_that_it_lives() -> None:
    breaker = Breaker(failures=2, clock=ManualClock())
    fail(breaker, 1)
    fail(breaker, 1, ErrorInfo(ErrorKind.AUTHENTICATION, status=401))
    fail(breaker, 1)
    assert not breaker.is_open
    fail(breaker, 1, ErrorInfo(ErrorKind.DROPPED))
    fail(breaker, 1)
    assert breaker.is_open


def test_a_trip() -> None:
    clock = ManualClock()
    breaker = Breaker(clock=clock)
    breaker.trip(DOWN, 30)
    assert breaker.seconds() == 30
    clock.advance(30)
    assert breaker.try_pass()
    assert breaker.seconds() == 60


async def test_an_open_circuit_stops_retries_and_nothing_else(transport: HttpTransport) -> None:
    clock = ManualClock()
    breaker = Breaker(failures=2, clock=clock)
    async with ByteServer([BUSY, BUSY, BUSY, ANSWER]) as server:
        asked = Retrying(Watched(protocol(transport, server), breaker), QUICK, breaker=breaker)
        heard = await hear(asked)
        assert len(server.requests) == 2, "the second failure opened it"
        assert heard.error is not None
        assert (heard.kind, heard.error.code) == (ErrorKind.OVERLOADED, "circuit_open")
        assert heard.error.values["probe"] == "5"
        assert heard.error.message == "busy"
        # A question by hand is asked at once, but not asked again.
        heard = await hear(asked)
        assert len(server.requests) == 3
        assert (heard.notices, heard.kind) == ([], ErrorKind.OVERLOADED)
        heard = await hear(asked)
        assert heard.text == "Hello"
        assert not breaker.is_open


async def test_retry_now_is_by_hand(transport: HttpTransport) -> None:
    clock = ManualClock()
    breaker = Breaker(failures=1, rest=1, clock=clock)
    slow = RetryPolicy(base=500, ceiling=500)
    async with ByteServer([BUSY, ANSWER]) as server:
        asked = Retrying(
            Watched(protocol(transport, server), breaker),
            slow,
            breaker=breaker,
            chance=lambda: 1.0,
        )
        control = StreamControl()
        stream = asked.stream(request(), control)
        async for notice in stream:
            if getattr(notice, "kind", None) is NoticeKind.RETRY:
                assert breaker.seconds() == 1
                press_soon(control)
        await stream.aclose()
        assert len(server.requests) == 2
        assert not breaker.is_open


def press_soon(control: StreamControl) -> None:
    """Press the button once the wait has begun."""
    loop = asyncio.get_running_loop()
    loop.call_soon(lambda: loop.call_soon(control.retry_now))


async def test_a_stream_closed_early_says_nothing(transport: HttpTransport) -> None:
    breaker = Breaker(failures=2, clock=ManualClock())
    fail(breaker, 1)
    async with ByteServer([[SSE_HEAD + chunk(event({"choices": []}))]]) as server:
        stream = Watched(protocol(transport, server), breaker).stream(request(), StreamControl())
        task = asyncio.ensure_future(anext(stream))
        await server.asked.wait()
        task.cancel()
        await asyncio.wait({task})
        await stream.aclose()
    fail(breaker, 1)
    assert breaker.is_open


async def test_an_end_without_a_word_shows_that_it_lives() -> None:
    breaker = Breaker(failures=2, clock=ManualClock())
    fail(breaker, 1)
    await hear(Watched(Scripted([Done(FinishReason.STOP)]), breaker))
    fail(breaker, 1)
    assert not breaker.is_open


async def test_a_budget_for_all(transport: HttpTransport) -> None:
    budget = RetryBudget(size=3, refund=0.5)
    async with ByteServer([BUSY] * 5 + [ANSWER]) as server:
        asked = protocol(transport, server)
        heard = await hear(Retrying(asked, QUICK, budget=budget))
        assert len(server.requests) == 4, "three retries were left"
        assert (heard.kind, budget.left) == (ErrorKind.OVERLOADED, 0)
        await hear(Retrying(asked, QUICK, budget=budget))
        assert len(server.requests) == 5, "none is left"
        await hear(Retrying(asked, QUICK, budget=budget))
        assert budget.left == 0.5


def test_a_budget_fills_up_to_its_size_and_limits_are_free() -> None:
    budget = RetryBudget(size=2, refund=0.5)
    assert budget.take(DOWN)
    for _ in range(9):
        budget.answered()
    assert budget.left == 2
    assert all(budget.take(ErrorInfo(ErrorKind.RATE_LIMIT)) for _ in range(9))
    assert [budget.take(DOWN) for _ in range(3)] == [True, True, False]


async def test_the_last_failure_is_told_where_a_probe_was_not_let_through(
    transport: HttpTransport,
) -> None:
    """The circuit opened while this one waited."""
    clock = ManualClock()
    breaker = Breaker(failures=3, clock=clock)
    async with ByteServer([BUSY]) as server:
        stream = Retrying(protocol(transport, server), QUICK, breaker=breaker).stream(
            request(), StreamControl()
        )
        await first(stream, object)
        fail(breaker, 3)
        with pytest.raises(ProviderError) as caught:
            async for _ in stream:
                pass
        assert caught.value.info.code == "circuit_open"
        assert len(server.requests) == 1
