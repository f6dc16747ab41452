from collections.abc import Sequence
from dataclasses import replace

import pytest
from PySide6.QtGui import QFont

from desktop_chat.markdown.blocks import Align, Span, Table, TableRow
from desktop_chat.markdown.table_text import cell_text
from desktop_chat.ui.theme import Theme
from desktop_chat.ui.transcript.code.highlight import Lexers
from desktop_chat.ui.transcript.look import Face, Look, Page
from desktop_chat.ui.transcript.section import Section
from desktop_chat.ui.transcript.tables.layout_table import SAMPLE, RowPiece
from desktop_chat.ui.transcript.tables.table_grid import PAD, WIDEST, share
from desktop_chat.ui.transcript.text.layout_text import Counter


def rows_of(
    texts: Sequence[tuple[str, ...]], aligns: tuple[Align, ...] | None = None
) -> list[TableRow]:
    table = Table(aligns or (Align.NONE,) * len(texts[0]), open=True)
    return [
        TableRow(table, tuple((Span(text),) for text in row), index)
        for index, row in enumerate(texts)
    ]


def alike(*naturals: int) -> list[tuple[int, int]]:
    """Columns of short words."""
    return [(natural, min(natural, 80)) for natural in naturals]


@pytest.mark.parametrize("naturals", [(100, 200), (100, 2000), (40, 40, 3000, 900), (60,) * 12])
def test_columns_fill_the_width_exactly(naturals: tuple[int, ...]) -> None:
    widths = share(alike(*naturals), 760)
    assert sum(widths) == 760
    assert all(width > 0 for width in widths)
    assert len(widths) == len(naturals)


def test_a_narrow_column_keeps_what_it_needs() -> None:
    assert share(alike(80, 4000), 760)[0] == 80


def test_what_would_be_too_narrow_to_read_is_wider_than_the_room() -> None:
    widths = share(alike(*[2000] * 8), 760)
    assert widths == [WIDEST + 2 * PAD] * 8
    assert share(alike(*[90] * 30), 760) == [90] * 30


def test_no_column_is_narrower_than_its_longest_word() -> None:
    widths = share([(4000, 300), (4000, 80), (200, 90)], 760)
    assert sum(widths) == 760
    assert widths[0] >= 300
    # A word that is too long for any cell may break.
    assert share([(4000, 3000)] * 3, 760) == [WIDEST + 2 * PAD] * 3


def test_a_table_of_one_line_rows_has_the_measures_of_the_design(
    page: Page, lexers: Lexers
) -> None:
    section = Section(lexers)
    section.update(rows_of([("a", "b")] * 4), 0, page)
    section.measure_between(0, 9999, page)
    assert section.height == 4 * 31 + 1


def test_late_rows_do_not_move_the_columns(page: Page, lexers: Lexers) -> None:
    texts = [("head", "head")] + [("row", "row")] * (SAMPLE + 5)
    section = Section(lexers)
    rows = rows_of(texts)
    section.update(rows, 0, page)
    first = section.pieces[0]
    assert isinstance(first, RowPiece)
    before = first.grid.widths(page.width)
    late = TableRow(rows[0].table, ((Span("very " * 30),), (Span("x"),)), len(rows))
    section.update([*rows, late], len(rows), page)
    assert first.grid.widths(page.width) == before
    early = TableRow(rows[0].table, ((Span("very " * 30),), (Span("x"),)), 2)
    section.update([*rows[:2], early], 2, page)
    assert first.grid.widths(page.width) != before


def test_rows_measured_before_the_columns_moved_are_measured_again(
    page: Page, lexers: Lexers
) -> None:
    section = Section(lexers)
    rows = rows_of([("a", "b"), ("wide enough to need room " * 3, "b")])
    section.update(rows, 0, page)
    section.measure_between(0, 9999, page)
    assert section.heights[1] == 31
    wide = TableRow(rows[0].table, ((Span("x"),), (Span("another wide cell " * 9),)), 2)
    changed = section.update([*rows, wide], 2, page)
    assert changed == 0
    section.measure_between(0, 9999, page)
    assert section.heights[1] > 31


