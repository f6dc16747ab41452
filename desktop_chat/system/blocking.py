"""Blocking calls that may hang for ever, made from a loop without ever blocking it."""

import asyncio
import collections
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final, Generic, TypeVar

R = TypeVar("R")

_IDLE: Final = 30.0
"""Seconds after which a thread that has nothing to do ends."""


class CallTimeoutError(Exception):
    """A call did not return in time, or was not begun because too many others hang."""


@dataclass(slots=True)
class Outcome(Generic[R]):
    """What came of a call: a value, or the exception that ended it. Neither is printed: both may
    hold a key.
    """

    value: R | None = field(default=None, repr=False)
    error: Exception | None = field(default=None, repr=False)


@dataclass(slots=True, eq=False)
class _Call:
    function: Callable[[], Any]
    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[Outcome[Any]]
    late: Callable[[Outcome[Any]], None] | None
    thread: threading.Thread | None = None
    """The one that is inside it now."""


class BlockingCalls:
    """Makes blocking calls one after another on a daemon thread.

    A call that does not return in time is left to its thread, which ends when the call does, and
    another thread takes the next one. So a call that hangs costs one thread, and at most ``limit``
    threads ever hang. No loop is bound: each call answers to the loop that asked.

    Args:
        name: of the threads.
        limit: how many threads may hang at once.
    """

    def __init__(self, name: str, *, limit: int = 3) -> None:
        self._name = name
        self._limit = limit
        self._waiting: collections.deque[_Call] = collections.deque()
        self._change = threading.Condition()
        self._worker: threading.Thread | None = None
        self._hung: set[threading.Thread] = set()

    @property
    def hanging(self) -> int:
        """How many calls hang."""
        return len(self._hung)

    async def run(
        self,
        function: Callable[[], R],
        seconds: float,
        late: Callable[[Outcome[R]], None] | None = None,
    ) -> Outcome[R]:
        """Make a call.

        Args:
            function: what to call, on the thread.
            seconds: how long to wait.
            late: called on the loop with what came of a call that had begun and returned after
                the time was up or the caller was cancelled.

        Raises:
            CallTimeoutError: the time is up (a call that had not begun is dropped), or too many
                calls hang already.
        """
        loop = asyncio.get_running_loop()
        call = _Call(function, loop, loop.create_future(), late)
        with self._change:
            if len(self._hung) >= self._limit:
                raise CallTimeoutError
            self._waiting.append(call)
            self._start_worker()
            self._change.notify()
        try:
            done, _ = await asyncio.wait({call.future}, timeout=seconds)
        except asyncio.CancelledError:
            call.future.cancel()
            raise
        if not done:
            call.future.cancel()
            self._give_up(call)
            raise CallTimeoutError
        return call.future.result()

    def _start_worker(self) -> None:
        if self._worker is None and len(self._hung) < self._limit:
            self._worker = threading.Thread(target=self._work, name=self._name, daemon=True)
            self._worker.start()

    def _give_up(self, call: _Call) -> None:
        with self._change:
            if call in self._waiting:
                self._waiting.remove(call)
            elif call.thread is not None and call.thread is self._worker:
                self._hung.add(call.thread)
                self._worker = None
                if self._waiting:
                    self._start_worker()

    def _work(self) -> None:
        me = threading.current_thread()
        while (call := self._next(me)) is not None:
            outcome: Outcome[Any]
            try:
                outcome = Outcome(call.function())
            except Exception as error:  # whatever it is, it belongs to the one who asked
                outcome = Outcome(error=error)
            with self._change:
                call.thread = None
                released = me in self._hung
                self._hung.discard(me)
                if released and self._waiting:
                    self._start_worker()
            _answer(call, outcome)
            if released:
                return

    def _next(self, me: threading.Thread) -> _Call | None:
        with self._change:
            if not self._change.wait_for(lambda: self._waiting, _IDLE):
                self._worker = None
                return None
            call = self._waiting.popleft()
            call.thread = me
            return call


def _answer(call: _Call, outcome: Outcome[Any]) -> None:
    def deliver() -> None:
        if not call.future.done():
            call.future.set_result(outcome)
        elif call.late is not None:
            call.late(outcome)

    try:
        call.loop.call_soon_threadsafe(deliver)
    except RuntimeError:
        # The loop is closed: nobody is left to be told.
        return
