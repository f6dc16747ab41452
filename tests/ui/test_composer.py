"""The composer under real keys, real compositions and real pastes."""

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QEvent, QMimeData, QPoint, Qt
from PySide6.QtGui import QAccessible, QGuiApplication, QInputMethodEvent, QKeyEvent, QTextBlock
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QVBoxLayout, QWidget

from desktop_chat.core.services import Model, Service, Thinking, ThinkingDialect
from desktop_chat.ui import message_edit
from desktop_chat.ui.composer import Composer
from desktop_chat.ui.message_edit import LINE, LONG_LINE, MessageEdit, split_line
from desktop_chat.ui.model_picker import ModelPicker, context_label
from desktop_chat.ui.theme import Theme
from desktop_chat.ui.thinking_popup import ThinkingPopup
from tests.helpers.qt import settle
from tests.helpers.theme import make_theme

EFFORTS = Thinking(ThinkingDialect.TYPE, ("low", "high", "max"), True, "high")
SWITCH = Thinking(ThinkingDialect.ENABLE)
SERVICES = [
    Service(
        "deepseek",
        {"": "DeepSeek"},
        models=(Model("flash", 1_000_000), Model("pro", 1_000_000, thinking=EFFORTS)),
    ),
    Service("ark", {"zh_CN": "豆包", "en": "Doubao"}, models=(Model("seed", 262_144),)),
]


@pytest.fixture
def theme() -> Theme:
    return make_theme()


@pytest.fixture
def composer(theme: Theme) -> Iterator[Composer]:
    window = QWidget()
    column = QVBoxLayout(window)
    column.setContentsMargins(8, 8, 8, 8)
    column.addStretch()
    result = Composer(theme)
    column.addWidget(result)
    result.set_services(SERVICES)
    result.set_model("deepseek", "pro")
    window.resize(800, 500)
    window.show()
    window.activateWindow()
    settle()
    result.focus_input()
    yield result
    window.close()


def type_text(composer: Composer, text: str) -> None:
    QTest.keyClicks(composer.edit, text)


def press(
    composer: Composer,
    key: Qt.Key,
    modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier,
) -> None:
    QTest.keyClick(composer.edit, key, modifiers)


def compose(composer: Composer, preedit: str, commit: str = "") -> None:
    event = QInputMethodEvent(preedit, [])
    if commit:
        event.setCommitString(commit)
    QApplication.sendEvent(composer.edit, event)


def paste(composer: Composer, data: QMimeData) -> None:
    QGuiApplication.clipboard().setMimeData(data)
    composer.edit.paste()


def of_text(text: str) -> QMimeData:
    data = QMimeData()
    data.setText(text)
    return data


# Sending.


@pytest.mark.parametrize("key", [Qt.Key.Key_Return, Qt.Key.Key_Enter])
def test_enter_sends_and_the_text_stays_until_it_is_safe(composer: Composer, key: Qt.Key) -> None:
    sent: list[str] = []
    composer.submitted.connect(sent.append)
    type_text(composer, "hello")
    press(composer, key)
    assert sent == ["hello"]
    assert composer.text() == "hello"
    composer.clear()
    assert composer.text() == ""


def test_numpad_enter_sends(composer: Composer) -> None:
    sent: list[str] = []
    composer.submitted.connect(sent.append)
    type_text(composer, "hello")
    press(composer, Qt.Key.Key_Enter, Qt.KeyboardModifier.KeypadModifier)
    assert sent == ["hello"]


def test_shift_enter_breaks_the_line(composer: Composer) -> None:
    sent: list[str] = []
    composer.submitted.connect(sent.append)
    type_text(composer, "a")
    press(composer, Qt.Key.Key_Return, Qt.KeyboardModifier.ShiftModifier)
    type_text(composer, "b")
    assert sent == []
    assert composer.text() == "a\nb"


@pytest.mark.parametrize("text", ["", "   ", "\n \n"])
def test_nothing_is_not_sent(composer: Composer, text: str) -> None:
    sent: list[str] = []
    composer.submitted.connect(sent.append)
    composer.set_text(text)
    assert not composer.send_button.isEnabled()
    press(composer, Qt.Key.Key_Return)
    assert sent == []


