import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QContextMenuEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from desktop_chat.ui.controls.popup import Menu
from desktop_chat.ui.theme import Theme
from desktop_chat.ui.transcript.pieces import TextPiece
from desktop_chat.ui.transcript.take.wordcut import word_at
from desktop_chat.ui.transcript.view import TranscriptView
from tests.helpers.qt import settle
from tests.ui.transcript.corpus import ZH
from tests.ui.transcript.support import (
    answer,
    clipboard,
    finish_copy,
    place_of,
    point_of,
    question,
    run,
    shown,
)

TEXT = """First paragraph with words.

- one item
- two **bold** items

```python
x = 1
y = 2
```

| a | b |
|---|---|
| c | d |

See [the page](https://example.com/page) or `code here` now."""
LEFT = Qt.MouseButton.LeftButton
FIRST, ITEM, ITEM2, CODE, HEAD, ROW, LAST = range(7)


@pytest.fixture
def view(theme: Theme) -> TranscriptView:
    return shown(theme, [question("q", "A question\nof two lines"), answer("a", TEXT)])


def drag(view: TranscriptView, start: QPoint, end: QPoint) -> None:
    port = view.viewport()
    QTest.mousePress(port, LEFT, pos=start)
    QTest.mouseMove(port, (start + end) / 2)
    QTest.mouseMove(port, end)
    QTest.mouseRelease(port, LEFT, pos=end)
    run(view)


