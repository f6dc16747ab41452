"""The history beside the chats: listed by day, searched, renamed, deleted and brought back."""

import time
from dataclasses import replace

from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtGui import QContextMenuEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit

from desktop_chat.app import Desk
from desktop_chat.core.ids import new_id
from desktop_chat.core.messages import Conversation, Message, MessageState, Role
from desktop_chat.ui.controls.popup import Menu
from desktop_chat.ui.history_list import GROUP_HEIGHT, ID_ROLE, ROW_HEIGHT, around
from desktop_chat.wiring import House
from tests.helpers.qt import on_qt_loop, until
from tests.helpers.window import (
    CTRL,
    ask,
    exchange,
    move_pointer,
    open_desk,
    press,
    turns,
    use_model,
)

DAY = 86_400.0


async def put(house: House, title: str, question: str, age: float) -> str:
    """Put a conversation of one exchange into the store."""
    now = time.time() - age
    chat = Conversation(new_id(), title, now, now)
    asked = Message(new_id(), chat.id, None, Role.USER, question, now)
    answer = Message(new_id(), chat.id, asked.id, Role.ASSISTANT, "Yes.", now)
    streaming = replace(answer, state=MessageState.STREAMING, run_id=house.store.run_id)
    await house.store.begin_turn(replace(chat, leaf_id=answer.id), asked, streaming)
    await house.store.finish(answer)
    return chat.id


async def some_chats(house: House) -> None:
    """Fill a history over several days."""
    await put(house, "Kafka offsets", "Where are offsets kept?", 0)
    await put(house, "天气预报", "北京今天的天气怎么样", DAY)
    await put(house, "Terraform state", "How do I move state?", 4 * DAY)
    await put(house, "CUDA versions", "Which one for PyTorch?", 15 * DAY)
    await house.history.refresh()


def titles(desk: Desk) -> list[str]:
    """Return the rows of the list, labels of groups included."""
    return [row.title for row in desk.window.sidebar.list.rows.rows()]


def row_of(desk: Desk, title: str) -> QModelIndex:
    """Return the row with a title."""
    rows = desk.window.sidebar.list.rows
    return rows.index([row.title for row in rows.rows()].index(title))


async def search(desk: Desk, text: str) -> None:
    """Type into the search field and wait for what is found."""
    sidebar = desk.window.sidebar
    before = sidebar.searches
    sidebar.focus_search()
    sidebar.search.clear()
    QTest.keyClicks(sidebar.search, text) if text.isascii() else sidebar.search.setText(text)
    await until(lambda: sidebar.searches > before, "a search")


@on_qt_loop
async def test_history_is_grouped_by_day() -> None:
    async with open_desk(before=some_chats) as desk:
        assert titles(desk) == [
            "Today",
            "Kafka offsets",
            "Yesterday",
            "天气预报",
            "Previous 7 days",
            "Terraform state",
            "Previous 30 days",
            "CUDA versions",
        ]
        view = desk.window.sidebar.list
        await turns()
        assert view.visualRect(view.rows.index(0)).height() == GROUP_HEIGHT
        assert view.visualRect(view.rows.index(1)).height() == ROW_HEIGHT
        assert not view.rows.flags(view.rows.index(0)) & Qt.ItemFlag.ItemIsEnabled


@on_qt_loop
async def test_a_click_and_enter_open_a_chat() -> None:
    async with open_desk(before=some_chats) as desk:
        view = desk.window.sidebar.list
        place = view.visualRect(row_of(desk, "Terraform state")).center()
        QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=place)
        page = desk.window.current_page()
        await until(lambda: len(page.session.branch()) == 2, "the messages")
        assert view.active == page.session.conversation.id
        assert desk.window.tabs.bar.count() == 1
        view.setFocus()
        press(desk.window, Qt.Key.Key_Down)
        assert view.currentIndex().data() == "CUDA versions"
        press(desk.window, Qt.Key.Key_Return)
        assert desk.window.tabs.bar.count() == 2
        assert desk.window.windowTitle().startswith("CUDA versions")