def test_send_button_wakes_with_text(composer: Composer) -> None:
    sent: list[str] = []
    composer.submitted.connect(sent.append)
    assert not composer.send_button.isEnabled()
    type_text(composer, "x")
    assert composer.send_button.isEnabled()
    composer.send_button.click()
    assert sent == ["x"]


# Input methods.


@pytest.mark.parametrize(
    "modifiers", [Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ShiftModifier]
)
@pytest.mark.parametrize("key", [Qt.Key.Key_Return, Qt.Key.Key_Enter])
def test_enter_does_nothing_while_composing(
    composer: Composer, key: Qt.Key, modifiers: Qt.KeyboardModifier
) -> None:
    sent: list[str] = []
    composer.submitted.connect(sent.append)
    type_text(composer, "hi ")
    compose(composer, "nihao")
    press(composer, key, modifiers)
    assert sent == []
    assert composer.text() == "hi "
    compose(composer, "", "你好")
    assert composer.text() == "hi 你好"
    press(composer, Qt.Key.Key_Return)
    assert sent == ["hi 你好"]


def test_enter_sends_again_after_a_composition_is_given_up(composer: Composer) -> None:
    sent: list[str] = []
    composer.submitted.connect(sent.append)
    type_text(composer, "hi")
    compose(composer, "nihao")
    compose(composer, "")
    press(composer, Qt.Key.Key_Return)
    assert sent == ["hi"]


def test_keys_of_a_composition_stay_out_of_the_windows_shortcuts(composer: Composer) -> None:
    def overrides() -> bool:
        event = QKeyEvent(
            QEvent.Type.ShortcutOverride, Qt.Key.Key_Escape, Qt.KeyboardModifier.NoModifier
        )
        event.ignore()
        QApplication.sendEvent(composer.edit, event)
        return event.isAccepted()

    assert not overrides()
    compose(composer, "nihao")
    assert overrides()


def test_up_and_esc_belong_to_the_composition(composer: Composer) -> None:
    told: list[str] = []
    composer.edit_last_requested.connect(lambda: told.append("edit"))
    composer.stop_requested.connect(lambda: told.append("stop"))
    composer.set_running(True)
    compose(composer, "nihao")
    press(composer, Qt.Key.Key_Up)
    press(composer, Qt.Key.Key_Escape)
    assert told == []
    compose(composer, "")
    press(composer, Qt.Key.Key_Up)
    press(composer, Qt.Key.Key_Escape)
    assert told == ["edit", "stop"]


def test_a_composition_is_no_edit_and_hides_the_placeholder(composer: Composer) -> None:
    edits: list[bool] = []
    composer.text_changed.connect(lambda: edits.append(True))
    empty = composer.edit.grab().toImage()
    compose(composer, "你")
    assert not composer.send_button.isEnabled()
    assert composer.edit.grab().toImage() != empty
    compose(composer, "", "你")
    assert edits
    assert composer.send_button.isEnabled()


# Running.


def test_stop_takes_the_place_of_send(composer: Composer) -> None:
    told: list[str] = []
    composer.submitted.connect(told.append)
    composer.stop_requested.connect(lambda: told.append("stop"))
    type_text(composer, "more")
    composer.set_running(True)
    assert composer.stop_button.isVisible()
    assert not composer.send_button.isVisible()
    press(composer, Qt.Key.Key_Return)
    assert told == []
    composer.stop_button.click()
    press(composer, Qt.Key.Key_Escape)
    assert told == ["stop", "stop"]
    composer.set_running(False)
    assert composer.send_button.isVisible()
    assert composer.send_button.isEnabled()
    assert composer.text() == "more"


def test_focus_goes_to_the_box_when_the_button_under_it_goes(composer: Composer) -> None:
    type_text(composer, "x")
    composer.send_button.setFocus()
    composer.set_running(True)
    assert composer.edit.hasFocus()
    composer.stop_button.setFocus()
    composer.set_running(False)
    assert composer.edit.hasFocus()


def test_up_asks_for_the_last_question_only_when_empty(composer: Composer) -> None:
    told: list[bool] = []
    composer.edit_last_requested.connect(lambda: told.append(True))
    press(composer, Qt.Key.Key_Up)
    assert told == [True]
    type_text(composer, "x")
    press(composer, Qt.Key.Key_Up)
    assert told == [True]


# Height.


