"""Find in chat over a real view: what is found, where it is brought to, and while text arrives."""

import random
from collections.abc import Sequence

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QColor
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QPushButton

from desktop_chat.core.i18n import install
from desktop_chat.core.messages import Message, MessageHead
from desktop_chat.ui.theme import Theme
from desktop_chat.ui.transcript.answer import AnswerBody
from desktop_chat.ui.transcript.answer_text import AnswerText
from desktop_chat.ui.transcript.code.highlight import Lexers
from desktop_chat.ui.transcript.code.layout_code import CodePiece
from desktop_chat.ui.transcript.find.find_bar import FindBar
from desktop_chat.ui.transcript.find.found import Found, Hit
from desktop_chat.ui.transcript.find.lookup import Growing, Whole
from desktop_chat.ui.transcript.find.needle import Needle
from desktop_chat.ui.transcript.look import Page
from desktop_chat.ui.transcript.places import END, Part
from desktop_chat.ui.transcript.view import TranscriptView
from tests.helpers.qt import settle
from tests.helpers.theme import RESOURCES
from tests.ui.transcript.corpus import EN, ZH
from tests.ui.transcript.support import (
    answer,
    body,
    one,
    question,
    run,
    send,
    shown,
    streaming,
    think,
)

EVERYWHERE = """A **tok**en bucket, `token` and [a token](https://example.com/token).

| token | b |
|---|---|
| x | **my token** |

```python
token = 1  # token
```

$$
token_i
$$

The rate $token$ ends.
"""


PICTURE = "![the b *c*](https://a.b/c.png)"
PAIRS = "𝄞 a𝄞 `𝄞` b\n\n```\n𝄞 𝄞x\n𝄞\n```\n\n| 𝄞 | 𝄞 |\n|-|-|\n"


def finish(view: TranscriptView) -> None:
    """Let the search and the way to its hit come to their end."""
    search = view.search
    while search._timer.isActive() or search.visiting:
        settle()
    if not search.looking:
        # What a stream brings is told a moment later.
        while search._marking.isActive():
            settle()
    run(view)


def opened(theme: Theme, branch: Sequence[Message | MessageHead]) -> tuple[TranscriptView, FindBar]:
    view = shown(theme, branch)
    bar = FindBar(view)
    view.setFocus()
    bar.open()
    return view, bar


def look(bar: FindBar, query: str) -> str:
    """Type a query; return what the bar says of it."""
    bar.field.clear()
    QTest.keyClicks(bar.field, query)
    finish(bar._canvas)  # type: ignore[arg-type]
    return bar.field.note


def click(view: TranscriptView, button: QAbstractButton) -> None:
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    finish(view)


def all_hits(found: Found | None) -> list[Hit]:
    return [] if found is None else [found.at(number) for number in range(found.count)]


def drawn(view: TranscriptView, name: str, hit: Hit) -> str:
    """The text of a hit as the drawn piece has it."""
    index = view.column.index_of(name)
    assert index is not None
    message_body = view.column.body(index)
    assert message_body is not None
    at = message_body.piece(view.page, hit.part, hit.piece)
    assert at is not None
    return at.piece.plain(hit.start, min(hit.end, at.piece.length()))


def line_of(view: TranscriptView) -> tuple[int, int]:
    """Where in the viewport the reader's hit begins."""
    assert view.search.current is not None
    name, hit = view.search.current
    index = view.column.index_of(name)
    assert index is not None
    message_body = view.column.body(index)
    assert message_body is not None
    at = message_body.piece(view.page, hit.part, hit.piece)
    assert at is not None
    rect = at.piece.caret_at(at.page, hit.start)
    top = view.column.top_of(index) + at.y + int(rect.top()) - view.scroller.top
    return view.left + at.x + int(rect.x()), top


def check_in_sight(view: TranscriptView, bar: FindBar) -> None:
    x, y = line_of(view)
    assert bar.geometry().bottom() < y < view.scroller.height - 20, y
    assert 0 <= x < view.viewport().width()


# What is found


