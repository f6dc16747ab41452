"""What stands around blocks: how far they stand in, titles, labels and notices."""

import pytest

from desktop_chat.markdown.blocks import Block, Footnote, ListItem, TextBlock
from desktop_chat.markdown.stream import parse
from desktop_chat.ui.theme import Theme
from desktop_chat.ui.transcript.code.highlight import Lexers
from desktop_chat.ui.transcript.frames import bound_notice, indent_of, label_height, list_indent
from desktop_chat.ui.transcript.look import Face, Look, Page
from desktop_chat.ui.transcript.pieces import TextPiece
from desktop_chat.ui.transcript.section import Section


def labels(source: str, page: Page) -> list[int]:
    blocks = parse(source)
    befores: list[Block | None] = [None, *blocks[:-1]]
    return [
        label_height(block, before, page.look)
        for block, before in zip(blocks, befores, strict=True)
    ]


def test_the_first_of_several_blocks_shown_as_written_says_so(page: Page) -> None:
    source = "a\n\n" + ("*b* " * 600 + "\n") * 2 + "\nc\n\n" + "> " * 40 + "d\n"
    found = labels(source, page)
    assert [bool(height) for height in found] == [False, True, False, False, True]


def test_an_alert_has_one_title(page: Page) -> None:
    found = labels("> [!NOTE]\n> a\n>\n> b\n\n> c\n", page)
    assert [bool(height) for height in found] == [True, False, False]


def test_every_bound_has_a_sentence() -> None:
    blocks = parse("> " * 40 + "a\n\n" + "*b* " * 600 + "\n\n" + "|a" * 130 + "\n" + "|-" * 130)
    bounds = [block.bound for block in blocks if isinstance(block, TextBlock)]
    assert len(set(bounds)) == 3
    assert len({bound_notice(bound) for bound in bounds}) == 3
    assert "" not in {bound_notice(bound) for bound in bounds}


@pytest.mark.parametrize("scale", [1.0, 1.5, 2.0])
def test_markers_follow_the_size_of_the_text(theme: Theme, scale: float) -> None:
    theme.choose(text_scale=scale)
    page = Page(Look(theme), 760)
    assert list_indent(ListItem(ordered=False), page.look) == 24 * scale
    assert list_indent(ListItem(ordered=True, number=1000), page.look) == 44 * scale
    short, long = ((Footnote("1"),), (Footnote("a-long-label"),))
    assert indent_of(short, page) == 24 * scale
    assert indent_of(long, page) > indent_of(short, page)
    assert indent_of((Footnote("m" * 40),), page) < 120 * scale


@pytest.mark.parametrize("width", [120, 360, 760])
def test_deep_nesting_leaves_room_for_the_text(theme: Theme, width: int) -> None:
    page = Page(Look(theme), width)
    (block,) = parse("> " * 20 + "- " * 12 + "x")
    assert 0 < indent_of(block.containers, page) <= width // 2 or width == 760
    assert width - indent_of(block.containers, page) >= min(240, width // 2)


def test_a_larger_text_moves_pieces_that_were_there(theme: Theme, lexers: Lexers) -> None:
    section = Section(lexers)
    section.update(parse("- a\n"), 0, Page(Look(theme), 760))
    assert section.pieces[0].indent == 24
    theme.choose(text_scale=2.0)
    section.resize()
    section.measure(0, Page(Look(theme), 760))
    assert section.pieces[0].indent == 48


def test_a_term_is_bold_from_the_line_on_that_makes_it_one(page: Page, lexers: Lexers) -> None:
    section = Section(lexers)
    section.update(parse("Term\n"), 0, page)
    (piece,) = section.pieces
    assert isinstance(piece, TextPiece)
    assert piece.face == Face.BODY
    section.update(parse("Term\n: meaning\n"), 0, page)
    term, meaning = section.pieces
    assert isinstance(term, TextPiece)
    assert term.face == Face.HEADING_4
    assert (term.indent, meaning.indent) == (0, 24)
    assert meaning.gap == 0
