import gettext

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QImage, QMouseEvent, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from desktop_chat.core import i18n
from desktop_chat.core.events import FinishReason, Usage
from desktop_chat.core.messages import Timing
from desktop_chat.ui.theme import Theme
from desktop_chat.ui.transcript.code.layout_code import CodePiece
from desktop_chat.ui.transcript.controls import Command
from desktop_chat.ui.transcript.question import FOLD_CHARS, FOLD_LINES, QuestionBody
from desktop_chat.ui.transcript.text.layout_text import Counter
from desktop_chat.ui.transcript.view import TranscriptView
from desktop_chat.ui.transcript.words import stats, thinking_title
from tests.ui.transcript.support import (
    answer,
    body,
    button,
    clipboard,
    finish_copy,
    one,
    paint,
    point_of,
    press,
    question,
    run,
    send,
    shown,
    streaming,
)

CODE = "Text\n\n```python\nx = 1\ny = 2\n```\n\nMore\n\n```lua\nlocal z\n```\n"


def keys(view: TranscriptView, name: str) -> list[str]:
    return [key[1] for key in view.overlay.shown() if key[0] == name]


def hover(view: TranscriptView, point: QPoint) -> None:
    spot = QPointF(point)
    event = QMouseEvent(
        QEvent.Type.MouseMove,
        spot,
        view.viewport().mapToGlobal(spot),
        Qt.MouseButton.NoButton,
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
    )
    QApplication.sendEvent(view.viewport(), event)
    run(view)


def test_each_code_card_copies_its_own_code(theme: Theme) -> None:
    view = shown(theme, [question("q"), answer("a", CODE)])
    assert [key for key in keys(view, "a") if key.endswith(":copy") and "piece" in key] == [
        "piece:1:copy",
        "piece:3:copy",
    ]
    press(view, "a", "piece:1:copy")
    assert clipboard() == "x = 1\ny = 2"
    press(view, "a", "piece:3:copy")
    assert clipboard() == "local z"
    assert button(view, "a", "piece:1:copy").accessibleName() == "Copy code"


def test_a_copy_is_confirmed_for_a_moment(theme: Theme) -> None:
    view = shown(theme, [question("q"), answer("a", CODE)])
    before = button(view, "a", "piece:1:copy").grab().toImage()
    view.overlay.pressed.emit(Command("piece", "a", "1 copy"))
    assert button(view, "a", "piece:1:copy").grab().toImage() != before
    assert view.overlay._confirming.isActive()
    view.overlay._confirming.timeout.emit()
    assert button(view, "a", "piece:1:copy").grab().toImage() == before


def test_the_last_code_and_the_last_answer_can_be_copied(theme: Theme) -> None:
    view = shown(theme, [question("q"), answer("a", CODE), question("r"), answer("b", "no code")])
    assert view.copy_last_code()
    assert clipboard() == "local z"
    assert view.copy_last_answer()
    assert clipboard() == "no code"


def test_a_streaming_answer_is_copied_as_far_as_it_came(theme: Theme) -> None:
    view = shown(theme, [question("q"), streaming("a")])
    send(view, "a", "Half of **it**")
    view.copy_message("a")
    assert clipboard() == "Half of **it**"


def test_the_copy_button_moves_with_its_card(theme: Theme) -> None:
    view = shown(theme, [question("q"), answer("a", "word\n\n" * 30 + CODE + "end\n\n" * 30)])
    view.scroll_to_message("a")
    view.scroll_by(900)
    run(view)
    widget = next(w for w in view.overlay.widgets() if w.accessibleName() == "Copy code")
    y = widget.y()
    view.scroll_by(60)
    run(view)
    assert widget.y() == y - 60
    view.scroll_by(-5000)
    run(view)
    assert not any(w.accessibleName() == "Copy code" for w in view.overlay.widgets())


def test_widgets_are_pooled(theme: Theme) -> None:
    view = shown(theme, [question("q"), answer("a", (CODE + "word\n\n" * 10) * 30)])
    view.scroll_to(0)
    for _ in range(40):
        view.scroll_by(400)
        run(view)
    assert len(view.viewport().children()) < 40


