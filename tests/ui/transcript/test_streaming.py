import random

import pytest
from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtTest import QTest

from desktop_chat.core.events import FinishReason, ReasoningDelta, TextDelta
from desktop_chat.core.messages import Timing
from desktop_chat.ui.theme import Theme
from desktop_chat.ui.transcript.code.layout_code import CodePiece
from desktop_chat.ui.transcript.text.layout_text import Counter
from tests.helpers.qt import settle
from tests.ui.transcript.corpus import ALL, EN, ZH
from tests.ui.transcript.support import (
    Paints,
    answer,
    body,
    button,
    clipboard,
    heights,
    point_of,
    press,
    question,
    run,
    send,
    shown,
    streaming,
    think,
    unfold,
)

LONG = "\n\n".join(f"Paragraph {number} with a few words in it." for number in range(80))


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("seed", [1, 2])
def test_streamed_is_laid_out_as_at_once(name: str, seed: int, theme: Theme) -> None:
    rng = random.Random(seed)
    text = ALL[name]
    view = shown(theme, [question("q"), streaming("a")])
    at = 0
    while at < len(text):
        end = min(len(text), at + rng.randrange(1, 40))
        view.apply_delta("a", TextDelta(text[at:end]))
        at = end
        if rng.random() < 0.5:
            run(view)
    final = answer("a", text, model="m", reason=FinishReason.STOP)
    view.finish_message(final)
    run(view)
    whole = shown(theme, [question("q"), final])
    unfold(whole, "a")
    assert heights(view, "a") == heights(whole, "a")
    view.rebuild()
    whole.rebuild()
    assert view.column.height == whole.column.height
    assert view.scroller.top == whole.scroller.top


@pytest.mark.parametrize("name", ALL)
def test_streamed_looks_as_at_once(name: str, theme: Theme) -> None:
    text = ALL[name]
    view = shown(theme, [question("q"), streaming("a")])
    send(view, "a", text, 9, frame=3)
    final = answer("a", text, model="m", reason=FinishReason.STOP)
    view.finish_message(final)
    run(view)
    whole = shown(theme, [question("q"), final])
    for shows in (view, whole):
        while shows.lexers.get("python") is None:
            settle()
        run(shows)
    unfold(whole, "a")
    assert view.viewport().grab().toImage() == whole.viewport().grab().toImage()


def test_what_is_painted_bit_by_bit_is_what_would_be_painted_at_once(theme: Theme) -> None:
    """The changed rectangles must cover every change: compare with a repaint of everything."""
    view = shown(theme, [question("q"), streaming("a")], size=(900, 420))
    text = EN + ZH
    for number, start in enumerate(range(0, len(text), 11)):
        view.apply_delta("a", TextDelta(text[start : start + 11]))
        run(view)
        if number % 6 == 0:
            seen = view.screen().grabWindow(view.winId()).toImage()
            assert seen == view.grab().toImage(), f"after {start} characters"


def test_colours_that_only_the_whole_block_gives_are_painted(theme: Theme) -> None:
    view = shown(theme, [question("q"), streaming("a")])
    send(view, "a", "```bash\ncat <<EOF\n")
    while view.lexers.get("bash") is None:
        settle()
    send(view, "a", "for all\nEOF\n", 3, frame=1)
    before = view.viewport().grab().toImage()
    send(view, "a", "```\n\nEnd")
    seen = view.screen().grabWindow(view.winId()).toImage()
    assert seen == view.grab().toImage()
    line = QRect(point_of(view, "a", 0, 13, 33 + 8 + 20), QSize(100, 20))
    assert seen.copy(line) != before.copy(line)


