"""The text that is read stays where it is, whatever happens around it."""

import random
from collections.abc import Callable

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest

from desktop_chat.core.errors import ErrorInfo, ErrorKind
from desktop_chat.core.events import Notice, NoticeKind, ReasoningDelta, TextDelta
from desktop_chat.core.messages import Message, MessageHead, MessageState
from desktop_chat.ui.theme import Theme
from desktop_chat.ui.transcript.scroller import Follow
from desktop_chat.ui.transcript.view import TranscriptView
from tests.helpers.qt import settle
from tests.ui.transcript.corpus import CODE, EN, LIST, PARAGRAPH, QUOTE, TABLE, ZH
from tests.ui.transcript.support import (
    answer,
    body,
    heights,
    one,
    paint,
    press,
    question,
    run,
    send,
    shown,
    streaming,
    think,
)

LONG = "\n\n".join(f"Paragraph {n}. {ZH if n % 2 else EN}" for n in range(12))
MARKED = "\n\n".join(
    f"Line {n} of what is read. " + "Words and 文字 go on. " * 9 for n in range(40)
)


def row_of(view: TranscriptView, name: str, number: int) -> int:
    """Where in the viewport the content of a body's piece begins."""
    from desktop_chat.ui.transcript.places import Part

    index = view.column.index_of(name)
    assert index is not None
    drawn = view.column.body(index)
    assert drawn is not None
    at = drawn.piece(view.page, Part.BODY, number)
    assert at is not None
    return view.column.top_of(index) + at.y - view.scroller.top


def picture(view: TranscriptView) -> QImage:
    """The text in sight, without what lies over it."""
    run(view)
    column = view.viewport().rect().adjusted(view.left, 0, 0, -60)
    column.setWidth(view.page.width)
    return view.viewport().grab(column).toImage()


def reading(theme: Theme, after: list[Message] | None = None, text: str = MARKED) -> TranscriptView:
    """A view whose reader is in the middle of the answer ``m``."""
    branch = [question("q0"), answer("before", LONG), question("q1"), answer("m", text)]
    view = shown(theme, [*branch, *(after if after is not None else [question("q2")])])
    view.scroll_to(0)
    run(view)
    view.scroll_to_message("m")
    run(view)
    view.scroll_by(777)
    run(view)
    coloured(view)
    assert not view.at_end()
    return view


def coloured(view: TranscriptView) -> None:
    """Wait until code can get its colours."""
    while view.lexers.get("python") is None:
        settle()
    run(view)


@pytest.mark.parametrize("text", [LONG, LIST, TABLE, QUOTE, CODE, PARAGRAPH, "$$\nx\n$$\n" * 9])
def test_an_answer_that_streams_below_moves_nothing(text: str, theme: Theme) -> None:
    view = reading(theme, [question("q2"), streaming("s")])
    before = picture(view)
    top = view.scroller.top
    send(view, "s", text, size=23, frame=3)
    view.finish_message(answer("s", text))
    assert picture(view) == before
    assert view.scroller.top == top


def test_what_is_streamed_is_read_from_its_middle(theme: Theme) -> None:
    view = shown(theme, [question("q"), streaming("s")])
    send(view, "s", LONG)
    view.scroll_by(-900)
    before = picture(view)
    for text in (TABLE, CODE, LIST, "\n\n" + PARAGRAPH, QUOTE):
        send(view, "s", "\n\n" + text, size=31, frame=4)
        assert picture(view) == before
    view.finish_message(answer("s", body(view, "s").text.source.text))
    assert picture(view) == before


