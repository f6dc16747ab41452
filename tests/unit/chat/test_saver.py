"""Writing in order, through a full disk, into the real store."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from desktop_chat.chat.attachments import text_file
from desktop_chat.chat.saver import Saver
from desktop_chat.core.errors import ErrorInfo
from desktop_chat.core.ids import new_id
from desktop_chat.core.messages import Draft, Message, MessageState
from desktop_chat.wiring import House
from tests.unit.chat.support import empty_disk, fill_disk, open_house
from tests.unit.chat.test_turn import row


@pytest.fixture
async def house() -> AsyncIterator[House]:
    async with open_house() as found:
        yield found


async def one(house: House, message_id: str) -> Message:
    (message,) = await house.store.messages([message_id])
    return message


class Told:
    """What a saver tells."""

    def __init__(self) -> None:
        self.codes: list[str] = []
        self.recovered = asyncio.Event()

    def __call__(self, error: ErrorInfo | None) -> None:
        self.codes.append("" if error is None else error.code)
        if error is None:
            self.recovered.set()


async def test_pieces_are_written_in_order_and_by_themselves(house: House) -> None:
    saver = Saver(house.store, house.tasks, lambda _error: None, interval=0.0)
    conversation, question, answer = row()
    await saver.begin(conversation, question, answer)
    for number in range(10):
        saver.append(answer.id, "reasoning", f"r{number}")
        saver.append(answer.id, "text", f"t{number}")
        if number % 3 == 0:
            await house.store.drafts()  # a way round the loop and through the store's thread
    async with asyncio.timeout(10):
        while saver.pending:
            await house.store.drafts()
    saved = await one(house, answer.id)
    assert saved.text == "".join(f"t{number}" for number in range(10))
    assert saved.reasoning == "".join(f"r{number}" for number in range(10))
    assert saved.state is MessageState.STREAMING


async def test_answers_that_come_side_by_side_are_one_write_each(house: House) -> None:
    saver = Saver(house.store, house.tasks, lambda _error: None, interval=60.0)
    conversation, question, answer = row()
    beside = replace(answer, id=new_id(), run_id=house.store.run_id)
    await saver.begin(conversation, question, answer)
    saver.rewrite(beside)
    for number in range(100):
        saver.append(answer.id, "text", f"a{number} ")
        saver.append(beside.id, "text", f"b{number} ")
    assert len(saver._queue) == 3
    await saver.retry()
    for found, letter in ((await one(house, answer.id), "a"), (await one(house, beside.id), "b")):
        assert found.text == "".join(f"{letter}{number} " for number in range(100))
        assert found.state is MessageState.STREAMING
    saver.append(beside.id, "text", "more")
    saver.rewrite(replace(beside, text="whole", service_id="other"))
    saver.append(beside.id, "text", ", and on")
    await saver.retry()
    found = await one(house, beside.id)
    assert (found.text, found.service_id) == ("whole, and on", "other")
    await saver.finish(replace(answer, text="a", state=MessageState.DONE))


async def test_a_full_disk_is_told_once_and_everything_comes_when_there_is_room(
    house: House,
) -> None:
    told = Told()
    saver = Saver(house.store, house.tasks, told, interval=0.01)
    conversation, question, answer = row()
    await saver.begin(conversation, question, answer)
    await fill_disk(house.store)
    saver.append(answer.id, "text", "a" * 500_000)
    await saver.retry()
    saver.append(answer.id, "text", "b" * 500_000)
    await saver.retry()
    assert told.codes == ["full"]
    assert saver.error is not None
    await empty_disk(house.store)
    await asyncio.wait_for(told.recovered.wait(), 20)
    assert told.codes == ["full", ""]
    assert (await one(house, answer.id)).text == "a" * 500_000 + "b" * 500_000


async def test_the_final_form_replaces_the_pieces_that_wait(house: House) -> None:
    told = Told()
    saver = Saver(house.store, house.tasks, told, interval=0.01)
    conversation, question, answer = row()
    await saver.begin(conversation, question, answer)
    await fill_disk(house.store)
    saver.append(answer.id, "text", "a" * 500_000)
    await saver.retry()
    await saver.finish(replace(answer, text="a" * 500_000, state=MessageState.DONE))
    assert [type(write).__name__ for write in saver._queue] == ["_Finish"]
    await empty_disk(house.store)
    await asyncio.wait_for(told.recovered.wait(), 20)
    saved = await one(house, answer.id)
    assert (saved.state, len(saved.text)) == (MessageState.DONE, 500_000)


async def test_files_come_before_what_names_them_and_the_final_form_names_them_too(
    house: House,
) -> None:
    told = Told()
    saver = Saver(house.store, house.tasks, told, interval=0.01)
    conversation, question, answer = row()
    await saver.begin(conversation, question, answer)
    await fill_disk(house.store)
    attached = text_file("a.txt", "x" * 500_000, generated=True)
    saver.attach(answer.id, (attached.file,), {attached.file.blob: attached.data})
    await saver.retry()
    assert told.codes == ["full"]
    assert saver.waiting_blob(attached.file.blob) == attached.data
    assert saver.waiting_blob("other") is None
    await saver.finish(replace(answer, attachments=(attached.file,), state=MessageState.DONE))
    assert [type(write).__name__ for write in saver._queue] == ["_PutBlob", "_Finish"]
    await empty_disk(house.store)
    await asyncio.wait_for(told.recovered.wait(), 20)
    assert saver.waiting_blob(attached.file.blob) is None
    assert await house.store.blob(attached.file.blob) == attached.data
    assert (await one(house, answer.id)).attachments == (attached.file,)


async def test_the_beginning_is_kept_through_a_full_disk(house: House) -> None:
    told = Told()
    saver = Saver(house.store, house.tasks, told, interval=0.01)
    conversation, question, answer = row()
    await house.store.drafts()
    await fill_disk(house.store)
    await saver.begin(conversation, replace(question, text="q" * 500_000), answer)
    assert told.codes == ["full"]
    saver.append(answer.id, "text", "so far")
    await empty_disk(house.store)
    await asyncio.wait_for(told.recovered.wait(), 20)
    assert (await one(house, answer.id)).text == "so far"


async def test_a_caller_that_is_cancelled_does_not_take_its_write_back(house: House) -> None:
    saver = Saver(house.store, house.tasks, lambda _error: None)
    conversation, question, answer = row()
    caller = asyncio.create_task(saver.begin(conversation, question, answer))
    await asyncio.sleep(0)
    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller
    await saver.retry()
    assert not saver.pending
    assert (await one(house, question.id)).text == "q"


async def test_what_was_on_its_way_when_a_caller_was_cancelled_is_not_written_twice(
    house: House,
) -> None:
    saver = Saver(house.store, house.tasks, lambda _error: None)
    conversation, question, answer = row()
    await saver.begin(conversation, question, answer)
    saver.append(answer.id, "text", "once")
    caller = asyncio.create_task(saver.save_conversation(conversation))
    while not saver._lock.locked():  # noqa: ASYNC110
        await asyncio.sleep(0)
    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller
    await saver.retry()
    assert (await one(house, answer.id)).text == "once"


async def test_a_defect_of_the_store_is_told_and_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with open_house() as house:
        told = Told()
        saver = Saver(house.store, house.tasks, told)
        await saver.save_conversation(None)  # type: ignore[arg-type]
        assert told.codes == ["other"]
        assert "unexpected" in caplog.text


async def test_a_draft_is_forgotten_only_when_its_question_is_written(house: House) -> None:
    told = Told()
    saver = Saver(house.store, house.tasks, told, interval=0.01)
    conversation, question, answer = row()
    saver.keep_draft(conversation.id, "q")
    await saver.retry()
    await fill_disk(house.store)
    await saver.begin(conversation, replace(question, text="q" * 500_000), answer)
    saver.keep_draft(conversation.id, "")
    assert saver.waiting_draft == Draft()
    await saver.retry()
    assert (await house.store.draft(conversation.id)).text == "q"
    await empty_disk(house.store)
    await asyncio.wait_for(told.recovered.wait(), 20)
    assert len((await one(house, question.id)).text) == 500_000
    assert await house.store.drafts() == {}
    assert saver.waiting_draft is None


async def test_a_draft_that_finds_no_room_is_tried_again(house: House) -> None:
    told = Told()
    saver = Saver(house.store, house.tasks, told, interval=0.01)
    await house.store.drafts()
    await fill_disk(house.store)
    saver.keep_draft("chat", "first " * 100_000)
    saver.keep_draft("chat", "typed " * 100_000)
    await saver.retry()
    assert told.codes == ["full"]
    await empty_disk(house.store)
    await asyncio.wait_for(told.recovered.wait(), 20)
    assert (await house.store.draft("chat")).text == "typed " * 100_000


async def test_what_is_refused_for_good_does_not_hold_up_the_end(house: House) -> None:
    """Another window has ended the row: nothing can be appended to it any more."""
    told = Told()
    saver = Saver(house.store, house.tasks, told, interval=0.01)
    conversation, question, answer = row()
    await saver.begin(conversation, question, answer)
    await house.store.finish(replace(answer, state=MessageState.INTERRUPTED))
    saver.append(answer.id, "text", "more")
    await saver.retry()
    assert told.codes == ["other"]
    await saver.finish(replace(answer, text="more and the end", state=MessageState.DONE))
    assert not saver.pending
    assert told.codes == ["other", ""]
    assert (await one(house, answer.id)).text == "more and the end"
