"""Every control of the window has a name, in both languages, in every state of the window."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QLabel,
    QTabBar,
    QWidget,
)

from desktop_chat.core.settings import LANGUAGE
from tests.helpers.qt import on_qt_loop, until
from tests.helpers.window import exchange, open_desk, turns


def nameless() -> list[str]:
    """Return what takes the focus or is pressed, is visible, and says nothing of itself."""
    found = []
    for widget in QApplication.allWidgets():
        takes = widget.focusPolicy() != Qt.FocusPolicy.NoFocus or isinstance(
            widget, QAbstractButton
        )
        if not takes or not widget.isVisible() or isinstance(widget, QLabel):
            continue
        text = widget.text() if isinstance(widget, QAbstractButton) else ""
        if not (widget.accessibleName() or text):
            found.append(_place(widget))
    return found


def _place(widget: QWidget) -> str:
    names = []
    at: QWidget | None = widget
    while at is not None:
        names.append(type(at).__name__)
        at = at.parentWidget()
    return " < ".join(names)


@pytest.mark.parametrize("language", ["zh_CN", "en"])
def test_every_control_has_a_name(language: str) -> None:
    @on_qt_loop
    async def walk() -> None:
        async with open_desk() as desk:
            window = desk.window
            desk.house.settings.set(LANGUAGE, language)
            await turns()
            assert nameless() == [], "first run"
            window.try_demo()
            await until(lambda: window.current_page().composer.isVisible(), "the composer")
            assert nameless() == [], "start"
            page = await exchange(window, "A question")
            await turns()
            assert nameless() == [], "chat"
            page.edit_last()
            await until(lambda: page.notice_area.bars(), "the notice")
            assert nameless() == [], "editing"
            page.escape()
            for _number in range(12):
                window.tabs.new_tab()
            await turns()
            assert nameless() == [], "many tabs"
            for index in range(window.tabs.bar.count()):
                assert window.tabs.bar.accessibleTabName(index)
                cross = window.tabs.bar.tabButton(index, QTabBar.ButtonPosition.RightSide)
                assert cross is not None
                assert cross.accessibleName()
            window.sidebar.search.setText("zqxjk")
            await until(window.sidebar.nothing_found.isVisible, "no matches")
            assert nameless() == [], "no matches"
            window.sidebar.clear_search()
            window.show_keys()
            assert nameless() == [], "keys"
            popup = QApplication.activePopupWidget()
            assert popup is not None
            popup.close()
            window.open_settings()
            await turns()
            assert nameless() == [], "settings"

    walk()


@on_qt_loop
async def test_the_names_that_tests_and_people_know() -> None:
    async with open_desk(demo=True) as desk:
        names = {
            widget.accessibleName()
            for widget in QApplication.allWidgets()
            if widget.isVisible() and widget.accessibleName()
        }
        assert {"Message", "Send", "New chat", "Search", "Settings", "Thinking", "Tabs"} <= names
        assert any(name.startswith("Model") for name in names)
        desk.house.settings.set(LANGUAGE, "zh_CN")
        await turns()
        changed = {
            widget.accessibleName()
            for widget in QApplication.allWidgets()
            if widget.isVisible() and widget.accessibleName()
        }
        assert "Message" not in changed