def test_it_is_found_in_every_kind_of_text(theme: Theme) -> None:
    view, bar = opened(
        theme, [question("q", "My Token?"), answer("a", EVERYWHERE, reasoning="Thought: token.")]
    )
    assert look(bar, "token") == "1 / 11"
    hits = all_hits(view.search._results.of("a"))
    assert [hit.part for hit in hits].count(Part.THINKING) == 1
    texts = [drawn(view, "a", hit) for hit in hits if hit.part == Part.BODY]
    assert texts == [*["token"] * 7, "$$\ntoken_i\n$$", "$token$"]


@pytest.mark.parametrize("query", ["the", "令牌", "b", "重点：后", "=", "_i", "𝄞", "时钟"])
@pytest.mark.parametrize("text", [ZH, EN, EVERYWHERE, PAIRS, PICTURE])
def test_a_hit_stands_where_the_drawn_text_has_it(
    page: Page, lexers: Lexers, query: str, text: str
) -> None:
    message = answer("a", text, reasoning="the 令牌 thought\n\nb 𝄞")
    reading = Whole(Needle(query), message)
    assert reading.run(float("inf"))
    drawn_body = AnswerBody(message, lexers, lambda _id: ("", "#000000"))
    drawn_body.work(page, 10)
    for hit in all_hits(reading.found):
        section = drawn_body.text.thinking if hit.part == Part.THINKING else drawn_body.text.body
        piece = section.pieces[hit.piece]
        assert hit.end <= piece.length()
        assert query in piece.plain(hit.start, hit.end).lower()
    shown_text = "\n".join(piece.plain(0, piece.length()) for piece in drawn_body.text.body.pieces)
    assert len(reading.found.body) == shown_text.lower().count(query)


def test_switches_count_capitals_and_whole_words(theme: Theme) -> None:
    view, bar = opened(theme, [question("q", "Token token tokens"), answer("a", "no")])
    assert look(bar, "token") == "1 / 3"
    click(view, bar.case)
    assert bar.field.note == "1 / 2"
    click(view, bar.whole)
    assert bar.field.note == "1 / 1"
    click(view, bar.case)
    assert bar.field.note == "2 / 2"
    assert look(bar, "nothing") == "No matches"
    assert not bar.next.isEnabled()
    assert look(bar, "  ") == ""
    assert view.search.needle is None


def test_what_goes_over_the_cut_of_a_long_line_is_found(theme: Theme) -> None:
    text = "x" * 3998 + "token" + "y" * 5000 + " token"
    view, bar = opened(theme, [question("q", text)])
    assert look(bar, "token") == "1 / 2"
    finish(view)
    assert [(hit.piece, hit.end == END) for hit in all_hits(view.search._results.of("q"))] == [
        (0, True),
        (2, False),
    ]
    found = view.search._results.of("q")
    assert found is not None
    assert found.get((Part.BODY, 1)) == ((0, 3),)


# Going from hit to hit


def test_steps_go_around(theme: Theme) -> None:
    branch = [question("q", "one fox"), answer("a", "two fox\n\nthree fox"), question("r", "fox")]
    view, bar = opened(theme, branch)
    assert look(bar, "fox") == "1 / 4"
    notes = []
    for key, modifiers in (
        (Qt.Key.Key_Return, Qt.KeyboardModifier.NoModifier),
        (Qt.Key.Key_Return, Qt.KeyboardModifier.NoModifier),
        (Qt.Key.Key_Return, Qt.KeyboardModifier.NoModifier),
        (Qt.Key.Key_Return, Qt.KeyboardModifier.NoModifier),
        (Qt.Key.Key_Return, Qt.KeyboardModifier.ShiftModifier),
        (Qt.Key.Key_Return, Qt.KeyboardModifier.ShiftModifier),
    ):
        QTest.keyClick(bar.field, key, modifiers)
        finish(view)
        notes.append(bar.field.note)
    assert notes == ["2 / 4", "3 / 4", "4 / 4", "1 / 4", "4 / 4", "3 / 4"]
    click(view, bar.previous)
    assert bar.field.note == "2 / 4"
    click(view, bar.next)
    assert bar.field.note == "3 / 4"
    assert "3 of 4" in bar.field.accessibleDescription()