@on_qt_loop
async def test_search_finds_titles_and_messages_in_both_languages() -> None:
    async with open_desk(before=some_chats) as desk:
        sidebar = desk.window.sidebar
        press(desk.window, Qt.Key.Key_K, CTRL)
        assert sidebar.search.hasFocus()
        await search(desk, "offsets")
        assert set(titles(desk)) == {"Kafka offsets"}
        await search(desk, "天气")
        assert set(titles(desk)) == {"天气预报"}
        snippets = [row.snippet for row in sidebar.list.rows.rows()]
        assert any("北京" in snippet for snippet in snippets)
        await search(desk, "zzzz")
        assert sidebar.nothing_found.isVisible()
        assert not sidebar.list.isVisible()
        sidebar.nothing_found.clear.click()
        await until(lambda: len(titles(desk)) == 8, "the whole history")
        assert sidebar.list.isVisible()


@on_qt_loop
async def test_a_hit_opens_its_chat_and_esc_ends_the_search() -> None:
    async with open_desk(before=some_chats) as desk:
        sidebar = desk.window.sidebar
        await search(desk, "PyTorch")
        press(desk.window, Qt.Key.Key_Down)
        assert sidebar.list.hasFocus()
        press(desk.window, Qt.Key.Key_Return)
        assert desk.window.windowTitle().startswith("CUDA versions")
        sidebar.focus_search()
        press(desk.window, Qt.Key.Key_Escape)
        await until(lambda: len(titles(desk)) == 8, "the whole history")


@on_qt_loop
async def test_rename_in_place_by_f2() -> None:
    async with open_desk(before=some_chats) as desk:
        view = desk.window.sidebar.list
        view.setFocus()
        view.setCurrentIndex(row_of(desk, "Kafka offsets"))
        press(desk.window, Qt.Key.Key_F2)
        editor = view.findChild(QLineEdit)
        assert editor is not None
        assert editor.accessibleName() == "Chat title"
        assert editor.text() == "Kafka offsets"
        editor.setText("Kafka, kept")
        QTest.keyClick(editor, Qt.Key.Key_Return)
        await until(lambda: "Kafka, kept" in titles(desk), "the new title")
        await desk.house.history.refresh()
        assert "Kafka, kept" in titles(desk)


@on_qt_loop
async def test_rename_given_up_by_esc_changes_nothing() -> None:
    async with open_desk(before=some_chats) as desk:
        view = desk.window.sidebar.list
        desk.window.sidebar.rename(str(row_of(desk, "Kafka offsets").data(ID_ROLE)))
        editor = view.findChild(QLineEdit)
        assert editor is not None
        editor.setText("other")
        QTest.keyClick(editor, Qt.Key.Key_Escape)
        await turns()
        assert "Kafka offsets" in titles(desk)
        assert "other" not in titles(desk)


@on_qt_loop
async def test_a_change_of_the_list_waits_for_the_end_of_editing() -> None:
    async with open_desk(before=some_chats) as desk:
        view = desk.window.sidebar.list
        desk.window.sidebar.rename(str(row_of(desk, "Kafka offsets").data(ID_ROLE)))
        editor = view.findChild(QLineEdit)
        assert editor is not None
        QTest.keyClicks(editor, "New name")
        await put(desk.house, "Another", "one", 0)
        await desk.house.history.refresh()
        await turns()
        assert editor.text() == "New name"
        QTest.keyClick(editor, Qt.Key.Key_Return)
        await until(lambda: {"New name", "Another"} <= set(titles(desk)), "both")


@on_qt_loop
async def test_the_menu_of_a_row_renames_and_deletes() -> None:
    async with open_desk(before=some_chats) as desk:
        view = desk.window.sidebar.list
        place = view.visualRect(row_of(desk, "Terraform state")).center()
        event = QContextMenuEvent(
            QContextMenuEvent.Reason.Mouse, place, view.viewport().mapToGlobal(place)
        )
        QApplication.sendEvent(view.viewport(), event)
        menu = QApplication.activePopupWidget()
        assert isinstance(menu, Menu)
        assert [row.text() for row in menu.rows] == ["Open", "Rename", "Delete chat"]
        menu.rows[2].click()
        await until(lambda: "Terraform state" not in titles(desk), "the row gone")