def test_the_last_row_alone_closes_the_frame(page: Page, lexers: Lexers) -> None:
    section = Section(lexers)
    rows = rows_of([("a",), ("b",), ("c",)])
    section.update(rows[:1], 0, page)
    assert [piece.last for piece in section.pieces] == [True]  # type: ignore[attr-defined]
    section.update(rows, 1, page)
    assert [piece.last for piece in section.pieces] == [False, False, True]  # type: ignore[attr-defined]
    section.update(rows[:2], 2, page)
    assert [piece.last for piece in section.pieces] == [False, True]  # type: ignore[attr-defined]


def test_a_right_aligned_cell_ends_at_its_columns_edge(page: Page, lexers: Lexers) -> None:
    section = Section(lexers)
    section.update(rows_of([("name", "1,000"), ("b", "7")], (Align.LEFT, Align.RIGHT)), 0, page)
    piece = section.pieces[1]
    assert isinstance(piece, RowPiece)
    piece.measure(page)
    flow, left, _width = list(piece._places(page))[1]
    assert left + flow.natural_width(page.look) == pytest.approx(760 - 12 + 1, abs=2)


def test_a_copy_has_tabs_between_cells(page: Page, lexers: Lexers) -> None:
    section = Section(lexers)
    section.update(rows_of([("ab", "cd", "ef")]), 0, page)
    piece = section.pieces[0]
    assert piece.plain(0, piece.length()) == "ab\tcd\tef"
    assert piece.plain(1, 4) == "b\tc"


WIDE = [tuple(f"{name} of some width" for name in "abcdefghij")] * 4


def made(section: Section, texts: Sequence[tuple[str, ...]], page: Page) -> list[RowPiece]:
    section.update(rows_of(texts), 0, page)
    section.measure_between(0, 9999, page)
    return [piece for piece in section.pieces if isinstance(piece, RowPiece)]


def test_a_wide_table_scrolls_as_a_whole(page: Page, lexers: Lexers) -> None:
    rows = made(Section(lexers), WIDE, page)
    span = rows[0].scroll_range(page)
    assert span > 0
    assert rows[2].scroll_to(70, page)
    assert [row.scrolled() for row in rows] == [70] * 4
    assert rows[0].hit(page, 5, 10) == rows[0].hit(page, 5 + 0.01, 10) > 0
    assert rows[1].scroll_to(10**6, page)
    assert rows[0].scrolled() == span
    assert not rows[1].scroll_to(10**6, page)
    assert rows[1].scroll_to(-5, page)
    assert rows[3].scrolled() == 0


def test_the_last_row_alone_has_the_thumb(page: Page, lexers: Lexers) -> None:
    rows = made(Section(lexers), WIDE, page)
    assert [row.bar(page) is not None for row in rows] == [False, False, False, True]
    left = rows[-1].bar(page)
    rows[0].scroll_to(10**6, page)
    right = rows[-1].bar(page)
    assert left is not None
    assert right is not None
    assert left.left() == 13
    assert right.right() == pytest.approx(760 - 13, abs=2)


def test_a_table_that_fits_does_not_scroll(page: Page, lexers: Lexers) -> None:
    (row,) = made(Section(lexers), [("a", "b")], page)
    assert row.scroll_range(page) == 0
    assert not row.scroll_to(50, page)
    assert row.bar(page) is None


def test_a_wider_room_takes_the_scrolling_back(page: Page, lexers: Lexers) -> None:
    rows = made(Section(lexers), WIDE, page)
    rows[0].scroll_to(10**6, page)
    wide = page.narrowed(5000)
    for row in rows:
        row.resize()
        row.measure(wide)
    assert rows[0].scroll_range(wide) == 0
    assert rows[0].scrolled() == 0


