"""Triple clicks, drags by what they took, and how fast a drag beyond the edge scrolls."""

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from desktop_chat.ui.theme import Theme
from desktop_chat.ui.transcript.view import TranscriptView
from tests.ui.transcript.support import answer, place_of, question, run, shown

LEFT = Qt.MouseButton.LeftButton
TEXT = """one line
**two** line
three line

- item one
- item two
  goes on

# Heading

```py
first = 1
second = 2
```

| a b | c d |
|---|---|
| e f | g h |
"""


@pytest.fixture
def view(theme: Theme) -> TranscriptView:
    asked = "First lines\nof a question.\n\nAnother paragraph."
    return shown(theme, [question("q", asked), answer("a", TEXT)])


def hold_third_press(view: TranscriptView, point: QPoint) -> None:
    QTest.mouseDClick(view.viewport(), LEFT, pos=point)
    QTest.mousePress(view.viewport(), LEFT, pos=point)


def triple(view: TranscriptView, point: QPoint) -> str:
    hold_third_press(view, point)
    QTest.mouseRelease(view.viewport(), LEFT, pos=point)
    run(view)
    return view.clips.text()


@pytest.mark.parametrize(
    ("name", "number", "position", "text"),
    [
        ("a", 1, 2, "one line\n**two** line\nthree line"),
        ("a", 4, 2, "item two\ngoes on"),
        ("a", 3, 2, "item one"),
        ("a", 6, 2, "Heading"),
        ("a", 7, 12, "second = 2"),
        ("a", 9, 1, "e f"),
        ("a", 9, 5, "g h"),
        ("q", 1, 2, "First lines\nof a question."),
        ("q", 3, 2, "Another paragraph."),
    ],
)
def test_a_triple_click_takes_a_paragraph(
    view: TranscriptView, name: str, number: int, position: int, text: str
) -> None:
    assert triple(view, place_of(view, name, number, position)) == text


def test_a_drag_after_a_triple_click_goes_by_paragraphs(view: TranscriptView) -> None:
    hold_third_press(view, place_of(view, "a", 3, 2))
    for number, text in (
        (6, "- item one\n- item two\n  goes on\n\n# Heading"),
        (1, "one line\n**two** line\nthree line\n\n- item one"),
        (3, "item one"),
    ):
        QTest.mouseMove(view.viewport(), place_of(view, "a", number, 3))
        run(view)
        assert view.clips.text() == text
    QTest.mouseRelease(view.viewport(), LEFT, pos=place_of(view, "a", 3, 2))


def test_shift_and_click_go_on_from_a_click(view: TranscriptView) -> None:
    QTest.mouseClick(view.viewport(), LEFT, pos=place_of(view, "a", 0, 4))
    shift = Qt.KeyboardModifier.ShiftModifier
    QTest.mouseClick(view.viewport(), LEFT, shift, place_of(view, "a", 2, 5))
    assert view.clips.text() == "line\n**two** line\nthree"
    QTest.mouseClick(view.viewport(), LEFT, shift, place_of(view, "a", 0, 0))
    assert view.clips.text() == "one "


def test_the_farther_beyond_the_edge_the_faster(theme: Theme) -> None:
    view = shown(theme, [question("q"), answer("a", "words\n\n" * 900)], size=(900, 400))
    view.scroll_to(0)
    run(view)
    port = view.viewport()
    start = place_of(view, "a", 1, 0)
    QTest.mousePress(port, LEFT, pos=start)
    steps = []
    for beyond in (10, 60, 100, 400, 4000):
        QTest.mouseMove(port, QPoint(start.x() + 40, 400 + beyond))
        top = view.scroller.top
        view.pointer._drag_on()
        steps.append(view.scroller.top - top)
    assert steps == [10, 60, 260, 600, 600]
    QTest.mouseRelease(port, LEFT, pos=start)
