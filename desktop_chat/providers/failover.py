"""A backup that is asked when a service does not answer, or beside it to keep the faster one.

Both are off until the user turns them on: the text goes to another company then.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import Final, Literal

from desktop_chat.core.errors import ErrorInfo, ErrorKind, ProviderError
from desktop_chat.core.events import (
    DELTAS,
    Answered,
    Done,
    Notice,
    NoticeKind,
    StreamControl,
    StreamEvent,
)
from desktop_chat.core.i18n import language
from desktop_chat.core.json import JsonValue
from desktop_chat.core.ports import Provider
from desktop_chat.core.requests import ChatRequest
from desktop_chat.core.services import Backup, Model, Service
from desktop_chat.core.trace import TraceNote
from desktop_chat.providers.breaker import Breaker
from desktop_chat.providers.contender import Contender
from desktop_chat.providers.timers import Clock, LoopClock, Timer

REST: Final = 30.0
"""Seconds at least during which the next questions go to the backup at once."""
_AT_ONCE: Final = frozenset(("refused", "dns", "connect"))
"""Codes of failures after which a second attempt is not waited for."""
_FAULTS: Final = frozenset((ErrorKind.SERVER, ErrorKind.OVERLOADED, ErrorKind.NETWORK))
_UNANSWERED: Final = frozenset((*_FAULTS, ErrorKind.DROPPED, ErrorKind.TIMEOUT))
"""What speaks for another service, when it is the end of all attempts."""


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two.

    Attributes:
        service: what it is.
        make: returns what answers for it; may raise ``ProviderError``.
        breaker: its circuit breaker.
    """

    service: Service
    make: Callable[[], Provider]
    breaker: Breaker

    @property
    def name(self) -> str:
        """Its name as shown."""
        return self.service.title(language())


class FailOver:
    """A ``Provider`` for a service with a backup.

    Args:
        first: the service that is meant.
        second: its backup.
        plan: when the backup is asked, and for which model.
        clock: of the time-outs.
    """

    def __init__(self, first: Side, second: Side, plan: Backup, clock: Clock | None = None) -> None:
        self._first = first
        self._second = second
        self._plan = plan
        self._clock = clock or LoopClock()

    async def stream(
        self, request: ChatRequest, control: StreamControl
    ) -> AsyncGenerator[StreamEvent, None]:
        """Ask the service, and its backup when it must be; see ``Provider.stream``.

        A switch is told by the notice SWITCHED; ``Answered`` comes before the first delta of a
        backup. After the first delta of either nothing is switched any more, and nothing ever where
        there is no model to switch to. For some time after a switch the backup is asked first, and
        only now and then a question tries the service.

        Raises:
            ProviderError: when both failed: the failure of the service, with ``backup`` (the name),
                ``backup_kind`` and ``backup_message`` in its values.
        """
        second = backup_request(request, self._second.service, self._plan)
        if not second.model:
            async with aclosing(self._first.make().stream(request, control)) as events:
                async for event in events:
                    yield event
            return
        race = _Race(
            (self._first, self._second), (request, second), self._plan, control, self._clock
        )
        try:
            async with aclosing(race.run()) as events:
                async for event in events:
                    yield event
        finally:
            await race.aclose()

    async def list_models(self) -> list[Model]:
        """Return the list of the service that is meant."""
        return await self._first.make().list_models()