def test_the_footer_of_the_last_answer_is_shown_and_works(theme: Theme) -> None:
    asked: list[tuple[str, str]] = []
    view = shown(theme, [question("q"), answer("a", "**text**", reason=FinishReason.STOP)])
    view.action_requested.connect(lambda name, action: asked.append((name, action)))
    assert button(view, "a", "do:copy").accessibleName() == "Copy message"
    press(view, "a", "do:copy")
    assert clipboard() == "**text**"
    press(view, "a", "do:regenerate")
    assert asked == [("a", "copy"), ("a", "regenerate")]


def test_a_streaming_answer_has_no_footer(theme: Theme) -> None:
    view = shown(theme, [question("q"), streaming("a")])
    send(view, "a", "text")
    assert keys(view, "a") == []
    height = view.column.height
    view.finish_message(answer("a", "text", reason=FinishReason.STOP))
    run(view)
    assert keys(view, "a") == ["do:copy", "do:regenerate", "do:request"]
    assert view.column.height == height, "the footer's place was kept"


def test_older_messages_show_their_actions_under_the_pointer(theme: Theme) -> None:
    view = shown(theme, [question("q"), answer("a", "one"), question("r"), answer("b", "two")])
    assert keys(view, "a") == []
    assert keys(view, "q") == []
    hover(view, point_of(view, "a", 0, 5, 5))
    assert keys(view, "a") == ["do:copy", "do:regenerate", "do:request"]
    assert keys(view, "b") != [], "the last one keeps them"
    hover(view, point_of(view, "q", 0, 5, 5))
    assert keys(view, "a") == []
    assert keys(view, "q") == ["do:copy", "do:edit"]
    QApplication.sendEvent(view.viewport(), QEvent(QEvent.Type.Leave))
    run(view)
    assert keys(view, "q") == []


def test_the_keyboard_reaches_every_action_in_reading_order(theme: Theme) -> None:
    view = shown(theme, [question("q"), answer("a", CODE), question("r"), answer("b", "two")])
    view.activateWindow()
    view.setFocus(Qt.FocusReason.TabFocusReason)
    run(view)
    order = []
    for _ in range(20):
        widget = QApplication.focusWidget()
        QTest.keyClick(widget or view, Qt.Key.Key_Tab)
        run(view)
        widget = QApplication.focusWidget()
        if widget is None or widget is view:
            break
        order.append(widget.accessibleName())
    code = ["Save as…", "Copy code"]
    actions = ["Copy message", "Regenerate", "Show request"]
    wanted = ["Copy message", "Edit", *code, *code, *actions]
    assert order[:9] == wanted
    assert order[9:14] == ["Copy message", "Edit", *actions]


def test_siblings_are_switched(theme: Theme) -> None:
    steps: list[tuple[str, int]] = []
    view = shown(
        theme,
        [question("q"), answer("a", "text")],
        lambda name: (2, 3) if name == "a" else (1, 2),
    )
    view.sibling_requested.connect(lambda name, step: steps.append((name, step)))
    press(view, "a", "sibling:-1")
    press(view, "a", "sibling:1")
    press(view, "q", "sibling:1")
    assert steps == [("a", -1), ("a", 1), ("q", 1)]
    assert button(view, "a", "sibling:1").accessibleName() == "Next version"


def test_a_question_can_be_edited_and_copied(theme: Theme) -> None:
    asked: list[tuple[str, str]] = []
    view = shown(theme, [question("q", "The question"), streaming("a")])
    view.action_requested.connect(lambda name, action: asked.append((name, action)))
    hover(view, point_of(view, "q", 0, 5, 5))
    press(view, "q", "do:copy")
    assert clipboard() == "The question"
    press(view, "q", "do:edit")
    assert asked[-1] == ("q", "edit")


