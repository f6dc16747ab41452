import pytest
from PySide6.QtGui import QImage, QPainter, QRegion

from desktop_chat.markdown.blocks import CodeBlock
from desktop_chat.ui.transcript.code.code_sizes import FOLD_ROW, HEADER
from desktop_chat.ui.transcript.code.highlight import Lexers
from desktop_chat.ui.transcript.code.layout_code import CodePiece
from desktop_chat.ui.transcript.ink import Ink
from desktop_chat.ui.transcript.look import Page
from desktop_chat.ui.transcript.places import Shade
from desktop_chat.ui.transcript.text.layout_text import Counter


def piece_of(lines: list[str], page: Page, lexers: Lexers, *, is_open: bool = False) -> CodePiece:
    """Return a piece whose lines are all shown."""
    piece = CodePiece(CodeBlock("", lines, is_open), None, page, lexers)
    if piece.folded:
        piece.toggle_fold()
        piece.measure(page)
    return piece


def paint(
    piece: CodePiece, page: Page, y: int = 0, selected: tuple[int, int] | None = None
) -> QImage:
    """Paint what of it would be seen in a window of 760 x 600 with its top at ``y``."""
    image = QImage(760, 600, QImage.Format.Format_RGB32)
    image.fill(page.look.tokens.canvas)
    painter = QPainter(image)
    piece.paint(
        Ink(painter, page.look.tokens, QRegion(0, 0, 760, 600)), page, 0, y, Shade(selected)
    )
    painter.end()
    return image


def test_height_is_arithmetic(page: Page, lexers: Lexers) -> None:
    frame = HEADER + 8 + 8 + 1
    assert piece_of([], page, lexers).height == frame + 20
    assert piece_of(["a"] * 8, page, lexers).height == frame + 160
    assert piece_of(["a"] * 50_000, page, lexers).height == frame + 1_000_000 + FOLD_ROW


def test_only_visible_lines_are_laid_out(page: Page, lexers: Lexers) -> None:
    piece = piece_of([f"line {number}" for number in range(50_000)], page, lexers)
    before = Counter.layouts
    paint(piece, page, -500_000)
    assert Counter.layouts - before <= 31
    paint(piece, page, -500_000)
    assert Counter.layouts - before <= 31


def test_growing_lays_out_the_last_line_alone(page: Page, lexers: Lexers) -> None:
    lines = [f"line {number}" for number in range(20)]
    piece = piece_of(lines, page, lexers, is_open=True)
    paint(piece, page)
    before = Counter.layouts
    lines[-1] += " more"
    lines.append("new")
    changed = piece.renew(piece.block, page)
    assert changed == HEADER + 8 + 19 * 20
    paint(piece, page)
    assert Counter.layouts - before == 2


def test_a_line_of_a_million_characters_lays_out_what_is_in_sight(
    page: Page, lexers: Lexers
) -> None:
    piece = piece_of(["x" * 1_000_000], page, lexers)
    before = Counter.layouts
    paint(piece, page)
    assert Counter.layouts - before <= 2
    assert piece.scroll_range(page) > 7_000_000
    assert piece.scroll_to(5_000_000, page)
    image = paint(piece, page)
    assert Counter.layouts - before <= 4
    row = [image.pixelColor(x, HEADER + 8 + 12).lightness() for x in range(100, 700)]
    assert min(row) < 150, "the middle of the line is painted"


def test_lines_move_sideways_within_bounds(page: Page, lexers: Lexers) -> None:
    short = piece_of(["short"], page, lexers)
    assert short.bar(page) is None
    assert not short.scroll_to(50, page)
    wide = piece_of(["x" * 200, "y"], page, lexers)
    bar = wide.bar(page)
    assert bar is not None
    left = bar.left()
    assert wide.scroll_to(10**9, page)
    assert wide.scroll == wide.scroll_range(page)
    bar = wide.bar(page)
    assert bar is not None
    assert bar.left() > left
    assert bar.right() <= 760


def test_wide_characters_count_double(page: Page, lexers: Lexers) -> None:
    latin, chinese = piece_of(["x" * 100], page, lexers), piece_of(["中" * 100], page, lexers)
    assert chinese.scroll_range(page) > latin.scroll_range(page)


@pytest.mark.parametrize("line", [0, 3, 7])
def test_positions_go_both_ways(line: int, page: Page, lexers: Lexers) -> None:
    lines = [f"line {number} 中文" for number in range(8)]
    piece = piece_of(lines, page, lexers)
    position = piece.hit(page, 10_000, HEADER + 8 + line * 20 + 10)
    assert piece.plain(0, position) == "\n".join(lines[: line + 1])
    assert piece.hit(page, 0, HEADER + 8 + line * 20 + 10) == position - len(lines[line])


def test_text_between_positions(page: Page, lexers: Lexers) -> None:
    piece = piece_of(["abc", "", "defg"], page, lexers)
    assert piece.length() == 9
    whole = "abc\n\ndefg"
    for start in range(10):
        for end in range(start, 10):
            assert piece.plain(start, end) == whole[start:end]


def test_what_is_selected_is_marked(page: Page, lexers: Lexers) -> None:
    piece = piece_of(["abcdef", "ghijkl"], page, lexers)
    image = paint(piece, page, selected=(2, 9))
    first, second = HEADER + 8 + 1, HEADER + 28 + 1
    mark = page.look.tokens.sel.rgb()
    assert image.pixel(13 + 8 * 3, first) == mark
    assert image.pixel(13 + 2, first) != mark
    assert image.pixel(13 + 2, second) == mark
    assert image.pixel(13 + 8 * 4, second) != mark
