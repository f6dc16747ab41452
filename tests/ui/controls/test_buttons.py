"""Buttons: what they look like, how keys and the focus act on them, and what they are called."""

import pytest
from PySide6.QtCore import QPoint, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QAccessible, QColor, QImage, QPainter
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QHBoxLayout, QWidget

from desktop_chat.ui.controls.buttons import (
    Button,
    CheckBox,
    Chip,
    IconButton,
    Kind,
    Segmented,
    Switch,
)
from desktop_chat.ui.controls.paint import paint_box, snapped
from desktop_chat.ui.theme import Theme
from tests.helpers.qt import settle
from tests.helpers.theme import make_theme


@pytest.fixture(params=["light", "dark"])
def theme(request: pytest.FixtureRequest) -> Theme:
    return make_theme(request.param)


def shown(*widgets: QWidget) -> QWidget:
    """Show widgets side by side, with room for rings, and without a focus."""
    window = QWidget()
    row = QHBoxLayout(window)
    row.setContentsMargins(20, 20, 20, 20)
    row.setSpacing(20)
    for widget in widgets:
        row.addWidget(widget)
    window.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    window.show()
    window.activateWindow()
    settle()
    window.setFocus()
    return window


def pixel(widget: QWidget, x: int, y: int) -> QColor:
    """Return the colour at a point of a widget; negative counts from the far edge."""
    image = widget.grab().toImage()
    return image.pixelColor(x % image.width(), y % image.height())


def test_heights_are_those_of_the_design(theme: Theme) -> None:
    assert Button(theme, "Send").sizeHint().height() == 32
    assert Button(theme, "Send", small=True).sizeHint().height() == 28
    assert Chip(theme, "Think").sizeHint().height() == 28
    assert Switch(theme, "x").sizeHint().toTuple() == (32, 20)
    assert CheckBox(theme, "").sizeHint().toTuple() == (16, 16)
    assert IconButton(theme, "x", "Close").sizeHint().toTuple() == (28, 28)
    assert Segmented(theme, [("a", "A", "")]).sizeHint().height() == 32


@pytest.mark.parametrize(
    ("kind", "normal", "down", "disabled"),
    [
        ("primary", "accent", "accentp", "hover"),
        ("secondary", "raised", "selected", "raised"),
    ],
)
def test_colours_are_the_tokens(
    theme: Theme, kind: Kind, normal: str, down: str, disabled: str
) -> None:
    button = Button(theme, "Retry", kind=kind)
    window = shown(button)
    assert pixel(button, 4, 4) == getattr(theme.tokens, normal)
    button.setDown(True)
    assert pixel(button, 4, 4) == getattr(theme.tokens, down)
    button.setDown(False)
    button.setEnabled(False)
    assert pixel(button, 4, 4) == getattr(theme.tokens, disabled)
    window.close()


def test_the_theme_is_read_when_painting() -> None:
    theme = make_theme("light")
    button = Button(theme, "Send", kind="primary")
    window = shown(button)
    light = pixel(button, 4, 4)
    theme.choose("dark")
    assert pixel(button, 4, 4) == theme.tokens.accent != light
    window.close()


def test_hover_is_the_token_at_once_with_reduced_motion(theme: Theme) -> None:
    theme.reduced_motion = True
    button = Button(theme, "Send", kind="primary")
    window = shown(button)
    QTest.mouseMove(button, QPoint(5, 5))
    assert button.hover == 1.0
    assert pixel(button, 4, 4) == theme.tokens.accenth
    window.close()


def test_the_ring_shows_for_the_keyboard_only_outside_the_button(theme: Theme) -> None:
    first, second = Button(theme, "One"), Button(theme, "Two")
    window = shown(first, second)

    def rings() -> list[bool]:
        return [first.ring.visible, second.ring.visible]

    QTest.mouseClick(first, Qt.MouseButton.LeftButton)
    assert first.hasFocus()
    assert rings() == [False, False]
    QTest.keyClick(first, Qt.Key.Key_Tab)
    assert second.hasFocus()
    assert rings() == [False, True]
    # 2 px of accent, then a gap of 2 px, then the button.
    y = second.geometry().center().y()
    left = second.geometry().left()
    image = window.grab().toImage()
    accent = theme.tokens.accent
    assert [image.pixelColor(left + dx, y) == accent for dx in (-5, -4, -3, -2, -1)] == [
        False,
        True,
        True,
        False,
        False,
    ]
    QTest.mouseClick(first, Qt.MouseButton.LeftButton)
    assert rings() == [False, False]
    window.close()


@pytest.mark.parametrize(
    ("reason", "there"),
    [(Qt.FocusReason.MouseFocusReason, False), (Qt.FocusReason.TabFocusReason, True)],
)
def test_the_ring_comes_back_with_the_window_only_if_it_was_there(
    theme: Theme, reason: Qt.FocusReason, there: bool
) -> None:
    button = Button(theme, "One")
    window = shown(button)
    button.setFocus(reason)
    window.setFocus()
    button.setFocus(Qt.FocusReason.ActiveWindowFocusReason)
    assert button.ring.visible is there
    window.close()


def test_the_ring_follows_and_goes_with_its_button(theme: Theme) -> None:
    button = Button(theme, "One")
    window = shown(button)
    button.setFocus(Qt.FocusReason.TabFocusReason)
    frame = button.ring._frame
    assert frame is not None
    button.move(button.pos() + QPoint(3, 5))
    assert frame.geometry().center() == button.geometry().center()
    button.hide()
    settle()
    assert "_Frame" not in [type(child).__name__ for child in window.children()]
    window.close()