class _Race:
    """One question to one or both. The sides are 0, who is meant, and 1, the backup."""

    def __init__(
        self,
        sides: tuple[Side, Side],
        requests: tuple[ChatRequest, ChatRequest],
        plan: Backup,
        control: StreamControl,
        clock: Clock,
    ) -> None:
        self._sides = sides
        self._requests = requests
        self._plan = plan
        self._control = control
        self._clock = clock
        self._news = asyncio.Event()
        self._running: dict[int, Contender] = {}
        self._all: list[Contender] = []
        self._failures: dict[int, ErrorInfo] = {}
        self._passed_over = False
        self._faults = 0
        self._timers: dict[str, Timer] = {}
        self._due: set[str] = set()

    async def run(self) -> AsyncGenerator[StreamEvent, None]:
        """Yield the events of whoever gives the first delta."""
        for notice in self._begin():
            yield notice
        winner = None
        while winner is None:
            self._news.clear()
            for notice in self._look():
                yield notice
            winner = self._won()
            if winner is None and not self._news.is_set():
                await self._news.wait()
        self._stop_timers()
        for number, contender in self._running.items():
            if number != winner:
                contender.stop()
        if winner == 1:
            side = self._sides[1]
            yield Answered(side.service.id, side.name, self._requests[1].model)
        chosen = self._running[winner]
        for event in chosen.held:
            yield event
        async with aclosing(chosen.rest()) as events:
            async for event in events:
                yield event

    async def aclose(self) -> None:
        """Close everything that runs."""
        self._stop_timers()
        for contender in self._all:
            contender.stop()
        for contender in self._all:
            await contender.aclose()

    # -- beginnings -------------------------------------------------------------------------

    def _begin(self) -> Iterator[Notice]:
        first, second = (side.breaker for side in self._sides)
        if first.is_open and not second.is_open and not first.try_pass():
            self._passed_over = True
            yield from self._switch_to(1, first.last or ErrorInfo(ErrorKind.NETWORK))
            return
        yield from self._start(0)
        if self._plan.hedge is not None:
            self._timers["hedge"] = self._clock.call_later(
                self._plan.hedge, lambda: self._ring("hedge")
            )

    def _start(self, number: int) -> Iterator[Notice]:
        side = self._sides[number]
        try:
            provider = side.make()
        except ProviderError as error:
            yield from self._lost(number, error.info)
            return
        contender = Contender(provider, self._requests[number], self._control, self._news)
        self._running[number] = contender
        self._all.append(contender)
        if number == 0:
            self._listen()

    def _switch_to(self, number: int, why: ErrorInfo) -> Iterator[Notice]:
        """Ask the other one in place of the one that failed."""
        self._timers.pop("hedge", _NO_TIMER).cancel()
        yield from self._tell_switch(number, why)
        yield from self._start(number)

    def _tell_switch(self, number: int, why: ErrorInfo) -> Iterator[Notice]:
        name = self._sides[number].name
        self._note("switch", why, name)
        yield Notice(NoticeKind.SWITCHED, error=why, service=name)

    # -- what comes ---------------------------------------------------------------------------

    def _won(self) -> int | None:
        """Return who has a delta, or an end without any, at the head of its events."""
        for number, contender in self._running.items():
            if contender.events and isinstance(contender.events[0], (*DELTAS, Done)):
                return number
        return None

    def _look(self) -> Iterator[Notice]:
        """Take what has come so far, up to the first delta."""
        for number, contender in list(self._running.items()):
            while contender.events and not isinstance(contender.events[0], (*DELTAS, Done)):
                event = contender.take()
                if isinstance(event, Notice):
                    yield from self._hear(number, event)
                    if number not in self._running:
                        break
                else:
                    contender.held.append(event)
            if number in self._running and contender.ended:
                del self._running[number]
                yield from self._lost(number, contender.outcome())
        if self._won() is None:
            yield from self._look_at_timers()

    def _hear(self, number: int, notice: Notice) -> Iterator[Notice]:
        """Pass a notice on while only one is asked; a service that fails is given up."""
        if number == 0:
            if notice.kind is NoticeKind.RETRY and notice.error is not None:
                if self._gives_up(notice.error):
                    yield from self._give_up(notice.error)
                    return
                self._mute()
            elif notice.kind is NoticeKind.QUEUED:
                self._mute()
            else:
                self._listen()
        if len(self._running) == 1 or notice.kind is NoticeKind.CONNECTING:
            yield notice

    def _lost(self, number: int, error: ErrorInfo) -> Iterator[Notice]:
        """Take a failure that is the end of one of them.

        Raises:
            ProviderError: it was the last hope.
        """
        self._failures[number] = error
        other = 1 - number
        if other in self._failures:
            raise ProviderError(self._verdict())
        if number == 1:
            if self._passed_over:
                # It failed a while ago; now it is all that is left.
                yield from self._switch_to(0, error)
        elif other in self._running:
            yield from self._tell_switch(1, error)
        elif may_switch(error):
            self._sides[0].breaker.trip(error, REST)
            yield from self._switch_to(1, error)
        else:
            raise ProviderError(error)

    def _verdict(self) -> ErrorInfo:
        """Return what is told when nobody answers: the failure of who was meant."""
        first, second = self._failures[0], self._failures[1]
        told = {"backup": self._sides[1].name, "backup_kind": second.kind.value}
        if second.message:
            told["backup_message"] = second.message
        return replace(first, values={**first.values, **told})

    def _gives_up(self, error: ErrorInfo) -> bool:
        """Tell whether an error that will be retried brings on the backup."""
        if 1 in self._running or 1 in self._failures:
            return False
        if error.code in _AT_ONCE:
            return True
        self._faults = self._faults + 1 if error.kind in _FAULTS else 0
        return self._faults >= max(1, self._plan.failures)

    def _give_up(self, error: ErrorInfo) -> Iterator[Notice]:
        self._failures[0] = error
        self._sides[0].breaker.trip(error, REST)
        self._mute()
        self._running.pop(0).stop()
        yield from self._switch_to(1, error)

    # -- time ---------------------------------------------------------------------------------

    def _listen(self) -> None:
        """Wait for the first delta of who is meant from now on."""
        self._mute()
        self._timers["silence"] = self._clock.call_later(
            self._plan.first_token, lambda: self._ring("silence")
        )

    def _mute(self) -> None:
        """Do not count the time in which nothing is asked: a queue, a wait before a retry."""
        self._timers.pop("silence", _NO_TIMER).cancel()
        self._due.discard("silence")

    def _ring(self, name: str) -> None:
        self._due.add(name)
        self._news.set()

    def _look_at_timers(self) -> Iterator[Notice]:
        due, self._due = self._due, set()
        alone = 0 in self._running and 1 not in self._running and 1 not in self._failures
        if "silence" in due and alone:
            yield from self._give_up(
                ErrorInfo(
                    ErrorKind.TIMEOUT,
                    code="first_token",
                    values={"seconds": f"{self._plan.first_token:g}"},
                )
            )
        elif "hedge" in due and alone and self._sides[1].breaker.try_pass():
            self._note("hedge", None, self._sides[1].name)
            yield from self._start(1)

    def _stop_timers(self) -> None:
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()

    def _note(self, what: Literal["switch", "hedge"], error: ErrorInfo | None, detail: str) -> None:
        trace = self._control.trace
        if trace is not None:
            trace.add(TraceNote(trace.now(), what, error, detail))