def test_a_frame_paints_the_tail_alone(theme: Theme) -> None:
    view = shown(theme, [question("q"), streaming("a")])
    send(view, "a", "First paragraph.\n\nSecond paragraph.\n\nThird")
    paints = Paints(view)
    paints.take()
    send(view, "a", " grows")
    rects = paints.take()
    assert rects
    last = body(view, "a").text.body.pieces[-1]
    assert sum(rect.height() for rect in rects) <= last.height + 60
    assert all(rect.width() < view.viewport().width() for rect in rects)


def test_following_scrolls_by_blitting(theme: Theme) -> None:
    view = shown(theme, [question("q"), streaming("a")])
    send(view, "a", LONG)
    assert view.at_end()
    paints = Paints(view)
    view.apply_delta("a", TextDelta("\n\nOne more paragraph"))
    run(view)
    assert paints.area() < view.viewport().width() * view.viewport().height() / 4


def test_finished_blocks_are_not_laid_out_again(theme: Theme) -> None:
    view = shown(theme, [question("q"), streaming("a")])
    send(view, "a", LONG)
    before = Counter.layouts
    for _ in range(20):
        view.apply_delta("a", TextDelta(" more"))
        run(view)
    assert Counter.layouts - before == 20


def test_frames_come_for_data_alone(theme: Theme) -> None:
    view = shown(theme, [question("q"), streaming("a")])
    assert not view._frame_timer.isActive()
    view.apply_delta("a", TextDelta("a"))
    view.apply_delta("a", TextDelta("b"))
    assert view._frame_timer.isActive()
    run(view)
    assert not view._frame_timer.isActive()
    assert not view._clock.isActive()
    assert body(view, "a").text.chars == 2


def test_it_follows_while_at_the_end(theme: Theme) -> None:
    view = shown(theme, [question("q"), streaming("a")])
    send(view, "a", LONG, 50, frame=2)
    assert view.at_end()
    assert view.scroller.top == view.scroller.lowest > 0
    assert not view.pill.isVisible()


@pytest.mark.parametrize("away", ["wheel", "key", "bar"])
def test_it_never_moves_under_a_reader_who_went_away(away: str, theme: Theme) -> None:
    view = shown(theme, [question("q"), streaming("a")])
    send(view, "a", LONG)
    if away == "wheel":
        view.scroll_by(-300)
    elif away == "key":
        QTest.keyClick(view, Qt.Key.Key_PageUp)
    else:
        view.verticalScrollBar().setValue(view.verticalScrollBar().value() - 200)
    run(view)
    assert not view.at_end()
    assert view.pill.isVisible()
    top, picture = view.scroller.top, view.viewport().grab().toImage()
    paints = Paints(view)
    send(view, "a", "\n\n" + LONG, 40, frame=3)
    assert paints.take() == []
    assert view.scroller.top == top
    assert view.viewport().grab().toImage() == picture
    assert view.verticalScrollBar().maximum() == view.scroller.lowest


def test_the_pill_and_the_key_lead_back_to_the_end(theme: Theme) -> None:
    view = shown(theme, [question("q"), streaming("a")])
    send(view, "a", LONG)
    view.scroll_by(-500)
    QTest.mouseClick(view.pill, Qt.MouseButton.LeftButton)
    run(view)
    assert view.at_end()
    assert not view.pill.isVisible()
    QTest.keyClick(view, Qt.Key.Key_Home)
    assert view.scroller.top == 0
    QTest.keyClick(view, Qt.Key.Key_End, Qt.KeyboardModifier.ControlModifier)
    assert view.at_end()
    send(view, "a", "\n\nmore\n\nmore")
    assert view.scroller.top == view.scroller.lowest


def test_scrolling_back_to_the_end_follows_again(theme: Theme) -> None:
    view = shown(theme, [question("q"), streaming("a")])
    send(view, "a", LONG)
    view.scroll_by(-100)
    assert not view.at_end()
    view.scroll_by(100)
    assert view.at_end()
    assert view.scroller.following