@pytest.mark.parametrize("key", [Qt.Key.Key_Space, Qt.Key.Key_Return, Qt.Key.Key_Enter])
def test_keys_press(theme: Theme, key: Qt.Key) -> None:
    button, switch = Button(theme, "One"), Switch(theme, "Thinking")
    window = shown(button, switch)
    pressed: list[str] = []
    button.clicked.connect(lambda: pressed.append("button"))
    for widget in (button, switch):
        widget.setFocus()
        QTest.keyClick(widget, key)
    assert pressed == ["button"]
    assert switch.isChecked()
    window.close()


def test_a_busy_button_takes_no_clicks_and_says_so(theme: Theme) -> None:
    theme.reduced_motion = True
    button = Button(theme, "Test connection")
    window = shown(button)
    pressed: list[bool] = []
    button.clicked.connect(lambda: pressed.append(True))
    narrow = button.sizeHint().width()
    button.set_busy(True)
    assert button.sizeHint().width() > narrow
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    button.setFocus()
    for key in (Qt.Key.Key_Space, Qt.Key.Key_Return):
        QTest.keyClick(button, key)
    assert not pressed
    button.set_busy(False)
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    assert pressed == [True]
    window.close()


def test_a_chip_that_opens_something_leaves_its_state_to_the_owner(theme: Theme) -> None:
    plain, menu = Chip(theme, "Web"), Chip(theme, "Think", menu=True)
    window = shown(plain, menu)
    plain.click()
    menu.click()
    assert plain.isChecked()
    assert not menu.isChecked()
    assert menu.sizeHint().width() > Chip(theme, "Think").sizeHint().width()
    menu.setChecked(True)
    assert pixel(menu, 4, 4) == theme.tokens.soft
    window.close()


def test_a_compact_chip_keeps_its_words_as_a_tool_tip(theme: Theme) -> None:
    chip = Chip(theme, "Think · high", icon="brain", menu=True)
    chip.set_compact(True)
    assert chip.sizeHint().toTuple() == (32, 28)
    assert chip.toolTip() == "Think · high"


def test_segments_choose_by_click_and_arrow_and_tell_once(theme: Theme) -> None:
    control = Segmented(theme, [("system", "System", ""), ("zh_CN", "中文", ""), ("en", "En", "")])
    window = shown(control)
    chosen: list[str] = []
    control.chosen.connect(chosen.append)
    control.set_value("system")
    assert chosen == []
    QTest.mouseClick(control.button("zh_CN"), Qt.MouseButton.LeftButton)
    QTest.keyClick(control.button("zh_CN"), Qt.Key.Key_Right)
    assert chosen == ["zh_CN", "en"]
    assert control.value() == "en"
    window.close()


def test_names_and_roles(theme: Theme) -> None:
    control = Segmented(theme, [("light", "Light", "sun")])
    widgets: list[tuple[QAbstractButton, str, QAccessible.Role]] = [
        (Button(theme, "Send"), "Send", QAccessible.Role.Button),
        (IconButton(theme, "x", "Close"), "Close", QAccessible.Role.Button),
        (Switch(theme, "Thinking"), "Thinking", QAccessible.Role.CheckBox),
        (CheckBox(theme, "Remember"), "Remember", QAccessible.Role.CheckBox),
        (control.button("light"), "Light", QAccessible.Role.RadioButton),
    ]
    window = shown(*[widget for widget, _name, _role in widgets[:-1]], control)
    for widget, name, role in widgets:
        interface = QAccessible.queryAccessibleInterface(widget)
        assert interface is not None
        assert interface.text(QAccessible.Text.Name) == name
        assert interface.role() == role
    window.close()


def test_hairlines_are_one_device_pixel_at_any_scale(theme: Theme) -> None:
    for ratio in (1.0, 1.25, 1.5, 1.75, 2.0):
        image = QImage(QSize(80, 80) * ratio, QImage.Format.Format_RGB32)
        image.setDevicePixelRatio(ratio)
        image.fill(QColor("white"))
        painter = QPainter(image)
        paint_box(painter, QRect(10, 10, 50, 50), 6, None, QColor("black"))
        painter.end()
        middle = image.height() // 2
        row = [image.pixelColor(x, middle).lightness() for x in range(image.width())]
        line = [value for value in row if value < 250]
        assert len(line) == 2, ratio
        assert max(line) < 16, ratio


def test_a_tip_is_never_rich_text(theme: Theme) -> None:
    """Rich text opens the files that its images name, and a model may be called anything."""
    button = IconButton(theme, "copy", 'Copy <img src="//evil.example/a.png">')
    assert button.toolTip() == 'Copy &lt;img src="//evil.example/a.png"&gt;'
    assert button.accessibleName() == 'Copy <img src="//evil.example/a.png">'
    button.set_name("R & D")
    assert button.toolTip() == "R & D"


@pytest.mark.parametrize("scale", [1.0, 1.25, 1.5, 1.75, 2.0])
def test_no_edge_is_snapped_out_of_its_widget_by_a_half(scale: float) -> None:
    image = QImage(400, 400, QImage.Format.Format_ARGB32)
    painter = QPainter(image)
    painter.scale(scale, scale)
    for offset in range(8):
        rect = QRectF(offset, offset, 101, 33)
        box = snapped(painter, rect)
        for inner, outer in ((box.left(), rect.left()), (-box.right(), -rect.right())):
            assert (outer - inner) * scale < 0.5
            assert abs(inner * scale - round(inner * scale)) < 1e-6
    painter.end()