class _NoTimer:
    def cancel(self) -> None:
        return


_NO_TIMER: Final = _NoTimer()


def may_switch(error: ErrorInfo) -> bool:
    """Tell whether a failure speaks for asking another service: it did not answer at all."""
    return error.kind in _UNANSWERED


def backup_model(backup: Service, plan: Backup, model: str) -> str:
    """Return the backup's model for one of ours; "" when there is none.

    Without a word in the plan it is the backup's default.
    """
    return plan.models.get(model) or plan.models.get("") or backup.default_model


def backup_request(request: ChatRequest, backup: Service, plan: Backup) -> ChatRequest:
    """Return what the backup is asked.

    What belongs to the service alone stays behind: its id of the conversation, what only its
    protocol reads, fields and headers that were typed for it.

    Args:
        request: what the service is asked.
        backup: who is asked instead.
        plan: which model is meant.
    """
    model = backup.model(backup_model(backup, plan, request.model))
    messages = tuple(
        message
        if message.echo is None or _protocol_of(message.echo) == backup.protocol
        else replace(message, echo=None)
        for message in request.messages
    )
    limit = request.max_tokens
    if limit is not None and model.output_tokens is not None:
        limit = min(limit, model.output_tokens)
    return replace(
        request,
        model=model.id,
        messages=messages,
        max_tokens=limit,
        effort=request.effort if request.effort in model.thinking.efforts else "",
        remote_id="",
        extra={},
        extra_headers={},
    )


def _protocol_of(echo: JsonValue) -> object:
    return echo.get("protocol") if isinstance(echo, dict) else None
