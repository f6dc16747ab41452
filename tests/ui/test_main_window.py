"""The window as a whole: the first start, one exchange, narrow and wide, remembered."""

from PySide6.QtCore import QRect, Qt
from PySide6.QtTest import QTest

from desktop_chat.core.messages import MessageState
from desktop_chat.core.settings import (
    LANGUAGE,
    OPEN_TABS,
    SIDEBAR_OPEN,
    SIDEBAR_WIDTH,
    THEME,
    WINDOW_GEOMETRY,
)
from desktop_chat.ui import geometry
from desktop_chat.ui.sidebar import NARROWEST, WIDEST
from tests.helpers.qt import on_qt_loop, until
from tests.helpers.window import CTRL, answered, ask, exchange, open_desk, press, turns, use_model


@on_qt_loop
async def test_first_start_offers_demo_and_answers_a_typed_question() -> None:
    async with open_desk() as desk:
        window = desk.window
        page = window.current_page()
        assert page.first_run.isVisible()
        assert not page.composer.isVisible()
        names = [card.text() for card in page.first_run.cards()]
        assert "DeepSeek" in names
        assert "Offline demo" not in names
        page.first_run.demo_button.click()
        await until(page.composer.isVisible, "the composer")
        assert page.start.isVisible()
        await ask(page, "Which algorithm?")
        answer = await answered(page)
        assert answer.state is MessageState.DONE
        assert len(answer.text) > 200
        assert page.transcript.isVisible()
        rows = [row.title for row in window.sidebar.list.rows.rows()]
        assert rows[0] == "Today"
        assert "Which algorithm?" in rows[1]
        assert window.tabs.bar.tabText(0) == rows[1]
        assert rows[1] in window.windowTitle()


@on_qt_loop
async def test_a_template_fills_the_box() -> None:
    async with open_desk(demo=True) as desk:
        page = desk.window.current_page()
        button = page.start.templates()[0]
        button.click()
        assert page.composer.text().strip() == button.text()


@on_qt_loop
async def test_tabs_and_window_are_remembered() -> None:
    async with open_desk(demo=True) as desk:
        page = await exchange(desk.window, "Kept question")
        kept = page.session.conversation.id
        desk.window.tabs.new_tab()
        second = desk.window.current_page()
        QTest.keyClicks(second.composer.edit, "half a thought")
        draft = second.session.conversation.id
        desk.window.setGeometry(40, 60, 900, 640)
    async with open_desk(size=(900, 640)) as desk:
        tabs = desk.window.tabs
        assert tabs.bar.ids() == [kept, draft]
        assert tabs.bar.tabText(0) == "Kept question"
        assert tabs.page(kept) is None
        await until(lambda: desk.window.current_page().composer.text(), "the draft")
        assert desk.window.current_page().composer.text() == "half a thought"
        assert desk.house.settings.get(WINDOW_GEOMETRY) == "40,60,900,640,0"
        assert desk.house.settings.get(OPEN_TABS) == (kept, draft)
        desk.window.tabs.go_to(1)
        first = desk.window.current_page()
        await until(lambda: len(first.session.branch()) == 2, "the saved messages")


@on_qt_loop
async def test_sidebar_lies_over_the_chats_where_there_is_little_room() -> None:
    async with open_desk(demo=True, size=(720, 520)) as desk:
        window = desk.window
        desk.theme.reduced_motion = True
        assert window.size().width() == 720
        assert not window.sidebar.isVisible()
        page = window.current_page()
        await use_model(page, "demo-slow")
        await ask(page, "Behind it")
        press(window, Qt.Key.Key_B, CTRL)
        assert window.sidebar.isVisible()
        assert window.tabs.width() == 720
        # It has the keys: Esc puts it away, and stops no answer behind it.
        press(window, Qt.Key.Key_Escape)
        assert not window.sidebar.isVisible()
        assert page.composer.edit.hasFocus()
        await turns()
        assert page.session.running
        press(window, Qt.Key.Key_Escape)
        await until(lambda: not page.session.running, "the end")
        press(window, Qt.Key.Key_K, CTRL)
        assert window.sidebar.search.hasFocus()
        window.open_conversation(window.tabs.bar.id_at(0))
        assert not window.sidebar.isVisible()
        assert window.current_page().composer.edit.hasFocus()
        assert desk.house.settings.get(SIDEBAR_OPEN)
        window.resize(1280, 820)
        await turns()
        assert window.sidebar.isVisible()
        assert window.tabs.width() == 1280 - window.sidebar.width()
        press(window, Qt.Key.Key_B, CTRL)
        assert not window.sidebar.isVisible()
        assert not desk.house.settings.get(SIDEBAR_OPEN)


@on_qt_loop
async def test_sidebar_width_is_bounded_and_remembered() -> None:
    async with open_desk() as desk:
        sidebar = desk.window.sidebar
        for wanted, given in ((300, 300), (20, NARROWEST), (900, WIDEST)):
            sidebar.resize_to(wanted)
            assert sidebar.width() == given
            assert desk.house.settings.get(SIDEBAR_WIDTH) == given


@on_qt_loop
async def test_nothing_is_wider_than_the_smallest_window() -> None:
    async with open_desk(size=(720, 520)) as desk:
        window = desk.window
        for language in ("zh_CN", "en"):
            desk.house.settings.set(LANGUAGE, language)
            await turns()
            assert (window.width(), window.height()) == (720, 520)
            page = window.current_page()
            for card in page.first_run.cards():
                corner = card.mapTo(page, card.rect().bottomRight())
                assert corner.x() < page.width()
        window.try_demo()
        await until(lambda: window.current_page().composer.isVisible(), "the composer")
        assert (window.width(), window.height()) == (720, 520)


@on_qt_loop
async def test_language_and_theme_change_at_once() -> None:
    async with open_desk() as desk:
        window = desk.window
        page = window.current_page()
        assert window.sidebar.search.accessibleName() == "Search"
        before = window.grab().toImage().pixelColor(5, 400)
        desk.house.settings.set(THEME, "dark")
        await turns()
        assert window.grab().toImage().pixelColor(5, 400).lightness() < before.lightness()
        page.first_run.language_switch.button("zh_CN").click()
        await turns()
        assert desk.house.settings.get(LANGUAGE) == "zh_CN"
        assert window.sidebar.search.accessibleName() == "搜索"
        assert window.tabs.bar.tabText(0) == "新对话"
        assert page.first_run.demo_button.text() == "打开演示"


def test_geometry_is_put_right_when_its_screen_is_gone() -> None:
    screens = [QRect(0, 0, 1920, 1040), QRect(1920, 0, 1280, 984)]
    fine = QRect(1500, 200, 1000, 700)
    assert geometry.corrected(fine, screens) == fine
    beside = geometry.corrected(QRect(4000, 300, 1000, 700), screens)
    assert screens[0].contains(beside)
    huge = geometry.corrected(QRect(0, 0, 4000, 3000), screens[:1])
    assert huge.width() <= 1920
    assert huge.height() <= 1040
    above = geometry.corrected(QRect(100, -500, 1000, 700), screens)
    assert above.top() >= 0
    small = geometry.corrected(QRect(10, 50, 100, 100), screens)
    assert small.size() == geometry.MINIMUM
