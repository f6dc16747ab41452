"""Tabs: opened, closed, reopened, moved, and marked while answers stream in them."""

from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtGui import QImage, QPixmap, QRegion
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QTabBar, QWidget

from desktop_chat.app import Desk
from desktop_chat.core.messages import Message
from desktop_chat.core.settings import ACTIVE_TAB, OPEN_TABS
from desktop_chat.ui.activity import Mark
from desktop_chat.ui.history_list import mark_rect
from desktop_chat.ui.tabs import TabBar
from tests.helpers.qt import on_qt_loop, until
from tests.helpers.window import (
    CTRL,
    SHIFT,
    answered,
    ask,
    exchange,
    move_pointer,
    open_desk,
    press,
    turns,
    use_model,
)


async def three_chats(desk: Desk) -> list[str]:
    """Fill three tabs with one exchange each, and return their ids."""
    ids = []
    for number in range(3):
        if number:
            desk.window.tabs.new_tab()
        page = await exchange(desk.window, f"Question {number}", "demo-length")
        ids.append(page.session.conversation.id)
    return ids


def drag(bar: TabBar, start: int, end_x: int) -> None:
    begin = bar.tabRect(start).center()
    QTest.mousePress(bar, Qt.MouseButton.LeftButton, pos=begin)
    for x in (begin.x() + 30, (begin.x() + end_x) // 2, end_x):
        move_pointer(bar, QPoint(x, begin.y()), Qt.MouseButton.LeftButton)
    QTest.mouseRelease(bar, Qt.MouseButton.LeftButton, pos=QPoint(end_x, begin.y()))


@on_qt_loop
async def test_open_switch_close_and_reopen_by_keys() -> None:
    async with open_desk(demo=True) as desk:
        window, tabs = desk.window, desk.window.tabs
        ids = await three_chats(desk)
        assert tabs.bar.ids() == ids
        press(window, Qt.Key.Key_1, CTRL)
        assert tabs.bar.currentIndex() == 0
        press(window, Qt.Key.Key_Tab, CTRL)
        assert tabs.bar.currentIndex() == 1
        press(window, Qt.Key.Key_Tab, CTRL | SHIFT)
        press(window, Qt.Key.Key_Tab, CTRL | SHIFT)
        assert tabs.bar.currentIndex() == 2
        press(window, Qt.Key.Key_9, CTRL)
        assert tabs.bar.currentIndex() == 2
        press(window, Qt.Key.Key_2, CTRL)
        press(window, Qt.Key.Key_W, CTRL)
        assert tabs.bar.ids() == [ids[0], ids[2]]
        press(window, Qt.Key.Key_T, CTRL | SHIFT)
        assert tabs.bar.ids() == ids
        page = window.current_page()
        assert page.session.conversation.id == ids[1]
        await until(lambda: len(page.session.branch()) == 2, "what was saved")
        assert len(desk.house.history.entries()) == 3


@on_qt_loop
async def test_an_empty_tab_is_used_again() -> None:
    async with open_desk(demo=True) as desk:
        window, tabs = desk.window, desk.window.tabs
        page = await exchange(window, "A question", "demo-length")
        asked = page.session.conversation.id
        press(window, Qt.Key.Key_N, CTRL)
        press(window, Qt.Key.Key_N, CTRL)
        assert tabs.bar.count() == 2
        tabs.close_tab(0)
        assert tabs.bar.count() == 1
        window.open_conversation(asked)
        assert tabs.bar.ids() == [asked]
        press(window, Qt.Key.Key_T, CTRL)
        QTest.keyClicks(window.current_page().composer.edit, "typed")
        window.open_conversation(asked)
        assert tabs.bar.count() == 2
        assert tabs.bar.currentIndex() == 0


@on_qt_loop
async def test_closing_the_last_tab_leaves_a_new_chat() -> None:
    async with open_desk(demo=True) as desk:
        window, tabs = desk.window, desk.window.tabs
        page = await exchange(window, "A question", "demo-length")
        asked = page.session.conversation.id
        press(window, Qt.Key.Key_W, CTRL)
        assert tabs.bar.count() == 1
        assert tabs.bar.ids() != [asked]
        assert window.current_page().empty
        press(window, Qt.Key.Key_W, CTRL)
        assert tabs.bar.count() == 1
        press(window, Qt.Key.Key_T, CTRL | SHIFT)
        assert tabs.bar.ids() == [asked]


@on_qt_loop
async def test_a_typed_draft_survives_closing_its_tab() -> None:
    async with open_desk(demo=True) as desk:
        window = desk.window
        QTest.keyClicks(window.current_page().composer.edit, "not sent yet")
        press(window, Qt.Key.Key_W, CTRL)
        assert window.current_page().composer.text() == ""
        press(window, Qt.Key.Key_T, CTRL | SHIFT)
        page = window.current_page()
        await until(page.composer.text, "the draft")
        assert page.composer.text() == "not sent yet"


@on_qt_loop
async def test_a_draft_that_no_list_shows_can_be_reopened_after_a_restart() -> None:
    async with open_desk(demo=True) as desk:
        QTest.keyClicks(desk.window.current_page().composer.edit, "not sent yet")
        press(desk.window, Qt.Key.Key_W, CTRL)
    async with open_desk() as desk:
        assert desk.window.current_page().composer.text() == ""
        await turns()
        press(desk.window, Qt.Key.Key_T, CTRL | SHIFT)
        await until(lambda: desk.window.current_page().composer.text(), "the draft")
        assert desk.window.current_page().composer.text() == "not sent yet"


@on_qt_loop
async def test_tabs_move_by_dragging_and_the_order_is_kept() -> None:
    async with open_desk(demo=True) as desk:
        tabs = desk.window.tabs
        first, second, third = await three_chats(desk)
        drag(tabs.bar, 0, tabs.bar.tabRect(2).right() - 5)
        assert tabs.bar.ids() == [second, third, first]
        assert desk.house.settings.get(OPEN_TABS) == (second, third, first)
        assert desk.house.settings.get(ACTIVE_TAB) == first
        assert desk.window.current_page().session.conversation.id == first
        drag(tabs.bar, 2, tabs.bar.tabRect(0).left() + 5)
        assert tabs.bar.ids() == [first, second, third]


@on_qt_loop
async def test_a_click_that_trembles_moves_nothing() -> None:
    async with open_desk(demo=True) as desk:
        tabs = desk.window.tabs
        tabs.new_tab()
        ids = tabs.bar.ids()
        centre = tabs.bar.tabRect(0).center()
        QTest.mousePress(tabs.bar, Qt.MouseButton.LeftButton, pos=centre)
        move_pointer(tabs.bar, centre + QPoint(2, 0), Qt.MouseButton.LeftButton)
        assert tabs.bar.drop_place is None
        QTest.mouseRelease(tabs.bar, Qt.MouseButton.LeftButton, pos=centre + QPoint(2, 0))
        assert tabs.bar.ids() == ids
        assert tabs.bar.currentIndex() == 0


@on_qt_loop
async def test_middle_button_cross_and_delete_close() -> None:
    async with open_desk(demo=True) as desk:
        tabs = desk.window.tabs
        for _number in range(3):
            tabs.new_tab()
        bar = tabs.bar
        QTest.mouseClick(bar, Qt.MouseButton.MiddleButton, pos=bar.tabRect(1).center())
        assert bar.count() == 3
        cross = bar.tabButton(bar.currentIndex(), QTabBar.ButtonPosition.RightSide)
        assert cross is not None
        assert cross.isVisible()
        QTest.mouseClick(cross, Qt.MouseButton.LeftButton)
        assert bar.count() == 2
        bar.setFocus()
        QTest.keyClick(bar, Qt.Key.Key_Delete)
        assert bar.count() == 1


@on_qt_loop
async def test_the_cross_shows_under_the_pointer_and_on_the_active_tab() -> None:
    async with open_desk(demo=True) as desk:
        bar = desk.window.tabs.bar
        desk.window.tabs.new_tab()
        desk.window.tabs.new_tab()

        def crosses() -> list[bool]:
            side = QTabBar.ButtonPosition.RightSide
            buttons = [bar.tabButton(index, side) for index in range(3)]
            return [button is not None and button.isVisible() for button in buttons]

        assert crosses() == [False, False, True]
        move_pointer(bar, bar.tabRect(0).center())
        assert crosses() == [True, False, True]


@on_qt_loop
async def test_several_answers_stream_at_once_ring_then_dot() -> None:
    async with open_desk(demo=True, speed=1.0) as desk:
        window, tabs = desk.window, desk.window.tabs
        activity = window.activity
        pages = []
        for number in range(3):
            if number:
                tabs.new_tab()
            page = window.current_page()
            await use_model(page, "demo-long")
            await ask(page, f"Write 20000 tokens, {number}")
            pages.append(page)
        ids = [page.session.conversation.id for page in pages]
        assert [activity.mark(item) for item in ids] == [Mark.RUNNING] * 3
        assert "answering" in tabs.bar.accessibleTabName(0)
        assert len(desk.house.sessions.running()) == 3
        await pages[0].session.stop()
        await until(lambda: activity.mark(ids[0]) is Mark.UNREAD, "the dot")
        assert "new answer" in tabs.bar.accessibleTabName(0)
        row = window.sidebar.list.rows.find(ids[0])
        assert "new answer" in row.data(Qt.ItemDataRole.AccessibleTextRole)
        tabs.go_to(1)
        assert activity.mark(ids[0]) is Mark.NONE
        await pages[2].session.stop()
        tabs.go_to(2)
        await pages[1].session.stop()
        assert activity.mark(ids[1]) is Mark.NONE


@on_qt_loop
async def test_closing_a_tab_lets_its_answer_go_on() -> None:
    async with open_desk(demo=True) as desk:
        window = desk.window
        page = window.current_page()
        session = page.session
        await use_model(page, "demo-long")
        await ask(page, "Write 300 tokens")
        press(window, Qt.Key.Key_W, CTRL)
        await turns()
        assert session.running
        assert window.activity.mark(session.conversation.id) is Mark.RUNNING
        await session.wait()
        press(window, Qt.Key.Key_T, CTRL | SHIFT)
        again = window.current_page()
        await until(
            lambda: any(isinstance(item, Message) for item in again.session.branch()),
            "the saved messages",
        )
        answer = await answered(again)
        assert len(answer.text) > 300


@on_qt_loop
async def test_pages_of_tabs_never_looked_at_are_not_built() -> None:
    async with open_desk(demo=True) as desk:
        await three_chats(desk)
        desk.window.tabs.go_to(1)
    async with open_desk() as desk:
        assert desk.window.tabs.bar.count() == 3
        assert len(desk.window.tabs.pages()) == 1


@on_qt_loop
async def test_many_tabs_shrink_and_then_scroll() -> None:
    async with open_desk(demo=True, size=(720, 520)) as desk:
        bar = desk.window.tabs.bar
        assert bar.tabRect(0).width() == 216
        for _number in range(4):
            desk.window.tabs.new_tab()
        await turns()
        assert 120 <= bar.tabRect(0).width() < 216
        for _number in range(6):
            desk.window.tabs.new_tab()
        await turns()
        assert bar.tabRect(0).width() == 120
        assert bar.width() < 720
        assert desk.window.width() == 720
        assert bar.rect().contains(bar.tabRect(bar.currentIndex()).center())


@on_qt_loop
async def test_the_box_has_the_focus_after_a_tab_goes_or_comes() -> None:
    async with open_desk(demo=True) as desk:
        window, tabs = desk.window, desk.window.tabs
        ids = await three_chats(desk)
        press(window, Qt.Key.Key_W, CTRL)
        assert tabs.bar.ids() == ids[:2]
        assert tabs.current_page().composer.edit.hasFocus()
        tabs.current_page().transcript.setFocus()
        press(window, Qt.Key.Key_W, CTRL)
        assert tabs.current_page().composer.edit.hasFocus()
        press(window, Qt.Key.Key_T, CTRL | SHIFT)
        assert tabs.current_page().session.conversation.id == ids[1]
        assert tabs.current_page().composer.edit.hasFocus()
        tabs.bar.setFocus()
        press(window, Qt.Key.Key_Delete)
        assert tabs.bar.ids() == ids[:1]
        assert tabs.bar.hasFocus()


@on_qt_loop
async def test_who_opens_a_chat_from_the_list_can_type_at_once() -> None:
    async with open_desk(demo=True) as desk:
        window = desk.window
        first, _second, _third = await three_chats(desk)
        chats = window.sidebar.list
        row = chats.visualRect(chats.rows.find(first)).center()
        QTest.mouseClick(chats.viewport(), Qt.MouseButton.LeftButton, pos=row)
        page = window.current_page()
        assert page.session.conversation.id == first
        assert page.composer.edit.hasFocus()


def part_of(widget: QWidget, rect: QRect) -> QImage:
    """What is painted where nothing but a rectangle is painted anew."""
    picture = QPixmap(widget.size())
    picture.fill(Qt.GlobalColor.magenta)
    widget.render(picture, QPoint(), QRegion(rect))
    return picture.copy(QRect(QPoint(), rect.size())).toImage()


@on_qt_loop
async def test_a_turning_ring_is_painted_alone_as_with_all_around_it() -> None:
    async with open_desk(demo=True, speed=1.0) as desk:
        desk.theme.reduced_motion = True
        window, bar, chats = desk.window, desk.window.tabs.bar, desk.window.sidebar.list
        for _number in range(2):
            page = window.current_page()
            await use_model(page, "demo-slow")
            await ask(page, "Slowly")
            window.tabs.new_tab()
        window.tabs.go_to(1)
        await turns()
        for index in (0, 1):
            rect = bar._mark_rect(bar.tabRect(index))
            assert part_of(bar, rect) == bar.grab().copy(rect).toImage()
        view = chats.viewport()
        for chat in bar.ids()[:2]:
            rect = mark_rect(chats.visualRect(chats.rows.find(chat)))
            assert part_of(view, rect) == view.grab().copy(rect).toImage()
        for page in window.tabs.pages():
            await page.session.stop()