def test_a_drag_selects_and_ctrl_c_copies(view: TranscriptView) -> None:
    end = point_of(view, "a", FIRST, 700, 10)
    drag(view, point_of(view, "a", FIRST, 0, 10), end)
    QTest.keyClick(view, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert clipboard() == "First paragraph with words."


def test_a_drag_goes_over_blocks_in_either_direction(view: TranscriptView) -> None:
    start, end = place_of(view, "a", FIRST, 1), place_of(view, "a", LAST, 15)
    expected = (
        "irst paragraph with words.\n\n- one item\n- two **bold** items\n\n"
        "```python\nx = 1\ny = 2\n```\n\n| a | b |\n| --- | --- |\n| c | d |\n\n"
        "See [the page](https://example.com/page) or"
    )
    for first, last in ((start, end), (end, start)):
        drag(view, first, last)
        assert view.clips.text() == expected


def test_a_part_of_an_item_is_copied_without_its_marker(view: TranscriptView) -> None:
    QTest.mouseDClick(view.viewport(), LEFT, pos=point_of(view, "a", ITEM2, 5, 10))
    view.copy_selection()
    assert clipboard() == "two"
    QTest.mouseDClick(view.viewport(), LEFT, pos=point_of(view, "a", ITEM2, 40, 10))
    view.copy_selection()
    assert clipboard() == "**bold**"


def test_a_drag_goes_over_messages_in_either_direction(view: TranscriptView) -> None:
    start, end = place_of(view, "q", 0, 2), place_of(view, "a", ITEM, 3)
    for first, last in ((start, end), (end, start)):
        drag(view, first, last)
        assert view.clips.text() == (
            "**You:**\n\nquestion\nof two lines\n\n**Assistant:**\n\n"
            "First paragraph with words.\n\n- one"
        )


def test_a_drag_beyond_the_edge_scrolls(theme: Theme) -> None:
    view = shown(theme, [question("q"), answer("a", "word words\n\n" * 60)], size=(900, 400))
    view.scroll_to(0)
    run(view)
    port = view.viewport()
    start = point_of(view, "a", 2, 0, 10)
    QTest.mousePress(port, LEFT, pos=start)
    QTest.mouseMove(port, QPoint(start.x(), 390))
    QTest.mouseMove(port, QPoint(start.x() + 40, 430))
    assert view.pointer._drag_timer.isActive()
    top = view.scroller.top
    for _ in range(5):
        view.pointer._drag_on()
    assert view.scroller.top == top + 5 * 30
    assert view.clips.text().count("word words") > 9
    QTest.mouseRelease(port, LEFT, pos=QPoint(start.x(), 430))
    assert not view.pointer._drag_timer.isActive()


def test_the_selection_is_painted(view: TranscriptView) -> None:
    point = point_of(view, "a", FIRST, 3, 1)
    plain = view.viewport().grab().toImage().pixelColor(point)
    drag(view, point_of(view, "a", FIRST, 0, 10), point_of(view, "a", FIRST, 300, 10))
    marked = view.viewport().grab().toImage().pixelColor(point)
    assert plain == view.theme.tokens.canvas
    assert marked == view.theme.tokens.sel
    QTest.mouseClick(view.viewport(), LEFT, pos=point_of(view, "a", LAST, 600, 10))
    run(view)
    assert view.viewport().grab().toImage().pixelColor(point) == plain


def test_a_triple_click_selects_the_block(view: TranscriptView) -> None:
    point = point_of(view, "a", FIRST, 40, 10)
    QTest.mouseDClick(view.viewport(), LEFT, pos=point)
    QTest.mousePress(view.viewport(), LEFT, pos=point)
    QTest.mouseRelease(view.viewport(), LEFT, pos=point)
    view.copy_selection()
    assert clipboard() == "First paragraph with words."


def test_ctrl_a_selects_the_message_that_was_pressed(view: TranscriptView) -> None:
    QTest.mouseClick(view.viewport(), LEFT, pos=point_of(view, "q", 0, 20, 10))
    QTest.keyClick(view, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    view.copy_selection()
    assert clipboard() == "A question\nof two lines"
    QTest.mouseClick(view.viewport(), LEFT, pos=point_of(view, "a", LAST, 600, 10))
    QTest.keyClick(view, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    assert view.clips.text() == TEXT
    QTest.keyClick(view, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    everything = f"**You:**\n\nA question\nof two lines\n\n**Assistant:**\n\n{TEXT}"
    assert view.clips.text() == everything


def test_shift_and_click_extend(view: TranscriptView) -> None:
    drag(view, point_of(view, "a", FIRST, 0, 10), point_of(view, "a", FIRST, 50, 10))
    QTest.mouseClick(
        view.viewport(),
        LEFT,
        Qt.KeyboardModifier.ShiftModifier,
        point_of(view, "a", ITEM, 700, 10),
    )
    view.copy_selection()
    assert clipboard() == "First paragraph with words.\n\n- one item"


def test_esc_selects_nothing_and_is_left_to_others_otherwise(view: TranscriptView) -> None:
    drag(view, point_of(view, "a", FIRST, 0, 10), point_of(view, "a", FIRST, 50, 10))
    assert view.clips.text()
    QTest.keyClick(view, Qt.Key.Key_Escape)
    assert view.clips.text() == ""
    QApplication.clipboard().setText("before")
    view.copy_selection()
    assert clipboard() == "before"


def test_a_selection_lives_through_scrolling_and_a_new_width(theme: Theme) -> None:
    view = shown(theme, [question("q"), answer("a", ZH * 4)], size=(900, 400))
    view.scroll_to(0)
    run(view)
    drag(view, point_of(view, "a", 0, 0, 10), point_of(view, "a", 0, 200, 10))
    text = view.clips.text()
    assert text
    view.scroll_to_end()
    view.resize(500, 400)
    run(view)
    assert view.clips.text() == text


def test_a_link_is_told_by_shape_line_and_click(view: TranscriptView) -> None:
    opened: list[str] = []
    view.link_activated.connect(opened.append)
    over = point_of(view, "a", LAST, 60, 12)
    QTest.mouseMove(view.viewport(), over)
    assert view.viewport().cursor().shape() == Qt.CursorShape.PointingHandCursor
    assert view.links.status.text == "https://example.com/page"
    QTest.mouseClick(view.viewport(), LEFT, pos=over)
    assert opened == ["https://example.com/page"]
    QTest.mouseMove(view.viewport(), point_of(view, "a", LAST, 4, 12))
    assert view.viewport().cursor().shape() == Qt.CursorShape.IBeamCursor
    QTest.mouseClick(view.viewport(), LEFT, pos=point_of(view, "a", LAST, 4, 12))
    QTest.mouseMove(view.viewport(), QPoint(view.left - 20, over.y()))
    assert view.viewport().cursor().shape() == Qt.CursorShape.ArrowCursor
    assert opened == ["https://example.com/page"]


def test_a_drag_over_a_link_does_not_open_it(view: TranscriptView) -> None:
    opened: list[str] = []
    view.link_activated.connect(opened.append)
    drag(view, point_of(view, "a", LAST, 200, 12), point_of(view, "a", LAST, 60, 12))
    assert opened == []


def test_only_harmless_links_open(theme: Theme) -> None:
    text = "[x](javascript:alert(1)) [y](file:///etc/passwd) [z](data:text/html,hi)"
    view = shown(theme, [question("q"), answer("a", text)])
    opened: list[str] = []
    view.link_activated.connect(opened.append)
    for x in range(0, 500, 10):
        QTest.mouseClick(view.viewport(), LEFT, pos=point_of(view, "a", 0, x, 12))
    assert opened == []


def test_a_link_that_slipped_through_is_not_opened(
    view: TranscriptView, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    view.link_activated.connect(opened.append)
    for href in ("javascript:alert(1)", "file:///etc/passwd", "data:text/html,x", "HTTPS://e.org"):
        monkeypatch.setattr(TextPiece, "link_at", lambda *_args, href=href: href)
        QTest.mouseClick(view.viewport(), LEFT, pos=point_of(view, "a", FIRST, 40, 10))
    assert opened == ["HTTPS://e.org"]


def menu_of(view: TranscriptView, point: QPoint) -> Menu:
    QApplication.sendEvent(
        view.viewport(),
        QContextMenuEvent(
            QContextMenuEvent.Reason.Mouse, point, view.viewport().mapToGlobal(point)
        ),
    )
    settle()
    found = [menu for menu in view.findChildren(Menu) if menu.isVisible()]
    assert len(found) == 1
    return found[0]


def test_the_context_menu_copies(view: TranscriptView) -> None:
    point = point_of(view, "a", FIRST, 100, 10)
    menu = menu_of(view, point)
    assert [row.text() for row in menu.rows] == ["Copy message", "Copy message as", "Select all"]
    menu.rows[0].click()
    finish_copy(view)
    assert clipboard() == TEXT
    drag(view, point_of(view, "a", FIRST, 0, 10), point_of(view, "a", FIRST, 300, 10))
    menu = menu_of(view, point_of(view, "a", LAST, 60, 12))
    assert [row.text() for row in menu.rows] == [
        "Copy",
        "Copy as",
        "Copy message",
        "Copy link",
        "Select all",
    ]
    menu.rows[0].click()
    settle()
    assert clipboard() == "First paragraph with words."
    menu = menu_of(view, point_of(view, "a", LAST, 60, 12))
    menu.rows[3].click()
    settle()
    assert clipboard() == "https://example.com/page"


@pytest.mark.parametrize(
    ("text", "position", "word"),
    [
        ("rate limiting, now", 6, "limiting"),
        ("rate limiting, now", 13, ","),
        ("用 snake_case 名", 4, "snake_case"),
        ("令牌桶算法，滑动窗口", 2, "令牌桶算法"),
        ("调用API网关", 3, "API"),
        ("end", 3, "end"),
        ("", 0, ""),
    ],
)
def test_words(text: str, position: int, word: str) -> None:
    start, end = word_at(text, position)
    assert text[start:end] == word