def test_the_first_hit_is_the_next_one_below_the_top(theme: Theme) -> None:
    branch = [
        entry
        for number in range(30)
        for entry in (question(f"q{number}", f"fox {number}"), answer(f"a{number}", EN))
    ]
    view, bar = opened(theme, branch)
    index = view.column.index_of("q20")
    assert index is not None
    view.scroll_to(view.column.top_of(index) - 150)
    top = view.scroller.top
    assert look(bar, "fox") == "21 / 30"
    assert view.scroller.top == top, "it is in sight already"
    view.search.look_for(None)
    view.scroll_to_end()
    assert look(bar, "fox 3") == "1 / 1"


def test_hits_in_messages_never_laid_out_come_into_sight(theme: Theme) -> None:
    long = "\n\n".join(f"Paragraph {number} of {EN[:300]}" for number in range(200))
    branch = [
        entry
        for number in range(40)
        for entry in (question(f"q{number}"), answer(f"a{number}", long if number == 7 else EN))
    ]
    view, bar = opened(theme, branch)
    assert look(bar, "paragraph 141 ") == "1 / 1"
    check_in_sight(view, bar)
    assert look(bar, "paragraph 3 ") == "1 / 1"
    check_in_sight(view, bar)
    for _step in range(3):
        look(bar, "rate limiting")
        click(view, bar.previous)
        check_in_sight(view, bar)


def test_what_is_folded_unfolds(theme: Theme) -> None:
    code = "\n".join(f"line {number}" for number in range(90))
    asked = "\n".join(f"row {number}" for number in range(200))
    branch = [
        question("q", asked),
        answer("a", f"Yes.\n\n```text\n{code}\n```\n", reasoning="a\n\nhidden fox\n\nb"),
        *[answer(f"x{number}", EN) for number in range(6)],
    ]
    view, bar = opened(theme, branch)
    assert look(bar, "hidden fox") == "1 / 1"
    assert body(view, "a").thinking.unfolded
    check_in_sight(view, bar)
    assert look(bar, "row 188") == "1 / 1"
    check_in_sight(view, bar)
    assert look(bar, "line 77") == "1 / 1"
    check_in_sight(view, bar)
    code_pieces = [piece for piece in body(view, "a").text.body.pieces if piece.length() > 500]
    assert [piece.folded for piece in code_pieces if isinstance(piece, CodePiece)] == [False]


def test_a_line_of_code_that_is_too_wide_is_moved(theme: Theme) -> None:
    view, bar = opened(theme, [answer("a", "```text\n" + "x " * 400 + "fox\n```\n")])
    assert look(bar, "fox") == "1 / 1"
    run(view)
    x, _y = line_of(view)
    assert view.left < x < view.left + view.page.width


def test_a_very_long_answer_is_parsed_as_far_as_the_hit(theme: Theme) -> None:
    text = "\n\n".join(f"Part {number}: {ZH}" for number in range(400)) + "\n\nthe last fox"
    branch = [answer("a", text), *[answer(f"x{number}", EN) for number in range(9)]]
    view, bar = opened(theme, branch)
    assert look(bar, "last fox") == "1 / 1"
    check_in_sight(view, bar)


# While things change


@pytest.mark.parametrize("seed", range(6))
def test_a_growing_answer_is_found_as_a_whole_one(page: Page, lexers: Lexers, seed: int) -> None:
    rng = random.Random(seed)
    text = f"{ZH}\n\n{EVERYWHERE}\n\n{EN}\n\n" + "token " * 1500 + "\n\n```\n" + "token t\n" * 40
    needle = Needle(rng.choice(["token", "t", "令牌", "token t", "en"]))
    message = answer("a", "", reasoning="")
    growing_text = AnswerText(message, lexers)
    growing = Growing(needle, growing_text)
    at = 0
    while at < len(text):
        size = rng.choice((1, 7, 60, 900))
        growing_text.source.put(text[at : at + size])
        at += size
        growing_text.read_body(page, float("inf"), more=True)
        while not growing.run(rng.choice((0.0, float("inf")))):
            pass
    growing_text.read_body(page, float("inf"), more=False)
    while not growing.run(0.0):
        pass
    whole = Whole(needle, answer("a", text))
    assert whole.run(float("inf"))
    assert all_hits(growing.found) == all_hits(whole.found)
    assert growing.found.count