def test_a_bubble_is_as_wide_as_its_text(theme: Theme) -> None:
    view = shown(theme, [question("q", "Short"), question("r", "long words " * 60)])
    bubbles = []
    for index in (0, 1):
        drawn = view.column.body(index)
        assert isinstance(drawn, QuestionBody)
        bubbles.append(drawn._bubble(view.page))
    assert bubbles[0].width() < 120
    assert bubbles[0].height() == 44
    assert bubbles[1].width() == 600
    assert bubbles[0].right() == bubbles[1].right() == view.page.width - 1


def test_a_question_is_plain_text_with_its_line_breaks(theme: Theme) -> None:
    view = shown(theme, [question("q", "# no *markdown*\n\n- here\n"), answer("a", "x")])
    drawn = view.column.body(0)
    assert drawn is not None
    section = drawn.placed(view.page)[0].section
    assert [piece.plain(0, 99) for piece in section.pieces] == ["# no *markdown*", "", "- here"]


@pytest.mark.parametrize(
    "text",
    ["x" * 1_000_000, "line of text\n" * 80_000, "中文 " * 300_000],
    ids=["one line", "many lines", "words"],
)
def test_a_huge_paste_costs_little(text: str, theme: Theme) -> None:
    before = Counter.layouts
    view = shown(theme, [question("q", text), streaming("a")])
    assert Counter.layouts - before < 80
    assert view.column.height < (FOLD_LINES + 10) * 24 + FOLD_CHARS
    assert view.column.height < 2400
    view.scroll_to(0)
    view.scroll_to_end()
    run(view)
    before = Counter.layouts
    view.scroll_to(10**9)
    press(view, "q", "unfold")
    assert Counter.layouts - before < 200
    assert view.column.height > 100_000
    press_fold(view)
    assert view.column.height < 2400
    view.copy_message("q")
    finish_copy(view)
    assert clipboard() == text


def press_fold(view: TranscriptView) -> None:
    view.scroll_to_end()
    run(view)
    press(view, "q", "unfold")


def test_a_wide_block_of_code_moves_by_the_wheel(theme: Theme) -> None:
    view = shown(theme, [question("q"), answer("a", "```\n" + "wide " * 80 + "\n```\n")])
    piece = body(view, "a").text.body.pieces[0]
    assert isinstance(piece, CodePiece)
    point = QPointF(point_of(view, "a", 0, 100, 60))
    before = view.grab().toImage()
    QApplication.sendEvent(view.viewport(), wheel(view, point, QPoint(-120, 0)))
    paint(view)
    assert piece.scroll > 0
    assert view.grab().toImage() != before
    moved = piece.scroll
    QApplication.sendEvent(
        view.viewport(),
        wheel(view, point, QPoint(0, -120), Qt.KeyboardModifier.ShiftModifier),
    )
    assert piece.scroll > moved


def test_a_wide_block_of_code_moves_by_its_bar(theme: Theme) -> None:
    view = shown(theme, [question("q"), answer("a", "```\n" + "wide " * 80 + "\n```\n")])
    piece = body(view, "a").text.body.pieces[0]
    assert isinstance(piece, CodePiece)
    bar = piece.bar(view.page)
    assert bar is not None
    start = point_of(view, "a", 0, bar.center().x(), bar.center().y())
    QTest.mousePress(view.viewport(), Qt.MouseButton.LeftButton, pos=start)
    QTest.mouseMove(view.viewport(), start + QPoint(5000, 0))
    QTest.mouseRelease(view.viewport(), Qt.MouseButton.LeftButton, pos=start)
    assert piece.scroll == piece.scroll_range(view.page)
    assert view.pointer.selection.empty


def wheel(
    view: TranscriptView,
    point: QPointF,
    degrees: QPoint,
    modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier,
) -> QWheelEvent:
    return QWheelEvent(
        point,
        view.viewport().mapToGlobal(point),
        QPoint(),
        degrees,
        Qt.MouseButton.NoButton,
        modifiers,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )


def test_the_wheel_scrolls_and_ends_following(theme: Theme) -> None:
    view = shown(theme, [question("q"), streaming("a")])
    send(view, "a", "word\n\n" * 60)
    top = view.scroller.top
    QApplication.sendEvent(view.viewport(), wheel(view, QPointF(300, 300), QPoint(0, 120)))
    assert view.scroller.top == top - 96
    assert not view.scroller.following


