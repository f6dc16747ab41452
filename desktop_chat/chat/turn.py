"""One request and its answer. Every way of asking runs this: window, quick ask and terminal."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import Final

from desktop_chat.chat.cost import cost_of, together
from desktop_chat.chat.gathered import MAX_PICTURES, Choices, ToolCalls, picture_attachment
from desktop_chat.chat.saver import Saver
from desktop_chat.chat.seam import Seam
from desktop_chat.core.attachments import blob_key
from desktop_chat.core.errors import ChatError, ErrorInfo, ErrorKind
from desktop_chat.core.events import (
    Answered,
    ChoiceDelta,
    Done,
    Echo,
    FinishReason,
    ImagePart,
    ReasoningDelta,
    RemoteId,
    StreamControl,
    StreamEvent,
    TextDelta,
    ToolCallDelta,
    Usage,
)
from desktop_chat.core.json import JsonValue
from desktop_chat.core.messages import Cost, Message, MessageState, Timing
from desktop_chat.core.ports import Provider, TaskKeeper
from desktop_chat.core.requests import ChatRequest
from desktop_chat.core.services import Price

_SAVE_PATIENCE: Final = 1.0
"""Seconds that the end of an answer waits for a slow disk before it is told."""
_HASHED_AT_ONCE: Final = 256 * 1024
"""Bytes whose key takes less than a millisecond."""
_log = logging.getLogger(__name__)


def _no_price(_service_id: str, _model: str) -> Price | None:
    return None


@dataclass(frozen=True, slots=True)
class Prepared:
    """All that a turn needs to begin.

    Attributes:
        provider: who is asked.
        request: what is asked.
        omitted: how many earlier messages the context policy left out.
        price: returns what a model costs, by service id and model id: a backup may answer.
    """

    provider: Provider
    request: ChatRequest
    omitted: int = 0
    price: Callable[[str, str], Price | None] = _no_price


class Turn:
    """Runs one request: collects the answer, measures it, has it saved, passes its events on.

    Args:
        answer: the answer's row, streaming. Text that it has already is continued.
        notify: called with every event that changes the answer or tells of it, in order; it is
            called ten thousand times a second at worst.
        saver: writes the answer as it comes, or None to keep it in memory alone. The beginning
            of the turn must have been given to it.
        tasks: holds the final save.
        control: what is said to the stream beyond the request; a plain one when None.
    """

    def __init__(
        self,
        answer: Message,
        notify: Callable[[StreamEvent], None],
        *,
        saver: Saver | None,
        tasks: TaskKeeper,
        control: StreamControl | None = None,
    ) -> None:
        self._answer = answer
        self._notify = notify
        self._saver = saver
        self._tasks = tasks
        self._control = control or StreamControl()
        self._seam = Seam(answer.text) if answer.text else None
        self._text = [answer.text] if answer.text else []
        self._reasoning = [answer.reasoning] if answer.reasoning else []
        self._asked = answer
        self._calls = ToolCalls()
        self._choices = Choices()
        self._echo: JsonValue = None
        self._price: Callable[[str, str], Price | None] = _no_price
        self._usage: Usage | None = None
        self._reason: FinishReason | None = None
        self._began: float | None = None
        self._first: float | None = None
        self._first_reasoning: float | None = None
        self._first_text: float | None = None
        self._running: asyncio.Task[object] | None = None
        self._stopping = False
        self._ended = False
        self.remote_id = ""
        """The service's own id of the conversation, when it has told one."""

    def stop(self) -> None:
        """End the answer here; ``run`` returns it as stopped. Nothing happens when it has ended."""
        if self._ended or self._stopping:
            return
        self._stopping = True
        if self._running is not None:
            self._running.cancel()

    def retry_now(self) -> None:
        """End the wait before a retry."""
        self._control.retry_now()

    def snapshot(self) -> Message:
        """Return the answer as far as it has come; its final form after the end."""
        # Joined once, the pieces need not be joined again by the next snapshot.
        self._text = ["".join(self._text)]
        self._reasoning = ["".join(self._reasoning)]
        return replace(self._answer, text=self._text[0], reasoning=self._reasoning[0])

    def beside(self) -> list[Message]:
        """Return each further answer that came along with this one, as far as it has come."""
        return self._choices.all(self._answer)

    async def run(self, prepare: Callable[[], Awaitable[Prepared]]) -> Message:
        """Ask, and return the answer in its final form, saved or in the saver's hands.

        It does not raise for a failure of the service or of this program: the answer holds it.

        Args:
            prepare: finds the provider and builds the request; what it raises as ``ChatError``
                becomes the error of the answer.

        Raises:
            asyncio.CancelledError: the task was cancelled other than by ``stop``; the answer is
                saved as stopped all the same.
        """
        self._running = asyncio.current_task()
        state, error = MessageState.FAILED, None
        try:
            if self._stopping:
                raise asyncio.CancelledError
            prepared = await prepare()
            self._price = prepared.price
            self._answer = replace(self._answer, omitted=prepared.omitted)
            await self._read(prepared)
            state = MessageState.DONE
        except ChatError as failure:
            error = failure.info
        except asyncio.CancelledError:
            state, self._reason = MessageState.STOPPED, FinishReason.STOPPED
            if not self._stopping or self._running is None:
                raise
            self._running.uncancel()
        except Exception as failure:
            _log.exception("a turn ended in an unexpected way")
            error = ErrorInfo(ErrorKind.INTERNAL, message=type(failure).__name__)
        finally:
            self._ended = True
            self._answer = message = self._final(state, error)
            await self._save(message)
        return message

    async def _read(self, prepared: Prepared) -> None:
        self._began = time.monotonic()
        async with aclosing(prepared.provider.stream(prepared.request, self._control)) as events:
            async for event in events:
                if isinstance(event, TextDelta):
                    self._add_text(event)
                elif isinstance(event, ReasoningDelta):
                    self._add_reasoning(event)
                elif isinstance(event, ImagePart):
                    await self._add_picture(event)
                else:
                    self._take(event)
        if self._reason is None:
            self._reason = FinishReason.UNKNOWN

    def _take(self, event: StreamEvent) -> None:
        if isinstance(event, ToolCallDelta | ChoiceDelta):
            self._first = self._first or time.monotonic()
        match event:
            case Usage():
                self._usage = event
            case Done(reason):
                self._reason = reason
            case ToolCallDelta():
                self._calls.add(event)
            case ChoiceDelta():
                self._add_choice(event)
            case Echo(data):
                self._echo = data
            case RemoteId(id_):
                self.remote_id = id_
            case Answered():
                self._answer = self._answered(event)
                if self._saver is not None:
                    # Were this run to die now, the text would stand under who was asked.
                    self._saver.rewrite(self.snapshot())
            case _:
                pass
        self._notify(event)

    def _answered(self, event: Answered) -> Message:
        asked = self._asked
        switched = event.service_id != asked.service_id
        return replace(
            self._answer,
            service_id=event.service_id,
            service_name=event.service_name,
            model=event.model,
            asked_service=asked.service_name if switched else asked.asked_service,
            cached_at=event.cached_at,
        )

    def _add_choice(self, piece: ChoiceDelta) -> None:
        taken = self._choices.add(piece, self._answer)
        if taken is None or self._saver is None:
            return
        row, new = taken
        if new:
            self._saver.rewrite(row)
        if piece.reasoning:
            self._saver.append(row.id, "reasoning", piece.reasoning)
        if piece.text:
            self._saver.append(row.id, "text", piece.text)

    async def _add_picture(self, part: ImagePart) -> None:
        self._first = self._first or time.monotonic()
        if len(part.data) <= _HASHED_AT_ONCE:
            self._keep_picture(part, blob_key(part.data))
            return
        try:
            key = await asyncio.to_thread(blob_key, part.data)
        except asyncio.CancelledError:
            # It has arrived, so it is kept.
            self._keep_picture(part, blob_key(part.data))
            raise
        self._keep_picture(part, key)

    def _keep_picture(self, part: ImagePart, key: str) -> None:
        files = self._answer.attachments
        if len(files) >= MAX_PICTURES or any(item.blob == key for item in files):
            return
        files = (*files, picture_attachment(part, key, len(files) + 1))
        self._answer = replace(self._answer, attachments=files)
        if self._saver is not None:
            self._saver.attach(self._answer.id, files, {key: part.data})
        self._notify(part)

    def _add_text(self, event: TextDelta) -> None:
        if self._first_text is None:
            self._first_text = time.monotonic()
            self._first = self._first or self._first_text
        if self._seam is not None:
            text = self._seam.feed(event.text)
            if not text:
                return
            event = TextDelta(text)
        self._text.append(event.text)
        if self._saver is not None:
            self._saver.append(self._answer.id, "text", event.text)
        self._notify(event)

    def _add_reasoning(self, event: ReasoningDelta) -> None:
        if self._first_reasoning is None:
            self._first_reasoning = time.monotonic()
            self._first = self._first or self._first_reasoning
            if self._reasoning:
                event = ReasoningDelta("\n\n" + event.text)
        self._reasoning.append(event.text)
        if self._saver is not None:
            self._saver.append(self._answer.id, "reasoning", event.text)
        self._notify(event)

    def _final(self, state: MessageState, error: ErrorInfo | None) -> Message:
        if self._seam is not None and (rest := self._seam.finish()):
            self._text.append(rest)
            self._notify(TextDelta(rest))
        return replace(
            self.snapshot(),
            state=state,
            reason=self._reason if error is None else None,
            error=error,
            usage=self._total_usage(),
            cost=self._cost(),
            tool_calls=self._calls.all() or self._answer.tool_calls,
            echo=self._answer.echo if self._echo is None else self._echo,
            timing=self._timing(),
            run_id="",
        )

    def _total_usage(self) -> Usage | None:
        """A continued answer has cost what both requests cost."""
        before, now = self._answer.usage, self._usage
        if before is None or now is None:
            return now or before
        return Usage(
            before.input_tokens + now.input_tokens,
            before.output_tokens + now.output_tokens,
            before.cached_tokens + now.cached_tokens,
            before.reasoning_tokens + now.reasoning_tokens,
            before.cache_write_tokens + now.cache_write_tokens,
            before.images + now.images,
        )

    def _cost(self) -> Cost | None:
        """A continued answer has cost what both requests cost; one from the cache costs nothing."""
        answer = self._answer
        price = self._price(answer.service_id, answer.model)
        if self._asked.text and self._first is None and self._usage is None:
            return self._asked.cost
        cost = cost_of(price, self._usage, time.time())
        if answer.cached_at is not None and price is not None:
            cost = Cost(0.0, price.currency)
        return together((self._asked.cost, cost)) if self._asked.text else cost

    def _timing(self) -> Timing | None:
        before = self._answer.timing or Timing()
        if self._began is None:
            return self._answer.timing
        end = time.monotonic()
        first = None if self._first is None else self._first - self._began
        reasoning = before.reasoning
        if self._first_reasoning is not None:
            reasoning = (reasoning or 0.0) + (self._first_text or end) - self._first_reasoning
        return Timing(
            first_token=first if before.first_token is None else before.first_token,
            reasoning=reasoning,
            total=(before.total or 0.0) + end - self._began,
        )

    async def _save(self, message: Message) -> None:
        if self._saver is None:
            return
        saving = [
            self._tasks.start(self._saver.finish(item), "save answer")
            for item in (message, *self.beside())
        ]
        await asyncio.wait(saving, timeout=_SAVE_PATIENCE)
