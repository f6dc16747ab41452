"""The settings page itself, and the settings of the whole program."""

from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from desktop_chat.core import settings as keys
from desktop_chat.ui.settings.add_service import new_service_id
from desktop_chat.ui.settings.words import key_fault, masked
from tests.helpers.qt import on_qt_loop, until
from tests.helpers.settings_desk import open_settings


@on_qt_loop
async def test_general_settings_are_read_and_written(tmp_path: Path) -> None:
    async with open_settings(tmp_path) as desk:
        page = desk.page
        page.show()
        page.show_general()
        general = page.general
        assert general.language.value() == "system"
        assert general.rounds.value() == 20
        QTest.mouseClick(general.language.button("zh_CN"), Qt.MouseButton.LeftButton)
        QTest.mouseClick(general.scheme.button("dark"), Qt.MouseButton.LeftButton)
        general.motion.click()
        general.rounds.setFocus()
        general.rounds.selectAll()
        QTest.keyClicks(general.rounds, "7")
        assert desk.settings.get(keys.CONTEXT_ROUNDS) == 20, "not at every key"
        QTest.keyClick(general.rounds, Qt.Key.Key_Return)
        assert desk.settings.get(keys.LANGUAGE) == "zh_CN"
        assert desk.settings.get(keys.THEME) == "dark"
        assert desk.settings.get(keys.REDUCED_MOTION) is True
        assert desk.settings.get(keys.CONTEXT_ROUNDS) == 7


@on_qt_loop
async def test_settings_changed_elsewhere_are_shown(tmp_path: Path) -> None:
    async with open_settings(tmp_path) as desk:
        desk.settings.set(keys.THEME, "light")
        desk.settings.set(keys.CONTEXT_ROUNDS, 0)
        assert desk.page.general.scheme.value() == "light"
        assert desk.page.general.rounds.text() == "All rounds"


@on_qt_loop
async def test_general_speaks_the_language_in_use(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_settings(tmp_path) as desk:
        words = {"General": "通用", "rounds": "轮", "Follow system": "跟随系统"}
        monkeypatch.setattr(
            "desktop_chat.ui.settings.general.tr", lambda text: words.get(text, text)
        )
        QApplication.sendEvent(desk.page, QEvent(QEvent.Type.LanguageChange))
        assert desk.page.general.title.text() == "通用"
        assert desk.page.general.rounds.text() == "20 轮"
        assert desk.page.general.language.button("system").text() == "跟随系统"
        assert desk.page.general.language.button("zh_CN").text() == "中文"


@on_qt_loop
async def test_sections_and_the_way_back(tmp_path: Path) -> None:
    async with open_settings(tmp_path) as desk:
        page = desk.page
        page.show()
        page.show_services()
        assert page.sections.services.isChecked()
        page.sections.general.click()
        assert page.general.isVisible()
        assert not page.services.isVisible()
        assert page.sections.back.accessibleName() == "Back"
        page.sections.back.click()
        QTest.keyClick(page, Qt.Key.Key_Escape)
        assert desk.closed == [True, True]


@on_qt_loop
async def test_enter_does_not_leave_the_page_just_opened(tmp_path: Path) -> None:
    async with open_settings(tmp_path) as desk:
        desk.page.show()
        desk.page.activateWindow()
        await until(desk.page.isActiveWindow)
        desk.page.show_services("ark")
        focused = desk.page.focusWidget()
        assert focused is desk.page.services.list.view
        QTest.keyClick(focused, Qt.Key.Key_Return)
        QTest.keyClick(focused, Qt.Key.Key_Down)
        assert desk.closed == []
        assert desk.page.services.editor.service.id == "siliconflow"


@on_qt_loop
async def test_sections_are_icons_where_there_is_little_room(tmp_path: Path) -> None:
    async with open_settings(tmp_path) as desk:
        desk.page.show()
        assert desk.page.sections.width() == 184
        desk.page.resize(720, 520)
        assert desk.page.sections.width() == 57
        assert desk.page.sections.general.toolTip() == "General"


@pytest.mark.parametrize(
    ("name", "address", "taken", "expected"),
    [
        ("My Gateway", "https://x.example", (), "my-gateway"),
        ("公司网关", "https://llm.example.com/v1", (), "llm-example-com"),
        ("公司", "http://[::1]:80", (), "1"),
        ("", "", (), "service"),
        ("A", "", ("a", "a-2"), "a-3"),
    ],
)
def test_new_ids(name: str, address: str, taken: tuple[str, ...], expected: str) -> None:
    assert new_service_id(name, address, taken) == expected


def test_a_masked_key_shows_its_hint_only() -> None:
    assert masked("sk-…3f9a") == "sk-" + "•" * 24 + "3f9a"
    assert masked("…") == "•" * 24


def test_a_whole_key_is_no_fault() -> None:
    assert key_fault(" sk-0123456789 ") == ""
