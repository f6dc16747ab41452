import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from desktop_chat.ui.theme import Theme
from desktop_chat.ui.transcript.take.wordcut import Words, word_at
from desktop_chat.ui.transcript.text.units import split_pairs
from desktop_chat.ui.transcript.view import TranscriptView
from tests.ui.transcript.support import answer, place_of, question, run, shown

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture(scope="module")
def words() -> Words:
    made = Words()
    made.wait()
    return made


@pytest.mark.parametrize(
    ("text", "at", "word"),
    [
        ("rate limiting, now", 6, "limiting"),
        ("rate limiting, now", 13, ","),
        ("rate limiting, now", 4, "rate"),
        ("one     two", 4, "one"),
        ("one     two", 6, "two"),
        ("one ", 3, "one"),
        (" one", 0, "one"),
        ("用 snake_case 名", 4, "snake_case"),
        ("令牌桶算法，滑动窗口", 2, "令牌桶算法"),
        ("调用API网关", 3, "API"),
        ("カタカナ漢字", 1, "カタカナ"),
        ("end", 3, "end"),
        ("  ", 1, " "),
        ("", 0, ""),
    ],
)
def test_words_without_a_dictionary(text: str, at: int, word: str) -> None:
    start, end = word_at(text, at)
    assert text[start:end] == word


@pytest.mark.parametrize(
    ("text", "at", "word"),
    [
        ("我们采用令牌桶算法来限流", 1, "我们"),
        ("我们采用令牌桶算法来限流", 2, "采用"),
        ("我们采用令牌桶算法来限流", 8, "算法"),
        ("打开数据库。", 3, "数据库"),
        ("调用API网关", 6, "网关"),
        ("他说😀明天天气好", 5, "天气"),
        ("字" * 500 + "明天天气" + "字" * 500, 502, "天气"),
    ],
)
def test_chinese_words(words: Words, text: str, at: int, word: str) -> None:
    start, end = words.at(text, at)
    if len(text) < 100:
        assert text[start:end] == word
    assert start <= at < end
    assert end - start < 10
    pairs = split_pairs(text)
    moved = at + len(pairs) - len(text)
    start, end = words.at(pairs, moved)
    assert start <= moved < end


def press_twice(view: TranscriptView, point: QPoint) -> str:
    QTest.mouseDClick(view.viewport(), LEFT, pos=point)
    run(view)
    return view.clips.text()


def test_a_double_click_takes_a_chinese_word(theme: Theme) -> None:
    view = shown(theme, [question("q"), answer("a", "我们采用令牌桶算法来限流，效果很好。")])
    point = place_of(view, "a", 0, 3)
    view.pointer.words.wait()
    assert press_twice(view, point) == "采用"


def test_a_press_on_chinese_loads_the_dictionary(theme: Theme) -> None:
    view = shown(theme, [question("q"), answer("a", "Latin\n\n中文")])
    QTest.mouseClick(view.viewport(), LEFT, pos=place_of(view, "a", 0, 2))
    before = view.pointer.words.asked
    assert not before
    QTest.mouseClick(view.viewport(), LEFT, pos=place_of(view, "a", 1, 1))
    assert view.pointer.words.asked
    view.pointer.words.wait()


def test_the_character_under_the_pointer_counts(theme: Theme) -> None:
    view = shown(theme, [question("q"), answer("a", "one, two  three")])
    for position, after, word in (
        (3, False, "one"),
        (3, True, ","),
        (4, False, ","),
        (5, True, "two"),
        (8, False, "two"),
        (9, False, "two"),
        (9, True, "three"),
    ):
        point = place_of(view, "a", 0, position, after=after)
        assert press_twice(view, point) == word, (position, after)


def test_a_drag_after_a_double_click_goes_by_words(theme: Theme) -> None:
    view = shown(theme, [question("q"), answer("a", "one two three four five")])
    port = view.viewport()
    for end, text in ((15, "two three four"), (1, "one two"), (5, "two")):
        start = place_of(view, "a", 0, 5)
        QTest.mousePress(port, LEFT, pos=start)
        press_again(view, start)
        QTest.mouseMove(port, place_of(view, "a", 0, end))
        QTest.mouseRelease(port, LEFT, pos=place_of(view, "a", 0, end))
        run(view)
        assert view.clips.text() == text


def press_again(view: TranscriptView, point: QPoint) -> None:
    """Make the press that is held the second one of a double click."""
    port = view.viewport()
    none = Qt.KeyboardModifier.NoModifier
    event = QMouseEvent(
        QEvent.Type.MouseButtonDblClick,
        QPointF(point),
        QPointF(port.mapToGlobal(point)),
        LEFT,
        LEFT,
        none,
    )
    QApplication.sendEvent(port, event)
