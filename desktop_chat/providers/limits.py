"""Keeps to what a service allows, for all tabs together: a queue in front of each service.

What the service allows is what the user or the catalogue wrote (``Service.limits``), and what is
learned: a 429 with Retry-After holds everyone back, headers tell how much is left, and a 429
without a word shows how many streams at the same time are too many. The last is a guess of ours,
which ``retry_now`` skips; everything else is the service's own and is kept.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Hashable, Mapping
from contextlib import aclosing
from typing import Final

from desktop_chat.core.errors import ErrorInfo, ErrorKind, ProviderError
from desktop_chat.core.events import (
    DELTAS,
    Notice,
    NoticeKind,
    StreamControl,
    StreamEvent,
    Usage,
)
from desktop_chat.core.ports import Provider
from desktop_chat.core.requests import ChatRequest
from desktop_chat.core.services import Limits, Model
from desktop_chat.core.trace import TraceNote
from desktop_chat.providers.bucket import Bucket
from desktop_chat.providers.queueing import FairQueue
from desktop_chat.providers.rate_headers import Room, requests_left, tokens_left
from desktop_chat.providers.timers import Clock, LoopClock, Timer

LONGEST_HOLD: Final = 60.0
"""Seconds that a queue waits because a service says so. Where it asks for more, those who wait are
told, and who asks by hand later is sent: the limit may have been raised meanwhile."""
_NEWS: Final = 1.0
"""Seconds between two notices of one wait."""
_GUESS_HOLDS: Final = 60.0
"""Seconds after a 429 during which the guess of how many streams are allowed does not grow."""
_MANY: Final = 64
"""A guess that has grown this far is given up."""
_ANSWER_TOKENS: Final = 500
"""What an answer is taken to cost before it tells."""
_ATTACHED_TOKENS: Final = 1000
"""What a file is taken to cost."""


class Ticket:
    """One request's place in the queue, then its stay.

    Args:
        line: the requests with the same one wait behind each other.
        tokens: what it is taken to cost.
        clock: for the pace of its notices.
    """

    def __init__(self, line: Hashable, tokens: int, clock: Clock) -> None:
        self.line = line
        self.tokens = tokens
        self.granted = False
        self.hurried = False
        self.error: ErrorInfo | None = None
        self.began = 0.0
        self._clock = clock
        self._woken = asyncio.Event()

    def wake(self) -> None:
        """Have its waiter look again."""
        self._woken.set()

    async def look_again(self) -> None:
        """Wait for ``wake``, or for the time between two notices."""
        self._woken.clear()
        if self.granted or self.error is not None:
            return
        timer = self._clock.call_later(_NEWS, self.wake)
        try:
            await self._woken.wait()
        finally:
            timer.cancel()


class Limiter:
    """The limits of one service at one origin, and who waits for them.

    Args:
        limits: as they are written down.
        clock: tells the time.
        wall: returns the seconds since the epoch.
    """

    def __init__(
        self,
        limits: Limits | None = None,
        clock: Clock | None = None,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._clock = clock or LoopClock()
        self._wall = wall
        self._limits = Limits()
        self._requests: list[Bucket] = []
        self._tokens: Bucket | None = None
        self._hold = float("-inf")
        self._told_requests = _Told()
        self._told_tokens = _Told()
        self._guess: int | None = None
        self._guess_until = 0.0
        self._running: set[Ticket] = set()
        self._queue: FairQueue[Ticket] = FairQueue()
        self._timer: Timer | None = None
        self._mean = 0.0
        self.configure(limits or Limits())

    def configure(self, limits: Limits) -> None:
        """Take the limits as they are now; what was learned stays."""
        if limits == self._limits:
            return
        self._limits = limits
        now = self._clock.time()
        self._requests = []
        if limits.per_minute:
            self._requests.append(Bucket(limits.per_minute, limits.per_minute / 60, now))
        if limits.per_second:
            self._requests.append(Bucket(max(1.0, limits.per_second), limits.per_second, now))
        tokens = limits.tokens_per_minute
        self._tokens = Bucket(tokens, tokens / 60, now) if tokens else None
        self._dispatch()

    @property
    def now(self) -> float:
        """The time, in seconds of its clock."""
        return self._clock.time()

    @property
    def waiting(self) -> int:
        """How many wait."""
        return len(self._queue)

    @property
    def running(self) -> int:
        """How many were let through and have not left."""
        return len(self._running)

    @property
    def counts_tokens(self) -> bool:
        """Whether it matters what a request costs."""
        return self._tokens is not None or self._told_tokens.counts(self._clock.time())

    def enter(self, line: Hashable, tokens: int = 0) -> Ticket:
        """Stand in the queue; the ticket is granted at once when nobody waits and all is well."""
        ticket = Ticket(line, tokens, self._clock)
        self._queue.put(line, ticket)
        self._dispatch()
        return ticket

    def hurry(self, ticket: Ticket) -> None:
        """Let it through if only a guess of ours is in its way."""
        ticket.hurried = True
        self._dispatch()

    def accepted(self) -> None:
        """Take note that the service has begun to answer one."""
        if self._guess is None or self._clock.time() < self._guess_until:
            return
        self._guess += 1
        if self._guess > _MANY:
            self._guess = None
        self._dispatch()

    def leave(self, ticket: Ticket, used: int | None = None) -> None:
        """Leave the queue, or end a stay.

        Args:
            ticket: whose.
            used: the tokens that the service counted, or None when it did not.
        """
        if ticket in self._running:
            self._running.discard(ticket)
            now = self._clock.time()
            stay = now - ticket.began
            self._mean = stay if self._mean <= 0 else 0.8 * self._mean + 0.2 * stay
            if used is not None and self._tokens is not None:
                self._tokens.take(used - ticket.tokens, now)
        else:
            self._queue.remove(ticket.line, ticket)
        self._dispatch()

    def heard(self, status: int, headers: Mapping[str, str]) -> None:
        """Learn from the head of a reply; names in lower case."""
        del status
        now, wall = self._clock.time(), self._wall()
        self._told_requests.hear(requests_left(headers, wall), now)
        self._told_tokens.hear(tokens_left(headers, wall), now)

    def refused(self, ticket: Ticket, error: ErrorInfo) -> None:
        """Learn from an answer that never began, while its ticket still runs."""
        if error.kind is not ErrorKind.RATE_LIMIT:
            return
        now = self._clock.time()
        wait = error.retry_after or 0.0
        if wait > LONGEST_HOLD:
            for waiting in list(self._queue):
                waiting.error = error
                self._queue.remove(waiting.line, waiting)
                waiting.wake()
            return
        self._hold = max(self._hold, now + wait)
        others = len(self._running - {ticket})
        guess = max(1, others)
        self._guess = guess if self._guess is None else min(self._guess, guess)
        # Who was alone met a limit of another kind; then one goes first and the rest may follow.
        self._guess_until = now + _GUESS_HOLDS if others else now

    def place(self, ticket: Ticket) -> tuple[int, float]:
        """Return how many wait before one, and about how many seconds it will take; 0 where that
        cannot be told.
        """
        now = self._clock.time()
        ahead, tokens = 0, 0
        for other in self._queue:
            if other is ticket:
                break
            ahead += 1
            tokens += other.tokens
        waits = [self._service_wait(ticket, now, ahead=ahead, tokens_ahead=tokens)]
        room = self._room()
        if room is not None and len(self._running) >= room:
            waits.append(self._seconds_until_room(ahead, room, now))
        return ahead, max(waits)

    def _room(self) -> int | None:
        """Return how many streams may run at the same time."""
        known = [limit for limit in (self._limits.concurrent, self._guess) if limit]
        return min(known, default=None)

    def _service_wait(
        self, ticket: Ticket, now: float, *, ahead: int = 0, tokens_ahead: int = 0
    ) -> float:
        """Return the seconds that everything but the number of streams asks for."""
        waits = [0.0, self._hold - now, self._told_requests.seconds_until(1 + ahead, now)]
        waits += [bucket.seconds_until(1, now, ahead=ahead) for bucket in self._requests]
        if self._tokens is not None:
            waits.append(self._tokens.seconds_until(ticket.tokens, now, ahead=tokens_ahead))
        if not ticket.hurried:
            # Only our estimate says that it is too little.
            waits.append(self._told_tokens.seconds_until(ticket.tokens, now))
        return max(waits)

    def _seconds_until_room(self, ahead: int, room: int, now: float) -> float:
        """Return when a place is free if streams last as long as others did; 0 when one that runs
        has lasted longer: then nobody knows.
        """
        ends = sorted(ticket.began + self._mean - now for ticket in self._running)
        first = ends[ahead % room]
        return first + self._mean * (ahead // room) if first > 0 else 0.0

    def _has_room(self, ticket: Ticket) -> bool:
        limit = self._limits.concurrent if ticket.hurried else self._room()
        return not limit or len(self._running) < limit

    def _dispatch(self) -> None:
        """Let through who may go; set the one timer when time alone is in the way."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        while (ticket := self._next()) is not None:
            now = self._clock.time()
            wait = self._service_wait(ticket, now)
            if wait > 0:
                self._timer = self._clock.call_later(wait, self._dispatch)
                return
            self._grant(ticket, now)

    def _next(self) -> Ticket | None:
        """Return who is next of those that need not wait for another to leave."""
        first = next(iter(self._queue), None)
        if first is None or self._has_room(first):
            return first
        hurried = (ticket for ticket in self._queue if ticket.hurried)
        return next((ticket for ticket in hurried if self._has_room(ticket)), None)

    def _grant(self, ticket: Ticket, now: float) -> None:
        self._queue.served(ticket.line, ticket)
        self._running.add(ticket)
        ticket.granted, ticket.began = True, now
        for bucket in self._requests:
            bucket.take(1, now)
        if self._tokens is not None:
            self._tokens.take(ticket.tokens, now)
        self._told_requests.take(1)
        self._told_tokens.take(ticket.tokens)
        ticket.wake()