def test_a_hidden_view_does_nothing_and_catches_up(theme: Theme) -> None:
    view = shown(theme, [question("q"), streaming("a")])
    paints = Paints(view)
    view.hide()
    settle()
    paints.take()
    before = Counter.layouts
    for start in range(0, len(LONG), 5):
        view.apply_delta("a", TextDelta(LONG[start : start + 5]))
    settle()
    assert not view._frame_timer.isActive()
    assert body(view, "a").text.chars == 0
    assert Counter.layouts == before
    assert paints.take() == []
    view.finish_message(answer("a", LONG, model="m", reason=FinishReason.STOP))
    assert Counter.layouts == before
    view.show()
    run(view)
    assert body(view, "a").text.chars == len(LONG)
    assert view.at_end()
    assert paints.take()


def test_a_huge_backlog_is_worked_off_in_slices(theme: Theme) -> None:
    view = shown(theme, [question("q"), streaming("a")])
    view.hide()
    text = LONG * 60
    view.apply_delta("a", TextDelta(text))
    view.show()
    settle()
    frames = 0
    while view._frame_timer.isActive():
        view._frame_timer.stop()
        view._frame()
        frames += 1
    assert frames > 2
    assert body(view, "a").text.chars == len(text)
    assert view.at_end()


def test_painted_tells_what_is_on_the_screen(theme: Theme) -> None:
    view = shown(theme, [question("q"), streaming("a")])
    told: list[tuple[str, int]] = []
    view.painted.connect(lambda name, chars: told.append((name, chars)))
    send(view, "a", "Some text that arrives")
    assert told[-1] == ("a", 22)
    view.scroll_by(-9999)
    send(view, "a", "\n\n" + LONG)
    view.scroll_by(-9999)
    seen = len(told)
    send(view, "a", " and more")
    view.viewport().update()
    run(view)
    assert len(told) == seen, "what is out of sight is not painted"
    view.scroll_to_end()
    settle()
    assert told[-1] == ("a", 22 + 2 + len(LONG) + 9)


def test_thinking_shows_live_and_folds_when_the_answer_begins(theme: Theme) -> None:
    view = shown(theme, [question("q"), streaming("a")])
    think(view, "a", "First thought.\n\nSecond thought.")
    drawn = body(view, "a")
    assert drawn.thinks
    assert [piece.plain(0, 99) for piece in drawn.text.thinking.pieces] == [
        "First thought.",
        "Second thought.",
    ]
    open_height = view.column.height
    send(view, "a", "Answer")
    assert body(view, "a").thinking.unfolded is False
    assert view.column.height < open_height + 60
    row = view.overlay.widget(("a", "thinking"))
    assert row is not None
    assert row.text() == "Thought for 1 s"
    timing = Timing(0.1, 6.2, 9.0)
    view.finish_message(
        answer("a", "Answer", reasoning="First thought.\n\nSecond thought.", timing=timing)
    )
    run(view)
    assert row.text() == "Thought for 6 s"


def test_thinking_that_the_reader_opened_stays_open(theme: Theme) -> None:
    view = shown(theme, [question("q"), streaming("a")])
    think(view, "a", "A thought.")
    press(view, "a", "thinking")
    assert body(view, "a").thinking.unfolded is False
    press(view, "a", "thinking")
    send(view, "a", "Answer")
    assert body(view, "a").thinking.unfolded


def test_thinking_does_not_fold_under_a_reader(theme: Theme) -> None:
    view = shown(theme, [question("q"), streaming("a")])
    think(view, "a", "\n".join(f"thought {number}" for number in range(200)))
    view.scroll_by(-1500)
    top = view.scroller.top
    send(view, "a", "Answer")
    assert body(view, "a").thinking.unfolded
    assert view.scroller.top == top


def test_long_thinking_lays_out_its_tail_alone(theme: Theme) -> None:
    view = shown(theme, [question("q"), streaming("a")])
    think(view, "a", "\n".join(f"thought {number}" for number in range(500)))
    before = Counter.layouts
    for _ in range(10):
        view.apply_delta("a", ReasoningDelta(" on"))
        run(view)
    assert Counter.layouts - before == 10