def test_what_was_left_out_is_told(theme: Theme) -> None:
    told = shown(theme, [question("q"), answer("a", "text", omitted=12)])
    plain = shown(theme, [question("q"), answer("a", "text")])
    assert told.column.height == plain.column.height + 32
    assert told.grab().toImage() != plain.grab().toImage()


def test_figures() -> None:
    message = answer(
        "a", "x", usage=Usage(1842, 1126), timing=Timing(0.62, 6.0, 0.62 + 1126 / 41.8)
    )
    assert stats(message) == ["Input 1,842 · Output 1,126", "41.8 tok/s", "TTFT 0.62 s"]
    assert stats(answer("a", "x")) == []
    assert stats(answer("a", "x", usage=Usage(5, 0))) == ["Input 5 · Output 0"]
    assert stats(answer("a", "x", timing=Timing(0.5, None, None))) == ["TTFT 0.50 s"]
    no_time = answer("a", "x", usage=Usage(5, 9), timing=Timing(1.0, None, 1.0))
    assert stats(no_time) == ["Input 5 · Output 9", "TTFT 1.00 s"]


def test_words_of_the_thinking_row() -> None:
    assert thinking_title(None, live=True) == "Thinking…"
    assert thinking_title(3.9, live=True) == "Thinking for 3 s"
    assert thinking_title(6.2, live=False) == "Thought for 6 s"
    assert thinking_title(0.1, live=False) == "Thought for 1 s"
    assert thinking_title(None, live=False) == "Thought"


def test_tiles_are_those_of_the_services(theme: Theme) -> None:
    view = shown(theme, [question("q"), answer("a", "text", service_id="deepseek", model="m")])
    view.set_service_tiles(lambda name: ("DS", "#ff0000") if name == "deepseek" else ("?", "#00f"))
    run(view)
    view.rebuild()
    image: QImage = view.viewport().grab().toImage()
    y = view.column.top_of(1) - view.scroller.top + 20 + 12
    reds = [image.pixelColor(view.left + x, y).name() for x in range(18)]
    assert "#ff0000" in reds


def test_everything_pressed_has_a_name(theme: Theme) -> None:
    final = answer("a", CODE, reasoning="hm", reason=FinishReason.LENGTH)
    view = shown(theme, [question("q", "x\n" * 100), final], lambda _name: (1, 2))
    hover(view, point_of(view, "a", 0, 5, 5))
    assert view.accessibleName() == "Conversation"
    assert len(view.overlay.widgets()) > 6
    for widget in [*view.overlay.widgets(), view.pill, view.rail]:
        assert widget.accessibleName()


class Chinese(gettext.NullTranslations):
    def gettext(self, message: str) -> str:
        return f"译 {message}"

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return f"译 {msgid1 if n == 1 else msgid2}"


def test_another_language_is_spoken_at_once(theme: Theme, monkeypatch: pytest.MonkeyPatch) -> None:
    final = answer("a", CODE, reasoning="hm", reason=FinishReason.LENGTH)
    view = shown(theme, [question("q", "x\n" * 100), final])
    view.setFocus()
    run(view)
    monkeypatch.setattr(i18n._State, "translations", Chinese())
    QApplication.sendEvent(view, QEvent(QEvent.Type.LanguageChange))
    run(view)
    words = [widget.text() or widget.accessibleName() for widget in view.overlay.widgets()]
    assert words
    assert [word for word in words if not word.startswith("译")] == []
    card = body(view, "a").card
    assert card is not None
    assert card.text.startswith("译")
    assert view.accessibleName() == "译 Conversation"
    assert view.pill.text() == "译 Jump to latest"


def test_no_siblings_no_switch(theme: Theme) -> None:
    view = shown(theme, [question("q"), answer("a", "text")], one)
    assert not any(key.startswith("sibling") for key in keys(view, "a"))
