import random
from collections.abc import Iterable
from operator import is_

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from desktop_chat.markdown.blocks import (
    Block,
    CodeBlock,
    ImageBlock,
    MathBlock,
    Style,
    TableRow,
    TextBlock,
)
from desktop_chat.markdown.stream import MarkdownStream, parse
from tests.unit.markdown.corpus import ANSWERS
from tests.unit.markdown.shape import shape, shown, spans_of, text

FRAGMENTS = [
    *("**", "*", "_", "~~", "`", "``", "```", "~~~", "$", "$$", "\\", "\\(", "\\)", "\\[", "\\]"),
    *("\n", "\n\n", "\r\n", "\r", " ", "  ", "    ", "\t", "\0", "\ud800"),
    *("- ", "+ ", "* ", "-", "1. ", "2) ", "> ", ">", "# ", "## ", "---", "===", "[ ] ", "[x] "),
    *("|", "| a | b |\n", "|--|:-:|\n", "| 1 |", "[!NOTE]\n", "math\n", "python\n"),
    *("[x](", "https://a.b/c", ")", "]", "[", "![", "[a]: https://x.y\n", "[a]", "[^1]"),
    *("[^1]: ", "[^n]", "\n: ", ": ", "Term\n: ", "\n\n: x", "![a](https://x.y/z.png)", "![b]("),
    *("![c](data:image/png;base64,", "QUJD", "[![d](", "http", "data:", '"t"', "!"),
    *("<br>", "<a href='*'>", "<!--", "-->", "&amp;", "www.x.org", "me@x.org", "javascript:x"),
    *("text", "中文", "。", "，", "“", "”", "word_word", "5", "x^2", "HOME", "\u200d", "😀"),
]


MARKS = ("**", "~~", "](", "![", "[^", "```", "$$", "|-", "\n: ", "[!")
RAW = ("empties", "rules", "html", "tabs-crlf", "indented")
"""Texts that show marks in the end, or are nothing but marks."""

TAIL = 2
"""So many blocks at the end may change: the last line, and the line before it, which a line of
``===``, ``|---|`` or ``: `` makes a heading, a table's head or a term.
"""


def check(source: str, cuts: Iterable[int]) -> None:
    """Stream a text in pieces: finished blocks never change, and the end is that of the whole."""
    stream = MarkdownStream()
    blocks: list[Block] = []
    shapes: list[object] = []
    at = 0
    for cut in [*cuts, len(source), None]:
        index = stream.finish() if cut is None else stream.feed(source[at:cut])
        at = at if cut is None else cut
        assert len(blocks) - TAIL <= index <= len(stream.blocks)
        assert all(map(is_, stream.blocks[:index], blocks))
        blocks[index:] = stream.blocks[index:]
        shapes[index:] = shape(blocks[index:], ended=False)
    assert shapes == shape(stream.blocks, ended=False)
    assert shape(stream.blocks) == shape(parse(source))


@pytest.mark.parametrize("name", ANSWERS)
def test_one_code_point_at_a_time_equals_the_whole(name: str) -> None:
    source = ANSWERS[name][:1200]
    check(source, range(1, len(source)))


@pytest.mark.parametrize("name", ANSWERS)
def test_random_pieces_equal_the_whole(name: str) -> None:
    source = ANSWERS[name]
    rng = random.Random(name)
    for _ in range(4):
        cuts = sorted(rng.choices(range(len(source) + 1), k=rng.randint(1, 60)))
        check(source, cuts)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(FRAGMENTS), max_size=30), st.randoms(use_true_random=False))
def test_any_fragments_in_any_pieces(fragments: list[str], rng: random.Random) -> None:
    source = "".join(fragments)
    if rng.random() < 0.5:
        check(source, range(1, len(source)))
    else:
        check(source, sorted(rng.choices(range(len(source) + 1), k=8)))


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=80))
def test_any_text(source: str) -> None:
    check(source, range(1, len(source)))


def test_finished_blocks_are_returned_as_unchanged() -> None:
    stream = MarkdownStream()
    stream.feed("# One\n\nTwo\n\nThree")
    assert len(stream.blocks) == 3
    assert stream.feed(" more") == 2
    assert stream.feed("") == 3
    assert stream.finish() == 3


