"""Wrapping, line numbers, folding, and positions in all of them."""

from dataclasses import replace

import pytest
from PySide6.QtCore import QRect
from PySide6.QtGui import QImage, QPainter, QRegion

from desktop_chat.markdown.blocks import CodeBlock
from desktop_chat.ui.transcript.code import code_cuts
from desktop_chat.ui.transcript.code.code_cuts import Cuts, wrapped
from desktop_chat.ui.transcript.code.code_sizes import FOLD_ROW, HEADER, PAD_X, gutter_of
from desktop_chat.ui.transcript.code.highlight import Lexers
from desktop_chat.ui.transcript.code.layout_code import CodePiece
from desktop_chat.ui.transcript.ink import Ink
from desktop_chat.ui.transcript.look import Page
from desktop_chat.ui.transcript.places import Shade
from desktop_chat.ui.transcript.text.layout_text import Counter

TOP = HEADER + 8
MIXED = [
    "short",
    "    indented " + "word " * 40,
    "中文" * 60,
    "\tone\ttwo " * 20,
    "emoji 🚀🎉 " * 20,
    "",
    "x" * 5000,
    "中" * 5000,
    "e\u0301" * 200,
]


def piece_of(
    lines: list[str],
    page: Page,
    lexers: Lexers,
    *,
    language: str = "",
    is_open: bool = False,
    live: bool = True,
    wrap: bool = False,
) -> CodePiece:
    piece = CodePiece(CodeBlock(language, lines, is_open), None, page, lexers, live=live)
    if wrap:
        piece.toggle_wrap()
        piece.measure(page)
    return piece


def paint(
    piece: CodePiece,
    page: Page,
    y: int = 0,
    shade: Shade | None = None,
    region: QRect | None = None,
) -> QImage:
    image = QImage(760, 600, QImage.Format.Format_RGB32)
    image.fill(page.look.tokens.canvas)
    painter = QPainter(image)
    area = QRegion(region or QRect(0, 0, 760, 600))
    piece.paint(Ink(painter, page.look.tokens, area), page, 0, y, shade or Shade())
    painter.end()
    return image


def folded(piece: CodePiece) -> bool:
    """Ask anew, whatever was known before."""
    return piece.folded


def numbered(count: int) -> list[str]:
    return [f"line {number}" for number in range(count)]


# Wrapping


@pytest.mark.parametrize("text", MIXED)
@pytest.mark.parametrize("room", [120.0, 333.0, 734.0])
def test_rows_hold_the_whole_line_and_fit(text: str, room: float, page: Page) -> None:
    cuts = wrapped(text, room, page.look)
    known = code_cuts.advances(page.look)
    parts = [text[cuts.start(part) : cuts.end(part)] for part in range(cuts.count)]
    assert "".join(parts) == text
    for part, content in enumerate(parts):
        assert cuts.start(part) < cuts.end(part) or not text
        if "\t" not in content:
            left = cuts.indent if part else 0.0
            assert left + known.width(content) <= room + 0.02
    for column in range(0, len(text), 7):
        part = cuts.find(column)
        assert cuts.start(part) <= column < cuts.end(part)
    assert cuts.find(len(text)) == cuts.count - 1


def test_a_family_is_not_cut_apart(page: Page) -> None:
    family = "👩\u200d👩\u200d👧"
    for width in range(120, 200, 7):
        text = family * 20
        cuts = wrapped(text, float(width), page.look)
        assert cuts.count > 1
        for part in range(1, cuts.count):
            assert text[cuts.start(part) - 1] != "\u200d"
            assert text[cuts.start(part)] != "\u200d"