def test_height_follows_the_lines_up_to_eight(composer: Composer) -> None:
    heights = []
    for lines in (1, 2, 8, 9, 40):
        composer.set_text("\n".join(f"line {number}" for number in range(lines)))
        settle()
        heights.append(composer.height())
    assert heights == [62 + LINE * lines for lines in (1, 2, 8, 8, 8)]
    assert composer.edit.verticalScrollBar().maximum() == 40 - 8


def test_a_long_line_wraps_and_counts(composer: Composer) -> None:
    composer.set_text("word " * 60)
    settle()
    wide = composer.edit.shown_lines()
    assert wide > 2
    composer.setFixedWidth(400)
    settle()
    assert composer.edit.shown_lines() > wide


def test_lines_are_even_whatever_the_script(composer: Composer) -> None:
    composer.set_text("Latin only\n只有中文\nboth 两种")
    settle()
    layout = composer.edit.document().documentLayout()
    block = composer.edit.document().firstBlock()
    baselines = []
    while block.isValid():
        assert layout.blockBoundingRect(block).height() == LINE
        line = block.layout().lineAt(0)
        baselines.append(line.y() + line.ascent())
        block = block.next()
    assert len(set(baselines)) == 1


# Pasting.


def test_only_plain_text_comes_in(composer: Composer) -> None:
    data = QMimeData()
    data.setHtml("<b>bold</b><img src='x.png'>")
    data.setText("bold")
    paste(composer, data)
    assert composer.text() == "bold"
    picture = QMimeData()
    picture.setData("image/png", b"\x89PNG")
    assert not composer.edit.canInsertFromMimeData(picture)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a\r\nb\rc\nd", "a\nb\nc\nd"),
        ("a\u2029b", "a\nb"),
        ("a\u00a0b\u2028c\td", "a\u00a0b\u2028c\td"),
        ("👨‍👩‍👧\U00020000", "👨‍👩‍👧\U00020000"),
        ("\n\n", "\n\n"),
    ],
)
def test_what_is_pasted_is_what_is_sent(composer: Composer, text: str, expected: str) -> None:
    paste(composer, of_text(text))
    assert composer.text() == expected


ONE_LINE = "你好世界 hello world 👨‍👩‍👧 " * 45_000
MANY_LINES = "a line of ordinary length, some fifty characters\n" * 21_000
MIXED = ("short\n" + "x" * 70_000 + "\n\n") * 15