def test_a_growing_code_block_is_one_object() -> None:
    stream = MarkdownStream()
    stream.feed("text\n\n```python\na")
    code = stream.blocks[1]
    assert isinstance(code, CodeBlock)
    assert (code.language, code.lines, code.open) == ("python", ["a"], True)
    assert stream.feed("b\nc") == 1
    assert stream.blocks[1] is code
    assert code.lines == ["ab", "c"]
    stream.feed("\n```\nafter")
    assert stream.blocks[1] is code
    assert (code.lines, code.open) == (["ab", "c"], False)


def test_a_formula_keeps_its_object_from_the_first_character_on() -> None:
    stream = MarkdownStream()
    stream.feed("$$x")
    formula = stream.blocks[0]
    for piece in ("^2 + ", "1$", "$", "\n"):
        stream.feed(piece)
        assert stream.blocks == [formula]
    assert isinstance(formula, MathBlock)
    assert (formula.text, formula.open) == ("x^2 + 1", False)


def test_a_table_keeps_its_object_from_the_head_on() -> None:
    stream = MarkdownStream()
    stream.feed("| a | b |\n")
    head = stream.blocks[0]
    assert isinstance(head, TableRow)
    stream.feed("|:--|--:|\n| 1")
    rows = stream.blocks
    assert all(isinstance(row, TableRow) and row.table is head.table for row in rows)
    assert [text([row]) for row in rows] == ["a | b", "1 | "]


def test_an_image_keeps_its_object_while_its_address_comes() -> None:
    stream = MarkdownStream()
    stream.feed("![a cat](https://x.y/")
    (image,) = stream.blocks
    assert isinstance(image, ImageBlock)
    assert (image.alt, image.href, image.open) == ("a cat", "https://x.y/", True)
    assert stream.feed("cat.png)") == 0
    assert stream.blocks == [image]
    assert (image.href, image.open) == ("https://x.y/cat.png", True)
    stream.feed("\nnext")
    assert stream.blocks[0] is image
    assert not image.open


def test_data_of_any_length_are_one_image() -> None:
    head, data = "![a](data:image/png;base64,", "QUJD" * 50_000
    stream = MarkdownStream()
    stream.feed(head)
    image = None
    for at in range(0, len(data), 700):
        stream.feed(data[at : at + 700])
        (block,) = stream.blocks
        assert image is None or block is image
        assert block.end == len(head) + min(at + 700, len(data))
        image = block
    stream.feed(")\n\nnext")
    assert isinstance(image, ImageBlock)
    assert (image.href, image.open) == (f"data:image/png;base64,{data}", False)
    assert stream.blocks[0] is image
    assert text(stream.blocks[1:]) == "next"


def test_a_term_is_one_from_its_meaning_on() -> None:
    stream = MarkdownStream()
    stream.feed("Term\n\n")
    assert stream.feed(": ") == 1
    assert [getattr(block, "term", None) for block in stream.blocks] == [False]
    assert stream.feed("m") == 0
    assert [getattr(block, "term", None) for block in stream.blocks] == [True, False]


def test_a_paragraph_is_finished_when_the_next_line_is_no_meaning() -> None:
    stream = MarkdownStream()
    stream.feed("One\n\n")
    assert stream._done == 0
    stream.feed("T")
    assert stream._done == 1
    first = stream.blocks[0]
    assert stream.feed("wo") == 1
    assert stream.blocks[0] is first


def test_feeding_after_the_end_is_refused() -> None:
    stream = MarkdownStream()
    stream.finish()
    with pytest.raises(ValueError, match="finished"):
        stream.feed("x")


