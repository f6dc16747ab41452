import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from desktop_chat.core.messages import Message, MessageHead
from desktop_chat.ui.theme import Theme
from desktop_chat.ui.transcript.take.selection import Point
from desktop_chat.ui.transcript.view import TranscriptView
from tests.ui.transcript.support import (
    answer,
    one,
    place_of,
    question,
    run,
    send,
    shown,
    streaming,
)

LEFT = Qt.MouseButton.LeftButton
SHIFT, CTRL, ALT = (
    Qt.KeyboardModifier.ShiftModifier,
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.AltModifier,
)
Key = Qt.Key
TEXT = """Alpha beta gamma.

Second paragraph.

```python
x = 1
longer_line = 2
```

| a | b |
|---|---|
| c | d |

The end."""
FIRST, SECOND, CODE, HEAD, ROW, LAST = range(6)


@pytest.fixture
def view(theme: Theme) -> TranscriptView:
    return shown(theme, [question("q", "One question"), answer("a", TEXT)])


def click(view: TranscriptView, name: str, number: int, position: int) -> None:
    QTest.mouseClick(view.viewport(), LEFT, pos=place_of(view, name, number, position))


def shift(view: TranscriptView, *keys: Qt.Key, more: Qt.KeyboardModifier = SHIFT) -> str:
    for key in keys:
        QTest.keyClick(view, key, SHIFT | more)
    run(view)
    return view.clips.text()


def test_shift_and_arrows_select_characters(view: TranscriptView) -> None:
    click(view, "a", FIRST, 6)
    assert shift(view, Key.Key_Right, Key.Key_Right) == "be"
    assert shift(view, Key.Key_Left, Key.Key_Left, Key.Key_Left) == " "
    assert shift(view, Key.Key_Left) == "a "
    assert shift(view, Key.Key_Right, Key.Key_Right) == ""


def test_a_character_is_what_a_reader_takes_for_one(theme: Theme) -> None:
    view = shown(theme, [question("q"), answer("a", "a👨‍👩‍👧e\u0301😀b")])
    click(view, "a", 0, 0)
    taken = []
    for _ in range(5):
        taken.append(shift(view, Key.Key_Right))
    assert taken == ["a", "a👨‍👩‍👧", "a👨‍👩‍👧e\u0301", "a👨‍👩‍👧e\u0301😀", "a👨‍👩‍👧e\u0301😀b"]


def test_room_around_code_is_no_character(theme: Theme) -> None:
    view = shown(theme, [question("q"), answer("a", "a `b` c")])
    click(view, "a", 0, 0)
    assert shift(view, *[Key.Key_Right] * 3) == "a `b`"
    assert shift(view, Key.Key_Left) == "a "


def test_an_emoji_in_code_is_one_character(theme: Theme) -> None:
    view = shown(theme, [question("q"), answer("a", "```\n😀😀x\n```")])
    click(view, "a", 0, 0)
    assert shift(view, Key.Key_Right, Key.Key_Right) == "😀😀"


def test_steps_go_over_blocks_and_messages(view: TranscriptView) -> None:
    click(view, "a", FIRST, 17)
    assert shift(view, Key.Key_Right, Key.Key_Right) == "\n\nS"
    click(view, "a", FIRST, 0)
    assert shift(view, Key.Key_Left, Key.Key_Left) == "n"


def test_with_ctrl_words_are_selected(view: TranscriptView) -> None:
    click(view, "a", FIRST, 0)
    assert shift(view, Key.Key_Right, more=CTRL) == "Alpha"
    assert shift(view, Key.Key_Right, more=CTRL) == "Alpha beta"
    assert shift(view, Key.Key_Left, more=CTRL) == "Alpha "
    click(view, "a", FIRST, 10)
    assert shift(view, Key.Key_Left, more=CTRL) == "beta"


def test_with_ctrl_paragraphs_are_selected(view: TranscriptView) -> None:
    click(view, "a", FIRST, 6)
    assert shift(view, Key.Key_Down, more=CTRL) == "beta gamma."
    click(view, "a", SECOND, 6)
    assert shift(view, Key.Key_Up, more=CTRL) == "Second"
    assert shift(view, Key.Key_Up, more=CTRL) == "Alpha beta gamma.\n\nSecond"