@pytest.mark.parametrize(
    ("cells", "right"),
    [
        (("1", "2"), True),
        (("$0.27", "1,842"), True),
        (("12 %", "–"), True),
        (("1e9", "-3.5"), True),
        (("12K", "¥3"), True),
        (("12", "twelve"), False),
        (("–", ""), False),
        (("2026-01-05", "2026-01-06"), False),
        (("1.2.3", "1.2.4"), False),
        (("2 个数", "3"), False),
    ],
)
def test_numbers_stand_right_where_the_table_does_not_say(
    page: Page, lexers: Lexers, cells: tuple[str, ...], right: bool
) -> None:
    rows = made(Section(lexers), [("head", "n"), *[("x", cell) for cell in cells]], page)
    assert rows[0].grid.aligns == (Align.NONE, Align.RIGHT if right else Align.NONE)


def test_a_given_alignment_stays(page: Page, lexers: Lexers) -> None:
    section = Section(lexers)
    section.update(rows_of([("h", "n"), ("1", "2")], (Align.LEFT, Align.CENTER)), 0, page)
    piece = section.pieces[0]
    assert isinstance(piece, RowPiece)
    assert piece.grid.aligns == (Align.LEFT, Align.CENTER)


def test_a_row_is_cut_cell_by_cell(page: Page, lexers: Lexers) -> None:
    (row,) = made(Section(lexers), [("ab", "cd", "ef")], page)
    assert row.crop(0, row.length()) == row.block
    cut = row.crop(1, 4)
    assert isinstance(cut, TableRow)
    assert [cell_text(cell) for cell in cut.cells] == ["b", "c", ""]


def test_a_position_has_its_place(page: Page, lexers: Lexers) -> None:
    rows = made(Section(lexers), WIDE, page)
    row = rows[1]
    for position in (0, 3, 17, 40, row.length()):
        place = row.caret_at(page, position)
        assert row.hit(page, place.left() + 0.5, place.center().y()) == position
    before = row.caret_at(page, 40).left()
    rows[0].scroll_to(60, page)
    assert row.caret_at(page, 40).left() == before - 60


def test_columns_are_forgotten_with_the_rows_that_made_them(page: Page, lexers: Lexers) -> None:
    section = Section(lexers)
    rows = rows_of([("a", "b"), ("x", "wide enough to need room " * 9)])
    section.update(rows, 0, page)
    section.measure_between(0, 9999, page)
    assert section.heights[1] > 31
    section.update(rows[:1], 1, page)
    section.measure_between(0, 9999, page)
    head = section.pieces[0]
    assert isinstance(head, RowPiece)
    assert head.grid.rows == rows[:1]
    assert head.measured
    assert head.grid.widths(760)[0] > 300


def test_a_row_late_in_a_long_table_costs_no_layout_of_others(page: Page, lexers: Lexers) -> None:
    section = Section(lexers)
    rows = rows_of([("head", "n")] + [(f"row {n}", str(n)) for n in range(400)])
    section.update(rows, 0, page)
    section.measure_between(0, 99999, page)
    Counter.layouts = 0
    for n in range(100):
        late = TableRow(rows[0].table, ((Span(f"late {n}"),), (Span("x" * 200),)), len(rows))
        rows.append(late)
        section.update(rows, len(rows) - 1, page)
    assert Counter.layouts == 0
    section.measure(len(rows) - 1, page)
    assert Counter.layouts == 2
    assert all(piece.measured for piece in section.pieces[:400])


def test_text_of_another_size_makes_other_columns(theme: Theme, page: Page, lexers: Lexers) -> None:
    rows = made(Section(lexers), WIDE, page)
    before = rows[0].scroll_range(page)
    look = Look(theme)
    for face in (Face.CELL, Face.HEAD_CELL):
        style = look.styles[face]
        font = QFont(style.font)
        font.setPixelSize(28)
        look.styles[face] = replace(style, font=font, em=28, leading=40)
    large = replace(page, look=look)
    for row in rows:
        row.resize()
        row.measure(large)
    assert rows[0].scroll_range(large) > before + 500
    assert rows[1].height == 40 + 11
