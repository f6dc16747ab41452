"""Drafts: an empty box wipes nothing that it does not know of, and what is sent stays a draft
until it is written.
"""

from collections.abc import Awaitable, Callable
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from desktop_chat.core.ids import new_id
from desktop_chat.core.messages import Draft, Message
from desktop_chat.core.ports import ConversationStore
from desktop_chat.core.settings import OPEN_TABS
from desktop_chat.ui.chat_page import ChatPage
from desktop_chat.ui.controls.dialog import Dialog
from desktop_chat.wiring import House
from tests.helpers.qt import on_qt_loop, until
from tests.helpers.window import (
    CTRL,
    SHIFT,
    answered,
    ask,
    exchange,
    open_desk,
    press,
    turns,
    until_read,
    use_model,
)
from tests.unit.chat.support import png
from tests.unit.store.samples import sql


def left_by_last_time(chat: str, text: str) -> Callable[[House], Awaitable[None]]:
    """Leave a chat in which something was typed and nothing asked."""

    async def prepare(house: House) -> None:
        await house.store.save_draft(chat, text)
        house.settings.set(OPEN_TABS, (chat,))

    return prepare


@on_qt_loop
async def test_a_window_that_closes_before_the_draft_has_come_leaves_it() -> None:
    chat = new_id()
    async with open_desk(before=left_by_last_time(chat, "half a thought")) as desk:
        await until(desk.window.current_page().composer.text, "the draft")
        desk.window.tabs.close_tab(0)
        desk.window.tabs.open(chat)
        assert desk.window.current_page().composer.text() == ""
    async with open_desk() as again:
        assert (await again.house.store.draft(chat)).text == "half a thought"


@on_qt_loop
async def test_what_is_typed_before_the_draft_has_come_follows_it() -> None:
    chat = new_id()
    async with open_desk(demo=True, before=left_by_last_time(chat, "half a thought")) as desk:
        await until(desk.window.current_page().composer.text, "the draft")
        desk.window.tabs.close_tab(0)
        desk.window.tabs.open(chat)
        page = desk.window.current_page()
        QTest.keyClicks(page.composer.edit, "more")
        await until(lambda: page.composer.text() == "half a thought\nmore", "both")
        await until_read(lambda: desk.house.store.draft(chat), Draft("half a thought\nmore"))


@on_qt_loop
async def test_a_window_that_knows_no_draft_does_not_wipe_that_of_another() -> None:
    chat = new_id()
    async with open_desk(before=left_by_last_time(chat, "")) as desk:
        page = desk.window.current_page()
        assert page.session.conversation.id == chat
        await turns(50)
        await desk.house.store.save_draft(chat, "typed in another window")
    async with open_desk() as again:
        assert (await again.house.store.draft(chat)).text == "typed in another window"


@on_qt_loop
async def test_a_question_that_finds_no_room_stays_a_draft_whatever_closes() -> None:
    question = "please " * 20_000
    async with open_desk(demo=True) as desk:
        page, store = desk.window.current_page(), desk.house.store
        chat = page.session.conversation.id
        await use_model(page, "demo-length")
        page.composer.set_text(question)
        await until_read(lambda: store.draft(chat), Draft(question))
        pages = await sql(store, lambda db: db.pragma("page_count"))
        await sql(store, lambda db: db.pragma("max_page_count", pages))
        page.composer.submitted.emit(question)
        await until(lambda: page.session.saving_error, "a full disk")
        await page.session.wait()
        await until(lambda: not page.composer.text(), "an empty box")
        desk.window.tabs.close_current()
    async with open_desk() as again:
        assert (await again.house.store.draft(chat)).text == question


@on_qt_loop
async def test_closing_asks_while_something_could_not_be_saved() -> None:
    async with open_desk(demo=True) as desk:
        window, page, store = desk.window, desk.window.current_page(), desk.house.store
        closed: list[bool] = []
        window.closed.connect(lambda: closed.append(True))
        await use_model(page, "demo-length")
        await store.drafts()
        pages = await sql(store, lambda db: db.pragma("page_count"))
        await sql(store, lambda db: db.pragma("max_page_count", pages))
        await page.session.send("please " * 20_000)
        await page.session.wait()
        window.close()
        window.close()
        assert window.isVisible()
        (dialog,) = window.findChildren(Dialog)
        assert "saved" in dialog.accessibleDescription()
        dialog.reject()
        await until(lambda: not window.findChildren(Dialog), "no question")
        window.close()
        window.findChildren(Dialog)[0].confirm_button.click()
        assert closed == [True]
        assert not window.isVisible()