@pytest.mark.parametrize(
    "happens",
    [
        lambda view: view.add_message(streaming("n")),
        lambda view: view.set_notice("s", Notice(NoticeKind.RETRY, 3)),
        lambda view: view.apply_delta("s", ReasoningDelta("Thinking. " * 400)),
        lambda view: view.finish_message(
            answer("s", "cut", state=MessageState.FAILED, error=ErrorInfo(ErrorKind.NETWORK))
        ),
        lambda view: view.retranslate(),
        lambda view: view.resize(view.width(), view.height() - 90),
        lambda view: view.resize(view.width() + 200, view.height()),
    ],
    ids=["message", "notice", "thinking", "failure", "language", "height", "beside"],
)
def test_what_happens_elsewhere_moves_nothing(
    happens: Callable[[TranscriptView], None], theme: Theme
) -> None:
    view = reading(theme, [question("q2"), streaming("s")])
    row = row_of(view, "m", 8)
    happens(view)
    run(view)
    assert row_of(view, "m", 8) == row
    assert not view.scroller.following


def test_thinking_that_folds_below_moves_nothing(theme: Theme) -> None:
    view = shown(theme, [question("q"), answer("m", MARKED), question("q2"), streaming("s")])
    think(view, "s", "\n\n".join(f"thought {n}" for n in range(60)))
    view.scroll_to(view.column.top_of(2) - 500)
    row = row_of(view, "m", 39)
    send(view, "s", "The answer.")
    assert body(view, "s").thinking.unfolded, "it is in sight"
    assert row_of(view, "m", 39) == row


def test_what_folds_below_leaves_room_free_rather_than_moving(theme: Theme) -> None:
    thoughts = "\n\n".join(f"thought {n}" for n in range(12))
    view = shown(theme, [question("q"), answer("m", MARKED), answer("a", "x", reasoning=thoughts)])
    press(view, "a", "thinking")
    view.scroll_to_end()
    run(view)
    row = row_of(view, "m", 39)
    press(view, "a", "thinking")
    assert view.scroller.top > view.scroller.lowest
    assert row_of(view, "m", 39) == row
    view.add_message(streaming("s"))
    run(view)
    assert row_of(view, "m", 39) == row, "the room is filled first"
    send(view, "s", LONG)
    assert view.scroller.top == view.scroller.lowest, "then the end is followed"


def test_free_room_goes_with_the_next_step(theme: Theme) -> None:
    thoughts = "\n\n".join(f"thought {n}" for n in range(12))
    view = shown(theme, [question("q"), answer("m", MARKED), answer("a", "x", reasoning=thoughts)])
    press(view, "a", "thinking")
    view.scroll_to_end()
    press(view, "a", "thinking")
    assert view.scroller.top > view.scroller.lowest
    view.scroll_by(1)
    assert view.scroller.top == view.scroller.lowest, "the reader's own step fills the view"


def texts(view: TranscriptView, name: str, top: int = 0) -> list[tuple[int, str]]:
    """The pieces in sight of a message: their rows and beginnings."""
    drawn = body(view, name)
    found = []
    for number, piece in enumerate(drawn.text.body.pieces):
        row = row_of(view, name, number)
        if top <= row < view.scroller.height - 20:
            found.append((row, piece.plain(0, 12)))
    return found


@pytest.mark.parametrize("width", [900, 700, 520, 400])
def test_a_new_width_keeps_the_first_line(width: int, theme: Theme) -> None:
    view = reading(theme)
    for step in (0, 13, 61, 200):
        view.scroll_by(step)
        run(view)
        first = first_line(view)
        view.resize(width, view.height())
        run(view)
        assert row_of_line(view, first) == first[3]
        view.resize(1016, view.height())
        run(view)
        assert row_of_line(view, first) == first[3]


def first_line(view: TranscriptView) -> tuple[str, int, int, int]:
    """The message, piece, position and row of the first whole line in sight."""
    for number, piece in enumerate(body(view, "m").text.body.pieces):
        row = row_of(view, "m", number)
        if row + piece.height <= 0:
            continue
        if row >= -1:
            return "m", number, 0, row
        for position in range(piece.length()):
            line = row + round(piece.caret_at(view.page, position).top())
            if line >= -1:
                return "m", number, position, line
    raise AssertionError("no line")