def test_a_growing_answer_is_read_from_where_it_grew(page: Page, lexers: Lexers) -> None:
    """Else every token costs as much as the whole answer."""
    growing_text = AnswerText(answer("a"), lexers)
    read: list[int] = []

    class Counting(Needle):
        def spans(self, text: str, start: int = 0) -> list[tuple[int, int]]:
            read.append(len(text))
            return super().spans(text, start)

    growing = Growing(Counting("fox"), growing_text)

    def grow(text: str) -> int:
        read.clear()
        growing_text.source.put(text)
        growing_text.read_body(page, float("inf"), more=True)
        assert growing.run(float("inf"))
        return sum(read)

    grow(EN * 40 + "\n\n```text\n" + "a fox ran\n" * 3000)
    assert grow("one more fox\n") < 200
    assert grow("```\n\nand text\n\n") < 200
    assert grow("and fox") < 200
    assert growing.found.count == 3002


def test_hits_grow_with_the_stream_and_the_reader_stays(theme: Theme) -> None:
    view, bar = opened(theme, [question("q", "fox"), streaming("a")])
    assert look(bar, "fox") == "1 / 1"
    think(view, "a", "I think of a fox\n")
    finish(view)
    assert bar.field.note == "1 / 2"
    send(view, "a", "A fox.\n\n" + EN * 3 + "\n\nAnother f", frame=5)
    finish(view)
    assert bar.field.note == "1 / 3"
    send(view, "a", "ox")
    finish(view)
    assert bar.field.note == "1 / 4"
    click(view, bar.next)
    click(view, bar.next)
    assert bar.field.note == "3 / 4"
    top = line_of(view)[1]
    send(view, "a", "\n\n" + EN * 2, frame=5)
    finish(view)
    assert line_of(view)[1] == top
    done = answer("a", body(view, "a").text.source.text, reasoning="I think of a fox\n")
    view.finish_message(done)
    finish(view)
    assert bar.field.note == "3 / 4"


def test_the_final_text_counts_when_an_answer_ends(theme: Theme) -> None:
    view, bar = opened(theme, [question("q", "?"), streaming("a")])
    send(view, "a", "a fox")
    assert look(bar, "fox") == "1 / 1"
    view.finish_message(answer("a", "fox, fox and fox"))
    finish(view)
    assert bar.field.note == "2 / 3"
    assert view.search.current is not None
    assert drawn(view, *view.search.current) == "fox"


def test_a_hit_in_sight_stays_while_the_answer_goes_on(theme: Theme) -> None:
    view, bar = opened(theme, [question("q", "?"), streaming("a")])
    send(view, "a", EN * 3 + "\n\nthe last fox\n\n")
    assert view.scroller.following
    assert look(bar, "last fox") == "1 / 1"
    top = line_of(view)[1]
    send(view, "a", EN * 3, frame=9)
    assert line_of(view)[1] == top
    bar.shut_down()
    send(view, "a", EN, frame=9)
    assert not view.at_end()


def test_a_hit_that_a_stream_brings_moves_nothing(theme: Theme) -> None:
    view, bar = opened(theme, [question("q", "?"), streaming("a")])
    send(view, "a", EN * 4)
    view.scroll_to(0)
    assert look(bar, "fox") == "No matches"
    send(view, "a", "\n\n" + EN * 4 + "\n\na fox")
    finish(view)
    assert bar.field.note == "1 / 1"
    assert view.scroller.top == 0


def test_another_query_is_looked_for_in_all_messages(theme: Theme) -> None:
    view, bar = opened(theme, [question("q", "a fox"), answer("a", "a foxglove and a bear")])
    for query, note in (("fox", "1 / 2"), ("foxg", "1 / 1"), ("bear", "1 / 1"), ("fox", "2 / 2")):
        bar.field.setText(query)
        finish(view)
        assert bar.field.note == note
    click(view, bar.whole)
    assert bar.field.note == "1 / 1"
    click(view, bar.whole)
    assert bar.field.note == "1 / 2"


