"""The keys of the window, the list of them, and the pages that fill it."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QPushButton, QWidget

from desktop_chat.core import settings as keys
from desktop_chat.ui.key_list import KeyList
from desktop_chat.ui.keys import KEYS, groups, hint, labels, native
from desktop_chat.ui.main_window import MainWindow
from desktop_chat.ui.panels import PanelSpec
from desktop_chat.ui.settings.page import SettingsPage
from desktop_chat.ui.transcript.look import Face
from tests.helpers.qt import on_qt_loop, until
from tests.helpers.window import CTRL, SHIFT, exchange, open_desk, press, turn_wheel


def test_no_two_commands_share_a_key() -> None:
    sequences = [sequence for key in KEYS if key.bound for sequence in key.sequences]
    assert len(sequences) == len(set(sequences))


def test_every_command_is_listed_once() -> None:
    listed = [key.command for _title, keys in groups() for key in keys]
    assert sorted(listed) == sorted(labels())


def test_keys_are_written_without_plus_signs() -> None:
    assert native("Ctrl+Shift+C") == "Ctrl Shift C"
    assert native("Return") == "Enter"
    assert hint("tab_1") == "Ctrl 1–9"


@on_qt_loop
async def test_f1_and_ctrl_slash_show_the_list() -> None:
    async with open_desk(demo=True) as desk:
        window = desk.window
        for key, modifiers in (
            (Qt.Key.Key_F1, Qt.KeyboardModifier.NoModifier),
            (Qt.Key.Key_Slash, CTRL),
        ):
            press(window, key, modifiers)
            shown = QApplication.activePopupWidget()
            assert isinstance(shown, KeyList)
            words = {label.text() for label in shown.findChildren(QLabel)}
            assert set(labels().values()) <= words
            assert shown.panel_size().height() < 500
            QTest.keyClick(shown, Qt.Key.Key_Escape)
            assert not shown.isVisible()


@on_qt_loop
async def test_shift_esc_goes_to_the_box_and_ctrl_shift_m_opens_the_models() -> None:
    async with open_desk(demo=True) as desk:
        window = desk.window
        window.sidebar.list.setFocus()
        press(window, Qt.Key.Key_Escape, SHIFT)
        assert window.current_page().composer.edit.hasFocus()
        press(window, Qt.Key.Key_M, CTRL | SHIFT)
        picker = window.current_page().composer.model_picker
        assert picker is not None
        picker.close()


@on_qt_loop
async def test_copy_keys_take_the_last_answer_and_the_last_code() -> None:
    async with open_desk(demo=True) as desk:
        window = desk.window
        await exchange(window, "A question")
        press(window, Qt.Key.Key_C, CTRL | SHIFT)
        clipboard = QGuiApplication.clipboard()
        # It is put there from a thread that writes the other forms.
        await until(lambda: "class Timing" in clipboard.text(), "the answer")
        whole = clipboard.text()
        press(window, Qt.Key.Key_Semicolon, CTRL | SHIFT)
        code = clipboard.text()
        assert "class Timing" in code
        assert len(code) < len(whole)


@on_qt_loop
async def test_text_becomes_larger_and_smaller_in_every_tab() -> None:
    async with open_desk(demo=True) as desk:
        window = desk.window
        first = (await exchange(window, "A question")).transcript
        press(window, Qt.Key.Key_T, CTRL)
        second = window.current_page().transcript
        normal = first.page.look.styles[Face.BODY].em
        press(window, Qt.Key.Key_Equal, CTRL)
        press(window, Qt.Key.Key_Plus, CTRL)
        assert desk.house.settings.get(keys.TEXT_SIZE) == 125
        assert desk.theme.text_scale == 1.25
        press(window, Qt.Key.Key_Minus, CTRL)
        assert desk.house.settings.get(keys.TEXT_SIZE) == 110
        press(window, Qt.Key.Key_0, CTRL)
        assert desk.house.settings.get(keys.TEXT_SIZE) == 100
        window.tabs.go_to(1)
        turn_wheel(first.viewport(), 120, CTRL)
        turn_wheel(first.viewport(), 60, CTRL)
        assert desk.house.settings.get(keys.TEXT_SIZE) == 110, "whole notches"
        turn_wheel(first.viewport(), 60, CTRL)
        turn_wheel(first.viewport(), 120 * 9, CTRL)
        assert desk.house.settings.get(keys.TEXT_SIZE) == 200, "no further"
        window.tabs.go_to(2)
        for view in (first, second):
            assert view.page.look.styles[Face.BODY].em == normal * 2


@on_qt_loop
async def test_column_and_following_hold_in_every_tab() -> None:
    async with open_desk(demo=True, size=(1500, 820)) as desk:
        window, settings = desk.window, desk.house.settings
        first = (await exchange(window, "A question")).transcript
        press(window, Qt.Key.Key_T, CTRL)
        second = (await exchange(window, "Another")).transcript
        for name, width in (("narrow", 640), ("wide", 960), ("medium", 760)):
            settings.set(keys.COLUMN_WIDTH, name)
            assert first.page.width == second.page.width == width
        settings.set(keys.COLUMN_WIDTH, "full")
        assert second.page.width > 1000
        settings.set(keys.FOLLOW, "question")
        assert first.scroller.follow == second.scroller.follow == "question"
        press(window, Qt.Key.Key_T, CTRL)
        third = window.current_page().transcript
        assert third.scroller.follow == "question"


@on_qt_loop
async def test_settings_open_and_give_back_the_focus() -> None:
    async with open_desk(demo=True) as desk:
        window = desk.window
        page = window.current_page()
        page.composer.focus_input()
        press(window, Qt.Key.Key_Comma, CTRL)
        settings = window.findChild(SettingsPage)
        assert settings is not None
        assert settings.isVisible()
        assert not page.isVisible()
        press(window, Qt.Key.Key_T, CTRL)
        assert window.tabs.bar.count() == 1
        press(window, Qt.Key.Key_Escape)
        assert page.isVisible()
        assert page.composer.edit.hasFocus()
        press(window, Qt.Key.Key_T, CTRL)
        assert window.tabs.bar.count() == 2


@on_qt_loop
async def test_a_panel_is_reached_from_the_sidebar_and_by_its_key() -> None:
    def build(_neighbours: object) -> QWidget:
        return QPushButton("inside")

    spec = PanelSpec(lambda: "Usage", "chart-bar", "Ctrl+Shift+U", build)
    async with open_desk(demo=True) as desk:
        window = MainWindow(desk.window._near, panels=(spec,))
        window.tabs.restore()
        window.show()
        window.activateWindow()
        await until(window.isActiveWindow, "an active window")
        button = next(
            item
            for item in window.sidebar.findChildren(QWidget)
            if item.accessibleName() == "Usage"
        )
        QTest.mouseClick(button, Qt.MouseButton.LeftButton)
        panel = window.findChild(QPushButton)
        assert panel is not None
        assert panel.isVisible()
        press(window, Qt.Key.Key_Escape)
        assert not panel.isVisible()
        press(window, Qt.Key.Key_U, CTRL | SHIFT)
        assert panel.isVisible()
        window.finish()
        window.close()