def row_of_line(view: TranscriptView, line: tuple[str, int, int, int]) -> int:
    piece = body(view, line[0]).text.body.pieces[line[1]]
    return row_of(view, line[0], line[1]) + round(piece.caret_at(view.page, line[2]).top())


def test_text_size_and_code_font_keep_the_first_line(theme: Theme) -> None:
    view = reading(theme, text=MARKED + "\n\n" + CODE)
    try:
        for step in (0, 61, 150):
            view.scroll_by(step)
            run(view)
            first = first_line(view)
            for scale in (1.5, 2.0, 0.9, 1.0):
                theme.choose(text_scale=scale)
                run(view)
                assert row_of_line(view, first) == first[3]
                assert body(view, "m").text.body.pieces[0].height > 0
        theme.choose(code_family="Noto Sans Mono CJK SC")
        run(view)
        assert row_of_line(view, first) == first[3]
    finally:
        theme.choose(text_scale=1.0, code_family="")


def test_a_larger_text_is_higher_everywhere(theme: Theme) -> None:
    view = reading(theme)
    before = sum(heights(view, "m"))
    try:
        theme.choose(text_scale=2.0)
        assert sum(heights(view, "m")) > 3 * before
    finally:
        theme.choose(text_scale=1.0)
    assert sum(heights(view, "m")) == before


def test_a_hidden_view_takes_the_size_when_it_is_shown(theme: Theme) -> None:
    view = reading(theme)
    first = first_line(view)
    view.hide()
    try:
        theme.choose(text_scale=1.5)
        view.show()
        run(view)
        assert row_of_line(view, first) == first[3]
        assert view.page.look.scale == 1.5
    finally:
        theme.choose(text_scale=1.0)


def test_a_theme_and_contrast_move_nothing(theme: Theme) -> None:
    view = reading(theme)
    row = row_of(view, "m", 8)
    try:
        theme.choose("dark")
        theme.choose(contrast="high")
        run(view)
        assert row_of(view, "m", 8) == row
    finally:
        theme.choose("light", contrast="normal")


def test_a_column_width_keeps_the_first_line(theme: Theme) -> None:
    view = reading(theme)
    view.resize(1500, 640)
    run(view)
    first = first_line(view)
    for width in (640, 960, None, 760):
        view.sheet.set_widest(width)
        run(view)
        assert row_of_line(view, first) == first[3]


def test_messages_and_texts_that_come_above_move_nothing(theme: Theme) -> None:
    every = [
        part
        for n in range(40)
        for part in (question(f"q{n}"), answer(f"a{n}", EN if n % 3 else ZH * 3))
    ]
    heads: list[Message | MessageHead] = [message.head() for message in every[:60]]
    view = shown(theme, [*heads, *every[60:]])
    view.scroll_to(view.column.top_of(61) + 100)
    coloured(view)
    first = view.scroller.anchor
    before = picture(view)
    for message in every[30:60]:
        view.supply([message])
    assert picture(view) == before
    view.scroll_by(-150)
    run(view)
    view.scroll_by(150)
    assert picture(view) == before
    earlier: list[Message | MessageHead] = [question("x"), answer("y", LONG), *every]
    view.set_branch(earlier, one)
    run(view)
    assert view.scroller.anchor.item == first.item + 2
    assert picture(view) == before


def test_folding_keeps_the_row_that_was_pressed(theme: Theme) -> None:
    thoughts = "\n\n".join(f"thought {n}" for n in range(40))
    view = shown(theme, [question("q"), answer("a", "Short.", reasoning=thoughts)])
    widget = view.overlay.widget(("a", "thinking"))
    assert widget is not None
    for _ in range(3):
        y = widget.y()
        press(view, "a", "thinking")
        found = view.overlay.widget(("a", "thinking"))
        assert found is not None
        assert found.y() == y


