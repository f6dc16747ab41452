"""Menus, dialogs, fields and notices under real keys."""

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication, QInputMethodEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QVBoxLayout, QWidget

from desktop_chat.ui.controls.buttons import Button
from desktop_chat.ui.controls.dialog import ask, ask_text
from desktop_chat.ui.controls.fields import Field, SearchField, SelectField, SpinField
from desktop_chat.ui.controls.notice import NoticeBar
from desktop_chat.ui.controls.popup import Menu, Popup
from desktop_chat.ui.controls.shadow import MARGINS
from desktop_chat.ui.theme import Theme
from tests.helpers.qt import settle
from tests.helpers.theme import make_theme


@pytest.fixture
def theme() -> Theme:
    return make_theme()


@pytest.fixture
def window() -> QWidget:
    widget = QWidget()
    widget.resize(640, 480)
    widget.show()
    widget.activateWindow()
    settle()
    return widget


def press(key: Qt.Key) -> None:
    """Press a key where it would go: in the open popup, or else in the focus."""
    target = QApplication.activePopupWidget() or QApplication.focusWidget()
    assert target is not None
    QTest.keyClick(target.focusWidget() or target, key)


def make_menu(theme: Theme, window: QWidget, pressed: list[str]) -> Menu:
    menu = Menu(theme, window)
    menu.add("Rename", "pencil-simple", "F2", slot=lambda: pressed.append("rename"))
    menu.add("Locked").setEnabled(False)
    menu.add_separator()
    menu.add("Delete chat", "trash", danger=True, slot=lambda: pressed.append("delete"))
    return menu


def test_menu_keys(theme: Theme, window: QWidget) -> None:
    pressed: list[str] = []
    menu = make_menu(theme, window, pressed)
    menu.open_at(window.mapToGlobal(QPoint(20, 20)))
    assert menu.rows[0].hasFocus()
    press(Qt.Key.Key_Down)
    assert menu.rows[2].hasFocus(), "rows that cannot be pressed are passed over"
    press(Qt.Key.Key_Down)
    assert menu.rows[0].hasFocus()
    press(Qt.Key.Key_End)
    assert menu.rows[2].hasFocus()
    press(Qt.Key.Key_R)
    assert menu.rows[0].hasFocus()
    press(Qt.Key.Key_D)
    press(Qt.Key.Key_Return)
    assert pressed == ["delete"]
    assert not menu.isVisible()


def test_esc_closes_and_the_focus_goes_back(theme: Theme, window: QWidget) -> None:
    button = Button(theme, "Open", parent=window)
    button.show()
    button.setFocus(Qt.FocusReason.TabFocusReason)
    menu = make_menu(theme, window, [])
    closed: list[bool] = []
    menu.closed.connect(lambda: closed.append(True))
    menu.open_for(button)
    settle()
    assert QApplication.activePopupWidget() is menu
    press(Qt.Key.Key_Escape)
    settle()
    assert closed == [True]
    assert QApplication.focusWidget() is button
    assert button.ring.visible


def test_menu_rows_are_named_and_32_high(theme: Theme, window: QWidget) -> None:
    menu = make_menu(theme, window, [])
    menu.open_at(window.mapToGlobal(QPoint(20, 20)))
    assert [row.text() for row in menu.rows] == ["Rename", "Locked", "Delete chat"]
    assert {row.height() for row in menu.rows} == {32}
    assert menu.panel.width() == 224
    menu.close()


def test_a_popup_stays_on_its_screen(theme: Theme, window: QWidget) -> None:
    menu = make_menu(theme, window, [])
    room = QGuiApplication.primaryScreen().availableGeometry()
    menu.open_at(room.bottomRight())
    panel = menu.panel.translated(menu.pos())
    assert room.contains(panel)
    menu.close()