def test_lines_are_selected_over_every_kind_of_block(view: TranscriptView) -> None:
    click(view, "a", SECOND, 0)
    seen = []
    for _ in range(6):
        before = view.pointer.selection.caret
        shift(view, Key.Key_Down)
        caret = view.pointer.selection.caret
        assert caret is not None
        assert caret != before
        seen.append((caret.place.piece, caret.place.position))
    assert seen[:3] == [(CODE, 0), (CODE, 6), (HEAD, 0)]
    assert [piece for piece, _ in seen[3:]] == [ROW, LAST, LAST]
    for _ in range(5):
        shift(view, Key.Key_Up)
    caret = view.pointer.selection.caret
    assert caret is not None
    assert caret.place[1:] == (SECOND, 0)


def test_going_down_keeps_to_its_column(view: TranscriptView) -> None:
    click(view, "a", FIRST, 12)
    shift(view, Key.Key_Down, Key.Key_Down)
    shift(view, Key.Key_Up, Key.Key_Up)
    caret = view.pointer.selection.caret
    assert caret is not None
    assert caret.place[1:] == (FIRST, 12)


def test_the_ends_of_a_line_and_of_all(view: TranscriptView) -> None:
    click(view, "a", FIRST, 6)
    assert shift(view, Key.Key_End) == "beta gamma."
    assert shift(view, Key.Key_Home) == "Alpha "
    click(view, "a", CODE, 8)
    assert shift(view, Key.Key_End) == "nger_line = 2"
    click(view, "a", LAST, 4)
    assert shift(view, Key.Key_End, more=CTRL) == "end."
    click(view, "a", SECOND, 0)
    text = shift(view, Key.Key_Home, more=CTRL)
    assert text.startswith("**You:**\n\nOne question")
    assert text.endswith("Alpha beta gamma.")


def test_without_a_caret_it_begins_at_the_first_line_in_sight(theme: Theme) -> None:
    lines = "\n\n".join(f"line {number}" for number in range(80))
    view = shown(theme, [question("q"), answer("a", lines)], size=(900, 400))
    view.scroll_by(-200)
    run(view)
    assert shift(view, Key.Key_Right) == "l"
    caret = view.pointer.selection.caret
    assert caret is not None
    y = place_of(view, "a", caret.place.piece, 0).y()
    assert 0 < y < 60


@pytest.mark.parametrize("key", [Key.Key_PageDown, Key.Key_Down])
def test_the_view_follows_the_caret(theme: Theme, key: Qt.Key) -> None:
    lines = "\n\n".join(f"line {number}" for number in range(200))
    view = shown(theme, [question("q"), answer("a", lines)], size=(900, 400))
    view.scroll_to(0)
    run(view)
    click(view, "a", 1, 0)
    for _ in range(4 if key == Key.Key_PageDown else 30):
        shift(view, key)
    caret = view.pointer.selection.caret
    assert caret is not None
    assert caret.place.piece > 20
    assert 0 <= place_of(view, "a", caret.place.piece, 0).y() < view.scroller.height
    assert view.clips.text().startswith("line 1\n\nline 2")


def test_esc_selects_nothing(view: TranscriptView) -> None:
    click(view, "a", FIRST, 6)
    shift(view, Key.Key_Right)
    QTest.keyClick(view, Key.Key_Escape)
    assert view.pointer.selection.empty
    assert shift(view, Key.Key_Left) == "b"


def test_ctrl_a_without_a_press_takes_everything(view: TranscriptView) -> None:
    QTest.keyClick(view, Key.Key_A, CTRL)
    assert view.clips.text() == f"**You:**\n\nOne question\n\n**Assistant:**\n\n{TEXT}"


def test_a_caret_passes_over_messages_that_are_not_loaded(theme: Theme) -> None:
    heads = [answer(f"h{number}", "x" * 3000).head() for number in range(3)]
    view = shown(theme, [question("q"), *heads, answer("z", "The end")])
    click(view, "z", 0, 0)
    shift(view, *[Key.Key_Left] * 6)
    caret = view.pointer.selection.caret
    assert caret is not None
    assert caret.message_id == "q"


# Scrolling and turns


def conversation() -> list[Message | MessageHead]:
    branch: list[Message | MessageHead] = []
    for number in range(6):
        branch.append(question(f"q{number}", f"Question {number}"))
        branch.append(answer(f"a{number}", "\n\n".join(["A paragraph of words."] * 30)))
    return branch