def test_another_version_keeps_what_was_pressed_under_the_pointer(theme: Theme) -> None:
    def siblings(name: str) -> tuple[int, int]:
        return (1, 2) if name in ("a", "b", "q2", "p2") else (1, 1)

    branch = [question("q"), answer("m", LONG), question("q2")]
    long = [*branch, answer("a", LONG), question("q3"), answer("end", LONG)]
    short = [*branch, answer("b", ZH)]
    view = shown(theme, long, siblings)
    view.scroll_to_message("q3")
    view.scroll_by(-400)
    run(view)
    shown_at = switch_row(view, "a")
    press(view, "a", "sibling:1")
    view.set_branch(short, siblings)
    run(view)
    assert switch_row(view, "b") == shown_at
    press(view, "b", "sibling:1")
    view.set_branch(long, siblings)
    run(view)
    assert switch_row(view, "a") == shown_at
    other = [*branch[:2], question("p2", "Another question"), answer("c", ZH)]
    view.scroll_to_message("q2")
    view.scroll_by(-300)
    run(view)
    row = view.column.top_of(2) - view.scroller.top
    press(view, "q2", "sibling:1")
    view.set_branch(other, siblings)
    run(view)
    assert view.column.top_of(2) - view.scroller.top == row


def switch_row(view: TranscriptView, name: str) -> int:
    found = view.overlay.widget((name, "sibling:1"))
    assert found is not None, view.overlay.widgets()
    return found.y()


# Following


def asking(theme: Theme, follow: Follow, questions: str = "How?") -> TranscriptView:
    view = shown(theme, [question("q0"), answer("a0", LONG)])
    view.scroller.follow = follow
    view.add_message(question("q", questions))
    view.add_message(streaming("a"))
    run(view)
    return view


def test_an_answer_is_followed_to_its_end(theme: Theme) -> None:
    view = asking(theme, Follow.END)
    send(view, "a", LONG, size=50, frame=5)
    assert view.at_end()
    assert view.scroller.top == view.scroller.lowest
    assert not view.pill.isVisible()


def test_an_answer_grows_until_its_question_is_at_the_top(theme: Theme) -> None:
    view = asking(theme, Follow.QUESTION)
    assert view.scroller.following
    index = view.column.index_of("q")
    assert index is not None
    tops = []
    for start in range(0, len(LONG), 40):
        view.apply_delta("a", TextDelta(LONG[start : start + 40]))
        run(view)
        tops.append(view.scroller.top)
        assert view.scroller.top <= view.column.top_of(index)
    assert tops == sorted(tops)
    assert view.scroller.top == view.column.top_of(index)
    assert view.pill.isVisible()
    view.finish_message(answer("a", LONG))
    run(view)
    assert view.scroller.top == view.column.top_of(index)


@pytest.mark.parametrize("how", ["pill", "key", "hand"])
def test_beyond_the_question_the_end_is_followed_once_it_was_reached(
    how: str, theme: Theme
) -> None:
    view = asking(theme, Follow.QUESTION)
    send(view, "a", LONG, size=50, frame=5)
    assert not view.at_end()
    if how == "pill":
        QTest.mouseClick(view.pill, Qt.MouseButton.LeftButton)
    elif how == "key":
        QTest.keyClick(view, Qt.Key.Key_End, Qt.KeyboardModifier.ControlModifier)
    else:
        view.scroll_by(100_000)
    run(view)
    send(view, "a", "\n\n" + LONG, size=50, frame=5)
    assert view.scroller.top == view.scroller.lowest
    view.add_message(question("q2"))
    view.add_message(streaming("a2"))
    run(view)
    send(view, "a2", LONG, size=50, frame=5)
    index = view.column.index_of("q2")
    assert index is not None
    assert view.scroller.top == view.column.top_of(index), "the next one stops again"


def test_a_reader_who_went_away_is_not_taken_to_the_question(theme: Theme) -> None:
    view = asking(theme, Follow.QUESTION)
    send(view, "a", "Beginning.\n\n")
    view.scroll_by(-300)
    before = picture(view)
    send(view, "a", LONG, size=50, frame=5)
    assert picture(view) == before
    assert view.pill.isVisible()


