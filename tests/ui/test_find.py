"""Find in chat in the real window, over a real store."""

import time
from dataclasses import replace

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from desktop_chat.core.ids import new_id
from desktop_chat.core.messages import Conversation, Message, MessageHead, MessageState, Role
from desktop_chat.ui.chat_page import ChatPage
from desktop_chat.ui.transcript.places import Part
from desktop_chat.wiring import House
from tests.helpers.qt import on_qt_loop, until
from tests.helpers.window import CTRL, SHIFT, ask, exchange, open_desk, press, turns, use_model


async def put_rounds(house: House, rounds: int) -> str:
    """Put a conversation of so many questions and answers into the store."""
    now = time.time()
    chat = Conversation(new_id(), "Many", now, now)
    parent: str | None = None
    for number in range(rounds):
        asked = Message(new_id(), chat.id, parent, Role.USER, f"Question {number}?", now)
        text = f"**Fo**x {number} ran.\n\n" + "Nothing else to be told. " * 20
        answer = Message(new_id(), chat.id, asked.id, Role.ASSISTANT, text, now)
        streaming = replace(answer, state=MessageState.STREAMING, run_id=house.store.run_id)
        await house.store.begin_turn(replace(chat, leaf_id=answer.id), asked, streaming)
        await house.store.finish(answer)
        parent = answer.id
    await house.history.refresh()
    return chat.id


async def found(page: ChatPage, query: str) -> str:
    """Type into the find bar, wait for the end of the looking, return what the bar says."""
    bar = page.find_bar
    bar.field.clear()
    QTest.keyClicks(bar.field, query)
    await settled(page)
    return bar.field.note


async def settled(page: ChatPage) -> None:
    search = page.transcript.search
    await until(lambda: not search.looking and not search.visiting, "the end of the looking")
    await turns()


@on_qt_loop
async def test_ctrl_f_finds_f3_steps_and_esc_gives_back_the_box() -> None:
    async with open_desk(demo=True) as desk:
        window = desk.window
        page = window.current_page()
        press(window, Qt.Key.Key_F, CTRL)
        assert page.find_bar.isHidden(), "there is no text to look through yet"
        await exchange(window, "Where is the class?")
        page.composer.focus_input()
        press(window, Qt.Key.Key_F, CTRL)
        bar = page.find_bar
        assert bar.isVisible()
        assert bar.field.hasFocus()
        note = await found(page, "class")
        search = page.transcript.search
        total, first = search.total, search.ordinal
        assert note == f"{first} / {total}"
        assert 1 <= first < total
        press(window, Qt.Key.Key_F3)
        await settled(page)
        assert bar.field.note == f"{first + 1} / {total}"
        press(window, Qt.Key.Key_G, CTRL | SHIFT)
        press(window, Qt.Key.Key_F3, SHIFT)
        await settled(page)
        assert bar.field.note == f"{(first - 2) % total + 1} / {total}"
        top = page.transcript.scroller.top
        press(window, Qt.Key.Key_Escape)
        assert bar.isHidden()
        assert page.composer.edit.hasFocus()
        assert page.transcript.scroller.top == top
        press(window, Qt.Key.Key_F, CTRL)
        assert bar.field.selectedText() == "class"


@on_qt_loop
async def test_esc_closes_the_bar_before_it_stops_the_answer() -> None:
    async with open_desk(demo=True, speed=1.0) as desk:
        window = desk.window
        page = window.current_page()
        await use_model(page, "demo-rich")
        await ask(page, "Something long")
        await until(lambda: page.transcript.column.items, "messages")
        press(window, Qt.Key.Key_F, CTRL)
        page.composer.focus_input()
        press(window, Qt.Key.Key_Escape)
        assert page.find_bar.isHidden()
        assert page.session.running
        press(window, Qt.Key.Key_Escape)
        await page.session.wait()
        assert not page.session.running


@on_qt_loop
async def test_texts_that_are_not_loaded_are_looked_through_and_not_kept() -> None:
    async with open_desk(demo=True) as desk:
        window = desk.window
        chat = await put_rounds(desk.house, 150)
        window.open_conversation(chat)
        page = window.current_page()
        await until(lambda: len(page.transcript.column.items) == 300, "the conversation")
        heads = [item for item in page.session.branch() if isinstance(item, MessageHead)]
        assert len(heads) > 200
        press(window, Qt.Key.Key_F, CTRL)
        assert (await found(page, "fox")).endswith(" / 150")
        assert (await found(page, "question 1")).endswith(" / 61")
        left = [item for item in page.session.branch() if isinstance(item, MessageHead)]
        assert len(left) > 200, "looking through texts loads none of them"
        assert await found(page, "fox 7 ") == "1 / 1"
        current = page.transcript.search.current
        assert current is not None
        assert current[1].part is Part.BODY
        index = page.transcript.column.index_of(current[0])
        assert index == 15
        place = page.transcript.search.place_of_current()
        assert page.transcript.viewport().rect().contains(place)
        assert not place.intersects(page.find_bar.geometry())


@on_qt_loop
async def test_it_finds_while_an_answer_streams() -> None:
    async with open_desk(demo=True, speed=4.0) as desk:
        window = desk.window
        page = window.current_page()
        await use_model(page, "demo-rich")
        await ask(page, "the class")
        await until(lambda: page.transcript.column.items, "messages")
        press(window, Qt.Key.Key_F, CTRL)
        QTest.keyClicks(page.find_bar.field, "class")
        search = page.transcript.search
        await until(lambda: search.total > 1, "a hit in what arrives")
        assert page.session.running
        await page.session.wait()
        await settled(page)
        streamed = search.total
        page.find_bar.shut_down()
        press(window, Qt.Key.Key_F, CTRL)
        await settled(page)
        assert search.total == streamed


@on_qt_loop
async def test_the_bar_fits_the_smallest_window() -> None:
    async with open_desk(demo=True, size=(720, 520)) as desk:
        window = desk.window
        page = await exchange(window, "A question")
        press(window, Qt.Key.Key_F, CTRL)
        assert page.find_bar.field.width() > 150
        assert page.transcript.rect().contains(page.find_bar.geometry())
