"""The scroll bar does not leap while estimates become real heights."""

import random

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from desktop_chat.core.messages import Message
from desktop_chat.ui.theme import Theme
from desktop_chat.ui.transcript.bar_scale import BarScale
from desktop_chat.ui.transcript.furniture import ThinScrollBar
from desktop_chat.ui.transcript.heights import HeightIndex
from desktop_chat.ui.transcript.view import TranscriptView
from tests.helpers.window import turn_wheel
from tests.ui.transcript.corpus import CODE, EN, LIST, PARAGRAPH, QUOTE, TABLE, ZH
from tests.ui.transcript.support import (
    answer,
    one,
    paint,
    press,
    question,
    run,
    send,
    shown,
    streaming,
)

TEXTS = ("Yes.", "好。", ZH, EN, LIST, TABLE, QUOTE, CODE, PARAGRAPH, ZH * 6, "\n" * 30 + "x")
SLACK = 4.0
"""So many pixels a thumb may move more than its share in one step."""


def varied(count: int, seed: int = 3) -> list[Message]:
    chance = random.Random(seed)
    made = []
    for number in range(count // 2):
        made.append(question(f"q{number}", "How? " * chance.choice([1, 4, 60, 1500])))
        made.append(answer(f"a{number}", chance.choice(TEXTS)))
    return made


def of_heads(theme: Theme, messages: list[Message]) -> TranscriptView:
    """A view whose texts come later, those in sight excepted."""
    by_id = {message.id: message for message in messages}
    view = TranscriptView(theme)
    view.resize(1016, 640)
    view.texts_needed.connect(lambda ids: view.supply([by_id[name] for name in ids]))
    view.set_branch([message.head() for message in messages], one)
    view.show()
    run(view)
    return view


def bar_of(view: TranscriptView) -> ThinScrollBar:
    bar = view.verticalScrollBar()
    assert isinstance(bar, ThinScrollBar)
    return bar


def thumb(view: TranscriptView) -> float:
    """Where the thumb's top is, in pixels, finer than it is painted."""
    bar = bar_of(view)
    room = bar.height() - 8 - bar.thumb().height()
    return room * bar.value() / max(1, bar.maximum())


def share(view: TranscriptView, step: int) -> float:
    """How far the thumb moves for a step if all is even."""
    return bar_of(view).height() * abs(step) / max(1, view.column.height)


@pytest.mark.parametrize("count", [6, 100])
@pytest.mark.parametrize("seed", [1, 2])
def test_scrolling_to_the_top_and_back_moves_the_thumb_steadily(
    count: int, seed: int, theme: Theme
) -> None:
    view = of_heads(theme, varied(count, seed))
    for direction in (-1, 1):
        steps = 0
        while view.scroller.top if direction < 0 else not view.at_end():
            before = thumb(view)
            step = direction * (96 if steps % 3 else 592)
            if abs(step) == 96:
                turn_wheel(view.viewport(), -direction * 120)
            else:
                key = Qt.Key.Key_PageUp if direction < 0 else Qt.Key.Key_PageDown
                QTest.keyClick(view, key)
            run(view)
            moved = (thumb(view) - before) * direction
            assert moved >= -0.01, "against the direction"
            assert moved <= 4 * share(view, step) + SLACK
            steps += 1
        assert thumb(view) == (0 if direction < 0 else pytest.approx(room_of(view)))


def room_of(view: TranscriptView) -> float:
    bar = bar_of(view)
    return float(bar.height() - 8 - bar.thumb().height())


def test_in_ten_thousand_messages_it_is_as_steady(theme: Theme) -> None:
    view = of_heads(theme, varied(10_000))
    chance = random.Random(5)
    bar = bar_of(view)
    for _ in range(25):
        bar.setValue(chance.randrange(bar.maximum()))
        run(view)
        for direction in (-1, 1, 1, -1):
            before = thumb(view)
            view.scroll_by(direction * chance.choice([48, 96, 592]))
            run(view)
            moved = (thumb(view) - before) * direction
            assert -0.01 <= moved <= 1.5


@pytest.mark.parametrize("where", [0.02, 0.31, 0.5, 0.77, 0.98])
def test_dragging_the_thumb_stays_where_it_was_let_go(where: float, theme: Theme) -> None:
    view = of_heads(theme, varied(600))
    bar = bar_of(view)
    x = bar.width() - 5
    grip = bar.thumb().center()
    goal = QPoint(x, int(4 + bar.thumb().height() / 2 + where * room_of(view)))
    QTest.mousePress(bar, Qt.MouseButton.LeftButton, pos=QPoint(x, grip.y()))
    for part in range(1, 6):
        at = grip.y() + (goal.y() - grip.y()) * part // 5
        QTest.mouseMove(bar, QPoint(x, at))
        run(view)
        assert abs(bar.thumb().center().y() - at) <= 2
    QTest.mouseRelease(bar, Qt.MouseButton.LeftButton, pos=goal)
    run(view)
    assert abs(bar.thumb().center().y() - goal.y()) <= 2
    visible = view.column.between(view.scroller.top, view.scroller.top + view.scroller.height)
    assert abs(visible.start / 600 - where) < 0.25


def test_jumps_do_not_leap_back(theme: Theme) -> None:
    view = of_heads(theme, varied(800))
    for turn in (20, 300, 150, 399, 0):
        view.rail.chosen.emit(turn)
        paint(view)
        at = thumb(view)
        run(view)
        assert abs(thumb(view) - at) < 1
        view.rebuild()
        run(view)
        assert abs(thumb(view) - at) < 1


def test_where_all_is_known_it_counts_pixels(theme: Theme) -> None:
    view = shown(theme, varied(8))
    view.scroll_to(0)
    run(view)
    while not view.at_end():
        view.scroll_by(500)
        run(view)
    assert bar_of(view).maximum() == view.scroller.lowest
    view.scroll_by(-333)
    assert bar_of(view).value() == view.scroller.top == view.scroller.lowest - 333


def test_an_answer_that_grows_lets_the_thumb_shrink(theme: Theme) -> None:
    view = shown(theme, [*varied(6), question("q"), streaming("s")])
    view.scroll_by(-300)
    run(view)
    before, largest = thumb(view), bar_of(view).maximum()
    for _ in range(20):
        send(view, "s", PARAGRAPH)
        assert thumb(view) <= before
        before = thumb(view)
    assert bar_of(view).maximum() > largest + 2000
    assert bar_of(view).maximum() == pytest.approx(view.scroller.lowest, rel=0.2)


def test_no_bar_where_all_is_in_sight(theme: Theme) -> None:
    view = shown(theme, [question("q"), answer("a", "Yes.", reasoning="hm\n\n" * 40)])
    assert bar_of(view).maximum() == 0
    press(view, "a", "thinking")
    assert bar_of(view).maximum() > 0
    view.scroll_by(-1)
    view.scroll_to(0)
    press(view, "a", "thinking")
    assert bar_of(view).maximum() == 0


def test_a_scale_keeps_to_what_it_was_told_until_it_settles() -> None:
    real = HeightIndex([100, 100, 100])
    scale = BarScale([100, 100, 100])
    real.set(1, 500)
    scale.note(1)
    assert scale.value(1, 250, 500) == 150
    assert scale.place(150) == (1, 0.5)
    assert scale.value(2, 0, 100) == 200
    assert scale.settle(real)
    assert scale.value(1, 250, 500) == 350
    assert scale.total == 700
    assert not scale.settle(real)
    scale.append(50)
    scale.set(3, 80)
    assert (scale[3], scale.total) == (80, 780)
    assert scale.place(100_000) == (3, 1.0)