def test_of_a_long_question_the_answer_is_seen(theme: Theme) -> None:
    view = asking(theme, Follow.QUESTION, "word " * 2000)
    send(view, "a", LONG, size=50, frame=5)
    index = view.column.index_of("a")
    assert index is not None
    row = view.column.top_of(index) - view.scroller.top
    assert 0 < row <= view.scroller.height // 2


def test_asking_again_follows_again(theme: Theme) -> None:
    view = asking(theme, Follow.QUESTION)
    send(view, "a", LONG, size=50, frame=5)
    view.finish_message(answer("a", LONG))
    view.scroll_to(0)
    run(view)
    view.set_branch(
        [question("q0"), answer("a0", LONG), question("q"), streaming("b")], lambda _name: (1, 1)
    )
    run(view)
    assert view.at_end()
    send(view, "b", LONG, size=50, frame=5)
    assert view.scroller.top == view.column.top_of(2)


def test_a_hidden_view_stands_at_the_question_when_it_is_shown(theme: Theme) -> None:
    view = asking(theme, Follow.QUESTION)
    view.hide()
    settle()
    for start in range(0, len(LONG), 40):
        view.apply_delta("a", TextDelta(LONG[start : start + 40]))
    view.finish_message(answer("a", LONG))
    view.show()
    run(view)
    assert view.scroller.top == view.column.top_of(2)


def test_returning_to_a_tab_finds_the_place(theme: Theme) -> None:
    view = reading(theme, [question("q2"), streaming("s")])
    before = picture(view)
    view.hide()
    settle()
    for start in range(0, len(LONG), 40):
        view.apply_delta("s", TextDelta(LONG[start : start + 40]))
    view.show()
    assert picture(view) == before


def test_the_time_of_thinking_is_taken_while_hidden(
    theme: Theme, monkeypatch: pytest.MonkeyPatch
) -> None:
    view = shown(theme, [question("q"), streaming("s")])
    view.hide()
    settle()
    clock = 1000.0
    monkeypatch.setattr("time.monotonic", lambda: clock)
    view.apply_delta("s", ReasoningDelta("Hm."))
    clock = 1004.0
    view.apply_delta("s", TextDelta("Yes."))
    clock = 1900.0
    view.show()
    run(view)
    assert body(view, "s").thinking.title(live=False) == "Thought for 4 s"


def test_texts_that_did_not_come_are_asked_for_again(theme: Theme) -> None:
    every = [answer(f"a{n}", ZH) for n in range(60)]
    asked: list[str] = []
    view = TranscriptView(theme)
    view.resize(1016, 640)
    view.texts_needed.connect(asked.extend)
    view.set_branch([message.head() for message in every], one)
    view.show()
    run(view)
    first = list(asked)
    assert "a59" in first
    view.rebuild()
    run(view)
    assert asked == first, "not twice"
    view.texts_missed(first)
    view.scroll_by(-10)
    run(view)
    assert asked.count("a59") == 2
    view.scroll_to(0)
    run(view)
    view.scroll_to_end()
    run(view)
    assert asked.count("a59") == 3, "again when the reader comes back"


def test_a_random_life_never_moves_the_reader(theme: Theme) -> None:
    chance = random.Random(7)
    view = reading(theme, [question("q2"), streaming("s")])
    texts = [LIST, TABLE, CODE, QUOTE, PARAGRAPH, ZH, EN]
    first = first_line(view)
    for _ in range(60):
        match chance.randrange(6):
            case 0:
                view.resize(chance.randrange(420, 1300), view.height())
            case 1:
                view.resize(view.width(), chance.randrange(300, 800))
            case 2:
                send(view, "s", "\n\n" + chance.choice(texts), size=97, frame=2)
            case 3:
                view.sheet.set_widest(chance.choice([640, 760, 960, None]))
            case 4:
                theme.choose(text_scale=chance.choice([0.9, 1.0, 1.25, 1.5]))
            case _:
                theme.choose(chance.choice(["light", "dark"]))
        run(view)
        assert row_of_line(view, first) == first[3]
    theme.choose("light", text_scale=1.0)


