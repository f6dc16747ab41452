"""Tables for spreadsheets: what Python's own CSV reader takes back, and what would be run."""

import csv
import io

import pytest

from desktop_chat.markdown.blocks import Span, Style, Table, TableRow
from desktop_chat.markdown.table_text import cells_of, to_csv, to_tsv

ODD = [["name", "a,b"], ['say "x"', "two\nlines"], ["tab\there", ""], ["数字", "1,000"]]


def test_csv_is_read_back_as_it_was() -> None:
    assert list(csv.reader(io.StringIO(to_csv(ODD), newline=""))) == ODD


def test_csv_has_the_line_ends_of_the_standard() -> None:
    assert to_csv([["a", "b"], ["c", "d"]]) == "a,b\r\nc,d\r\n"


def test_tsv_is_read_back_as_it_was() -> None:
    assert list(csv.reader(io.StringIO(to_tsv(ODD), newline=""), delimiter="\t")) == ODD
    assert to_tsv([["a", "b"], ["c", "d"]]) == "a\tb\nc\td"


@pytest.mark.parametrize(
    "cell", ["=1+1", "@SUM(A1)", "+cmd|' /C calc'!A0", "-2+3+cmd|' /C calc'!A0", "+A1", "-A1"]
)
def test_what_a_spreadsheet_would_run_is_text(cell: str) -> None:
    assert to_tsv([[cell]]).strip('"') == f"'{cell}"
    assert to_csv([[cell]]).strip('"\r\n') == f"'{cell}"


@pytest.mark.parametrize(
    "cell", ["-12", "+3.5", "-1,000.25", "-5%", "+3 %", "-", "+", "-1e-9", "-$12", "–", "a=b", "7"]
)
def test_numbers_and_dashes_stay(cell: str) -> None:
    assert to_tsv([[cell]]) == cell


def test_cells_are_text_without_marks() -> None:
    table = Table((), open=False)
    spans = (Span("see "), Span("here", Style.LINK | Style.BOLD, "https://a.b"))
    row = TableRow(table, (spans, (Span("x^2", Style.MATH),)), 1)
    assert cells_of([row]) == [["see here", "x^2"]]
