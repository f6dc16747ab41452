from collections.abc import Sequence

import pytest

from desktop_chat.markdown.blocks import Align, Span, Table, TableRow
from desktop_chat.ui.transcript.highlight import Lexers
from desktop_chat.ui.transcript.layout_table import SAMPLE, RowPiece, share
from desktop_chat.ui.transcript.look import Page
from desktop_chat.ui.transcript.section import Section


def rows_of(
    texts: Sequence[tuple[str, ...]], aligns: tuple[Align, ...] | None = None
) -> list[TableRow]:
    table = Table(aligns or (Align.NONE,) * len(texts[0]), open=True)
    return [
        TableRow(table, tuple((Span(text),) for text in row), index)
        for index, row in enumerate(texts)
    ]


@pytest.mark.parametrize(
    "natural", [[100, 200], [100, 2000], [40, 40, 3000, 900], [60] * 12, [90] * 30, [1]]
)
def test_columns_fill_the_width_exactly(natural: list[int]) -> None:
    widths = share(natural, 760)
    assert sum(widths) == 760
    assert all(width > 0 for width in widths)
    assert len(widths) == len(natural)


def test_a_narrow_column_keeps_what_it_needs() -> None:
    assert share([80, 4000], 760)[0] == 80


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
    flow, left, _width = piece._places(page, piece._ready(page))[1]
    assert left + flow.natural_width(page.look) == pytest.approx(760 - 12 + 1, abs=2)


def test_a_copy_has_tabs_between_cells(page: Page, lexers: Lexers) -> None:
    section = Section(lexers)
    section.update(rows_of([("ab", "cd", "ef")]), 0, page)
    piece = section.pieces[0]
    assert piece.plain(0, piece.length()) == "ab\tcd\tef"
    assert piece.plain(1, 4) == "b\tc"