@pytest.mark.parametrize(
    ("source", "expected", "style"),
    [
        ("**bo", "bo", Style.BOLD),
        ("**bo*", "bo", Style.BOLD),
        ("**bold** and *it", "it", Style.ITALIC),
        ("~~de", "de", Style.STRIKE),
        ("`co", "co", Style.CODE),
        ("``a ` b", "a ` b", Style.CODE),
        ("**重点：", "重点：", Style.BOLD),
        ("**a `b", "b", Style.BOLD | Style.CODE),
        ("so $x^2", "x^2", Style.MATH),
        ("so \\(x_1", "x_1", Style.MATH),
        ("so \\(x", "x", Style.MATH),
        ("设 $f", "f", Style.MATH),
        ("设$f(x)", "f(x)", Style.MATH),
        ("<https://example.com/a", "https://example.com/a", Style.LINK),
    ],
)
def test_half_constructs_show_what_they_will_be(source: str, expected: str, style: Style) -> None:
    spans = [span for block in shown(source) for span in spans_of(block)]
    assert (spans[-1].text, spans[-1].style) == (expected, style)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("see [text](htt", "see text"),
        ("see [text]", "see text"),
        ("see [te", "see te"),
        ("see ![alt](ht", "see alt"),
        ("[0, 1) and", "[0, 1) and"),
        ("a *", "a"),
        ("a `", "a"),
        ("a [", "a"),
        ("a $", "a"),
        ("a **b**", "a b"),
        ("it costs $5 an", "it costs $5 an"),
        ("set $HOME an", "set $HOME an"),
        ("set $HOME_DIR an", "set $HOME_DIR an"),
        ("see [^la", "see"),
        ("see [^", "see"),
        ("see [^1", "see"),
        ("see [^1](htt", "see 1"),
        ("see [^not a note", "see [^not a note"),
        ("从 $x 元到", "从 $x 元到"),
        ("so \\(", "so"),
        ("a\\", "a"),
    ],
)
def test_half_constructs_show_no_marks(source: str, expected: str) -> None:
    assert text(shown(source)) == expected


@pytest.mark.parametrize(
    "source",
    [
        *(
            "#",
            "##",
            "-",
            "*",
            "+",
            "1",
            "1.",
            "12)",
            "|",
            ">",
            "```",
            "```py",
            "~~~",
            "---",
            "* *",
        ),
        *(
            "![",
            "![al",
            "![alt]",
            "![alt](",
            "![alt](ht",
            "[![al",
            "![a](data:image/pn",
            "[^1",
            "[^1]",
        ),
        *("`", "$", "$$", "\\", "\\[", "> [!NO", "**", "> #", "=", "_", "[", "![", "\\("),
    ],
)
def test_undecided_beginnings_are_held_back(source: str) -> None:
    assert shown(source) == []
    assert text(shown("before\n" + source)) == "before"


def test_what_was_held_back_is_literal_in_the_end() -> None:
    for source in ("**bo", "`co", "[text](htt", "$x^2", "1", "|", "**", "12)x"):
        assert text(parse(source)) == source


def test_an_item_shows_its_marker_before_its_text() -> None:
    for source in ("- ", "1. ", "- [", "- [x]"):
        (block,) = shown(source)
        assert isinstance(block, TextBlock)
        assert block.spans == ()
        assert len(block.containers) == 1


def test_a_row_shows_its_cells_while_it_comes() -> None:
    rows = shown("| a | b |\n|---|---|\n| **x")
    assert [text([row]) for row in rows] == ["a | b", "x | "]
    assert rows[1] in [row for row in rows if isinstance(row, TableRow) and row.index == 1]
    assert [text([row]) for row in shown("| a | b |\n|--")] == ["a | b"]
    assert text(shown("| a | b |\n|---|---|\n| `x | y")[1:]) == "x | y | "


SOUND = [name for name in ANSWERS if "broken" not in name and name not in RAW]


@pytest.mark.parametrize("name", SOUND)
def test_no_raw_marks_at_any_moment(name: str) -> None:
    """What a whole answer does not show as text is not shown as text before it is whole."""
    source = ANSWERS[name][:3000]
    raw = [mark for mark in MARKS if mark not in raw_text(parse(source))]
    stream = MarkdownStream()
    for at, char in enumerate(source):
        stream.feed(char)
        seen = raw_text(stream.blocks[-2:])
        assert not [mark for mark in raw if mark in seen], source[max(0, at - 60) : at + 1]


def raw_text(blocks: Iterable[Block]) -> str:
    """Return the text in which marks would be seen."""
    hidden = Style.CODE | Style.MATH
    return "\n".join(s.text for b in blocks for s in spans_of(b) if not s.style & hidden)