@on_qt_loop
async def test_closing_does_not_ask_when_all_is_saved() -> None:
    async with open_desk(demo=True) as desk:
        await exchange(desk.window, "A question", "demo-length")
        desk.window.close()
        assert not desk.window.isVisible()


def names(page: ChatPage) -> list[str]:
    """Return what the chips say."""
    strip = page.composer.strip
    assert strip is not None
    return [chip.item.name for chip in strip.chips]


async def until_kept(page: ChatPage, store: ConversationStore, text: str, *files: str) -> None:
    """Wait until the store has a draft of this text and these files."""

    async def kept() -> tuple[str, list[str]]:
        draft = await store.draft(page.session.conversation.id)
        return draft.text, [file.name for file in draft.files]

    await until_read(kept, (text, list(files)))


def two_files(folder: Path) -> list[Path]:
    picture, text = folder / "a.png", folder / "b.txt"
    picture.write_bytes(png(60, 40))
    text.write_text("xylophone")
    return [picture, text]


@on_qt_loop
async def test_chips_come_back_with_the_tab_and_with_the_program(tmp_path: Path) -> None:
    async with open_desk(demo=True) as desk:
        window, store = desk.window, desk.house.store
        page = window.current_page()
        page.attaching.files.add_paths(two_files(tmp_path))
        await until_kept(page, store, "", "a.png", "b.txt")
        press(window, Qt.Key.Key_W, CTRL)
        assert not names(window.current_page())
        press(window, Qt.Key.Key_T, CTRL | SHIFT)
        page = window.current_page()
        await until(lambda: names(page) == ["a.png", "b.txt"], "the chips")
        await until(lambda: page.attaching.files.chosen[0].thumb is not None, "the picture")
        press(window, Qt.Key.Key_W, CTRL)
    async with open_desk(demo=True) as desk:
        window, store = desk.window, desk.house.store
        assert not names(window.current_page())
        await turns()
        press(window, Qt.Key.Key_T, CTRL | SHIFT)
        page = window.current_page()
        await until(lambda: names(page) == ["a.png", "b.txt"], "the chips after a restart")
        files = page.attaching.files
        files.remove(files.chosen[0])
        await until_kept(page, store, "", "b.txt")
        await use_model(page, "demo-length")
        await ask(page, "What is it?")
        await answered(page)
        question = page.session.branch()[0]
        assert isinstance(question, Message)
        assert [file.name for file in question.attachments] == ["b.txt"]
        assert await page.session.blob(question.attachments[0].blob) == b"xylophone"
        assert not names(page)
        none: dict[str, Draft] = {}
        await until_read(store.drafts, none)


@on_qt_loop
async def test_files_set_aside_for_an_edit_stay_the_draft(tmp_path: Path) -> None:
    async with open_desk(demo=True) as desk:
        page = await exchange(desk.window, "A question", "demo-length")
        page.attaching.files.add_paths(two_files(tmp_path))
        page.composer.set_text("half a thought")
        await until(lambda: page.attaching.files.ready(), "files that are read")
        await page.edit(page.session.branch()[0].id)
        assert not names(page)
        await until_kept(page, desk.house.store, "half a thought", "a.png", "b.txt")
        desk.window.tabs.close_current()
        press(desk.window, Qt.Key.Key_T, CTRL | SHIFT)
        again = desk.window.current_page()
        await until(lambda: names(again) == ["a.png", "b.txt"], "the chips")
        assert again.composer.text() == "half a thought"


@on_qt_loop
async def test_what_is_chosen_before_the_draft_has_come_follows_it(tmp_path: Path) -> None:
    picture, text = two_files(tmp_path)
    async with open_desk(demo=True) as desk:
        window = desk.window
        page = window.current_page()
        page.attaching.files.add_paths([picture])
        await until_kept(page, desk.house.store, "", "a.png")
        press(window, Qt.Key.Key_W, CTRL)
        press(window, Qt.Key.Key_T, CTRL | SHIFT)
        page = window.current_page()
        page.attaching.files.add_paths([text])
        assert names(page) == ["b.txt"]
        await until(lambda: sorted(names(page)) == ["a.png", "b.txt"], "both")
        await until_kept(page, desk.house.store, "", *names(page))