def test_the_thinking_row_unfolds_a_finished_answer_in_place(theme: Theme) -> None:
    final = answer("a", LONG, reasoning="thought\n" * 30, model="m")
    view = shown(theme, [question("q"), final])
    QTest.keyClick(view, Qt.Key.Key_Home)
    run(view)
    row = view.overlay.widget(("a", "thinking"))
    assert row is not None
    y = row.y()
    press(view, "a", "thinking")
    assert row.y() == y
    assert body(view, "a").thinking.unfolded
    press(view, "a", "thinking")
    assert row.y() == y


def test_unfolding_at_the_end_holds_the_row_too(theme: Theme) -> None:
    branch = [question("p"), answer("b", LONG), question("q")]
    view = shown(theme, [*branch, answer("a", "Short", reasoning="thought\n" * 60, model="m")])
    assert view.scroller.following
    y = button(view, "a", "thinking").y()
    press(view, "a", "thinking")
    assert button(view, "a", "thinking").y() == y
    assert not view.at_end()


def test_a_stream_goes_on_while_the_reader_is_far_away(theme: Theme) -> None:
    older = [m for n in range(40) for m in (question(f"q{n}"), answer(f"a{n}", LONG[:400]))]
    view = shown(theme, [*older, question("q"), streaming("a")])
    send(view, "a", "Beginning. ")
    for _ in range(3):
        view.scroll_to(0)
        view.scroll_by(2500)
        run(view)
    send(view, "a", LONG)
    view.scroll_to_end()
    run(view)
    view.copy_message("a")
    assert clipboard() == "Beginning. " + LONG


def test_finish_with_another_text_shows_that_text(theme: Theme) -> None:
    view = shown(theme, [question("q"), streaming("a")])
    send(view, "a", "half of")
    view.finish_message(answer("a", "Something else", reason=FinishReason.STOP))
    run(view)
    assert body(view, "a").text.body.pieces[0].plain(0, 99) == "Something else"


def test_an_answer_that_goes_on_keeps_its_text_and_grows(theme: Theme) -> None:
    text = ZH + "\n```python\nx = 1"
    view = shown(theme, [question("q"), answer("a", text, reason=FinishReason.LENGTH)])
    assert body(view, "a").card
    laid = Counter.layouts
    view.reopen_message(streaming("a", text))
    run(view)
    assert body(view, "a").live
    assert body(view, "a").card is None
    assert Counter.layouts - laid <= 4, "what stays is not laid out again"
    send(view, "a", "\ny = 2\n```\n")
    code = body(view, "a").text.body.pieces[-1]
    assert isinstance(code, CodePiece)
    assert code.block.lines == ["x = 1", "y = 2"]
    final = answer("a", text + "\ny = 2\n```\n", reason=FinishReason.STOP)
    view.finish_message(final)
    run(view)
    whole = shown(theme, [question("q"), final])
    unfold(whole, "a")
    assert heights(view, "a") == heights(whole, "a")


def test_a_delta_for_a_message_that_is_gone_is_dropped(theme: Theme) -> None:
    view = shown(theme, [question("q"), streaming("a")])
    view.apply_delta("gone", TextDelta("text"))
    run(view)
    view.set_branch([question("q")], lambda _name: (1, 1))
    view.apply_delta("a", TextDelta("text"))
    run(view)
    assert len(view.column.items) == 1


def test_a_new_question_takes_the_reader_to_the_end(theme: Theme) -> None:
    view = shown(theme, [question("q"), answer("a", LONG)])
    view.scroll_by(-400)
    assert not view.at_end()
    view.add_message(question("q2", "Next"))
    view.add_message(streaming("a2"))
    run(view)
    assert view.at_end()
    send(view, "a2", "text")
    assert view.at_end()