def test_a_popup_opens_above_where_it_should(theme: Theme, window: QWidget) -> None:
    button = Button(theme, "Model", parent=window)
    button.setGeometry(100, 300, 80, 32)
    button.show()
    menu = make_menu(theme, window, [])
    menu.open_for(button, above=True, gap=4)
    panel = menu.panel.translated(menu.pos())
    top = button.mapToGlobal(QPoint(0, 0))
    assert panel.bottom() + 1 + 4 == top.y()
    assert panel.left() == top.x()
    menu.close()


def test_the_room_for_the_shadow_is_outside(theme: Theme, window: QWidget) -> None:
    popup = Popup(theme, window)
    popup.body.addWidget(Button(theme, "Something"))
    popup.open_at(window.mapToGlobal(QPoint(100, 100)))
    assert popup.rect().width() == popup.panel.width() + MARGINS.left() + MARGINS.right()
    QTest.mousePress(popup, Qt.MouseButton.LeftButton, pos=popup.panel.center())
    assert popup.isVisible()
    QTest.mousePress(popup, Qt.MouseButton.LeftButton, pos=QPoint(3, 3))
    assert not popup.isVisible()


def test_the_shadow_lies_below_and_fades_outwards(theme: Theme, window: QWidget) -> None:
    popup = Popup(theme, window)
    popup.body.addWidget(Button(theme, "A button that is wide enough to see"))
    popup.open_at(window.mapToGlobal(QPoint(100, 100)))
    image = popup.grab().toImage()
    x, bottom, top = popup.panel.center().x(), popup.panel.bottom(), popup.panel.top()
    alphas = [image.pixelColor(x, bottom + dy).alpha() for dy in (2, 12, 30, 50)]
    assert alphas == sorted(alphas, reverse=True)
    assert alphas[0] > 10 > alphas[-1]
    assert image.pixelColor(x, top - 12).alpha() < alphas[0]
    popup.close()


def test_select_field_opens_chooses_and_steps(theme: Theme, window: QWidget) -> None:
    field = SelectField(theme, "Theme", [("a", "System"), ("b", "Light"), ("c", "Dark")])
    field.setParent(window)
    field.show()
    field.set_value("b")
    chosen: list[str] = []
    field.chosen.connect(chosen.append)
    field.setFocus()
    QTest.keyClick(field, Qt.Key.Key_Down)
    assert chosen == ["c"]
    QTest.keyClick(field, Qt.Key.Key_Return)
    menu = field.menu()
    assert menu is not None
    assert menu.rows[2].hasFocus(), "the menu opens at the choice that holds"
    press(Qt.Key.Key_Home)
    press(Qt.Key.Key_Return)
    assert chosen == ["c", "a"]
    assert field.accessibleDescription() == "System"
    assert field.accessibleName() == "Theme"


def test_field_leaves_enter_to_the_input_method(theme: Theme, window: QWidget) -> None:
    field = Field(theme, "Name", parent=window)
    field.show()
    field.setFocus()
    entered: list[bool] = []
    field.returnPressed.connect(lambda: entered.append(True))
    QApplication.sendEvent(field, QInputMethodEvent("nihao", []))
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert entered == []
    done = QInputMethodEvent("", [])
    done.setCommitString("你好")
    QApplication.sendEvent(field, done)
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert entered == [True]
    assert field.text() == "你好"


def test_wrong_and_focused_fields_have_their_edges(theme: Theme, window: QWidget) -> None:
    field = Field(theme, "Key", parent=window)
    field.setGeometry(10, 10, 200, 32)
    field.show()

    def edge() -> object:
        return field.grab().toImage().pixelColor(100, 0)

    window.setFocus()
    assert edge() == theme.tokens.line2
    field.setFocus()
    assert edge() == theme.tokens.accent
    field.set_wrong(True)
    assert edge() == theme.tokens.danger


def test_search_clears_on_esc_before_it_lets_esc_go(theme: Theme, window: QWidget) -> None:
    field = SearchField(theme, "Search", parent=window)
    field.show()
    field.setFocus()
    field.setText("abc")
    QTest.keyClick(field, Qt.Key.Key_Escape)
    assert field.text() == ""
    assert field.accessibleName() == "Search"


