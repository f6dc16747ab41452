"""The message that the keyboard is at, and its text in a widget that has a caret."""

from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible, QTextCursor
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPushButton, QVBoxLayout, QWidget

from desktop_chat.core.messages import MessageHead, MessageState, Role
from desktop_chat.ui.theme import Theme
from desktop_chat.ui.transcript.access.review import Review
from desktop_chat.ui.transcript.view import TranscriptView
from tests.helpers.qt import settle
from tests.ui.transcript.support import answer, button, one, paint, question, run, send, shown
from tests.ui.transcript.support import streaming as growing

ALT = Qt.KeyboardModifier.AltModifier
TEXT = """\
# Title

- one
  - [x] done

See [this](https://example.org/a) and [that](https://example.org/b).

```python
a = 1
```

$$
x^2
$$

| A | B |
|---|---|
| c | d |
"""


@pytest.fixture(autouse=True)
def _active() -> Iterator[None]:
    QAccessible.setActive(True)
    yield
    QAccessible.setActive(False)


def focused(view: TranscriptView) -> TranscriptView:
    view.activateWindow()
    view.setFocus(Qt.FocusReason.TabFocusReason)
    run(view)
    assert view.hasFocus()
    return view


def press(view: TranscriptView, key: Qt.Key, *modifiers: Qt.KeyboardModifier) -> None:
    held = Qt.KeyboardModifier.NoModifier
    for modifier in modifiers:
        held |= modifier
    target = view.window().focusWidget() or view
    QTest.keyClick(target, key, held)
    run(view)


def review(view: TranscriptView) -> Review:
    """The one that is open, with all of its text."""
    (found,) = view.findChildren(Review)
    while not found.whole:
        settle()
    return found


def reviews(view: TranscriptView) -> list[Review]:
    settle()
    return view.findChildren(Review)


def state(view: TranscriptView, index: int) -> QAccessible.State:
    return QAccessible.queryAccessibleInterface(view).child(index).state()


def ring(view: TranscriptView) -> bool:
    """Whether anything beside the column has the colour of the focus."""
    accent = view.theme.tokens.accent.rgb()
    image = view.viewport().grab().toImage()
    return accent in [image.pixel(view.left - 7, y) for y in range(image.height())]


# Which message


def test_the_keyboard_goes_from_message_to_message(theme: Theme) -> None:
    branch = [question("q"), answer("a", TEXT), question("r"), answer("b", "Yes.\n\n" * 60)]
    view = focused(shown(theme, branch))
    assert view.current.focused == "b", "one begins at the end, where one reads"
    assert state(view, 3).focused
    assert not state(view, 2).focused
    press(view, Qt.Key.Key_PageUp, ALT)
    press(view, Qt.Key.Key_PageUp, ALT)
    assert view.current.focused == "a"
    top = view.column.top_of(1)
    assert view.scroller.top <= top < view.scroller.top + view.scroller.height
    press(view, Qt.Key.Key_PageUp, ALT)
    press(view, Qt.Key.Key_PageUp, ALT)
    assert view.current.focused == "q", "it stays at the first"
    press(view, Qt.Key.Key_PageDown, ALT)
    assert view.current.focused == "a"
    top_of = QAccessible.queryAccessibleInterface(view)
    assert top_of.focusChild() is top_of.child(1)


def test_a_message_far_away_is_not_where_the_keyboard_goes_on(theme: Theme) -> None:
    branch = [answer(f"a{number}", "Text.\n\n" * 30) for number in range(20)]
    view = focused(shown(theme, branch))
    press(view, Qt.Key.Key_Home)
    press(view, Qt.Key.Key_PageDown, ALT)
    assert view.current.focused in ("a1", "a2")


def test_the_ring_shows_for_the_keyboard_alone(theme: Theme) -> None:
    branch = [question("q"), answer("a", "A.")]
    view = shown(theme, branch)
    view.activateWindow()
    view.setFocus(Qt.FocusReason.MouseFocusReason)
    paint(view)
    assert not ring(view)
    view.clearFocus()
    focused(view)
    assert ring(view)
    view.clearFocus()
    QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton)
    paint(view)
    assert view.hasFocus()
    assert not ring(view)