def test_an_added_message_is_looked_through(theme: Theme) -> None:
    view, bar = opened(theme, [question("q", "fox")])
    look(bar, "fox")
    view.add_message(question("r", "fox fox"))
    finish(view)
    assert bar.field.note == "1 / 3"


def test_another_branch_is_looked_through_and_nothing_moves(theme: Theme) -> None:
    first = [question("q", "fox"), answer("a", EN + "fox"), question("r", "fox")]
    view, bar = opened(theme, first)
    view.scroll_to(0)
    look(bar, "fox")
    click(view, bar.next)
    assert bar.field.note == "2 / 3"
    top = view.scroller.top
    view.set_branch([first[0], answer("b", EN + "fox fox"), question("s", "none")], one)
    finish(view)
    assert bar.field.note.endswith("/ 3")
    assert view.search.current is not None
    assert view.search.current[0] in ("q", "b")
    assert view.scroller.top == top
    view.set_branch([question("z", "none")], one)
    finish(view)
    assert bar.field.note == "No matches"


def test_a_message_written_anew_is_looked_through_anew(theme: Theme) -> None:
    view, bar = opened(theme, [question("q", "?"), answer("a", "old fox fox")])
    assert look(bar, "fox") == "1 / 2"
    view.set_branch([question("q", "?"), streaming("b")], one)
    finish(view)
    assert bar.field.note == "No matches"
    send(view, "b", "a fox")
    finish(view)
    assert bar.field.note == "1 / 1"


def test_texts_that_cannot_be_had_count_as_empty(theme: Theme) -> None:
    messages = [answer(f"m{number}", f"fox {number}") for number in range(500)]
    view, bar = opened(theme, [*(message.head() for message in messages[:-30]), *messages[-30:]])
    known = {message.id: message for message in messages}
    asked: list[str] = []

    def bring(ids: list[str]) -> None:
        asked.extend(ids)
        there = [known[name] for name in ids if name != "m3"]
        view.search.supply(ids, there)

    view.search.texts_needed.connect(bring)
    view.texts_needed.connect(lambda ids: view.supply([known[name] for name in ids]))
    assert look(bar, "fox")[-3:] == "499"
    assert not view.search.looking
    assert sum(item.message is not None for item in view.column.items) < 100, "none is kept"
    look(bar, "fox 40")
    assert view.search.total == 11


def test_a_view_that_is_hidden_looks_no_further(theme: Theme) -> None:
    view, bar = opened(theme, [answer(f"m{number}", EN) for number in range(300)])
    bar.field.setText("script")
    view.hide()
    while view.search._timer.isActive():
        settle()
    assert view.search.looking
    view.show()
    finish(view)
    assert view.search._results.complete
    assert not view.search._timer.isActive(), "an idle search does nothing"


# What is seen


def test_every_hit_has_a_tick_on_the_scroll_bar(theme: Theme) -> None:
    branch = [
        entry
        for number in range(60)
        for entry in (
            question(f"q{number}", "fox" if number in (0, 30) else "?"),
            answer(f"a{number}", "fox\n\n" + EN * 30 + "fox" if number == 45 else EN),
        )
    ]
    view, bar = opened(theme, branch)
    scroll_bar = view.search._bar
    assert scroll_bar is not None
    assert look(bar, "fox").endswith("/ 4")
    while view.search._marking.isActive():
        settle()
    rows = scroll_bar.tick_rows()
    assert len(rows) == 4
    assert rows[0] < 8
    total = view.column.bar.total
    for row, name in zip(rows[1:3], ("q30", "a45"), strict=True):
        index = view.column.index_of(name)
        assert index is not None
        share = view.column.bar.value(view.column.top_of(index)) / total
        assert abs(row - share * scroll_bar.height()) < 8
    assert rows[3] - rows[2] > 40, "both ends of a long answer"
    bar.shut_down()
    while view.search._marking.isActive():
        settle()
    assert scroll_bar.tick_rows() == []