def test_spin_field_steps_by_its_carets(theme: Theme, window: QWidget) -> None:
    field = SpinField(theme, "Rounds", parent=window)
    field.setRange(0, 100)
    field.setValue(5)
    field.setGeometry(10, 10, 92, 32)
    field.show()
    QTest.mouseClick(field, Qt.MouseButton.LeftButton, pos=QPoint(80, 8))
    assert field.value() == 6
    QTest.mouseClick(field, Qt.MouseButton.LeftButton, pos=QPoint(80, 26))
    assert field.value() == 5


def test_dialog_answers_by_key(theme: Theme, window: QWidget) -> None:
    answers: list[str] = []
    dialog = ask(window, theme, "Delete chat?", "It can be restored.", "Delete", True)
    dialog.accepted.connect(lambda: answers.append("yes"))
    dialog.rejected.connect(lambda: answers.append("no"))
    assert dialog.isVisible()
    assert dialog.isModal()
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
    assert answers == ["no"]
    dialog = ask(window, theme, "Delete chat?", "It can be restored.", "Delete", True)
    dialog.accepted.connect(lambda: answers.append("yes"))
    QTest.keyClick(dialog.confirm_button, Qt.Key.Key_Return)
    assert answers == ["no", "yes"]


def test_text_dialog_gives_a_line_and_never_an_empty_one(theme: Theme, window: QWidget) -> None:
    lines: list[str] = []
    dialog = ask_text(window, theme, "Rename", "Title", "Old", "Rename")
    dialog.submitted.connect(lines.append)
    assert dialog.field.selectedText() == "Old"
    dialog.field.setText("   ")
    assert not dialog.confirm_button.isEnabled()
    QTest.keyClick(dialog.field, Qt.Key.Key_Return)
    assert dialog.isVisible()
    dialog.field.setText(" New name ")
    QTest.keyClick(dialog.field, Qt.Key.Key_Return)
    assert lines == ["New name"]


def test_notice_shows_its_actions_the_primary_last(theme: Theme, window: QWidget) -> None:
    notice = NoticeBar(theme, window)
    assert not notice.isVisible()
    pressed: list[str] = []
    closed: list[bool] = []
    notice.action.connect(pressed.append)
    notice.closed.connect(lambda: closed.append(True))
    actions = [("how", "How"), ("use", "Use a password")]
    notice.show_notice("warn", "lock-key-open", "No keyring", "In memory.", actions)
    assert [button.text() for button in notice.buttons()] == ["How", "Use a password"]
    notice.buttons()[1].click()
    assert pressed == ["use"]
    notice._close.click()
    assert closed == [True]
    assert not notice.isVisible()


@pytest.mark.parametrize(
    ("title", "text"),
    [
        ("Retry", ""),
        ("Retry", "In memory."),
        ("Retry", "Keys stay in memory until the program ends; then enter them again."),
        ("重试", ""),
        ("重试", "密钥只保留在内存中，退出后需要重新填写，之前的对话都保留着。"),
    ],
)
def test_a_notice_of_one_line_stands_in_the_middle_of_a_low_bar(
    theme: Theme, window: QWidget, title: str, text: str
) -> None:
    column = QVBoxLayout(window)
    notice = NoticeBar(theme)
    column.addWidget(notice)
    column.addStretch(1)
    window.resize(900, 480)
    notice.show_notice("warn", "info", title, text, [("how", "How")])
    settle()
    assert notice.height() == 46
    for label in (notice._title, notice._text) if text else (notice._title,):
        assert abs(label.geometry().center().y() - 22.5) <= 1


def test_a_long_notice_is_shown_whole(theme: Theme, window: QWidget) -> None:
    column = QVBoxLayout(window)
    notice = NoticeBar(theme)
    column.addWidget(notice)
    column.addStretch(1)
    notice.show_notice("warn", "info", "Retry", "many words " * 40, [("how", "How")])
    settle()
    assert notice._text.height() >= notice._text.heightForWidth(notice._text.width())
    assert notice.rect().contains(notice._text.geometry())
    assert notice._title.y() == notice._text.y()