def test_a_message_that_goes_is_current_no_more(theme: Theme) -> None:
    view = focused(shown(theme, [question("q"), answer("a", "A.")]))
    assert view.current.focused == "a"
    view.set_branch([question("q")], one)
    run(view)
    assert view.current.focused == ""
    press(view, Qt.Key.Key_PageUp, ALT)
    assert view.current.focused == "q"


def test_an_empty_chat_has_no_message_to_go_to(theme: Theme) -> None:
    view = focused(shown(theme))
    press(view, Qt.Key.Key_PageUp, ALT)
    press(view, Qt.Key.Key_Return)
    view.current.open()
    assert view.current.focused == ""
    assert reviews(view) == []


# Its text


def test_enter_opens_the_message_as_text_and_esc_closes_it(theme: Theme) -> None:
    view = focused(shown(theme, [question("q"), answer("a", TEXT)]))
    press(view, Qt.Key.Key_Return)
    found = review(view)
    assert found.edit.hasFocus()
    assert found.edit.isReadOnly()
    assert found.edit.textCursor().position() == 0
    assert found.edit.toPlainText().splitlines() == [
        "Title",
        "",
        "• one",
        "  Done: done",
        "",
        "See this and that.",
        "",
        found.edit.toPlainText().splitlines()[7],
        "a = 1",
        "",
        "x^2",
        "",
        "A, B",
        "c, d",
    ]
    node = QAccessible.queryAccessibleInterface(found.edit)
    assert node.textInterface() is not None
    assert node.text(QAccessible.Text.Name) == "Message as text"
    QTest.keyClick(found.edit, Qt.Key.Key_Right)
    assert found.edit.textCursor().position() == 1
    QTest.keyClick(found.edit, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    QTest.keyClick(found.edit, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QApplication.clipboard().text().startswith("Title")
    QTest.keyClick(found.edit, Qt.Key.Key_X)
    assert found.edit.toPlainText().startswith("Title"), "it cannot be changed"
    press(view, Qt.Key.Key_Escape)
    assert reviews(view) == []
    assert view.hasFocus()
    assert view.current.focused == "a"


def test_a_question_is_text_as_it_was_typed(theme: Theme) -> None:
    view = focused(shown(theme, [question("q", "# How\n\n*do* you"), answer("a", "A.")]))
    press(view, Qt.Key.Key_PageUp, ALT)
    press(view, Qt.Key.Key_Return)
    assert review(view).edit.toPlainText() == "# How\n\n*do* you"


def test_thinking_is_in_the_text_while_it_is_unfolded(theme: Theme) -> None:
    view = focused(shown(theme, [question("q"), answer("a", "A.", reasoning="First.\nThen.")]))
    view.current.open()
    assert review(view).edit.toPlainText() == "A."
    press(view, Qt.Key.Key_Escape)
    button(view, "a", "thinking").click()
    run(view)
    view.current.open()
    assert review(view).edit.toPlainText() == "Thought\nFirst.\nThen.\n\nA."


def test_what_has_arrived_of_an_answer_can_be_read(theme: Theme) -> None:
    view = focused(shown(theme, [question("q"), growing("a")]))
    send(view, "a", "Half of it")
    view.current.open()
    assert review(view).edit.toPlainText() == "Half of it"


def test_links_are_opened_from_a_list(theme: Theme) -> None:
    view = focused(shown(theme, [question("q"), answer("a", TEXT)]))
    opened: list[str] = []
    view.link_activated.connect(opened.append)
    view.current.open()
    found = review(view)
    assert found.links.isVisible()
    assert found.links.count() == 2
    QTest.keyClick(found.edit, Qt.Key.Key_Tab)
    assert found.links.hasFocus()
    QTest.keyClick(found.links, Qt.Key.Key_Down)
    QTest.keyClick(found.links, Qt.Key.Key_Return)
    assert opened == ["https://example.org/b"]


def test_a_link_that_deceives_is_asked_about_there_too(theme: Theme) -> None:
    text = "See [https://good.example.org](https://bad.example.com/)."
    view = focused(shown(theme, [question("q"), answer("a", text)]))
    opened: list[str] = []
    view.link_activated.connect(opened.append)
    view.current.open()
    found = review(view)
    assert found.links.item(0).text() == "https://bad.example.com/"
    found.links.setFocus()
    QTest.keyClick(found.links, Qt.Key.Key_Return)
    asked = view.links.question
    assert asked is not None
    assert opened == []
    asked.accept()
    assert opened == ["https://bad.example.com/"]


def test_a_huge_text_comes_in_parts_and_whole(theme: Theme) -> None:
    lines = [f"Line {number} of a long text." for number in range(20_000)]
    one_line = "word " * 10_000
    text = "\n\n".join([*lines, one_line])
    view = focused(shown(theme, [question("q"), answer("a", text)]))
    view.current.open()
    (found,) = view.findChildren(Review)
    assert not found.whole
    assert found.edit.document().characterCount() < len(text)
    whole = review(view).edit.toPlainText()
    assert [line for line in whole.split("\n") if line.startswith("Line ")] == lines
    assert whole.count("word") == 10_000
    longest = max(len(line) for line in whole.split("\n"))
    assert longest <= 4000, "a line is laid out as a whole"


def test_the_caret_stays_while_the_rest_comes(theme: Theme) -> None:
    text = "\n\n".join(f"Line {number} of a long text." for number in range(20_000))
    view = focused(shown(theme, [question("q"), answer("a", text)]))
    view.current.open()
    (found,) = view.findChildren(Review)
    found.edit.moveCursor(QTextCursor.MoveOperation.NextWord)
    at = found.edit.textCursor().position()
    review(view)
    assert found.edit.textCursor().position() == at


def test_a_text_that_is_not_there_cannot_be_opened(theme: Theme) -> None:
    head = MessageHead("a", None, Role.ASSISTANT, MessageState.DONE, 0.0, 50)
    view = focused(shown(theme, [head]))
    view.current.open()
    assert reviews(view) == []


def test_closing_a_view_with_an_open_text_is_safe(theme: Theme) -> None:
    text = "Line.\n\n" * 50_000
    view = focused(shown(theme, [question("q"), answer("a", text)]))
    view.current.open()
    view.close()
    view.deleteLater()
    settle()


# Tab


def test_tab_goes_through_everything_in_reading_order(theme: Theme) -> None:
    window = QWidget()
    column = QVBoxLayout(window)
    before, after = QPushButton("Before"), QPushButton("After")
    view = TranscriptView(theme)
    for widget in (before, view, after):
        column.addWidget(widget)
    window.resize(1000, 700)
    branch = [question("q"), answer("a", "A.\n\n" + "```python\na\n```\n", reasoning="Hm.")]
    view.set_branch(branch, one)
    window.show()
    window.activateWindow()
    run(view)
    before.setFocus(Qt.FocusReason.TabFocusReason)
    passed: list[str] = []
    places: list[tuple[int, int]] = []
    for _step in range(30):
        QTest.keyClick(QApplication.focusWidget() or window, Qt.Key.Key_Tab)
        run(view)
        here = QApplication.focusWidget()
        assert here is not None
        if here is after:
            break
        passed.append(here.accessibleName())
        if view.viewport().isAncestorOf(here):
            places.append((here.y() // 30, here.x()))
    assert passed[0] == "Conversation"
    assert {"Thought", "Copy code", "Copy message", "Edit", "Regenerate"} <= set(passed)
    assert passed.index("Thought") < passed.index("Copy code") < passed.index("Regenerate")
    shown_ones = {widget.accessibleName() for widget in view.overlay.widgets()}
    assert shown_ones <= set(passed), "every button is reached"
