"""What is written as Markdown is read as the same again."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop_chat.markdown.blocks import (
    Block,
    CodeBlock,
    Container,
    Gap,
    ImageBlock,
    ListItem,
    MathBlock,
    Quote,
    RuleBlock,
    Span,
    Spans,
    Style,
    TableRow,
    TextBlock,
)
from desktop_chat.markdown.nesting import Group, Node, Paragraph, Rows, nest
from desktop_chat.markdown.spans_markdown import form, paragraph_markdown
from desktop_chat.markdown.stream import parse
from desktop_chat.markdown.to_markdown import to_markdown
from tests.unit.markdown.corpus import ANSWERS

NOT_THE_SAME: set[str] = set()
"""Answers that cannot be written so that they are read alike, each with its reason above."""


def meaning(nodes: list[Node]) -> list[Any]:
    """Return what a tree says: texts, styles, containers and distances, not where it stood."""
    said: list[Any] = []
    for node in nodes:
        if isinstance(node, Paragraph):
            said.append(("text", form(node.spans), node.gap, node.heading, node.term))
        elif isinstance(node, Rows):
            rows = [[form(cell) for cell in row.cells] for row in node.rows]
            said.append(("table", node.aligns, rows, node.gap))
        elif isinstance(node, Group):
            said.append((_unplaced(node.container), node.gap, meaning(node.nodes)))
        elif isinstance(node, CodeBlock):
            said.append(("code", node.language, node.lines, node.gap))
        elif isinstance(node, MathBlock):
            said.append(("math", node.text, node.gap))
        elif isinstance(node, ImageBlock):
            said.append(("image", node.alt, node.href, node.gap))
        else:
            said.append(("rule", node.gap))
    return said


def _unplaced(container: Container) -> Container:
    return replace(container, start=0) if isinstance(container, Quote) else container


def again(blocks: list[Block]) -> list[Block]:
    return parse(to_markdown(blocks))


@pytest.mark.parametrize("name", sorted(set(ANSWERS) - NOT_THE_SAME))
def test_what_is_written_is_read_as_the_same(name: str) -> None:
    blocks = parse(ANSWERS[name])
    assert meaning(nest(again(blocks))) == meaning(nest(blocks))


@pytest.mark.parametrize("name", sorted(ANSWERS))
def test_writing_twice_changes_nothing(name: str) -> None:
    once = to_markdown(parse(ANSWERS[name]))
    assert to_markdown(parse(once)) == once


@pytest.mark.parametrize(
    "source",
    [
        "Plain text, snake_case and 2 * 3 = 6.",
        "**bold**, *italic*, ***both***, ~~gone~~ and `code`",
        "**重点：**后面，**“引用”**，",
        "[a link](https://example.com) and https://example.com/x_y",
        "``a ` b``",
        "The formula $x + y$ costs $5.",
        "# One #2",
        "1. one\n2. two\n   - inner\n   - [x] done",
        "- a\n\n  b\n- c",
        "> quoted\n>\n> > deeper",
        "> [!NOTE]\n> Take care.",
        "| a | b |\n| :--- | ---: |\n| x \\| y | `p | q` |",
        "```python\nx = 1\n```",
        "````\n```\n````",
        "$$\nx = 1\n$$",
        "a\n\n---\n\nb",
        "one\ntwo\nthree",
    ],
)
def test_what_is_canonical_stays_as_it_is(source: str) -> None:
    assert to_markdown(parse(source)) == source.replace("`p | q`", "`p \\| q`")


@pytest.mark.parametrize(
    "text",
    [
        "*not italic*",
        "_not italic_",
        "`not code`",
        "# not a heading",
        "1. not a list",
        "1)",
        "2) not a list",
        "- not a list",
        "> not a quote",
        "```",
        "[not a](https://link.example)",
        "![no](https://image.example)",
        "$x$",
        "\\(x\\)",
        "a\\",
        "~~~",
        "---",
        "===",
        "&amp;",
        "<https://example.com>",
        "| a | b |\n|---|---|",
        "[x]: https://example.com",
        ": a",
        "[^1]",
    ],
)
def test_literal_marks_stay_literal(text: str) -> None:
    block = TextBlock((Span(text),))
    found = nest(parse(to_markdown([block])))
    assert meaning(found) == meaning(nest([block]))


def test_rows_without_a_head_get_one() -> None:
    rows = parse("| a | b |\n|---|:-:|\n| 1 | 2 |\n| 3 | 4 |")[1:]
    assert to_markdown(rows) == "|  |  |\n| --- | :---: |\n| 1 | 2 |\n| 3 | 4 |"
    assert isinstance(again(rows)[1], TableRow)


def test_what_has_lost_its_beginning_is_still_an_item() -> None:
    blocks = parse("1. one\n2. two\n\n   more of two\n3. three")
    assert to_markdown(blocks[2:]) == "2. more of two\n3. three"


@pytest.mark.parametrize(
    "source",
    [
        "Term\n: meaning one\n: meaning two\n\nOther\n: more\n\n  second par\n\nend",
        "Text[^1].\n\n[^1]: The note.\n\n    Second paragraph.\n\n    - list\n\nafter",
        "![alt](https://e.org/a.png)\n\ntext ![in](https://e.org/b.png) line",
        "> [!NOTE]\n> a\n\n> [!NOTE]\n> b",
        "- $$\n  x\n  $$\n- | a |\n  |---|\n  | b |",
        "**Term** `c`\n: - list\n  - two",
        "* * *\n- ---\n- x",
        "[a [b] c](https://e.org/x) [a \\[ b](https://e.org)",
    ],
)
def test_every_kind_of_block_is_read_again(source: str) -> None:
    blocks = parse(source)
    assert meaning(nest(again(blocks))) == meaning(nest(blocks))


def test_lists_side_by_side_stay_two() -> None:
    blocks = parse("1. a\n2. b\n\n1) c\n2) d")
    assert meaning(nest(again(blocks))) == meaning(nest(blocks))


def test_rules_within_lists_are_no_lists() -> None:
    item = (ListItem(ordered=False, first=True),)
    blocks: list[Block] = [RuleBlock(item), TextBlock((Span("x"),), (Quote(),))]
    rule, quoted = again(blocks)
    assert (type(rule), rule.containers) == (RuleBlock, item)
    assert (type(quoted), tuple(map(_unplaced, quoted.containers))) == (TextBlock, (Quote(),))


# Anything at all

STYLES = st.sampled_from(
    [
        Style.NONE,
        Style.BOLD,
        Style.ITALIC,
        Style.STRIKE,
        Style.BOLD | Style.ITALIC,
        Style.CODE,
        Style.LINK,
        Style.BOLD | Style.LINK,
    ]
)
WORDS = st.text(alphabet="ab中文。，(“”)_*`$[]<>&|#-+=:.!~\\ 1", min_size=1, max_size=12)


@st.composite
def spans(draw: st.DrawFn) -> Spans:
    made = []
    for _ in range(draw(st.integers(1, 5))):
        style = draw(STYLES)
        href = "https://example.com/a_(b)" if style & Style.LINK else ""
        made.append(Span(draw(WORDS), style, href))
    return tuple(made)


@given(st.text(alphabet="ab中文。，(“”)_*`$[]<>&|#-+=:.!~\\ 1\n", max_size=40))
def test_any_plain_text_stays_what_it_is(text: str) -> None:
    lines = [line.strip() for line in text.split("\n")]
    block = TextBlock((Span("\n".join(line for line in lines if line)),))
    written = paragraph_markdown(block.spans)
    said = "".join(
        span.text if not span.style & (Style.LINK | Style.FOOTNOTE) else ""
        for node in nest(parse(written))
        if isinstance(node, Paragraph)
        for span in node.spans
    )
    assert said.split() == block.spans[0].text.split()


@given(spans())
def test_no_text_is_lost_whatever_the_styles(made: Spans) -> None:
    found = parse(paragraph_markdown(made))
    said = "".join(
        span.text
        for block in found
        for span in (block.spans if isinstance(block, TextBlock) else ())
    )
    wanted = "".join(span.text for span in made)
    kept = [character for character in wanted if character.isalnum() or character in "。，“”"]
    left = iter(said)
    assert all(character in left for character in kept)


def test_gaps_are_kept() -> None:
    blocks = again(parse("- a\n- b\n\ntext\nmore"))
    assert [block.gap for block in blocks] == [
        Gap.PARAGRAPH,
        Gap.TIGHT,
        Gap.PARAGRAPH,
        Gap.NONE,
    ]