def top_of(view: TranscriptView, name: str) -> int:
    index = view.column.index_of(name)
    assert index is not None
    return view.column.top_of(index) - view.scroller.top


def press(view: TranscriptView, key: Qt.Key, modifier: Qt.KeyboardModifier) -> None:
    QTest.keyClick(view, key, modifier)
    run(view)


def test_alt_and_arrows_go_from_question_to_question(theme: Theme) -> None:
    view = shown(theme, conversation(), size=(900, 400))
    view.scroll_to(0)
    run(view)
    for number in (1, 2, 3):
        press(view, Key.Key_Down, ALT)
        assert top_of(view, f"q{number}") == 0
    view.scroll_by(100)
    run(view)
    press(view, Key.Key_Up, ALT)
    assert top_of(view, "q3") == 0
    press(view, Key.Key_Up, ALT)
    assert top_of(view, "q2") == 0
    for _ in range(9):
        press(view, Key.Key_Down, ALT)
    assert view.at_end()
    for _ in range(9):
        press(view, Key.Key_Up, ALT)
    assert top_of(view, "q0") == 0


def test_keys_scroll(theme: Theme) -> None:
    view = shown(theme, conversation(), size=(900, 400))
    none = Qt.KeyboardModifier.NoModifier
    press(view, Key.Key_Home, CTRL)
    assert view.scroller.top == 0
    for key, back, step in (
        (Key.Key_Down, Key.Key_Up, 48),
        (Key.Key_PageDown, Key.Key_PageUp, 352),
    ):
        press(view, key, none)
        assert view.scroller.top == step
        press(view, back, none)
        assert view.scroller.top == 0
    press(view, Key.Key_Space, none)
    assert view.scroller.top == 352
    press(view, Key.Key_Space, SHIFT)
    assert view.scroller.top == 0
    press(view, Key.Key_End, CTRL)
    assert view.at_end()
    press(view, Key.Key_Home, none)
    assert view.scroller.top == 0


# What a selection lives through


def test_a_selection_stays_while_more_arrives(theme: Theme) -> None:
    view = shown(theme, [question("q", "One question"), streaming("s", "First words.\n\n")])
    click(view, "q", 0, 4)
    shift(view, Key.Key_End, more=CTRL)
    send(view, "s", "More words, and more.", frame=1)
    assert view.clips.text().endswith("More words, and more.")
    click(view, "q", 0, 0)
    shift(view, Key.Key_End)
    send(view, "s", " And more.", frame=1)
    view.add_message(question("q2", "Another"))
    run(view)
    assert view.clips.text() == "One question"


def test_a_selection_goes_with_its_messages(view: TranscriptView) -> None:
    click(view, "a", FIRST, 0)
    shift(view, Key.Key_End)
    view.set_branch([question("q", "One question"), answer("a", TEXT), question("n")], one)
    assert view.clips.text() == "Alpha beta gamma."
    view.set_branch([question("q", "One question"), answer("b", "Other")], one)
    assert view.pointer.selection.empty
    assert view.pointer.selection.caret is None


def test_what_lies_between_is_selected_without_being_built(theme: Theme) -> None:
    heads = [answer(f"h{number}", "x").head() for number in range(1000)]
    view = shown(theme, [question("q"), *heads])
    view.pointer.select_all()
    built = sum(item.body is not None for item in view.column.items)
    assert built < 10
    selected = view.pointer.selection.of("h500")
    assert selected is not None
    assert selected.first < selected.last
    view.pointer.select(
        Point("h999", view.pointer.selection.caret.place),  # type: ignore[union-attr]
        Point("h990", view.pointer.selection.anchor.place),  # type: ignore[union-attr]
    )
    assert view.pointer.selection.of("h500") is None
    assert view.pointer.selection.of("h995") is not None


def test_a_press_beside_all_text_is_harmless(theme: Theme) -> None:
    view = shown(theme, [])
    QTest.mouseClick(view.viewport(), LEFT, pos=QPoint(300, 300))
    for key in (Key.Key_Down, Key.Key_Home, Key.Key_PageUp, Key.Key_Right):
        shift(view, key)
        shift(view, key, more=CTRL)
        press(view, key, ALT)
    QTest.keyClick(view, Key.Key_A, CTRL)
    assert view.clips.text() == ""
