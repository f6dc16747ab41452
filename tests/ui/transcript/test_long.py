"""Long conversations: opening, scrolling, memory, width and theme."""

from collections.abc import Sequence

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from desktop_chat.core.messages import Message, MessageHead, MessageState, Role
from desktop_chat.ui.theme import Theme
from desktop_chat.ui.transcript.pieces import TextPiece
from desktop_chat.ui.transcript.text.layout_text import Counter
from desktop_chat.ui.transcript.view import TranscriptView
from tests.helpers.qt import settle
from tests.ui.transcript.corpus import EN, ZH
from tests.ui.transcript.support import (
    Paints,
    answer,
    body,
    paint,
    question,
    run,
    send,
    shown,
    streaming,
)

COUNT = 10_000


def text_of(number: int) -> str:
    return f"Answer {number}. " + (ZH if number % 3 else EN)


class Store:
    """Gives texts as a session would: later, and only those asked for."""

    def __init__(self, view: TranscriptView, messages: Sequence[Message]) -> None:
        self._messages = {message.id: message for message in messages}
        self._view = view
        self.asked: list[str] = []
        view.texts_needed.connect(self._give)

    def _give(self, ids: list[str]) -> None:
        self.asked += ids
        self._view.supply([self._messages[name] for name in ids])


def messages(count: int) -> list[Message]:
    made = []
    for number in range(count // 2):
        made.append(question(f"q{number}", f"Question {number}?"))
        made.append(answer(f"a{number}", text_of(number), model="m"))
    return made


def opened(theme: Theme, count: int, loaded: int = 0) -> tuple[TranscriptView, Store]:
    """A view of heads, with the texts of the last messages given at once."""
    every = messages(count)
    view = TranscriptView(theme)
    view.resize(1016, 640)
    store = Store(view, every)
    cut = count - loaded
    branch: list[Message | MessageHead] = [message.head() for message in every[:cut]]
    view.set_branch([*branch, *every[cut:]], lambda _name: (1, 1))
    view.show()
    run(view)
    return view, store


def first_visible(view: TranscriptView) -> str:
    return view.column.items[view.column.at(view.scroller.top)].id


def test_opening_costs_one_screen_however_long_the_conversation(theme: Theme) -> None:
    before = Counter.layouts
    short, _store = opened(theme, 10)
    cost_of_short = Counter.layouts - before
    before = Counter.layouts
    long, store = opened(theme, COUNT)
    assert Counter.layouts - before <= cost_of_short * 1.2 + 5
    assert len(store.asked) <= 20
    assert long.at_end()
    assert short.viewport().grab().toImage().size() == long.viewport().grab().toImage().size()
    assert sum(item.body is not None for item in long.column.items) <= 20


def test_texts_are_asked_for_once_and_only_near_the_viewport(theme: Theme) -> None:
    view, store = opened(theme, COUNT)
    assert len(store.asked) == len(set(store.asked))
    asked = len(store.asked)
    view.rebuild()
    run(view)
    assert len(store.asked) == asked
    view.scroll_to(view.column.height // 2)
    run(view)
    assert len(store.asked) > asked
    visible = view.column.between(view.scroller.top, view.scroller.top + view.scroller.height)
    assert all(view.column.items[index].body is not None for index in visible)


def test_scrolling_far_keeps_memory_bounded(theme: Theme) -> None:
    view, _store = opened(theme, 2000)
    for _ in range(120):
        view.scroll_by(-600)
        run(view)
    bodies = [item for item in view.column.items if item.body is not None]
    assert len(bodies) <= 60
    texts = [item for item in view.column.items if item.message is not None]
    assert len(texts) <= 900
    laid = 0
    for item in bodies:
        assert item.body is not None
        laid += sum(len(place.section._laid) for place in item.body.placed(view.page))
    assert laid <= 400


def laid_out(view: TranscriptView, name: str) -> int:
    """How many text pieces of an answer hold layouts."""
    pieces = body(view, name).text.body.pieces
    return sum(isinstance(piece, TextPiece) and piece._flow is not None for piece in pieces)


def test_scrolling_through_one_long_answer_keeps_few_layouts(theme: Theme) -> None:
    text = "".join(f"- item {number}\n" for number in range(1500))
    view = shown(theme, [question("q"), answer("a", text)])
    view.scroll_to(0)
    for _ in range(70):
        view.scroll_by(550)
        run(view)
    assert view.at_end()
    assert laid_out(view, "a") < 200


def test_a_long_stream_keeps_few_layouts(theme: Theme) -> None:
    view = shown(theme, [question("q"), streaming("a")])
    send(view, "a", "".join(f"- item {number}\n" for number in range(900)), 40, frame=2)
    assert len(body(view, "a").text.body.pieces) == 900
    assert laid_out(view, "a") < 200


def test_nothing_moves_when_heights_above_become_real(theme: Theme) -> None:
    view, _store = opened(theme, 400)
    view.scroll_to(view.column.height // 2)
    run(view)
    held, picture = view.scroller.anchor, view.viewport().grab().toImage()
    top, thumb = view.scroller.top, view.verticalScrollBar().value()
    view.column.measure_up(top, 20_000)
    assert view.column.y_of(held) != top, "estimates above have become real heights"
    view.rebuild()
    assert view.viewport().grab().toImage() == picture
    assert view.verticalScrollBar().value() == thumb, "the thumb stays, too"


def test_scrolling_up_moves_by_what_was_asked(theme: Theme) -> None:
    view, _store = opened(theme, 400)
    for step in (37, 120, 500, 48, 300):
        held = view.scroller.anchor
        view.scroll_by(-step)
        run(view)
        # Formulas came before they were in sight, so none pushed the text.
        assert view.column.y_of(held) - view.scroller.top == step


def test_scrolling_down_again_comes_back(theme: Theme) -> None:
    view, _store = opened(theme, 200)
    view.scroll_to(view.column.height // 3)
    run(view)
    while view.lexers.get("python") is None:
        settle()
    run(view)
    picture = view.viewport().grab().toImage()
    for step in (-700, -300, 400, 600):
        view.scroll_by(step)
        run(view)
    assert view.viewport().grab().toImage() == picture


def test_what_is_blitted_is_what_would_be_painted(theme: Theme) -> None:
    view, _store = opened(theme, 60, loaded=60)
    for step in (-50, -333, 120, -640, -7, 45, -1200, 90, 2):
        view.scroll_by(step)
        run(view)
        seen = view.screen().grabWindow(view.winId()).toImage()
        assert seen == view.grab().toImage(), step


def test_a_step_paints_what_comes_into_sight_alone(theme: Theme) -> None:
    view, _store = opened(theme, 60, loaded=60)
    view.scroll_by(-3000)
    run(view)
    while view.lexers.get("python") is None:
        settle()
    run(view)
    assert view.pill.isVisible()
    paints = Paints(view)
    for step in (-20, -4, 30):
        view.scroll_by(step)
        paint(view)
        whole = view.viewport().width() * view.viewport().height()
        assert 0 < paints.area() < whole / 8


@pytest.mark.parametrize(
    ("key", "step"),
    [
        (Qt.Key.Key_Up, -48),
        (Qt.Key.Key_PageUp, -592),
        (Qt.Key.Key_Down, 48),
        (Qt.Key.Key_PageDown, 592),
        (Qt.Key.Key_Space, 592),
    ],
)
def test_keys_scroll(key: Qt.Key, step: int, theme: Theme) -> None:
    view, _store = opened(theme, 60, loaded=60)
    view.scroll_by(-3000)
    run(view)
    held = view.scroller.anchor
    QTest.keyClick(view, key)
    run(view)
    assert view.scroller.top - view.column.y_of(held) == step


def test_home_and_end_reach_the_ends(theme: Theme) -> None:
    view, _store = opened(theme, 400)
    QTest.keyClick(view, Qt.Key.Key_Home)
    run(view)
    assert view.scroller.top == 0
    assert first_visible(view) == "q0"
    assert view.column.items[0].body is not None
    QTest.keyClick(view, Qt.Key.Key_End)
    run(view)
    assert view.at_end()
    assert view.column.items[-1].body is not None


def test_a_message_can_be_brought_to_the_top(theme: Theme) -> None:
    view, _store = opened(theme, COUNT)
    view.scroll_to_message("q1234")
    run(view)
    assert first_visible(view) == "q1234"
    view.scroll_to_message("gone")
    assert first_visible(view) == "q1234"


def test_the_rail_shows_and_chooses_turns(theme: Theme) -> None:
    view, _store = opened(theme, 40, loaded=40)
    assert view.rail.isVisible()
    assert view.rail.turns == 20
    assert view.rail.current == 19
    QTest.mouseClick(view.rail, Qt.MouseButton.LeftButton, pos=view.rail.tick(3))
    run(view)
    assert first_visible(view) == "q3"
    assert view.rail.current == 3


def test_a_narrow_view_has_no_rail_and_keeps_its_sides(theme: Theme) -> None:
    view, _store = opened(theme, 20, loaded=20)
    view.resize(560, 640)
    run(view)
    assert not view.rail.isVisible()
    assert view.page.width == 560 - 48
    assert view.left == 24


def test_a_new_width_measures_what_is_visible_and_holds_the_place(theme: Theme) -> None:
    view, _store = opened(theme, COUNT)
    view.scroll_to_message("q2000")
    view.scroll_by(150)
    run(view)
    before = view.scroller.anchor
    count = Counter.layouts
    view.resize(700, 640)
    run(view)
    assert Counter.layouts - count < 250
    after = view.scroller.anchor
    assert (after.item, after.spot.part, after.spot.number) == (
        before.item,
        before.spot.part,
        before.spot.number,
    )


def test_at_the_end_a_new_width_stays_at_the_end(theme: Theme) -> None:
    view, _store = opened(theme, 200)
    view.resize(600, 500)
    run(view)
    assert view.at_end()
    assert view.scroller.top == view.scroller.lowest


def test_a_new_theme_changes_colours_alone(theme: Theme) -> None:
    view, _store = opened(theme, COUNT)
    view.scroll_by(-900)
    run(view)
    height, top = view.column.height, view.scroller.top
    count = Counter.layouts
    theme.choose("dark")
    run(view)
    assert (view.column.height, view.scroller.top) == (height, top)
    assert Counter.layouts - count < 150
    fresh = shown(theme)
    assert view.viewport().grab().toImage().pixel(5, 5) == theme.tokens.canvas.rgb()
    del fresh
    theme.choose("light")


def test_a_new_theme_looks_as_if_it_had_always_been(theme: Theme) -> None:
    branch = [question("q"), answer("a", ZH, reasoning="hm", model="m"), answer("b", EN)]
    view = shown(theme, branch)
    while view.lexers.get("python") is None:
        settle()
    theme.choose("dark")
    run(view)
    other = shown(theme, branch)
    while other.lexers.get("python") is None:
        settle()
    run(other)
    assert view.grab().toImage() == other.grab().toImage()


def test_another_branch_keeps_what_stays_and_the_place(theme: Theme) -> None:
    every = messages(60)
    view = shown(theme, every)
    view.scroll_to_message("q10")
    run(view)
    body = view.column.items[20].body
    assert body is not None
    other = [*every[:30], question("x", "Another question"), answer("y", "Another answer")]
    view.set_branch(other, lambda name: (2, 2) if name == "x" else (1, 1))
    run(view)
    assert first_visible(view) == "q10"
    assert view.column.items[20].body is body
    assert [item.id for item in view.column.items[-2:]] == ["x", "y"]


def test_a_place_that_is_gone_leads_to_the_end(theme: Theme) -> None:
    view = shown(theme, messages(60))
    view.scroll_to_message("q20")
    run(view)
    view.set_branch(messages(20), lambda _name: (1, 1))
    run(view)
    assert view.at_end()


def test_an_empty_conversation_is_quiet(theme: Theme) -> None:
    view = shown(theme)
    for key in (Qt.Key.Key_Home, Qt.Key.Key_End, Qt.Key.Key_PageUp, Qt.Key.Key_Down):
        QTest.keyClick(view, key)
    view.resize(600, 400)
    run(view)
    assert view.at_end()
    assert not view.pill.isVisible()
    assert not view.copy_last_answer()
    assert not view.copy_last_code()


def test_an_estimate_of_a_head_uses_its_length(theme: Theme) -> None:
    heads = [
        MessageHead("s", None, Role.ASSISTANT, MessageState.DONE, 0.0, 100),
        MessageHead("l", None, Role.ASSISTANT, MessageState.DONE, 0.0, 10_000),
    ]
    view = shown(theme, heads)
    assert view.column.height_of(1) > 10 * view.column.height_of(0)