@pytest.mark.parametrize("text", [ONE_LINE, MANY_LINES, MIXED], ids=["one", "many", "mixed"])
def test_a_megabyte_arrives_whole_and_only_what_is_seen_is_laid_out(
    composer: Composer, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    assert len(text) > 1_000_000
    laid_out: list[int] = []
    plain = message_edit._EvenLayout.blockBoundingRect

    def watched(self: message_edit._EvenLayout, block: QTextBlock) -> object:
        if block.layout().lineCount() == 0:
            laid_out.append(block.length())
        return plain(self, block)

    monkeypatch.setattr(message_edit._EvenLayout, "blockBoundingRect", watched)
    paste(composer, of_text(text))
    settle()
    assert composer.text() == text
    assert composer.edit.shown_lines() == 8
    document = composer.edit.document()
    in_layout, block = 0, document.firstBlock()
    while block.isValid():
        in_layout += block.length() if block.layout().lineCount() else 0
        block = block.next()
    assert max(laid_out) <= 2 * LONG_LINE
    assert in_layout < 100_000, "a window full, not the document"


def test_typing_into_a_megabyte_lays_out_one_piece(composer: Composer) -> None:
    paste(composer, of_text(ONE_LINE))
    settle()
    document = composer.edit.document()
    touched: list[int] = []
    document.contentsChange.connect(
        lambda at, _removed, _added: touched.append(document.findBlock(at).length())
    )
    type_text(composer, "z")
    assert composer.text() == ONE_LINE + "z"
    assert max(touched) <= 2 * LONG_LINE


def test_a_long_line_is_copied_and_undone_as_one(composer: Composer) -> None:
    text = "before\n" + "字" * 7_000 + "\nafter"
    paste(composer, of_text(text))
    composer.edit.selectAll()
    composer.edit.copy()
    assert QGuiApplication.clipboard().text() == text
    composer.edit.undo()
    assert composer.text() == ""
    composer.edit.redo()
    assert composer.text() == text


def test_line_breaks_typed_inside_a_long_line_are_kept(composer: Composer) -> None:
    paste(composer, of_text("x" * (3 * LONG_LINE)))
    cursor = composer.edit.textCursor()
    cursor.setPosition(LONG_LINE + 50)
    composer.edit.setTextCursor(cursor)
    press(composer, Qt.Key.Key_Return, Qt.KeyboardModifier.ShiftModifier)
    paste(composer, of_text("one\ntwo"))
    assert composer.text().count("\n") == 2
    assert composer.text().replace("\n", "") == "x" * (LONG_LINE + 49) + "onetwo" + "x" * (
        2 * LONG_LINE - 49
    )


def test_backspace_over_a_joint_takes_a_character(composer: Composer) -> None:
    paste(composer, of_text("ab" * LONG_LINE))
    cursor = composer.edit.textCursor()
    cursor.setPosition(LONG_LINE + 1)
    assert cursor.atBlockStart()
    composer.edit.setTextCursor(cursor)
    press(composer, Qt.Key.Key_Backspace)
    assert len(composer.text()) == 2 * LONG_LINE - 1


def test_many_pastes_into_one_line_stay_in_pieces(composer: Composer) -> None:
    for _number in range(12):
        paste(composer, of_text("y" * (LONG_LINE - 1)))
    assert composer.text() == "y" * (12 * (LONG_LINE - 1))
    document = composer.edit.document()
    lengths = [document.findBlockByNumber(n).length() for n in range(document.blockCount())]
    assert max(lengths) <= 3 * LONG_LINE


def test_long_lines_are_cut_between_characters_as_seen() -> None:
    text = "👨‍👩‍👧" * 1_000 + "e\u0301" * 3_000
    pieces = list(split_line(text, 997))
    assert "".join(pieces) == text
    assert max(map(len, pieces)) <= 997
    assert not any(piece[0] in "\u200d\u0301" or piece[-1] == "\u200d" for piece in pieces)


# The bar.


def open_picker(composer: Composer) -> ModelPicker:
    composer.open_model_picker()
    picker = composer.model_picker
    assert picker is not None
    return picker


def test_the_picker_is_worked_by_keys(composer: Composer) -> None:
    chosen: list[tuple[str, str]] = []
    composer.model_chosen.connect(lambda service, model: chosen.append((service, model)))
    picker = open_picker(composer)
    assert picker.search.hasFocus()
    assert picker.list.currentIndex().data() == "pro", "it opens at the model in use"
    QTest.keyClick(picker.search, Qt.Key.Key_Down)
    assert picker.list.currentIndex().data() == "seed", "headings are passed over"
    QTest.keyClick(picker.search, Qt.Key.Key_Up)
    QTest.keyClick(picker.search, Qt.Key.Key_Up)
    QTest.keyClick(picker.search, Qt.Key.Key_Return)
    assert chosen == [("deepseek", "flash")]
    settle()
    assert composer.model_picker is None


def test_the_picker_finds_by_model_and_by_service(composer: Composer) -> None:
    picker = open_picker(composer)
    for query, found in (("fla", ["flash"]), ("豆包", ["seed"]), ("deepseek pro", ["pro"])):
        picker.search.setText(query)
        rows = [row.model.id for row in picker._models.rows if row.model]
        assert rows == found
    picker.search.setText("nothing like it")
    assert not picker.list.isVisible()
    QTest.keyClick(picker.search, Qt.Key.Key_Return)
    assert picker.isVisible()
    QTest.keyClick(picker.search, Qt.Key.Key_Escape)
    assert picker.search.text() == ""
    QTest.keyClick(picker.search, Qt.Key.Key_Escape)
    assert not picker.isVisible()


def test_the_picker_holds_hundreds_and_the_model_that_no_list_names(composer: Composer) -> None:
    many = Service("big", {"": "Big"}, models=tuple(Model(f"m-{n}") for n in range(600)))
    composer.set_services([*SERVICES, many])
    composer.set_model("big", "of-my-own")
    picker = open_picker(composer)
    assert picker.list.currentIndex().data() == "of-my-own"
    assert picker.list.height() <= 360
    QTest.keyClick(picker.search, Qt.Key.Key_PageUp)
    assert picker.list.currentIndex().data() != "of-my-own"
    picker.search.setText("m-599")
    assert picker.list.currentIndex().data() == "m-599"


def test_a_click_in_the_picker_chooses(composer: Composer) -> None:
    chosen: list[str] = []
    composer.model_chosen.connect(lambda _service, model: chosen.append(model))
    picker = open_picker(composer)
    place = picker.list.visualRect(picker._models.index(1)).center()
    QTest.mouseClick(picker.list.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert chosen == ["flash"]


def test_a_service_can_be_added_from_the_picker(composer: Composer) -> None:
    told: list[bool] = []
    composer.add_service_requested.connect(lambda: told.append(True))
    composer.set_services([])
    open_picker(composer).add_row.click()
    assert told == [True]


@pytest.mark.parametrize(
    ("tokens", "label"),
    [
        (1_000_000, "1M"),
        (1_048_576, "1M"),
        (262_144, "256K"),
        (256_000, "256K"),
        (131_072, "128K"),
        (1_500_000, "1.5M"),
        (512, "512"),
        (None, ""),
    ],
)
def test_context_sizes_in_words(tokens: int | None, label: str) -> None:
    assert context_label(tokens) == label


def open_thinking(composer: Composer) -> ThinkingPopup:
    composer.thinking_chip.click()
    popup = composer.thinking_popup
    assert popup is not None
    return popup


def test_thinking_shows_what_the_model_has(composer: Composer) -> None:
    composer.set_thinking(Thinking(), None, "")
    assert not composer.thinking_chip.isVisible()
    composer.set_thinking(EFFORTS, None, "")
    assert composer.thinking_chip.isVisible()
    assert composer.thinking_chip.text() == "Think · high", "the service's own"
    assert composer.thinking_chip.isChecked()
    composer.set_thinking(EFFORTS, False, "low")
    assert composer.thinking_chip.text() == "Think"
    assert not composer.thinking_chip.isChecked()
    composer.set_thinking(EFFORTS, True, "max")
    assert composer.thinking_chip.text() == "Think · max"


def test_efforts_are_the_services_own(composer: Composer) -> None:
    thinking = Thinking(ThinkingDialect.EFFORT, ("none", "low", "turbo"), True, "low")
    composer.set_thinking(thinking, None, "")
    popup = open_thinking(composer)
    assert [row.text() for row in popup.rows] == ["Low", "turbo"]
    popup.close()


def test_an_effort_is_chosen_by_key(composer: Composer) -> None:
    chosen: list[tuple[object, str]] = []
    composer.thinking_chosen.connect(lambda on, effort: chosen.append((on, effort)))
    composer.set_thinking(EFFORTS, None, "")
    popup = open_thinking(composer)
    assert popup.rows[1].hasFocus()
    QTest.keyClick(popup.rows[1], Qt.Key.Key_Down)
    QTest.keyClick(popup.rows[2], Qt.Key.Key_Return)
    assert chosen == [(True, "max")]
    assert composer.thinking_chip.text() == "Think · max"


def test_thinking_is_switched_off_in_its_panel(composer: Composer) -> None:
    chosen: list[tuple[object, str]] = []
    composer.thinking_chosen.connect(lambda on, effort: chosen.append((on, effort)))
    composer.set_thinking(EFFORTS, True, "low")
    popup = open_thinking(composer)
    popup.switch.click()
    assert chosen == [(False, "low")]
    assert popup.isVisible()
    assert not composer.thinking_chip.isChecked()
    assert not any(row.isChecked() for row in popup.rows)
    QTest.keyClick(popup.rows[0], Qt.Key.Key_Up)
    assert popup.switch.hasFocus()


def test_a_model_that_always_thinks_has_no_switch(composer: Composer) -> None:
    composer.set_thinking(
        Thinking(ThinkingDialect.EFFORT, ("low", "high"), True, "low", can_disable=False), False, ""
    )
    assert composer.thinking_chip.isChecked()
    assert not open_thinking(composer).switch.isEnabled()
    composer.set_thinking(Thinking(ThinkingDialect.TYPE, can_disable=False), None, "")
    assert not composer.thinking_chip.isVisible()


def test_without_efforts_the_chip_is_the_switch(composer: Composer) -> None:
    chosen: list[tuple[object, str]] = []
    composer.thinking_chosen.connect(lambda on, effort: chosen.append((on, effort)))
    composer.set_thinking(SWITCH, None, "")
    composer.thinking_chip.click()
    composer.thinking_chip.click()
    assert chosen == [(True, ""), (False, "")]
    assert composer.thinking_popup is None


def test_chips_lose_their_words_where_there_is_little_room(composer: Composer) -> None:
    composer.set_thinking(EFFORTS, None, "")
    wide = composer.thinking_chip.sizeHint().width()
    composer.setFixedWidth(639)
    settle()
    assert composer.thinking_chip.sizeHint().width() == 32 < wide
    composer.setFixedWidth(640)
    settle()
    assert composer.thinking_chip.sizeHint().width() == wide


def test_a_long_model_id_leaves_room_for_send(composer: Composer) -> None:
    composer.set_model("deepseek", "a-very-long-model-id/" * 8)
    composer.setFixedWidth(420)
    settle()
    assert composer.model_button.geometry().right() < composer.send_button.geometry().left()
    corner = composer.send_button.mapTo(composer, composer.send_button.rect().bottomRight())
    assert composer.rect().contains(corner)


# Names.


def test_english_names(composer: Composer) -> None:
    composer.set_thinking(EFFORTS, None, "")
    names = {
        composer.edit: "Message",
        composer.send_button: "Send",
        composer.stop_button: "Stop",
        composer.model_button: "Model",
        composer.thinking_chip: "Thinking",
    }
    for widget, name in names.items():
        interface = QAccessible.queryAccessibleInterface(widget)
        assert interface is not None
        assert interface.text(QAccessible.Text.Name) == name
    edit = QAccessible.queryAccessibleInterface(composer.edit)
    assert edit is not None
    assert edit.role() == QAccessible.Role.EditableText


def test_the_language_changes_at_once(composer: Composer, monkeypatch: pytest.MonkeyPatch) -> None:
    composer.set_thinking(EFFORTS, None, "")
    words = {"Message": "输入消息", "Stop": "停止", "Think · {effort}": "思考 · {effort}"}
    for module in ("composer", "thinking_popup"):
        monkeypatch.setattr(f"desktop_chat.ui.{module}.tr", lambda text: words.get(text, text))
    QApplication.sendEvent(composer, QEvent(QEvent.Type.LanguageChange))
    assert composer.edit.accessibleName() == "输入消息"
    assert composer.edit.placeholder() == "输入消息"
    assert composer.stop_button.text() == "停止"
    assert composer.thinking_chip.text() == "思考 · high"


def test_the_placeholder_asks_for_a_follow_up(composer: Composer) -> None:
    assert composer.edit.placeholder() == "Message"
    composer.set_follow_up(True)
    assert composer.edit.placeholder() == "Ask a follow-up"
    assert composer.edit.accessibleName() == "Message"


def test_tab_goes_through_the_bar(composer: Composer) -> None:
    composer.set_thinking(EFFORTS, None, "")
    composer.set_text("x")
    order = [composer.model_button, composer.thinking_chip, composer.send_button]
    for widget in order:
        focused = QApplication.focusWidget()
        assert focused is not None
        QTest.keyClick(focused, Qt.Key.Key_Tab)
        assert widget.hasFocus()
    assert composer.send_button.ring.visible


def test_a_click_in_the_bar_leaves_the_focus_in_the_box(composer: Composer) -> None:
    composer.set_thinking(SWITCH, None, "")
    QTest.mouseClick(composer.thinking_chip, Qt.MouseButton.LeftButton)
    assert composer.edit.hasFocus()
    QTest.mouseClick(composer.model_button, Qt.MouseButton.LeftButton)
    picker = composer.model_picker
    assert picker is not None
    settle()
    QTest.keyClick(picker.search, Qt.Key.Key_Return)
    settle()
    assert composer.edit.hasFocus()


def test_a_press_on_the_frame_leads_to_the_box(composer: Composer) -> None:
    composer.model_button.setFocus()
    QTest.mouseClick(composer, Qt.MouseButton.LeftButton, pos=QPoint(6, 6))
    assert composer.edit.hasFocus()


def test_the_caret_is_steady_with_reduced_motion(theme: Theme) -> None:
    theme.reduced_motion = True
    edit = MessageEdit(theme)
    edit.show()
    edit.activateWindow()
    settle()
    edit.setFocus()
    QTest.keyClicks(edit, "abc")
    assert not edit._blink.isActive()
    edit.close()