def test_cuts_count_their_parts() -> None:
    for length in range(30):
        cuts = Cuts(length, 10, 4)
        assert cuts.count == max(1, 1 + -(-(length - 10) // 4))
        assert cuts.end(cuts.count - 1) == length


def test_rows_after_the_first_keep_the_indentation(page: Page) -> None:
    cuts = wrapped("    " + "x" * 300, 400.0, page.look)
    assert cuts.indent == pytest.approx(4 * page.look.code_advance)
    assert wrapped(" " * 300, 400.0, page.look).indent == 0


def test_wrapping_makes_a_card_higher_and_needs_no_bar(page: Page, lexers: Lexers) -> None:
    piece = piece_of(["x" * 400, "y"], page, lexers)
    low = piece.height
    assert piece.bar(page) is not None
    piece.scroll_to(100, page)
    assert piece.press("wrap", None, page)  # type: ignore[arg-type]
    piece.measure(page)
    assert piece.height == low + 4 * 20
    assert piece.bar(page) is None
    assert piece.scrolled() == 0
    narrow = page.narrowed(300)
    piece.resize()
    assert not piece.measured
    piece.measure(narrow)
    assert piece.height > low + 8 * 20
    piece.press("wrap", None, page)  # type: ignore[arg-type]
    piece.measure(page)
    assert piece.height == low


def test_a_wrapped_line_that_grows_keeps_the_rows_above(page: Page, lexers: Lexers) -> None:
    lines = ["a" * 300, "b" * 10]
    piece = piece_of(lines, page, lexers, is_open=True, wrap=True)
    paint(piece, page)
    before = Counter.layouts
    lines[-1] += "b" * 200
    changed = piece.renew(piece.block, page)
    assert changed == TOP + 4 * 20
    paint(piece, page)
    assert Counter.layouts - before == 3
    whole = piece_of(lines, page, lexers, is_open=True, wrap=True)
    assert piece.height == whole.height
    assert paint(piece, page) == paint(whole, page)


@pytest.mark.parametrize("wrap", [False, True])
def test_positions_go_both_ways(wrap: bool, page: Page, lexers: Lexers) -> None:
    piece = piece_of([text[:900] for text in MIXED], page, lexers, wrap=wrap)
    text = piece.raw()
    assert text == "\n".join(piece.block.lines)
    for position in [*range(0, len(text), 5), len(text)]:
        place = piece.caret_at(page, position)
        assert place.width() == 0
        found = piece.hit(page, place.left() + 0.1, place.center().y())
        if text[found : found + 1] == "\u0301" or text[position : position + 1] == "\u0301":
            assert abs(found - position) <= 1
        else:
            assert found == position, text[position - 5 : position + 5]


def test_carets_go_down_row_by_row(page: Page, lexers: Lexers) -> None:
    piece = piece_of(["x" * 250, "y"], page, lexers, wrap=True)
    tops = [piece.caret_at(page, position).top() for position in range(piece.length() + 1)]
    assert tops == sorted(tops)
    assert sorted(set(tops)) == [TOP, TOP + 20, TOP + 40, TOP + 60]
    assert piece.height == TOP + 80 + 8 + 1


def test_a_selection_is_marked_in_every_row(page: Page, lexers: Lexers) -> None:
    piece = piece_of(["x" * 250], page, lexers, wrap=True)
    mark = page.look.tokens.sel.rgb()
    image = paint(piece, page, shade=Shade((90, 200)))
    columns = [[x for x in range(13, 740) if image.pixel(x, TOP + row * 20 + 1) == mark]
               for row in range(3)]  # fmt: skip
    assert min(columns[0]) > 600
    assert min(columns[1]) < 20
    assert max(columns[1]) > 700
    assert max(columns[2]) < 300


def test_a_line_of_a_million_characters_wraps_without_being_laid_out(
    page: Page, lexers: Lexers
) -> None:
    piece = piece_of(["x" * 1_000_000], page, lexers, wrap=True)
    before = Counter.layouts
    paint(piece, page, -100_000)
    assert Counter.layouts - before <= 31
    assert piece.height > 200_000
    assert piece.hit(page, 13, TOP + 1000 * 20 + 5) == piece.lines.rows.cuts(0).start(1000)


def test_a_long_line_knows_its_columns_among_emoji(page: Page, lexers: Lexers) -> None:
    text = "ab🚀中" * 600
    piece = piece_of([text], page, lexers)
    for position in (0, 799, 800, 801, 1603, 2399):
        x = piece.caret_at(page, position).left()
        assert piece.hit(page, x + 0.1, TOP + 5) == position
    piece.scroll_to(piece.scroll_range(page), page)
    assert piece.hit(page, 740, TOP + 5) == len(text)


# Growing


def test_what_growing_costs_does_not_depend_on_what_is_there(
    page: Page, lexers: Lexers, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = numbered(50_000)
    piece = piece_of(lines, page, lexers, is_open=True)
    piece.bar(page)
    assert piece.length() > 0
    measured: list[str] = []
    width = code_cuts.Advances.width

    def note(self: code_cuts.Advances, text: str) -> float:
        measured.append(text)
        return width(self, text)

    monkeypatch.setattr(code_cuts.Advances, "width", note)
    starts = piece.lines.starts
    lines[-1] += " and more"
    lines.append("new")
    piece.renew(piece.block, page)
    piece.bar(page)
    assert len(measured) <= 2
    assert piece.lines.starts is starts, "positions of finished lines are not counted anew"
    assert piece.length() == len("\n".join(lines))


def test_positions_follow_lines_that_are_taken_back(page: Page, lexers: Lexers) -> None:
    lines = ["a", "", "", "``"]
    piece = piece_of(lines, page, lexers, is_open=True)
    assert piece.length() == len("\n".join(lines))
    del lines[1:]
    piece.renew(piece.block, page)
    assert piece.length() == 1
    lines.append("bcd")
    piece.renew(piece.block, page)
    assert piece.length() == 5
    assert piece.raw() == "a\nbcd"


# Line numbers


def test_line_numbers_come_with_the_twentieth_line_and_move_the_lines_once(
    page: Page, lexers: Lexers
) -> None:
    lines = numbered(19)
    piece = piece_of(lines, page, lexers, is_open=True)
    paint(piece, page)
    assert piece.left(page) == PAD_X
    before = Counter.layouts
    lines.append("line 19")
    assert piece.renew(piece.block, page) == HEADER, "all of it is painted anew"
    moved = piece.left(page)
    assert moved > PAD_X + 15
    paint(piece, page)
    assert Counter.layouts - before == 2, "finished lines keep their layouts"
    lines.extend(numbered(979))
    piece.renew(piece.block, page)
    assert piece.left(page) == moved, "up to 999 lines nothing moves again"
    lines.append("one more")
    piece.renew(piece.block, page)
    assert piece.left(page) > moved
    assert gutter_of(10_000, page.look) > gutter_of(1000, page.look)


def test_line_numbers_are_painted_but_no_text(page: Page, lexers: Lexers) -> None:
    piece = piece_of(numbered(25), page, lexers, is_open=True)
    image = paint(piece, page)
    ground = page.look.tokens.sunken.rgb()
    left = piece.left(page)
    strip = {image.pixel(x, y) for x in range(2, left - 6) for y in range(TOP, TOP + 200)}
    assert strip != {ground}
    assert piece.raw().startswith("line 0\nline 1")
    assert not piece.over_text(page, 10, TOP + 5)
    assert piece.over_text(page, left + 1, TOP + 5)
    assert piece.hit(page, 0, TOP + 25) == len("line 0\n")
    assert piece.caret_at(page, 0).left() == left


def test_lines_that_are_moved_sideways_stay_beside_the_numbers(page: Page, lexers: Lexers) -> None:
    piece = piece_of(["0123456789abcdef" * 20] * 25, page, lexers, is_open=True)
    still = paint(piece, page)
    piece.scroll_to(500, page)
    moved = paint(piece, page)
    left = piece.left(page) - PAD_X
    numbers = QRect(1, TOP, left - 1, 300)
    assert moved.copy(numbers) == still.copy(numbers)
    assert moved.copy(left, TOP, 600, 300) != still.copy(left, TOP, 600, 300)
    bar = piece.bar(page)
    assert bar is not None
    assert bar.left() >= piece.left(page)


def test_only_the_first_row_of_a_wrapped_line_has_its_number(page: Page, lexers: Lexers) -> None:
    piece = piece_of(["x" * 250] * 25, page, lexers, is_open=True, wrap=True)
    image = paint(piece, page)
    ground = page.look.tokens.sunken.rgb()

    def empty(row: int) -> bool:
        ys = range(TOP + row * 20, TOP + row * 20 + 20)
        return all(image.pixel(x, y) == ground for x in range(2, 28) for y in ys)

    assert [empty(row) for row in range(6)] == [False, True, True, False, True, True]


# Folding


def test_a_finished_block_beyond_forty_lines_is_folded(page: Page, lexers: Lexers) -> None:
    assert not piece_of(numbered(40), page, lexers).folded
    piece = piece_of(numbered(41), page, lexers)
    assert piece.folded
    assert piece.height == TOP + 20 * 20 + 8 + FOLD_ROW + 1
    assert piece.length() == len("\n".join(numbered(41))), "a copy has all of it"
    assert piece.hit(page, 9999, piece.height - 3) == len("\n".join(numbered(20)))
    assert piece.press("more", None, page)  # type: ignore[arg-type]
    piece.measure(page)
    assert piece.height == TOP + 41 * 20 + 8 + FOLD_ROW + 1
    assert piece.press("fold", None, page)  # type: ignore[arg-type]
    assert piece.folded


def test_a_block_that_was_seen_growing_is_not_folded(page: Page, lexers: Lexers) -> None:
    for seen in (True, False):
        lines = numbered(10)
        piece = piece_of(lines, page, lexers, is_open=True)
        if seen:
            paint(piece, page)
        lines.extend(numbered(50))
        piece.renew(piece.block, page)
        assert not piece.folded
        piece.block.open = False
        piece.renew(piece.block, page)
        assert piece.folded is not seen
        assert piece.has_row


def test_a_finished_message_that_is_read_in_parts_is_folded_at_once(
    page: Page, lexers: Lexers
) -> None:
    piece = piece_of(numbered(50), page, lexers, is_open=True, live=False)
    assert piece.folded
    few = piece_of(lines := numbered(30), page, lexers, is_open=True, live=False)
    assert not folded(few)
    lines.extend(numbered(30))
    few.renew(few.block, page)
    assert folded(few)
    few.toggle_fold()
    few.block.open = False
    few.renew(few.block, page)
    assert not few.folded, "the reader has unfolded it"


def test_an_answer_that_goes_on_unfolds_the_block_it_goes_on_in(page: Page, lexers: Lexers) -> None:
    piece = piece_of(numbered(50), page, lexers, live=False)
    assert folded(piece)
    again = replace(piece.block, lines=numbered(50), open=True)
    assert piece.renew(again, page) is not None
    assert not folded(piece)
    assert not piece.has_row


def test_what_is_folded_away_is_shown_when_it_is_looked_for(page: Page, lexers: Lexers) -> None:
    piece = piece_of([*numbered(50), "x" * 300], page, lexers)
    folded = piece.height
    assert not piece.reveal(5)
    last = piece.length()
    assert piece.caret_at(page, last).top() == folded - 1 - FOLD_ROW - 8
    assert piece.reveal(last - 2)
    piece.measure(page)
    assert piece.height > folded
    paint(piece, page, -600)
    assert piece.scrolled() > 0, "it is moved sideways, too"
    x = piece.caret_at(page, last - 2).left()
    assert piece.left(page) <= x <= piece.left(page) + piece.room(page)
    assert not piece.reveal(last - 2)


# Copies


def test_a_cut_keeps_language_and_lines(page: Page, lexers: Lexers) -> None:
    piece = piece_of(["abc", "def", "ghi"], page, lexers, language="python")
    assert piece.crop(0, piece.length()) is piece.block
    cut = piece.crop(1, 6)
    assert isinstance(cut, CodeBlock)
    assert (cut.language, cut.lines, cut.open) == ("python", ["bc", "de"], False)
    assert piece.block.lines == ["abc", "def", "ghi"]


# Hidden characters


def test_hidden_characters_can_be_seen_and_are_copied_as_they_are(
    page: Page, lexers: Lexers
) -> None:
    text = "a\x1b[31m \u202eevil\u202c \u2028 end"
    piece = piece_of([text], page, lexers)
    assert piece.raw() == text
    image = paint(piece, page)
    assert image != paint(piece_of(["a [31m  evil    end"], page, lexers), page)
    layout = next(piece.lines.parts(0, (), page.look, (0, 9999), range(1))).layout
    shown = layout.text()
    assert len(shown) == len(text)
    assert "\x1b" not in shown
    assert "\u202e" not in shown
    assert "\u2028" not in shown
    assert layout.lineCount() == 1
    assert layout.lineAt(0).textLength() == len(text), "nothing is behind a break"
    for position in range(len(text)):
        x = piece.caret_at(page, position).left()
        assert piece.hit(page, x + 0.1, TOP + 5) == position


# Differences


def test_lines_of_a_difference_have_a_ground(page: Page, lexers: Lexers) -> None:
    lines = ["--- a", "+++ b", "-old", "+new", " same"]
    piece = piece_of(lines, page, lexers, language="diff")
    image = paint(piece, page)
    t = page.look.tokens
    rows = [image.pixel(700, TOP + row * 20 + 10) for row in range(5)]
    assert rows == [t.sunken.rgb(), t.sunken.rgb(), t.dangersoft.rgb(), t.oksoft.rgb(),
                    t.sunken.rgb()]  # fmt: skip
    plain = paint(piece_of(lines, page, lexers, language="text"), page)
    assert plain.pixel(700, TOP + 50) == t.sunken.rgb()
    piece_of(["x"] * 30 + lines, page, lexers, language="diff", is_open=True)


# Bounds


@pytest.mark.parametrize("wrap", [False, True])
def test_fifty_thousand_lines_lay_out_what_is_in_sight(
    wrap: bool, page: Page, lexers: Lexers
) -> None:
    lines = [f"def f{number}(x): return {number}  # note" for number in range(50_000)]
    piece = piece_of(lines, page, lexers, language="text", is_open=True, wrap=wrap)
    before = Counter.layouts
    for y in (0, -400_000, -999_000):
        paint(piece, page, y)
    assert Counter.layouts - before <= 3 * 31
    end = piece.caret_at(page, piece.length())
    assert end.bottom() == TOP + 50_000 * 20
    shade = Shade((0, piece.length()), tuple((at, at + 3) for at in range(0, 1_500_000, 40)))
    paint(piece, page, -400_000, shade)
    assert Counter.layouts - before <= 4 * 31