def test_scrolling_up_into_text_that_is_not_parsed_yet_holds_what_is_in_sight(
    theme: Theme, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Every look at a message finds time for a little of its text alone.
    monkeypatch.setattr("desktop_chat.ui.transcript.model._PARSE_SECONDS", 0.0005)
    monkeypatch.setattr("desktop_chat.ui.transcript.view._WORK_SECONDS", 0.0005)
    view = shown(theme, [question("q"), answer("long", LONG * 9), question("r"), answer("m", LONG)])
    view.scroll_to_message("m")
    run(view)
    view.column.items[1].body = None
    view.column._loaded.discard(1)
    for _ in range(6):
        row = row_of(view, "m", 0)
        view.scroll_by(-90)
        assert row_of(view, "m", 0) == row + 90
        while view._frame_timer.isActive():
            view._frame_timer.stop()
            view._frame()
            assert row_of(view, "m", 0) == row + 90
        run(view)
        assert row_of(view, "m", 0) == row + 90


@pytest.mark.parametrize("how", ["size", "family", "width", "back"])
def test_what_was_set_anew_looks_as_if_it_had_always_been(how: str, theme: Theme) -> None:
    branch = [
        question("q", "word " * 60),
        answer("a", TABLE[:600] + ZH + EN + CODE[:300] + LIST[:300], reasoning="Hm.", model="m"),
        question("q2"),
        answer("b", QUOTE[:200] + "\n\n$$\n\\frac{a}{b}\n$$\n\n" + PARAGRAPH[:700]),
    ]
    view = shown(theme, branch)
    view.scroll_to(0)
    run(view)
    press(view, "a", "thinking")
    coloured(view)
    for _ in range(12):
        view.scroll_by(500)
        run(view)
    try:
        if how == "size":
            theme.choose(text_scale=1.5)
        elif how == "family":
            theme.choose(code_family="Noto Sans Mono CJK SC")
        elif how == "width":
            view.resize(700, 640)
        else:
            theme.choose(text_scale=2.0)
            run(view)
            theme.choose(text_scale=1.0)
        run(view)
        other = shown(theme, branch, size=(view.width(), 640))
        other.scroll_to(0)
        run(other)
        press(other, "a", "thinking")
        coloured(other)
        view.scroll_to(0)
        run(view)
        for _ in range(12):
            assert picture(view) == picture(other)
            for one_of in (view, other):
                one_of.scroll_by(400)
                run(one_of)
        assert view.column.height == other.column.height
    finally:
        theme.choose(text_scale=1.0, code_family="")


def test_a_short_question_has_a_narrow_bubble_at_any_size(theme: Theme) -> None:
    view = shown(theme, [question("q", "How?")])
    try:
        for scale in (1.0, 2.0):
            theme.choose(text_scale=scale)
            run(view)
            drawn = view.column.body(0)
            assert drawn is not None
            assert drawn.placed(view.page)[0].x > view.page.width - 140 * scale
    finally:
        theme.choose(text_scale=1.0)


def test_formulas_that_come_late_move_nothing_that_is_read(theme: Theme) -> None:
    tall = "$$\n\\frac{\\frac{a}{b}}{\\frac{c}{d}}\n$$\n\n"
    text = "".join(f"{tall}Text {number} between formulas.\n\n" for number in range(30))
    view = shown(theme, [question("q"), answer("a", text), question("q2"), streaming("s")])
    pieces = body(view, "a").text.body.pieces
    for _ in range(12):
        view.scroll_by(-130)
        paint(view)
        drawn = [
            (number, row)
            for number in range(1, len(pieces), 2)
            if 0 <= (row := row_of(view, "a", number)) < 80
        ]
        above = [number for number in range(len(pieces)) if row_of(view, "a", number) < 0]
        run(view)
        for number, row in drawn[:1]:
            # What lies above it in sight may push it; what lies above the view does not.
            if number - 1 in above:
                assert row_of(view, "a", number) == row