@on_qt_loop
async def test_delete_by_key_and_undo_bring_back_row_and_tab() -> None:
    async with open_desk(before=some_chats) as desk:
        window = desk.window
        chat = str(row_of(desk, "Kafka offsets").data(ID_ROLE))
        window.open_conversation(chat)
        view = window.sidebar.list
        view.setFocus()
        view.setCurrentIndex(row_of(desk, "Kafka offsets"))
        press(window, Qt.Key.Key_Delete)
        await until(lambda: "Kafka offsets" not in titles(desk), "the row gone")
        await until(lambda: window.tabs.bar.index_of(chat) < 0, "the tab gone")
        window.deleting.delete(str(row_of(desk, "天气预报").data(ID_ROLE)))
        await until(lambda: "天气预报" not in titles(desk), "the second row gone")
        bar = window.current_page().notice_area.bars()[0]
        await until(lambda: bar.title() != "", "the notice")
        bar = window.current_page().notice_area.bars()[0]
        assert bar.title() == "Deleted 2 chats"
        assert [button.text() for button in bar.buttons()] == ["Undo"]
        bar.buttons()[0].click()
        await until(lambda: {"Kafka offsets", "天气预报"} <= set(titles(desk)), "both rows")
        await until(lambda: window.tabs.bar.index_of(chat) >= 0, "the tab")
        page = window.current_page()
        await until(lambda: len(page.session.branch()) == 2, "its messages")
        assert not page.notice_area.bars()


@on_qt_loop
async def test_deleting_a_chat_that_answers_stops_and_keeps_its_text() -> None:
    async with open_desk(demo=True, speed=5.0) as desk:
        window = desk.window
        page = window.current_page()
        await use_model(page, "demo-long")
        await ask(page, "Write 20000 tokens")
        session = page.session
        chat = session.conversation.id
        window.deleting.delete(chat)
        await until(lambda: window.tabs.bar.index_of(chat) < 0, "the tab gone")
        assert not session.running
        window.deleting.undo()
        await until(lambda: window.tabs.bar.index_of(chat) >= 0, "the tab")
        again = window.current_page()
        await until(lambda: len(again.session.branch()) == 2, "its messages")
        assert again.session.branch()[1].state is MessageState.STOPPED


@on_qt_loop
async def test_a_renamed_chat_keeps_its_title_after_more_questions() -> None:
    async with open_desk(demo=True) as desk:
        page = await exchange(desk.window, "First", "demo-length")
        await desk.house.history.rename(page.session.conversation.id, "My own title")
        await exchange(desk.window, "Second", "demo-length")
        assert "My own title" in titles(desk)
        assert desk.window.tabs.bar.tabText(0) == "My own title"


@on_qt_loop
async def test_thousands_of_chats_are_shown_once_and_any_can_be_reached() -> None:
    async with open_desk() as desk:
        view = desk.window.sidebar.list
        resets: list[int] = []
        view.rows.modelReset.connect(lambda: resets.append(1))
        for number in range(3000):
            now = time.time() - number * 3600
            desk.house.history.put(
                Conversation(f"c{number:04}", f"Chat {number}", now, now, "leaf")
            )
        await until(lambda: len(view.rows.rows()) > 3000, "every row")
        assert len(resets) == 1
        view.set_active("c2900")
        await turns()
        assert view.viewport().rect().contains(view.visualRect(view.rows.find("c2900")).center())


@on_qt_loop
async def test_rows_are_highlighted_under_the_pointer() -> None:
    async with open_desk(before=some_chats) as desk:
        view = desk.window.sidebar.list
        index = row_of(desk, "Terraform state")
        rect = view.visualRect(index)
        before = view.viewport().grab(rect).toImage()
        move_pointer(view.viewport(), rect.center())
        await turns()
        assert view.viewport().grab(rect).toImage() != before


def test_a_snippet_begins_near_what_was_searched() -> None:
    long = "one two three four five six seven eight nine ten eleven twelve"
    assert around(long, "three") == long
    shown = around(long, "ELEVEN")
    assert shown.startswith("…")
    assert shown.index("eleven") <= 13
    assert around(long, "nowhere") == long