class _Told:
    """How much a service says is left, until when."""

    def __init__(self) -> None:
        self._left = 0
        self._until = float("-inf")

    def hear(self, room: Room | None, now: float) -> None:
        """Take what a reply says; a limit of hours is left to the service's own refusal."""
        if room is not None and room.seconds <= LONGEST_HOLD:
            self._left = room.left
            self._until = now + room.seconds

    def counts(self, now: float) -> bool:
        """Tell whether it still holds."""
        return now < self._until

    def seconds_until(self, amount: int, now: float) -> float:
        """Return the seconds until an amount may be taken; 0 for now."""
        if self._left >= amount or not self.counts(now):
            return 0.0
        return self._until - now

    def take(self, amount: int) -> None:
        """Take an amount."""
        self._left -= amount


class Limited:
    """A ``Provider`` that waits for its turn.

    Args:
        inner: what is asked.
        limiter: of the service.
    """

    def __init__(self, inner: Provider, limiter: Limiter) -> None:
        self._inner = inner
        self._limiter = limiter

    async def stream(
        self, request: ChatRequest, control: StreamControl
    ) -> AsyncGenerator[StreamEvent, None]:
        """Wait, then ask; see ``Provider.stream``.

        A wait is told by notices QUEUED, at most one a second and only when they say something
        new, and its end by CONNECTING. Closing or cancelling leaves the queue at once.

        Raises:
            ProviderError: RATE_LIMIT, too, where the service asked for a wait that is too long
                while this one stood in the queue.
        """
        limiter = self._limiter
        tokens = estimated_tokens(request) if limiter.counts_tokens else 0
        ticket = limiter.enter(request.conversation_id or object(), tokens)
        used: int | None = None
        started = False
        try:
            if not ticket.granted:
                async with aclosing(self._wait(ticket, control)) as notices:
                    async for notice in notices:
                        yield notice
            async with aclosing(self._inner.stream(request, control)) as events:
                async for event in events:
                    if not started and isinstance(event, DELTAS):
                        started = True
                        limiter.accepted()
                    elif isinstance(event, Usage):
                        used = event.input_tokens + event.output_tokens
                    yield event
        except ProviderError as error:
            if ticket.granted and not started:
                limiter.refused(ticket, error.info)
            raise
        finally:
            limiter.leave(ticket, used)

    async def list_models(self) -> list[Model]:
        """Return the service's own list; it counts for no limit of questions."""
        return await self._inner.list_models()

    async def _wait(self, ticket: Ticket, control: StreamControl) -> AsyncGenerator[Notice, None]:
        limiter = self._limiter
        told: tuple[int, float] | None = None
        undo = control.on_retry_now(lambda: limiter.hurry(ticket))
        try:
            while not ticket.granted:
                if ticket.error is not None:
                    raise ProviderError(ticket.error)
                place, delay = limiter.place(ticket)
                ends = limiter.now + delay if delay else 0.0
                if told is None or told[0] != place or abs(told[1] - ends) >= _NEWS:
                    told = (place, ends)
                    if control.trace is not None:
                        control.trace.add(
                            TraceNote(control.trace.now(), "queue", detail=f"{place}")
                        )
                    yield Notice(NoticeKind.QUEUED, delay=delay, place=place)
                await ticket.look_again()
            yield Notice(NoticeKind.CONNECTING)
        finally:
            undo()


def estimated_tokens(request: ChatRequest) -> int:
    """Return about what a request costs, its answer included.

    A token is about four bytes of English and little more than one Chinese character, which is
    three bytes.
    """
    size = sum(
        len(message.text.encode("utf-8", "replace"))
        + len(message.reasoning.encode("utf-8", "replace"))
        for message in request.messages
    )
    files = sum(len(message.attached) for message in request.messages)
    answer = min(request.max_tokens or _ANSWER_TOKENS, _ANSWER_TOKENS)
    return size // 4 + files * _ATTACHED_TOKENS + answer
