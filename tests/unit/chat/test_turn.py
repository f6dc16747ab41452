"""A turn by itself: how it ends, and what it hands over."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import closing
from dataclasses import dataclass, field

import apsw
import pytest

from desktop_chat.chat.gathered import (
    MAX_CHOICES,
    MAX_PICTURES,
    MAX_TOOL_CALLS,
    MAX_TOOL_CHARS,
)
from desktop_chat.chat.saver import Saver
from desktop_chat.chat.turn import Prepared, Turn
from desktop_chat.core.attachments import blob_key
from desktop_chat.core.errors import ErrorInfo, ErrorKind, ProviderError
from desktop_chat.core.events import (
    ChoiceDelta,
    Done,
    FinishReason,
    ImagePart,
    ReasoningDelta,
    StreamControl,
    StreamEvent,
    TextDelta,
    ToolCallDelta,
    Usage,
)
from desktop_chat.core.ids import new_id
from desktop_chat.core.messages import Conversation, Message, MessageState, Role
from desktop_chat.core.requests import ChatMessage, ChatRequest
from desktop_chat.core.services import Model
from desktop_chat.wiring import House
from tests.unit.chat.support import open_house

REQUEST = ChatRequest("m", (ChatMessage(Role.USER, "q"),))


@dataclass
class Scripted:
    """A provider that yields events, runs steps in between, and may fail at its end."""

    steps: list[StreamEvent | asyncio.Event | Exception]
    closed: bool = field(default=False)

    async def stream(
        self, request: ChatRequest, control: StreamControl
    ) -> AsyncGenerator[StreamEvent, None]:
        try:
            for step in self.steps:
                if isinstance(step, asyncio.Event):
                    await step.wait()
                elif isinstance(step, Exception):
                    raise step
                else:
                    yield step
        finally:
            self.closed = True

    async def list_models(self) -> list[Model]:
        return []


@pytest.fixture
async def house() -> AsyncIterator[House]:
    async with open_house() as found:
        yield found


def row() -> tuple[Conversation, Message, Message]:
    conversation = Conversation(new_id(), "t", 1.0, 1.0)
    question = Message(new_id(), conversation.id, None, Role.USER, "q", 1.0)
    answer = Message(
        new_id(),
        conversation.id,
        question.id,
        Role.ASSISTANT,
        "",
        1.0,
        state=MessageState.STREAMING,
    )
    return conversation, question, answer


def prepared(provider: Scripted) -> Callable[[], "asyncio.Future[Prepared]"]:
    async def prepare() -> Prepared:
        return Prepared(provider, REQUEST, omitted=3)

    return lambda: asyncio.ensure_future(prepare())


async def run(house: House, *steps: StreamEvent | asyncio.Event | Exception) -> Message:
    turn = Turn(row()[2], lambda _event: None, saver=None, tasks=house.tasks)
    return await turn.run(prepared(Scripted(list(steps))))


async def test_what_arrives_is_joined_and_counted(house: House) -> None:
    message = await run(
        house,
        ReasoningDelta("let me "),
        ReasoningDelta("see"),
        TextDelta("a"),
        Usage(1, 2),
        TextDelta("b"),
        Usage(3, 4, 1, 2),
        Done(FinishReason.LENGTH),
    )
    assert (message.text, message.reasoning) == ("ab", "let me see")
    assert message.usage == Usage(3, 4, 1, 2)
    assert (message.state, message.reason) == (MessageState.DONE, FinishReason.LENGTH)
    assert message.omitted == 3


async def test_a_stream_that_ends_without_done_is_not_taken_for_whole(house: House) -> None:
    message = await run(house, TextDelta("a"))
    assert message.reason is FinishReason.UNKNOWN


async def test_a_failure_keeps_the_text(house: House) -> None:
    error = ErrorInfo(ErrorKind.DROPPED)
    message = await run(house, TextDelta("a"), ProviderError(error))
    assert (message.text, message.state, message.error) == ("a", MessageState.FAILED, error)
    assert message.reason is None


async def test_a_defect_is_logged_and_told_without_its_words(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    message = await run(house, TextDelta("a"), RuntimeError("sk-secret"))
    assert message.error is not None
    assert (message.error.kind, message.error.message) == (ErrorKind.INTERNAL, "RuntimeError")
    assert message.text == "a"
    assert "unexpected" in caplog.text


async def test_a_failure_to_prepare_is_the_answers(house: House) -> None:
    async def prepare() -> Prepared:
        raise ProviderError(ErrorInfo(ErrorKind.NO_KEY))

    message = await Turn(row()[2], lambda _event: None, saver=None, tasks=house.tasks).run(prepare)
    assert message.error == ErrorInfo(ErrorKind.NO_KEY)
    assert message.timing is None


async def test_the_stream_is_closed_when_it_is_stopped(house: House) -> None:
    provider = Scripted([TextDelta("a"), asyncio.Event()])
    begun = asyncio.Event()
    turn = Turn(row()[2], lambda _event: begun.set(), saver=None, tasks=house.tasks)
    work = asyncio.create_task(turn.run(prepared(provider)))
    await begun.wait()
    turn.stop()
    turn.stop()
    message = await work
    assert provider.closed
    assert (message.state, message.text) == (MessageState.STOPPED, "a")
    turn.stop()


async def test_the_task_of_a_stopped_turn_may_go_on(house: House) -> None:
    begun = asyncio.Event()
    turn = Turn(row()[2], lambda _event: begun.set(), saver=None, tasks=house.tasks)

    async def work() -> int:
        await turn.run(prepared(Scripted([TextDelta("a"), asyncio.Event()])))
        task = asyncio.current_task()
        assert task is not None
        return task.cancelling()

    task = asyncio.create_task(work())
    await begun.wait()
    turn.stop()
    # A request to cancel that were left over would end its next time-out wrongly.
    assert await task == 0


async def test_a_cancelled_turn_is_saved_all_the_same(house: House) -> None:
    conversation, question, answer = row()
    saver = Saver(house.store, house.tasks, lambda _error: None)
    await saver.begin(conversation, question, answer)
    begun = asyncio.Event()
    turn = Turn(answer, lambda _event: begun.set(), saver=saver, tasks=house.tasks)
    provider = Scripted([TextDelta("kept"), asyncio.Event()])
    work = asyncio.create_task(turn.run(prepared(provider)))
    await begun.wait()
    work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await work
    (saved,) = await house.store.messages([answer.id])
    assert (saved.text, saved.state) == ("kept", MessageState.STOPPED)
    assert turn.snapshot().state is MessageState.STOPPED


async def test_a_locked_database_does_not_hold_up_the_stream(house: House) -> None:
    conversation, question, answer = row()
    saver = Saver(house.store, house.tasks, lambda _error: None, interval=0.0)
    await saver.begin(conversation, question, answer)
    with closing(apsw.Connection(str(house.paths.data / "conversations.db"))) as other:
        other.execute("BEGIN IMMEDIATE")
        turn = Turn(answer, lambda _event: None, saver=saver, tasks=house.tasks)
        steps: list[StreamEvent | asyncio.Event | Exception] = [TextDelta("x")] * 1000
        steps.append(Done(FinishReason.STOP))
        message = await turn.run(prepared(Scripted(steps)))
        # It has come to its end although nothing of it could be written yet.
        assert message.text == "x" * 1000
        assert saver.pending
        other.execute("ROLLBACK")
    await saver.retry()
    (saved,) = await house.store.messages([answer.id])
    assert saved.text == "x" * 1000


async def test_a_snapshot_in_mid_stream_has_what_came(house: House) -> None:
    gate = asyncio.Event()
    answer = row()[2]
    heard = asyncio.Event()
    turn = Turn(answer, lambda _event: heard.set(), saver=None, tasks=house.tasks)
    provider = Scripted([TextDelta("a"), gate, TextDelta("b"), Done(FinishReason.STOP)])
    work = asyncio.create_task(turn.run(prepared(provider)))
    await heard.wait()
    assert (turn.snapshot().text, turn.snapshot().state) == ("a", MessageState.STREAMING)
    gate.set()
    assert (await work).text == "ab"


async def test_thinking_again_in_a_continued_answer_begins_a_paragraph(house: House) -> None:
    answer = row()[2]
    before = Message(
        answer.id, answer.conversation_id, None, Role.ASSISTANT, "so", 1.0, reasoning="first"
    )
    turn = Turn(before, lambda _event: None, saver=None, tasks=house.tasks)
    provider = Scripted([ReasoningDelta("second"), TextDelta(" on"), Done(FinishReason.STOP)])
    message = await turn.run(prepared(provider))
    assert (message.reasoning, message.text) == ("first\n\nsecond", "so on")


async def test_of_everything_there_is_only_so_much(house: House) -> None:
    half = "x" * (MAX_TOOL_CHARS // 2 + 1)
    message = await run(
        house,
        *(ToolCallDelta(number, "", "f", "") for number in range(MAX_TOOL_CALLS + 5)),
        ToolCallDelta(1, "", "", half),
        ToolCallDelta(0, "", "", half),
        ToolCallDelta(2, "", "", "lost"),
        *(ImagePart(b"%d" % number, "image/png") for number in range(MAX_PICTURES + 3)),
        Done(FinishReason.TOOL_CALLS),
    )
    assert len(message.tool_calls) == MAX_TOOL_CALLS
    assert sum(len(call.arguments) for call in message.tool_calls) == MAX_TOOL_CHARS
    assert len(message.attachments) == MAX_PICTURES
    ids = [call.id for call in message.tool_calls]
    assert len(set(ids)) == len(ids), "calls without an id are told apart"


async def test_two_calls_with_one_id_are_told_apart(house: House) -> None:
    message = await run(
        house,
        ToolCallDelta(0, "c", "look", "{}"),
        ToolCallDelta(1, "c", "see", "{}"),
        Done(FinishReason.TOOL_CALLS),
    )
    first, second = message.tool_calls
    assert (first.id, first.name, second.name) == ("c", "look", "see")
    assert second.id not in ("", "c")


async def test_further_answers_are_bounded_and_in_order(house: House) -> None:
    turn = Turn(row()[2], lambda _event: None, saver=None, tasks=house.tasks)
    pieces = [ChoiceDelta(number, f"{number}.") for number in range(MAX_CHOICES + 4, 0, -1)]
    await turn.run(prepared(Scripted([*pieces, ChoiceDelta(9, "more"), Done(FinishReason.STOP)])))
    found = [item.text for item in turn.beside()]
    assert len(found) == MAX_CHOICES
    assert found[0] == "5."
    assert "9.more" in found


async def test_a_picture_that_came_is_kept_when_the_turn_is_stopped_meanwhile(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = bytes(300_000)
    hashing = asyncio.Event()

    async def to_thread(*_arguments: object) -> str:
        hashing.set()
        await asyncio.Event().wait()
        return ""

    monkeypatch.setattr("desktop_chat.chat.turn.asyncio.to_thread", to_thread)
    turn = Turn(row()[2], lambda _event: None, saver=None, tasks=house.tasks)
    work = asyncio.create_task(turn.run(prepared(Scripted([ImagePart(data, "image/png")]))))
    await hashing.wait()
    turn.stop()
    message = await work
    assert message.state is MessageState.STOPPED
    assert [item.blob for item in message.attachments] == [blob_key(data)]


async def test_a_picture_and_a_call_are_the_first_token_too(house: House) -> None:
    for event in (ImagePart(b"x", "image/png"), ToolCallDelta(0, "i", "f", "")):
        message = await run(house, event, Done(FinishReason.STOP))
        assert message.timing is not None
        assert message.timing.first_token is not None
