"""Files of a question that is not sent yet: the real house, a real store, real HTTP."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from desktop_chat.chat.attachments import AttachmentReader
from desktop_chat.chat.saver import Saver
from desktop_chat.core.attachments import Attached
from desktop_chat.core.messages import Draft, MessageState
from desktop_chat.store.blobs import KEPT_SECONDS
from desktop_chat.wiring import House
from tests.helpers.byte_server import ByteServer
from tests.unit.chat.support import OPTIONS, answer, empty_disk, fill_disk, open_house, png
from tests.unit.chat.test_saver import Told, one
from tests.unit.chat.test_turn import row
from tests.unit.store.samples import sql
from tests.unit.store.test_files import age


@pytest.fixture
async def house() -> AsyncIterator[House]:
    async with open_house() as found:
        yield found


async def file(name: str, data: bytes) -> Attached:
    return await AttachmentReader().read_bytes(name, data)


async def test_the_files_of_a_draft_outlive_the_program_and_are_sent() -> None:
    picture, text = await file("a.png", png(3, 2)), await file("b.txt", b"xylophone")
    async with ByteServer([answer("yes")]) as server:
        async with open_house(server) as house:
            session = house.sessions.session()
            chat = session.conversation.id
            session.keep_draft("", [picture, text])
            assert await session.draft() == Draft("", (picture.file, text.file))
            assert await session.blob(text.file.blob) == b"xylophone"
        async with open_house(server) as house:
            assert list(await house.sessions.drafts()) == [chat]
            session = house.sessions.session(chat)
            await session.set_options(OPTIONS)
            draft = await session.draft()
            assert draft == Draft("", (picture.file, text.file))
            assert await session.blob(picture.file.blob) == picture.data
            await session.send("What is it?", draft.files)
            session.keep_draft("")
            await session.wait()
            assert "xylophone" in server.requests[0].body.decode()
            assert "image_url" in server.requests[0].body.decode()
        async with open_house(server) as house:
            assert await house.sessions.drafts() == {}
            session = house.sessions.session(chat)
            await session.open()
            assert session.branch()[0].attachments == draft.files  # type: ignore[union-attr]
            assert await session.blob(picture.file.blob) == picture.data


async def test_a_file_that_waits_for_room_goes_with_its_question_though_the_draft_is_forgotten(
    house: House,
) -> None:
    told = Told()
    saver = Saver(house.store, house.tasks, told, interval=0.01)
    conversation, question, row_of_answer = row()
    large = await file("a.txt", b"x" * 500_000)
    await house.store.drafts()
    await fill_disk(house.store)
    saver.keep_draft(conversation.id, "", [large])
    await saver.retry()
    assert told.codes == ["full"]
    saver.keep_draft(conversation.id, "q", [large.file])
    assert saver.waiting_draft == Draft("q", (large.file,))
    assert saver.waiting_blob(large.file.blob) == large.data
    await saver.begin(conversation, replace(question, attachments=(large.file,)), row_of_answer)
    saver.keep_draft(conversation.id, "")
    assert saver.waiting_blob(large.file.blob) == large.data
    await empty_disk(house.store)
    await asyncio.wait_for(told.recovered.wait(), 20)
    assert await house.store.blob(large.file.blob) == large.data
    assert (await one(house, question.id)).attachments == (large.file,)
    assert await house.store.drafts() == {}


async def test_a_draft_that_finds_no_room_holds_up_nothing_else(house: House) -> None:
    told = Told()
    saver = Saver(house.store, house.tasks, told, interval=0.01)
    conversation, question, row_of_answer = row()
    await saver.begin(conversation, question, row_of_answer)
    await house.store.append(row_of_answer.id, [("text", "room ")])
    await fill_disk(house.store)
    saver.keep_draft(conversation.id, "", [await file("a.txt", b"x" * 500_000)])
    await saver.finish(replace(row_of_answer, text="an answer", state=MessageState.DONE))
    assert (await one(house, row_of_answer.id)).text == "an answer"
    await saver.retry()
    assert told.codes == ["full"]
    saver.keep_draft(conversation.id, "")
    await asyncio.wait_for(told.recovered.wait(), 20)
    assert not saver.pending


async def test_bytes_are_written_once_while_a_draft_names_them(house: House) -> None:
    saver = Saver(house.store, house.tasks, lambda _error: None)
    small = await file("a.txt", b"x")

    async def brought_lately() -> bool:
        await saver.retry()
        newest = await sql(
            house.store, lambda db: db.execute("SELECT unixepoch() - put_at FROM blobs").get
        )
        return float(newest) < KEPT_SECONDS

    saver.keep_draft("chat", "a", [small])
    assert await brought_lately()
    await age(house.store, KEPT_SECONDS + 60)
    saver.keep_draft("chat", "ab", [small])
    assert not await brought_lately()
    saver.keep_draft("chat", "abc")
    await saver.retry()
    saver.keep_draft("chat", "abc", [small])
    assert await brought_lately()