def test_what_is_found_differs_from_the_page_and_the_readers_hit_from_the_others(
    theme: Theme,
) -> None:
    view, bar = opened(theme, [question("q", "fox fox"), answer("a", "fox")])
    look(bar, "fox")
    image = view.grab().toImage()
    ratio = image.devicePixelRatio()

    def colours(name: str, hit: Hit) -> set[str]:
        view.search._at = (name, hit)
        x, y = line_of(view)
        return {
            QColor(image.pixel(int((x + dx) * ratio), int((y + dy) * ratio))).name()
            for dx in range(24)
            for dy in range(24)
        }

    first, second = all_hits(view.search._results.of("q"))
    assert theme.tokens.warn.name() in colours("q", first)
    assert theme.tokens.warn.name() not in colours("a", all_hits(view.search._results.of("a"))[0])
    assert theme.tokens.warnsoft.name() in colours("q", second)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_on_what_is_found_can_be_read(theme: Theme, scheme: str) -> None:
    theme.choose(scheme)
    t = theme.tokens
    inks = (t.text, t.text2, t.accent, t.syn_kw, t.syn_str, t.syn_num, t.syn_fn, t.syn_com)
    for ink in inks:
        assert contrast(ink, t.warnsoft) >= 4.5
    assert contrast(t.warn, t.warnsoft) >= 3


def contrast(one_colour: QColor, other: QColor) -> float:
    def light(colour: QColor) -> float:
        parts = [
            part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4
            for part in (colour.redF(), colour.greenF(), colour.blueF())
        ]
        return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]

    low, high = sorted((light(one_colour), light(other)))
    return (high + 0.05) / (low + 0.05)


def test_the_bar_fits_a_narrow_view_and_stays_in_the_corner(theme: Theme) -> None:
    view, bar = opened(theme, [answer("a", EN)])
    for width in (1016, 360, 720):
        view.resize(width, 500)
        settle()
        place = bar.geometry()
        assert view.viewport().geometry().contains(place)
        assert view.viewport().geometry().right() - place.right() < 20
        assert bar.field.width() > 100


def test_the_bar_makes_way_where_nothing_can_be_scrolled(theme: Theme) -> None:
    view, bar = opened(theme, [question("q", "fox"), answer("a", "fox")])
    upper = bar.y()
    look(bar, "fox")
    assert not bar.geometry().intersects(view.search.place_of_current())
    assert bar.y() > upper
    click(view, bar.next)
    assert bar.y() == upper


def test_every_control_has_a_name_and_a_tip(theme: Theme) -> None:
    _view, bar = opened(theme, [answer("a", EN)])
    for button in bar.findChildren(QAbstractButton):
        assert button.accessibleName()
        assert button.toolTip() == button.accessibleName()
    assert bar.field.accessibleName()
    install("zh_CN", RESOURCES / "translations")
    try:
        QApplication.sendEvent(bar, QEvent(QEvent.Type.LanguageChange))
        assert bar.shut.accessibleName() == "关闭"
        assert look(bar, "zebra") == "没有匹配"
    finally:
        install("en", RESOURCES / "translations")


def test_the_selection_is_looked_for_and_esc_gives_back_the_focus(theme: Theme) -> None:
    view, bar = opened(theme, [question("q", "a fox ran"), answer("a", "fox")])
    bar.shut_down()
    assert view.hasFocus()
    from desktop_chat.ui.transcript.places import Place
    from desktop_chat.ui.transcript.take.selection import Point

    view.pointer.select(Point("q", Place(Part.BODY, 0, 2)), Point("q", Place(Part.BODY, 0, 5)))
    buttons = [QPushButton(view) for _number in range(3)]
    other = buttons[1]
    for button in buttons:
        button.show()
    other.setFocus()
    bar.open()
    finish(view)
    assert bar.field.text() == "fox"
    assert bar.field.selectedText() == "fox"
    assert bar.field.note == "1 / 2"
    top = view.scroller.top
    QTest.keyClick(bar.case, Qt.Key.Key_Escape)
    assert bar.isHidden()
    assert other.hasFocus()
    assert view.search.hits_of("q") is None
    assert view.scroller.top == top
